"""A gain multiplies compute: its draws against closed forms, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_fits import FAILED, known

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.predictive import law_at

MODEL = bs.load_model("loss_recipe").with_priors(amplitude=0)
C0 = 1e20
TRUE = {"level": 2.5, "elasticity": 0.08, "floor_share": 0.5, "sigma": 0.004}
GAIN = 4.0


def law(compute):
    rate = TRUE["elasticity"] / (1 - TRUE["floor_share"])
    return TRUE["level"] * (0.5 + 0.5 * (compute / C0) ** -rate)


def runs(gain=GAIN, names=("base", "treated"), noise=0.0, seed=1):
    table = pd.DataFrame({"compute": np.tile(np.geomspace(1e18, 1e22, 5), 2)})
    table["recipe"] = np.repeat(names, 5)
    worth = table["compute"] * np.where(table["recipe"] == names[0], 1.0, gain)
    draws = np.random.default_rng(seed).standard_normal(len(table))
    return table.assign(loss=law(worth) * np.exp(noise * draws))


def fitted(shift, table=None, model=MODEL, **other):
    """A fit whose draws of the shifts are given, shape (draws, recipes but the first)."""
    shift = np.atleast_2d(shift)
    own = {**TRUE, **other}
    plain = known(model, runs() if table is None else table, C0, **own, extra=np.zeros(len(shift)))
    posterior = plain.posterior["posterior"].to_dataset().drop_vars("extra")
    posterior["shift_compute"] = (("chain", "draw", "recipe"), shift[None])
    plain.posterior["posterior"] = xr.DataTree(posterior)
    return plain


def test_the_gain_is_the_ratio_of_computes_at_one_loss():
    fit = fitted(np.log([[GAIN], [9.0]]))
    found = bs.decision.equivalent_compute(fit)
    assert found.draws[:, 0] == pytest.approx([GAIN, 9.0])
    assert found.over == "base"
    at = {own: bs.predict(fit, compute=1e21, recipe=own).draws["law"] for own in runs()["recipe"]}
    more = bs.predict(fit, compute=[GAIN * 1e21, 9e21], recipe="base").draws["law"].values[0]
    assert at["treated"].values[0, :, 0] == pytest.approx([more[0, 0], more[1, 1]])


def test_what_is_compared_with_what_can_be_turned_round():
    fit = fitted(np.log([[2.0], [8.0], [0.5]]))
    one = bs.decision.equivalent_compute(fit, recipe="treated")
    other = bs.decision.equivalent_compute(fit, recipe="base", over="treated")
    assert one.draws * other.draws == pytest.approx(1.0)


def test_summary_and_probability_count_draws():
    fit = fitted(np.log([[0.5], [1.5], [2.5], [3.5]]))
    found = bs.decision.equivalent_compute(fit)
    row = found.summary().iloc[0]
    assert row["better"] == 0.75
    assert row["unbounded"] == 0.0
    assert row["median"] == pytest.approx(2.0)
    assert found.probability(2.0)["treated"] == 0.5
    with pytest.raises(DataError, match="positive ratio"):
        found.probability(-1.0)


def test_several_recipes_have_a_gain_each():
    table = pd.concat([runs(), runs(names=("base", "other")).iloc[5:]], ignore_index=True)
    fit = fitted(np.log([[2.0, 6.0]] * 3), table)
    found = bs.decision.equivalent_compute(fit)
    assert found.recipes == ("treated", "other")
    assert found.summary()["median"].tolist() == pytest.approx([2.0, 6.0])
    pair = bs.decision.equivalent_compute(fit, recipe="other", over="treated")
    assert pair.summary()["median"][0] == pytest.approx(3.0)


def test_a_recipe_at_the_floor_has_a_lower_bound_only():
    fit = fitted(np.log([[2.0]] * 4 + [[1e40]] * 4))
    found = bs.decision.equivalent_compute(fit)
    assert np.isinf(found.draws[4:]).all()
    assert found.draws[:4, 0] == pytest.approx([2.0] * 4)
    row = found.summary().iloc[0]
    assert (row["unbounded"], row["q95"], row["q05"]) == (0.5, np.inf, pytest.approx(2.0))
    assert any("no upper end: it is at least 2" in note for note in found.notes)
    turned = bs.decision.equivalent_compute(fit, recipe="base", over="treated")
    assert (turned.draws[4:] == 0).all()


def test_a_law_without_a_floor_has_an_upper_end():
    text = bs.load_model("loss_recipe").text.replace('"power_floor"', '"power"')
    head, _, rest = text.partition("[priors.floor_share]")
    tail = rest[rest.index("[priors.sigma]") :]
    model = bs.specification.spec.parse_spec(head + tail, name="x").with_priors(amplitude=0)
    draws = {name: TRUE[name] for name in ("level", "elasticity", "sigma")}
    plain = known(model, runs(), C0, **draws, extra=np.zeros(2))
    posterior = plain.posterior["posterior"].to_dataset().drop_vars("extra")
    posterior["shift_compute"] = (("chain", "draw", "recipe"), np.log([[[3.0], [1e30]]]))
    plain.posterior["posterior"] = xr.DataTree(posterior)
    assert bs.decision.equivalent_compute(plain).draws[:, 0] == pytest.approx([3.0, 1e30])


def test_a_flat_slope_is_refused():
    rising = np.array([-0.01, 0.01] * 50)
    fit = fitted(np.zeros((100, 1)), elasticity=rising)
    with pytest.raises(DataError, match=r"the slope is flat.*base -"):
        bs.decision.equivalent_compute(fit)


def test_it_says_what_it_can_not_do():
    fit = fitted([[0.0]])
    with pytest.raises(DataError, match=r"'treted' has no run.*Did you mean 'treated'"):
        bs.decision.equivalent_compute(fit, recipe="treted")
    with pytest.raises(DataError, match="is what others are compared with"):
        bs.decision.equivalent_compute(fit, recipe="base")
    single = known(bs.load_model("loss").with_priors(amplitude=0), runs().iloc[:5], C0, **TRUE)
    with pytest.raises(DataError, match="compares no recipes"):
        bs.decision.equivalent_compute(single)


def test_it_says_what_the_reader_has_to_know():
    far = fitted(np.full((4, 1), np.log(1e4)), elasticity=0.01)
    assert any(
        "beyond its runs. Far:" in note for note in bs.decision.equivalent_compute(far).notes
    )
    wide = fitted(np.linspace(-4, 4, 50)[:, None])
    notes = bs.decision.equivalent_compute(wide).notes
    assert any("mostly the prior's" in note for note in notes)


def test_draws_that_did_not_converge_say_so():
    plain = fitted([[0.0]])
    failed = known(MODEL, runs(), C0, FAILED, **TRUE, extra=0.0)
    object.__setattr__(plain, "diagnosis", failed.diagnosis)
    assert "NOT CONVERGED" in bs.decision.equivalent_compute(plain).notes[0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (runs().drop(columns="recipe"), "the table has no column recipe"),
        (runs().assign(recipe="base"), "all runs are of 'base', so there is nothing to compare"),
        (runs().iloc[:6], "'treated' has runs of one compute only.*compute_for says"),
        (runs().replace({"recipe": {"treated": None}}), "row 6 .*column 'recipe': empty"),
        (runs().assign(family=runs()["recipe"]), "leave the column out.*recipe alone"),
    ],
)
def test_tables_that_compare_nothing_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        bs.fit("loss_recipe", table, random_seed=1)


def test_targets_name_their_recipe_and_are_of_the_first_by_default():
    fit = fitted([[np.log(GAIN)]])
    forecast = bs.predict(fit, compute=[1e22, 1e23])
    assert forecast.targets["recipe"].tolist() == ["base", "base"]
    table = pd.DataFrame({"compute": [1e22, 1e22], "recipe": ["treated", "base"]})
    both = bs.predict(fit, table).draws["law"].values[0, 0]
    assert both == pytest.approx([law(GAIN * 1e22), law(1e22)])
    with pytest.raises(DataError, match="'x' has no run in the fit"):
        bs.predict(fit, compute=1e22, recipe="x")
    with pytest.raises(DataError, match="2 names for 3 targets"):
        bs.predict(fit, compute=[1e22, 1e23, 1e24], recipe=["base", "treated"])


def test_the_shift_is_of_the_logarithm_of_compute():
    spec, table = MODEL, check_runs(runs())
    design = make_design(spec, table, C0)
    values = {name: np.array([own]) for name, own in TRUE.items()}
    values["shift_compute"] = np.array([[np.log(GAIN)]])
    log_law = law_at(spec, design, values, design.places)[0]
    assert np.exp(log_law) == pytest.approx(table["loss"].to_numpy())


def test_each_recipe_leaves_the_law_in_its_own_way():
    spec = bs.load_model("loss_recipe")
    design = make_design(spec, check_runs(runs().assign(compute=lambda t: t["compute"] * 1.0)), C0)
    (term,) = spec.discrepancy
    covariance = design.covariance(term)
    assert (covariance[:5, 5:] == 0).all()
    assert covariance[5:, 5:] == pytest.approx(covariance[:5, :5])
    assert covariance[5, 5] == 0.0  # measured from its own smallest run


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('over = "recipe"\nnu = 3.0', "nu = 3.0", "each group of runs has its own.*over = "),
        ('over = "recipe"\nnu = 3.0', 'over = "family"\nnu = 3.0', "shift_compute.over: 'family'"),
        ("[priors.shift_compute]", "[priors.shift_tokens]", "unknown key 'shift_tokens'"),
        ("[priors.level]", '[priors.level]\nover = "recipe"', "level.over: 'recipe' is not known"),
    ],
)
def test_a_model_says_what_shifts(old, new, message):
    text = bs.load_model("loss_recipe").text
    assert old in text
    with pytest.raises(SpecError, match=message):
        bs.specification.spec.parse_spec(text.replace(old, new), name="edited")


def test_along_another_column_the_shift_is_of_that():
    spec = bs.load_model("loss_recipe").along("tokens")
    assert spec.shifts == {"tokens": "shift_tokens"}
    assert spec.discrepancy[0].along == ("tokens",)


@pytest.fixture(scope="module")
def sampled():
    return bs.fit("loss_recipe", runs(noise=0.003), random_seed=1)


def test_a_fit_finds_the_gain(sampled):
    assert sampled.diagnosis.converged
    found = bs.decision.equivalent_compute(sampled)
    low, high = np.quantile(found.draws, [0.00001, 0.99999])
    assert low < GAIN < high
    assert "recipe: treated compared with base, the recipe of the first row." in sampled.notes


def test_a_saved_fit_has_its_recipes(sampled, tmp_path):
    again = bs.load_fit(sampled.save(tmp_path / "fit.nc"))
    assert again.design.labels == {"recipe": ("base", "treated")}
    one, other = (bs.decision.equivalent_compute(fit) for fit in (sampled, again))
    np.testing.assert_array_equal(one.draws, other.draws)


def test_the_report_and_the_figure_show_both_recipes(sampled, tmp_path):
    forecast = bs.predict(sampled, compute=1e23, recipe=["base", "treated"])
    page = bs.report(sampled, forecast, path=tmp_path / "report.html").read_text()
    assert "shift_compute[treated]" in page
    ax = bs.plot_forecast(forecast)
    labels = {line.get_label() for line in ax.lines}
    assert {"fitted runs, base", "fitted runs, treated"} <= labels


def test_simulated_truths_are_each_recipe_s_own():
    drawn = bs.simulate("loss_recipe", runs().drop(columns="loss"), random_seed=1, size=2)
    base = drawn[drawn["recipe"] == "base"]
    assert (base["true_shift_compute"] == 0).all()
    other = drawn[drawn["recipe"] == "treated"].groupby("simulation")["true_shift_compute"]
    assert (other.max() == other.min()).all()


@pytest.mark.slow
def test_a_recipe_has_its_gain_in_scores_too():
    """Treated runs score what base runs of four times the compute do."""
    compute, rng = np.geomspace(1e20, 1e23, 6), np.random.default_rng(3)
    parts = []
    for name, gain in (("base", 1.0), ("treated", GAIN)):
        odds = np.log(0.25 / 0.75) - 0.2 + 0.35 * np.log(compute * gain / 3e21)
        correct = rng.binomial(2000, 1 / (1 + np.exp(-odds)))
        parts.append(pd.DataFrame({"compute": compute, "n_correct": correct, "recipe": name}))
    table = pd.concat(parts, ignore_index=True).assign(n_items=2000, chance=0.25, task="quiz")
    table["run"] = [f"run {number}" for number in range(len(table))]
    fit = bs.fit("score_recipe", table, random_seed=1)
    assert fit.diagnosis.converged
    logs = np.log(bs.decision.equivalent_compute(fit).draws[:, 0])
    assert abs(logs.mean() - np.log(GAIN)) < 4.5 * logs.std()
    assert logs.std() < 0.5
    treated = bs.predict(fit, compute=1e23, recipe="treated").draws["law"].values.mean()
    base = bs.predict(fit, compute=1e23, recipe="base").draws["law"].values.mean()
    assert treated > base


def test_scores_that_do_not_rise_have_no_gain():
    table = pd.DataFrame(
        {"compute": np.tile([1e20, 1e21, 1e22], 2), "recipe": np.repeat(["a", "b"], 3)}
    )
    table = table.assign(run=list("123456"), n_items=200, n_correct=[99, 102, 100, 98, 103, 99])
    fit = bs.fit("score_recipe", table.assign(chance=0.5, task="quiz"), random_seed=1)
    with pytest.raises(DataError, match="the log score of no recipe rises for sure"):
        bs.decision.equivalent_compute(fit)
