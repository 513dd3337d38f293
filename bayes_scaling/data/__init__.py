"""What was measured: tables of runs and of pass counts, read, checked and hashed."""

from bayes_scaling.data.amount_checks import demand_one_unit
from bayes_scaling.data.buckets import HARDEST, default_buckets, form_buckets
from bayes_scaling.data.by_run import attach_losses
from bayes_scaling.data.checking import check_quantities, check_table
from bayes_scaling.data.compute import amount_of, parse_compute, parse_count
from bayes_scaling.data.estimators import pass_at_k, restrict_solved_by_all
from bayes_scaling.data.examples import example
from bayes_scaling.data.hashing import is_table_of, response_hash, table_hash
from bayes_scaling.data.notices import PassesWarning, RunsWarning
from bayes_scaling.data.pass_tables import check_passes, unit_keys
from bayes_scaling.data.passes import read_passes
from bayes_scaling.data.quantities import (
    CHECKS,
    REFUSALS,
    demand_meaning,
    first_refusal,
)
from bayes_scaling.data.remarks import Remark
from bayes_scaling.data.runs import read_runs
from bayes_scaling.data.score_tables import check_scores
from bayes_scaling.data.scores import read_scores
from bayes_scaling.data.sweeps import check_sweep, read_sweep
from bayes_scaling.data.tables import check_runs

__all__ = [
    "CHECKS",
    "HARDEST",
    "REFUSALS",
    "PassesWarning",
    "Remark",
    "RunsWarning",
    "amount_of",
    "attach_losses",
    "check_passes",
    "check_quantities",
    "check_runs",
    "check_scores",
    "check_sweep",
    "check_table",
    "default_buckets",
    "demand_meaning",
    "demand_one_unit",
    "example",
    "first_refusal",
    "form_buckets",
    "is_table_of",
    "parse_compute",
    "parse_count",
    "pass_at_k",
    "read_passes",
    "read_runs",
    "read_scores",
    "read_sweep",
    "response_hash",
    "restrict_solved_by_all",
    "table_hash",
    "unit_keys",
]
