import numpy as np
import pandas as pd
import pytest

from bayes_scaling.data import Remark, check_table, example
from bayes_scaling.errors import DataError

COMPUTE = np.array([1e18, 3e18, 1e19, 3e19, 1e20])


def ladder(**columns):
    table = {"run": list("abcde"), "compute": COMPUTE, "loss": [3.0, 2.8, 2.6, 2.45, 2.3]}
    return pd.DataFrame(table | columns)


def only(table):
    remarks = check_table(table)
    assert len(remarks) == 1, remarks
    return remarks[0]


def test_a_good_ladder_gets_no_remark():
    assert check_table(ladder()) == ()


def test_remarks_are_frozen_and_read_as_sentences():
    remark = Remark("gap", "there is a gap.")
    assert str(remark) == "there is a gap."
    with pytest.raises(AttributeError):
        remark.topic = "other"  # type: ignore[misc]


def test_few_scales():
    remark = only(ladder().iloc[:4])
    assert remark.topic == "few scales"
    assert remark.message.startswith("the ladder has 4 distinct computes; with fewer than 5")
    lone = only(ladder().iloc[:1])
    assert lone.message.startswith("the ladder has one compute;")


def test_short_span():
    remark = only(ladder(compute=[1e18, 2e18, 3e18, 4e18, 5e18]))
    assert remark.topic == "short span"
    assert "spans 0.7 decades of compute, 1e+18 FLOP to 5e+18 FLOP" in remark.message
    assert check_table(ladder(compute=[1e18, 2e18, 3e18, 6e18, 1e19])) == ()


def test_gap():
    remark = only(ladder(compute=[1e18, 2e18, 4e18, 8e18, 1e20]))
    assert remark.topic == "gap"
    assert "nothing between 8e+18 FLOP and 1e+20 FLOP, 1.1 of its 2.0 decades" in remark.message


def test_collinear():
    params = np.sqrt(COMPUTE / 120)
    remark = only(ladder(params=params, tokens=20 * params))
    assert remark.topic == "collinear"
    assert "rise together (r = 1.000 on logs)" in remark.message
    spread = params * [1, 3, 0.5, 2, 0.3]
    assert check_table(ladder(params=spread, tokens=COMPUTE / 6 / spread)) == ()


def test_one_axis():
    remark = only(ladder(params=COMPUTE / 6e11, tokens=1e11))
    assert remark.topic == "one axis"
    assert "all runs of the ladder have the same tokens, 1e+11: the curve is one in params" in str(
        remark
    )
    other = only(ladder(params=1e8, tokens=COMPUTE / 6e8))
    assert "same params, 1e+08: the curve is one in tokens" in other.message


def test_pseudo_replicates():
    twins = ladder(
        compute=[1e18, 3e18, 1e19, 3e19, 3e19, ], loss=[3.0, 2.8, 2.6, 2.4, 2.4 + 5e-7]
    )  # fmt: skip
    remarks = {remark.topic: remark.message for remark in check_table(twins)}
    assert set(remarks) == {"few scales", "pseudo-replicates"}
    assert remarks["pseudo-replicates"].startswith(
        "runs 'd', 'e' of the ladder have the same compute, 3e+19 FLOP, and the same loss, 2.4;"
    )


def test_true_replicates_are_ordinary():
    seeds = pd.concat([ladder(), ladder(run=list("fghij"), loss=ladder()["loss"] + 0.01)])
    assert check_table(seeds) == ()


def test_mixed_sources_of_compute():
    sizes = np.sqrt(COMPUTE / 6) * [1, 3, 0.5, 2, 0.3]
    table = ladder(params=sizes, tokens=COMPUTE / 6 / sizes)
    table.loc[2, "compute"] = np.nan
    remark = only(table)
    assert remark.topic == "mixed compute"
    assert "in more than one way (6ND, given)" in remark.message


@pytest.mark.parametrize(("factor", "topics"), [(1.4, []), (1.6, ["mixed compute"])])
def test_compute_that_disagrees_with_6nd(factor, topics):
    sizes = np.sqrt(COMPUTE / 6) * [1, 3, 0.5, 2, 0.3]
    table = ladder(params=sizes, tokens=COMPUTE / 6 / sizes)
    # All runs twice what 6ND says is a convention; one run more than that is a mixture.
    table["compute"] *= 2
    table.loc[1, "compute"] *= factor
    remarks = check_table(table)
    assert [remark.topic for remark in remarks] == topics
    assert all("from 2 ('" in str(r) and "to 3.2 ('b')" in str(r) for r in remarks)


def test_mixed_loss_units():
    remark = only(ladder(loss_unit=["nats", "nats", "nats", "nats", None]))
    assert remark.topic == "mixed loss units"
    assert "losses in nats and 1 without a unit; state it for all" in remark.message


def test_unfinished():
    remark = only(ladder(finished=[True, True, False, True, False]))
    assert remark.topic == "unfinished"
    assert remark.message.startswith("'c', 'e' of the ladder did not finish")


def test_rises():
    assert check_table(ladder(loss=[3.0, 2.8, 2.85, 2.45, 2.3])) == ()
    remark = only(ladder(loss=[3.0, 2.8, 2.87, 2.45, 2.3]))
    assert remark.topic == "rises"
    assert "'c' (2.87, 'b' has 2.8)" in remark.message


def test_an_unfinished_run_may_rise():
    table = ladder(loss=[3.0, 2.8, 2.9, 2.45, 2.3], finished=[True, True, False, True, True])
    assert [remark.topic for remark in check_table(table)] == ["unfinished"]


def test_long_lists_are_cut():
    table = pd.DataFrame({"compute": np.geomspace(1e18, 1e20, 9), "loss": [2.0, *[3.0] * 7, 2.0]})
    assert str(only(table)).endswith(" and 2 more.")


def test_families_are_ladders_of_their_own():
    table = pd.concat([ladder(family="x"), ladder(family="y", loss=ladder()["loss"] * 1.5)])
    assert check_table(table) == ()
    short = pd.concat([ladder(family="x"), ladder(family="y").iloc[:2]])
    assert {(r.topic, "family 'y'" in r.message) for r in check_table(short)} == {
        ("few scales", True),
        ("short span", True),
    }


def test_the_published_ladders():
    assert [r.topic for r in check_table(example("cerebras_gpt").query("compute < 2e21"))] == [
        "collinear"
    ]
    assert [r.topic for r in check_table(example("pythia"))] == ["one axis"]


def test_a_table_that_is_none_is_refused():
    with pytest.raises(DataError, match="column 'loss' is missing"):
        check_table(ladder().drop(columns="loss"))


@pytest.mark.parametrize("seed", range(20))
def test_what_rises_is_what_a_search_of_all_pairs_finds(seed):
    rng = np.random.default_rng(seed)
    compute, loss = 10.0 ** rng.integers(18, 22, 12), 2 + rng.integers(0, 5, 12) / 50
    runs = pd.DataFrame({"run": list("abcdefghijkl"), "compute": compute, "loss": loss})
    found = []
    for i in range(12):
        cheaper = [j for j in range(12) if compute[j] < compute[i]]
        if cheaper and loss[i] > 1.02 * min(loss[cheaper]):
            j = min(cheaper, key=lambda j: loss[j])
            names = (runs["run"][i], runs["run"][j])
            found.append(f"'{names[0]}' ({loss[i]:.4g}, '{names[1]}' has {loss[j]:.4g})")
    said = [remark.message for remark in check_table(runs) if remark.topic == "rises"]
    assert bool(said) == bool(found)
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        assert said[0].endswith(f": {', '.join(found[:5])}{more}.")


def test_runs_of_one_compute_and_loss_are_found_among_many():
    rng = np.random.default_rng(1)
    compute = np.repeat(10.0 ** rng.uniform(18, 22, 400), 2)
    loss = np.where(np.arange(800) % 2, 2.0, 2.1)
    loss[[4, 400]] = loss[[5, 401]] + 1e-9
    runs = pd.DataFrame({"run": [f"r{i}" for i in range(800)], "compute": compute, "loss": loss})
    said = [remark.message for remark in check_table(runs) if remark.topic == "pseudo-replicates"]
    assert len(said) == 2
    assert any("runs 'r4', 'r5' of" in message for message in said)
    assert any("runs 'r400', 'r401' of" in message for message in said)
