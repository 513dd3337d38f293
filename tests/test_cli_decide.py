"""The commands of decisions print what the functions return."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app

RUN = ("--candidate", "compute=1e20", "--target", "compute=1e24")


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def parsed(*arguments):
    found = invoke("decide", *arguments, "--json")
    assert found.exit_code == 0, found.stderr
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def saved(fit_cerebras, tmp_path_factory):
    return fit_cerebras.save(tmp_path_factory.mktemp("saved") / "fit.nc")


@pytest.fixture(scope="module")
def saved_grid(fit_grid, tmp_path_factory):
    return fit_grid.save(tmp_path_factory.mktemp("saved") / "grid.nc")


def test_allocate(fit_grid, saved_grid):
    found = parsed("allocate", saved_grid, "--at", "1e21", "--size", "1B", "--size", "3e9")
    best = bs.decision.optimal_allocation(fit_grid, 1e21)
    assert [row["quantity"] for row in found["allocation"]] == list(best.summary()["quantity"])
    medians = [row["median"] for row in found["allocation"]]
    np.testing.assert_allclose(medians, best.summary()["median"])
    sizes = [row["mean"] for row in found["sizes"]]
    np.testing.assert_allclose(sizes, best.regret([1e9, 3e9])["mean"])
    text = invoke("decide", "allocate", saved_grid, "--at", "1e21").stdout
    assert "tokens_per_param" in text


def test_compute_for(fit_cerebras, saved):
    found = parsed("compute-for", saved, "--loss", 1.9, "--loss", 1.2)
    table = bs.decision.compute_for(fit_cerebras, loss=[1.9, 1.2]).summary()
    assert [row["loss"] for row in found["compute"]] == [1.9, 1.2]
    assert found["compute"][0]["median"] == pytest.approx(table["median"][0])
    assert found["compute"][1]["unreachable"] == table["unreachable"][1]


def test_crossing(saved):
    found = parsed("crossing", saved, saved, "--at", "1e22")
    assert 0.3 < found["better"][0]["better"] < 0.7
    assert "the same data" in found["notes"][0]


def test_next_run(fit_cerebras, saved):
    sizes = [
        text for size in ("1e20", "1e21", "4e21") for text in ("--candidate", f"compute={size}")
    ]
    asked = (*sizes, "--target", "compute=2.3e22", "--budget", "5e21")
    found = parsed("next-run", saved, *asked)
    candidates = pd.DataFrame({"compute": [1e20, 1e21, 4e21]})
    choice = bs.decision.next_run(fit_cerebras, candidates, {"compute": 2.3e22}, budget=5e21)
    removes = [row["removes"] for row in found["candidates"]]
    np.testing.assert_allclose(removes, choice.candidates["removes"])
    assert [row["candidate"] for row in found["chosen"]] == list(choice.chosen)
    assert "removes" in invoke("decide", "next-run", saved, *asked).stdout


def test_floor(fit_cerebras, saved):
    found = parsed("floor", saved, "--at", "2.3e22")
    table = bs.decision.value_of_floor(fit_cerebras, compute=2.3e22).summary()
    np.testing.assert_allclose([row["median"] for row in found["floor"]], table["median"])


def test_gain(tmp_path):
    both = {"standard": bs.example("cerebras_gpt"), "muP": bs.example("cerebras_gpt_mup")}
    runs = pd.concat([own.assign(recipe=name) for name, own in both.items()])
    fit = bs.fit("loss_recipe", runs.drop(columns="family"), random_seed=1)
    saved = fit.save(tmp_path / "recipes.nc")
    found = parsed("gain", saved, "--recipe", "muP", "--above", 1.2)
    gain = bs.decision.equivalent_compute(fit)
    (row,) = found["gain"]
    assert row["median"] == pytest.approx(gain.summary()["median"][0])
    assert row["above 1.2"] == gain.probability(1.2)["muP"]
    turned = parsed("gain", saved, "--over", "muP")["gain"][0]
    assert turned["recipe"] == "standard"
    asked = ("forecast", saved, "--at", "1e23", "--recipe", "standard", "--recipe", "muP", "--json")
    rows = json.loads(invoke(*asked).stdout)["targets"]
    assert [row["recipe"] for row in rows] == ["standard", "muP"]


def test_forecasts_of_parameters_and_tokens(fit_grid, saved_grid):
    asked = ("forecast", saved_grid, "--params", "7B", "--tokens", "1.4T", "--json")
    found = invoke(*asked)
    assert found.exit_code == 0, (found.stderr, found.exception)
    (row,) = json.loads(found.stdout)["targets"]
    table = bs.predict(fit_grid, params=7e9, tokens=1.4e12).summary()
    assert row["median"] == pytest.approx(table["median"][0])
    divided = ("forecast", saved_grid, "--at", "1e22", "--ratio", "20", "--json")
    (row,) = json.loads(invoke(*divided).stdout)["targets"]
    assert row["tokens"] / row["params"] == pytest.approx(20)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--params", "7B"), "--params: a target has both, --params N --tokens D."),
        (("--params", "7B", "--tokens", "x"), "--tokens: 'x' isn't a count"),
        (("--params", "7B", "--tokens", "1T", "--at", "1e22"), "--params: give sizes, computes"),
        (("--ratio", "20", "--at-loss", "2"), "--ratio: it divides a compute"),
    ],
)
def test_sizes_that_are_no_target_are_refused_before_any_fit(arguments, said):
    found = invoke("forecast", "x.csv", *arguments)
    assert found.exit_code == 2
    assert said in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gain", "x.csv", "--above", "-1"), "--above: expected a positive ratio, such as 2"),
        (("allocate", "x.csv", "--at", "a lot"), "--at: 'a lot' isn't an amount of compute"),
        (("allocate", "x.csv", "--at", "1e22", "--size", "big"), "--size: 'big' isn't a count"),
        (
            ("compute-for", "x.csv"),
            "--loss: give one, or --pass-rate of a model of passes, or --score",
        ),
        (("next-run", "x.csv", *RUN, "--budget", "much"), "--budget: 'much' isn't an amount"),
        (
            ("next-run", "x.csv", *RUN[:3], "1e21", "--budget", "1e21"),
            "--target: expected two names",
        ),
        (("floor", "x.csv", "--at", "-3"), "--at: got -3.0; compute must be positive"),
    ],
)
def test_bad_input_is_refused_before_any_fit(arguments, said):
    found = invoke("decide", *arguments)
    assert found.exit_code == 2
    assert said in found.stderr


def test_a_ladder_of_compute_has_no_division(saved):
    found = invoke("decide", "allocate", saved, "--at", "1e22")
    assert found.exit_code == 2
    assert "Fit loss_params_tokens to runs with params and tokens." in found.stderr
