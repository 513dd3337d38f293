import dataclasses
import re

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.data import check_table
from bayes_scaling.inference.suitability import remark_on_law, remark_on_metric
from bayes_scaling.metrics import METRICS
from bayes_scaling.specification import shelf
from bayes_scaling.specification.spec import parse_spec

TOLD = "the losses are error rates, and loss's priors are those of cross-entropies"
RATES = pd.DataFrame(
    {"compute": [1e18, 1e19, 1e20, 1e21, 1e22], "loss": [0.6, 0.5, 0.42, 0.36, 0.3]}
)


def said(table, model="loss"):
    return [str(remark) for remark in remark_on_metric(bs.load_model(model), table)]


def stated(metric):
    written = "" if metric is None else f'metric = "{metric}"'
    text = re.sub("^metric .*$", written, bs.load_model("loss").text, flags=re.MULTILINE)
    return parse_spec(text, name="mine")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("of_model", [None, *METRICS])
def test_only_what_contradicts_is_said(metric, of_model):
    spec = stated(of_model)
    assert spec.metric == of_model
    remarks = list(remark_on_metric(spec, RATES.assign(metric=metric)))
    assert len(remarks) == (of_model not in (None, metric))
    for remark in remarks:
        assert not remark.refuses
        assert f"the losses are {METRICS[metric]}, and mine's priors are those of" in remark.message
    assert list(remark_on_metric(spec, RATES)) == []


def test_a_recommended_model_is_named_where_there_is_one(monkeypatch):
    monkeypatch.setattr(shelf, "RECOMMENDED", {"error_rate": "loss_power"})
    assert said(RATES.assign(metric="error_rate")) == [f"{TOLD}; loss_power is made for them."]
    monkeypatch.setattr(shelf, "RECOMMENDED", {})
    assert said(RATES.assign(metric="error_rate")) == [f"{TOLD}."]


def test_where_the_chance_is_known_the_model_that_has_it_is_named():
    table = RATES.assign(metric="error_rate", chance=0.25)
    assert said(table) == [f"{TOLD}; loss_above_chance is made for them."]


def test_a_model_of_error_rates_asks_nobody_whether_they_are():
    topics = [remark.topic for remark in bs.check(RATES, "loss_error_rate")]
    assert "rate" not in topics


def test_each_metric_of_several_families_is_said():
    both = RATES.assign(family=list("aabbb"), metric=["nll", "nll", "acc", "acc", "mse"])
    assert [one.split(",")[0] for one in said(both)] == [
        "the losses are error rates",
        "the losses are measures of another kind",
    ]


def test_check_says_it_after_the_rest():
    table = RATES.assign(metric="error_rate")
    assert bs.check(table) == (*check_table(table), *remark_on_metric(bs.load_model("loss"), table))
    assert bs.check(table)[-1].topic == "metric"
    assert bs.check(table, stated("error_rate")) == check_table(table)
    assert [remark.topic for remark in bs.check(RATES)] == ["rate"]


def test_a_law_that_forecast_no_better_says_so():
    entropies = RATES.assign(loss=2 * RATES["loss"], metric="cross_entropy")
    topics = [remark.topic for remark in bs.check(entropies, "loss_broken")]
    assert topics == [*(one.topic for one in check_table(entropies)), "law"]
    assert str(bs.check(entropies, "loss_broken")[-1]).endswith(
        "nor its stack with loss forecast better than loss, which is simpler."
    )
    assert "law" not in {remark.topic for remark in bs.check(entropies)}
    other = dataclasses.replace(bs.load_model("loss_broken"), metric=None)
    assert list(remark_on_law(other)) == []


def test_counts_are_of_no_metric():
    counts = pd.DataFrame(
        {"run": list("aabb"), "problem": list("pqpq"), "compute": [1e18, 1e18, 1e20, 1e20]}
    ).assign(n_samples=10, n_correct=[1, 2, 3, 4], metric="accuracy")
    assert bs.check(counts) == check_table(counts)
    assert bs.check(counts, "pass_rate") == check_table(counts)
    two = counts.assign(metric=["accuracy", "accuracy", "bpb", "bpb"])
    assert "metrics" not in {remark.topic for remark in check_table(two)}
