"""From a checked table to a design, whatever was measured."""

from collections.abc import Callable

import pandas as pd

from bayes_scaling.inference.design import Design, Reference, Root, make_design
from bayes_scaling.inference.discrepancies import exact_roots
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.responses import ByResponse
from bayes_scaling.specification.spec import Spec

DESIGNERS: ByResponse[Callable[[Spec, pd.DataFrame, Reference], Design]] = {
    "loss": make_design,
    "passes": make_pass_design,
}


def design_of(spec: Spec, table: pd.DataFrame, reference: Reference = None) -> Design:
    """Turn a checked table into the arrays that a model reads; see `make_design`."""
    return DESIGNERS[spec.response](spec, table, reference)


ROOTS: ByResponse[Callable[[Spec, Design], dict[str, Root]]] = {
    "loss": kept_roots,
    "passes": exact_roots,
}


def roots_of(spec: Spec, design: Design) -> dict[str, Root]:
    """Find the roots of a model's discrepancies that its sampler moves along."""
    return ROOTS[spec.response](spec, design)
