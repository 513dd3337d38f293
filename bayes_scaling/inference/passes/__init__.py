"""Fitting pass rates: counts of successes, problem by problem."""
