import shutil

import pytest

import bayes_scaling as bs

WORDS = {"question": "What loss will the model reach?", "resolves": "The model card."}


@pytest.fixture(scope="session")
def forecast(fit_cerebras):
    """The 6.7B and the 13B model."""
    return bs.predict(fit_cerebras, compute=[6.3e21, 2.3e22])


@pytest.fixture(scope="session")
def sealed(forecast, tmp_path_factory):
    """A folder with a ledger in which both forecasts are sealed; copied, never used."""
    folder = tmp_path_factory.mktemp("sealed")
    events = ["loss < 1.6", "1.55 < loss < 1.7"]
    ledger = folder / "forecasts.jsonl"
    bs.register(forecast, ledger, events=events, author="someone", **WORDS)
    return folder


@pytest.fixture
def registered(sealed, ledger):
    """A ledger with both forecasts sealed."""
    shutil.copytree(sealed, ledger.parent, dirs_exist_ok=True)
    return ledger


@pytest.fixture
def no_baselines(monkeypatch):
    """Registering without the baselines, which take the time of it."""
    monkeypatch.setattr("bayes_scaling.registry.claims.BASELINES", {})
