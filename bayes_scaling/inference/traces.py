"""What nutpie recorded, as arrays: its Arrow tables are read without a tree of datasets."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from bayes_scaling.arrays import Array, Flags

SHAPE = b"shape"


def after_tuning(statistics: Sequence[Any]) -> list[Flags]:
    """Return which rows of each chain are draws, from its table of statistics."""
    return [~_numbers(pa.record_batch(own), "tuning") for own in statistics]


def stack_chains(tables: Iterable[Any], kept: Iterable[Flags], name: str) -> Array:
    """Stack a column of all chains.

    Parameters
    ----------
    tables : iterable of Arrow record batches
        One a chain, a row a draw.
    kept : iterable of ndarray of bool
        Which rows of each chain to keep, as many in every chain.
    name : str

    Returns
    -------
    ndarray, shape (chains, draws, ...)
    """
    chains = [
        _numbers(pa.record_batch(table), name)[own] for table, own in zip(tables, kept, strict=True)
    ]
    return np.stack(chains)


def count_all(tables: Iterable[Any], name: str) -> int:
    """Sum a column of counts over all rows of all chains, tuning included."""
    return sum(int(_numbers(pa.record_batch(table), name).sum()) for table in tables)


def _numbers(table: pa.RecordBatch, name: str) -> Any:
    """Return a column as an array, a row a draw; what is a list has its shape beside it."""
    column = table.column(name)
    if not pa.types.is_large_list(column.type):
        return column.to_numpy(zero_copy_only=False)
    given = (table.schema.field(name).metadata or {}).get(SHAPE, b"").decode()
    shape = [int(length) for length in given.split(",") if length]
    return column.flatten().to_numpy().reshape(table.num_rows, *(shape or [-1]))
