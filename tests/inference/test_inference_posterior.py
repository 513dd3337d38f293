"""Both models are the posterior that the specification states, in whatever coordinates they move.

The reference is written anew with SciPy: prior densities, a multivariate normal or Student-t of the
log losses, and the numerical Jacobian from the sampler's variables to the parameters.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from interpreting import INTERPRETED
from pytensor.graph.traversal import graph_inputs
from scipy import integrate, optimize, special, stats

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.discrepancies import exact_roots
from bayes_scaling.inference.graph import build_sampler_model
from bayes_scaling.inference.naming import parameter_names
from bayes_scaling.inference.packing import PACKED, pack
from bayes_scaling.inference.plain import build_plain
from bayes_scaling.inference.roots import find_roots, lay_roots
from bayes_scaling.inference.sampler_data import sampler_arrays
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import parse_spec

LADDER = pd.DataFrame(
    {
        "compute": [1e18, 1e19, 1e19, 2e20, 1e21],
        "loss": [3.1, 2.71, 2.72, 2.4, 2.3],
        "loss_se": [0.01, np.nan, 0.002, 0.0, 0.004],
    }
)
ERRORS = LADDER.assign(loss=LADDER["loss"] / 5, loss_se=LADDER["loss_se"] / 5)  # below 1
FAMILIES = pd.concat(
    [
        LADDER.assign(family="long"),
        pd.DataFrame({"family": "short", "compute": [3e18, 4e19], "loss": [2.2, 2.05]}),
        pd.DataFrame({"family": "lone", "compute": [1e20], "loss": [3.3]}),
    ],
    ignore_index=True,
)
POOLED_LEVEL = {
    "dist": "LogNormal",
    "over": "family",
    "mu": {"dist": "Normal", "mu": 0.9, "sigma": 0.3},
    "sigma": {"dist": "HalfNormal", "sigma": 0.5},
}
SCIPY = {
    "Normal": lambda mu, sigma: stats.norm(mu, sigma),
    "LogNormal": lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu)),
    "HalfNormal": lambda sigma: stats.halfnorm(scale=sigma),
    "Gamma": lambda alpha, beta: stats.gamma(alpha, scale=1 / beta),
    "Beta": lambda alpha, beta: stats.beta(alpha, beta),
}


def edited(name, *swaps):
    text = bs.load_model(name).text
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return parse_spec(text, name="edited")


NORMAL_NOISE = ('"student_t"', '"normal"'), ("nu = 5.0", "")
SHARED_DISCREPANCY = ('along = ["compute"]\nover = "family"', 'along = ["compute"]')
TWO_TERMS = (
    "[[discrepancy]]",
    '[[discrepancy]]\nkernel = "rbf"\nalong = ["compute"]\nlength = 2.0\n'
    'amplitude = { dist = "HalfNormal", sigma = 0.02 }\n\n[[discrepancy]]',
)
SHARED_PARAMETERS = (
    ('over = "family"\nmu = 0.9', "mu = 0.9"),
    (
        'over = "family"\nmu = { dist = "Normal", mu = -2.4, sigma = 0.6 }\n'
        'sigma = { dist = "HalfNormal", sigma = 0.3 }',
        "mu = -2.4\nsigma = 0.6",
    ),
    (
        'over = "family"\nmu = { dist = "Normal", mu = 0.2, sigma = 0.7 }\n'
        'sigma = { dist = "HalfNormal", sigma = 0.5 }',
        "mu = 0.2\nsigma = 0.7",
    ),
)
LOSS = bs.load_model("loss")
ONE_LADDER = {
    "loss": LOSS,
    "power": bs.load_model("loss_power"),
    "abc": bs.load_model("loss_abc"),
    "broken": bs.load_model("loss_broken"),
    "between a ceiling and a floor": bs.load_model("loss_m4"),
    "above chance": bs.load_model("loss_above_chance").with_priors(chance=0.25),
    "pinned floor": LOSS.with_priors(c=1.2),
    "law only": LOSS.with_priors(amplitude=0),
    "normal noise": edited("loss", *NORMAL_NOISE),
    "law only, normal noise": edited("loss", *NORMAL_NOISE).with_priors(amplitude=0),
    "free nu": LOSS.with_priors(nu={"dist": "Gamma", "alpha": 4.0, "beta": 0.5}),
    "other priors": LOSS.with_priors(
        level={"dist": "Gamma", "alpha": 6.0, "beta": 2.0},
        floor_share={"dist": "Beta", "alpha": 3.0, "beta": 2.0},
    ),
    "two discrepancies": edited("loss", TWO_TERMS),
}
POOLED = bs.load_model("loss_families")
SEVERAL_LADDERS = {
    "families": POOLED,
    "law only": POOLED.with_priors(amplitude=0),
    "pooled level above a pinned floor": POOLED.with_priors(level=POOLED_LEVEL, c=1.2),
    "one elasticity for all": POOLED.with_priors(
        elasticity={"dist": "LogNormal", "mu": -2.53, "sigma": 0.5}
    ),
    "noise and amplitude of each family": POOLED.with_priors(
        sigma={"dist": "LogNormal", "over": "family", "mu": -5.3, "sigma": 0.9},
        amplitude={"dist": "LogNormal", "over": "family", "mu": -4.8, "sigma": 0.9},
    ),
    "one law for all": edited("loss_families", *SHARED_PARAMETERS),
    "one discrepancy for all": edited("loss_families", SHARED_DISCREPANCY),
}
CASES = [
    pytest.param(spec, ERRORS if spec.metric == "error_rate" else LADDER, id=name)
    for name, spec in ONE_LADDER.items()
] + [pytest.param(spec, FAMILIES, id=f"families, {name}") for name, spec in SEVERAL_LADDERS.items()]


@dataclass
class Density:
    """A model's log density as a function of its raw variables, flat, and what they stand for."""

    model: object
    names: list

    def __post_init__(self):
        start = self.model.initial_point()
        self.shapes = {var.name: start[var.name].shape for var in self.model.value_vars}
        self.start = np.concatenate([start[name].ravel() for name in self.shapes])
        own = self.model.replace_rvs_by_values([self.model[name] for name in self.names])
        self._logp = self.model.compile_logp(mode=INTERPRETED)
        self._values = self.model.compile_fn(
            own, inputs=self.model.value_vars, mode=INTERPRETED, point_fn=True
        )

    def _point(self, raw):
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        parts = np.split(raw, np.cumsum(sizes)[:-1])
        return {k: p.reshape(s) for (k, s), p in zip(self.shapes.items(), parts, strict=True)}

    def logp(self, raw):
        return float(self._logp(self._point(raw)))

    def values(self, raw):
        return dict(zip(self.names, self._values(self._point(raw)), strict=True))

    def _flat(self, raw):
        return np.concatenate([np.ravel(value) for value in self.values(raw).values()])

    def log_jacobian(self, raw, step=1e-5):
        nudges = step * np.eye(len(raw))
        columns = [self._flat(raw + nudge) - self._flat(raw - nudge) for nudge in nudges]
        return np.linalg.slogdet(np.column_stack(columns) / (2 * step))[1]


def log_prior(spec, values):
    """Sum of the log prior densities of all parameters and hyperparameters."""
    total = 0.0

    def visit(name, prior):
        nonlocal total
        given = {
            key: visit(f"{name}_{key}", inner) if isinstance(inner, Prior) else inner
            for key, inner in prior.arguments.items()
        }
        value = values[name]
        if prior.dist == "LogitNormal":
            logit = np.log(value / (1 - value))
            density = stats.norm(**{"loc": given["mu"], "scale": given["sigma"]}).logpdf(logit)
            density = density - np.log(value * (1 - value))
        else:
            frozen = SCIPY[prior.dist](**given)
            density = frozen.logpdf(value)
            if name == "level" and "c" in spec.pinned:
                density = density - frozen.logsf(spec.pinned["c"])
        total += np.sum(density)
        return value

    for name, prior in spec.free.items():
        visit(name, prior)
    return total


def log_law(values, family, x):
    """ln(a exp(-b x) + c), from whichever parameters there are."""
    of = {k: np.asarray(v)[family] if np.ndim(v) == 1 else v for k, v in values.items()}
    if "chance" in of:
        return log_above_chance(of, x)
    if "bend" in of:
        return log_broken_law(of, x)
    if "gamma" in of:
        return np.array([log_saturating_law(of, one) for one in x])
    if "a" in of:
        return np.log(of["a"] * np.exp(-of["b"] * x) + of["c"])
    floor = of["c"] if "c" in of else of["level"] * of.get("floor_share", 0.0)
    a = of["level"] - floor
    return np.log(a * np.exp(-of["elasticity"] * of["level"] / a * x) + floor)


def log_above_chance(of, x):
    """Alpha is found from the error at the reference."""
    floor = of["ceiling_share"] * of["floor_share"]

    def share(h):
        return 1 - (1 - floor) * np.exp(-h)

    alpha = optimize.brentq(lambda h: share(h) - of["ceiling_share"], 0.0, 99.0, xtol=1e-15)
    return np.log((1 - of["chance"]) * share(alpha * np.exp(-of["k"] * x)))


def log_broken_law(of, x):
    """The slope, integrated from the reference."""

    def slope(at):
        passed = special.expit((at / np.log(10) - of["break_at"]) / of["break_width"])
        return 1 + np.expm1(of["bend"]) * passed

    first = of["elasticity"] / (1 - of["floor_share"]) / slope(0.0)
    fallen = [first * integrate.quad(slope, 0.0, one, epsrel=1e-11)[0] for one in x]
    share = of["floor_share"]
    return np.log(of["level"]) + np.log(share + (1 - share) * np.exp(-np.array(fallen)))


def log_saturating_law(of, x):
    """The root of the implicit law."""
    c, ceiling = of["level"] * of["floor_share"], of["level"] / of["ceiling_share"]

    def height(loss):
        return np.log(loss - c) - of["gamma"] * np.log(ceiling - loss)

    step = 1e-5 * of["level"]
    rise = (height(of["level"] + step) - height(of["level"] - step)) / (2 * step)
    goal = height(of["level"]) - rise * of["elasticity"] * of["level"] * x
    gap = 1e-13 * (ceiling - c)
    root = optimize.brentq(lambda loss: height(loss) - goal, c + gap, ceiling - gap, xtol=1e-15)
    return np.log(root)


def unit_covariance(term, compute, family):
    covariance = np.zeros((len(compute), len(compute)))
    for i in range(len(compute)):
        for j in range(len(compute)):
            if term.over and family[i] != family[j]:
                continue
            base = compute[family == family[i]].min() if term.over else compute.min()
            s, t = sorted(np.log10([compute[i] / base, compute[j] / base]))
            if term.kernel == "rbf":
                gap = np.log(10) * (t - s) / term.length
                covariance[i, j] = np.exp(-(gap**2) / 2)
            else:
                covariance[i, j] = s**2 * (3 * t - s) / 6
    return covariance


@dataclass
class Reference:
    """The posterior by hand."""

    spec: object
    runs: pd.DataFrame
    references: np.ndarray

    def __post_init__(self):
        self.compute = self.runs["compute"].to_numpy()
        codes = self.runs["family"] if "family" in self.runs else np.zeros(len(self.runs))
        self.family = pd.factorize(codes)[0]
        self.log_loss = np.log(self.runs["loss"].to_numpy())
        self.relative_se = (self.runs["loss_se"].fillna(0) / self.runs["loss"]).to_numpy()
        self.terms = [term for term in self.spec.discrepancy if term.amplitude != 0.0]

    def _read(self, values):
        values = {**self.spec.pinned, **values}
        mean = log_law(values, self.family, np.log(self.compute / self.references[self.family]))
        sigma, nu = (self._at_runs(values.get(name, np.inf)) for name in ("sigma", "nu"))
        return values, mean, np.sqrt(sigma**2 + self.relative_se**2), nu

    def _at_runs(self, value):
        return np.broadcast_to(value[self.family] if np.ndim(value) == 1 else value, len(self.runs))

    def _noise(self, residual, scale, nu):
        likely = stats.norm if np.isinf(nu).all() else stats.t
        shape = {} if likely is stats.norm else {"df": nu}
        return np.sum(likely.logpdf(residual, scale=scale, **shape))

    def weighed(self, values):
        """With the discrepancy as a root of its covariance times standard normal weights."""
        values, mean, scale, nu = self._read(values)
        total = log_prior(self.spec, values)
        if self.terms:
            weights, root = values["weights"], self._roots()
            amplitudes = np.column_stack([self._at_runs(values[term.name]) for term in self.terms])
            scaled = np.repeat(amplitudes, root.shape[1] // len(self.terms), axis=1) * root
            own = self.family if len(weights) > 1 else np.zeros(len(mean), dtype=int)
            mean = mean + (scaled * weights[own]).sum(axis=1)
            total += np.sum(stats.norm.logpdf(weights))
        return total + self._noise(self.log_loss - mean, scale, nu)

    def _roots(self):
        """Rows of the sampler's root, a run's after the other: roots of what is stated here."""
        design = make_design(self.spec, self.runs)
        blocks = lay_out(self.spec, design)
        laid = lay_roots(self.spec, design, find_roots(self.spec, design))
        root = laid["root"][blocks.block, blocks.slot]
        together = blocks.block[:, None] == blocks.block
        for term, own in zip(self.terms, np.split(root, len(self.terms), axis=1), strict=True):
            unit = unit_covariance(term, self.compute, self.family)
            np.testing.assert_allclose(own @ own.T * together, unit, atol=1e-12)
        assert laid["left_out"].max() < 1e-12
        return root

    def plain(self, values):
        """With the discrepancy as roots of its covariance times standard normal weights."""
        values, mean, scale, nu = self._read(values)
        total = log_prior(self.spec, values)
        roots = exact_roots(self.spec, make_design(self.spec, self.runs))
        for term in self.terms:
            weights, root = values[f"{term.name}_weights"], roots[term.name].rows
            unit = unit_covariance(term, self.compute, self.family)
            together = self.family[:, None] == self.family if weights.ndim == 2 else 1.0
            np.testing.assert_allclose(root @ root.T * together, unit, atol=1e-12)
            own = weights[self.family] if weights.ndim == 2 else weights
            mean = mean + self._at_runs(values[term.name]) * (root * own).sum(axis=1)
            total += np.sum(stats.norm.logpdf(weights))
        return total + self._noise(self.log_loss - mean, scale, nu)


def gaps(density, by_hand, spread, points=5):
    """Differences between a model's log density and the reference's, at points about the start."""
    rng = np.random.default_rng(7)
    found, sizes = [], []
    for index in range(points):
        raw = density.start + spread * index / points * rng.standard_normal(len(density.start))
        logp = density.logp(raw)
        found.append(logp - by_hand(density.values(raw)) - density.log_jacobian(raw))
        sizes.append(abs(logp))
    return np.array(found) - found[0], max(sizes)


@pytest.mark.parametrize(("spec", "table"), CASES)
def test_the_sampler_moves_in_the_stated_posterior(spec, table):
    runs = check_runs(table)
    design = make_design(spec, runs)
    model = build_sampler_model(spec, design)
    extra = [var.name for var in model.deterministics if var.name == "weights"]
    density = Density(model, parameter_names(spec) + extra)
    reference = Reference(spec, runs, design.references["compute"])
    difference, size = gaps(density, reference.weighed, spread=1.0)
    np.testing.assert_allclose(difference, 0.0, atol=1e-8 * (100 + size))


@pytest.mark.parametrize(("spec", "table"), CASES)
def test_the_plain_model_is_the_stated_posterior(spec, table):
    runs = check_runs(table)
    design = make_design(spec, runs)
    model = build_plain(spec, design)
    extra = [var.name for var in model.free_RVs if var.name.endswith("_weights")]
    density = Density(model, parameter_names(spec) + extra)
    reference = Reference(spec, runs, design.references["compute"])
    difference, size = gaps(density, reference.plain, spread=0.5)
    np.testing.assert_allclose(difference, 0.0, atol=1e-8 * (100 + size))


PINS = {
    "level": 2.4,
    "elasticity": 0.06,
    "floor_share": 0.5,
    "c": 1.1,
    "sigma": 0.004,
    "nu": 7.0,
    "amplitude": 0.01,
}
PINNED = {name: LOSS.with_priors(**{name: value}) for name, value in PINS.items()} | {
    "the whole law": LOSS.with_priors(level=2.4, elasticity=0.06, floor_share=0.5),
    "a": bs.load_model("loss_abc").with_priors(a=1.0),
    "b and c": bs.load_model("loss_abc").with_priors(b=0.15, c=1.0),
    "the slopes of all families": POOLED.with_priors(elasticity=0.06, floor_share=0.5),
}
EVERY = {
    **{f"one ladder, {name}": spec for name, spec in ONE_LADDER.items()},
    **{f"families, {name}": spec for name, spec in SEVERAL_LADDERS.items()},
    **{f"pinned, {name}": spec for name, spec in PINNED.items()},
}


def test_a_ladder_that_no_law_of_the_prior_is_near_has_a_density():
    plateau = pd.DataFrame(
        {"compute": 2.0 ** np.arange(54, 62), "loss": [0.92] * 6 + [0.02, 0.006]}
    )
    for name in ("loss", "loss_error_rate", "loss_above_chance"):
        spec = bs.load_model(name)
        model = build_sampler_model(spec, make_design(spec, check_runs(plateau)))
        assert np.isfinite(model.compile_logp(mode=INTERPRETED)(model.initial_point()))


def _used(model):
    """Names of the data that the log density depends on."""
    return {var.name for var in graph_inputs([model.logp()]) if var.name}


@pytest.mark.parametrize("spec", PINNED.values(), ids=PINNED)
def test_a_pinned_parameter_is_a_number_in_the_model(spec):
    table = FAMILIES if "family" in spec.groups else LADDER
    design = make_design(spec, check_runs(table))
    model = build_sampler_model(spec, design)
    assert not spec.pinned.keys() & {var.name for var in model.free_RVs + model.deterministics}
    assert np.isfinite(model.compile_logp(mode=INTERPRETED)(model.initial_point()))


@pytest.mark.parametrize("spec", EVERY.values(), ids=EVERY)
def test_a_compiled_model_can_swap_all_that_changes_between_ladders(spec):
    design = make_design(spec, check_runs(FAMILIES if "family" in spec.groups else LADDER))
    model = build_sampler_model(spec, design)
    assert PACKED in _used(model)
    assert [value.name for value in model.data_vars] == [PACKED]
    np.testing.assert_array_equal(model[PACKED].get_value(), pack(sampler_arrays(spec, design)))
