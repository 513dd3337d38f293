"""Small published tables of runs.

Facts from Dey et al. (2023), "Cerebras-GPT: Open Compute-Optimal Language Models Trained on the
Cerebras Wafer-Scale Cluster", arXiv 2304.03208, Tables 1, 3 and 8. The README beside this file
says more.
"""

from importlib.resources import as_file, files

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_csv
from bayes_scaling.data.tables import check_runs
from bayes_scaling.errors import DataError, suggest


def example(name: str) -> pd.DataFrame:
    """Read a published table of runs.

    Parameters
    ----------
    name : str
        'cerebras_gpt' (seven models), 'cerebras_gpt_mup' (their five twins with maximal update
        parameterization) or 'pythia' (eight models).

    Returns
    -------
    DataFrame
        A checked table: run, family, compute (training FLOP as printed in the paper),
        compute_from, params, tokens, loss (test loss on the Pile, nats per token).

    Raises
    ------
    DataError
        If there is no such table.

    References
    ----------
    Dey et al. (2023), arXiv 2304.03208.

    Examples
    --------
    >>> example("cerebras_gpt")[["run", "compute", "loss"]].tail(2)
                     run       compute   loss
    5  Cerebras-GPT-6.7B  6.300000e+21  1.704
    6   Cerebras-GPT-13B  2.300000e+22  1.572
    """
    names = example_names()
    if name not in names:
        raise DataError(f"there is no example {name!r}; {suggest(str(name), names)}")
    with as_file(files(__name__) / f"{name}.csv") as path:
        return check_runs(read_csv(path))


def example_names() -> tuple[str, ...]:
    """List the published tables.

    Examples
    --------
    >>> example_names()
    ('cerebras_gpt', 'cerebras_gpt_mup', 'pythia')
    """
    names = (resource.name for resource in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))
