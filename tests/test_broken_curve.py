"""The curve of a law is what runs: where it raises, so does all that evaluates it."""

from dataclasses import replace

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.spec import parse_spec

LADDER = pd.DataFrame({"compute": [1e18, 1e19, 1e20]})


class BrokenError(Exception):
    """What the curve raises."""


def broken(spec, monkeypatch):
    """The same specification, with a law whose curve raises."""

    def curve(*_, **__):
        raise BrokenError

    monkeypatch.setitem(LAWS, spec.law.name, replace(spec.law, curve=curve))
    return parse_spec(spec.text, name=spec.name)


@pytest.mark.parametrize("name", ["fit_cerebras", "fit_passes", "fit_falling"])
def test_nothing_but_the_curve_says_where_a_law_goes(name, request, monkeypatch):
    fit = request.getfixturevalue(name)
    spec = broken(fit.spec, monkeypatch)
    without = replace(fit, spec=spec)
    tasks = {"chance": 0.5, "n_items": 100, "task": "one"} if fit.response.name == "score" else {}
    for evaluate in (
        lambda: bs.fit(spec, fit.table, random_seed=1),
        lambda: bs.predict(without, compute=1e24),
        lambda: bs.simulate(spec, LADDER.assign(**tasks), random_seed=1),
        without.pymc_model,
    ):
        with pytest.raises(BrokenError):
            evaluate()
