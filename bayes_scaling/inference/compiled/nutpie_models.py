"""Compiled code as nutpie takes it: the only file that knows nutpie's inside.

Its draws are one vector, `bayes_scaling.inference.compiled.layouts.split` cuts it. A nutpie whose
inside is another compiles the model itself.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.inference.compiled.codes import Code
from bayes_scaling.inference.compiled.postponing import postpone

postpone("arviz")

import nutpie  # noqa: E402
from nutpie.compile_pymc import CompiledPyMCModel  # noqa: E402

INSIDE = nutpie._lib
FITS = nutpie.__version__.startswith("0.16.")
DRAWN, PLACE = "drawn", "place"


@dataclass(frozen=True)
class KeptModel(CompiledPyMCModel):  # type: ignore[misc]
    """A compiled model whose functions read all data from one array."""

    def _make_model(self, init_mean: Any) -> Any:  # noqa: ARG002
        given = self.user_data.ctypes.data
        expand = INSIDE.ExpandFunc(
            self.n_dim, self.n_expanded, self.compiled_expand_func.address, given, self
        )
        density = INSIDE.LogpFunc(self.compiled_logp_func.address, given, self)
        sizes = {PLACE: self.n_expanded}
        variables = INSIDE.PyVariable.new_variables(
            [DRAWN], ["float64"], [[self.n_expanded]], sizes, self.dims
        )
        return INSIDE.PyMcModel(
            density,
            expand,
            variables,
            self.n_dim,
            sizes,
            self._coords,
            self.initial_point_func,
            lambda *_, **__: None,
        )


def nutpie_model(code: Code, data: Array) -> KeptModel:
    """Join code and data to a model that `nutpie.sample` takes."""
    variables, outputs = code.shapes(data)
    dim, count = (sum(map(prod, shapes.values())) for shapes in (variables, outputs))

    def start(seed: int | None = None) -> Array:
        return code.layout.start(variables, seed)

    return KeptModel(
        dims={DRAWN: (PLACE,)},
        compiled_logp_func=code.density,
        compiled_expand_func=code.expand,
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=np.ascontiguousarray(data),
        n_expanded=count,
        shape_info=([DRAWN], [slice(0, count)], [(count,)]),
        logp_func=None,
        expand_func=None,
        reparameterized_names=[],
        _n_dim=dim,
        _shapes={DRAWN: (count,)},
        _coords={PLACE: pd.RangeIndex(count)},
    )
