"""Every law, prior and parameter on the shelf can be written down."""

import pandas as pd
import pytest
from report_reader import Reader

import bayes_scaling as bs
from bayes_scaling.reporting.pages import _environment
from bayes_scaling.reporting.tables import column, decimals, fixed, make_table, percent
from bayes_scaling.reporting.words import PARAMETERS, meaning
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.noise import NOISES

ROOT_MODELS = tuple(bs.list_models()["model"])


@pytest.mark.parametrize("law", LAWS)
def test_every_parameter_has_a_meaning(law):
    for way in LAWS[law].coordinates:
        assert way.parameters.keys() <= PARAMETERS.keys()
    assert {name for noise in NOISES.values() for name in noise.parameters} <= PARAMETERS.keys()


@pytest.mark.parametrize("name", ROOT_MODELS)
def test_every_model_has_its_mathematics(name):
    spec = bs.load_model(name)
    laws = _environment().get_template("laws.html.j2").module
    terms = [
        {"name": t.name, "kernel": t.kernel, "over": t.over, "length": t.length}
        for t in spec.discrepancy
    ]
    model = {
        "law": spec.law.name,
        "noise": spec.noise_name,
        "response": spec.response,
        "deviations": terms,
        "effects": list(spec.effects),
        "references": "1",
    }
    read = Reader(str(laws.mathematics(model)))
    assert read.faults == []
    assert read.text.count("=") >= 1 + len(terms)
    assert all(term["name"] in read.text for term in terms)


def test_a_name_without_words_has_no_meaning():
    assert meaning("temperature") == ""
    assert meaning("elasticity_sigma") == "spread of elasticity"


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


def test_a_share_that_is_not_whole_is_never_written_as_such():
    assert percent(0.996) == "99.6\N{NO-BREAK SPACE}%"
    assert percent(1.0) == "100\N{NO-BREAK SPACE}%"
    assert percent(0.004) == "0.4\N{NO-BREAK SPACE}%"
