"""The section on what was assumed: the model, its priors, and what the floor rests on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from bayes_scaling.forecasting import floor_notes
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.plotting.parameters import compare_with_prior, draw_parameters
from bayes_scaling.reporting.equations import equation_markup
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.tables import (
    MINUS,
    Table,
    column,
    fixed,
    flop,
    glossed,
    make_table,
    span,
    three_digits,
)
from bayes_scaling.reporting.words import meaning
from bayes_scaling.responses import ByResponse
from bayes_scaling.scales import scale_of
from bayes_scaling.specification.laws.law import LOG
from bayes_scaling.specification.spec import Spec

INDEX = {"problem": "i", "bucket": "j"}
MOST_ROWS = 10
NESTED = re.compile(r"=\w+\([^()]*\)")  # an argument with a prior, and so a row, of its own
ROW_HEIGHT = 0.52


@dataclass(frozen=True)
class Deviation:
    """A discrepancy of the model in words: which kernel, along and over what, how large."""

    name: str
    kernel: str
    over: str
    length: str


@dataclass(frozen=True)
class Shift:
    """What multiplies a covariate: the parameter, in words of what, by which groups, from which."""

    name: str
    scale: str
    over: str
    base: str


@dataclass(frozen=True)
class Assumptions:
    """What was believed before the data, and what the data made of it.

    Attributes
    ----------
    name, title : str
    cite : tuple of str
    equations : tuple of Markup
        The law.
    scale : Markup
        Of a law of pass rates, the function of the pass rate that effects are added to.
    noise, response : str
        Names by which the template finds their mathematics.
    deviations : tuple of Deviation
    effects : tuple of str
        Names of the standard deviations of the effects of runs.
    references : str
        C0 of each ladder.
    scale_words : str
        What C is, with its unit; empty of a law of several covariates, which are named in it.
    shifts : tuple of Shift
        What multiplies covariates.
    parameters : Table
    picture : Picture or None
        None where every parameter is pinned.
    floor : tuple of str
        What the floor rests on.
    is_floor_learned : bool
        Whether the data have a say in it.
    has_errors : bool
        Whether runs came with standard errors.
    unit : str
        What has a law of its own, in a model of counts: a problem or a bucket.
    index : str
        The letter that counts these.
    """

    name: str
    title: str
    cite: tuple[str, ...]
    equations: tuple[Markup, ...]
    scale: Markup
    noise: str
    response: str
    deviations: tuple[Deviation, ...]
    effects: tuple[str, ...]
    references: Markup
    scale_words: str
    shifts: tuple[Shift, ...]
    parameters: Table
    picture: Picture | None
    floor: tuple[str, ...]
    is_floor_learned: bool
    has_errors: bool
    unit: str
    index: str


def state_assumptions(fit: Fit) -> Assumptions:
    """Say what a fit assumed."""
    spec, beliefs, own = fit.spec, compare_with_prior(fit), PARTICULARS[fit.response.name]
    floor = own.floor(fit) if own.floor else ()
    return Assumptions(
        name=spec.name,
        title=spec.title,
        cite=spec.cite,
        equations=equations_of(spec),
        scale=equation_markup(spec.coordinates.scale if spec.coordinates.scale != LOG else ""),
        noise=spec.noise_name,
        response=spec.response,
        deviations=tuple(
            Deviation(
                term.name,
                term.kernel,
                term.over or "",
                "" if term.length is None else f"{term.length:g}",
            )
            for term in spec.discrepancy
            if term.amplitude != 0.0
        ),
        effects=tuple(name for name, prior in spec.effects.items() if prior != 0.0),
        references=_references(fit),
        scale_words=_scale_words(fit) if len(spec.columns) == 1 else "",
        shifts=_shifts(fit),
        parameters=_parameters(fit, beliefs, unit_column(spec)),
        picture=_picture(beliefs[beliefs["is_stated"]]) if len(beliefs) else None,
        floor=floor or _pinned_floor(spec),
        is_floor_learned=bool(floor),
        has_errors=own.has_errors is not None and own.has_errors(fit),
        unit=unit_column(spec),
        index=INDEX[unit_column(spec)],
    )


def equations_of(spec: Spec) -> tuple[Markup, ...]:
    """Write the law of a model, line by line."""
    index = INDEX[unit_column(spec)]
    written = re.sub(r"_i\b", f"_{index}", spec.law.equations[spec.response])
    return tuple(map(equation_markup, written.splitlines()))


@dataclass(frozen=True)
class Particulars:
    """What is known of a floor after the data, and whether responses came with errors."""

    floor: Callable[[Any], tuple[str, ...]] | None = None
    has_errors: Callable[[Any], bool] | None = None


def _floor(fit: Fit) -> tuple[str, ...]:
    return tuple(floor_notes(fit, range(len(fit.families))))


def _has_errors(fit: Fit) -> bool:
    return bool((fit.design.observed["relative_se"] > 0).any())


PARTICULARS: ByResponse[Particulars] = {
    "loss": Particulars(_floor, _has_errors),
    "passes": Particulars(),
    "score": Particulars(),
}


def _pinned_floor(spec: Spec) -> tuple[str, ...]:
    return tuple(
        f"The floor ({name}) is pinned at {spec.pinned[name]:g}: it rests on that number, and the "
        "data have no say in it."
        for name in spec.law.floors
        if name in spec.pinned
    )


def _scale_words(fit: Fit) -> str:
    """Say what the law runs along: 'training compute in FLOP', or the name of another scale."""
    scale = scale_of(fit.spec.columns)
    return f"{scale.words} in {scale.unit}" if scale.unit not in {"", scale.words} else scale.words


def _references(fit: Fit) -> Markup:
    if len(fit.design.references) > 1:
        return Markup(", ").join(_reference_of(fit, name) for name in fit.spec.columns)
    many = len(fit.families) > 1
    parts = (
        Markup("{} for {}").format(flop(own), name) if many else flop(own)
        for name, own in fit.reference.items()
    )
    return Markup(", ").join(parts)


def _reference_of(fit: Fit, name: str) -> Markup:
    """Write the reference of one covariate of several, of each family where there are several."""
    own = fit.design.references[name]
    words, many = scale_of([name]).words, len(set(own)) > 1
    parts = [
        Markup("{} for {}").format(flop(value), family) if many else flop(value)
        for value, family in zip(own if many else own[:1], fit.families, strict=False)
    ]
    return Markup("{} {}").format(words, Markup(", ").join(parts))


def _shifts(fit: Fit) -> tuple[Shift, ...]:
    """Say what shifts a covariate, and which group is the one that doesn't."""
    return tuple(
        Shift(own, scale_of([column]).words, over, fit.design.labels[over][0])
        for column, own in fit.spec.shifts.items()
        for over in [str(fit.spec.free[own].over)]
    )


def _parameters(fit: Fit, beliefs: pd.DataFrame, unit: str) -> Table:
    table = beliefs.join(fit.summary()[["sd_ratio", "prior"]], how="left")
    pins = {
        name: {"median": number, "prior": f"pinned at {number:g}"}
        for name, number in fit.spec.pinned.items()
    }
    if pins:
        table = pd.concat([table, pd.DataFrame.from_dict(pins, orient="index")])
    names, glosses = (
        [str(name) for name in table.index],
        {**fit.spec.noise.glosses, **fit.spec.law.glosses},
    )
    return make_table(
        "Parameters: 90 % intervals before and after the data, and medians after",
        table.assign(name=names, gloss=[meaning(name, glosses, unit) for name in names]),
        column("Parameter", glossed, "name", "gloss"),
        column("Prior", _prior, "prior"),
        column("Before", span(three_digits), "prior_q05", "prior_q95"),
        column("After", span(three_digits), "q05", "q95"),
        column("Median", three_digits, "median"),
        column("sd ratio", fixed(2), "sd_ratio"),
    )


def _picture(stated: pd.DataFrame) -> Picture | None:
    if stated.empty:
        return None
    shown = stated.head(MOST_ROWS)
    left = len(stated) - len(shown)
    more = f" The first {len(shown)} of {len(stated)} are drawn." if left else ""
    return draw_picture(
        "parameters",
        f"Intervals of {len(shown)} parameters before and after the data; the table below has the "
        "numbers.",
        "Each parameter before the data (grey, above) and after (blue, below). Thick bars are "
        f"50 %, thin bars 90 % equal-tailed intervals of the parameter; ticks are medians.{more}",
        lambda figure: draw_parameters(shown, figure.subplots(len(shown), 1, squeeze=False)),
        height=0.2 + ROW_HEIGHT * len(shown),
    )


def _prior(text: object) -> str:
    """Write a prior briefly; what follows from others has none.

    Examples
    --------
    >>> _prior("Normal(mu=Normal(mu=0.18, sigma=0.15), sigma=0.1)")
    'Normal (mu=…, sigma=0.1)'
    """
    if not isinstance(text, str) or not text:
        return "follows from others"
    while (brief := NESTED.sub("=…", text)) != text:
        text = brief
    return text.replace("-", MINUS).replace("(", " (")
