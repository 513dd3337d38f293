"""Answers to what to run, computed from the draws of fits: frozen records with a `summary`."""

from bayes_scaling.decision.allocation import Allocation, optimal_allocation
from bayes_scaling.decision.choices import Choice, next_run
from bayes_scaling.decision.crossings import Crossing, crossing
from bayes_scaling.decision.emergences import Emergence, emergence
from bayes_scaling.decision.floors import FloorValue, value_of_floor
from bayes_scaling.decision.passages import Passage, compute_for
from bayes_scaling.decision.shapes import Shape, shape
from bayes_scaling.decision.transfers import Transfer, transfer

__all__ = [
    "Allocation",
    "Choice",
    "Crossing",
    "Emergence",
    "FloorValue",
    "Passage",
    "Shape",
    "Transfer",
    "compute_for",
    "crossing",
    "emergence",
    "next_run",
    "optimal_allocation",
    "shape",
    "transfer",
    "value_of_floor",
]
