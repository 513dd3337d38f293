"""Answers to what to run, computed from the draws of fits: frozen records with a `summary`."""

from bayes_scaling.decision.allocation import Allocation, optimal_allocation
from bayes_scaling.decision.choices import Choice, next_run
from bayes_scaling.decision.crossings import Crossing, crossing
from bayes_scaling.decision.emergences import Emergence, emergence
from bayes_scaling.decision.floors import FloorValue, value_of_floor
from bayes_scaling.decision.gains import Gain, equivalent_compute
from bayes_scaling.decision.isoflops import isoflop_minima
from bayes_scaling.decision.passages import Passage, compute_for
from bayes_scaling.decision.shapes import Shape, shape

__all__ = [
    "Allocation",
    "Choice",
    "Crossing",
    "Emergence",
    "FloorValue",
    "Gain",
    "Passage",
    "Shape",
    "compute_for",
    "crossing",
    "emergence",
    "equivalent_compute",
    "isoflop_minima",
    "next_run",
    "optimal_allocation",
    "shape",
    "value_of_floor",
]
