"""Parquet files."""

from pathlib import Path

import pandas as pd

from bayes_scaling.errors import DataError


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a parquet file: a row a run."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} isn't a parquet file that can be read: {error}.") from error
