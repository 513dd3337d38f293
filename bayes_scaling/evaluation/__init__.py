"""Judge fits and forecasts: whether the sampler is right, and whether the intervals are."""
