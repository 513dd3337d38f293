"""An outcome that was held to be next to impossible is warned of before it is sealed."""

import warnings

import numpy as np
import pytest
from scipy import stats

from bayes_scaling.registry import OutcomeWarning, correct, read_ledger, resolve
from bayes_scaling.registry.draws_and_data import read_side_file, unpack_arrays
from bayes_scaling.registry.surprises import UNLIKELY, tail_probability


def test_the_tail_is_that_of_the_mixture(registered):
    record = read_ledger(registered)[0]
    arrays = unpack_arrays(read_side_file(record, "draws"))
    parts = (arrays[f"density.{name}"].ravel() for name in ("location", "scale", "nu"))
    location, scale, nu = parts
    for value in (1.5, 1.68, 1.9, 2.5):
        below = stats.t.cdf(np.log(value), nu, location, scale).mean()
        above = stats.t.sf(np.log(value), nu, location, scale).mean()
        assert tail_probability(record, value) == pytest.approx(2 * min(below, above), rel=1e-9)
    # the same as counted among the draws, within five standard errors
    draws = arrays["draws.run"].ravel()
    value = float(np.quantile(draws, 0.9))
    error = np.sqrt(0.09 / len(draws))
    assert abs(tail_probability(record, value) / 2 - 0.1) < 5 * error


def test_an_impossible_outcome_is_warned_of_before_it_is_sealed(registered):
    before = registered.read_bytes()
    warned = []

    def stop(message, *_, **__):
        warned.append((str(message), registered.read_bytes()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "warn", stop)
        resolve(registered, {1: 17.04})
    ((message, then),) = warned
    assert then == before
    assert registered.read_bytes() != before
    assert message.startswith("outcomes: record 1 gives 17.04 or beyond a probability of ")
    assert "less than 1 in 10,000; its 90 % interval goes from 1." in message
    assert message.endswith("(nats per token)? If it isn't, a correction mends it.")
    with pytest.warns(OutcomeWarning, match="record 1 gives 0.1 or beyond"):
        correct(registered, 1, 0.1, reason="A slip.")


def test_a_likely_outcome_is_sealed_in_silence(registered):
    record = read_ledger(registered)[0]
    assert tail_probability(record, 1.704) > UNLIKELY
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resolve(registered, {1: 1.704})


def test_without_draws_nothing_is_said(registered):
    for path in (registered.parent / f"{registered.name}.files").glob("*.npz"):
        path.unlink()
    assert tail_probability(read_ledger(registered)[0], 17.0) is None
