"""Amounts of compute and counts of params or tokens, from numbers or text."""

import math
import re
from decimal import Decimal
from numbers import Real

from bayes_scaling.errors import DataError

# Powers of ten, by symbol and, in lower case, by name.
SI_PREFIXES = {
    **{"k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24, "R": 27},
    **{"kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15, "exa": 18},
    **{"zetta": 21, "yotta": 24, "ronna": 27},
}
COUNT_SUFFIXES = {"K": 3, "M": 6, "B": 9, "T": 12}
SECONDS = {"hour": 3_600, "day": 86_400}
# Wider than any unit asks for; beyond these no sum of squares or product of amounts is a number.
LIMITS = {
    "compute": (1e-30, 1e70),
    "a count": (1e-15, 1e30),
    "a loss": (1e-20, 1e20),
    "a standard error": (0.0, 1e20),
}

_NUMBER = r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?)"
_AMOUNT = re.compile(
    _NUMBER
    + r"""(?:\s*
        (?P<prefix>[kKMGTPEZYR]|(?i:kilo|mega|giga|tera|peta|exa|zetta|yotta|ronna))?
        (?P<unit>(?i:flops?)|F)
        (?P<rate>\s*/\s*s)?
        (?:\s*[-*]?\s*(?P<time>(?i:day|hour))s?)?
    )?""",
    re.ASCII | re.VERBOSE,
)
_COUNT = re.compile(_NUMBER + r"\s*(?P<suffix>[KMBTkmbt])?", re.ASCII)

_COMPUTE_FORMS = (
    "write FLOP as a number (3e21) or as text such as '3 ZFLOP', '2.3e22 FLOP' or '40 PF-days'"
)
_COUNT_FORMS = "write a number (1.3e9) or text such as '70K', '300M', '1.3B' or '1.4T'"


def parse_compute(value: object) -> float:
    """Read an amount of compute, in FLOP.

    Parameters
    ----------
    value : number or str
        FLOP as a number, or text: a number, perhaps with FLOP (or FLOPs) and an SI prefix
        (k M G T P E Z Y R), or a rate times a time: PF-days, PFLOP/s-days, PFLOP/s * day.
        Prefixes are in the case of the SI: m and p would be milli and pico.

    Returns
    -------
    float
        FLOP, correctly rounded: '2.3 ZFLOP' is exactly 2.3e21.

    Raises
    ------
    DataError
        If the value is no such number or text, is a rate without a time, or is not
        positive and finite.

    Examples
    --------
    >>> parse_compute("3 ZFLOP")
    3e+21
    >>> parse_compute("40 PF-days")
    3.456e+21
    """
    if not isinstance(value, str):
        return positive(as_float(value, "an amount of compute", _COMPUTE_FORMS), "compute")
    match = _AMOUNT.fullmatch(value.strip())
    if match is None:
        raise DataError(f"{value!r} isn't an amount of compute: {_COMPUTE_FORMS}.")
    is_rate = match["rate"] is not None or match["unit"] == "F"
    if is_rate and match["time"] is None:
        raise DataError(f"{value!r} is a rate, not an amount of compute: {_COMPUTE_FORMS}.")
    prefix = match["prefix"] or ""
    power = 0 if not prefix else SI_PREFIXES[prefix if len(prefix) == 1 else prefix.lower()]
    seconds = 1 if match["time"] is None else SECONDS[match["time"].lower()]
    return positive(_scaled(match["number"], power, seconds), "compute")


def parse_count(value: object) -> float:
    """Read a count of params or tokens.

    Parameters
    ----------
    value : number or str
        A number, or text with K, M, B (billion) or T (trillion) in either case.

    Returns
    -------
    float
        The count.

    Raises
    ------
    DataError
        If the value is no such number or text, or is not positive and finite.

    Examples
    --------
    >>> parse_count("1.3B")
    1300000000.0
    """
    if not isinstance(value, str):
        return positive(as_float(value, "a count", _COUNT_FORMS), "a count")
    match = _COUNT.fullmatch(value.strip())
    if match is None:
        raise DataError(f"{value!r} isn't a count: {_COUNT_FORMS}.")
    power = COUNT_SUFFIXES[match["suffix"].upper()] if match["suffix"] else 0
    return positive(_scaled(match["number"], power), "a count")


def amount_of(name: str, value: object) -> float:
    """Read an amount of a covariate: compute in FLOP, or a count of anything else.

    Examples
    --------
    >>> amount_of("compute", "3 ZFLOP"), amount_of("tokens", "1.4T")
    (3e+21, 1400000000000.0)
    """
    return parse_compute(value) if name == "compute" else parse_count(value)


def as_float(value: object, what: str, forms: str) -> float:
    """Turn a number, or the text of one, into a float; anything else is a DataError."""
    if isinstance(value, (float, Real, Decimal)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise DataError(f"{value!r} isn't {what}: {forms}.")


def positive(number: float, what: str) -> float:
    """Return the number if it is positive, finite and one to reckon with; else a DataError."""
    if not (math.isfinite(number) and number > 0):
        raise DataError(f"got {number}; {what} must be positive and finite.")
    return within_limits(number, what)


def within_limits(number: float, what: str) -> float:
    """Return the number if it is one to reckon with; otherwise a DataError says so."""
    low, high = LIMITS[what]
    if not low <= number <= high:
        raise DataError(
            f"got {number:g}; {what} from {low:g} to {high:g} can be reckoned with. Look at the "
            "number and its unit."
        )
    return number


def _scaled(number: str, power: int, factor: int = 1) -> float:
    # In decimals, so that '2.3 ZFLOP' and 2.3e21 are the same float and hash alike.
    return float(Decimal(number) * factor * Decimal(10) ** power)
