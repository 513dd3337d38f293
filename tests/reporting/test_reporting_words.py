"""Every law, prior and parameter on the shelf can be written down."""

import numpy as np
import pandas as pd
import pytest
from report_reader import Reader

import bayes_scaling as bs
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.reporting.assumptions import INDEX, Shift, equations_of
from bayes_scaling.reporting.equations import equation_markup
from bayes_scaling.reporting.pages import _environment
from bayes_scaling.reporting.tables import (
    column,
    decimals,
    fixed,
    four_digits,
    make_table,
    percent,
    span,
    three_digits,
)
from bayes_scaling.reporting.words import PARAMETERS, meaning
from bayes_scaling.specification.noise import NOISES

ROOT_MODELS = tuple(bs.list_models()["model"])


def test_every_parameter_of_a_noise_has_a_meaning():
    for noise in NOISES.values():
        assert noise.parameters.keys() <= {**PARAMETERS, **noise.glosses}.keys()


def written(name, **changes):
    """The mathematics of a model, as a page shows them."""
    spec = bs.load_model(name)
    laws = _environment().get_template("laws.html.j2").module
    terms = [
        {"name": t.name, "kernel": t.kernel, "over": t.over, "length": t.length}
        for t in spec.discrepancy
    ]
    way = spec.coordinates
    model = {
        "equations": equations_of(spec),
        "scale": equation_markup(way.scale) if way.is_linear else "",
        "noise": spec.noise_name,
        "response": spec.response,
        "deviations": terms,
        "effects": list(spec.effects),
        "references": "1",
        "scale_words": "training compute in FLOP",
        "shifts": [],
        "has_errors": False,
        "unit": unit_column(spec),
        "index": INDEX[unit_column(spec)],
    }
    return Reader(str(laws.mathematics(model | changes)))


@pytest.mark.parametrize("name", ROOT_MODELS)
def test_every_model_has_its_mathematics(name):
    read, terms = written(name), bs.load_model(name).discrepancy
    assert read.faults == []
    assert read.text.count("=") >= 1 + len(terms)
    assert all(term.name in read.text for term in terms)


def test_standard_errors_are_in_the_scale_of_the_likelihood():
    assert "g(C), σ)" in written("loss").text
    text = written("loss", has_errors=True).text
    assert "g(C), √(σ2 + (e/measured)2))" in text
    assert "e is the standard error that came with a run's loss" in text


def test_a_law_of_several_covariates_has_no_compute():
    text = written("loss_params_tokens", scale_words="", references="parameters 1").text
    assert "L + g, σ)" in text
    assert "The references are parameters 1." in text
    assert "C is" not in text


def test_what_a_recipe_multiplies_is_said():
    own = Shift("shift_compute", "training compute", "recipe", "plain")
    text = written("loss_recipe", shifts=[own]).text
    assert "Each recipe multiplies the training compute by exp(shift_compute); plain" in text


def test_a_law_of_buckets_is_not_one_of_problems():
    text = written("pass_rate_bucket").text
    assert "−log pj(C) = αj (C/C0)−kj" in text
    assert "passes of bucket j in run m ~ Binomial(njm, pjm)" in text
    assert "problem i" not in text
    assert "passes of problem i in run m" in written("pass_rate").text


def test_a_name_without_words_has_no_meaning():
    assert meaning("temperature") == ""
    assert meaning("elasticity_sigma") == "spread of elasticity"
    assert meaning("k_mu_mu") == "overall centre of the centres of k"


EQUATIONS = {
    "loss": "L(C) = a (C/C0)−b + c",
    "loss_power": "L(C) = a (C/C0)−b log(measured)",
    "loss_broken": "L(C) = a (C/C0)−b (1 + (C/Cbreak)1/w)−(bafter − b) w + c "
    "log10(Cbreak/C0) = break_at, w = break_width log 10",
    "loss_m4": "(L − c) / (Luntrained − L)γ = a (C/C0)−b",
    "loss_above_chance": "L(C) = (1 − g) (1 − (1 − f) exp(−α (C/C0)−k)) g = chance",
    "pass_rate": "−log pi(C) = αi (C/C0)−ki",
    "pass_rate_logistic": "logit pi(C) = ki log(C/C0) − di",
}


@pytest.mark.parametrize(("model", "said"), EQUATIONS.items(), ids=EQUATIONS)
def test_the_equation_of_a_law_is_in_the_mathematics(model, said):
    assert said in written(model).text


def test_effects_are_added_where_the_law_is_linear():
    assert "added to log(−log p)." in written("pass_rate").text
    assert "added to −logit p." in written("pass_rate_logistic").text


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("x^-(a + b)", "<var>x</var><sup>−(<var>a</var> + <var>b</var>)</sup>"),
        ("x^((a) b)", "<var>x</var><sup>(<var>a</var>) <var>b</var></sup>"),
        ("x^", "<var>x</var>^"),
        ("x_", "<var>x</var>_"),
        ("a < b & c", "<var>a</var> &lt; <var>b</var> &amp; <var>c</var>"),
        ("`a_b` theta_2", "<code>a_b</code> θ<sub>2</sub>"),
    ],
)
def test_an_equation_in_markup(text, markup):
    assert equation_markup(text) == markup


def test_rows_beyond_the_most_are_counted():
    frame = pd.DataFrame({"n": range(5)})
    table = make_table("Numbers", frame, column("N", str, "n"), column("M", str, "m"), most=2)
    assert table.head == ("N",)
    assert table.rows == (("0",), ("1",))
    assert table.more == "3 more rows not shown."


def test_numbers_show_two_digits_of_the_interval():
    for width in (3e-4, 0.02, 0.5, 7.0, 90.0):
        digits = decimals([0.0], [width])
        assert float(fixed(digits)(width)) == pytest.approx(width, rel=0.05)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.996, "99.6 %"),
        (0.9996, "99.96 %"),
        (0.99949, "99.95 %"),
        (1 - 1e-9, "> 99.99 %"),
        (1.0, "100 %"),
        (0.29, "29 %"),
        (0.07, "7 %"),
        (0.004, "0.4 %"),
        (0.0004, "0.04 %"),
        (1e-9, "< 0.01 %"),
        (0.0, "0 %"),
    ],
)
def test_only_what_is_whole_is_written_as_such(share, said):
    assert percent(share).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize("share", [*np.geomspace(1e-12, 0.5, 60)])
def test_no_share_reads_as_none_or_all(share):
    for one in (share, 1 - share):
        assert percent(one).rstrip("%\N{NO-BREAK SPACE}") not in {
            "0",
            "0.0",
            "0.00",
            "100.0",
            "100",
        }


def test_large_numbers_have_all_digits_before_the_point():
    assert [three_digits(n) for n in (1234.5, 999.9, 10_000)] == ["1,234", "1,000", "10,000"]
    assert [four_digits(n) for n in (10_000, 1234.5, 123.45)] == ["10,000", "1,234", "123.5"]
    assert three_digits(2.5e6).endswith("<sup>6</sup>")
    assert fixed(0)(12_345) == "12,345"


def test_nothing_is_less_than_zero_that_reads_as_zero():
    assert fixed(2)(-0.001) == "0.00"
    assert fixed(2)(-0.01) == "\N{MINUS SIGN}0.01"
    assert three_digits(-0.0) == "0"


def test_a_share_below_the_finest_is_a_number():
    frame = pd.DataFrame({"n": [1, 2], "low": [1e-9, 0.2], "high": [0.1, 1 - 1e-9]})
    columns = column("N", str, "n"), column("Share", span(percent), "low", "high")
    assert make_table("Shares", frame, *columns).numeric == (False, True)
