"""A fit as one netCDF file: whole, hashed, and readable by later versions."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayes_scaling.data.table_texts import table_to_text
from bayes_scaling.errors import OutputError
from bayes_scaling.outputs import demand_writable, replacing, take_refuge

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

SCHEMA = 2  # 1 had a variable for each column of the table, which not every name or cell fits
TABLE = "table"
REFUGE = "fit.nc"
MOST = 200  # characters of a name, so that its part has one too
ARRAYS = ("posterior", "sample_stats", "observed_data", "constant_data")
ASKED = ("prior", "prior_predictive", "posterior_predictive", "log_likelihood", "log_prior")


def save_fit(fit: "Fit", path: Path) -> Path:
    """Write a fit; an existing file is replaced whole or not at all.

    Raises
    ------
    OutputError
        If the path can't be written. The fit is then kept elsewhere, and the error says where.
    """
    tree = _to_tree(fit)
    try:
        demand_writable(path)
        _write(tree, path)
    except OutputError as error:
        raise OutputError(f"{error} {_say_refuge(tree, path)}") from None
    return path


def keep_fit(fit: "Fit") -> Path:
    """Save a fit in a temporary place, so that sampling isn't lost."""
    tree = _to_tree(fit)
    return take_refuge(REFUGE, lambda path: _write(tree, path))


def _say_refuge(tree: xr.DataTree, path: Path) -> str:
    name = path.name if path.suffix == ".nc" and len(path.name) < MOST else REFUGE
    try:
        kept = take_refuge(name, lambda place: _write(tree, place))
    except (OSError, OutputError) as error:
        return f"Nor could the fit be kept elsewhere ({error}); it is lost when the program ends."
    return f"The fit is kept in {kept}; move it where you want it."


def _write(tree: xr.DataTree, path: Path) -> None:
    # By way of memory: HDF5 takes the whole process down where a disk is full.
    with tree.to_netcdf(None, engine="h5netcdf") as view:
        data = bytes(view)
    with replacing(path) as part:
        part.write_bytes(data)


def _to_tree(fit: "Fit") -> xr.DataTree:
    tree = fit.posterior.copy()
    text = np.array(table_to_text(fit.table), dtype=object)
    tree["runs"] = xr.DataTree(xr.Dataset({TABLE: ((), text)}))
    tree.attrs = {
        "bayes_scaling_schema": SCHEMA,
        "spec_name": fit.spec.name,
        "spec_text": fit.spec.text,
        "random_seed": int(fit.random_seed),
        "versions": json.dumps(dict(fit.versions), sort_keys=True),
        "diagnosis": fit.diagnosis.to_json(),
        "data_hash": fit.data_hash,
        "notes": json.dumps(fit.notes),
    }
    tree.attrs["contents_hash"] = contents_hash(tree)
    return tree


def contents_hash(tree: xr.DataTree) -> str:
    """SHA-256 of all arrays and attributes, in a fixed order, by value."""
    digest = hashlib.sha256()
    attrs = {key: value for key, value in tree.attrs.items() if key != "contents_hash"}
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in attrs.items()}
    digest.update(json.dumps(plain, sort_keys=True).encode())
    for node in sorted(tree.subtree, key=lambda node: str(node.path)):
        for name, values in sorted(node.variables.items(), key=lambda item: str(item[0])):
            kind = values.attrs.get("kind", "")
            digest.update(f"{node.path}/{name}{values.dims}{values.shape}{kind}".encode())
            digest.update(_bytes(values.values))
    return digest.hexdigest()


def _bytes(values: np.ndarray[Any, Any]) -> bytes:
    if values.dtype.kind in "OUST":
        return json.dumps([str(item) for item in values.ravel()]).encode()
    kind = "<f8" if values.dtype.kind == "f" else "<i8"
    return np.ascontiguousarray(values.astype(kind)).tobytes()
