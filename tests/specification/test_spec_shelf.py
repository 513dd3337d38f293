import re
import tomllib

import numpy as np
import pytest

from bayes_scaling.errors import SpecError
from bayes_scaling.inference.passes.predictive import hazard
from bayes_scaling.metrics import METRICS
from bayes_scaling.specification.discrepancy import KERNELS
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.noise import NOISES
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.shelf import (
    RECOMMENDED,
    list_models,
    load_model,
    recommend_model,
    shelf,
)
from bayes_scaling.specification.spec import parse_spec, read_spec
from bayes_scaling.specification.writing import to_toml

MODELS = sorted(path.stem for path in shelf().glob("*.toml"))


def beliefs(spec):
    """All that a spec says, but for how it is written."""
    told = (spec.title, spec.cite, spec.response, spec.law.name, spec.noise_name)
    return told, spec.coordinates, dict(spec.priors), spec.discrepancy


def edited(model, old, new):
    """A model as if its file said something else."""
    text = load_model(model).text
    assert text.count(old) == 1
    return parse_spec(text.replace(old, new), name=model)


def test_the_shelf_lists_its_models():
    table = list_models()
    assert list(table.columns) == ["model", "response", "law", "title"]
    assert table["model"].tolist() == MODELS
    assert {"loss", "loss_power", "loss_families", "loss_abc"} <= set(MODELS)
    assert table.set_index("model").loc["loss_power", "law"] == "power"


@pytest.mark.parametrize("model", MODELS)
def test_a_shipped_model_cites_and_reads(model):
    spec = load_model(model)
    assert spec.name == model
    assert spec.text == (shelf() / f"{model}.toml").read_text(encoding="utf-8")
    assert spec.title
    assert spec.cite
    assert load_model(shelf() / f"{model}.toml") == spec
    assert load_model(spec) is spec


def test_every_model_of_losses_says_its_metric():
    specs = [load_model(model) for model in MODELS]
    assert {
        spec.metric is None for spec in specs if spec.response == "loss" and not spec.law.swept
    } == {False}
    assert {spec.metric for spec in specs if spec.response != "loss"} == {None}


@pytest.mark.parametrize("knows_chance", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_a_model_that_is_recommended_is_on_the_shelf_and_made_for_it(metric, knows_chance):
    name = recommend_model(metric, knows_chance=knows_chance)
    assert (name is None) == (metric not in RECOMMENDED)
    assert name is None or load_model(name).metric == metric


def noted_medians():
    """Every line of the shelf that notes the median of its prior."""
    for model in MODELS:
        dist = None
        for line in load_model(model).text.splitlines():
            dist = (re.findall(r'dist\s*=\s*"(\w+)"', line) or [dist])[0]
            note = re.search(r"mu = (-?[\d.]+).*# median ([\d.]+)( %)?", line)
            if note:
                stated = float(note[2]) / (100 if note[3] else 1)
                yield pytest.param(dist, float(note[1]), stated, id=f"{model}: {line}")


@pytest.mark.parametrize(("dist", "mu", "stated"), list(noted_medians()))
def test_the_medians_in_the_comments(dist, mu, stated):
    median = DISTRIBUTIONS[dist].scipy(mu=mu, sigma=1.0).median()
    assert median == pytest.approx(stated, rel=0.03)


@pytest.mark.parametrize("model", ["pass_rate", "pass_rate_bucket", "pass_rate_logistic"])
def test_the_formula_of_a_pass_rate_is_the_law(model):
    spec, x = load_model(model), np.log(30.0)
    value, k = 0.7, 0.2
    names = list(spec.coordinates.parameters)
    curve = spec.coordinates.to_curve(dict(zip(names, (value, k), strict=True)))
    pass_rate = np.exp(-hazard(spec, np.array(spec.law.curve(x, **curve))))
    stated = re.search(r"law .*# (.*?)(, of a bucket's counts added up)?\n", spec.text)[1]
    if stated == "-log p = alpha (C/C0)^-k":
        assert pass_rate == pytest.approx(np.exp(-np.exp(value) * 30.0**-k))
    else:
        assert stated == "p = 1 / (1 + exp(difficulty) (C/C0)^-k)"
        assert pass_rate == pytest.approx(1 / (1 + np.exp(value) * 30.0**-k))


@pytest.mark.parametrize("model", ["loss", "loss_abc", "loss_broken", "loss_power"])
def test_the_formula_in_the_comment_is_the_equation_of_the_law(model):
    spec = load_model(model)
    formula = re.search(r"# (L\(C\) = .*)", spec.text)[1]
    assert spec.law.equations["loss"].splitlines()[0] == formula


@pytest.mark.parametrize("model", ["loss", "loss_abc", "loss_families", "loss_power"])
def test_the_formula_in_the_comment_is_the_law(model):
    spec = load_model(model)
    formula = re.search(r"# L\(C\) = (.*)", spec.text)[1]
    python = formula.replace("a (", "a * (").replace("^-b", "**-b")
    arguments = {"level": 2.5, "elasticity": 0.08, "floor_share": 0.6}
    if spec.law.name == "power":
        del arguments["floor_share"]
    quoted = spec.law.to_natural(arguments)
    loss = eval(python, {"C": 3e21, "C0": 1e20, **quoted})
    assert np.exp(spec.law.curve(np.log(30.0), **arguments)) == pytest.approx(loss)


def test_families_are_pooled_where_the_file_says():
    spec = load_model("loss_families")
    assert spec.groups == {"family"}
    assert not spec.free["level"].nested
    assert spec.free["elasticity"].nested == {
        "mu": Prior("Normal", {"mu": -2.4, "sigma": 0.6}),
        "sigma": Prior("HalfNormal", {"sigma": 0.3}),
    }
    assert spec.discrepancy[0].over == "family"
    assert spec.free["amplitude"].over is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("los", r"no model 'los' on the shelf; allowed: .*loss.* Did you mean 'loss'\?"),
        ("loss_familys", r"Did you mean 'loss_families'\?"),
        ("zzz", r"A model of your own is named by its path, ending in \.toml\.$"),
        ("models/loss", r"no model 'models/loss' on the shelf"),
        (3, r"^model: expected a name on the shelf, the path of a TOML file or a Spec, got 3\.$"),
    ],
)
def test_a_name_that_is_not_on_the_shelf(name, said):
    with pytest.raises(SpecError, match=said):
        load_model(name)


def test_specs_are_equal_when_their_texts_are(tmp_path):
    loss = load_model("loss")
    copy = tmp_path / "copy.toml"
    copy.write_text(loss.text)
    assert read_spec(copy) == loss
    assert hash(read_spec(copy)) == hash(loss)
    assert loss != load_model("loss_abc")
    assert loss != edited("loss", "# median 2.5", "# median two and a half")


SAME = [
    ("loss", {"nu": 4}, "nu = 5.0", "nu = 4.0"),
    (
        "loss",
        {"level": {"dist": "Gamma", "alpha": 2, "beta": 1.5}},
        "[priors.level]                          # a + c: loss at the reference compute C0\n"
        'dist = "LogNormal"\nmu = 0.9                                # median 2.5\nsigma = 1.0',
        '[priors.level]\ndist = "Gamma"\nalpha = 2.0\nbeta = 1.5',
    ),
    (
        "loss",
        {"amplitude": 0},
        'amplitude = { dist = "LogNormal", mu = -4.42, sigma = 0.5 }',
        "amplitude = 0.0",
    ),
    (
        "loss_families",
        {"elasticity": {"dist": "LogNormal", "over": "family", "mu": -2.5, "sigma": 0.5}},
        'mu = { dist = "Normal", mu = -2.4, sigma = 0.6 }\n'
        'sigma = { dist = "HalfNormal", sigma = 0.3 }',
        "mu = -2.5\nsigma = 0.5",
    ),
]


@pytest.mark.parametrize(("model", "priors", "old", "new"), SAME)
def test_other_priors_are_what_a_file_would_say(model, priors, old, new):
    before = load_model(model)
    text = before.text
    changed = before.with_priors(**priors)
    assert beliefs(changed) == beliefs(edited(model, old, new))
    assert beliefs(changed) != beliefs(before)
    assert before.text == text


@pytest.mark.parametrize("model", MODELS)
def test_writing_a_spec_keeps_what_it_says(model):
    spec = load_model(model)
    again = spec.with_priors()
    assert beliefs(again) == beliefs(spec)
    assert again.with_priors() == again


def test_a_pinned_floor_replaces_its_share():
    spec = load_model("loss").with_priors(c=1.2)
    assert spec.pinned == {"nu": 5.0, "c": 1.2}
    assert spec.coordinates.pinned == {"c"}
    assert "floor_share" not in spec.priors
    assert beliefs(spec.with_priors(c=1.3)) == beliefs(load_model("loss").with_priors(c=1.3))


def test_a_share_replaces_a_pinned_floor():
    spec = load_model("loss").with_priors(c=1.2).with_priors(floor_share=0.5)
    assert spec.pinned == {"nu": 5.0, "floor_share": 0.5}


def test_a_b_c_replace_the_coordinates_that_data_see():
    abc = load_model("loss_abc")
    table = tomllib.loads(abc.text)["priors"]
    spec = load_model("loss").with_priors(a=table["a"], b=table["b"], c=table["c"])
    assert spec.coordinates == abc.coordinates
    assert dict(spec.priors) == dict(abc.priors)


def test_an_amplitude_is_set_by_its_number():
    two = load_model("loss").text + '\n[[discrepancy]]\nkernel = "brownian"\nalong = ["compute"]\n'
    spec = parse_spec(two + "amplitude = 0.01\n", name="two")
    changed = spec.with_priors(amplitude_2=0.02)
    assert changed.pinned == {"nu": 5.0, "amplitude_2": 0.02}
    assert isinstance(changed.free["amplitude"], Prior)


@pytest.mark.parametrize(
    ("priors", "said"),
    [
        ({"sigm": 1.0}, r"^loss: priors: unknown key 'sigm'; .* Did you mean 'sigma'\?$"),
        ({"nu": True}, r"^loss: priors\.nu: expected a positive number, got True\.$"),
        ({"nu": None}, r"^priors\.nu: expected a number, text, list or table, got None\.$"),
        ({"nu": -1}, r"^loss: priors\.nu: expected a positive number, got -1\.$"),
        ({"nu": float("nan")}, r"^loss: priors\.nu: expected a positive number, got nan\.$"),
        ({"nu": "five"}, r"^loss: priors\.nu: expected a positive number, got 'five'\.$"),
        ({"level": {"dist": "LogNormal"}}, r"^loss: priors\.level: lacks mu, sigma\.$"),
        (
            {"c": {"dist": "LogNormal", "mu": 0.3, "sigma": 0.8}},
            r"^loss: priors\.c: beside elasticity, level it can only be pinned to a number",
        ),
        ({"a": 1.0}, r"^loss: priors: unknown key 'a'; allowed: "),
        ({"amplitude": -1}, r"^loss: discrepancy 1\.amplitude: expected zero or a positive"),
        ({"amplitude_2": 1}, r"^loss: priors: unknown key 'amplitude_2'"),
        ({"floor share": 0.5}, r"^loss: priors: unknown key 'floor share'; .*'floor_share'\?$"),
    ],
)
def test_priors_that_may_not_be(priors, said):
    with pytest.raises(SpecError, match=said):
        load_model("loss").with_priors(**priors)


def test_numbers_of_numpy_are_numbers():
    assert load_model("loss").with_priors(nu=np.float64(4)) == load_model("loss").with_priors(nu=4)


def test_awkward_texts_survive_the_writing():
    table = {"title": 'A "quoted" \\ line\n', "cite": ["Ångström"], "priors": {"a b": 1e-300}}
    assert tomllib.loads(to_toml(table)) == table


def test_the_vocabulary_page_names_every_word():
    page = (shelf() / "README.md").read_text(encoding="utf-8")
    words = {*LAWS, *NOISES, *KERNELS, *DISTRIBUTIONS, *(f"{model}.toml" for model in MODELS)}
    for law in LAWS.values():
        words |= {", ".join(way.parameters) for way in law.coordinates}
    words |= {", ".join(entry.arguments) for entry in DISTRIBUTIONS.values()}
    in_code = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)))
    assert words - in_code == set()
