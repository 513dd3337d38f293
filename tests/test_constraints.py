"""`constraints.txt` pins what the package and its tests need, and says nothing else."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "constraints.txt").read_text().splitlines()
PINNED = {
    canonicalize_name(name): version for name, _, version in (x.partition("==") for x in LINES)
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NEEDED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["dev"],
    *PROJECT["dependency-groups"]["docs"],
]


def test_a_line_is_a_name_and_a_version():
    line = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9a-z.]*")
    assert [one for one in LINES if not line.fullmatch(one)] == []
    assert len(PINNED) == len(LINES)
    assert PROJECT["project"]["name"] not in PINNED


@pytest.mark.parametrize("needed", [Requirement(text) for text in NEEDED], ids=str)
def test_what_is_needed_is_pinned_to_a_version_that_is_allowed(needed):
    assert PINNED[canonicalize_name(needed.name)] in needed.specifier
