"""What losses may be: the kinds of metric that a specification and a table can name."""

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "cross_entropy": "cross-entropies",
    "error_rate": "error rates",
    "other": "measures of another kind",
}
