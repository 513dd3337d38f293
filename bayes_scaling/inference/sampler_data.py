"""What a sampler's model reads: all that changes between ladders of one shape."""

from typing import Any

import numpy as np

from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.coordinates import (
    ANCHOR,
    anchored,
    linearise,
    needs_moments,
    whitened_parameters,
)
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms, by_family
from bayes_scaling.inference.roots import find_roots, lay_roots
from bayes_scaling.inference.structure import data_of, packed
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

WEIGHTS = "weights"
COUNT = "count_"


def sampler_arrays(spec: Spec, design: Design) -> dict[str, Any]:
    """Return what enters the sampler's model as ``pm.Data``: all that changes between ladders.

    Only what the model uses: a compiled model knows of nothing else. The axis of blocks is there
    where families are blocks, and the axis of families where the specification has families.
    """
    blocks = lay_out(spec, design)
    roots = find_roots(spec, design)
    of_blocks: dict[str, Any] = {
        "mask": blocks.mask,
        **{f"x_{name}": blocks.lay(x) for name, x in zip(spec.columns, design.x, strict=True)},
        "log_response": blocks.lay(np.log(design.observed["y"])),
        "variance_of_run": blocks.lay(design.observed["relative_se"] ** 2),
    }
    of_families: dict[str, Any] = {}
    of_priors: dict[str, Any] = {**packed(data_of(spec))}
    whitened = whitened_parameters(spec, len(design.families))
    if whitened:
        linear = linearise(spec, design, roots)
        of_families = {"point": linear.point, "slopes": linear.slopes, "turn": linear.turn}
        if anchored(spec) is not None:
            of_families |= {ANCHOR: linear.anchor}
        of_families |= {f"{name}_variance": unit for name, unit in linear.variance.items()}
        if needs_moments(spec, whitened):
            of_priors |= {"moments": np.stack([linear.prior_mean, linear.prior_sd])}
    own = any(isinstance(prior, Prior) and prior.over for prior in spec.priors.values())
    if "family" in spec.groups and (whitened or own):
        of_blocks["family_of_run"] = blocks.lay(design.family)
    of_blocks |= {f"{name}_of_run": blocks.lay(own) for name, own in design.places.groups.items()}
    if not by_family(spec):
        of_blocks = {name: array[0] for name, array in of_blocks.items()}
    if active_terms(spec):
        of_blocks |= lay_roots(spec, design, roots)
    if "family" in spec.groups:
        of_families["families"] = np.asarray(len(design.families))
    else:
        of_families = {name: array[0] for name, array in of_families.items()}
    counts = {f"{COUNT}{name}": np.asarray(design.counts[name]) for name in design.labels}
    return {**of_blocks, **of_families, **of_priors, **counts}
