"""The plain model: what a specification says, as a statistician would write it down."""

from collections.abc import Callable
from typing import Any

from bayes_scaling.inference.design import Design
from bayes_scaling.inference.graph import build_model
from bayes_scaling.inference.passes.graph import build_pass_model
from bayes_scaling.responses import ByResponse
from bayes_scaling.specification.spec import Spec

BUILDERS: ByResponse[Callable[[Spec, Design], Any]] = {
    "loss": build_model,
    "passes": build_pass_model,
}


def build_plain(spec: Spec, design: Design) -> Any:
    """Build the ``pm.Model`` of a specification and a design."""
    return BUILDERS[spec.response](spec, design)
