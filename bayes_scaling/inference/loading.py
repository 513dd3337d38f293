"""Read a saved fit, of this version or an earlier one, and check it against its hash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from bayes_scaling.data.table_texts import table_from_text
from bayes_scaling.errors import SavedFitError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.inference.saving import ARRAYS, SCHEMA, TABLE, contents_hash
from bayes_scaling.responses import RESPONSES, ByResponse
from bayes_scaling.specification.spec import parse_spec


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
            "notes": tuple(json.loads(tree.attrs.get("notes", "[]"))),
        }
        own = RESPONSES[spec.response]
        return RESTORED[own.name](own.check(table), tree["constant_data"].to_dataset(), common)
    except KeyError as error:
        raise SavedFitError(f"{path}: incomplete, lacks {error}. Fit again.") from None


def _loss_fit(runs: pd.DataFrame, constant: xr.Dataset, common: dict[str, Any]) -> Fit:
    names = [str(name) for name in constant["family"].values]
    reference = dict(zip(names, map(float, constant["reference"].values), strict=True))
    return Fit(runs=runs, design=make_design(common["spec"], runs, reference), **common)


def _pass_fit(passes: pd.DataFrame, constant: xr.Dataset, common: dict[str, Any]) -> PassFit:
    design = make_pass_design(common["spec"], passes, float(constant["reference"]))
    return PassFit(passes=passes, design=design, **common)


RESTORED: ByResponse[Callable[..., Fit | PassFit]] = {"loss": _loss_fit, "passes": _pass_fit}


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
