"""The examples in the docstrings do what they say."""

import doctest
import importlib
import pkgutil

import pytest

import bayes_scaling

NAMES = [module.name for module in pkgutil.walk_packages(bayes_scaling.__path__, "bayes_scaling.")]


LONG = {"bayes_scaling.decision.transfers"}  # a sweep takes minutes to compile and to sample


def _marked(name):
    return pytest.param(name, marks=pytest.mark.slow) if name in LONG else name


@pytest.mark.parametrize("name", ["bayes_scaling", *map(_marked, NAMES)])
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert failed == 0
