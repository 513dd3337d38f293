"""An append-only file: bytes, hashes, locks, heads and repair; it knows nothing of forecasts."""
