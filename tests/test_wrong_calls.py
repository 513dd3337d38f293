"""Two hundred calls that are wrong: one sentence each, in Python's words, before any sampling."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from refusals import forbid_sampling

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.errors import BayesScalingError

SAVED = Path(__file__).parent / "inference" / "fit_schema_1.nc"
RUNS = pd.DataFrame({"run": list("abc"), "compute": [1e18, 1e19, 1e20], "loss": [3.0, 2.6, 2.3]})
COUNTS = pd.DataFrame(
    {
        "run": list("aabb"),
        "compute": [1e18, 1e18, 1e20, 1e20],
        "problem": list("xyxy"),
        "n_samples": 10,
        "n_correct": [1, 0, 7, 3],
    }
)


@cache
def fit():
    return bs.load_fit(SAVED)


@cache
def forecast():
    return bs.predict(fit(), compute=1e22)


READING = [
    (lambda: bs.read_runs(None), "runs must be a pandas DataFrame, a path or a glob, a list"),
    (lambda: bs.read_runs(3), "runs must be a pandas DataFrame, a path or a glob, a list"),
    (lambda: bs.read_runs([]), "runs must be a pandas DataFrame, a path or a glob, a list"),
    (lambda: bs.read_runs([1, 2]), "runs must be a pandas DataFrame, a path or a glob, a list"),
    (lambda: bs.read_runs({"a": 1}), "runs must be a pandas DataFrame, a path or a glob, a list"),
    (lambda: bs.read_runs(""), ". is a folder; give a file, or a glob such as *.csv."),
    (lambda: bs.read_runs("folder"), "folder is a folder; give a file, or a glob such as"),
    (
        lambda: bs.read_runs(RUNS, columns="loss"),
        "columns: got 'loss'; write a mapping from the table's",
    ),
    (
        lambda: bs.read_runs(RUNS, columns=["loss"]),
        "columns: got ['loss']; write a mapping from the table's",
    ),
    (
        lambda: bs.read_runs(RUNS, columns={"loss": 3}),
        "columns: got {'loss': 3}; write a mapping from the",
    ),
    (
        lambda: bs.read_runs(RUNS, columns={None: "loss"}),
        "columns: got {None: 'loss'}; write a mapping from the",
    ),
    (
        lambda: bs.read_runs(RUNS, columns={"loss": "final"}),
        "columns: 'final' isn't a column of ours; allowed:",
    ),
    (
        lambda: bs.read_runs(RUNS, compute={"a": 1e18}),
        "compute= goes with logs of training (trainer_state.json,",
    ),
    (
        lambda: bs.read_runs("runs.csv", compute="1e18"),
        "runs.csv: compute= goes with logs of training",
    ),
    (
        lambda: bs.read_runs(RUNS, steps={"a": 10}),
        "steps= goes with logs of training (trainer_state.json,",
    ),
    (lambda: bs.read_runs(RUNS, metric="acc"), "metric: 'acc' is not known of a table; allowed:"),
    (lambda: bs.read_runs(RUNS, metric=3), "metric: 3 is not known of a table; allowed:"),
    (
        lambda: bs.read_runs(RUNS, loss_unit=3),
        "loss_unit: expected text such as 'nats per token', got 3.",
    ),
    (
        lambda: bs.read_runs(RUNS, loss_unit=" "),
        "loss_unit: expected text such as 'nats per token', got '",
    ),
    (
        lambda: bs.read_runs(RUNS, keep="lowest"),
        "keep: got 'lowest'; allowed: all, best. Did you mean",
    ),
    (lambda: bs.read_runs(RUNS, keep=None), "keep: got None; allowed: all, best."),
    (
        lambda: bs.read_runs(RUNS, keep=["best"]),
        "keep: got ['best']; allowed: all, best. Did you mean",
    ),
    (
        lambda: bs.read_runs("{run}/{run}.csv"),
        "{run}/{run}.csv names the run twice; write * for the",
    ),
    (lambda: bs.read_runs("{run}.tsv"), "{run}.tsv matches no file; look at the path."),
    (
        lambda: bs.read_runs(b"runs.csv"),
        "runs must be a pandas DataFrame, a path or a glob, a list",
    ),
    (
        lambda: bs.read_runs("a\0b.csv"),
        "'a\\x00b.csv' can't be a path: it is too long, or holds no",
    ),
    (lambda: bs.read_runs("x" * 5000 + ".csv"), "can't be a path: it is too long"),
    (lambda: bs.read_passes(None), "passes must be a pandas DataFrame, a path or a glob, a"),
    (lambda: bs.read_passes({}), "passes must be a pandas DataFrame, a path or a glob, a"),
    (
        lambda: bs.read_passes(COUNTS, tests="plus"),
        "tests= goes with EvalPlus, got a DataFrame; leave it out.",
    ),
    (
        lambda: bs.read_passes(COUNTS, filter="x"),
        "filter= goes with lm-evaluation-harness, got a DataFrame;",
    ),
    (
        lambda: bs.read_passes(COUNTS, compute={"a": 1e18}),
        "compute is in the table and in compute= too; leave one of",
    ),
    (
        lambda: bs.read_passes(COUNTS.drop(columns="compute"), compute=[1e18]),
        "compute must be a mapping of runs to FLOP, a table or the",
    ),
    (
        lambda: bs.read_passes(COUNTS.drop(columns="compute"), compute={"a": 1e18}),
        "compute: run 'b' has no entry; every run needs its",
    ),
    (
        lambda: bs.read_passes(COUNTS.drop(columns="compute"), compute={"a": "x", "b": 1}),
        "row 1 (run 'a', problem 'x'), column 'compute': 'x' isn't",
    ),
    (
        lambda: bs.read_passes(COUNTS.drop(columns="compute"), compute={}),
        "compute has no entries; every run needs its compute.",
    ),
    (
        lambda: bs.read_passes(COUNTS.drop(columns="compute"), compute="absent.csv"),
        "absent.csv matches no file; look at the path.",
    ),
    (
        lambda: bs.read_passes(COUNTS, columns={"id": "problem"}),
        "columns: 'id' isn't in the table; allowed: compute,",
    ),
    (
        lambda: bs.read_passes(COUNTS, columns="problem"),
        "columns: got 'problem'; write a mapping from the table's",
    ),
    (lambda: bs.read_passes(RUNS), "models such as pass_rate need counts by problem (problem,"),
    (
        lambda: bs.read_passes({"m": "runs.csv"}),
        "runs.csv: the table has a column run of its own; give its",
    ),
    (lambda: bs.check(None), "runs must be a pandas DataFrame, got NoneType; make one"),
    (lambda: bs.check("runs.csv"), "runs must be a pandas DataFrame, got str; make one with"),
    (lambda: bs.check(RUNS, "los"), "no model 'los' on the shelf; allowed: loss, loss_abc,"),
    (lambda: bs.example("cerebras"), "there is no example 'cerebras'; allowed: cerebras_gpt,"),
    (lambda: bs.example(3), "there is no example 3; allowed: cerebras_gpt,"),
]
BUCKETS = [
    (lambda: bs.form_buckets(COUNTS, 0), "buckets: got 0; write a positive integer, 'split', or a"),
    (
        lambda: bs.form_buckets(COUNTS, -2),
        "buckets: got -2; write a positive integer, 'split', or a",
    ),
    (
        lambda: bs.form_buckets(COUNTS, 2.5),
        "buckets: got 2.5; write a positive integer, 'split', or a",
    ),
    (
        lambda: bs.form_buckets(COUNTS, "half"),
        "buckets: got 'half'; write a positive integer, 'split',",
    ),
    (
        lambda: bs.form_buckets(COUNTS, True),
        "buckets: got True; write a positive integer, 'split', or",
    ),
    (
        lambda: bs.form_buckets(COUNTS, 2, hardest=0),
        "hardest: got 0; write how many problems, a positive",
    ),
    (
        lambda: bs.form_buckets(COUNTS, 2, hardest=10),
        "hardest: got 10, but there are 2 problems; ask fewer.",
    ),
    (
        lambda: bs.form_buckets(COUNTS, 2, hardest="3"),
        "hardest: got '3'; write how many problems, a positive",
    ),
    (
        lambda: bs.form_buckets(COUNTS, {"x": "1"}),
        "buckets: 1 of 2 problems have no bucket, the first is",
    ),
    (
        lambda: bs.form_buckets(COUNTS, {"x": "1", "y": "2"}, hardest=1),
        "hardest= goes with buckets that are formed; these are",
    ),
    (
        lambda: bs.form_buckets(COUNTS, "split", random_seed=-1),
        "random_seed: got -1; write an integer of 0 or more.",
    ),
    (
        lambda: bs.form_buckets(COUNTS, "split", random_seed=1.5),
        "random_seed: got 1.5; write an integer of 0 or more.",
    ),
    (lambda: bs.form_buckets(RUNS), "models such as pass_rate need counts by problem (problem,"),
    (lambda: bs.pass_at_k(10, 11, 1), "n_correct: got 11 with n_samples 10; it must be from 0 to"),
    (lambda: bs.pass_at_k(10, 1, 11), "k: got 11 with n_samples 10; it must be from 1 to"),
    (lambda: bs.pass_at_k(10, 1, 0), "k: got 0 with n_samples 10; it must be from 1 to"),
    (lambda: bs.pass_at_k(10.5, 1, 1), "n_samples: got 10.5; it must be a whole number."),
    (lambda: bs.pass_at_k("ten", 1, 1), "n_samples: expected whole numbers, got 'ten'."),
    (lambda: bs.pass_at_k(10, -1, 1), "n_correct: got -1 with n_samples 10; it must be from 0 to"),
    (lambda: bs.pass_at_k(float("nan"), 1, 1), "n_samples: got nan; it must be a whole number."),
    (
        lambda: bs.pass_at_k([1, 2, 3], [1, 2], 1),
        "n_samples: the arrays don't fit together; got n_samples",
    ),
]
MODELS = [
    (lambda: bs.load_model("los"), "no model 'los' on the shelf; allowed: loss, loss_abc,"),
    (
        lambda: bs.load_model("absent.toml"),
        "absent.toml: can't be read as a model: No such file or",
    ),
    (lambda: bs.load_model(3), "model: expected a name on the shelf, the path of a TOML"),
    (lambda: bs.load_model(None), "model: expected a name on the shelf, the path of a TOML"),
    (lambda: bs.load_model("folder"), "no model 'folder' on the shelf; allowed: loss, loss_abc,"),
    (
        lambda: bs.load_model("loss").with_priors(x=3),
        "loss: priors: unknown key 'x'; allowed: elasticity,",
    ),
    (
        lambda: bs.load_model("loss").with_priors(nu="five"),
        "loss: priors.nu: expected a positive number, got 'five'.",
    ),
    (
        lambda: bs.load_model("loss").with_priors(nu=-1),
        "loss: priors.nu: expected a positive number, got -1.",
    ),
    (
        lambda: bs.load_model("loss").with_priors(nu={"dist": "Gama"}),
        "loss: priors.nu.dist: 'Gama' is not known; allowed: Beta,",
    ),
    (
        lambda: bs.load_model("loss").with_priors(elasticity={"dist": "LogNormal", "mu": 0}),
        "loss: priors.elasticity: lacks sigma.",
    ),
    (
        lambda: bs.load_model("loss").with_priors(nu=[1]),
        "loss: priors.nu: expected a positive number, got [1.0].",
    ),
    (
        lambda: bs.load_model("loss").with_priors(nu=True),
        "loss: priors.nu: expected a positive number, got True.",
    ),
]
FITTING = [
    (lambda: bs.load_fit("absent.nc"), "absent.nc: no such file."),
    (lambda: bs.load_fit("runs.csv"), "runs.csv: truncated, or not a netCDF file (OSError). Fit"),
    (lambda: bs.load_fit("folder"), "folder: no such file."),
    (lambda: bs.load_fit(3), "path: expected that of a saved fit, got 3."),
    (
        lambda: bs.fit("los", RUNS, random_seed=1),
        "no model 'los' on the shelf; allowed: loss, loss_abc,",
    ),
    (
        lambda: bs.fit(3, RUNS, random_seed=1),
        "model: expected a name on the shelf, the path of a TOML",
    ),
    (
        lambda: bs.fit("loss", None, random_seed=1),
        "runs must be a pandas DataFrame, a path or a glob, a list",
    ),
    (
        lambda: bs.fit("loss", [1], random_seed=1),
        "runs must be a pandas DataFrame, a path or a glob, a list",
    ),
    (
        lambda: bs.fit("loss", "absent.csv", random_seed=1),
        "absent.csv matches no file; look at the path.",
    ),
    (
        lambda: bs.fit("loss", COUNTS, random_seed=1),
        "the table holds counts by problem (problem, n_samples,",
    ),
    (
        lambda: bs.fit("pass_rate", RUNS, random_seed=1),
        "models such as pass_rate need counts by problem (problem,",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=-1),
        "random_seed: expected zero or more and below 2^63, got -1.",
    ),
    (lambda: bs.fit("loss", RUNS, random_seed="1"), "random_seed: expected an integer, got '1'."),
    (lambda: bs.fit("loss", RUNS, random_seed=1.0), "random_seed: expected an integer, got 1.0."),
    (lambda: bs.fit("loss", RUNS, random_seed=None), "random_seed: expected an integer, got None."),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, draws=0),
        "draws: expected a positive integer, got 0.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, draws="many"),
        "draws: expected a positive integer, got 'many'.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, tune=0),
        "tune: expected a positive integer, got 0.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, chains=0),
        "chains: expected a positive integer, got 0.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, target_accept=1.5),
        "target_accept: expected a number between 0 and 1, got 1.5.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, target_accept="high"),
        "target_accept: expected a number between 0 and 1, got",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, reference=-1),
        "reference: got -1.0; compute must be positive and finite.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, reference="x"),
        "reference: 'x' isn't an amount of compute: write FLOP as",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, reference={"x": 1e18}),
        "reference: no entry for family 'ladder'.",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, subset=10),
        "subset: loss is a model of losses, which have no",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, allow="rise"),
        "allow: 'rise' is not known; allowed: constant, logarithm,",
    ),
    (
        lambda: bs.fit("loss", RUNS, random_seed=1, allow=3),
        "allow: 3 is not known; allowed: constant, logarithm,",
    ),
    (
        lambda: bs.fit("loss", RUNS[:1], random_seed=1),
        "compute: all runs of ladder are at one compute, so",
    ),
    (
        lambda: bs.fit("loss", RUNS[:0], random_seed=1),
        "the table has no rows; it needs a row a run.",
    ),
    (
        lambda: bs.fit("pass_rate", COUNTS, random_seed=1, subset=0),
        "subset: expected a positive number of problems, got 0.",
    ),
]
FORECASTS = [
    (lambda: bs.predict(fit()), "targets: say where to forecast: give compute="),
    (
        lambda: bs.predict(fit(), RUNS, compute=1e22),
        "targets: give either a table of targets or compute=, not",
    ),
    (lambda: bs.predict(fit(), 1e22), "targets: expected a DataFrame, got float. For plain"),
    (
        lambda: bs.predict(fit(), compute="much"),
        "compute: 'much' isn't an amount of compute: write FLOP as a number",
    ),
    (
        lambda: bs.predict(fit(), compute=-1),
        "compute: got -1.0; compute must be positive and finite.",
    ),
    (
        lambda: bs.predict(fit(), compute=float("nan")),
        "compute: got nan; compute must be positive and finite.",
    ),
    (
        lambda: bs.predict(fit(), compute=[None]),
        "compute: None isn't an amount of compute: write FLOP as a number",
    ),
    (lambda: bs.predict(fit(), compute=[]), "compute: no target given."),
    (
        lambda: bs.predict(fit(), pd.DataFrame({"flops": [1e22]})),
        "targets: the table lacks the column compute; it has flops.",
    ),
    (lambda: bs.predict(fit(), pd.DataFrame({"compute": []})), "compute: no target given."),
    (
        lambda: bs.predict(fit(), compute=1e22, family="x"),
        "family: 'x' has no run in the fit, so its level is",
    ),
    (
        lambda: bs.predict(fit(), compute=[1e22, 1e23], family=["Cerebras-GPT"]),
        "family: 1 families for 2 targets; give one a target",
    ),
    (
        lambda: bs.predict(fit(), compute=1e22, family=3),
        "family: expected a name, or one a target, got 3.",
    ),
    (
        lambda: bs.predict(fit(), compute=1e22, restrict="solved_by_all"),
        "restrict: loss is a model of losses, which have no",
    ),
    (
        lambda: bs.predict(fit(), compute=1e22, random_seed=-1),
        "random_seed: expected zero or more and below 2^63, got -1.",
    ),
    (
        lambda: bs.predict(fit(), compute=1e40),
        "compute: the target 1e+40 FLOP lies 19.0 decades beyond",
    ),
    (
        lambda: bs.predict(fit(), compute=2.3),
        "compute: 2.3 FLOP is 18 decades below the smallest run,",
    ),
    (
        lambda: bs.predict("fit.nc", compute=1e22),
        "fit: expected what fit or load_fit returns, got str.",
    ),
    (
        lambda: bs.predict(fit(), compute={"a": 1}),
        "compute: {'a': 1} isn't an amount of compute: write FLOP as a",
    ),
    (
        lambda: bs.predict(fit(), compute=[[1e22]]),
        "compute: [1e+22] isn't an amount of compute: write FLOP as a",
    ),
    (
        lambda: forecast().summary(kind="runs"),
        "kind: 'runs' is not known; allowed: expected, law, run.",
    ),
    (lambda: forecast().summary(prob=1.5), "prob: expected a number between 0 and 1, got 1.5."),
    (
        lambda: forecast().summary(prob="half"),
        "prob: expected a number between 0 and 1, or several, got",
    ),
    (lambda: forecast().summary(prob=90), "prob: expected a number between 0 and 1, got 90.0."),
    (lambda: forecast().quantile(2), "q: expected a number between 0 and 1, got 2.0."),
    (lambda: forecast().quantile(0), "q: expected a number between 0 and 1, got 0.0."),
    (lambda: forecast().probability(), "probability: give below=, above=, or both."),
    (
        lambda: forecast().probability(below=float("nan")),
        "below: expected a finite number, got nan.",
    ),
    (
        lambda: forecast().probability(above=float("inf")),
        "above: expected a finite number, got inf.",
    ),
    (lambda: forecast().probability(below="low"), "below: expected a finite number, got 'low'."),
    (
        lambda: forecast().probability(below=2, kind="x"),
        "kind: 'x' is not known; allowed: expected, law, run.",
    ),
    (
        lambda: forecast().probability(below=1.0, above=2.0),
        "below: nothing lies above 2 and below 1; swap the two.",
    ),
    (
        lambda: forecast().to_csv("absent/x.csv"),
        "absent/x.csv: can't be written: No such file or directory.",
    ),
    (lambda: forecast().to_csv("folder"), "folder: can't be written: Is a directory."),
    (lambda: fit().summary(reference=-1), "reference: expected positive FLOP, got -1."),
    (lambda: fit().summary(reference="x"), "reference: expected positive FLOP, got 'x'."),
    (lambda: fit().save("absent/fit.nc"), "absent/fit.nc: can't be written: there is no folder"),
    (lambda: fit().save("folder"), "folder: can't be written: it is a folder. Add a file"),
    (lambda: fit().prior_predictive(0), "draws: expected a positive integer, got 0."),
    (lambda: fit().prior_predictive("ten"), "draws: expected a positive integer, got 'ten'."),
]
JUDGING = [
    (
        lambda: bs.simulate("loss", None, random_seed=1),
        "design: expected a DataFrame with the column compute, got",
    ),
    (
        lambda: bs.simulate("loss", pd.DataFrame({"x": [1]}), random_seed=1),
        "column 'compute' is missing, and so is 'params' or",
    ),
    (
        lambda: bs.simulate("loss", RUNS[["compute"]], random_seed=1, size=0),
        "size: expected a positive integer, got 0.",
    ),
    (
        lambda: bs.simulate("loss", RUNS[["compute"]], random_seed=-1),
        "random_seed: expected zero or more and below 2^63, got -1.",
    ),
    (
        lambda: bs.simulate("loss", RUNS[["compute"]], random_seed=1, reference=0),
        "reference: got 0.0; compute must be positive and finite.",
    ),
    (
        lambda: bs.simulate("loss", RUNS[["compute"]], random_seed=1, problems=3),
        "problems: loss is a model of losses, which have no",
    ),
    (
        lambda: bs.simulate("pass_rate", RUNS[["compute"]], random_seed=1, problems=0),
        "problems: expected a positive integer, got 0.",
    ),
    (
        lambda: bs.simulate("los", RUNS[["compute"]], random_seed=1),
        "no model 'los' on the shelf; allowed: loss, loss_abc,",
    ),
    (
        lambda: bs.backtest("los", RUNS, random_seed=1),
        "no model 'los' on the shelf; allowed: loss, loss_abc,",
    ),
    (lambda: bs.backtest(None, RUNS, random_seed=1), "model: give a model, or a baseline."),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, cutoffs=["half"]),
        "cutoffs: 'half' isn't an amount of compute: write FLOP as",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, cutoffs=1e19),
        "cutoffs: expected a sequence of computes, got 1e+19.",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, cutoffs=[]),
        "cutoffs: expected a sequence of computes, got [].",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, horizon=-1),
        "horizon: expected a positive number of decades, got -1.",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, horizon="far"),
        "horizon: expected a positive number of decades, got 'far'.",
    ),
    (
        lambda: bs.backtest(None, RUNS, random_seed=1, baseline="best"),
        "baseline: 'best' is not known; allowed: huber_bootstrap,",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, jobs=0),
        "jobs: expected a number of worker processes, or -1 for",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, jobs="two"),
        "jobs: expected a number of worker processes, or -1 for",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, save="folder"),
        "save: folder can't be written: Is a directory.",
    ),
    (
        lambda: bs.backtest("loss", COUNTS, random_seed=1),
        "the table holds counts by problem (problem, n_samples,",
    ),
    (
        lambda: bs.backtest("pass_rate", RUNS, random_seed=1),
        "models such as pass_rate need counts by problem",
    ),
    (
        lambda: bs.backtest("loss", RUNS, random_seed=1, fit_options={"draw": 3}),
        "fit_options: 'draw' is not known; allowed: chains, draws,",
    ),
    (lambda: bs.compare({"a": fit()}), "fits: expected two or more by name, got 1."),
    (lambda: bs.compare({}), "fits: expected two or more by name, got 0."),
    (
        lambda: bs.compare([fit(), fit()]),
        "fits: expected fits by name, such as {'floor': fit, 'no",
    ),
    (
        lambda: bs.compare({"a": fit(), "b": fit()}, "seed"),
        "unit: 'seed' is not known; allowed: family, problem, run.",
    ),
    (
        lambda: bs.compare({"a": fit(), "b": fit()}, "problem"),
        "unit: loss is a model of loss, which has no problem to",
    ),
    (
        lambda: bs.compare({"a": fit(), "b": fit()}, horizon=0),
        "horizon: expected a positive number of decades, got 0.",
    ),
    (
        lambda: bs.compare({"a": fit(), "b": fit()}, jobs=0),
        "jobs: expected a number of worker processes, or -1 for",
    ),
    (
        lambda: bs.compare({"a": fit(), "b": fit()}, cutoffs=["x"]),
        "cutoffs: 'x' isn't an amount of compute: write FLOP as a",
    ),
    (
        lambda: bs.sensitivity(bs.load_fit(SAVED), forecast()),
        "forecast: it was made from another fit; give the",
    ),
    (
        lambda: bs.sensitivity(fit(), forecast(), kind="x"),
        "kind: 'x' is not known; allowed: expected, law, run.",
    ),
    (
        lambda: bs.stack({"a": fit(), "b": fit()}, {"a": 1}, compute=1e22),
        "backtests: they are of a, the fits of a, b; give one of",
    ),
    (
        lambda: bs.calibrate("loss", RUNS[["compute"]], random_seed=1, simulations=0),
        "simulations: expected a positive number, got 0.",
    ),
    (
        lambda: bs.calibrate("loss", RUNS[["compute"]], random_seed=1, jobs=0),
        "jobs: expected a number of worker processes, or -1 for",
    ),
    (
        lambda: bs.calibrate("loss", RUNS[["compute"]], random_seed=1, problems=3),
        "problems: loss is a model of losses, which have no",
    ),
    (
        lambda: bs.learn_priors(RUNS, random_seed=1),
        "ladders: 1 is not a population; give two or more, told",
    ),
    (
        lambda: bs.learn_priors(RUNS, random_seed=1, learn=["x"]),
        "learn: 'x' is not a parameter of loss with a Normal,",
    ),
    (
        lambda: bs.learn_priors(RUNS, random_seed=1, learn="elasticity"),
        "learn: expected names of parameters, got 'elasticity'.",
    ),
    (
        lambda: bs.learn_priors(RUNS, random_seed=1, model="loss_families"),
        "model: loss_families pools family itself. Learn from a",
    ),
    (
        lambda: bs.learn_priors(RUNS, random_seed=-1),
        "random_seed: expected zero or more and below 2^63, got -1.",
    ),
]
REPORTS = [
    (
        lambda: bs.plot_forecast(fit()),
        "forecast: expected a Forecast, as predict returns it, got Fit.",
    ),
    (
        lambda: bs.plot_families(fit()),
        "forecast: expected a Forecast, as predict returns it, got Fit.",
    ),
    (
        lambda: bs.plot_backtest(fit()),
        "backtest: expected a Backtest, as backtest returns it, got Fit.",
    ),
    (
        lambda: bs.plot_allocation(fit()),
        "best: expected an Allocation, as optimal_allocation returns it, got Fit.",
    ),
    (
        lambda: bs.plot_passage(fit()),
        "needed: expected a Passage, as compute_for returns it, got Fit.",
    ),
    (
        lambda: bs.plot_shape(fit()),
        "shape: expected a Shape, as shape returns it, got Fit.",
    ),
    (
        lambda: bs.plot_transfer(fit()),
        "found: expected a Transfer, as transfer returns it, got Fit.",
    ),
    (
        lambda: bs.sensitivity(fit(), None),
        "forecast: expected a Forecast, as predict returns it, got None.",
    ),
    (
        lambda: bs.plot_forecast(forecast(), truth=pd.DataFrame({"x": [1]})),
        "column 'loss' is missing; the table has: x. Add it to the",
    ),
    (
        lambda: bs.plot_ledger("absent.jsonl"),
        "absent.jsonl: there is no such ledger; register begins",
    ),
    (
        lambda: bs.report(fit(), path="absent/report.html"),
        "absent/report.html: can't be written: there is no folder",
    ),
    (
        lambda: bs.report(fit(), path="folder"),
        "folder: can't be written: it is a folder. Add a file name.",
    ),
    (
        lambda: bs.report(bs.load_fit(SAVED), forecast(), path="x.html"),
        "forecast: it was made from another fit; give the",
    ),
    (
        lambda: bs.report(fit(), forecast(), registered="absent.jsonl", path="x.html"),
        "absent.jsonl: there is no such ledger; register begins",
    ),
]
SEALS = [
    (
        lambda: bs.register(forecast(), "l.jsonl", question="", resolves="x"),
        "question: expected a text that says something, got ''.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question=["a", "b"], resolves="x"),
        "question: 2 questions for 1 targets; give one a target,",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves=" "),
        "resolves: expected a text that says something, got ' '.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves=3),
        "resolves: expected a text that says something, got 3.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", events=["it works"]),
        "events: 'it works' isn't an event of loss; write 'loss <",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", events=["acc < 1"]),
        "events: 'acc < 1' isn't an event of loss; write 'loss <",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", anchor="svn"),
        "anchor: 'svn' is not known; allowed: git.",
    ),
    (
        lambda: bs.register(forecast(), "folder", question="a", resolves="x"),
        "folder: can't be written: Is a directory.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", void_if=""),
        "void_if: expected a text that says something, got ''.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", assumptions=[""]),
        "assumptions: expected a text that says something, got ''.",
    ),
    (
        lambda: bs.register(forecast(), "l.jsonl", question="a", resolves="x", author=""),
        "author: expected a text that says something, got ''.",
    ),
    (lambda: bs.score("absent.jsonl"), "absent.jsonl: there is no such ledger; register begins"),
    (
        lambda: bs.score("absent.jsonl", {1: 1.5}),
        "absent.jsonl: there is no such ledger; register begins",
    ),
    (
        lambda: registry.verify("absent.jsonl"),
        "absent.jsonl: there is no such ledger; register begins",
    ),
    (
        lambda: registry.read_ledger("absent.jsonl"),
        "absent.jsonl: there is no such ledger; register begins",
    ),
    (lambda: registry.resolve("absent.jsonl", {}), "outcomes: none was given."),
    (
        lambda: registry.resolve("absent.jsonl", [1]),
        "outcomes: expected a mapping from records to values, or a",
    ),
]
CALLS = [*READING, *BUCKETS, *MODELS, *FITTING, *FORECASTS, *JUDGING, *REPORTS, *SEALS]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working folder with a table and a folder, and no sampler."""
    (tmp_path / "folder").mkdir()
    RUNS.to_csv(tmp_path / "runs.csv", index=False)
    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_two_hundred():
    assert len(CALLS) >= 200


@pytest.mark.parametrize(("call", "said"), CALLS, ids=map(str, range(len(CALLS))))
def test_it_is_refused_in_one_sentence(folder, call, said):
    with pytest.raises(BayesScalingError) as caught:
        call()
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert message.endswith((".", "?"))
    assert {path.name for path in folder.iterdir()} == {"folder", "runs.csv"}
