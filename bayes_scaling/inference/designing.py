"""From a checked table to a design, whatever was measured."""

from collections.abc import Callable

import pandas as pd

from bayes_scaling.inference.design import Design, Reference, make_design
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.responses import ByResponse
from bayes_scaling.specification.spec import Spec

DESIGNERS: ByResponse[Callable[[Spec, pd.DataFrame, Reference], Design]] = {
    "loss": make_design,
    "passes": make_pass_design,
}


def design_of(spec: Spec, table: pd.DataFrame, reference: Reference = None) -> Design:
    """Turn a checked table into the arrays that a model reads; see `make_design`."""
    return DESIGNERS[spec.response](spec, table, reference)
