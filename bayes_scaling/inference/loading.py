"""Read a saved fit, of this version or an earlier one, and check it against its hash."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from bayes_scaling.data.table_texts import table_from_text
from bayes_scaling.errors import SavedFitError
from bayes_scaling.inference.design import Design, Root
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.forms import form_of
from bayes_scaling.inference.older_fits import with_weights_of_counts, with_weights_of_losses
from bayes_scaling.inference.saving import ARRAYS, ASKED, SCHEMA, TABLE, contents_hash
from bayes_scaling.responses import RESPONSES, ByResponse
from bayes_scaling.specification.spec import Spec, parse_spec


def read_fit(path: Path) -> Fit:
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
        own = RESPONSES[spec.response]
        table = own.table(table, spec)
        kept = (*ARRAYS, *(name for name in ASKED if name in tree.children))
        groups = {name: tree[name].to_dataset() for name in kept}
        design = design_of(spec, table, _references(spec, groups["constant_data"]))
        design = replace(design, roots=_roots(spec, design, groups["constant_data"]))
        seed = int(tree.attrs["random_seed"])
        mended = MENDED[own.name](spec, design, groups["posterior"], seed)
        return Fit(
            spec=spec,
            table=table,
            posterior=xr.DataTree.from_dict(groups | {"posterior": mended}),
            diagnosis=Diagnosis.from_json(tree.attrs["diagnosis"]),
            design=design,
            random_seed=seed,
            versions=json.loads(tree.attrs["versions"]),
            notes=tuple(json.loads(tree.attrs.get("notes", "[]"))),
        )
    except KeyError as error:
        raise SavedFitError(f"{path}: incomplete, lacks {error}. Fit again.") from None


MENDED: ByResponse[Callable[[Spec, Design, xr.Dataset, int], xr.Dataset]] = {
    "loss": with_weights_of_losses,
    "passes": with_weights_of_counts,
    "score": lambda spec, design, posterior, seed: posterior,  # noqa: ARG005 - none is older
}


def _roots(spec: Spec, design: Design, constant: xr.Dataset) -> dict[str, Root]:
    """Read the roots that a fit kept, or find those of a fit from before they were."""
    names = [term.name for term in active_terms(spec)]
    if not all(f"{name}_root" in constant for name in names):
        return form_of(spec, design).roots(spec, design)
    return {
        name: Root(constant[f"{name}_root"].values, constant[f"{name}_left_out"].values)
        for name in names
    }


def _references(spec: Spec, constant: xr.Dataset) -> dict[str, Any]:
    """Read where each covariate's logarithm was zero, by family: by none, of counts once."""
    one = len(spec.columns) == 1
    saved = {name: constant["reference" if one else f"reference_{name}"] for name in spec.columns}
    names = [str(name) for name in constant["family"].values] if "family" in constant else []
    return {
        name: dict(zip(names, map(float, values.values), strict=True))
        if values.ndim
        else float(values)
        for name, values in saved.items()
    }


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
