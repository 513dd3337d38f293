"""What behaves differently from response to response, as one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bayes_scaling.data.scaled import check_along
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.responses.blocks import Block
from bayes_scaling.specification.spec import Spec

# What a room has of each response, by its name in a specification.
type ByResponse[T] = Mapping[str, T]

type ToTable = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class Response:
    """What is measured, and what follows from that alone.

    Attributes
    ----------
    name : str
        As a specification writes it.
    nature : str
        What its models are of, and why an option that others have says nothing of it: 'losses,
        which have no problems'.
    forecast : str
        What its forecasts are of, as in 'forecast of the pass rate'.
    rows : {"runs", "counts"}
        What the rows of its table are.
    columns : tuple of str
        The columns that are modelled.
    keys : tuple of str
        The columns that say whose response a row is, where a table has them.
    read, check : callable
        The reader of its table, and the checker of one that is there.
    units : tuple of str
        What `compare` can leave out together, what it leaves out unless told first.
    target_accept : float
        Acceptance rate that the sampler's step size aims at unless told.
    observed : mapping of str to str
        Which arrays of a design are responses, and what they are called in a fit's data.
    blocks : callable
        Takes a specification, the latent curve at the cells, the data and the noise's parameters
        there, and returns what is observed as a tuple of `Block`.
    options : frozenset of str
        The arguments of verbs that only some responses have, of which it has these.
    lacks : mapping of str to str
        The verbs that can't be done with it, and what to say of each; ``{model}`` stands for the
        model's name.
    """

    name: str
    nature: str
    forecast: str
    rows: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    read: ToTable
    check: ToTable
    units: tuple[str, ...]
    target_accept: float
    observed: Mapping[str, str]
    blocks: Callable[..., tuple[Block, ...]]
    options: frozenset[str] = frozenset()
    lacks: Mapping[str, str] = field(default_factory=dict)

    def table(self, data: Any, along: str = "compute") -> pd.DataFrame:
        """Check a table, or read one from wherever it lies; `along` may stand for its compute."""
        if isinstance(data, pd.DataFrame):
            return check_along(data, along, self.check)
        return self.read(data, along=along)

    def keys_of(self, table: pd.DataFrame) -> list[str]:
        """List the columns that say whose response a row of a checked table is."""
        return [key for key in self.keys if key in table]

    def own_options(self, model: str, **given: Any) -> dict[str, Any]:
        """Keep the options that it has, and refuse others that were given.

        Raises
        ------
        DataError
            If an option that it doesn't have was given.
        """
        for name, value in given.items():
            if name not in self.options and value is not None:
                raise DataError(f"{name}: {model} is a model of {self.nature}; leave {name} away.")
        return {name: value for name, value in given.items() if name in self.options}

    def has_model(self, spec: Spec) -> bool:
        """Say whether a specification is of it."""
        return spec.response == self.name

    def demand(
        self, verb: str, model: str = "", error: type[BayesScalingError] = BayesScalingError
    ) -> None:
        """Demand that something can be done with it; else raise the error that says why not."""
        if verb in self.lacks:
            raise error(self.lacks[verb].format(model=model))
