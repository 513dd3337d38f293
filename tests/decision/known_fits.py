"""Fits whose draws are given: no sampling, so that decisions can be held against their formulas."""

import numpy as np
import xarray as xr

from bayes_scaling.data import check_runs
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit

CONVERGED = Diagnosis(1.0, 1e4, 1e4, "level", 0, 4000, 1.0, 50_000, 0.95)
FAILED = Diagnosis(1.2, 20.0, 20.0, "level", 9, 4000, 1.0, 50_000, 0.95)


def known(spec, runs, reference=None, diagnosis=CONVERGED, **draws):
    """A fit of a law alone with the draws that are given of each parameter."""
    table = check_runs(runs)
    count = max(np.size(value) for value in draws.values())
    whole = {name: np.broadcast_to(value, (1, count)) for name, value in draws.items()}
    posterior = xr.Dataset({name: (("chain", "draw"), own) for name, own in whole.items()})
    tree = xr.DataTree.from_dict({"posterior": posterior})
    design = make_design(spec, table, reference)
    return Fit(spec, table, tree, diagnosis, design, 1, {})
