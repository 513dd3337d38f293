"""Files whose content tells what they are, and tables written in the ways that people write."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pass_files import counted

from bayes_scaling.data import PassesWarning, check_runs, read_passes, read_runs
from bayes_scaling.errors import DataError

COMPUTE = {"a": 1e20, "b": 1e21}
PLAIN = "run,compute,loss\na,1e18,3.25\nb,2.5e19,2.5\n"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


LAYOUTS = {
    "plain": ("t.csv", PLAIN),
    "semicolons": ("t.csv", PLAIN.replace(",", ";")),
    "tabs": ("t.tsv", PLAIN.replace(",", "\t")),
    "tabs in a text": ("t.txt", PLAIN.replace(",", "\t")),
    "blanks": ("t.txt", "run  compute   loss\na    1e18      3.25\nb    2.5e19    2.5\n"),
    "bars": (
        "t.txt",
        "|run | compute | loss|\n|---|:--|---|\n|a|1e18|3.25|\n| b | 2.5e19 | 2.5 |",
    ),
    "decimal commas": ("t.csv", "run;compute;loss\na;1e18;3,25\nb;2,5e19;2,5\n"),
    "thousands and decimal commas": (
        "t.csv",
        "run;compute;loss\na;1.000.000.000.000.000.000;3,25\nb;2,5e19;2,500\n",
    ),
    "quoted decimal commas": ("t.csv", 'run,compute,loss\na,1e18,"3,25"\nb,"2,5e19","2,5"\n'),
    "comments": ("t.csv", "# our ladder, 2026\n\n" + PLAIN.replace("\nb", "\n # later:\nb")),
    "names in a comment": ("t.txt", "# run compute loss\n1 1e18 3.25\n2 2.5e19 2.5\n"),
    "packed": ("t.csv.gz", gzip.compress(PLAIN.encode())),
    "packed under a plain name": ("t.csv", gzip.compress(PLAIN.encode())),
    "padded and capital": ("t.csv", PLAIN.replace("run,compute,loss", ' "Run" , COMPUTE ,Loss ')),
    "UTF-16": ("t.txt", PLAIN.replace(",", "\t").encode("utf-16")),
    "padded cells": ("t.csv", PLAIN.replace(",", " , ")),
    "powers of ten": ("t.csv", PLAIN.replace("2.5e19", "2.5 x 10^19").replace("1e18", "10^18")),
    "raised digits": ("t.csv", PLAIN.replace("2.5e19", "2.50×10¹⁹")),
    "LaTeX": ("t.csv", PLAIN.replace("2.5e19", r"$2.5 \times 10^{19}$")),
    "thousands": ("t.csv", PLAIN.replace("1e18", '"1,000,000,000,000,000,000"')),
    "JSON in a CSV": (
        "t.csv",
        '[{"run": "a", "compute": 1e18, "loss": 3.25},'
        ' {"run": "b", "compute": 2.5e19, "loss": 2.5}]',
    ),
    "JSON lines in a JSON": (
        "t.json",
        '{"run": "a", "compute": 1e18, "loss": 3.25}\n'
        '{"run": "b", "compute": 2.5e19, "loss": 2.5}\n',
    ),
    "an array in JSON lines": (
        "t.jsonl",
        '[{"run": "a", "compute": 1e18, "loss": 3.25},\n'
        ' {"run": "b", "compute": 2.5e19, "loss": 2.5}]\n',
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_table_however_it_is_written(tmp_path, name):
    file, content = LAYOUTS[name]
    runs = read_runs(write(tmp_path / file, content))
    assert runs["run"].tolist() == (["1", "2"] if name == "names in a comment" else ["a", "b"])
    assert runs[["compute", "loss"]].to_numpy().tolist() == [[1e18, 3.25], [2.5e19, 2.5]]


def test_a_packed_parquet_and_state(tmp_path):
    table = pd.DataFrame({"run": ["a"], "compute": [1e18], "loss": [3.0]})
    table.to_parquet(tmp_path / "t.parquet")
    packed = write(tmp_path / "t.parquet.gz", gzip.compress((tmp_path / "t.parquet").read_bytes()))
    assert_frame_equal(read_runs(packed), check_runs(table))
    state = {"log_history": [{"loss": 3.0, "step": 9}], "global_step": 9, "total_flos": 1e18}
    path = tmp_path / "small" / "trainer_state.json.gz"
    assert read_runs(write(path, gzip.compress(json.dumps(state).encode())))["run"][0] == "small"


SIZES = "run,params,tokens,compute,loss\n"


def test_numbers_as_threads_and_logs_write_them(tmp_path):  # F15
    rows = (
        's,"18,900,000",75.3 B,2.00×10¹⁹,3.24\nm,55.1 M,220 bn tokens,1.31×10²⁰,2.95\n'
        "l,135.6 million,542.4 B tokens,89.56 PFLOP,2.75\n"
    )
    runs = read_runs(write(tmp_path / "ladder.csv", SIZES + rows))
    assert runs["params"].tolist() == [18.9e6, 55.1e6, 135.6e6]
    assert runs["tokens"].tolist() == [75.3e9, 220e9, 542.4e9]
    assert runs["compute"].tolist() == [2e19, 1.31e20, 89.56e15]


def test_all_bad_cells_of_a_table_are_named(tmp_path):
    rows = "a,~1M,1 billion,1e18,3\nb,2M,lots,89.56P,2.5\nc,~3M,2 billion,1e20,low\nd,?,9,1e21,2\n"
    with pytest.raises(DataError) as caught:
        read_runs(write(tmp_path / "ladder.csv", SIZES + rows))
    said = str(caught.value)
    for part in (
        "row 1 (run 'a'), column 'params': '~1M' isn't a count: write",
        "Nor can these be: row 3 ('~3M'), row 4 ('?').",
        "row 2 (run 'b'), column 'tokens': 'lots' isn't a count",
        "row 2 (run 'b'), column 'compute': '89.56P' isn't an amount of compute",
        "row 3 (run 'c'), column 'loss': 'low' isn't a loss",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run;compute;loss\na;2.5e18;3,25\n", r"'3,25', with a decimal comma, and .* '2.5e18', wi"),
        ("run;compute;loss\na;1e18;2,345\nb;2.5e18;2,111\n", "'2,345', with a decimal comma, and"),
        ('run;params;loss\na;"18,900,000";3,25\n', "'3,25', with a decimal comma, and row 1, colu"),
    ],
)
def test_commas_of_two_kinds(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_runs(write(tmp_path / "t.csv", text))


def test_a_comma_before_three_digits_parts_decimals_between_semicolons(tmp_path):
    text = "run;compute;loss\na;1e18;2,345\nb;1e19;2,111\n"
    assert read_runs(write(tmp_path / "t.csv", text))["loss"].tolist() == [2.345, 2.111]


@pytest.mark.parametrize(
    ("text", "unit"),
    [("3 zFLOP", "3 ZFLOP"), ("40 PF-dys", "40 PF-days"), ("2.5 EFLPO", "2.5 EFLOP")],
)
def test_the_unit_that_was_meant(text, unit):
    with pytest.raises(DataError, match=f"Did you mean '{unit}'"):
        check_runs(pd.DataFrame({"compute": [text], "loss": [3.0]}))


# What holds counts.

GRADED = [
    {"question_id": "x", "difficulty": "easy", "graded_list": [True, False, True], "pass@1": 0.6},
    {"question_id": "y", "difficulty": "hard", "graded_list": [False, False], "pass@1": 0.0},
]
RIGHT = {("a", "x"): (3, 2), ("a", "y"): (2, 0)}


@pytest.mark.parametrize(
    "records",
    [
        GRADED,  # LiveCodeBench, F13
        [{"idx": "x", "score": [1, 0, 1]}, {"idx": "y", "score": [0, 0]}],
        [{"task_id": "x", "is_corrects": [True, False, True]}, {"task_id": "y", "is_corrects":
          [False, False]}],
        {"x": [True, False, True], "y": [False, False]},
        {"results": GRADED},
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet"])
def test_lists_of_grades(tmp_path, records, suffix):
    path = tmp_path / f"a{suffix}"
    if isinstance(records, dict):  # which is a whole file
        path, suffix = tmp_path / "a.json", ".json"
    if suffix == ".parquet":
        pd.DataFrame(records).to_parquet(path)
    else:
        lines = "\n".join(map(json.dumps, records))
        write(path, records if suffix == ".json" else lines)
    assert counted(read_passes(path, compute=COMPUTE)) == RIGHT


def test_the_difficulty_of_a_benchmark_can_be_its_buckets(tmp_path):
    path = write(tmp_path / "a.json", GRADED)
    passes = read_passes(path, columns={"difficulty": "bucket"}, compute=COMPUTE)
    assert passes["bucket"].tolist() == ["easy", "hard"]


def test_a_row_a_filter(tmp_path):
    rows = "run,doc_id,filter,exact_match\na,0,strict,0\na,0,flexible,1\n"
    with pytest.raises(DataError, match=r"once for each filter \(flexible, strict\)"):
        read_passes(write(tmp_path / "t.csv", rows), compute=COMPUTE)


def test_a_row_a_sample(tmp_path):
    rows = "run,problem,sample,correct\na,x,0,1\na,x,1,0\na,y,0,0\na,x,2,1\na,y,1,0\n"
    words = rows.replace(",1\n", ",True\n").replace(",0\n", ",False\n")
    with pytest.warns(PassesWarning, match="each row is taken for a sample"):
        assert counted(read_passes(write(tmp_path / "w.csv", words), compute=COMPUTE)) == RIGHT
    said = "each row is taken for a sample, right where 'correct' says so: the 5 rows of the table"
    with pytest.warns(PassesWarning, match=f"{said} are counted by run and problem"):
        passes = read_passes(write(tmp_path / "t.csv", rows), compute=COMPUTE)
    assert counted(passes) == RIGHT
    table = pd.DataFrame({"run": "a", "id": list("xxyxy"), "ok": [True, False, False, True, False]})
    with pytest.raises(DataError, match="need counts by problem"):
        read_passes(table, compute=COMPUTE)
    renamed = table.rename(columns={"ok": "passed"})
    for columns in (None, {"id": "problem"}):
        with pytest.warns(PassesWarning, match="each row is taken for a sample"):
            assert counted(read_passes(renamed, columns=columns, compute=COMPUTE)) == RIGHT


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (
            [{"question_id": "x", "a": [True], "b": [False]}],
            "of samples are in a, b; choose one",
        ),
        (
            [{"why": "x", "grades": [True]}],
            "no column names their problems; the table has: why",
        ),
        (
            [{"id": "x", "grades": [True]}, {"id": "y", "grades": []}],
            r"row 2 \(problem 'y'\), co",
        ),
    ],
)
def test_unclear_grades(tmp_path, records, message):
    with pytest.raises(DataError, match=message):
        read_passes(write(tmp_path / "a.json", records), compute=COMPUTE)
    if "choose" in message:
        passes = read_passes(tmp_path / "a.json", metric="b", compute=COMPUTE)
        assert counted(passes) == {("a", "x"): (1, 0)}


def test_big_code_bench(tmp_path):
    samples = [{"solution": "", "status": status, "details": {}} for status in ("pass", "fail")]
    content = {"date": "d", "eval": {"BigCodeBench/0": samples, "BigCodeBench/1": samples[1:]}}
    passes = read_passes(write(tmp_path / "a_eval_results.json", content), compute=COMPUTE)
    assert counted(passes) == {("a", "BigCodeBench/0"): (2, 1), ("a", "BigCodeBench/1"): (1, 0)}


def early(doc, right, **others):
    keys = {"doc": {}, "target": "1", "arguments": [], "resps": [["r"]], "filtered_resps": ["r"]}
    return {"doc_id": doc, **keys, "exact_match": float(right), **others}


STRICT, FLEXIBLE = [0, 0, 1], [1, 0, 1]


@pytest.mark.parametrize("interleaved", [False, True])
def test_filters_without_names(tmp_path, interleaved):  # F12
    blocks = [[early(doc, right) for doc, right in enumerate(b)] for b in (STRICT, FLEXIBLE)]
    rows = np.array(blocks).T.ravel() if interleaved else np.array(blocks).ravel()
    path = write(tmp_path / "a" / "samples_gsm8k_2024-04-08T10-11-12.1.jsonl",
                 "\n".join(map(json.dumps, rows)))  # fmt: skip
    with pytest.warns(PassesWarning, match="every problem 2 times, in blocks of 3") as caught:
        passes = read_passes(path, compute=COMPUTE)
    assert passes["n_correct"].tolist() == STRICT
    assert set(passes["benchmark"]) == {"gsm8k"}
    assert "filter='2' keeps another. exact_match is above 0 for 1 of 3 and 2 of 3" in str(
        caught[0].message
    )
    assert read_passes(path, filter="1", compute=COMPUTE)["n_correct"].tolist() == STRICT
    assert read_passes(path, filter="2", compute=COMPUTE)["n_correct"].tolist() == FLEXIBLE
    with pytest.raises(DataError, match="no filter 'strict'; write the number of a block, 1 or 2"):
        read_passes(path, filter="strict", compute=COMPUTE)


# What doesn't: a sentence that says what it is, and what to give instead, on either way to read.

EVALUATION = {"epoch": 1.0, "eval_loss": 2.95, "eval_runtime": 12.0, "perplexity": 19.1}
NEIGHBOURS = {
    "an evaluation of the Trainer": ("eval_results.json", EVALUATION, "trainer_state.json beside"),
    "the same under another name": ("all_results.json", EVALUATION, "eval_loss 2.95"),
    "results of a harness": ("r.json", {"results": {}, "configs": {}}, "samples_*.jsonl beside"),
    "of an older one": ("r.json", {"results": {}, "versions": {}}, "samples_*.jsonl beside"),
    "results of lighteval": ("r.json", {"results": {}, "config_general": {}}, "of lighteval"),
    "scores of one benchmark": ("r.json", {"pass@1": 0.3, "model": "m"}, "averages over problems"),
    "scores of OLMES": ("m.json", {"task": "x", "metrics": {"acc_raw": 0.3}}, "averages over prob"),
    "scores of several": ("r.json", {"humaneval": {"pass@1": 0.3}}, "averages over problems"),
    "a summary of LiveCodeBench": ("r.json", [{"pass@1": 0.3, "detail": {}}], "*_eval_all.json"),
    "instances of HELM": (
        "per_instance_stats.json",
        [{"instance_id": "1", "train_trial_index": 0, "stats": []}],
        "HELM by instance",
    ),
    "statistics of HELM": ("stats.json", [{"name": {}, "count": 1, "sum": 0.3}], "HELM"),
    "a report of SWE-bench": (
        "report.json",
        {"resolved_ids": [], "submitted_ids": ["a"], "total_instances": 1},
        "SWE-bench",
    ),
    "predictions of OLMES": (
        "p.jsonl",
        '{"doc_id": 0, "metrics": {"acc": 1}, "model_output": []}',
        "predictions of OLMES",
    ),
    "a log of OpenAI evals": ("e.jsonl", '{"spec": {}, "run_id": "1"}', "OpenAI evals"),
    "a model's configuration": (
        "config.json",
        {"architectures": ["A"], "model_type": "llama"},
        "configuration of a model",
    ),
    "a summary of W&B": ("s.json", {"_step": 1, "_runtime": 2, "loss": 3.0}, "runs table as CSV"),
    "a page": ("t.csv", "<!DOCTYPE html><html></html>", "is a web page"),
    "a workbook": ("t.xlsx", b"PK\x03\x04", "save the sheet as CSV"),
    "a pickle": ("t.pkl", b"\x80\x04", "can run code"),
    "an events file": ("events.out.tfevents.17.host", b"\x00", "export the scalar chart as CSV"),
    "a raw log of W&B": ("run-1.wandb", b"\x00", "export the chart or the runs table"),
    "settings": ("t.yaml", "a: 1", "it holds settings"),
    "arrays": ("t.npz", b"PK", "no names of columns"),
    "half of a packed file": ("t.csv.gz", gzip.compress(b"run,compute" * 99)[:30], "truncated"),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
@pytest.mark.parametrize("read", [read_runs, read_passes])
def test_near_neighbours(tmp_path, read, name):
    file, content, message = NEIGHBOURS[name]
    with pytest.raises(DataError) as caught:
        read(write(tmp_path / file, content))
    said = str(caught.value)
    assert message in said
    assert file in said
    assert said.endswith(".")


SHAPES = {
    "the log of a run": ("step,loss,lr\n1,9.0,0.1\n2,3.0,0.1\n", "the log of a run, a row a step"),
    "a column a compute": ("family,1e18,1e19,1e20\nx,3,2.5,2.2\n", "'1e18', '1e19', '1e20' are am"),
    "a log": ("step,d8,d12\n0,9,9\n100,3,2.5\n", "a log with a column for every run ('d8', 'd12')"),
    "on its side": ("name,d8,d12\ncompute,1e18,1e19\nloss,3,2.5\n", "stands on its side"),
    "counts": ("run,compute,problem,n_samples,n_correct\na,1,p,4,1\n", "holds counts by problem"),
}
COUNT_SHAPES = {
    "rates": ("run,compute,problem,acc\na,1e18,p,0.3\na,1e18,q,0.1\n", "'acc' holds rates, and of"),
    "rates of samples": (
        "run,compute,problem,n_samples,pass_rate\na,1e18,p,10,0.3\n",
        "n_samples times 'pass_rate', rounded",
    ),
    "a column a problem": (
        "run,HumanEval/0,HumanEval/1\na,3,0\nb,9,4\n",
        "a column for every pr",
    ),
    "rates in per cent": ("run,compute,problem,pass@1\na,1e18,p,30%\n", "'pass@1' holds rates"),
    "rates by task_id": ("run,compute,task_id,acc\na,1e18,p,0.3\n", "'acc' holds rates"),
    "a column a run": ("problem,d8,d12\np,3,7\nq,0,1\n", "a column for every run ('d8', 'd12')"),
    "on its side": ("name,a,b\ncompute,1,2\nn_correct,3,2\nn_samples,9,9\n", "on its side"),
}


@pytest.mark.parametrize(
    ("read", "shapes", "name"),
    [
        *((read_runs, SHAPES, name) for name in SHAPES),
        *((read_passes, COUNT_SHAPES, name) for name in COUNT_SHAPES),
    ],
)
def test_tables_of_another_shape(tmp_path, read, shapes, name):
    text, message = shapes[name]
    with pytest.raises(DataError) as caught:
        read(write(tmp_path / "t.csv", text))
    assert message in str(caught.value)


def test_lists_of_grades_are_no_losses(tmp_path):
    with pytest.raises(DataError, match=r"holds the grades of samples, and no loss; .*'pass_r"):
        read_runs(write(tmp_path / "a_codegeneration_10_0.2_eval_all.json", GRADED))
