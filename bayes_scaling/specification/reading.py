"""The vocabulary of a specification, checked key by key."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from bayes_scaling.errors import SpecError, suggest
from bayes_scaling.specification.discrepancy import KERNELS, Discrepancy
from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, REAL, Domain
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.law import Coordinates, Law
from bayes_scaling.specification.noise import NOISES, Noise
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.vocabulary import VOCABULARIES, Vocabulary

# In size; numbers beyond lose all digits against others, or aren't finite once squared.
SMALLEST = 1e-9
LARGEST = 1e9
TAKEN = {"run", "family", "loss", "loss_se", "loss_unit", "metric", "finished", "source", "ladder"}


class Reader:
    """Reads the parts of one specification; every error names the file and the key."""

    def __init__(self, source: str, response: str = "loss") -> None:
        self.source = source
        self.response = response

    @property
    def words(self) -> Vocabulary:
        """The words that a model of this response may use."""
        return VOCABULARIES[self.response]

    def fail(self, key: str, problem: str) -> SpecError:
        """Make the error for a key; the caller raises it."""
        return SpecError(f"{self.source}: {key}: {problem}" if key else f"{self.source}: {problem}")

    def keys(self, table: Any, key: str, required: set[str]) -> None:
        """Demand a table that has these keys."""
        if not isinstance(table, Mapping):
            raise self.fail(key, f"expected a table, got {table!r}.")
        missing = sorted(required - table.keys())
        if missing:
            raise self.fail(key, f"lacks {', '.join(missing)}.")

    def known(self, table: Mapping[str, Any], key: str, allowed: set[str]) -> None:
        """Refuse keys that the vocabulary doesn't have."""
        for name in table:
            if name not in allowed:
                raise self.fail(key, f"unknown key {name!r}; {suggest(name, allowed)}")

    def choice(self, value: Any, key: str, allowed: set[str]) -> str:
        """Demand one of the allowed words."""
        if not isinstance(value, str) or value not in allowed:
            raise self.fail(key, f"{value!r} is not known; {suggest(str(value), allowed)}")
        return value

    def text(self, value: Any, key: str) -> str:
        """Demand text."""
        if not isinstance(value, str):
            raise self.fail(key, f"expected text, got {value!r}.")
        return value

    def texts(self, value: Any, key: str) -> list[str]:
        """Demand a list of texts."""
        if not isinstance(value, list):
            raise self.fail(key, f"expected a list of texts, got {value!r}.")
        return [self.text(item, key) for item in value]

    def number(self, value: Any, key: str, domain: Domain) -> float:
        """Demand a number of a domain."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, f"expected {domain.words}, got {value!r}.")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not domain.holds(number):
            raise self.fail(key, f"expected {domain.words}, got {number:g}.")
        if number and not SMALLEST <= abs(number) <= LARGEST:
            raise self.fail(
                key,
                f"expected {domain.words}, and of {SMALLEST:g} to {LARGEST:g} in size, got "
                f"{number:g}.",
            )
        return number

    def law(self, value: Any) -> Law:
        """Read ``law``."""
        known = {name for name, law in LAWS.items() if law.ways(self.response)}
        return LAWS[self.choice(value, "law", known)]

    def columns(self, value: Any, law: Law) -> tuple[str, ...]:
        """Read ``along``, the scale of a law of one covariate, or take the law's own."""
        if value is None:
            return law.columns
        name = self.text(value, "along")
        if len(law.columns) > 1:
            raise self.fail("along", f"the law {law.name} has {' and '.join(law.columns)} already.")
        if not name.strip() or name in TAKEN:
            raise self.fail("along", f"expected the name of a column of amounts, got {name!r}.")
        return (name,)

    def metric(self, value: Any) -> str | None:
        """Read ``metric``, what the priors were made for, if that is said."""
        if value is None:
            return None
        if not self.words.metrics:
            raise self.fail("metric", f"a model of {self.response} has none; leave it out.")
        return self.choice(value, "metric", set(self.words.metrics))

    def noise(self, value: Any) -> tuple[str, Noise]:
        """Read ``noise``."""
        name = self.choice(value, "noise", set(self.words.noises))
        return name, NOISES[name]

    def over(self, value: Any, key: str, groups: Collection[str]) -> str | None:
        """Read the column of groups, if there is one."""
        return None if value is None else self.choice(value, f"{key}.over", set(groups))

    def priors(
        self, table: Any, law: Law, noise: Noise, shifts: Collection[str] = ()
    ) -> tuple[Coordinates, dict[str, float | Prior]]:
        """Read ``[priors]``: one entry for each parameter of the law and the noise, and shifts."""
        self.keys(table, "priors", set())
        given = frozenset(table)
        coordinates = law.coordinates_for(given, self.response)
        if coordinates is None:
            ways = " or ".join(", ".join(way.parameters) for way in law.ways(self.response))
            near = self._nearest(given, law, noise)
            raise self.fail("priors", f"the law {law.name} needs {ways}.{near}")
        stated = {name: law.parameters[name].domain for name in coordinates.parameters}
        domains = {**stated, **noise.parameters}
        self.keys(table, "priors", set(domains))
        self.known(table, "priors", {*domains, *shifts})
        priors = {
            name: self.prior(table[name], f"priors.{name}", domain)
            for name, domain in domains.items()
        }
        priors |= {name: self.shift(table[name], f"priors.{name}") for name in given & {*shifts}}
        if self.words.is_gaussian:
            for name in coordinates.parameters:
                self._normal(priors[name], f"priors.{name}")
        for name in coordinates.numbers:
            if isinstance(priors[name], Prior):
                raise self.fail(f"priors.{name}", f"has to be a number, such as {name} = 0.25.")
        for name in coordinates.above.values():
            if isinstance(priors[name], Prior):
                others = ", ".join(law.coordinates[-1].parameters)
                raise self.fail(
                    f"priors.{name}",
                    f"beside {', '.join(sorted(set(coordinates.parameters) - {name}))} it can only "
                    f"be pinned to a number; give {others} priors of their own, or pin it.",
                )
        return coordinates, priors

    def shift(self, value: Any, key: str) -> Prior:
        """Read the prior of what groups of runs add to the logarithm of a covariate."""
        groups = self.words.shifting
        said = " or ".join(f'over = "{name}"' for name in sorted(groups))
        if not isinstance(value, Mapping) or value.get("over") is None:
            raise self.fail(key, f"each group of runs has its own: write a prior with {said}.")
        prior = self.prior(value, key, REAL, groups=groups)
        assert isinstance(prior, Prior)
        return prior

    def _nearest(self, given: frozenset[str], law: Law, noise: Noise) -> str:
        ways = law.ways(self.response)
        known = {name for way in ways for name in way.parameters} | set(noise.parameters)
        odd = sorted(given - known)
        return f" It has {odd[0]!r}; {suggest(odd[0], known)}" if odd else ""

    def prior(
        self,
        value: Any,
        key: str,
        domain: Domain,
        limit: Domain | None = None,
        groups: Collection[str] | None = None,
    ) -> float | Prior:
        """Read one prior, nested ones included; a bare number pins, within its limit."""
        if not isinstance(value, Mapping):
            number = self.number(value, key, domain)
            return number if limit is None else self.number(number, key, limit)
        self.keys(value, key, {"dist"})
        dist = self.choice(value["dist"], f"{key}.dist", set(DISTRIBUTIONS))
        arguments, limits = DISTRIBUTIONS[dist].arguments, DISTRIBUTIONS[dist].limits
        self.keys(value, key, set(arguments))
        self.known(value, key, {"dist", "over", *arguments})
        over = self.over(value.get("over"), key, self.words.groups if groups is None else groups)
        prior = Prior(
            dist,
            {
                name: self.prior(value[name], f"{key}.{name}", own, limits.get(name))
                for name, own in arguments.items()
            },
            over,
        )
        self._consistent(prior, key, domain)
        return prior

    def _consistent(self, prior: Prior, key: str, domain: Domain) -> None:
        if prior.nested and not prior.over:
            raise self.fail(key, "priors inside a prior pool groups: say over which with `over`.")
        wider = self.words.inside.get(prior.over or "")
        for inner in prior.nested.values():
            if inner.over and inner.over != wider:
                allowed = f'only over = "{wider}" may stand in it' if wider else "no `over` in it"
                raise self.fail(key, f"a prior inside a prior is shared by all groups: {allowed}.")
        if prior.dist == "Uniform":
            lower, upper = prior.arguments["lower"], prior.arguments["upper"]
            if isinstance(lower, float) and isinstance(upper, float) and lower >= upper:
                raise self.fail(key, f"lower = {lower:g} is not below upper = {upper:g}.")
        if not domain.covers(prior.support):
            raise self.fail(
                key,
                f"has to be {domain.words}, but {prior.dist} gives {prior.support.words}; "
                f"use {self._fitting(domain)}.",
            )

    def _normal(self, prior: Any, key: str) -> None:
        """Demand normals for what problems have and share: the sampler moves in their units."""
        if not isinstance(prior, Prior):
            return
        if prior.dist != "Normal":
            raise self.fail(key, f"has to be Normal or a number, got {prior.dist}.")
        self._one(prior.arguments["sigma"], f"{key}.sigma")
        self._normal(prior.arguments["mu"], f"{key}.mu")

    def _fitting(self, domain: Domain) -> str:
        names = [name for name, entry in DISTRIBUTIONS.items() if domain.covers(entry.support)]
        return ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else names[0]

    def effects(self, table: Any) -> dict[str, float | Prior]:
        """Read ``[effects]``: the standard deviation of each effect."""
        self.keys(table, "effects", set())
        if table and not self.words.effects:
            raise self.fail("effects", f"a model of {self.response} has none; leave them out.")
        self.known(table, "effects", set(self.words.effects))
        found = {}
        for name, value in table.items():
            key = f"effects.{name}"
            found[f"sigma_{name}"] = self._one(self.prior(value, key, NONNEGATIVE), key)
        return found

    def _one(self, scale: float | Prior, key: str) -> float | Prior:
        """Demand one standard deviation for all groups."""
        if isinstance(scale, Prior) and scale.over:
            raise self.fail(key, f"is shared by all {scale.over}s: no `over` in it.")
        return scale

    def discrepancies(self, tables: Any, columns: tuple[str, ...]) -> tuple[Discrepancy, ...]:
        """Read the ``[[discrepancy]]`` tables."""
        if not isinstance(tables, list):
            raise self.fail("discrepancy", "write each as a [[discrepancy]] table of its own.")
        terms = []
        for number, table in enumerate(tables, start=1):
            name = "amplitude" if number == 1 else f"amplitude_{number}"
            terms.append(self._discrepancy(table, f"discrepancy {number}", name, columns))
        return tuple(terms)

    def _discrepancy(
        self, table: Any, key: str, name: str, columns: tuple[str, ...]
    ) -> Discrepancy:
        self.keys(table, key, {"kernel", "along", "amplitude"})
        self.known(table, key, {"kernel", "along", "over", "amplitude", "length"})
        kernel = self.choice(table["kernel"], f"{key}.kernel", set(KERNELS))
        along = self.texts(table["along"], f"{key}.along")
        if not along or len(set(along)) < len(along):
            raise self.fail(f"{key}.along", f"expected one column or more, got {along!r}.")
        over = self.over(table.get("over"), key, self.words.groups | self.words.shifting)
        amplitude = self.prior(table["amplitude"], f"{key}.amplitude", NONNEGATIVE)
        if isinstance(amplitude, Prior) and amplitude.over not in {None, over}:
            raise self.fail(
                f"{key}.amplitude",
                f"one for each {amplitude.over} needs a discrepancy for each {amplitude.over}: "
                f'write over = "{amplitude.over}" under [[discrepancy]] too.',
            )
        if self.words.is_gaussian:
            self._one(amplitude, f"{key}.amplitude")
        length = table.get("length")
        if KERNELS[kernel].needs_length:
            if length is None:
                raise self.fail(key, f"the kernel {kernel} needs a length, in e-folds.")
            length = self.number(length, f"{key}.length", POSITIVE)
        elif length is not None:
            raise self.fail(key, f"the kernel {kernel} has no length.")
        return Discrepancy(
            name=name,
            kernel=kernel,
            along=tuple(self.choice(name, f"{key}.along", set(columns)) for name in along),
            amplitude=amplitude,
            over=over,
            length=length,
        )
