"""Quantities on the command line: what is remarked, what is refused, and in whose words."""

import json
import re

import pytest
from refusals import forbid_sampling
from typer.testing import CliRunner

from bayes_scaling.cli import app
from bayes_scaling.data import RunsWarning, read_passes, read_runs
from bayes_scaling.errors import DataError

ACC = "run,compute,hellaswag\na,1e20,34.1\nb,1e21,45.0\nc,1e22,55.2\nd,1e23,63.9\n"  # F26
FINE = (
    "run,family,compute,loss,loss_se\na,F,2.6e18,2.608,0.01\nb,F,1.3e19,2.349,0.01\n"
    "c,F,6.1e19,2.181,0.01\nd,F,2.8e20,1.997,0.01\ne,F,1.1e21,1.834,0.01\n"
)
MODELS = (
    "Model,Model Size (B),FLOPs (1E21),loss\na,0.5,6,2.61\nb,1.8,21.6,2.35\nc,4,48,2.22\n"  # F01
)
EXPORT = '"Step","d8 - val/bpb"\n"1000","1.2282"\n"4000","1.0782"\n'  # F05


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and a sampler that must not be reached."""

    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments):
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    *notes, sentence = result.stderr.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    return sentence


def with_losses(*losses):
    lines = FINE.splitlines()
    pairs = zip(lines[1:], losses, strict=True)
    edited = [",".join([*line.split(",")[:3], loss, line.split(",")[4]]) for line, loss in pairs]
    return "\n".join([lines[0], *edited])


COMMANDS = [
    ["check"],
    ["fit", "--out", "fit.nc"],
    ["forecast", "--at", "1e24"],
    ["report", "--at", "1e24"],
    ["compare", "--model", "loss", "--model", "loss_power"],
    ["backtest"],
    ["register", "--at", "1e24", "--question", "?", "--resolves", "."],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_per_cent_of_right_answers(folder, command):
    (folder / "acc.csv").write_text(ACC)
    name, *options = command
    said = refused(name, "acc.csv", "--columns", "hellaswag=loss", *options)
    option = "fit --allow rising" if name == "check" else "--allow rising"
    assert said == (
        "bayes-scaling: losses of the ladder rise with compute, from 34.1 to 63.9: no loss does, "
        "and these models only fall. Per cent of right answers? Fit 1 minus the share, or counts "
        f"by problem with pass_rate. If it is meant, {option} fits it all the same."
    )
    assert [path.name for path in folder.iterdir()] == ["acc.csv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_losses("0.2", "0.3", "0.4", "0.5", "0.6"), "--allow rising"),
        (with_losses("2.0", "2.0", "2.0", "2.0", "2.0"), "--allow constant"),
        (FINE.replace(",0.01", ",99"), "--allow uncertain"),
        (FINE.replace("e18", "").replace("e19", "").replace("e20", "").replace("e21", ""), ""),
    ],
)
def test_extremes(folder, text, said):
    (folder / "ladder.csv").write_text(text)
    if said:
        assert said in refused("forecast", "ladder.csv", "--at", "1e22")
    else:
        assert (
            "compute of family 'F' goes from 1.1 to 6.1 FLOP" in run("check", "ladder.csv").stdout
        )


def test_a_refusal_in_json(folder):
    (folder / "acc.csv").write_text(ACC)
    result = run("check", "acc.csv", "--columns", "hellaswag=loss", "--json")
    assert result.exit_code == 2
    records = json.loads(result.stdout)
    assert [one["topic"] for one in records if one["refuses"]] == ["rising"]
    assert result.stderr.splitlines()[-1].endswith("fit --allow rising fits it all the same.")


def test_averages_are_no_counts(folder):
    (folder / "acc.csv").write_text(ACC)
    needs = (
        "acc.csv: models such as pass_rate need counts by problem (problem, n_samples, n_correct), "
        "and the table has: run, compute, hellaswag. An average over a benchmark isn't one: fit 1 "
        "minus the share with {losses}, or give a row for every run and problem. Other names are "
        "mapped with {columns}."
    )
    typed = {"losses": "--model loss", "columns": '--columns "THEIRS=problem"'}
    for name, *options in (["check"], ["forecast", "--at", "1e24"], ["fit"]):
        said = refused(name, "acc.csv", "--model", "pass_rate", *options)
        assert said == f"bayes-scaling: {needs.format(**typed)}"
    python = {"losses": "a model of losses", "columns": "columns={'your name': 'problem'}"}
    with pytest.raises(DataError) as raised:
        read_passes("acc.csv")
    assert str(raised.value) == needs.format(**python)
    (folder / "one.csv").write_text(ACC.replace("hellaswag", "n_correct"))
    assert "column 'problem' is missing" in refused("check", "one.csv", "--model", "pass_rate")


COUNTS = "run,compute,problem,n_samples,n_correct\n" + "".join(
    f"{run},{compute},{problem},1,{solved}\n"
    for run, compute in (("a", "1e20"), ("b", "1e22"))
    for problem, solved in (("p", 0), ("q", 1))
)
TWO_METRICS = EXPORT.replace('"d8 - val/bpb"', '"d8 - val/bpb","d8 - loss"').replace(
    '82"', '82","3"'
)
TYPED = {
    "a mapping": (ACC, ["check"], '--columns "THEIRS=loss"'),
    "a near name": (ACC.replace("hellaswag", "lss"), ["check"], '--columns "lss=loss"'),
    "a name that isn't there": (ACC, ["check", "--columns", "x=loss"], ": --columns: 'x' isn't in"),
    "two for one": (
        ACC,
        ["check", "--columns", "run=loss", "--columns", "hellaswag=loss"],
        "--columns: two names are mapped to the same column: 'run' to 'loss', 'hellaswag' to",
    ),
    "no compute": (EXPORT, ["check"], '; give --compute "d8=3 ZFLOP".'),
    "two metrics": (TWO_METRICS, ["check"], "; say which is the loss with --read metric=loss."),
    "draws": (FINE, ["fit", "--draws", "0"], "bayes-scaling: --draws: expected a positive"),
    "many draws": (FINE, ["fit", "--draws", "10000000000"], "bayes-scaling: --draws: "),
    "jobs": (FINE, ["backtest", "--jobs", "0"], "bayes-scaling: --jobs: expected a number"),
    "a seed": (FINE, ["fit", "--seed", "-1"], "bayes-scaling: --seed: expected zero or more"),
    "a log": (EXPORT, ["check", "--model", "pass_rate"], "--model loss reads it."),
    "a way for logs": (FINE, ["check", "--compute", "a=1e18"], "--compute goes with logs"),
    "mixed buckets": (
        COUNTS.replace(",1,", ",3e9,"),
        ["fit", "--model", "pass_rate", "--buckets", "split"],
        "need no split: --buckets 6.",
    ),
}
PYTHON = re.compile(r"\w=[\[{'\"]|\w= |=\.|\bpass \w+=|form_buckets")


@pytest.mark.parametrize("name", TYPED)
def test_refusals_are_in_words_that_can_be_typed(folder, name):
    text, (command, *options), said = TYPED[name]
    (folder / "table.csv").write_text(text)
    sentence = refused(command, "table.csv", *options)
    assert said in sentence
    assert not PYTHON.search(sentence)


def test_remarks_are_in_words_that_can_be_typed(folder):
    (folder / "counts.csv").write_text(COUNTS)
    result = run("check", "counts.csv", "--model", "pass_rate")
    assert "on the counts that are fitted (--buckets split)." in result.stdout
    told = run("check", "counts.csv", "--model", "pass_rate", "--json").stdout
    assert "(--buckets split)." in told
    assert not PYTHON.search(result.stdout)
    (folder / "export.csv").write_text(
        '"Step","d8 - loss","d12 - loss"\n"1000","3.1","2.9"\n"4000","2.9",""\n'
    )
    computes = ["--compute", "d8=1e17", "--compute", "d12=1e18"]
    stderr = run("check", "export.csv", *computes).stderr
    assert "these runs look unfinished: 'd12' (their logs end well before" in stderr
    assert "--steps RUN=PLANNED settles it" in stderr
    with pytest.warns(RunsWarning, match=r"steps=\{run: planned\} settles it"):
        read_runs("export.csv", compute={"d8": 1e17, "d12": 1e18})


def test_a_target_in_flop_of_a_ladder_in_another_unit(folder):
    (folder / "models.csv").write_text(MODELS.replace("FLOPs (1E21)", "compute"))
    for command in COMMANDS[2:4]:
        said = refused(command[0], "models.csv", *command[1:])
        assert (
            "the target 1e+24 FLOP lies 22 decades beyond the largest fitted run, which has 48"
            in said
        )
        assert "such as '6 ZFLOP' or 'FLOPs (1e21)'; or give the target in the ladder's own" in said
    result = run("forecast", "models.csv", "--at", "600")
    assert "the sampler was reached" in str(result.exception)
    assert "note: compute of the ladder goes from 6 to 48 FLOP" in result.stderr


def test_what_is_allowed_reaches_the_sampler(folder):
    (folder / "acc.csv").write_text(ACC)
    arguments = ["fit", "acc.csv", "--columns", "hellaswag=loss", "--allow", "rising"]
    result = run(*arguments)
    assert "the sampler was reached" in str(result.exception)
    assert "note: losses of the ladder rise with compute" in result.stderr
    assert "--allow: 'ris' is not known" in refused(*arguments[:-1], "ris")


def test_units_in_names_are_said_once(folder):
    (folder / "models.csv").write_text(MODELS)
    columns = ["--columns", "FLOPs (1E21)=compute", "--columns", "Model=run"]
    result = run("check", "models.csv", *columns)
    assert result.exit_code == 0
    said = (
        "column 'FLOPs (1E21)' is read as its name says: values are multiplied by 1e+21, to FLOP."
    )
    assert result.stderr.splitlines() == [f"note: {said}"]
    assert result.stdout.splitlines()[0] == said
    assert "FLOP; training runs have" not in result.stdout
    topics = json.loads(run("check", "models.csv", *columns, "--json").stdout)
    assert topics[0] == {"topic": "unit in a name", "message": said, "refuses": False}


def test_a_name_against_its_values(folder):
    (folder / "models.csv").write_text(MODELS.replace("0.5,6", "0.5B,6"))
    columns = ["--columns", "FLOPs (1E21)=compute", "--columns", "Model Size (B)=params"]
    said = refused("check", "models.csv", *columns)
    assert "row 1, column 'Model Size (B)': got '0.5B', but the column's name gives a unit" in said


def test_what_the_losses_are_is_given_or_named(folder):
    lines = FINE.replace("loss,", "val_error,", 1).splitlines()
    (folder / "rates.csv").write_text("\n".join(lines))
    told = "the losses are error rates, and loss's priors are those of cross-entropies"
    result = run("check", "rates.csv", "--columns", "val_error=loss")
    assert result.exit_code == 0
    assert told in result.stdout.splitlines()[-1]
    assert "val_error' says that the losses are error rates" in result.stderr
    columns = ["--columns", "val_error=loss", "--read", "metric=cross_entropy"]
    assert run("check", "rates.csv", *columns).stdout == "Nothing to remark.\n"
    said = refused("check", "rates.csv", *columns[:-1], "metric=error")
    assert "metric: 'error' is not known of a table; allowed: cross" in said
    result = run("fit", "rates.csv", *columns[:-1], "metric=error_rate")
    assert "the sampler was reached" in str(result.exception)
    assert f"note: {told}" in result.stderr
    assert "--read" in refused("check", "rates.csv", *columns, "--read", "tests=base")
    assert f"note: {told}" in run("backtest", "rates.csv", *columns[:2]).stderr
    baseline = ["--baseline", "last_value"]
    assert told not in run("backtest", "rates.csv", *columns[:2], *baseline).stderr
    (folder / "export.csv").write_text(TWO_METRICS)
    asked = ["check", "export.csv", "--compute", "d8=1e17", "--read", "metric=val/bpb"]
    assert "'val/bpb' says the unit" in run(*asked).stderr


def test_a_unit_that_is_given(folder):
    (folder / "wandb_export.csv").write_text(EXPORT)
    arguments = ["check", "wandb_export.csv", "--compute", "d8=1e17", "--read"]
    assert run(*arguments, "loss_unit=bits per byte").exit_code == 0
    assert "says nats, but the table says bits per byte" in refused(*arguments, "loss_unit=nats")
    assert "--read: 'unit' is not known of losses" in refused(*arguments, "unit=nats")
