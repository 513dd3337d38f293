import warnings

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.data import (
    RunsWarning,
    check_runs,
    check_table,
    read_passes,
    read_runs,
    table_hash,
)
from bayes_scaling.data.loss_checks import metrics_of
from bayes_scaling.data.notices import READINGS, readings_of
from bayes_scaling.errors import DataError

# F01, published facts: Table 1 of a family of 0.5B to 14B models.
MODELS = """Model,Model Size (B),Pretraining Data Size (T),FLOPs (1E21),loss
A-0.5B,0.5,2,6,2.61
A-1.8B,1.8,2,21.6,2.35
A-4B,4,2,48,2.22
A-7B,7,2,84,2.12
A-14B,14,2,168,2.02
"""
# F04: perplexity = 3.5 x (params / 2.4B)^-0.4 + 2.2, or so.
LADDER = """run,params,tokens,perplexity
a,15M,1T,27.4
b,124.6M,1T,11.96
c,345.4M,1T,8.98
d,603.2M,1T,7.98
e,1005.5M,1T,7.17
"""
# F05
EXPORT = """"Step","d8 - val/bpb","d8 - val/bpb__MIN","d8 - val/bpb__MAX"
"1000","1.2282","1.2282","1.2282"
"4000","1.0782","1.0782","1.0782"
"""


def read(cells, mapped, **options):
    """Read a table of one mapped column beside plain ones; what was said comes too."""
    name, ours = mapped
    plain = {"compute": [1e18, 1e19, 1e20], "loss": [3.0, 2.6, 2.3]}
    table = pd.DataFrame({key: value for key, value in plain.items() if key != ours})
    with pytest.warns(RunsWarning) as caught:
        runs = read_runs(table.assign(**{name: cells}), columns={name: ours}, **options)
    return runs, [str(one.message) for one in caught]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_units_of_a_table_of_models(folder):
    (folder / "models.csv").write_text(MODELS)
    with pytest.warns(RunsWarning, match="'FLOPs \\(1E21\\)' is read as its name says"):
        given = read_runs("models.csv", columns={"FLOPs (1E21)": "compute", "Model": "run"})
    assert given["compute"].tolist() == [6e21, 2.16e22, 4.8e22, 8.4e22, 1.68e23]
    columns = {"Model Size (B)": "params", "Pretraining Data Size (T)": "tokens", "Model": "run"}
    with pytest.warns(RunsWarning) as caught:
        made = read_runs("models.csv", columns=columns)
    assert made["params"].tolist() == [5e8, 1.8e9, 4e9, 7e9, 1.4e10]
    assert made["tokens"].tolist() == [2e12] * 5
    assert made["compute"].to_numpy() == pytest.approx(given["compute"].to_numpy(), rel=1e-12)
    assert [str(one.message).partition(" is ")[0] for one in caught] == [
        "column 'Model Size (B)'",
        "column 'Pretraining Data Size (T)'",
    ]


def test_scaled_values_hash_like_those_that_are_written_out(folder):
    (folder / "models.csv").write_text(MODELS)
    table = pd.read_csv("models.csv").rename(columns={"FLOPs (1E21)": "compute", "Model": "run"})
    written = check_runs(table.assign(compute=["6 ZFLOP", "21.6 ZFLOP", 4.8e22, 8.4e22, 1.68e23]))
    with pytest.warns(RunsWarning):
        read_ = read_runs("models.csv", columns={"FLOPs (1E21)": "compute", "Model": "run"})
    assert table_hash(read_) == table_hash(written)


def test_readings_travel_with_the_table():
    runs, said = read([0.1, 1, 10], ("compute_zflop", "compute"))
    assert said == [
        "column 'compute_zflop' is read as its name says: values are multiplied by 1e+21, to FLOP."
    ]
    for kept in (runs, check_runs(runs), runs.query("compute < 1e22"), runs.assign(width=1)):
        assert readings_of(kept) == [("unit in a name", "compute", said[0])]


@pytest.mark.parametrize("said", ["hello", 7, None, ["hello"], [("a", "b", 3)], {"a": 1}])
@pytest.mark.parametrize("key", ["readings", READINGS])
def test_attrs_of_the_users_own(key, said):
    table = pd.DataFrame({"compute": [1e18, 1e19], "loss": [2.6, 2.3]})
    table.attrs = {key: said}
    runs = read_runs(table)
    assert readings_of(runs) == []
    assert {remark.topic for remark in check_table(runs)} == {"few scales"}
    assert table.attrs == {key: said}
    counts = pd.DataFrame(
        {"run": ["a", "b"], "compute": [1e18, 1e20], "problem": "p", "n_samples": 9, "n_correct": 1}
    )
    counts.attrs = {key: said}
    assert readings_of(read_passes(counts)) == []


def test_a_table_is_not_told_of_its_copy():
    table = pd.DataFrame({"GPU hours": [1e18, 1e19], "loss": [2.6, 2.3]})
    with pytest.warns(RunsWarning):
        read_runs(table, columns={"GPU hours": "compute"})
    assert table.attrs == {}


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("log10 FLOPs", [18, 19, 20.5]),
        ("ln(compute)", np.log([1e18, 1e19, 10**20.5])),
        ("log2_flops", np.log2([1e18, 1e19, 10**20.5])),
        ("log10 EFLOP", [0, 1, 2.5]),
    ],
)
def test_logarithms_are_undone(name, cells):
    runs, said = read(cells, (name, "compute"))
    assert runs["compute"].to_numpy() == pytest.approx([1e18, 1e19, 10**20.5], rel=1e-9)
    assert "is undone" in said[0]


def test_text_of_plain_numbers_and_empty_cells():
    runs, _ = read(["1,500", "", "7"], ("params (M)", "params"))
    assert runs["params"].tolist()[::2] == [1.5e9, 7e6]
    assert np.isnan(runs["params"][1])


@pytest.mark.parametrize(
    ("mapped", "cells", "said"),
    [
        (("Model Size (B)", "params"), ["0.5", "7B", "14"], "row 2, column 'Model Size (B)': got"),
        (
            ("Model Size (B)", "params"),
            [5e8, 7e9, 1e10],
            "row 1, column 'Model Size (B)': got 5e+08",
        ),
        (("tokens (T)", "tokens"), [1, 2e12, 3], "row 2, column 'tokens (T)': got 2e+12"),
        (("FLOPs (1E21)", "compute"), [6e21, 2e22, 4e22], "got 6e+21"),
        (("FLOPs (1E21)", "compute"), ["6 ZFLOP", "7", "8"], "gives a unit already"),
        (("log10 FLOPs", "compute"), [6e21, 2e22, 4e22], "got 6e+21"),
        (("compute_y", "compute"), [6e21, 2e22, 4e22], ""),
        (("params (M)", "params"), [1e6, 9e6, 9e7], "makes 1e+12 to 9e+13 parameters, too much"),
        (("compute (TFLOPs)", "compute"), [1e14, 1e15, 9e15], "makes 1e+26 to 9e+27 FLOP, too"),
        (("tokens (M)", "tokens"), [2e8, 5e8, 9e8], "makes 2e+14 to 9e+14 tokens, too much"),
        (("log10_flops", "compute"), [41, 46, 50], "they look like the natural logarithm"),
        (("ln C", "compute"), [18, 19, 21], "they look like log10"),
        (("log10 params", "params"), [16.1, 18.2, 20.5], "they look like the natural logarithm"),
        (("log10 C", "compute"), [180, 190, 200], "makes 1e+180 to 1e+200 FLOP. Training runs"),
        (("ppl", "loss"), [3.0, 0.9, 2.0], "a perplexity is above 1"),
        (("ln loss", "loss"), [3.0, 27.0, 2.0], "isn't above 13.8"),
    ],
)
def test_names_and_values_that_contradict_each_other(mapped, cells, said):
    name, ours = mapped
    plain = {"compute": [1e18, 1e19, 1e20], "loss": [3.0, 2.6, 2.3]}
    table = pd.DataFrame({key: value for key, value in plain.items() if key != ours})
    table[name] = cells
    if not said:
        assert read_runs(table, columns={name: ours})["compute"].tolist() == cells
        return
    with pytest.raises(DataError, match="rename the column") as raised:
        read_runs(table, columns={name: ours})
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("mapped", "cells", "factor"),
    [
        (("params (M)", "params"), [15, 124, 175000], 1e6),
        (("params (M)", "params"), [125000, 175000, 540000], 1e6),
        (("params (K)", "params"), [1e5, 1e6, 9e7], 1e3),
        (("compute (TFLOPs)", "compute"), [1e6, 1e9, 3e13], 1e12),
        (("compute (GFLOPs)", "compute"), [1e14, 1e15, 9e15], 1e9),
        (("tokens (M)", "tokens"), [2e6, 15e6, 36e6], 1e6),
    ],
)
def test_names_and_values_that_go_together(mapped, cells, factor):
    runs, said = read(cells, mapped)
    assert runs[mapped[1]].to_numpy() == pytest.approx(np.array(cells) * factor, rel=1e-12)
    assert "is read as its name says" in said[0]


@pytest.mark.parametrize(
    ("name", "cells", "base"),
    [
        ("log10 C", [9, 10, 12], 10),  # toys
        ("log10 C", [22, 25, 27], 10),
        ("log10 C", [25.1, 25.5, 26], 10),  # the largest runs there are
        ("ln C", [34, 46, 60], np.e),
        ("log2 C", [45, 60, 80], 2),
    ],
)
def test_logarithms_that_are_what_they_say(name, cells, base):
    runs, _ = read(cells, (name, "compute"))
    assert runs["compute"].to_numpy() == pytest.approx(float(base) ** np.array(cells), rel=1e-12)


def test_hours_are_read_as_they_stand_and_said():
    runs, said = read([100, 800, 5000], ("GPU hours", "compute"))
    assert runs["compute"].tolist() == [100, 800, 5000]
    assert said == [
        "column 'GPU hours' is in gpu-hours by its name. It is taken as the compute; wherever FLOP "
        "is written, read gpu-hours."
    ]
    sizes = runs.assign(params=[1e8, 2e8, 4e8], tokens=1e10)
    for table in (runs, runs.assign(family="A"), sizes):
        topics = {remark.topic for remark in check_table(table)}
        assert topics & {"compute range", "compute factor"} == set()
    assert "params range" in {
        remark.topic for remark in check_table(sizes.assign(params=[1, 2, 3]))
    }


def test_the_logarithm_of_a_perplexity(folder):
    (folder / "ladder.csv").write_text(LADDER)
    with pytest.warns(RunsWarning, match="its logarithm is the loss, in nats per token"):
        runs = read_runs("ladder.csv", columns={"perplexity": "loss"})
    assert runs["loss"].to_numpy() == pytest.approx(np.log([27.4, 11.96, 8.98, 7.98, 7.17]))
    assert set(runs["loss_unit"]) == {"nats per token"}


def test_the_standard_error_of_a_perplexity():
    table = pd.DataFrame({"compute": [1e18, 1e19], "ppl": [20.0, 10.0], "loss_se": [0.2, 0.1]})
    with pytest.warns(RunsWarning, match="loss_se is divided by the perplexity"):
        runs = read_runs(table, columns={"ppl": "loss"})
    assert runs["loss_se"].to_numpy() == pytest.approx([0.01, 0.01])


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("ln loss", np.exp),
        ("log10 loss", lambda value: 10**value),
        ("log2 loss", lambda value: 2**value),
        ("log2 ppl", lambda value: value * np.log(2)),
        ("log10 ppl", lambda value: value * np.log(10)),
        ("log ppl", lambda value: value),
        ("ppl", np.log),
    ],
)
def test_standard_errors_are_those_of_the_loss(name, loss):
    values, errors = np.array([1.9, 1.2]), np.array([1e-6, 3e-6])
    table = pd.DataFrame({"compute": [1e18, 1e19], name: values, "loss_se": errors})
    with pytest.warns(RunsWarning):
        runs = read_runs(table, columns={name: "loss"})
    step = (loss(values + errors) - loss(values - errors)) / 2
    assert runs["loss_se"].to_numpy() == pytest.approx(step, rel=1e-4)


def test_a_log_perplexity_is_the_loss():
    runs, said = read([3.0, 2.6, 2.3], ("log_perplexity", "loss"))
    assert runs["loss"].tolist() == [3.0, 2.6, 2.3]
    assert said == [
        "'log_perplexity' is the logarithm of a perplexity: it is the loss, in nats per token."
    ]
    doubled, _ = read([3.0, 2.6, 2.3], ("log2 ppl", "loss"))
    assert doubled["loss"].to_numpy() == pytest.approx(np.array([3.0, 2.6, 2.3]) * np.log(2))


@pytest.mark.parametrize(
    ("name", "unit"),
    [("Val BPB", "bits per byte"), ("val_bpc", "bits per character"), ("final_loss", None)],
)
def test_the_unit_in_a_name_of_a_loss(name, unit):
    table = pd.DataFrame({"compute": [1e18, 1e19], name: [1.2, 1.1]})
    said = f"{name!r} says the unit of the losses, {unit}; they are read as they stand."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs = read_runs(table, columns={name: "loss"})
    assert [str(one.message) for one in caught] == ([] if unit is None else [said])
    assert runs["loss"].tolist() == [1.2, 1.1]
    assert ("loss_unit" in runs) == (unit is not None)
    assert unit is None or set(runs["loss_unit"]) == {unit}


def test_the_unit_of_a_metric(folder):
    (folder / "wandb_export.csv").write_text(EXPORT)
    with pytest.warns(RunsWarning, match="'val/bpb' says the unit of the losses, bits per byte"):
        runs = read_runs("wandb_export.csv", compute={"d8": 1e17})
    assert runs[["loss", "loss_unit", "metric"]].to_numpy().tolist() == [
        [1.0782, "bits per byte", "val/bpb"]
    ]
    (folder / "other.csv").write_text(EXPORT.replace("val/bpb", "val/loss"))
    assert "loss_unit" not in read_runs("other.csv", compute={"d8": 1e17})
    (folder / "third.csv").write_text(EXPORT.replace("val/bpb", "val/ppl"))
    with pytest.warns(RunsWarning, match="'val/ppl' is a perplexity"):
        third = read_runs("third.csv", compute={"d8": 1e17})
    assert third["loss"].item() == pytest.approx(np.log(1.0782))


def test_a_unit_that_is_given():
    table = pd.DataFrame({"compute": [1e18, 1e19], "loss": [2.6, 2.3]})
    assert set(read_runs(table, loss_unit="nats per answer")["loss_unit"]) == {"nats per answer"}
    stated = table.assign(loss_unit=["bpb", None])
    assert set(read_runs(stated, loss_unit="bits per byte")["loss_unit"]) == {"bits per byte"}
    with pytest.warns(RunsWarning, match="is a perplexity"):
        logs = read_runs(table, loss_unit="perplexity")
    assert logs["loss"].to_numpy() == pytest.approx(np.log([2.6, 2.3]))
    with pytest.warns(RunsWarning, match="is a perplexity"):
        named = read_runs(table.rename(columns={"loss": "ppl"}), columns={"ppl": "loss"})
    with pytest.warns(RunsWarning, match="is a perplexity"):
        twice = read_runs(
            table.rename(columns={"loss": "ppl"}), columns={"ppl": "loss"}, loss_unit="ppl"
        )
    assert twice.equals(named)


RATES = pd.DataFrame({"compute": [1e18, 1e19], "val_error": [0.6, 0.5]})


def test_the_metric_in_the_name_of_a_loss():
    said = "'val_error' says that the losses are error rates; they are read as they stand."
    with pytest.warns(RunsWarning, match=said):
        runs = read_runs(RATES, columns={"val_error": "loss"})
    assert runs["metric"].tolist() == ["error_rate", "error_rate"]
    assert runs["loss"].tolist() == [0.6, 0.5]
    assert check_runs(runs).equals(runs)
    assert [one.topic for one in check_table(runs)] == [
        "metric in a name",
        "few scales",
    ]


@pytest.mark.parametrize("metric", ["cross_entropy", "error_rate", "other"])
def test_a_metric_that_is_given_counts_before_a_name(metric):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs = read_runs(RATES, columns={"val_error": "loss"}, metric=metric)
    assert set(runs["metric"]) == {metric}
    assert len(caught) == (metric == "error_rate")


def test_a_column_or_a_unit_counts_before_a_name():
    for column in ({"metric": "cross_entropy"}, {"loss_unit": "nats per token"}):
        runs = read_runs(RATES.assign(**column), columns={"val_error": "loss"})
        assert metrics_of(runs) == ["cross_entropy"]


def test_a_unit_in_a_name_says_the_metric_once():
    with pytest.warns(RunsWarning, match="says the unit") as caught:
        runs = read_runs(RATES.rename(columns={"val_error": "bpb"}), columns={"bpb": "loss"})
    assert len(caught) == 1
    assert "metric" not in runs
    assert metrics_of(runs) == ["cross_entropy"]


def test_per_cent_of_errors_are_error_rates():
    table = RATES.rename(columns={"val_error": "top-1 error (%)"})
    with pytest.warns(RunsWarning) as caught:
        runs = read_runs(table, columns={"top-1 error (%)": "loss"})
    assert len(caught) == 2
    assert (set(runs["loss_unit"]), metrics_of(runs)) == ({"per cent"}, ["error_rate"])


def test_the_metric_of_a_log_is_in_its_table(folder):
    (folder / "logs.csv").write_text(EXPORT.replace("val/bpb", "val/err"))
    with pytest.warns(RunsWarning, match="'val/err' says that the losses are error rates"):
        runs = read_runs("logs.csv", compute={"d8": 1e17})
    assert runs["metric"].tolist() == ["val/err"]
    assert metrics_of(runs) == ["error_rate"]


def test_metrics_that_are_not_known_or_said_twice():
    table = RATES.rename(columns={"val_error": "loss"})
    with pytest.raises(
        DataError, match=r"metric: 'error' is not known of a table; .* mean 'error_rate'\?"
    ):
        read_runs(table, metric="error")
    with pytest.raises(DataError, match="metric= says other, but the column metric says error"):
        read_runs(table.assign(metric="top1_err"), metric="other")
    with pytest.raises(DataError, match="columns= maps a column to it too"):
        read_runs(table.assign(kind="nll"), columns={"kind": "metric"}, metric="other")
    assert set(read_runs(table.assign(metric="?"), metric="other")["metric"]) == {"other"}
    mapped = read_runs(table.assign(kind="nll"), columns={"kind": "metric"})
    assert metrics_of(mapped) == ["cross_entropy"]


@pytest.mark.parametrize("unit", ["perplexity", "PPL", "word perplexity"])
def test_a_perplexity_in_the_cells_of_the_unit(unit):
    table = pd.DataFrame({"compute": [1e18, 1e19], "loss": [2.6, 2.3]})
    units = [["nats", unit], [unit, unit]]
    for row, said in ((2, units[0]), (1, units[1])):
        with pytest.raises(DataError, match=f"row {row} .*, column 'loss_unit': got '{unit}'"):
            read_runs(table.assign(run=["a", "b"], loss_unit=said))
    fine = read_runs(table.assign(loss_unit="log perplexity"))
    assert set(fine["loss_unit"]) == {"log perplexity"}


@pytest.mark.parametrize("unit", ["", 7])
def test_a_unit_that_is_no_text(unit):
    table = pd.DataFrame({"compute": [1e18, 1e19], "loss": [2.6, 2.3]})
    with pytest.raises(DataError, match="loss_unit: expected text such as 'nats per token'"):
        read_runs(table, loss_unit=unit)


def test_two_units_that_are_said_for_one_loss():
    table = pd.DataFrame({"compute": [1e18, 1e19], "bpb": [1.2, 1.1]})
    with pytest.raises(DataError, match="loss_unit says nats per token, but the table says bits"):
        read_runs(table, columns={"bpb": "loss"}, loss_unit="nats per token")
    with pytest.raises(
        DataError, match="the name 'bpb' says bits per byte, but the table says nats"
    ):
        read_runs(table.assign(loss_unit="nats"), columns={"bpb": "loss"})


def test_units_of_counts():
    from bayes_scaling.data import PassesWarning

    table = pd.DataFrame(
        {"run": ["a", "b"], "EFLOP": [1, 8], "problem": "p", "n_samples": 9, "n_correct": [1, 2]}
    )
    with pytest.warns(PassesWarning, match="'EFLOP' is read as its name says"):
        passes = read_passes(table, columns={"EFLOP": "compute"})
    assert passes["compute"].tolist() == [1e18, 8e18]
