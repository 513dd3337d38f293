"""What a fit keeps of its data, as ArviZ's groups: responses, and what was held constant."""

from typing import Any

import xarray as xr

from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import roots_as_saved
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.spec import Spec


def data_groups(spec: Spec, design: Design) -> dict[str, xr.Dataset]:
    """Return ``observed_data`` and ``constant_data`` of a design."""
    cell = (unit_column(spec), "run") if len(design.units) else ("run",)
    coords: dict[str, Any] = {"run": list(design.runs), "family": list(design.families)}
    coords |= {cell[0]: list(design.units.names)} if len(design.units) else {}
    names = RESPONSES[spec.response].observed
    seen = {names[key]: (cell, values) for key, values in design.observed.items() if key in names}
    held: dict[str, Any] = {name: ("run", x) for name, x in design.places.shown.items()}
    held |= {key: (cell, values) for key, values in design.observed.items() if key not in names}
    held["family_of_run"] = ("run", design.family)
    held |= {f"{name}_of_run": ("run", own) for name, own in design.places.groups.items()}
    if len(design.units):
        held["bucket_of_unit"] = (cell[0], design.units.bucket)
    held |= _references(design) | roots_as_saved(design)
    used = {"run", *cell}
    return {
        "observed_data": xr.Dataset(seen, {k: v for k, v in coords.items() if k in used}),
        "constant_data": xr.Dataset(held, coords),
    }


def _references(design: Design) -> dict[str, Any]:
    """Return the references by family; that of a single covariate has no suffix."""
    found = design.references
    if len(found) == 1:
        return {"reference": ("family", next(iter(found.values())))}
    return {f"reference_{name}": ("family", values) for name, values in found.items()}
