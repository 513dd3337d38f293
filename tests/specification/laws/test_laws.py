"""What holds for every law of the table."""

import inspect

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from interpreting import INTERPRETED

from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.law import LOG_HAZARD, MINUS_LOGIT

X = np.linspace(-5, 12, 7)
CURVE = {"level": 2.5, "elasticity": 0.08, "floor_share": 0.55}
CURVE |= {"bend": 0.4, "break_at": 0.3, "break_width": 0.3, "ceiling_share": 0.3, "gamma": 0.6}
CURVE |= {"difficulty": 0.7, "k": 0.2, "b": 0.3, "start": 0.4, "chance": 0.25}
CURVE |= {"params_share": 0.4, "alpha": 0.35, "beta": 0.37}
CURVE |= {"log_alpha": 0.7, "extra_k": 0.3, "place": 1.5, "slope": -0.2}
CURVE |= {"lift": 0.1, "optimum": 0.5, "drift": -0.4, "shift": 0.2, "curvature": 0.05}
CURVE |= {"asymmetry": 0.3, "elasticity_tokens": 0.05, "elasticity_batch": 0.02}
CURVE |= {"drift_tokens": -0.2, "drift_batch": 0.3}
CURVE |= {"fall": 0.8, "rise": 2.0, "distractor": -2.0, "gap": 5.0, "width": 1.2, "late_width": 1.7}


LINEAR = {
    f"{law.name}: {', '.join(way.parameters)}": (law, way)
    for law in LAWS.values()
    for way in law.coordinates
    if way.is_linear
}


def arguments_of(law):
    found = list(inspect.signature(law.curve).parameters.values())[len(law.columns) :]
    named = [one.name for one in found if one.kind is not inspect.Parameter.VAR_KEYWORD]
    own = named if len(named) == len(found) else law.coordinates[0].parameters
    return {name: CURVE[name] for name in own}


def covariates_of(law, x=X):
    """The first covariate as it is given, and any others beside it."""
    return [x * (1 - 0.3 * place) for place in range(len(law.columns))]


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_numbers_arrays_and_graphs_agree(law):
    arguments = arguments_of(law)
    one_by_one = [float(law.curve(*covariates_of(law, float(x)), **arguments)) for x in X]
    np.testing.assert_allclose(law.curve(*covariates_of(law), **arguments), one_by_one, rtol=1e-13)

    own = [pt.dvector(name) for name in law.columns]
    inputs = {name: pt.dscalar(name) for name in arguments}
    graph = law.curve(*own, **inputs)
    compiled = pytensor.function([*own, *inputs.values()], graph, mode=INTERPRETED)
    found = compiled(*covariates_of(law), *arguments.values())
    np.testing.assert_allclose(found, one_by_one, rtol=1e-13)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_draws_with_dims_keep_them(law):
    rng = np.random.default_rng(1)
    draws = {
        name: xr.DataArray(value * rng.uniform(0.5, 1.5, (2, 3)), dims=("chain", "draw"))
        for name, value in arguments_of(law).items()
    }
    losses = law.curve(*covariates_of(law, xr.DataArray(X, dims="target")), **draws)
    assert losses.dims == ("chain", "draw", "target") or losses.dims == ("target", "chain", "draw")
    own = {name: float(value[1, 2]) for name, value in draws.items()}
    found = losses.isel(chain=1, draw=2)
    np.testing.assert_allclose(found, law.curve(*covariates_of(law), **own), rtol=1e-14)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_every_coordinate_gives_the_arguments_of_the_curve(law):
    arguments = arguments_of(law)
    for coordinates in law.coordinates:
        own = frozenset(coordinates.parameters)
        given_values = dict.fromkeys(own, 0.25)
        assert sorted(coordinates.to_curve(given_values)) == sorted(arguments)
        assert coordinates.pinned <= own
        assert law.coordinates_for(own, coordinates.response) is coordinates
        assert own <= law.parameters.keys()
        assert law.equations[coordinates.response]
    linked = law.coordinates[0].numbers if law.link else frozenset()
    assert set(law.coordinates[0].parameters) - linked == set(arguments)
    assert law.coordinates_for(frozenset({"sigma"})) is None


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_every_quoted_parameter_is_described(law):
    found = law.to_natural(arguments_of(law))
    assert found.keys() <= law.parameters.keys()
    assert set(law.quoted) <= found.keys()
    assert all(gloss for gloss in law.glosses.values())


@pytest.mark.parametrize(("law", "way"), LINEAR.values(), ids=LINEAR)
def test_a_curve_that_is_said_to_be_linear_is(law, way):
    one, other = (
        {name: start + 0.2 * place for place, name in enumerate(way.parameters)}
        for start in (0.3, -1.1)
    )
    middle = {name: (one[name] + other[name]) / 2 for name in one}
    x = covariates_of(law)
    at = [law.curve(*x, **way.to_curve(values)) for values in (one, other, middle)]
    np.testing.assert_allclose(at[2], (at[0] + at[1]) / 2, rtol=1e-9, atol=1e-12)


def test_every_law_of_pass_rates_is_on_a_scale_of_pass_rates():
    ways = [way for law in LAWS.values() for way in law.ways("passes")]
    assert all(way.scale in (LOG_HAZARD, MINUS_LOGIT) for way in ways)


ANCHORED = {name: law for name, law in LAWS.items() if law.anchored}


@pytest.mark.parametrize("x", [-4.0, -0.5, 2.0])
@pytest.mark.parametrize("law", ANCHORED.values(), ids=ANCHORED)
def test_a_law_about_the_smallest_run_is_the_same_law(law, x):
    stated = {name: value for name, value in arguments_of(law).items() if name != "chance"}
    there = law.anchored.inward(stated, x)
    back, log_stretch = law.anchored.outward(there, x)
    assert back == pytest.approx(stated)
    names, step = list(there), 1e-5

    def outward(values):
        return list(law.anchored.outward(dict(zip(names, values, strict=True)), x)[0].values())

    point = np.array(list(there.values()))
    nudges = step * np.diag(point)
    columns = [np.subtract(outward(point + own), outward(point - own)) for own in nudges]
    jacobian = np.column_stack(columns) / (2 * step * point)
    assert log_stretch == pytest.approx(np.linalg.slogdet(jacobian)[1], abs=1e-6)


OF_ONE = [name for name, law in LAWS.items() if law.ways("loss") and len(law.columns) == 1]


@pytest.mark.parametrize("name", OF_ONE)
def test_what_people_quote_may_be_restated_at_another_reference(name):
    law = LAWS[name]
    quoted, ratio = law.to_natural(arguments_of(law)), 7.0
    a, b = ("alpha", "k") if "alpha" in quoted else ("a", "b")
    moved = quoted | law.at_reference(quoted, ratio)
    for x in (0.0, 2.0):
        here = quoted[a] * np.exp(-quoted[b] * x)
        assert moved[a] * np.exp(-moved[b] * (x - np.log(ratio))) == pytest.approx(here)
