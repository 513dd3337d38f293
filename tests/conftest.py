import os
from pathlib import Path

import pytest

os.environ["MPLBACKEND"] = "Agg"

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run tests that take minutes")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: ask for it with --run-slow"))


@pytest.fixture(scope="session")
def data_dir():
    """The public ladders, which don't ship with the package."""
    path = Path(os.environ.get("BAYES_SCALING_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no ladders in {path}: set BAYES_SCALING_DATA to their folder")
    return path


@pytest.fixture(scope="session")
def fit_cerebras():
    """The five Cerebras-GPT models up to 2.7B, fitted."""
    import bayes_scaling as bs

    return bs.fit("loss", bs.example("cerebras_gpt").query("compute < 2e21"), random_seed=1)
