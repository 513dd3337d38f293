"""A hundred more files that are malformed, of every format that is read: one sentence each.

`check` reads them, so nothing is fitted. Each case has a file, its content, what is typed after
``check FILE``, and what the sentence has to hold.
"""

import gzip
import json

import pytest
from refusals import refused
from test_cli_malformed import CASES as OTHERS
from test_cli_malformed import COUNTS, OPTIONS, RUNS, state

PASSES = ["--model", "pass_rate"]
RUNS_OF_CHART = ["--compute", "a=1e18", "--compute", "b=1e19"]
COMPUTE = ["--compute", "bad=1e18"]


def lines(*records):
    return "\n".join(map(json.dumps, records))


def sample(doc, **changes):
    keys = {"doc_id": doc, "resps": [["r"]], "filter": "none", "metrics": ["acc"], "acc": 1.0}
    return keys | changes


FILES = {
    "numbers in the place of names": (
        "bad.csv",
        "1,2,3\n4,5,6\n",
        [],
        "has numbers in its first line, 1, 2, 3; give the",
    ),
    "names of nothing": (
        "bad.csv",
        ",,\n1,2,3\n",
        [],
        "isn't a table: its first line can't be read.",
    ),
    "two kinds of commas": (
        "bad.csv",
        "run;compute;loss\na;2.5e18;3,25\n",
        [],
        "row 1, column 'loss' has '3,25', with a decimal",
    ),
    "thousands and decimals": (
        "bad.csv",
        'run;compute;loss\na;"1,000,000";3,25\n',
        [],
        "row 1, column 'loss' has '3,25', with a decimal",
    ),
    "comments alone": (
        "bad.csv",
        "# one\n# two\n",
        [],
        "isn't a table: its first line can't be read.",
    ),
    "a comment and names": (
        "bad.csv",
        "# one\nrun,compute,loss\n",
        [],
        "the table has no rows; it needs a row a run.",
    ),
    "bars without names": (
        "bad.txt",
        "|||\n|---|---|\n",
        [],
        "isn't a table: its first line can't be read.",
    ),
    "prose in a text": (
        "bad.txt",
        "Dear all,\nsee below\n",
        [],
        "column 'loss' is missing; the table has: Dear all,",
    ),
    "ragged blanks": (
        "bad.txt",
        "run compute loss\na 1e18 3\nb 1e19\n",
        [],
        "isn't a table: its first line, 'run compute loss',",
    ),
    "half a gzip": (
        "bad.csv.gz",
        gzip.compress(RUNS.encode())[:30],
        [],
        "is packed by gzip, and is truncated or altered.",
    ),
    "gzip of nothing": ("bad.csv.gz", gzip.compress(b""), [], "is empty."),
    "gzip of bytes": (
        "bad.csv.gz",
        gzip.compress(bytes(range(256))),
        [],
        "isn't a table: it is a binary file, or not in UTF-8.",
    ),
    "text called gzip, broken": (
        "bad.csv.gz",
        "run,compute\na,1\n",
        [],
        "column 'loss' is missing; the table has: run,",
    ),
    "a packed workbook": (
        "bad.xlsx.gz",
        gzip.compress(b"PK"),
        [],
        "has the suffix '.xlsx', which isn't known; save the",
    ),
    "a workbook": (
        "bad.xlsx",
        b"PK\x03\x04",
        [],
        "has the suffix '.xlsx', which isn't known; save the",
    ),
    "a workbook called CSV": (
        "bad.csv",
        b"PK\x03\x04" + bytes(40),
        [],
        "isn't a table: it is a binary file, or not in UTF-8.",
    ),
    "a pickle": ("bad.pkl", b"\x80\x04", [], "has the suffix '.pkl', which isn't known; it can"),
    "a log of prose": (
        "bad.log",
        "step 1 loss 3\n",
        [],
        "has the suffix '.log', which isn't known; it is",
    ),
    "a picture": ("bad.png", b"\x89PNG", [], "has the suffix '.png', which isn't known; it is a"),
    "settings": ("bad.yaml", "a: 1\n", [], "has the suffix '.yaml', which isn't known; it holds"),
    "tfevents": (
        "events.out.tfevents.1",
        b"\0",
        [],
        "has the suffix '.1', which isn't known; it is",
    ),
    "many bad cells": (
        "bad.csv",
        "run,compute,loss\na,~1e18,3\nb,~1e19,2.6\nc,1e20,2.3\n",
        [],
        "row 1 (run 'a'), column 'compute': '~1e18' isn't an",
    ),
    "bad cells of several columns": (
        "bad.csv",
        "run,params,tokens,loss\na,~1M,1B,3\nb,2M,?,2.6\n",
        [],
        "row 1 (run 'a'), column 'params': '~1M' isn't a",
    ),
    "a wrong prefix": (
        "bad.csv",
        RUNS.replace("1e19", "3 zFLOP"),
        [],
        "row 2 (run 'b'), column 'compute': '3 zFLOP' isn't",
    ),
    "a misspelt unit": (
        "bad.csv",
        RUNS.replace("1e19", "40 PF-dys"),
        [],
        "row 2 (run 'b'), column 'compute': '40 PF-dys'",
    ),
    "a bare letter": (
        "bad.csv",
        RUNS.replace("1e19", "89.56P"),
        [],
        "row 2 (run 'b'), column 'compute': '89.56P' isn't",
    ),
    "a count in G": (
        "bad.csv",
        "params,tokens,loss\n1.3G,1B,3\n",
        [],
        "row 1, column 'params': '1.3G' isn't a count: write",
    ),
    "a word for a million": (
        "bad.csv",
        "params,tokens,loss\n3 milion,1B,3\n",
        [],
        "row 1, column 'params': '3 milion' isn't a count:",
    ),
    "an empty family": (
        "bad.csv",
        "family,compute,loss\n,1e18,3\n",
        [],
        "row 1, column 'family': the cell is empty; give",
    ),
    "states of crashes": (
        "bad.csv",
        "run,State,compute,loss\na,crashed,1e18,3\na,failed,1e18,2.9\n",
        [],
        "run id 'a' is there twice, in rows 1 and 2; the",
    ),
    "all crashed without loss": (
        "bad.csv",
        "run,State,compute,loss\na,crashed,1e18,\nb,failed,1e19,NaN\n",
        [],
        "row 1 (run 'a'), column 'loss': missing or NaN; a",
    ),
    "a state of nothing": (
        "bad.csv",
        "compute,loss,finished\n1e18,3,gone\n",
        [],
        "row 1, column 'finished': got 'gone'; write true or",
    ),
    "a wide ladder": (
        "bad.csv",
        "family,1e18,1e19,1e20\nx,3,2.6,2.3\n",
        [],
        "the table is wide: its columns '1e18', '1e19',",
    ),
    "a log without metrics": (
        "bad.csv",
        "step,d8,d12\n0,9,9\n1,3,2\n",
        [],
        "the table is a log with a column for every run",
    ),
    "a table on its side": (
        "bad.csv",
        "what,d8,d12\ncompute,1e18,1e19\nloss,3,2.6\n",
        [],
        "the table stands on its side: its first column,",
    ),
    "counts": ("bad.csv", COUNTS, [], "the table holds counts by problem (problem,"),
    "grades": (
        "bad.json",
        json.dumps([{"id": "x", "graded": [True]}]),
        [],
        "the table holds the grades of samples, and no loss;",
    ),
    "human-eval": (
        "bad.jsonl",
        lines({"task_id": "x", "passed": True}),
        [],
        "holds counts of samples (human-eval); --model",
    ),
    "an evaluation": (
        "eval_results.json",
        json.dumps({"eval_loss": 2.9, "epoch": 1.0}),
        [],
        "holds one evaluation of one run of the Hugging Face",
    ),
    "averages": (
        "bad.json",
        json.dumps({"pass@1": 0.2}),
        [],
        "holds averages over problems; a model of pass rates",
    ),
    "results": (
        "bad.json",
        json.dumps({"results": {}, "configs": {}}),
        [],
        "holds averages over problems; the counts by problem",
    ),
    "a configuration": (
        "config.json",
        json.dumps({"architectures": ["x"], "model_type": "y"}),
        [],
        "holds the configuration of a model, which has no",
    ),
    "chart: no compute": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        [],
        "compute has no entry for 'a', and the logs don't",
    ),
    "chart: other run": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        ["--compute", "b=1e18"],
        "compute has an entry for run 'b', which isn't in",
    ),
    "chart: bad compute": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        ["--compute", "a=lots"],
        "--compute a: 'lots' isn't an amount of compute:",
    ),
    "chart: never logged": (
        "bad.csv",
        "Step,a - loss,b - loss\n1,3,\n",
        RUNS_OF_CHART,
        "run 'b' never logged 'loss' (its log is empty);",
    ),
    "chart: plans of one": (
        "bad.csv",
        "Step,a - loss,b - loss\n1,3,2\n",
        [*RUNS_OF_CHART, "--steps", "a=10"],
        "steps has no entry for 'b', and the logs don't say;",
    ),
    "chart: plans of words": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        [*RUNS_OF_CHART[:2], "--steps", "a=all"],
        "--steps a: 'all' isn't a count: write a number",
    ),
    "chart: plans by time": (
        "bad.csv",
        "Relative Time (Wall),a - loss\n1,3\n",
        [*RUNS_OF_CHART[:2], "--steps", "a=10"],
        "--steps: the log of run 'a' is not by step, so",
    ),
    "chart: metric absent": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        [*RUNS_OF_CHART[:2], "--read", "metric=los"],
        "metric 'los' isn't in the logs; allowed: loss. Did",
    ),
    "tb: words": (
        "bad.csv",
        "Wall time,Step,Value\n1,2,low\n",
        COMPUTE,
        "has a cell that isn't a number: row 1, column",
    ),
    "tb: empty": (
        "bad.csv",
        "Wall time,Step,Value\n",
        COMPUTE,
        "has no rows; the run hasn't logged anything.",
    ),
    "tb: time words": (
        "bad.csv",
        "Wall time,Step,Value\nnoon,2,3\n",
        COMPUTE,
        "has a cell that isn't a number: row 1, column 'Wall",
    ),
    "state: words": (
        "trainer_state.json",
        state(log_history=[{"loss": "low"}]),
        [],
        "has an empty log: the run hasn't logged a loss yet.",
    ),
    "state: nan": (
        "trainer_state.json",
        state(log_history=[{"loss": float("nan")}]),
        [],
        "column 'loss': missing or NaN; a",
    ),
    "state: list": (
        "trainer_state.json",
        "[]",
        [],
        "isn't a trainer state: it has no 'log_history'.",
    ),
    "keep": (
        "bad.csv",
        RUNS,
        ["--keep", "lowest"],
        "--keep: got 'lowest'; allowed: all, best. Did you",
    ),
    "name": (
        "bad.csv",
        RUNS,
        ["--columns", "los=loss"],
        "--columns: 'los' isn't in the table; allowed:",
    ),
    "passes, rates": (
        "bad.csv",
        "run,compute,problem,acc\na,1e18,x,0.3\n",
        PASSES,
        "column 'acc' holds rates, and of how many samples",
    ),
    "passes, rates n": (
        "bad.csv",
        "run,compute,problem,n_samples,acc\na,1e18,x,10,0.3\n",
        PASSES,
        "column 'acc' holds rates; a model of passes is",
    ),
    "passes, wide": (
        "bad.csv",
        "problem,d8,d12\nx,3,7\n",
        PASSES,
        "the table is wide: it has a column for every run",
    ),
    "passes, losses": ("bad.csv", RUNS, PASSES, "models such as pass_rate need counts by problem"),
    "passes, grades two": (
        "bad.json",
        json.dumps([{"id": "x", "a": [True], "b": [False]}]),
        [*PASSES, *COMPUTE],
        "the grades of samples are in a, b; choose one with",
    ),
    "passes, grades nameless": (
        "bad.json",
        json.dumps([{"why": "x", "a": [True]}]),
        [*PASSES, *COMPUTE],
        "the samples are graded, and no column names their",
    ),
    "passes, grades empty": (
        "bad.json",
        json.dumps([{"id": "x", "a": [True]}, {"id": "y", "a": []}]),
        [*PASSES, *COMPUTE],
        "row 2 (problem 'y'), column 'a': there are no",
    ),
    "passes, grades no compute": (
        "bad.json",
        json.dumps([{"id": "x", "a": [True]}]),
        PASSES,
        "column 'compute' is missing, and so is 'params' or",
    ),
    "passes, grades half": (
        "bad.json",
        json.dumps([{"id": "x", "a": [0.5]}]),
        [*PASSES, *COMPUTE],
        "models such as pass_rate need counts by problem",
    ),
    "passes, he unevaluated": (
        "bad.jsonl",
        lines({"task_id": "x", "completion": "y"}),
        [*PASSES, *COMPUTE],
        "line 1: the sample of problem 'x' has no 'passed':",
    ),
    "passes, he half": (
        "bad.jsonl",
        lines({"task_id": "x", "passed": 0.5}),
        [*PASSES, *COMPUTE],
        "line 1: 'passed' must be true or false, got 0.5.",
    ),
    "passes, he null": (
        "bad.jsonl",
        lines({"task_id": None, "passed": True}),
        [*PASSES, *COMPUTE],
        "line 1: the sample has no 'task_id'.",
    ),
    "passes, lm metric": (
        "bad.jsonl",
        lines(sample(0, metrics=["a", "b"], a=1, b=0)),
        PASSES,
        "has the metrics a, b; choose one that is pass@k, or",
    ),
    "passes, lm filter": (
        "bad.jsonl",
        lines(sample(0), sample(0, filter="x")),
        PASSES,
        "has the answers by several filters: none, x; choose",
    ),
    "passes, lm filter absent": (
        "bad.jsonl",
        lines(sample(0)),
        [*PASSES, "--read", "filter=x"],
        "has no filter 'x'; allowed: none.",
    ),
    "passes, lm half": (
        "bad.jsonl",
        lines(sample(0, acc=0.5)),
        PASSES,
        "has the metrics acc; choose one that is pass@k, or",
    ),
    "passes, lm blocks": (
        "bad.jsonl",
        lines(*[{"doc_id": i, "resps": [["r"]], "acc": 1.0} for i in (0, 1, 0, 1)]),
        [*PASSES, "--read", "filter=3"],
        "has every problem 2 times, in blocks of 2 lines: a",
    ),
    "passes, lm twice": (
        "bad.jsonl",
        lines(sample(0), sample(0)),
        PASSES,
        "column 'compute' is missing, and so is 'params' or",
    ),
    "passes, ep": (
        "bad_eval_results.json",
        json.dumps({"hash": "f", "eval": {}}),
        [*PASSES, *COMPUTE],
        "has no problems in it: the evaluation was not run",
    ),
    "passes, ep3": (
        "bad_eval_results.json",
        json.dumps({"hash": "f", "eval": {"p": 3}}),
        [*PASSES, *COMPUTE],
        "problem 'p': expected samples with 'base_status'",
    ),
    "passes, ep tests": (
        "bad_eval_results.json",
        json.dumps({"hash": "f", "eval": {"p": []}}),
        [*PASSES, "--read", "tests=all"],
        "tests: got 'all'; allowed: base, plus.",
    ),
    "passes, bcb": (
        "bad_eval_results.json",
        json.dumps({"eval": {"p": [{"solution": "", "status": "pass"}], "q": []}}),
        [*PASSES, *COMPUTE],
        "problem 'q' has no samples; leave it out.",
    ),
    "passes, bcb3": (
        "bad_eval_results.json",
        json.dumps({"eval": {"p": [{"solution": "", "status": "pass"}], "q": 3}}),
        [*PASSES, *COMPUTE],
        "problem 'q': expected samples with 'status'.",
    ),
    "passes, state": (
        "trainer_state.json",
        state(),
        PASSES,
        "is a log of training (trainer_state); --model loss",
    ),
    "passes, chart": (
        "bad.csv",
        "Step,a - loss\n1,3\n",
        PASSES,
        "is a log of training (wandb); --model loss reads it.",
    ),
    "passes, swe": (
        "bad.json",
        json.dumps({"resolved_ids": [], "submitted_ids": []}),
        PASSES,
        "holds a report of SWE-bench, one attempt a problem",
    ),
    "passes, olmes": (
        "bad.jsonl",
        lines({"doc_id": 0, "metrics": {}, "model_output": []}),
        PASSES,
        "holds the predictions of OLMES; give a table with",
    ),
    "passes, helm": (
        "bad.json",
        json.dumps([{"instance_id": "1", "train_trial_index": 0}]),
        PASSES,
        "holds the statistics of HELM by instance; give a",
    ),
    "passes, lcb averages": (
        "bad.json",
        json.dumps([{"pass@1": 0.2, "detail": {}}]),
        PASSES,
        "holds averages over problems, of LiveCodeBench;",
    ),
    "passes, columns": (
        "bad.csv",
        COUNTS,
        [*PASSES, "--columns", "id=problem"],
        "--columns: 'id' isn't in the table; allowed:",
    ),
    "passes, run-compute both": (
        "bad.csv",
        COUNTS,
        [*PASSES, "--compute", "a=1"],
        "compute is in the table and in --compute or",
    ),
    "passes, rc absent": (
        "bad.csv",
        COUNTS.replace("compute", "c"),
        [*PASSES, "--run-compute", "absent.csv"],
        "absent.csv matches no file; look at the path.",
    ),
    "passes, keep": (
        "bad.csv",
        COUNTS,
        [*PASSES, "--keep", "best"],
        "--keep: pass_rate is a model of passes; leave it",
    ),
    "json scalar": ("bad.json", '"x"', [], "isn't a table: its JSON must be an array of"),
    "json null": ("bad.json", "null", [], "isn't a table: its JSON must be an array of"),
    "json nested rec": (
        "bad.json",
        json.dumps([{"compute": 1e18, "loss": [1]}]),
        [],
        "row 1, column 'loss': [1] isn't a loss: write a",
    ),
    "jsonl twokinds": (
        "bad.jsonl",
        '{"compute":1e18,"loss":3}\n7\n',
        [],
        "line 2 isn't a record: write one object a line.",
    ),
    "jsonl array numbers": (
        "bad.jsonl",
        "[1,2]",
        [],
        "line 1 isn't a record: write one object a line.",
    ),
    "xml": (
        "bad.csv",
        "<?xml version='1.0'?><a/>",
        [],
        "is a web page, not a table; save what it shows as",
    ),
    "dates": (
        "bad.csv",
        RUNS.replace("1e19", "2026-01-02"),
        [],
        "row 2 (run 'b'), column 'compute': '2026-01-02'",
    ),
    "percent": (
        "bad.csv",
        RUNS.replace("2.6", "26%"),
        [],
        "row 2 (run 'b'), column 'loss': '26%' isn't a loss:",
    ),
    "plusminus": (
        "bad.csv",
        RUNS.replace("2.6", "2.6 ± 0.1"),
        [],
        "row 2 (run 'b'), column 'loss': '2.6 ± 0.1' isn't a",
    ),
    "star": (
        "bad.csv",
        RUNS.replace("2.6", "2.6*"),
        [],
        "row 2 (run 'b'), column 'loss': '2.6*' isn't a",
    ),
    "dash": (
        "bad.csv",
        RUNS.replace("2.6", "—"),
        [],
        "row 2 (run 'b'), column 'loss': '—' isn't a loss:",
    ),
    "excelerr": (
        "bad.csv",
        RUNS.replace("2.6", "#DIV/0!"),
        [],
        "row 2 (run 'b'), column 'loss': '#DIV/0!' isn't a",
    ),
    "money": (
        "bad.csv",
        RUNS.replace("1e19", "$100"),
        [],
        "row 2 (run 'b'), column 'compute': '$100' isn't an",
    ),
    "hours": (
        "bad.csv",
        RUNS.replace("1e19", "300 GPU-hours"),
        [],
        "row 2 (run 'b'), column 'compute': '300 GPU-hours'",
    ),
    "column of log": (
        "bad.csv",
        RUNS.replace("compute", "log_compute"),
        ["--columns", "log_compute=compute"],
        "column 'log_compute' mapped to compute: its name",
    ),
    "column scaled": (
        "bad.csv",
        RUNS.replace("loss", "loss x100"),
        ["--columns", "loss x100=loss"],
        "column 'loss x100': its name says that the losses",
    ),
    "twounits": (
        "bad.csv",
        RUNS.replace("compute", "ZFLOP (1e18)"),
        ["--columns", "ZFLOP (1e18)=compute"],
        "column 'ZFLOP (1e18)': its name gives two units for",
    ),
    "unit twice": (
        "bad.csv",
        RUNS.replace("compute", "FLOPs (1e21)").replace("1e18", "6 ZFLOP"),
        ["--columns", "FLOPs (1e21)=compute"],
        "row 1, column 'FLOPs (1e21)': got '6 ZFLOP', but",
    ),
    "rates col": (
        "bad.csv",
        RUNS.replace("compute", "TFLOP/s"),
        ["--columns", "TFLOP/s=compute"],
        "column 'TFLOP/s': its name says a rate, FLOP per",
    ),
    "ppl": (
        "bad.csv",
        RUNS.replace("loss", "ppl").replace("3.0", "0.9"),
        ["--columns", "ppl=loss"],
        "row 1, column 'ppl': got 0.9; a perplexity is above",
    ),
}


def test_there_are_a_hundred_and_two_hundred_with_the_others():
    assert len(FILES) >= 100
    assert len(FILES) + len(OTHERS) - len(OPTIONS) >= 200


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_in_one_sentence(tmp_path, monkeypatch, name):
    file, content, typed, said = FILES[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sentence = refused("check", file, *typed)
    assert said in sentence
    assert [path.name for path in tmp_path.iterdir()] == [file]
