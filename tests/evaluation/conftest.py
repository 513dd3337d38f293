from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from bayes_scaling.data import check_runs
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.older_fits import with_weights_of_losses
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.specification.spec import parse_spec

TEXT = """
title = "Only the level is unknown"
response = "loss"
law = "power_floor"
noise = "normal"

[priors]
elasticity = {elasticity}
floor_share = 0.5
sigma = 0.01

[priors.level]
dist = "LogNormal"
mu = 0.9
sigma = 0.5

[[discrepancy]]
kernel = "rbf"
along = ["compute"]
length = 2.0
amplitude = 0.02
"""
MU, SD = 0.9, 0.5
COMPUTE = np.geomspace(1e18, 1e21, 7)


@dataclass
class Conjugate:
    """A model whose posterior is normal: what the package says of it is known by hand."""

    spec: object
    reference: float = 3.2e19

    def normal(self, compute):
        """Mean and covariance of log losses before any is seen, jointly."""
        x = np.log(np.asarray(compute) / self.reference)
        law = np.log(0.5 + 0.5 * np.exp(-2 * self.spec.pinned["elasticity"] * x))
        g = 0.02**2 * np.exp(-0.5 * ((x[:, None] - x) / 2.0) ** 2)
        noise = self.spec.pinned["sigma"] ** 2 * np.eye(len(x))
        return MU + law, g + noise + SD**2

    def level(self, runs, scale=1.0):
        """Mean and sd of the log level given runs; the prior's precision times `scale`."""
        mean, total = self.normal(runs["compute"])
        inverse = np.linalg.inv(total - SD**2)
        precision = scale / SD**2 + inverse.sum()
        pull = scale * MU / SD**2 + (inverse @ (np.log(runs["loss"]) - (mean - MU))).sum()
        return pull / precision, precision**-0.5

    def fit(self, model, runs, *, random_seed=1, draws=1000, chains=4, **_):
        """Draw from the exact posterior, in place of `bayes_scaling.fit`.

        The draws are its quantiles in a random order, so what is said of the level has no error.
        """
        spec = self.spec if model is None else model
        runs = check_runs(runs)
        design = make_design(spec, runs, self.reference)
        mean, sd = self.level(runs)
        rng = np.random.default_rng(random_seed)
        shares = (np.arange(chains * draws) + 0.5) / (chains * draws)
        standard = rng.permutation(stats.norm.ppf(shares)).reshape(chains, draws)
        level = np.exp(mean + sd * standard)
        dims = ("chain", "draw")
        coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
        drawn = xr.Dataset({"level": (dims, level)}, coords)
        design = replace(design, roots=kept_roots(spec, design))
        drawn = with_weights_of_losses(spec, design, drawn, random_seed)
        tree = xr.DataTree.from_dict({"posterior": drawn})
        good = Diagnosis(1.0, 4000.0, 4000.0, "level", 0, 4000, 1.0, 0, 0.9)
        return Fit(spec, runs, tree, good, design, random_seed, {})


@pytest.fixture(scope="session")
def conjugate():
    return Conjugate(parse_spec(TEXT.format(elasticity=0.08), name="level"))


@pytest.fixture(scope="session")
def steeper():
    return Conjugate(parse_spec(TEXT.format(elasticity=0.09), name="steeper"))


@pytest.fixture(scope="session")
def ladder(conjugate):
    mean, total = conjugate.normal(COMPUTE)
    loss = np.exp(np.random.default_rng(4).multivariate_normal(mean, total))
    return pd.DataFrame({"compute": COMPUTE, "loss": loss})
