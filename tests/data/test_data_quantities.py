from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.data import (
    CHECKS,
    REFUSALS,
    check_quantities,
    check_runs,
    check_table,
    demand_one_unit,
    example,
)
from bayes_scaling.errors import DataError

DOCS = Path(__file__).parents[2] / "docs" / "checks.md"
COMPUTE = np.array([2.6e18, 1.3e19, 6.1e19, 2.8e20, 1.1e21])
SIZES = np.sqrt(COMPUTE / 6) * [1, 3, 0.5, 2, 0.3]


def ladder(**columns):
    table = {"run": list("abcde"), "compute": COMPUTE, "loss": [2.608, 2.349, 2.181, 1.997, 1.834]}
    return check_runs(pd.DataFrame(table | columns))


def found(table):
    return {remark.topic: remark.message for remark in check_quantities(table)}


def test_the_docs_list_the_same_checks():
    rows = [
        (c.topic, c.looks_at, c.threshold, "refusal" if c.refuses else "remark", c.override)
        for c in CHECKS
    ]
    cells = [line.strip("|").split("|") for line in DOCS.read_text().splitlines() if "|" in line]
    written = [tuple(cell.strip() for cell in row) for row in cells if len(row) == len(rows[0])]
    assert written[2:] == rows


def test_topics_are_unlike_and_those_of_refusals_are_one_word():
    topics = [check.topic for check in CHECKS]
    assert len(set(topics)) == len(topics)
    assert REFUSALS == ("logarithm", "rising", "constant", "uncertain", "units", "metrics")


@pytest.mark.parametrize("name", ["cerebras_gpt", "cerebras_gpt_mup", "pythia"])
def test_published_ladders_are_as_they_should_be(name):
    assert found(example(name)) == {}
    assert found(ladder(params=SIZES, tokens=COMPUTE / 6 / SIZES)) == {}


def test_compute_that_no_training_run_has():
    said = found(ladder(compute=[6, 21.6, 48, 84, 168]))
    assert list(said) == ["compute range"]
    assert said["compute range"].startswith(
        "compute of the ladder goes from 6 to 168 FLOP; training runs have 1e+13 to 1e+28, and 5 "
        "of 5 runs lie outside."
    )
    assert "'6 ZFLOP' or 'FLOPs (1e21)'" in said["compute range"]


@pytest.mark.parametrize(
    ("column", "inside", "outside"),
    [("compute", 1.1e13, 0.9e13), ("params", 1.1e5, 0.9e5), ("tokens", 0.9e15, 1.1e15)],
)
def test_the_ends_of_the_ranges(column, inside, outside):
    others = {"params": SIZES, "tokens": COMPUTE / 6 / SIZES}
    for value, topics in ((inside, set()), (outside, {f"{column} range"})):
        table = ladder(**others)
        table.loc[0, column] = value
        assert set(found(table)) == topics


@pytest.mark.parametrize(
    ("columns", "factor", "unit"),
    [
        ({"compute": COMPUTE / 1e21}, "1e-21", "compute in ZFLOP"),
        ({"compute": COMPUTE / 8.64e19}, "1.16e-20", "compute in PF-days"),
        ({"params": SIZES / 1e9}, "1e+09", "params or tokens in billions (B)"),
        (
            {"params": SIZES / 1e9, "tokens": COMPUTE / 6 / SIZES / 1e12},
            "1e+21",
            "params in billions and tokens in trillions (B x T)",
        ),
        ({"compute": COMPUTE / 8}, "0.125", "mixture of experts"),
    ],
)
def test_compute_that_is_not_6nd(columns, factor, unit):
    said = found(ladder(**({"params": SIZES, "tokens": COMPUTE / 6 / SIZES} | columns)))
    assert f"compute of the ladder is {factor} times 6 x params x tokens" in said["compute factor"]
    assert unit in said["compute factor"]


@pytest.mark.parametrize(
    ("factors", "is_said"),
    [
        ([2.9] * 5, False),
        ([3.1] * 5, True),
        ([1 / 2.9] * 5, False),
        ([1 / 3.1] * 5, True),
        ([3.1, 3.1, 3.1, 3.1, 2.9], False),
        ([3.1, 3.1, 3.1, 3.1, 1 / 3.1], False),
    ],
)
def test_all_runs_have_to_be_away_from_6nd(factors, is_said):
    table = ladder(params=SIZES, tokens=COMPUTE / 6 / SIZES, compute=COMPUTE * factors)
    assert ("compute factor" in found(table)) == is_said


def test_compute_that_is_made_from_sizes_is_not_held_against_them():
    table = check_runs(pd.DataFrame({"params": [0.5, 7], "tokens": [2, 2], "loss": [2.6, 2.1]}))
    assert set(found(table)) == {"compute range", "params range", "tokens range"}


@pytest.mark.parametrize("base", ["log10", "ln"])
def test_a_logarithm_of_compute_is_refused(base):
    logs = np.log10(COMPUTE) if base == "log10" else np.log(COMPUTE)
    table = ladder(compute=logs)
    assert f"looks like {base} of FLOP" in found(table)["logarithm"]
    with pytest.raises(DataError, match="allow='logarithm' fits it all the same"):
        bs.fit("loss", table, random_seed=1)


def test_core_hours_are_remarked_on_and_no_more():
    said = found(ladder(compute=[12, 20, 55, 130, 400]))
    assert list(said) == ["compute range"]


@pytest.mark.parametrize(
    ("unit", "largest", "is_said"),
    [
        (None, 13.9, True),
        (None, 13.7, False),
        ("nats/token", 13.9, True),
        ("bits per token", 13.9, False),
        ("bits per token", 20.1, True),
        ("nats per answer", 213.0, False),
    ],
)
def test_losses_above_the_log_of_any_vocabulary(unit, largest, is_said):
    table = ladder(loss=[largest, 2.3, 2.2, 2.1, 2.0], loss_unit=unit)
    assert ("loss range" in found(table)) == is_said


def test_a_perplexity_without_a_name_is_told_from_a_loss():
    table = ladder(loss=[27.4, 11.96, 8.98, 7.98, 7.17])
    said = found(table)["loss range"]
    assert "losses of the ladder reach 27.4, above 13.8" in said
    assert "A perplexity is read as one from a column of that name" in said


@pytest.mark.parametrize(
    ("unit", "losses", "is_said"),
    [
        (None, [0.9, 0.8, 0.7, 0.65, 0.6], True),
        (None, [1.1, 0.8, 0.7, 0.65, 0.6], False),
        ("bpb", [0.9, 0.8, 0.7, 0.65, 0.6], False),
        ("error rate", [0.9, 0.8, 0.7, 0.65, 0.6], False),  # it is said; the model may be for it
        ("points", [0.9, 0.8, 0.7, 0.65, 0.6], True),
        ("%", [66, 55, 45, 40, 36], True),
    ],
)
def test_rates_are_no_cross_entropies(unit, losses, is_said):
    assert ("rate" in found(ladder(loss=losses, loss_unit=unit))) == is_said


def test_a_column_says_what_the_losses_are():
    table = ladder(loss=[0.9, 0.8, 0.7, 0.65, 0.6])
    assert "metric='error_rate' says that they are" in found(table)["rate"]
    for metric in ("error_rate", "cross_entropy", "other", "top1_acc"):
        assert found(table.assign(metric=metric)) == {}
    assert list(found(table.assign(metric="validation"))) == ["rate"]
    assert list(found(table.assign(metric=[["a"]] * 5))) == ["rate"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"metric": "error_rate", "loss_unit": "nats"}, "cross-entropies and error rates"),
        ({"metric": ["val_acc", "nll", None, "", "x"]}, "cross-entropies and error rates"),
        ({"metric": ["mse", "acc", None, "", "x"]}, "error rates and measures of another kind"),
        ({"metric": "other", "loss_unit": "nats per answer"}, None),
        ({"metric": "cross_entropy", "loss_unit": "bpb"}, None),
        ({"metric": "cross_entropy", "loss_unit": "points"}, None),
    ],
)
def test_losses_that_are_said_to_be_two_things(columns, words):
    table = ladder(**columns)
    if words is None:
        assert found(table) == {}
    else:
        assert found(table)["metrics"].startswith(f"losses of the ladder are said to be {words} by")
        assert "metrics" not in found(table.assign(family=list("abcde"), loss_unit=None))


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([0.2, 0.3, 0.4, 0.5, 0.6], "A share of right answers?"),
        ([34.1, 45.0, 55.2, 54.0, 63.9], "Per cent of right answers?"),
        ([110, 120, 130, 140, 150], "A score or a reward?"),
    ],
)
def test_what_rises_is_no_loss(losses, words):
    table = ladder(loss=losses)
    assert words in found(table)["rising"]
    with pytest.raises(DataError, match=r"rise with compute, from .*allow='rising' fits it all"):
        bs.fit("loss", table, random_seed=1)


@pytest.mark.parametrize(
    "losses",
    [
        [2.6, 2.3, 2.1, 2.0, 2.7],  # the largest run diverged
        [2.00, 2.005, 2.01, 2.015, 2.02],  # within what runs scatter
        [2.0, 2.2, 2.5, 2.1, 2.05],
    ],
)
def test_one_bad_run_is_not_a_rise(losses):
    assert "rising" not in found(ladder(loss=losses))


@pytest.mark.parametrize(
    ("losses", "is_said"),
    [
        ([2.00, 2.005, 2.01, 2.015, 2.02], True),
        ([2.0, 2.2, 2.1, 2.25, 2.05], True),
        ([2.6, 2.3, 2.1, 2.0, 2.7], False),
        ([2.02, 2.015, 2.01, 2.005, 2.00], False),
        ([2.0, 2.0, 2.0, 2.0, 1.99], False),
        ([2.0, 2.2, 2.4, 2.6, 2.8], False),  # which is refused
    ],
)
def test_a_small_rise_is_a_conflict_of_prior_and_data(losses, is_said):
    said = found(ladder(loss=losses))
    assert ("rising slope" in said) == is_said
    if is_said:
        slope = stats.theilslopes(np.log10(losses), np.log10(COMPUTE)).slope
        rise = f"rise with compute, by {100 * (10**slope - 1):.2g} % a decade (the median"
        assert rise in said["rising slope"]
        assert "Prior and data are in conflict" in said["rising slope"]


def test_replicates_count_once_and_many_scales_are_thinned():
    twice = ladder(compute=np.repeat(COMPUTE[:3], [2, 2, 1]), loss=[2.0, 2.2, 2.1, 2.1, 2.11])
    medians = np.log10([2.1, 2.1, 2.11])
    slope = stats.theilslopes(medians, np.log10(COMPUTE[:3])).slope
    assert f"by {100 * (10**slope - 1):.2g} % a decade" in found(twice)["rising slope"]
    compute = np.geomspace(1e17, 1e23, 3000)
    many = check_runs(pd.DataFrame({"compute": compute, "loss": 2 * compute**0.001}))
    assert "by 0.23 % a decade" in found(many)["rising slope"]


def test_unfinished_runs_do_not_make_a_rise():
    table = ladder(loss=[2.6, 2.3, 2.4, 2.5, 2.7], finished=[True, True, False, False, False])
    assert "rising" not in found(table)


def test_equal_losses_are_refused():
    table = ladder(loss=2.0)
    with pytest.raises(DataError, match="all losses of the ladder are 2, whatever the compute"):
        bs.fit("loss", table, random_seed=1)
    assert "constant" not in found(ladder(loss=[2.0, 2.0, 2.0, 2.0, 1.99]))


def test_standard_errors_above_the_spread():
    with pytest.raises(DataError, match=r"a median of 99, more than the spread .*, 0.774"):
        bs.fit("loss", ladder(loss_se=99.0), random_seed=1)
    said = found(ladder(loss_se=[99.0, 0.01, 0.01, np.nan, np.nan]))
    assert list(said) == ["uncertain runs"]
    blanks = found(ladder(loss_se=[99.0, 98.0, 97.0, np.nan, np.nan]))
    assert "a median of 97, more than" in blanks["uncertain"]
    assert "uncertain" not in found(ladder(loss_se=[99.0, 98.0, np.nan, np.nan, np.nan]))
    assert "loss_se of 'a' of the ladder is larger than the spread" in said["uncertain runs"]
    assert found(ladder(loss_se=0.77)) == {}


def test_two_units_in_a_family_are_refused():
    table = ladder(loss_unit=["nats", "nats", "bits per byte", "nats", "nats"])
    with pytest.raises(DataError, match="are in bits per byte, nats: one curve can't hold"):
        bs.fit("loss", table, random_seed=1)
    assert found(ladder(loss_unit=["bpb", "bits/byte", "BPB", "bpb", None])) == {}
    assert found(table.assign(family=["x", "x", "y", "x", "x"])) == {}


def test_each_family_is_looked_at_on_its_own():
    rising = ladder(loss=[2.0, 2.2, 2.4, 2.6, 2.8]).assign(family="B")
    both = pd.concat([ladder().assign(family="A"), rising], ignore_index=True)
    assert found(both)["rising"].startswith("losses of family 'B' rise")


@pytest.mark.parametrize(
    ("largest", "target", "is_refused"),
    [
        (168, 6e23, True),
        (168, 600, False),
        (1e13, 6e23, False),  # a small run, and no unit
        (9e12, 8e18, False),
        (9e12, 1e19, True),
    ],
)
def test_targets_and_ladders_in_one_unit(largest, target, is_refused):
    raised = pytest.raises(DataError, match="the ladder is in another unit")
    with raised if is_refused else nullcontext():
        demand_one_unit(np.array([1.0, largest]), np.array([target]))


def test_topics_that_are_not_refusals_can_not_be_allowed():
    with pytest.raises(DataError, match=r"allow: 'rise' is not known; allowed: constant.*'rising'"):
        bs.fit("loss", ladder(), random_seed=1, allow="rise")


def test_check_lists_refusals_with_the_rest():
    remarks = check_table(ladder(loss=[0.2, 0.3, 0.4, 0.5, 0.6]))
    assert [(one.topic, one.refuses) for one in remarks] == [
        ("rate", False),
        ("rising", True),
    ]


def test_rises_is_not_said_twice():
    rising = ladder(loss=[2.0, 2.2, 2.4, 2.6, 2.8]).assign(family="B")
    one_run = ladder(loss=[2.6, 2.3, 2.1, 2.0, 2.7]).assign(family="A")
    said = [one for one in check_table(pd.concat([rising, one_run])) if one.topic.startswith("ris")]
    assert [one.topic for one in said] == ["rising", "rises"]
    assert "family 'A'" in said[1].message


def test_counts_are_checked_by_run(pass_counts):
    small = pass_counts.assign(compute=pass_counts["compute"] / 1e21)
    topics = [remark.topic for remark in check_table(small)]
    assert topics.count("compute range") == 1


@pytest.mark.parametrize("column", ["compute", "params", "tokens", "loss", "loss_se"])
@pytest.mark.parametrize("value", [1e-300, 1e300])
def test_extremes_are_looked_at_without_a_warning(column, value):
    table = ladder(params=SIZES, tokens=COMPUTE / 6 / SIZES, loss_se=0.01)
    table.loc[2, column] = value
    assert found(table) or column in {"loss", "loss_se"}
