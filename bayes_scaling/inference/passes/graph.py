"""The model of counts as the sampler likes it, in whitened coordinates.

It is another form of the plain model (`bayes_scaling.inference.plain`); a test holds one against
the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.operation import CountDensity
from bayes_scaling.inference.passes.sampler_data import MEAN, UNITS, link_of, pass_sampler_arrays
from bayes_scaling.inference.passes.terms import scale_priors
from bayes_scaling.inference.structure import HALF_NORMAL, NUMBERS, numbers_of, unpacked
from bayes_scaling.inference.variables import make_variable, unpack
from bayes_scaling.specification.spec import Spec


def build_pass_sampler_model(spec: Spec, design: Design) -> pm.Model:
    """Build the same posterior for the sampler.

    Given the scales, the mean's weights have the prior N(0, 1) and, with the sites in place of the
    counts, a normal posterior; the units' weights likewise given the mean. Both are sampled in
    units of these normals.
    """
    arrays = pass_sampler_arrays(spec, design)
    with pm.Model() as model:
        data = unpack(arrays)
        scales = pt.stack([*_signed_scales(spec, data).values(), 1.0])
        rank = data["mean_block"].shape[1]
        flat = pm.Flat(MEAN, shape=(rank,)) if arrays["mean_block"].shape[1] else np.zeros(0)
        zeta = pm.Flat(UNITS, shape=(data["site"].shape[0], data["unit_block"].shape[1]))
        density = CountDensity(link_of(spec))
        counted = [data[name] for name in arrays if name != NUMBERS]
        pm.Potential("density", density(scales, flat, zeta, *counted)[0])
    return model


def _signed_scales(spec: Spec, data: Mapping[str, Any]) -> dict[str, Any]:
    """Give half-normal scales a sign: a scale and its weights turned together change nothing.

    So a scale that may be zero is passed through smoothly, where its logarithm has a long tail.
    """
    found, numbers = {}, unpacked(numbers_of(scale_priors(spec), spec), data)
    for name, prior in scale_priors(spec).items():
        if prior.dist == HALF_NORMAL and not prior.nested:
            unit = pm.Normal(f"{name}_raw", 0.0, 1.0)
            found[name] = pm.Deterministic(name, numbers[f"{name}_sigma"] * unit)
        else:
            found[name] = make_variable(name, prior, spec, numbers)
    return found
