from dataclasses import replace

import pandas as pd
import pytest
from markupsafe import Markup
from report_reader import SCRIPT, TARGETS, WRITTEN, Reader

import bayes_scaling as bs
from bayes_scaling.reporting.pictures import Picture

ILLUSTRATED = (
    "answers",
    "assumptions",
    "passes",
    "residuals",
    "skills",
    "spending",
    "sweeps",
    "trust",
)


@pytest.fixture
def undrawn(monkeypatch):
    """For tests of words: pictures keep their captions and are left empty."""
    for part in ILLUSTRATED:
        monkeypatch.setattr(
            f"bayes_scaling.reporting.{part}.draw_picture",
            lambda *arguments, **_: Picture(Markup(""), caption=arguments[2]),
        )


@pytest.fixture(scope="session")
def forecast(fit_cerebras):
    return bs.predict(fit_cerebras, compute=TARGETS)


@pytest.fixture(scope="session")
def backtest():
    return bs.backtest(None, bs.example("cerebras_gpt"), baseline="power_law", random_seed=1)


@pytest.fixture(scope="session")
def compared():
    """A table of the shape that `compare` returns."""
    rows = {
        "interpolation_elpd": [12.25, 11.0],
        "difference": [0.0, -1.25],
        "difference_se": [0.0, 0.75],
        "p_eff": [2.0, 3.0],
        "weight": [0.8, 0.2],
        "bad_k": [1, 1],
        "bad_k_after": [0, 0],
        "extrapolation_log_score": [-2.0, -1.75],
        "extrapolation_crps": [0.025, 0.0125],
        "extrapolation_n": [1, 1],
        "converged": [True, False],
    }
    return pd.DataFrame(rows, index=pd.Index(["loss", "loss_power"], name="model"))


@pytest.fixture(scope="session")
def ledger(forecast, tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "forecasts.jsonl"
    words = {"resolves": "The model card.", "events": ["loss < 1.6"], "author": "a team"}
    bs.register(forecast, path, question=f"Which loss? {SCRIPT}", **words)
    return path


@pytest.fixture(scope="session")
def spiteful(fit_cerebras):
    """The same fit, with names that would run if they were markup."""
    runs = fit_cerebras.table.assign(
        run=[f"{SCRIPT}{n}" for n in range(5)], family=f"$\\frac$ {SCRIPT}"
    )
    design = replace(
        fit_cerebras.design, runs=tuple(runs["run"]), families=(runs["family"].iloc[0],)
    )
    return replace(fit_cerebras, table=runs, design=design)


@pytest.fixture(scope="session")
def full(fit_cerebras, forecast, backtest, compared, ledger, tmp_path_factory):
    """The path of a report with everything in it."""
    return bs.report(
        fit_cerebras,
        forecast,
        backtest=backtest,
        compare=compared,
        registered=ledger,
        written=WRITTEN,
        path=tmp_path_factory.mktemp("report") / "report.html",
    )


@pytest.fixture(scope="session")
def page(full):
    return Reader(full.read_text())
