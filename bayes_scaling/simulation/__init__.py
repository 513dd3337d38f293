"""Data drawn from a model."""

from bayes_scaling.simulation.simulating import simulate

__all__ = ["simulate"]
