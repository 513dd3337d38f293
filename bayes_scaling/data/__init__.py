"""What was measured: tables of runs and of pass counts, read, checked and hashed."""

from bayes_scaling.data.buckets import HARDEST, default_buckets, form_buckets
from bayes_scaling.data.checking import check
from bayes_scaling.data.compute import parse_compute, parse_count
from bayes_scaling.data.estimators import pass_at_k, restrict_solved_by_all
from bayes_scaling.data.examples import example
from bayes_scaling.data.hashing import response_hash, table_hash
from bayes_scaling.data.notices import PassesWarning, RunsWarning
from bayes_scaling.data.pass_tables import check_passes, unit_keys
from bayes_scaling.data.passes import read_passes
from bayes_scaling.data.remarks import Remark
from bayes_scaling.data.runs import read_runs
from bayes_scaling.data.tables import check_runs

__all__ = [
    "HARDEST",
    "PassesWarning",
    "Remark",
    "RunsWarning",
    "check",
    "check_passes",
    "check_runs",
    "default_buckets",
    "example",
    "form_buckets",
    "parse_compute",
    "parse_count",
    "pass_at_k",
    "read_passes",
    "read_runs",
    "response_hash",
    "restrict_solved_by_all",
    "table_hash",
    "unit_keys",
]
