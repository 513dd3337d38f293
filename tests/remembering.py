"""Draws that a test run has made before, so that no posterior is sampled twice.

The same model, data and settings give the same draws; tests marked ``afresh`` show that, and what
else is said of the sampler itself. All others may have draws that any process of this run made.
Only the package's own laws are remembered: a test's law isn't known by its name.
"""

import hashlib
import json
import os

import numpy as np
import xarray as xr

from bayes_scaling.inference import nuts, plain_sampling, sampling
from bayes_scaling.inference.passes import sampling as passes_sampling

STATISTIC = "statistic "
STEPS = "gradient evaluations"
DIMS = ("chain", "draw")


def remember_draws(patch, folder, wanted):
    """Keep the sampler's draws in a folder, and give them again while `wanted()` says so."""
    draw = nuts.draw

    def remembered(recipe, arrays, *, progress=None, **settings):
        if not (wanted() and recipe.is_shipped):
            return draw(recipe, arrays, progress=progress, **settings)
        place = folder / f"{_key(recipe, arrays, settings)}.npz"
        if not place.exists():
            found = draw(recipe, arrays, progress=progress, **settings)
            _keep(found, place)
            return found
        if progress:
            whole = settings["chains"] * (settings["draws"] + settings["tune"])
            progress(whole, whole)
        return _read(place, settings["tune"])

    for module in (nuts, sampling, plain_sampling, passes_sampling):
        patch.setattr(module, "draw", remembered)


def _key(recipe, arrays, settings):
    said = hashlib.sha256(repr((recipe.structure, recipe.sizes, recipe.outputs)).encode())
    said.update(json.dumps(settings, sort_keys=True, default=float).encode())
    for name, values in arrays.items():
        own = np.ascontiguousarray(values)
        said.update(f"{name} {own.dtype} {own.shape}".encode())
        said.update(own.tobytes())
    return said.hexdigest()


def _keep(found, place):
    statistics = {STATISTIC + name: own.values for name, own in found.sample_stats.items()}
    part = place.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, **found.values, **statistics, **{STEPS: found.gradient_evaluations})
    part.replace(place)


def _read(place, tune):
    with np.load(place) as kept:
        whole = dict(kept)
    steps = int(whole.pop(STEPS))
    names = [name for name in whole if name.startswith(STATISTIC)]
    statistics = {name.removeprefix(STATISTIC): (DIMS, whole.pop(name)) for name in names}
    return nuts.Draws(whole, xr.Dataset(statistics, attrs={"tune": tune}), steps)
