"""The posterior report: one HTML file for people who will never open Python."""

from bayes_scaling.reporting.writing import report

__all__ = ["report"]
