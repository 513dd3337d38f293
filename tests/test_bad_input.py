"""What people hand in by mistake, each with the sentence that it gets."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DataError

GRID = pd.DataFrame(
    [(n, n * ratio) for n in (1e7, 1e8, 1e9, 1e10) for ratio in (5.0, 20.0, 80.0)],
    columns=["params", "tokens"],
).assign(loss=lambda runs: 1.8 + 480 * runs["params"] ** -0.35 + 2100 * runs["tokens"] ** -0.37)
SCORES = pd.DataFrame(
    {
        "run": ["S", "M", "L"],
        "compute": [1e20, 1e21, 1e22],
        "n_correct": [25, 30, 40],
        "n_items": 100,
        "task": "quiz",
    }
)
SWEEP = pd.DataFrame({"width": [128, 256, 512], "learning_rate": 0.01, "loss": [2.0, 1.9, 1.8]})


def with_recipes(first, second):
    table = pd.concat([first, second], ignore_index=True)
    names = ["base"] * len(first) + ["treated"] * len(second)
    return table.assign(recipe=names, run=[f"run {n}" for n in range(len(table))])


LADDER = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 4), "loss": [3.0, 2.7, 2.5, 2.4]})


@pytest.mark.parametrize(
    ("model", "table", "said"),
    [
        (
            "loss_params_tokens",
            GRID.assign(
                compute=6 * GRID["params"] * GRID["tokens"],
                tokens=GRID["tokens"].where(GRID.index > 0),
            ),
            r"row 1 \(run run 1\), column 'tokens': expected a positive number, got nothing\. Fill",
        ),
        (
            "loss_recipe",
            with_recipes(LADDER, LADDER.iloc[:1]),
            "recipe: 'treated' has runs of one compute only, and its gain couldn't be told",
        ),
        ("optimum_drift", SWEEP, "learning_rate: no setting was run at more than 1 value of it"),
        (
            "score_u_shape",
            SCORES.assign(chance=1.5),
            r"column 'chance': got 1\.5; a chance level is a number from 0 up to, not including, 1",
        ),
        (
            "score_emergence",
            SCORES.assign(chance=0.9),
            r"chance: all scores of quiz lie below the chance level 0\.9",
        ),
        (
            "score_u_shape",
            SCORES.assign(n_items=30),
            r"row 3 \(run 'L'\): n_correct is 40 but n_items only 30; at most all items",
        ),
        (
            "score_u_shape",
            SCORES.iloc[:1],
            "all runs of quiz are at one compute, so nothing is known of the slope",
        ),
        (
            "score_u_shape",
            SCORES.drop(columns=["n_items", "n_correct"]).assign(score=0.4),
            "models of scores need n_correct and n_items, or score with n_items or its standard",
        ),
        (
            "score_recipe",
            SCORES,
            "recipe: score_recipe compares recipes, but the table has no column recipe",
        ),
    ],
)
def test_what_can_not_be_fitted_is_refused_with_the_reason(model, table, said):
    with pytest.raises(DataError, match=said):
        bs.fit(model, table, random_seed=1)


@pytest.mark.parametrize(
    ("model", "table", "topic", "said"),
    [
        (
            "loss_params_tokens",
            GRID.assign(params=GRID["params"] / 1e9),
            "params range",
            "If they are in another unit",
        ),
        (
            "loss_params_tokens",
            GRID.assign(tokens=GRID["params"] / GRID.index.to_numpy().clip(2)),
            "few tokens",
            "have fewer tokens than params: are the two columns the wrong way round",
        ),
        (
            "score_u_shape",
            SCORES.assign(chance=0.9),
            "below chance",
            "lies below the chance level, 0.9: either models",
        ),
        (
            "score_u_shape",
            pd.concat([SCORES, SCORES.iloc[:1].assign(task="riddles")]),
            "few scales",
            "family 'riddles' has one compute; with fewer than 5 whether it turns is mostly",
        ),
    ],
)
def test_what_looks_like_a_mistake_is_remarked(model, table, topic, said):
    found = {remark.topic: remark.message for remark in bs.check(table, model)}
    if topic == "few scales":
        found = {topic: " ".join(str(remark) for remark in bs.check(table, model))}
    assert said in found[topic]
