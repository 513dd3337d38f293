"""A fit as one netCDF file: whole, hashed, and readable by later versions."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import check_passes, check_runs
from bayes_scaling.data.table_texts import table_from_text, table_to_text
from bayes_scaling.errors import OutputError, SavedFitError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.outputs import demand_writable, replacing, take_refuge
from bayes_scaling.specification.spec import parse_spec

SCHEMA = 2  # 1 had a variable for each column of the table, which not every name or cell fits
TABLE = "table"
REFUGE = "fit.nc"
MOST = 200  # characters of a name, so that its part has one too
ARRAYS = ("posterior", "sample_stats", "observed_data", "constant_data")


def save_fit(fit: Fit | PassFit, path: Path) -> Path:
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


def keep_fit(fit: Fit | PassFit) -> Path:
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


def _to_tree(fit: Fit | PassFit) -> xr.DataTree:
    tree = fit.posterior.copy()
    table = fit.passes if isinstance(fit, PassFit) else fit.runs
    text = np.array(table_to_text(table), dtype=object)
    tree["runs"] = xr.DataTree(xr.Dataset({TABLE: ((), text)}))
    tree.attrs = {
        "bayes_scaling_schema": SCHEMA,
        "spec_name": fit.spec.name,
        "spec_text": fit.spec.text,
        "random_seed": int(fit.random_seed),
        "versions": json.dumps(dict(fit.versions), sort_keys=True),
        "diagnosis": fit.diagnosis.to_json(),
        "data_hash": fit.data_hash,
    }
    if fit.notes or isinstance(fit, PassFit):
        tree.attrs["notes"] = json.dumps(fit.notes)
    tree.attrs["contents_hash"] = contents_hash(tree)
    return tree


def read_fit(path: Path) -> Fit | PassFit:
    """Read a saved fit and check it against its hash."""
    tree = _open(path)
    schema = tree.attrs.get("bayes_scaling_schema")
    if schema is None:
        raise SavedFitError(f"{path}: not a fit of bayes_scaling. Save one with Fit.save.")
    if int(schema) > SCHEMA:
        raise SavedFitError(
            f"{path}: written by a newer version (schema {int(schema)}, this one reads up to "
            f"{SCHEMA}). Upgrade bayes-scaling to read it."
        )
    missing = [name for name in (*ARRAYS, "runs") if name not in tree.children]
    if missing:
        raise SavedFitError(f"{path}: incomplete, lacks {', '.join(missing)}. Fit again.")
    try:
        if tree.attrs["contents_hash"] != contents_hash(tree):
            raise SavedFitError(
                f"{path}: the contents don't match their hash: the file was changed after it was "
                "saved. Fit again, or take the original."
            )
        spec = parse_spec(tree.attrs["spec_text"], name=tree.attrs["spec_name"])
        table = READERS[int(schema)](tree["runs"].to_dataset())
        common: dict[str, Any] = {
            "spec": spec,
            "posterior": xr.DataTree.from_dict({name: tree[name].to_dataset() for name in ARRAYS}),
            "diagnosis": Diagnosis.from_json(tree.attrs["diagnosis"]),
            "random_seed": int(tree.attrs["random_seed"]),
            "versions": json.loads(tree.attrs["versions"]),
        }
        constant = tree["constant_data"].to_dataset()
        if spec.response == "passes":
            return _pass_fit(table, float(constant["reference"]), tree.attrs["notes"], common)
        runs = check_runs(table)
        names = [str(name) for name in constant["family"].values]
        reference = dict(zip(names, map(float, constant["reference"].values), strict=True))
        notes = tuple(json.loads(tree.attrs.get("notes", "[]")))
        return Fit(runs=runs, design=make_design(spec, runs, reference), notes=notes, **common)
    except KeyError as error:
        raise SavedFitError(f"{path}: incomplete, lacks {error}. Fit again.") from None


def _pass_fit(table: pd.DataFrame, reference: float, notes: str, common: Any) -> PassFit:
    passes = check_passes(table)
    design = make_pass_design(common["spec"], passes, reference)
    return PassFit(passes=passes, design=design, notes=tuple(json.loads(notes)), **common)


def _open(path: Path) -> xr.DataTree:
    if not path.is_file():
        raise SavedFitError(f"{path}: no such file.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            return stored.load()
    except Exception as error:
        raise SavedFitError(
            f"{path}: truncated, or not a netCDF file ({type(error).__name__}). Fit again, or take "
            "a whole copy."
        ) from None


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


def _from_columns(dataset: xr.Dataset) -> pd.DataFrame:
    """Read the table of schema 1: a variable a column, texts as JSON, all numbers as floats."""
    columns: dict[str, Any] = {}
    for name, values in dataset.data_vars.items():
        kind = values.attrs["kind"]
        if kind == "text":
            columns[str(name)] = [json.loads(str(item)) for item in values.values]
        else:
            columns[str(name)] = values.values.astype(bool if kind == "bool" else float)
    return pd.DataFrame(columns)


def _from_text(dataset: xr.Dataset) -> pd.DataFrame:
    return table_from_text(str(dataset[TABLE].item()))


READERS = {1: _from_columns, 2: _from_text}
