"""Packages that another package imports, and that most processes never use."""

import importlib.util
import sys


def postpone(name: str) -> None:
    """Import a package on its first use instead of now.

    nutpie imports ArviZ, and ArviZ Matplotlib, a second that a forecast without figures doesn't
    need: its draws are read from nutpie's own tables.
    """
    found = None if name in sys.modules else importlib.util.find_spec(name)
    if found is None or found.loader is None:
        return
    found.loader = importlib.util.LazyLoader(found.loader)
    sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(sys.modules[name])
