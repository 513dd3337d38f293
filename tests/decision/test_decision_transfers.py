"""Transfer of an optimum: closed forms given draws, and the drift of real and made-up sweeps."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.inference.plain import build_plain
from bayes_scaling.responses.tails import log_student_tail
from bayes_scaling.specification.laws.bowl import bowl


def made_up(drift, seed=1):
    rng = np.random.default_rng(seed)
    rows = [(w, t) for w in (256, 512, 1024, 2048) for t in np.arange(-13.0, -3.0)]
    sweep = pd.DataFrame(rows, columns=["width", "octave"])
    doublings = np.log2(sweep["width"] / 256)
    away = sweep["octave"] + 7.5 - drift * (doublings - 1.5)
    log_loss = 1.1 - 0.05 * doublings + bowl(away, 0.03, 0.4) + 0.003 * rng.standard_t(5, len(away))
    runs = sweep.assign(learning_rate=2.0 ** sweep["octave"], loss=np.exp(log_loss))
    runs.loc[away > 3, "loss"] = np.inf
    return runs.drop(columns="octave")


@pytest.fixture(scope="module")
def standard():
    return bs.fit("optimum_drift", made_up(-1.0), random_seed=1)


@pytest.mark.slow
def test_the_drift_is_found_and_known_not_to_transfer(standard):
    assert standard.diagnosis.converged
    found = bs.transfer(standard, width=8192)
    drift = found.draws["drift"]
    assert abs(drift.mean() + 1) < 4.5 * drift.std()
    assert found.transfers < 0.05
    assert 0.02 < found.transfers_before < 0.2
    assert not any(note.startswith("One-sided") for note in found.notes)


@pytest.mark.slow
def test_the_optimum_at_a_target_is_the_line_and_its_regret_the_bowl(standard):
    found = bs.transfer(standard, width=2048)
    post = standard.posterior["posterior"]
    flat = {name: post[name].values.reshape(post["drift"].size, -1) for name in post.data_vars}
    reference = {name: own[0] for name, own in standard.design.references.items()}
    moved = flat["drift"][:, 0] * np.log2(2048 / reference["width"])
    octaves = flat["optimum"][:, 0] + moved + flat["shift"][:, -1]
    np.testing.assert_allclose(
        np.log2(found.draws["optimum"] / reference["learning_rate"]), octaves, atol=1e-9
    )
    rate = 2.0**-6
    away = np.log2(rate / found.draws["optimum"])
    lost = np.expm1(bowl(away, flat["curvature"][:, -1], flat["asymmetry"][:, 0]))
    own = np.median(found.draws["loss"] * lost)
    assert found.regret(rate)["median"][0] == pytest.approx(own)
    assert (found._regret(np.geomspace(1e-4, 1, 7)) > -1e-12).all()


@pytest.mark.slow
def test_the_tables_agree(standard):
    found = bs.transfer(standard, width=8192)
    table = found.by_setting()
    assert table["width"].tolist() == [256, 512, 1024, 2048]
    assert table["median"].is_monotonic_decreasing
    nearest = found.summary().set_index("quantity").loc["regret_carried", "median"]
    assert table["median"].iloc[-1] == pytest.approx(nearest)


@pytest.mark.slow
def test_a_one_sided_sweep_is_flagged(standard):
    runs = standard.table.query("width < 2048 or learning_rate >= 0.001953125")
    cut = dataclasses.replace(standard, table=runs)
    from bayes_scaling.inference.designing import design_of

    whole = design_of(standard.spec, runs)
    own = {"references": standard.design.references, "settings": standard.design.settings}
    cut = dataclasses.replace(cut, design=dataclasses.replace(whole, **own))
    (said,) = bs.transfer(cut, width=8192).notes
    assert said.startswith("One-sided: at width 2048 the least loss is at the lowest learning_rate")


def test_the_tail_is_that_of_students_t():
    z = np.concatenate([-np.geomspace(1e-3, 1e5, 40), np.geomspace(1e-3, 1e8, 60)])
    for nu in (2.0, 5.0):
        np.testing.assert_allclose(log_student_tail(z, nu), stats.t(nu).logsf(z), atol=1e-8)


@pytest.mark.slow
def test_the_model_of_pymc_has_the_variables_of_the_posterior(standard):
    model = build_plain(standard.spec, standard.design)
    names = {variable.name for variable in model.free_RVs}
    assert names == {*standard.posterior["posterior"].data_vars}
    assert model.named_vars_to_dims["shift"] == ("setting",)
    assert model.coords["setting"] == ("256", "512", "1024", "2048")


@pytest.mark.slow
def test_other_fits_and_targets_are_refused(standard, fit_cerebras):
    with pytest.raises(DataError, match=r"loss is of none\. Fit optimum_drift"):
        bs.transfer(fit_cerebras, width=8192)
    with pytest.raises(DataError, match="expected what fit or load_fit returns, got str"):
        bs.transfer("loss", width=8192)
    with pytest.raises(DataError, match="width: say at which width the rate is wanted"):
        bs.transfer(standard)
    with pytest.raises(DataError, match="tokens: optimum_drift has its optimum by width"):
        bs.transfer(standard, width=8192, tokens=1e9)
    with pytest.raises(DataError, match="expected positive numbers"):
        bs.transfer(standard, width=8192).regret(-7.0)
    with pytest.raises(DataError, match=r"transfer\(fit, width=...\) says"):
        bs.predict(standard, width=8192, learning_rate=0.01)


@pytest.mark.slow
def test_a_fit_is_the_same_after_saving(standard, tmp_path):
    again = bs.load_fit(standard.save(tmp_path / "fit.nc"))
    first, second = (bs.transfer(fit, width=8192).summary() for fit in (standard, again))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
def test_simulated_sweeps_are_sweeps(standard):
    places = standard.table[["width", "learning_rate"]]
    drawn = bs.simulate("optimum_drift", places, random_seed=1, size=2)
    assert {"true_drift", "true_shift", "loss"} <= set(drawn)
    assert "limit" not in drawn
    assert drawn.groupby(["simulation", "width"])["true_shift"].nunique().eq(1).all()


@pytest.mark.slow
def test_the_figure_shows_every_width(standard):
    ax = bs.plot_transfer(bs.transfer(standard, width=8192))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:4] == ["256", "512", "1,024", "2,048"]
    assert "optimum at width 8,192, 50 and 90 %" in texts
    plt.close("all")
