"""Parquet files."""

from io import BytesIO
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.text import PACKED, read_bytes
from bayes_scaling.errors import DataError


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a parquet file: a row a run."""
    try:
        packed = path.name.lower().endswith(PACKED)
        return pd.read_parquet(BytesIO(read_bytes(path)) if packed else path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} isn't a parquet file that can be read: {error}.") from error
