"""Amounts of compute and counts of params or tokens, from numbers or text."""

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable
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
NUMBER_WORDS = {
    **dict.fromkeys(("thousand", "thousands"), 3),
    **dict.fromkeys(("million", "millions", "mil", "mio", "mln", "mn", "mm"), 6),
    **dict.fromkeys(("billion", "billions", "bio", "bln", "bn"), 9),
    **dict.fromkeys(("trillion", "trillions", "tn", "trn"), 12),
    **dict.fromkeys(("quadrillion", "quadrillions"), 15),
    **dict.fromkeys(("quintillion", "quintillions"), 18),
    **dict.fromkeys(("sextillion", "sextillions"), 21),
}
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
_COUNT = re.compile(
    rf"""{_NUMBER}\s*(?:(?P<suffix>[KMBT])|(?P<word>{"|".join(NUMBER_WORDS)}))?
    (?:\s*(?:params?|parameters?|weights|tokens?|toks?))?""",
    re.ASCII | re.VERBOSE | re.IGNORECASE,
)
_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b]+")
_SIGNS = str.maketrans("\u00d7\u00b7\u22c5\u2212\u2019\u00a0\u202f\u2009", "***-'   ")
_LATEX = (("\\times", "*"), ("\\cdot", "*"), ("{", ""), ("}", ""))
_POWER = re.compile(r"(?P<number>\d[\d.,' _]*?)\s*[x*]\s*10\s*(?:\^|\*\*)\s*(?P<power>[+-]?\d+)")
_POWER_ALONE = re.compile(r"(?<![\d.])10\s*(?:\^|\*\*)\s*(?P<power>[+-]?\d+)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?P<mark>[,' _])\d{3}(?:(?P=mark)\d{3})*(?![\d,'_])")
_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}(?![\d.,])")
_UNITS_OF_COMPUTE = (
    *(f"{prefix}FLOP" for prefix in ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R")),
    *(f"{prefix}F-{time}" for prefix in "TPEZ" for time in ("days", "hours")),
    *(f"{prefix}FLOP/s-{time}" for prefix in "TPEZ" for time in ("days", "hours")),
)
_DEVICES = re.compile(
    r"(?i)(?<![a-z])(?:gpus?|tpus?|chips?|nodes?|cores?|devices?|[ahv]\d{2,3})[ -]?h"
)
_TIME = " Multiply the hours of devices by what one does in an hour."
_UNITS_OF_COUNTS = ("K", "M", "B", "T", "thousand", "million", "billion", "trillion")

_COMPUTE_FORMS = (
    "write FLOP as a number (3e21) or as text such as '3 ZFLOP', '2.3e22 FLOP' or '40 PF-days'"
)
_COUNT_FORMS = "write a number (1.3e9) or text such as '70K', '300M', '1.3B' or '1.4T'"


def parse_compute(value: object) -> float:
    """Read an amount of compute, in FLOP.

    Parameters
    ----------
    value : number or str
        FLOP as a number, or text: a number (1.2e19, 1.2 x 10^19), perhaps with FLOP (or FLOPs) and
        an SI prefix (k M G T P E Z Y R), or a rate times a time: PF-days, PFLOP/s-days, PFLOP/s *
        day.
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
    >>> parse_compute("40 PF-days"), parse_compute("1.2 x 10^19")
    (3.456e+21, 1.2e+19)
    """
    if not isinstance(value, str):
        return positive(as_float(value, "an amount of compute", _COMPUTE_FORMS), "compute")
    match = _AMOUNT.fullmatch(plain_number(value))
    if match is None:
        near = _TIME if _DEVICES.search(value) else _nearest_unit(value, _UNITS_OF_COMPUTE)
        raise DataError(f"{value!r} isn't an amount of compute: {_COMPUTE_FORMS}.{near}")
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
        A number, or text with K, M, B (billion) or T (trillion) in either case, or such a word,
        and perhaps what is counted: '7 billion', '1.4T tokens', '18,900,000'.

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
    >>> parse_count("1.3B"), parse_count("7 billion"), parse_count("18,900,000")
    (1300000000.0, 7000000000.0, 18900000.0)
    """
    if not isinstance(value, str):
        return positive(as_float(value, "a count", _COUNT_FORMS), "a count")
    match = _COUNT.fullmatch(plain_number(value))
    if match is None:
        near = _nearest_unit(value, _UNITS_OF_COUNTS)
        raise DataError(f"{value!r} isn't a count: {_COUNT_FORMS}.{near}")
    power = COUNT_SUFFIXES[match["suffix"].upper()] if match["suffix"] else 0
    power = NUMBER_WORDS[match["word"].lower()] if match["word"] else power
    return positive(_scaled(match["number"], power), "a count")


def plain_number(text: str) -> str:
    """Write the number of a text as Python does, where it is written as people do.

    Examples
    --------
    >>> plain_number("2.00\u00d710\u00b9\u2079 FLOP"), plain_number("18,900"), plain_number("10^9")
    ('2.00e19 FLOP', '18900', '1e9')
    """
    raised = _RAISED.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]), text)
    plain = unicodedata.normalize("NFKC", raised.translate(_SIGNS)).translate(_SIGNS).strip()
    if plain.startswith("$") and plain.endswith("$"):
        plain = plain.strip("$ ")
    for theirs, ours in _LATEX:
        plain = plain.replace(theirs, ours)
    plain = _POWER.sub(r"\g<number>e\g<power>", plain)
    plain = _POWER_ALONE.sub(r"1e\g<power>", plain)
    if found := _THOUSANDS.match(plain):
        plain = found[0].replace(found["mark"], "") + plain[found.end() :]
    elif found := _POINTS.match(plain):
        plain = found[0].replace(".", "") + plain[found.end() :]
    return plain


def _nearest_unit(text: str, units: Iterable[str]) -> str:
    """Suggest the text with the unit that was most likely meant; nothing where none is near."""
    number = re.match(_NUMBER, plain_number(text))
    if number is None:
        return ""
    unit = plain_number(text)[number.end() :].strip()
    if len(unit) < 2:
        unit = {"g": "B", "G": "B"}.get(unit, "") if "B" in units else ""
    same = [one for one in units if one.lower() == unit.lower()]
    near = same or difflib.get_close_matches(unit, list(units), n=1, cutoff=0.6)
    return f" Did you mean '{number[0]} {near[0]}'?" if near else ""


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
            return float(plain_number(value))
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
