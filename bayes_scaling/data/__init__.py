"""What was measured: tables of runs, read, checked and hashed."""

from bayes_scaling.data.checking import Remark, check
from bayes_scaling.data.compute import parse_compute, parse_count
from bayes_scaling.data.examples import example
from bayes_scaling.data.hashing import response_hash, table_hash
from bayes_scaling.data.runs import RunsWarning, read_runs
from bayes_scaling.data.tables import check_runs

__all__ = [
    "Remark",
    "RunsWarning",
    "check",
    "check_runs",
    "example",
    "parse_compute",
    "parse_count",
    "read_runs",
    "response_hash",
    "table_hash",
]
