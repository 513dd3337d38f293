"""A specification: one TOML file, every key checked, as a frozen record."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayes_scaling.errors import SpecError
from bayes_scaling.specification.discrepancy import Discrepancy
from bayes_scaling.specification.laws.law import Coordinates, Law
from bayes_scaling.specification.noise import Noise
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.reading import Reader
from bayes_scaling.specification.vocabulary import VOCABULARIES
from bayes_scaling.specification.writing import to_toml

SHIFT = "shift_"  # and the covariate that groups of runs shift

KEYS = {
    "title",
    "cite",
    "response",
    "metric",
    "law",
    "along",
    "noise",
    "priors",
    "effects",
    "discrepancy",
}


@dataclass(frozen=True)
class Spec:
    """What is believed before the data are seen.

    Two specs are equal when their texts are. Read one with `load_model`.

    Attributes
    ----------
    name : str
        Name on the shelf, or the file's stem.
    text : str
        The TOML text, whole: what a saved fit carries.
    title : str
    cite : tuple of str
    response : str
        The column that is modelled.
    law : Law
    coordinates : Coordinates
        The coordinates of the law in which the priors are stated.
    noise : Noise
    priors : mapping of str to float or Prior
        A number pins its parameter.
    discrepancy : tuple of Discrepancy
    effects : mapping of str to float or Prior
        Standard deviations of effects, ``sigma_run`` for one of each run.
    metric : {"cross_entropy", "error_rate", "other"} or None
        What the priors of a loss were made for; None where the file doesn't say.
    columns : tuple of str
        The covariates: those of the law, or the one that ``along`` names.
    """

    name: str = field(compare=False)
    text: str
    title: str = field(compare=False)
    cite: tuple[str, ...] = field(compare=False)
    response: str = field(compare=False)
    law: Law = field(compare=False)
    coordinates: Coordinates = field(compare=False)
    noise: Noise = field(compare=False)
    noise_name: str = field(compare=False)
    priors: Mapping[str, float | Prior] = field(compare=False)
    discrepancy: tuple[Discrepancy, ...] = field(compare=False)
    effects: Mapping[str, float | Prior] = field(compare=False, default_factory=dict)
    metric: str | None = field(compare=False, default=None)
    columns: tuple[str, ...] = field(compare=False, default=("compute",))

    @property
    def stated(self) -> dict[str, float | Prior]:
        """All parameters: of the law and the noise, effects, amplitudes of the discrepancy."""
        own = {term.name: term.amplitude for term in self.discrepancy}
        return {**self.priors, **self.effects, **own}

    @property
    def pinned(self) -> dict[str, float]:
        """The parameters that are numbers."""
        return {k: v for k, v in self.stated.items() if not isinstance(v, Prior)}

    @property
    def free(self) -> dict[str, Prior]:
        """The parameters that have priors, amplitudes of the discrepancy included."""
        return {k: v for k, v in self.stated.items() if isinstance(v, Prior)}

    @property
    def shifts(self) -> dict[str, str]:
        """The parameters that groups of runs add to the logarithm of a covariate, by covariate."""
        named = {name: SHIFT + name for name in self.columns}
        return {name: own for name, own in named.items() if own in self.priors}

    @property
    def groups(self) -> frozenset[str]:
        """The columns whose groups have parameters or discrepancies of their own."""
        over = {
            prior.over for outer in self.free.values() for prior in (outer, *outer.nested.values())
        }
        over |= {term.over for term in self.discrepancy}
        return frozenset(name for name in over if name)

    def with_priors(self, **priors: float | Mapping[str, Any]) -> "Spec":
        """Return a copy with other priors or pins.

        Parameters
        ----------
        **priors
            A number pins a parameter; a mapping is what stands under ``[priors.name]``. The law may
            be restated in other coordinates: ``c`` replaces ``floor_share``, and ``a, b, c``
            together replace all. The name of a discrepancy's amplitude (``amplitude``,
            ``amplitude_2``) sets that amplitude; 0 leaves the discrepancy out. So does the name of
            an effect's standard deviation, such as ``sigma_run``.

        Returns
        -------
        Spec

        Raises
        ------
        SpecError
            As for a file that says the same.

        Examples
        --------
        >>> from bayes_scaling.specification.shelf import load_model
        >>> load_model("loss").with_priors(nu=4).pinned["nu"]
        4.0
        """
        table = tomllib.loads(self.text)
        for term, written in zip(self.discrepancy, table.get("discrepancy", []), strict=True):
            if term.name in priors:
                written["amplitude"] = priors.pop(term.name)
        for name in self.effects.keys() & priors.keys():
            table["effects"][name.removeprefix("sigma_")] = priors.pop(name)
        table["priors"] = self._restated({**table["priors"], **priors}, priors.keys())
        return parse_spec(to_toml(table), name=self.name)

    def along(self, column: str) -> "Spec":
        """Return a copy whose law of one covariate runs along another column.

        Priors stay as they are: those of the shelf were learned along compute.

        Parameters
        ----------
        column : str
            Of positive amounts, such as ``examples`` or ``tokens``.

        Raises
        ------
        SpecError
            If the law has several covariates, or the name is one of another meaning.

        Examples
        --------
        >>> from bayes_scaling.specification.shelf import load_model
        >>> load_model("loss_late_start").along("examples").columns
        ('examples',)
        """
        if self.columns == (column,):
            return self
        table = tomllib.loads(self.text)
        table["along"] = column
        if (was := SHIFT + self.columns[0]) in table["priors"]:
            table["priors"][SHIFT + column] = table["priors"].pop(was)
        for written in table.get("discrepancy", []):
            written["along"] = [column]
        return parse_spec(to_toml(table), name=self.name)

    def _restated(self, merged: dict[str, Any], given: Collection[str]) -> dict[str, Any]:
        """Leave out the parameters of the law that the given ones replace."""
        ways = self.law.ways(self.response)
        every = {name for way in ways for name in way.parameters}
        asked = every & set(given)
        for way in (self.coordinates, *ways):
            own = set(way.parameters)
            if asked <= own <= merged.keys():
                dropped = every - own
                return {name: value for name, value in merged.items() if name not in dropped}
        return merged


def scale_column(spec: Spec) -> str:
    """Name the column that checks of a ladder go along: compute, unless a model has another.

    A model that measures its covariate by compute has both.
    """
    alone = len(spec.columns) == 1 and spec.law.link is None
    return spec.columns[0] if alone else "compute"


def parse_spec(text: str, *, name: str, source: str | None = None) -> Spec:
    """Read a specification from TOML text.

    Parameters
    ----------
    text : str
        The TOML.
    name : str
        What to call it.
    source : str, optional
        What errors call it; the name by default.

    Returns
    -------
    Spec

    Raises
    ------
    SpecError
        If the text isn't TOML, or a key, law, prior, column or number isn't allowed.
    """
    source = source or name
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{source}: not valid TOML: {error}.") from None
    plain = Reader(source)
    plain.keys(table, "", required={"title", "response", "law", "noise", "priors"})
    plain.known(table, "", KEYS)
    response = plain.choice(table["response"], "response", set(VOCABULARIES))
    reader = Reader(source, response)
    law = reader.law(table["law"])
    noise_name, noise = reader.noise(table["noise"])
    columns = reader.columns(table.get("along"), law)
    shifts = {SHIFT + name for name in columns if reader.words.shifting}
    coordinates, priors = reader.priors(table["priors"], law, noise, shifts)
    return Spec(
        name=name,
        text=text,
        title=reader.text(table["title"], "title"),
        cite=tuple(reader.texts(table.get("cite", []), "cite")),
        response=response,
        law=law,
        coordinates=coordinates,
        noise=noise,
        noise_name=noise_name,
        priors=priors,
        discrepancy=reader.discrepancies(table.get("discrepancy", []), columns),
        effects=reader.effects(table.get("effects", {})),
        metric=reader.metric(table.get("metric")),
        columns=columns,
    )


def read_spec(path: Path) -> Spec:
    """Read a specification from a TOML file; raises SpecError if it can't be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError(f"{path}: can't be read as a model: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path}: can't be read as a model: it isn't UTF-8 text.") from None
    return parse_spec(text, name=path.stem, source=str(path))
