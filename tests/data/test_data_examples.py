import pandas as pd
import pytest

from bayes_scaling.data import check_runs, example
from bayes_scaling.data.examples import example_names
from bayes_scaling.errors import DataError


def test_cerebras_gpt():
    runs = example("cerebras_gpt")
    assert runs["loss"].tolist() == [2.608, 2.349, 2.181, 1.997, 1.834, 1.704, 1.572]
    assert runs["compute"].tolist() == [2.6e18, 1.3e19, 6.1e19, 2.8e20, 1.1e21, 6.3e21, 2.3e22]
    assert set(runs["family"]) == {"Cerebras-GPT"}
    assert runs["run"].iloc[-1] == "Cerebras-GPT-13B"
    assert (runs["tokens"] / runs["params"]).between(19, 21).all()


def test_cerebras_gpt_mup():
    runs = example("cerebras_gpt_mup")
    assert runs["loss"].tolist() == [2.588, 2.359, 2.155, 1.984, 1.846]
    twins = example("cerebras_gpt").iloc[:5]
    for column in ("compute", "params", "tokens"):
        assert runs[column].tolist() == twins[column].tolist()


def test_pythia():
    runs = example("pythia")
    assert runs["loss"].tolist() == [2.504, 2.186, 1.971, 1.845, 1.793, 1.72, 1.626, 1.582]
    assert runs["params"].tolist() == [7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10]
    assert set(runs["tokens"]) == {2.999e11}


@pytest.mark.parametrize("name", ["cerebras_gpt", "cerebras_gpt_mup", "pythia"])
def test_every_example_is_a_checked_table(name):
    assert name in example_names()
    runs = example(name)
    pd.testing.assert_frame_equal(check_runs(runs), runs)
    assert runs["compute_from"].tolist() == ["given"] * len(runs)
    assert (runs["compute"] / (6 * runs["params"] * runs["tokens"])).between(1, 2).all()
    assert runs["loss"].is_monotonic_decreasing


@pytest.mark.parametrize("name", ["cerebras", "../pythia", 3])
def test_unknown_example(name):
    with pytest.raises(DataError, match=r"there is no example .*; allowed: cerebras_gpt, "):
        example(name)
