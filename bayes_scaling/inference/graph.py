"""The model of losses as the sampler likes it: discrepancies' weights and the law whitened.

It is another form of the plain model (`bayes_scaling.inference.plain`); a test holds one against
the other.
"""

from collections.abc import Mapping
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.coordinates import whitened_parameters
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.operation import Weights
from bayes_scaling.inference.sampler_data import COUNT, WEIGHTS, sampler_arrays
from bayes_scaling.inference.structure import data_of, unpacked
from bayes_scaling.inference.variables import (
    all_parameters,
    at_runs,
    lengths,
    log_law,
    make_variable,
    unpack,
)
from bayes_scaling.inference.whitening import replaced, spread_of, whitened_values
from bayes_scaling.specification.spec import Spec


def build_sampler_model(spec: Spec, design: Design) -> pm.Model:
    """Build the same posterior for the sampler.

    The discrepancy is a root of its covariance times a few weights, and these are sampled in units
    of the normal that the residuals give them (`bayes_scaling.inference.weights`), the law's
    parameters in units of that of a linear regression (`bayes_scaling.inference.coordinates`).
    """
    with pm.Model() as model:
        data = unpack(sampler_arrays(spec, design))
        if "families" in data:
            model.add_coord("family", length=data["families"])
        for name in design.labels:
            model.add_coord(name, length=data[f"{COUNT}{name}"])
        whitened = whitened_parameters(spec, len(design.families))
        numbers = unpacked(data_of(spec), data)
        values = {
            name: make_variable(name, prior, spec, numbers)
            for name, prior in all_parameters(spec).items()
            if name not in whitened and not replaced(name, spec, whitened)
        }
        noise = _Noise(spec, values, data)
        values |= whitened_values(spec, design, values, numbers, data)
        residual = (data["log_response"] - log_law(spec, values, data)) * data["mask"]
        pm.Potential("likelihood", noise.log_likelihood(residual))
    return model


class _Noise:
    """Noise of each run and, where the law has discrepancies, their weights."""

    def __init__(self, spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        family = data.get("family_of_run")
        self.mask = data["mask"]
        self.variance = at_runs(values["sigma"], family) ** 2 + data["variance_of_run"]
        self.degrees = at_runs(values["nu"], family) if "nu" in values else None
        self.amplitudes = [values[term.name] for term in active_terms(spec)]
        if self.amplitudes:
            self.root = {name: data[name] for name in ("share", "root", "gram")}
            left_out = data["left_out"]
            rows = [pt.broadcast_to(own, (left_out.shape[1],)) for own in self.amplitudes]
            self.amplitude = pt.stack(rows)
            lost = (self.amplitude[:, :, None] ** 2 * left_out).sum(0)
            self.variance = self.variance + lost.reshape(self.mask.shape, ndim=self.mask.ndim)

    def log_likelihood(self, residual: Any) -> Any:
        """Log density of the residuals, constants left out where they are normal."""
        if self.amplitudes:
            residual = residual - self._discrepancy(residual)
        scale = pt.sqrt(self.variance)
        dist = (
            pm.Normal.dist(mu=0.0, sigma=scale)
            if self.degrees is None
            else pm.StudentT.dist(nu=self.degrees, mu=0.0, sigma=scale)
        )
        return (pm.logp(dist, residual) * self.mask).sum()

    def _discrepancy(self, residual: Any) -> Any:
        """Discrepancies at the runs, from weights in units of what the residuals say of them."""
        blocks, slots, rank = lengths(self.root["root"])
        mask = self.mask.reshape((blocks, slots))
        spread = spread_of(self.variance, self.degrees).reshape((blocks, slots)) * mask
        variance = (self.root["share"] * spread).sum(-1) / mask.sum(-1)
        zeta = pm.Flat(f"whitened_{WEIGHTS}", shape=(blocks, rank))
        given = (residual.reshape((blocks, slots)), variance, self.amplitude, zeta)
        offset, weights, density = Weights()(*given, *self.root.values())
        pm.Deterministic(WEIGHTS, weights)
        pm.Potential(f"{WEIGHTS}_prior", density)
        return offset.reshape(residual.shape, ndim=residual.ndim)
