"""The frozen record of a fit: what was believed, measured and found."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.data import response_hash, table_hash
from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.inference.describing import as_html, describe_fit
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.responses import RESPONSES, Response
from bayes_scaling.specification.prior_draws import draw_prior, quoted
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

PRIOR_DRAWS = 20_000
LIMIT = 0.995  # of a prior; a posterior median beyond it contradicts it
ONE_EACH = {"family": 1, "recipe": 1, "problem": 1, "bucket": 1}
HIDDEN = frozenset({"precision"})  # kept for forecasts only
SUMMARY_COLUMNS = ("mean", "sd", "q05", "median", "q95", "sd_ratio", "prior")


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted to data.

    Attributes
    ----------
    spec : Spec
        What was believed.
    table : DataFrame
        What was measured, checked: runs, or counts with the buckets that the model used.
    posterior : xarray.DataTree
        Groups ``posterior`` (parameters, and those that people quote; of counts also those of
        problems, and effects and discrepancies at the runs), ``sample_stats``, ``observed_data``,
        ``constant_data``: what ArviZ reads.
    diagnosis : Diagnosis
        Whether the draws can be trusted.
    design : Design
        The arrays that the model read; ``design.references`` holds C0.
    random_seed : int
    versions : mapping of str to str
        Of the packages that made it.
    notes : tuple of str
        What was remarked on quantities, how columns were read, and what the fit did on its own.
    """

    spec: Spec
    table: pd.DataFrame
    posterior: xr.DataTree
    diagnosis: Diagnosis
    design: Design
    random_seed: int
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join(describe_fit(self))

    def _repr_html_(self) -> str:
        return as_html(describe_fit(self)[:-1], self.summary(), self.notes)

    @property
    def response(self) -> Response:
        """What was modelled."""
        return RESPONSES[self.spec.response]

    @property
    def runs(self) -> pd.DataFrame:
        """The old name of ``table``, of losses."""
        return self._renamed("runs")

    @property
    def passes(self) -> pd.DataFrame:
        """The old name of ``table``, of counts."""
        return self._renamed("passes")

    def _renamed(self, old: str) -> pd.DataFrame:
        warnings.warn(
            f"Fit.{old} is Fit.table now; the old name goes with the next version.",
            FutureWarning,
            stacklevel=3,
        )
        return self.table

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the ladders that were fitted."""
        return self.design.families

    @property
    def data_hash(self) -> str:
        """SHA-256 of the whole checked table: what a seal stores."""
        return table_hash(self.table)

    @property
    def response_hash(self) -> str:
        """SHA-256 of the responses and their keys: what a comparison demands to be equal."""
        own = self.response
        return response_hash(self.table, own.columns, own.keys_of(self.table))

    @property
    def reference(self) -> pd.Series:
        """Where each covariate's logarithm is zero: C0 in FLOP by family, for a law of compute.

        For a law of several covariates, by covariate and family. `fit` takes it as ``reference``.
        """
        references = self.design.references
        if len(references) == 1:
            index = pd.Index(self.families, name="family")
            return pd.Series(next(iter(references.values())), index=index, name="reference")
        index = pd.MultiIndex.from_product(
            [references, self.families], names=["covariate", "family"]
        )
        return pd.Series(np.concatenate(list(references.values())), index, name="reference")

    def pymc_model(self) -> Any:
        """Build the model as it is written down, for PyMC's own tools.

        The sampler moved in other coordinates of the same posterior. Of many runs it holds the
        discrepancy by few weights, and what these leave out, below 5 % of sigma at the priors'
        medians, as noise.

        Returns
        -------
        pm.Model
        """
        from bayes_scaling.inference.plain import build_plain

        return build_plain(self.spec, self.design)

    def prior_predictive(self, draws: int = 1000, random_seed: int | None = None) -> xr.DataTree:
        """Draw what the model expects of the fitted runs before it sees any response.

        Parameters
        ----------
        draws : int
        random_seed : int, optional
            By default the fit's.

        Returns
        -------
        xarray.DataTree
            Groups ``prior`` (parameters), ``prior_predictive`` (the response; dims
            ``chain, draw, run``, one chain) and ``observed_data``: what ArviZ's plots read.

        Examples
        --------
        >>> import bayes_scaling as bs
        >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
        >>> tree = bs.fit("loss", small, random_seed=1).prior_predictive()
        >>> dict(tree["prior_predictive"].sizes)
        {'chain': 1, 'draw': 1000, 'run': 5}
        """
        from bayes_scaling.inference.prior_predictive import draw_prior_predictive

        if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
            raise DataError(f"draws: expected a positive integer, got {draws!r}.")
        seed = self.random_seed if random_seed is None else random_seed
        rng = np.random.default_rng([seed, 5])
        return draw_prior_predictive(self.spec, self.design, draws, rng)

    @cached_property
    def prior_sd(self) -> dict[str, float]:
        """Prior standard deviation of each parameter of one ladder, pooling included."""
        return {name: float(np.std(values)) for name, values in self.prior_draws().items()}

    @cached_property
    def prior_limit(self) -> dict[str, float]:
        """The 99.5 % point of each parameter's prior, of one ladder, pooling included."""
        drawn = self.prior_draws()
        return {name: float(np.quantile(values, LIMIT)) for name, values in drawn.items()}

    def prior_draws(self) -> dict[str, Array]:
        """Draw the parameters of one ladder, or of one problem of one, from their priors.

        Returns
        -------
        dict of str to ndarray
            20,000 draws of each, and of what follows from them, the same on every call.
        """
        return draw_prior(self.spec, ONE_EACH, PRIOR_DRAWS, np.random.default_rng(0))

    def summary(
        self, by: str = "population", *, reference: float | Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Tabulate the posterior beside the prior.

        Parameters
        ----------
        by : {"population", "problem"}
            What all share and each family or bucket has; or, of counts, a row a parameter and
            problem.
        reference : float, optional
            Restate ``a`` at this compute, FLOP, instead of each family's C0.

        Returns
        -------
        DataFrame
            A row a parameter (``level``, or ``level[family]``), columns ``mean, sd, q05, median,
            q95, sd_ratio, prior``. ``sd_ratio`` is the posterior's standard deviation over the
            prior's: near 1, the data said nothing. That of ``a`` and ``c``, where they are quoted
            and not stated, is their share's.

        Examples
        --------
        >>> import bayes_scaling as bs
        >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
        >>> fit = bs.fit("loss", small, random_seed=1)
        >>> bool(fit.summary().loc["elasticity", "sd_ratio"] < 0.5)
        True
        """
        levels = ("population", *({"problem"} & self.spec.groups))
        if by not in levels:
            raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), levels)}")
        posterior = self.posterior["posterior"].to_dataset()
        if reference is not None:
            posterior = self._restated(posterior, reference)
        rows = {}
        for name, values in posterior.data_vars.items():
            own = set(values.dims) - {"chain", "draw"}
            if (
                len(own) > 1
                or name in HIDDEN
                or any(dim.endswith("weight") for dim in map(str, own))
            ):
                continue
            if ("problem" in own) != (by == "problem"):
                continue
            prior_sd, prior = self.prior_sd.get(str(name), 0.0), self._prior(str(name))
            for label, column in labelled_columns(str(name), values):
                rows[label] = posterior_row(column, prior_sd, prior)
        if by == "population":
            for name, pinned in self.spec.pinned.items():
                if name not in rows:  # one that is was restated at another compute
                    rows[name] = pinned_row(pinned)
            self._take_ratios_of_share(rows)
        return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(SUMMARY_COLUMNS))

    def _take_ratios_of_share(self, rows: dict[str, dict[str, Any]]) -> None:
        """Give quoted parts of the loss, such as a and c, the ratio of the share that parts it.

        Beside the level, of which the prior knows nothing, data seem to say much of every part.
        """
        law, stated = self.spec.law, self.spec.coordinates.parameters
        share = next((name for name in law.floors if name not in law.with_unit), None)
        if share is None or share not in self.posterior["posterior"]:
            return
        for label in rows:
            name, _, own = label.partition("[")
            if name in law.parts and name not in stated:
                twin = rows.get(f"{share}[{own}") or rows[share]
                rows[label] |= {"sd_ratio": twin["sd_ratio"], "prior": f"sd_ratio is {share}'s"}

    def _prior(self, name: str) -> Prior | None:
        """Find the prior of a parameter or of an argument of one, by its name."""
        for own, prior in self.spec.free.items():
            found: Any = prior
            for key in name.removeprefix(own).split("_")[1:] if name.startswith(own) else ["?"]:
                found = found.arguments.get(key) if isinstance(found, Prior) else None
            if isinstance(found, Prior):
                return found
        return None

    def _restated(self, posterior: xr.Dataset, reference: Any) -> xr.Dataset:
        (column, base), *others = self.design.references.items()
        if others:
            raise DataError(
                f"reference: {self.spec.name} has {len(others) + 1} covariates; fit again with "
                "reference= to state it elsewhere."
            )
        if not (isinstance(reference, int | float) and np.isfinite(reference) and reference > 0):
            unit = "positive FLOP" if column == "compute" else f"a positive number of {column}"
            raise DataError(f"reference: expected {unit}, got {reference!r}.")
        drawn = {str(name): values for name, values in posterior.data_vars.items()}
        natural = quoted(self.spec, {**self.spec.pinned, **drawn})
        by_family = "family" in posterior.dims
        ratio = xr.DataArray(reference / base, dims="family") if by_family else reference / base[0]
        restated = self.spec.law.at_reference(natural, ratio)
        return posterior.assign(
            {name: drawn for name, drawn in restated.items() if isinstance(drawn, xr.DataArray)}
        )

    def save(self, path: str | Path) -> Path:
        """Save everything as one netCDF file, replaced whole or not at all.

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            If the path can't be written. The fit is then kept in a temporary place, and the error
            says where.
        """
        from bayes_scaling.inference.saving import save_fit

        return save_fit(self, Path(path))


def demand_fit(value: Any) -> Fit:
    """Return a fit as it is, and refuse what is none."""
    if not isinstance(value, Fit):
        raise BayesScalingError(
            f"fit: expected a fit, as fit returns it, got {type(value).__name__}."
        )
    return value


def labelled_columns(name: str, values: xr.DataArray) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the draws of each quantity of a variable, named as ``level`` or ``level[family]``."""
    own = [dim for dim in values.dims if dim not in {"chain", "draw"}]
    if not own:
        yield name, values.values.ravel()
        return
    (dim,) = own
    for place, label in enumerate(values[dim].values):
        yield f"{name}[{label}]", values.isel({dim: place}).values.ravel()


def posterior_row(
    column: np.ndarray[Any, Any], prior_sd: float, prior: Prior | None
) -> dict[str, Any]:
    """Describe the draws of one parameter beside its prior."""
    low, middle, high = np.quantile(column, [0.05, 0.5, 0.95])
    sd = float(np.std(column))
    return {
        "mean": float(np.mean(column)),
        "sd": sd,
        "q05": float(low),
        "median": float(middle),
        "q95": float(high),
        "sd_ratio": sd / prior_sd if prior_sd > 0 else np.nan,
        "prior": "" if prior is None else str(prior),
    }


def pinned_row(number: float) -> dict[str, Any]:
    """Describe a parameter that is a number."""
    same = dict.fromkeys(("mean", "q05", "median", "q95"), number)
    return {**same, "sd": 0.0, "prior": f"pinned at {number:g}"}
