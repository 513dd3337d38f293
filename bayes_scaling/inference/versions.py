"""The versions that an artefact carries."""

import platform
from importlib.metadata import version

PACKAGES = ("bayes-scaling", "pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "xarray")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a fit rests on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
