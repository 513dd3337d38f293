"""Forecast a big training run from small ones, with honest uncertainty.

Start with `read_runs` (or `example`), then `fit`, `predict` and ``forecast.summary()``.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "bayes_scaling.data": [
        "example",
        "form_buckets",
        "pass_at_k",
        "read_passes",
        "read_runs",
        "read_scores",
    ],
    "bayes_scaling.decision.emergences": ["emergence"],
    "bayes_scaling.decision.shapes": ["shape"],
    "bayes_scaling.evaluation.backtesting": ["backtest"],
    "bayes_scaling.evaluation.calibration": ["calibrate"],
    "bayes_scaling.evaluation.comparison": ["compare"],
    "bayes_scaling.evaluation.datatrees": ["with_groups"],
    "bayes_scaling.evaluation.learning": ["learn_priors"],
    "bayes_scaling.evaluation.prior_scaling": ["sensitivity"],
    "bayes_scaling.evaluation.stacking": ["mix", "stack"],
    "bayes_scaling.forecasting": ["Forecast", "chain", "predict"],
    "bayes_scaling.inference.fits": ["Fit"],
    "bayes_scaling.inference.fitting": ["fit", "load_fit"],
    "bayes_scaling.inference.suitability": ["check"],
    "bayes_scaling.plotting": [
        "plot_allocation",
        "plot_backtest",
        "plot_calibration",
        "plot_emergence",
        "plot_families",
        "plot_choice",
        "plot_crossing",
        "plot_floor",
        "plot_forecast",
        "plot_gain",
        "plot_ledger",
        "plot_parameters",
        "plot_pass_rate",
        "plot_passage",
        "plot_problems",
        "plot_shape",
        "plot_replicates",
        "plot_residuals",
    ],
    "bayes_scaling.registry.registration": ["register"],
    "bayes_scaling.registry.scores": ["score"],
    "bayes_scaling.reporting.writing": ["report"],
    "bayes_scaling.simulation": ["simulate"],
    "bayes_scaling.specification.shelf": ["list_models", "load_model"],
    "bayes_scaling.specification.spec": ["Spec"],
}
_RENAMED = {"PassFit": "Fit", "PassForecast": "Forecast"}
_ROOMS = frozenset({"decision"})  # whose functions are called by their room
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Fit",
    "Forecast",
    "Spec",
    "backtest",
    "calibrate",
    "chain",
    "check",
    "compare",
    "emergence",
    "example",
    "fit",
    "form_buckets",
    "learn_priors",
    "list_models",
    "load_fit",
    "load_model",
    "mix",
    "pass_at_k",
    "plot_allocation",
    "plot_backtest",
    "plot_calibration",
    "plot_choice",
    "plot_crossing",
    "plot_emergence",
    "plot_families",
    "plot_floor",
    "plot_forecast",
    "plot_gain",
    "plot_ledger",
    "plot_parameters",
    "plot_pass_rate",
    "plot_passage",
    "plot_problems",
    "plot_replicates",
    "plot_residuals",
    "plot_shape",
    "predict",
    "read_passes",
    "read_runs",
    "read_scores",
    "register",
    "report",
    "score",
    "sensitivity",
    "shape",
    "simulate",
    "stack",
    "with_groups",
]

if TYPE_CHECKING:
    from bayes_scaling.data import (
        example,
        form_buckets,
        pass_at_k,
        read_passes,
        read_runs,
        read_scores,
    )
    from bayes_scaling.decision.emergences import emergence
    from bayes_scaling.decision.shapes import shape
    from bayes_scaling.evaluation.backtesting import backtest
    from bayes_scaling.evaluation.calibration import calibrate
    from bayes_scaling.evaluation.comparison import compare
    from bayes_scaling.evaluation.datatrees import with_groups
    from bayes_scaling.evaluation.learning import learn_priors
    from bayes_scaling.evaluation.prior_scaling import sensitivity
    from bayes_scaling.evaluation.stacking import mix, stack
    from bayes_scaling.forecasting import Forecast, chain, predict
    from bayes_scaling.inference.fits import Fit
    from bayes_scaling.inference.fitting import fit, load_fit
    from bayes_scaling.inference.suitability import check
    from bayes_scaling.plotting import (
        plot_allocation,
        plot_backtest,
        plot_calibration,
        plot_choice,
        plot_crossing,
        plot_emergence,
        plot_families,
        plot_floor,
        plot_forecast,
        plot_gain,
        plot_ledger,
        plot_parameters,
        plot_pass_rate,
        plot_passage,
        plot_problems,
        plot_replicates,
        plot_residuals,
        plot_shape,
    )
    from bayes_scaling.registry.registration import register
    from bayes_scaling.registry.scores import score
    from bayes_scaling.reporting.writing import report
    from bayes_scaling.simulation import simulate
    from bayes_scaling.specification.shelf import list_models, load_model
    from bayes_scaling.specification.spec import Spec


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: PyMC takes a second."""
    if name in _RENAMED:
        warnings.warn(
            f"bayes_scaling.{name} is bayes_scaling.{_RENAMED[name]} now; the old name goes with "
            "the next version.",
            FutureWarning,
            stacklevel=2,
        )
        name = _RENAMED[name]
    if name in _ROOMS:
        return import_module(f"bayes_scaling.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bayes_scaling' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS, "__version__"])
