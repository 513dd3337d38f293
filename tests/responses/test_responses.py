"""What a response says of itself: its table, its keys, its options, what it lacks."""

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DataError, LedgerError
from bayes_scaling.responses import LOSSES, PASSES, RESPONSES
from bayes_scaling.specification.vocabulary import VOCABULARIES

RUNS = pd.DataFrame({"compute": [1e18, 1e19, 1e20], "loss": [3.0, 2.5, 2.2]})


def test_what_can_be_specified_is_what_has_a_record():
    assert RESPONSES.keys() == VOCABULARIES.keys()
    assert {name: one.name for name, one in RESPONSES.items()} == {n: n for n in RESPONSES}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_the_shelf_has_a_model_of_each(response):
    specs = [bs.load_model(name) for name in bs.list_models()["model"]]
    own = [spec for spec in specs if response.has_model(spec)]
    assert own
    assert all(spec.response == response.name for spec in own)


def test_a_table_is_checked_and_a_path_is_read(tmp_path):
    path = tmp_path / "runs.csv"
    RUNS.to_csv(path, index=False)
    checked, read = LOSSES.table(RUNS), LOSSES.table(path)
    pd.testing.assert_frame_equal(checked, bs.read_runs(RUNS))
    pd.testing.assert_frame_equal(checked[["compute", "loss"]], read[["compute", "loss"]])
    with pytest.raises(DataError, match="need counts by problem"):
        PASSES.table(RUNS)


def test_a_row_is_told_apart_by_the_keys_that_a_table_has():
    assert LOSSES.keys_of(pd.DataFrame(columns=["run", "loss", "problem"])) == ["run"]
    columns = ["problem", "run", "n_correct", "family"]
    assert PASSES.keys_of(pd.DataFrame(columns=columns)) == ["family", "run", "problem"]


def test_options_of_others_are_refused_where_they_are_given():
    assert LOSSES.own_options("loss", subset=None) == {}
    assert PASSES.own_options("pass_rate", subset=None, restrict="x") == {
        "subset": None,
        "restrict": "x",
    }
    with pytest.raises(
        DataError,
        match="subset: loss is a model of losses, which have no problems; leave subset away",
    ):
        LOSSES.own_options("loss", subset=3)


def test_what_can_not_be_done_is_refused_with_its_reason():
    LOSSES.demand("sensitivity", "loss")
    PASSES.demand("sensitivity", "mine")
    with pytest.raises(LedgerError, match="mine isn't a model of losses; a run that trains has a"):
        PASSES.demand("track", "mine", LedgerError)


@pytest.mark.parametrize("name", ["fit_cerebras", "fit_passes"])
def test_fits_have_the_same_names(name, request):
    fit = request.getfixturevalue(name)
    assert fit.response is RESPONSES[fit.spec.response]
    assert set(fit.response.columns) <= set(fit.table.columns)
    assert list(fit.reference.index) == list(fit.families)
    assert fit.prior_draws().keys() >= fit.spec.free.keys()
