import numpy as np
import pandas as pd
import pytest

from bayes_scaling.data import RunsWarning, check_runs, read_passes, read_runs, table_hash
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
        assert kept.attrs["readings"] == [("unit in a name", said[0])]


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


def test_hours_are_read_as_they_stand_and_said():
    runs, said = read([100, 800, 5000], ("GPU hours", "compute"))
    assert runs["compute"].tolist() == [100, 800, 5000]
    assert "what is called FLOP is gpu hours" in said[0]


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
    runs = read_runs(table, columns={name: "loss"})
    assert runs["loss"].tolist() == [1.2, 1.1]
    assert ("loss_unit" in runs) == (unit is not None)
    assert unit is None or set(runs["loss_unit"]) == {unit}


def test_the_unit_of_a_metric(folder):
    (folder / "wandb_export.csv").write_text(EXPORT)
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
