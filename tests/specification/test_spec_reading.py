"""What a specification may not say: each gets one sentence that names the file and the key."""

import re

import pytest

from bayes_scaling.errors import SpecError, suggest
from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, SHARE, UNIT, Domain
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import parse_spec, read_spec

HEAD = """title = "Mine"
response = "loss"
law = "power_floor"
noise = "student_t"
"""
PRIORS = """
[priors]
nu = 5.0
level = { dist = "LogNormal", mu = 0.9, sigma = 1.0 }
elasticity = { dist = "LogNormal", mu = -2.53, sigma = 0.5 }
floor_share = { dist = "LogitNormal", mu = 0.4, sigma = 0.7 }
sigma = { dist = "LogNormal", mu = -5.3, sigma = 0.9 }
"""
DISCREPANCY = """
[[discrepancy]]
kernel = "integrated_brownian"
along = ["compute"]
amplitude = { dist = "LogNormal", mu = -4.83, sigma = 0.9 }
"""
TEXT = HEAD + PRIORS + DISCREPANCY
LEVEL = 'level = { dist = "LogNormal", mu = 0.9, sigma = 1.0 }'
SHARE_PRIOR = 'floor_share = { dist = "LogitNormal", mu = 0.4, sigma = 0.7 }'
AMPLITUDE = 'amplitude = { dist = "LogNormal", mu = -4.83, sigma = 0.9 }'


def read(old, new):
    assert TEXT.count(old) == 1
    return parse_spec(TEXT.replace(old, new), name="mine", source="mine.toml")


def level(inside):
    return LEVEL, f"level = {inside}"


def test_a_metric_may_be_said():
    assert parse_spec(TEXT, name="mine").metric is None
    spec = read('title = "Mine"', 'title = "Mine"\nmetric = "error_rate"')
    assert spec.metric == "error_rate"
    assert spec.with_priors(nu=4.0).metric == "error_rate"
    assert spec != parse_spec(TEXT, name="mine")


def test_counts_have_no_metric():
    text = load_model("pass_rate").text.replace("law ", 'metric = "other"\nlaw ', 1)
    with pytest.raises(SpecError, match="metric: a model of passes has none; leave it out"):
        parse_spec(text, name="counts")


def test_the_text_without_a_mistake_is_read():
    spec = parse_spec(TEXT, name="mine")
    assert spec.pinned == {"nu": 5.0}
    assert list(spec.free) == ["level", "elasticity", "floor_share", "sigma", "amplitude"]
    assert spec.discrepancy[0].kernel == "integrated_brownian"
    assert spec.groups == frozenset()


WORDS = [
    (
        'title = "Mine"',
        'title = "Mine"\nmetric = "error"',
        "metric: 'error' is not known; allowed: cross_entropy, error_rate, other. Did you mean "
        "'error_rate'?",
    ),
    ('title = "Mine"', 'title = "Mine"\nmetric = 3', "metric: 3 is not known; allowed: cross_ent"),
    (
        'title = "Mine"',
        'title = "Mine"\nlawe = 1',
        "unknown key 'lawe'; allowed: along, cite, discrepancy, effects, law, metric, noise, "
        "priors, response, title. Did you mean 'law'?",
    ),
    ('title = "Mine"', "", "lacks title."),
    ('title = "Mine"', "title = 3", "title: expected text, got 3."),
    ('title = "Mine"', 'title = "Mine"\ncite = "X"', "cite: expected a list of texts, got 'X'."),
    (
        'response = "loss"',
        'response = "los"',
        "response: 'los' is not known; allowed: loss, passes, score. Did you mean 'loss'?",
    ),
    (
        'law = "power_floor"',
        'law = "powerfloor"',
        "law: 'powerfloor' is not known; allowed: above_chance, broken_power_floor, late_start, "
        "optimum_drift, optimum_drift_tokens, params_tokens, power, power_floor, saturating. "
        "Did you mean 'power_floor'?",
    ),
    (
        'law = "power_floor"',
        'law = ["power"]',
        "law: ['power'] is not known; allowed: above_chance, broken_power_floor, late_start, "
        "optimum_drift, optimum_drift_tokens, params_tokens, power, power_floor, saturating.",
    ),
    (
        'noise = "student_t"',
        'noise = "studentt"',
        "noise: 'studentt' is not known; allowed: normal, student_t. Did you mean 'student_t'?",
    ),
    ('noise = "student_t"', 'noise = "normal"', "priors: unknown key 'nu'; allowed: elasticity, "),
]
PARAMETERS = [
    (
        SHARE_PRIOR,
        SHARE_PRIOR.replace("floor_share", "flor_share"),
        "priors: the law power_floor needs level, elasticity, floor_share or level, elasticity, c "
        "or a, b, c. It has 'flor_share'; allowed: ",
    ),
    (SHARE_PRIOR, SHARE_PRIOR.replace("floor_share", "flor_share"), "Did you mean 'floor_share'?"),
    (SHARE_PRIOR, "", "priors: the law power_floor needs level, elasticity, floor_share or "),
    ("nu = 5.0", "", "priors: lacks nu."),
    (
        "nu = 5.0",
        "nu = 5.0\nnoise = 1.0",
        "priors: unknown key 'noise'; allowed: elasticity, floor_share, level, nu, shift_compute, "
        "sigma.",
    ),
    (
        SHARE_PRIOR,
        SHARE_PRIOR + "\nc = 1.2",
        "priors: unknown key 'c'; allowed: elasticity, floor_share, level, nu, shift_compute, "
        "sigma.",
    ),
    (
        SHARE_PRIOR,
        'c = { dist = "LogNormal", mu = 0.3, sigma = 0.8 }',
        "priors.c: beside elasticity, level it can only be pinned to a number; "
        "give a, b, c priors of their own, or pin it.",
    ),
    (SHARE_PRIOR, "floor_share = 1.0", "priors.floor_share: expected a number from 0 up to, not "),
    (SHARE_PRIOR, "c = -1", "priors.c: expected zero or a positive number, got -1."),
    ("nu = 5.0", "nu = 0", "priors.nu: expected a positive number, got 0."),
    ("nu = 5.0", "nu = true", "priors.nu: expected a positive number, got True."),
    ("nu = 5.0", "nu = nan", "priors.nu: expected a positive number, got nan."),
    ("nu = 5.0", "nu = inf", "priors.nu: expected a positive number, got inf."),
    ("nu = 5.0", f"nu = 1{'0' * 400}", "priors.nu: expected a positive number, got inf."),
    ("nu = 5.0", 'nu = "five"', "priors.nu: expected a positive number, got 'five'."),
    ("nu = 5.0", "nu = [5.0]", "priors.nu: expected a positive number, got [5.0]."),
]
ARGUMENTS = [
    (
        *level('{ dist = "LogNorml", mu = 0.9, sigma = 1.0 }'),
        "priors.level.dist: 'LogNorml' is not known; allowed: Beta, Exponential, Gamma, "
        "HalfNormal, InverseGamma, LogNormal, LogitNormal, Normal, StudentT, Uniform. "
        "Did you mean 'LogNormal'?",
    ),
    (*level("{ mu = 0.9, sigma = 1.0 }"), "priors.level: lacks dist."),
    (*level('{ dist = "LogNormal", mu = 0.9 }'), "priors.level: lacks sigma."),
    (
        *level('{ dist = "LogNormal", mu = 0.9, sigma = 1.0, sd = 1.0 }'),
        "priors.level: unknown key 'sd'; allowed: dist, mu, over, sigma.",
    ),
    (
        *level('{ dist = "LogNormal", mu = 0.9, sigma = -1.0 }'),
        "priors.level.sigma: expected a positive number, got -1.",
    ),
    (
        *level('{ dist = "LogNormal", mu = 0.9, sigma = true }'),
        "priors.level.sigma: expected a positive number, got True.",
    ),
    (
        *level('{ dist = "LogNormal", mu = nan, sigma = 1.0 }'),
        "priors.level.mu: expected any real number, got nan.",
    ),
    (
        *level('{ dist = "Uniform", lower = 3.0, upper = 2.0 }'),
        "priors.level: lower = 3 is not below upper = 2.",
    ),
    (
        *level('{ dist = "Uniform", lower = 2, upper = 2 }'),
        "priors.level: lower = 2 is not below upper = 2.",
    ),
    (
        *level('{ dist = "Normal", mu = 2.0, sigma = 1.0 }'),
        "priors.level: has to be a positive number, but Normal gives any real number; "
        "use LogNormal, LogitNormal, HalfNormal, Exponential, Gamma, InverseGamma or Beta.",
    ),
    (
        *level('{ dist = "Uniform", lower = -1.0, upper = 2.0 }'),
        "priors.level: has to be a positive number, but Uniform gives a number between -1 and 2; ",
    ),
    (
        SHARE_PRIOR,
        'floor_share = { dist = "LogNormal", mu = 0.4, sigma = 0.7 }',
        "priors.floor_share: has to be a number from 0 up to, not including, 1, but LogNormal "
        "gives a positive number; use LogitNormal or Beta.",
    ),
]
POOLING = [
    (
        *level('{ dist = "LogNormal", mu = { dist = "Normal", mu = 0, sigma = 1 }, sigma = 1.0 }'),
        "priors.level: priors inside a prior pool groups: say over which with `over`.",
    ),
    (
        *level('{ dist = "LogNormal", over = "famly", mu = 0.9, sigma = 1.0 }'),
        "priors.level.over: 'famly' is not known; allowed: family, setting. Did you mean 'family'?",
    ),
    (
        *level('{ dist = "LogNormal", over = 3, mu = 0.9, sigma = 1.0 }'),
        "priors.level.over: 3 is not known; allowed: family, setting.",
    ),
    (
        *level(
            '{ dist = "LogNormal", over = "family", sigma = 1.0, '
            'mu = { dist = "Normal", over = "family", mu = 0.9, sigma = 1.0 } }'
        ),
        "priors.level: a prior inside a prior is shared by all groups: no `over` in it.",
    ),
    (
        *level(
            '{ dist = "LogNormal", over = "family", mu = 0.9, '
            'sigma = { dist = "Normal", mu = 0.0, sigma = 1.0 } }'
        ),
        "priors.level.sigma: has to be a positive number, but Normal gives any real number; ",
    ),
]
TERMS = [
    (
        "[[discrepancy]]",
        "[discrepancy]",
        "discrepancy: write each as a [[discrepancy]] table of its own.",
    ),
    (
        'kernel = "integrated_brownian"',
        'kernel = "brownain"',
        "discrepancy 1.kernel: 'brownain' is not known; allowed: brownian, integrated_brownian, "
        "rbf. Did you mean 'brownian'?",
    ),
    ('kernel = "integrated_brownian"', "", "discrepancy 1: lacks kernel."),
    (
        'along = ["compute"]',
        'along = ["comput"]',
        "discrepancy 1.along: 'comput' is not known; allowed: compute. Did you mean 'compute'?",
    ),
    (
        'along = ["compute"]',
        'along = "compute"',
        "discrepancy 1.along: expected a list of texts, got 'compute'.",
    ),
    (
        'along = ["compute"]',
        "along = []",
        "discrepancy 1.along: expected one column or more, got [].",
    ),
    (
        'along = ["compute"]',
        'along = ["compute"]\nlength = 2.0',
        "discrepancy 1: the kernel integrated_brownian has no length.",
    ),
    (
        'kernel = "integrated_brownian"',
        'kernel = "rbf"',
        "discrepancy 1: the kernel rbf needs a length, in e-folds.",
    ),
    (
        'kernel = "integrated_brownian"',
        'kernel = "rbf"\nlength = 0',
        "discrepancy 1.length: expected a positive number, got 0.",
    ),
    (
        'along = ["compute"]',
        'along = ["compute"]\nscale = 2.0',
        "discrepancy 1: unknown key 'scale'; allowed: along, amplitude, kernel, length, over.",
    ),
    (
        AMPLITUDE,
        "amplitude = -0.1",
        "discrepancy 1.amplitude: expected zero or a positive number, got -0.1.",
    ),
    (
        AMPLITUDE,
        AMPLITUDE.replace("LogNormal", "Normal"),
        "discrepancy 1.amplitude: has to be zero or a positive number, but Normal gives ",
    ),
    (
        AMPLITUDE,
        AMPLITUDE.replace('"LogNormal"', '"LogNormal", over = "family"'),
        "discrepancy 1.amplitude: one for each family needs a discrepancy for each family: "
        'write over = "family" under [[discrepancy]] too.',
    ),
    (
        'along = ["compute"]',
        'along = ["compute"]\nover = "run"',
        "discrepancy 1.over: 'run' is not known; allowed: family, recipe, setting.",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "sentence"), [*WORDS, *PARAMETERS, *ARGUMENTS, *POOLING, *TERMS]
)
def test_a_mistake_is_named(old, new, sentence):
    with pytest.raises(SpecError, match=re.escape(sentence)) as raised:
        read(old, new)
    said = str(raised.value)
    assert said.startswith("mine.toml: ")
    assert "\n" not in said


def test_the_second_discrepancy_is_named():
    with pytest.raises(SpecError, match=r"^mine.toml: discrepancy 2: lacks along\.$"):
        parse_spec(TEXT + DISCREPANCY.replace('along = ["compute"]', ""), name="mine.toml")


def test_priors_have_to_be_a_table():
    with pytest.raises(SpecError, match=r"^mine: priors: expected a table, got 3\.$"):
        parse_spec("priors = 3\n" + HEAD, name="mine")


def test_an_empty_text_lacks_everything():
    with pytest.raises(SpecError, match=r"^mine: lacks law, noise, priors, response, title\.$"):
        parse_spec("", name="mine")


@pytest.mark.parametrize(
    ("text", "line"), [("title = \nlaw = 1\n", 1), ("a = 1\na = 2\n", 2), ("a = 1\n\n{}", 3)]
)
def test_broken_toml(text, line, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match=rf"^{re.escape(str(path))}: not valid TOML: .*line {line}"):
        load_model(path)


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "loss.toml"
    with pytest.raises(SpecError, match=r"loss\.toml: can't be read as a model: No such file"):
        load_model(path)


def test_a_folder_is_not_a_model(tmp_path):
    path = tmp_path / "folder.toml"
    path.mkdir()
    with pytest.raises(SpecError, match=r"folder\.toml: can't be read as a model: Is a directory"):
        read_spec(path)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "picture.toml"
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(SpecError, match=r"picture\.toml: can't be .*: it isn't UTF-8 text\.$"):
        load_model(path)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, encoding="utf-8-sig")
    assert load_model(path).text == TEXT


def test_suggestions():
    assert suggest("zzz", {"b", "a"}) == "allowed: a, b."
    assert suggest("losss", {"loss", "a"}) == "allowed: a, loss. Did you mean 'loss'?"


def test_domains_at_their_ends():
    assert NONNEGATIVE.holds(0.0)
    assert not POSITIVE.holds(0.0)
    assert SHARE.holds(0.0)
    assert not SHARE.holds(1.0)
    assert not UNIT.holds(float("nan"))
    assert POSITIVE.covers(UNIT)
    assert not UNIT.covers(POSITIVE)
    assert not POSITIVE.covers(Domain("wide", -1.0, 1.0))
