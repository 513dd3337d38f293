"""A hundred and more inputs that are malformed: one sentence each, before any sampling.

Each case has files, the words typed after ``bayes-scaling``, and what the sentence has to hold.
"""

import io
import json

import pandas as pd
import pytest
from refusals import forbid_sampling, refused

from bayes_scaling.specification.shelf import shelf

RUNS = "run,compute,loss\na,1e18,3.0\nb,1e19,2.6\nc,1e20,2.3\n"
COUNTS = (
    "run,compute,problem,n_samples,n_correct\n"
    "a,1e18,x,10,1\na,1e18,y,10,0\nb,1e20,x,10,7\nb,1e20,y,10,3\n"
)
RECORDS = [{"compute": 10.0**power, "loss": 21.0 - power} for power in (18, 19, 20)]
FIT = ("fit", "{}", "--out", "fit.nc")
FORECAST = ("forecast", "{}", "--at", "1e22")
SEAL = ("register", "{}", "--at", "1e22", "--question", "A?", "--resolves", "The card.")
PASSES = ("fit", "{}", "--model", "pass_rate", "--out", "fit.nc")


def parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def state(**changes):
    whole = {"global_step": 10, "total_flos": 1e18, "log_history": [{"loss": 3.0, "step": 10}]}
    return json.dumps(whole | changes)


def counted(old, new):
    assert old in COUNTS
    return COUNTS.replace(old, new, 1)


def ran(old, new):
    assert old in RUNS
    return RUNS.replace(old, new, 1)


TABLES = {
    "nothing": ("bad.csv", "", "is empty"),
    "blanks": ("bad.csv", " \n\n \n", "is empty"),
    "a byte order mark alone": ("bad.csv", "\ufeff", "is empty"),
    "a header alone": ("bad.csv", "run,compute,loss\n", "no rows"),
    "bytes": ("bad.csv", bytes(range(256)), "binary file, or not in UTF-8"),
    "zeros": ("bad.csv", b"\0" * 4096, "binary file"),
    "half of UTF-16": ("bad.csv", RUNS.encode("utf-16")[:-1], "not in UTF-8"),
    "UTF-16 without a mark": ("bad.csv", RUNS.encode("utf-16-le"), "not in UTF-8"),
    "Latin-1": ("bad.csv", RUNS.replace("a,", "ä,").encode("latin-1"), "not in UTF-8"),
    "a picture": ("bad.csv", b"\x89PNG\r\n\x1a\n" + bytes(64), "binary file"),
    "an archive": ("bad.csv", b"PK\x03\x04" + bytes(64), "binary file"),
    "one column": ("bad.csv", "loss\n3.0\n2.6\n", "has no commas"),
    "a longer row": ("bad.csv", ran("2.6", "2.6,9,9"), "isn't a table"),
    "longer rows": ("bad.csv", "compute,loss\n1e18,3,1\n1e19,2,1\n", "more cells in its rows"),
    "a quote that isn't closed": ("bad.csv", ran("b,", '"b,'), "isn't a table"),
    "a column twice": ("bad.csv", ran("run,compute", "loss,compute"), "'loss' is there twice"),
    "prose": ("bad.csv", "Dear all,\nplease find the losses below.\n", "'loss' is missing"),
    "a page": ("bad.csv", "<html><body>Not found, sorry</body></html>\n", "is a web page"),
    "half of JSON in a CSV": ("bad.csv", json.dumps(RECORDS)[:40], "no rows"),
    "no loss": ("bad.csv", ran("loss", "perplexity"), "column 'loss' is missing"),
    "no compute": ("bad.csv", ran("compute", "speed"), "column 'compute' is missing"),
    "tokens without params": ("bad.csv", ran("compute", "tokens"), "'compute' is missing"),
    "a negative loss": ("bad.csv", ran("2.6", "-2.6"), "row 2 (run 'b'), column 'loss': got -2.6"),
    "a loss of zero": ("bad.csv", ran("2.6", "0"), "row 2 (run 'b'), column 'loss': got 0"),
    "an infinite loss": ("bad.csv", ran("2.6", "-inf"), "column 'loss': got -inf"),
    "a loss that isn't a number": ("bad.csv", ran("2.6", "NaN"), "column 'loss': missing or NaN"),
    "a word for a loss": ("bad.csv", ran("2.6", "low"), "column 'loss': 'low'"),
    "a huge loss": ("bad.csv", ran("2.6", "1e300"), "row 2 (run 'b'), column 'loss': got 1e+300"),
    "a tiny loss": ("bad.csv", ran("2.6", "1e-300"), "row 2 (run 'b'), column 'loss': got 1e-300"),
    "a list for a loss": ("bad.csv", ran("2.6", '"[2.6, 2.5]"'), "column 'loss': '[2.6, 2.5]'"),
    "a very long loss": ("bad.csv", ran("2.6", "9" * 5000), "column 'loss': got inf"),
    "negative compute": ("bad.csv", ran("1e19", "-1e19"), "column 'compute': got -1e+19"),
    "no compute in a row": ("bad.csv", ran("1e19", ""), "column 'compute': missing or NaN"),
    "tiny compute": ("bad.csv", ran("1e18", "1e-300"), "row 1 (run 'a'), column 'compute': got 1e"),
    "huge compute": ("bad.csv", ran("1e18", "1e300"), "row 1 (run 'a'), column 'compute': got 1e"),
    "a rate": ("bad.csv", ran("1e19", "3 PFLOP/s"), "is a rate, not an amount of compute"),
    "a unit that isn't one": ("bad.csv", ran("1e19", "3 mFLOP"), "isn't an amount of compute"),
    "a formula": ("bad.csv", ran("1e19", "=A1*10"), "isn't an amount of compute"),
    "one compute": ("bad.csv", ran("1e19", "1e18").replace("1e20", "1e18"), "at one compute"),
    "two computes": ("bad.csv", ran("1e19", "1e18"), "2 distinct computes"),
    "a run twice": ("bad.csv", ran("b,", "a,"), "run id 'a' is there twice"),
    "a run without a name": ("bad.csv", ran("b,", ","), "column 'run': the cell is empty"),
    "two families": (
        "bad.csv",
        "family,compute,loss\nx,1e18,3\nx,1e19,2.6\nx,1e20,2.3\ny,1e18,3\n",
        "got 2 families",
    ),
    "a flag that isn't one": (
        "bad.csv",
        "compute,loss,finished\n1e18,3,maybe\n1e19,2.6,yes\n1e20,2.3,yes\n",
        "column 'finished': got 'maybe'",
    ),
    "a run that isn't finished": (
        "bad.csv",
        "compute,loss,finished\n1e18,3,yes\n1e19,2.6,yes\n1e20,2.3,no\n",
        "ended before it was planned to",
    ),
    "params of a word": (
        "bad.csv",
        "params,tokens,loss\nbig,1e9,3\n1e8,1e9,2.6\n1e9,1e9,2.3\n",
        "column 'params': 'big' isn't a count",
    ),
    "negative tokens": (
        "bad.csv",
        "params,tokens,loss\n1e7,-1e9,3\n1e8,1e9,2.6\n1e9,1e9,2.3\n",
        "column 'tokens': got -1",
    ),
    "an unknown source of compute": (
        "bad.csv",
        "compute,compute_from,loss\n1e18,guess,3\n1e19,,2.6\n1e20,,2.3\n",
        "column 'compute_from': got 'guess'",
    ),
    "a negative standard error": (
        "bad.csv",
        "compute,loss,loss_se\n1e18,3,-1\n1e19,2.6,0\n1e20,2.3,0\n",
        "must be finite and not negative",
    ),
    "an infinite standard error": (
        "bad.csv",
        "compute,loss,loss_se\n1e18,3,inf\n1e19,2.6,0\n1e20,2.3,0\n",
        "must be finite and not negative",
    ),
    "an unknown suffix": ("bad.xlsx", RUNS, "the suffix '.xlsx', which isn't known"),
    "no suffix": ("bad", RUNS, "isn't known"),
    "text in a parquet": ("bad.parquet", RUNS, "isn't a parquet file"),
    "half a parquet": ("bad.parquet", parquet(pd.DataFrame(RECORDS))[:200], "isn't a parquet file"),
    "an empty parquet": ("bad.parquet", b"", "is empty"),
    "a parquet without rows": ("bad.parquet", parquet(pd.DataFrame(RECORDS)[:0]), "no rows"),
    "a parquet of lists": (
        "bad.parquet",
        parquet(pd.DataFrame({"compute": [1e18], "loss": [[1.0, 2.0]]})),
        "column 'loss': ",
    ),
    "half a line of JSON": ("bad.jsonl", json.dumps(RECORDS[0])[:-4], "line 1 isn't JSON"),
    "a broken line": ("bad.jsonl", json.dumps(RECORDS[0]) + "\n{,}\n", "line 2 isn't JSON"),
    "a list a line": ("bad.jsonl", "[1, 2]\n[3, 4]\n", "line 1 isn't a record"),
    "a number a line": ("bad.jsonl", "1\n2\n", "line 1 isn't a record"),
    "deep brackets": ("bad.jsonl", "[" * 100_000, "line 1 isn't JSON"),
    "a number of many digits": ("bad.jsonl", '{"loss": ' + "9" * 5000 + "}", "line 1 isn't JSON"),
    "half a surrogate": (
        "bad.jsonl",
        "\n".join(json.dumps(record | {"run": "\ud800"}) for record in RECORDS),
        "no text",
    ),
    "a nested loss": (
        "bad.jsonl",
        "\n".join(json.dumps(record | {"loss": {"val": 2.0}}) for record in RECORDS),
        "column 'loss': {'val': 2.0}",
    ),
    "a loss of true": ("bad.jsonl", '{"compute": 1e18, "loss": true}', "column 'loss': True"),
    "JSON of an object": ("bad.json", '{"compute": 1e18, "loss": 3}', "an array of records"),
    "JSON of numbers": ("bad.json", "[1, 2, 3]", "an array of records"),
    "JSON of nothing": ("bad.json", "[]", "no rows"),
    "half of JSON": ("bad.json", json.dumps(RECORDS)[:30], "isn't JSON"),
    "deep JSON": ("bad.json", "[" * 100_000, "isn't JSON"),
    "half a state": ("trainer_state.json", state()[:40], "isn't JSON"),
    "a state without a log": ("trainer_state.json", '{"global_step": 1}', "no 'log_history'"),
    "a state of an empty log": ("trainer_state.json", state(log_history=[]), "has an empty log"),
    "a state without steps": ("trainer_state.json", state(global_step=0), "no 'global_step'"),
    "a state without compute": ("trainer_state.json", state(total_flos=0), "has no entry for"),
    "a state alone": ("trainer_state.json", state(), "at one compute"),
    "a chart of words": ("bad.csv", "Step,a - loss\n1,low\n", "isn't a number"),
    "a saved fit of nothing": ("bad.nc", b"", "truncated, or not a netCDF file"),
    "a saved fit of text": ("bad.nc", RUNS, "truncated, or not a netCDF file"),
}
COUNT_TABLES = {
    "no column of counts": (counted("n_correct", "right"), "column 'n_correct' is missing"),
    "more right than samples": (counted("x,10,1", "x,10,11"), "at most all samples can be right"),
    "a rate for a count": (counted("x,10,1", "x,10,0.1"), "must be a whole number"),
    "a negative count": (counted("x,10,1", "x,10,-1"), "a count can't be negative"),
    "no samples": (counted("x,10,1", "x,0,0"), "it must be 1 or more"),
    "an empty count": (counted("x,10,1", "x,10,"), "column 'n_correct': the cell is empty"),
    "too many samples": (counted("x,10,1", "x,1e300,1"), "column 'n_samples': got 1e+300"),
    "a problem twice": (counted("a,1e18,y", "a,1e18,x"), "problem 'x' is there twice"),
    "two computes of a run": (counted("a,1e18,y", "a,1e19,y"), "a run has one compute"),
}
SPECS = {
    "not TOML": ("title    =", "title :", "not valid TOML"),
    "a table that isn't closed": ("[priors]", "[priors", "not valid TOML"),
    "a key twice": ("[priors]", "[priors]\nnu = 4.0", "not valid TOML"),
    "an unknown key": ("title    =", "titel = 1\ntitle =", "unknown key 'titel'"),
    "a title of a number": ("title    =", "title = 3 #", "title: expected text, got 3"),
    "an unknown law": ('"power_floor"', '"power_flor"', "Did you mean 'power_floor'?"),
    "a law of a number": ('"power_floor"', "3", "law: 3 is not known"),
    "an unknown response": ('response = "loss"', 'response = "los"', "Did you mean 'loss'?"),
    "an unknown noise": ('"student_t"', '"student"', "Did you mean 'student_t'?"),
    "an unknown prior": ('dist = "LogitNormal"', 'dist = "Logit"', "priors.floor_share.dist"),
    "a missing argument": ("mu = 0.2 ", "# ", "priors.floor_share: lacks mu"),
    "an unknown argument": ("mu = 0.2 ", "mean = 0\nmu = 0.2 ", "unknown key 'mean'"),
    "a negative width": ("sigma = 0.7", "sigma = -0.7", "expected a positive number, got -0.7"),
    "a width of zero": ("sigma = 0.7", "sigma = 0", "expected a positive number, got 0"),
    "a huge width": ("sigma = 0.7", "sigma = 1e9", "priors.floor_share.sigma: expected a positive"),
    "a tiny width": ("sigma = 0.7", "sigma = 1e-300", "priors.floor_share.sigma: expected a posit"),
    "an infinite width": ("sigma = 0.7", "sigma = inf", "priors.floor_share.sigma: expected a pos"),
    "a middle that isn't a number": ("mu = 0.2 ", "mu = nan ", "priors.floor_share.mu: expected a"),
    "a middle far away": ("mu = 0.2 ", "mu = 1e4 ", "expected a number between -10 and 10"),
    "a width of text": ("sigma = 0.7", 'sigma = "wide"', "priors.floor_share.sigma"),
    "a pinned number that is huge": (
        "nu = 5.0",
        "nu = 1e300",
        "priors.nu: expected a positive number, and of",
    ),
    "a prior of a list": ("nu = 5.0", "nu = [5.0]", "priors.nu: expected a positive number"),
    "a missing prior": ("nu = 5.0", "", "lacks nu"),
    "an unknown kernel": ('"integrated_brownian"', '"brown"', "Did you mean 'brownian'?"),
    "an unknown column": ('along = ["compute"]', 'along = ["computes"]', "Did you mean 'compute'?"),
    "a length for no reason": ('along = ["compute"]', 'along = ["compute"]\nlength = 1', "no leng"),
}
OPTIONS = {
    "a target of text": ([*FORECAST[:2], "--at", "much"], "--at: 'much'"),
    "a target of nothing": ([*FORECAST[:2], "--at", ""], "--at: ''"),
    "a negative target": ([*FORECAST[:2], "--at=-1e22"], "--at: got -1e+22"),
    "a target of zero": ([*FORECAST[:2], "--at", "0"], "--at: got 0"),
    "a target that isn't a number": ([*FORECAST[:2], "--at", "nan"], "--at: 'nan'"),
    "a target out of reach": ([*FORECAST[:2], "--at", "1e300"], "--at: got 1e+300"),
    "a tiny target": ([*FORECAST[:2], "--at", "1e-300"], "--at: got 1e-300"),
    "an unknown kind": ([*FORECAST, "--kind", "runs"], "Did you mean 'run'?"),
    "an unknown model": ([*FORECAST, "--model", "los"], "Did you mean 'loss'?"),
    "a model that isn't there": ([*FORECAST, "--model", "absent.toml"], "absent.toml"),
    "a model that is a folder": ([*FORECAST, "--model", "folder.toml"], "can't be read as a model"),
    "a model that is a table": ([*FORECAST, "--model", "{}"], "fine.csv"),
    "a negative seed": ([*FORECAST, "--seed", "-1"], ": --seed: expected zero or more"),
    "a huge seed": ([*FORECAST, "--seed", str(2**64)], ": --seed: expected zero or more and"),
    "no draws": ([*FORECAST, "--draws", "0"], "draws: expected a positive integer, got 0"),
    "negative draws": ([*FORECAST, "--draws", "-5"], "draws: expected a positive integer, got -5"),
    "draws beyond the memory": ([*FORECAST, "--draws", str(10**9)], "GiB of memory, and there are"),
    "draws beyond all numbers": ([*FORECAST, "--draws", str(10**30)], "GiB of memory"),
    "a family that isn't there": (
        [*FORECAST, "--family", "other"],
        "'other' has no run in the fit",
    ),
    "a column without a name": ([*FORECAST, "--columns", "loss"], "two names joined by ="),
    "a column that isn't there": ([*FORECAST, "--columns", "lost=loss"], "Did you mean 'loss'?"),
    "a column that isn't ours": ([*FORECAST, "--columns", "loss=los"], "isn't a column of ours"),
    "compute of a table's run": ([*FORECAST, "--compute", "a=1e18"], "logs of training"),
    "a figure in no folder": ([*FORECAST, "--figure", "absent/out.png"], "can't be written"),
    "a figure of no format": ([*FORECAST, "--figure", "out.docx"], "the name of a format"),
    "an event of counts": ([*FORECAST, "--of", "solved", "--above", "1"], "--of: loss is a model"),
    "an event of nothing": ([*FORECAST, "--of", "solved"], "it goes with --above or --below"),
    "a bucket of losses": ([*FORECAST, "--buckets", "3"], "--buckets: loss is a model of losses"),
    "a fit to a folder": (["fit", "{}", "--out", "folder.nc"], "it is a folder"),
    "a fit to no folder": (["fit", "{}", "--out", "absent/fit.nc"], "there is no folder absent"),
    "a fit of no suffix": (["fit", "{}", "--out", "fit"], "has to end in .nc"),
    "a fit of a long name": (["fit", "{}", "--out", "x" * 245 + ".nc"], "can't be written"),
    "a fit to a system": (["fit", "{}", "--out", "/proc/fit.nc"], "can't be written"),
    "a fit of a glob of nothing": (["fit", "*.parquet"], "matches no file"),
    "a fit of a folder": (["fit", "folder.nc"], "is a folder; give a file"),
    "a fit of nothing": (["fit", "absent.csv"], "absent.csv matches no file"),
    "a check of nothing": (["check", "absent.csv"], "absent.csv matches no file"),
    "a forecast of no fit": (["forecast", "absent.nc", "--at", "1e22"], "no such file"),
    "a report to a folder": (["report", "{}", "--out", "folder.html"], "it is a folder"),
    "a report of no suffix": (["report", "{}", "--out", "out.pdf"], "has to end in .html"),
    "a report of no ledger": (["report", "{}", "--ledger", "absent.jsonl"], "absent.jsonl"),
    "a comparison of one": (["compare", "{}", "--model", "loss"], "two or more different ones"),
    "a comparison with nothing": (
        ["compare", "{}", "--model", "loss", "--model", "los"],
        "Did you mean 'loss'?",
    ),
    "a comparison of unlike": (
        ["compare", "{}", "--model", "loss", "--model", "pass_rate"],
        "compare models of the same",
    ),
    "a comparison by seeds": (
        ["compare", "{}", "--model", "loss", "--model", "loss_power", "--unit", "seed"],
        "unit: 'seed' is not known",
    ),
    "a comparison without workers": (
        ["compare", "{}", "--model", "loss", "--model", "loss_power", "--jobs", "0"],
        "jobs: expected a number of worker processes",
    ),
    "a backtest without workers": (["backtest", "{}", "--jobs", "0"], "jobs: expected a number"),
    "a backtest without draws": (["backtest", "{}", "--draws", "0"], "draws: expected a positive"),
    "a backtest of no baseline": (["backtest", "{}", "--baseline", "best"], "'best'"),
    "a backtest of no cutoff": (["backtest", "{}", "--cutoff", "half"], "cutoffs: 'half'"),
    "a backtest backwards": (["backtest", "{}", "--horizon", "-1"], "horizon: expected a positive"),
    "a backtest to a folder": (["backtest", "{}", "--save", "folder.nc"], "folder.nc"),
    "a seal of a blank question": (
        ["register", "{}", "--at", "1e22", "--question", " ", "--resolves", "The card."],
        "question: expected a text that says something",
    ),
    "a seal of too many questions": (
        [*SEAL, "--question", "B?"],
        "2 questions for 1 targets",
    ),
    "a seal that nothing resolves": (
        ["register", "{}", "--at", "1e22", "--question", "A?", "--resolves", ""],
        "resolves: expected a text that says something",
    ),
    "a seal of no event": (
        [*SEAL, "--event", "it works"],
        "it works",
    ),
    "a seal in a folder": (
        [*SEAL, "--ledger", "folder.nc"],
        "folder.nc",
    ),
    "a score of no ledger": (["score", "absent.jsonl"], "absent.jsonl"),
    "a ledger that is a table": (["verify", "absent.jsonl"], "absent.jsonl"),
}
FOLDERS = ("folder.nc", "folder.html", "folder.toml")


def case(name, content, arguments, said):
    """Make a case: the file, with its content as bytes, and the words that name it."""
    data = content if isinstance(content, bytes) else content.encode()
    words = [word.format(name) for word in arguments]
    return {name: data}, words, said


def spec(old, new):
    text = (shelf() / "loss.toml").read_text()
    assert old in text
    return text.replace(old, new, 1)


CASES = {
    **{
        name: case(file, content, FORECAST if file.endswith(".nc") else FIT, said)
        for name, (file, content, said) in TABLES.items()
    },
    **{
        name: case("bad.csv", content, PASSES, said)
        for name, (content, said) in COUNT_TABLES.items()
    },
    **{
        name: case("bad.toml", spec(old, new), ["fit", "fine.csv", "--model", "{}"], said)
        for name, (old, new, said) in SPECS.items()
    },
    **{name: case("fine.csv", RUNS, words, said) for name, (words, said) in OPTIONS.items()},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with folders in the place of files, and no sampler."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_a_hundred():
    assert len(CASES) == sum(map(len, (TABLES, COUNT_TABLES, SPECS, OPTIONS)))
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_one_sentence(folder, name):
    files, arguments, said = CASES[name]
    files = {"fine.csv": RUNS.encode(), **files}
    for path, data in files.items():
        (folder / path).write_bytes(data)
    assert said in refused(*arguments)
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert left == files
    assert {path.name for path in folder.rglob("*")} == {*files, *FOLDERS}
