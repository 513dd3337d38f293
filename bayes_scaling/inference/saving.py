"""A fit as one netCDF file: whole, hashed, and readable by later versions."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import check_passes, check_runs
from bayes_scaling.errors import OutputError, SavedFitError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.specification.spec import parse_spec

SCHEMA = 1
ARRAYS = ("posterior", "sample_stats", "observed_data", "constant_data")


def save_fit(fit: Fit | PassFit, path: Path) -> Path:
    """Write a fit; an existing file is replaced whole or not at all."""
    tree = fit.posterior.copy()
    table = fit.passes if isinstance(fit, PassFit) else fit.runs
    tree["runs"] = xr.DataTree(_from_table(table))
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
    with replacing(path) as part:
        tree.to_netcdf(part, engine="h5netcdf")
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which then takes the place of `path`, whole or not at all.

    Raises
    ------
    OutputError
        If the path can't be written; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


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
        table = _to_table(tree["runs"].to_dataset())
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


def _from_table(runs: pd.DataFrame) -> xr.Dataset:
    """Turn a table into a dataset; texts are JSON, so that a missing one stays missing."""
    columns = {}
    for name in runs.columns:
        column = runs[name]
        if pd.api.types.is_bool_dtype(column):
            values, kind = column.to_numpy(dtype="int8"), "bool"
        elif pd.api.types.is_numeric_dtype(column):
            values, kind = column.to_numpy(dtype=float), "number"
        else:
            texts = [None if pd.isna(item) else str(item) for item in column]
            values, kind = np.array([json.dumps(text) for text in texts], dtype=object), "text"
        columns[str(name)] = ("row", values, {"kind": kind})
    return xr.Dataset(columns)


def _to_table(dataset: xr.Dataset) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, values in dataset.data_vars.items():
        kind = values.attrs["kind"]
        if kind == "text":
            columns[str(name)] = [json.loads(str(item)) for item in values.values]
        else:
            columns[str(name)] = values.values.astype(bool if kind == "bool" else float)
    return pd.DataFrame(columns)
