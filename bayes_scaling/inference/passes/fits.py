"""The frozen record of a fit of pass rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import response_hash, table_hash
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.inference.design import LADDER
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import (
    LIMIT,
    PRIOR_DRAWS,
    SUMMARY_COLUMNS,
    labelled_columns,
    pinned_row,
    posterior_row,
)
from bayes_scaling.inference.passes.design import PassDesign
from bayes_scaling.responses import RESPONSES, Response
from bayes_scaling.specification.priors import Prior, draw_parameter
from bayes_scaling.specification.spec import Spec

LEVELS = ("population", "problem")


@dataclass(frozen=True, eq=False)
class PassFit:
    """A model of pass rates fitted to counts.

    Attributes
    ----------
    spec : Spec
        What was believed.
    passes : DataFrame
        What was measured, checked, with the buckets that the model used.
    posterior : xarray.DataTree
        Groups ``posterior`` (population, problems, effects and discrepancies at the runs),
        ``sample_stats``, ``observed_data``, ``constant_data``: what ArviZ reads.
    diagnosis : Diagnosis
        Whether the draws can be trusted.
    design : PassDesign
        The arrays that the model read; ``design.reference`` holds C0.
    random_seed : int
    versions : mapping of str to str
        Of the packages that made it.
    notes : tuple of str
        What the fit did on its own: how buckets were formed, whether problems were left to
        recovery.
    """

    spec: Spec
    passes: pd.DataFrame
    posterior: xr.DataTree
    diagnosis: Diagnosis
    design: PassDesign
    random_seed: int
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def response(self) -> Response:
        """What was modelled."""
        return RESPONSES[self.spec.response]

    @property
    def table(self) -> pd.DataFrame:
        """What was measured, checked: the counts."""
        return self.passes

    @property
    def families(self) -> tuple[str, ...]:
        """Name of the one family that was fitted, as `Fit` names its families."""
        found = self.passes["family"].dropna().unique() if "family" in self.passes else ()
        return tuple(map(str, found)) or (LADDER,)

    @property
    def reference(self) -> pd.Series:
        """Reference compute C0 of the family, FLOP."""
        index = pd.Index(self.families, name="family")
        return pd.Series(self.design.reference, index=index, name="reference")

    @property
    def data_hash(self) -> str:
        """SHA-256 of the whole checked table: what a seal stores."""
        return table_hash(self.passes)

    @property
    def response_hash(self) -> str:
        """SHA-256 of the counts and their keys: what a comparison demands to be equal."""
        own = self.response
        return response_hash(self.table, own.columns, own.keys_of(self.table))

    def pymc_model(self) -> Any:
        """Build the model as it is written down, for PyMC's own tools.

        Returns
        -------
        pm.Model
        """
        from bayes_scaling.inference.passes.graph import build_pass_model

        return build_pass_model(self.spec, self.design)

    @cached_property
    def prior_sd(self) -> dict[str, float]:
        """Prior standard deviation of each parameter of one problem, pooling included."""
        return {name: float(np.std(values)) for name, values in self.prior_draws().items()}

    @cached_property
    def prior_limit(self) -> dict[str, float]:
        """The 99.5 % point of each parameter's prior, of one problem, pooling included."""
        drawn = self.prior_draws()
        return {name: float(np.quantile(values, LIMIT)) for name, values in drawn.items()}

    def prior_draws(self) -> dict[str, Any]:
        """Draw the parameters of one problem from their priors, with what problems share.

        Returns
        -------
        dict of str to ndarray
            20,000 draws of each, the same on every call.
        """
        rng = np.random.default_rng(0)
        drawn: dict[str, Any] = {}
        one = {"problem": 1, "bucket": 1}
        for name, prior in self.spec.stated.items():
            inside = {"problem": np.zeros(1, dtype=np.int64)}
            drawn |= draw_parameter(name, prior, one, PRIOR_DRAWS, rng, inside=inside)
        return drawn

    def summary(self, by: str = "population") -> pd.DataFrame:
        """Tabulate the posterior beside the prior.

        Parameters
        ----------
        by : {"population", "problem"}
            What problems share, or a row a parameter and problem.

        Returns
        -------
        DataFrame
            Columns ``mean, sd, q05, median, q95, sd_ratio, prior``. ``sd_ratio`` is the posterior's
            standard deviation over the prior's: near 1, the data said nothing.

        Examples
        --------
        >>> import bayes_scaling as bs
        >>> ladder = pd.DataFrame({"compute": [1e20, 4e20, 2e21, 8e21]})
        >>> counts = bs.simulate("pass_rate", ladder, random_seed=1, problems=24, n_samples=50)
        >>> fit = bs.fit("pass_rate", counts, random_seed=1)
        >>> "k_mu_mu" in fit.summary().index
        True
        """
        if by not in LEVELS:
            raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), LEVELS)}")
        posterior = self.posterior["posterior"].to_dataset()
        rows = {}
        for name, values in posterior.data_vars.items():
            own = set(values.dims) - {"chain", "draw"}
            if len(own) > 1 or "weight" in own or ("problem" in own) != (by == "problem"):
                continue
            prior_sd, prior = self.prior_sd.get(str(name), 0.0), self._prior(str(name))
            for label, column in labelled_columns(str(name), values):
                rows[label] = posterior_row(column, prior_sd, prior)
        if by == "population":
            rows |= {name: pinned_row(number) for name, number in self.spec.pinned.items()}
        return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(SUMMARY_COLUMNS))

    def _prior(self, name: str) -> Prior | None:
        """Find the prior of a parameter or of an argument of one, by its name."""
        for own, prior in self.spec.free.items():
            found: Any = prior
            for key in name.removeprefix(own).split("_")[1:] if name.startswith(own) else ["?"]:
                found = found.arguments.get(key) if isinstance(found, Prior) else None
            if isinstance(found, Prior):
                return found
        return None

    def save(self, path: str | Path) -> Path:
        """Save everything as one netCDF file, replaced whole or not at all.

        Raises
        ------
        OutputError
            If the path can't be written. The fit is then kept in a temporary place, and the error
            says where.
        """
        from bayes_scaling.inference.saving import save_fit

        return save_fit(self, Path(path))
