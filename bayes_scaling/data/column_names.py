"""What a column's name says of its values: a unit, a logarithm, a perplexity."""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bayes_scaling.data.compute import NUMBER_WORDS, SECONDS, SI_PREFIXES
from bayes_scaling.errors import DataError
from bayes_scaling.metrics import METRICS

COUNTS = {"k": 3, "m": 6, "g": 9, "b": 9, "t": 12, "p": 15, "e": 18, "z": 21}
LETTERS = {"compute": "kmgbtpez", "params": "kmgbt", "tokens": "kmgbt"}
COUNT_WORDS = {
    **{word: power for word, power in SI_PREFIXES.items() if len(word) > 1},
    **NUMBER_WORDS,
}
SHORT_UNITS = {
    "bpb": "bits per byte",
    "bpc": "bits per character",
    "bpt": "bits per token",
    "bpw": "bits per word",
    "bpd": "bits per dimension",
}
WHOLE_WORDS = {"char": "character", "chars": "character", "dim": "dimension", "tok": "token"}

# Names are matched in lower case, with one space between words (`_plain`).
_ALONE = r"(?<![a-z0-9.])"
_ENDS = r"(?![a-z0-9])"
_FLOP = re.compile(
    rf"""{_ALONE}
    (?:(?P<word>kilo|mega|giga|tera|peta|exa|zetta|yotta|ronna)[ -]?|(?P<letter>[kmgtpezyr]))?
    (?:flops?|flos?|f(?=(?:\ ?/?\ ?s)?[ *-]?(?:days?|hours?){_ENDS}))
    (?:\ ?(?:/|per)?\ ?s(?:ec|econd)?(?=[ *-]+(?:day|hour))
       |(?P<rate>\ ?(?:/|per)\ ?s(?:ec|econd)?{_ENDS}))?
    (?:[ *-]*(?P<time>day|hour)s?)?
    {_ENDS}""",
    re.VERBOSE,
)
_POWER = re.compile(r"(?<![\d.])10 ?(?:\^|\*\*) ?\{?(?P<power>[+-]?\d+)\}?")
_FLOAT = re.compile(
    rf"""(?:(?<=x)|{_ALONE})
    (?P<number>(?:\d+(?:\.\d+)?|(?<=[(\[])|(?<=\ )(?=e\d\d))e[+-]?\d+){_ENDS}
    (?!\ (?:steps?|iter(?:ation)?s?|updates?|epochs?|samples?|examples?){_ENDS})""",
    re.VERBOSE,
)
_GLUED_UNIT = re.compile(r"(?<=\d[eE])([+-]?\d+)(?=[A-Za-z])")
_TIMES = re.compile(r"(?:\bx|\*|/|\bin|\() ?(?P<number>10{2,}|1(?:,000)+)s?(?![\d,.e^])")
_COUNT = re.compile(rf"{_ALONE}(?P<word>{'|'.join(COUNT_WORDS)}|[a-z]){_ENDS}")
_GLUED = re.compile(rf"{_ALONE}(?P<word>[kmgbt])(?=(?:params?|parameters?|tokens?|toks?){_ENDS})")
_LOG = re.compile(
    rf"""(?<![a-z])(?:
    (?P<ten>log\ ?10|lg{_ENDS}|log\ base\ 10)
    |(?P<two>log\ ?2{_ENDS}|log\ base\ 2)
    |(?P<e>ln{_ENDS}|log\ ?e{_ENDS}|natural\ log(?:arithm)?)
    |(?P<unsaid>log(?:arithm)?(?:{_ENDS}|(?=flop|param|token|compute)))
    )(?!\ ?(?:likelihood|lik|prob|/))""",
    re.VERBOSE,
)
_PERPLEXITY = re.compile(
    rf"""(?<![a-z])(?:(?P<per>word|byte|char|character|token)s?[ -]?(?:level[ -]?)?)?
    (?:perplexity|perplexities|pplx?){_ENDS}""",
    re.VERBOSE,
)
_ENTROPY = re.compile(
    r"(?<![a-z])(?P<what>nat|bit)s?(?: ?(?:per|/|-per-) ?(?P<per>[a-z]+))?(?![a-z])"
)
_SHORT = re.compile(rf"(?<![a-z])(?P<short>{'|'.join(SHORT_UNITS)})(?![a-z])")
_PERCENT = re.compile(r"%|(?<![a-z])(?:percent|per cent|pct)(?![a-z])")
_CROSS_ENTROPY = re.compile(
    r"(?<![a-z])(?:cross[ -]?entrop(?:y|ies)|xent(?:ropy)?|b?ce|nll|log[ -]?loss)(?![a-z])"
)
_OTHER_ERROR = re.compile(
    r"(?<![a-z])(?:n?r?mse|n?mae|mape"
    r"|(?:squared?|absolute|abs|relative|standard|std)[ -]err(?:or)?s?)(?![a-z])"
)
_ERROR_RATE = re.compile(
    r"(?<![a-z])(?:err(?:or)?s?(?:[ -]?rates?)?|misclassif[a-z]*|accurac(?:y|ies)|acc"
    r"|(?:zero[ -]one|0[ -/]1)[ -]loss)(?![a-z])"
)
_SCALED_LOSS = re.compile(
    r"""(?:(?<![a-z0-9])x|\*|(?<=\ )/\ )\ ?(?:10\ ?(?:\^|\*\*)|1e[+-]?\d|10{2,}(?!\d))
    |[(\[]\ ?(?:10\ ?(?:\^|\*\*)\ ?|1e)[+-]?\d+\ ?[)\]]""",
    re.VERBOSE,
)
_FOREIGN = re.compile(
    rf"{_ALONE}(?:[kmgt]i?b|bytes?|(?:gpu|tpu|core|node|device|chip|[ahv]\d+)?[ -]?"
    rf"(?:hours?|days?|hrs?)|usd|dollars?){_ENDS}"
)
_METRICS = (  # the first that is found counts: a cross-entropy error is a cross-entropy
    (_CROSS_ENTROPY, "cross_entropy"),
    (_PERPLEXITY, "cross_entropy"),
    (_OTHER_ERROR, "other"),
    (_ERROR_RATE, "error_rate"),
    (_SHORT, "cross_entropy"),
    (_ENTROPY, "cross_entropy"),
)
_BASES = {"ten": 10.0, "two": 2.0, "e": math.e}
BASE_NAMES = {10.0: "log10", 2.0: "log2", math.e: "the natural logarithm"}


@dataclass(frozen=True)
class AmountName:
    """What the name of a column of amounts says.

    Attributes
    ----------
    scale : float
        What the unit is worth: values are multiplied by it.
    base : float or None
        Of the logarithm that the values are, if they are one.
    foreign : str
        A unit that isn't one of FLOP, parameters or tokens, such as hours or bytes.
    """

    scale: float = 1.0
    base: float | None = None
    foreign: str = ""


@dataclass(frozen=True)
class LossName:
    """What the name of a loss or metric says.

    Attributes
    ----------
    unit : str or None
        Of the loss, in nats once a perplexity's logarithm is taken.
    is_perplexity : bool
    base : float or None
        Of the logarithm that the values are, if they are one.
    """

    unit: str | None = None
    is_perplexity: bool = False
    base: float | None = None


def read_amount_name(name: str, ours: str) -> AmountName:
    """Read what the name of a column of compute, params or tokens says.

    Parameters
    ----------
    name : str
        As the user's table has it.
    ours : {"compute", "params", "tokens"}

    Raises
    ------
    DataError
        If it says two units, a logarithm of no base, or a rate.

    Examples
    --------
    >>> read_amount_name("FLOPs (1E21)", "compute").scale
    1e+21
    >>> read_amount_name("Model Size (B)", "params").scale
    1000000000.0
    >>> read_amount_name("log10 FLOPs", "compute").base
    10.0
    """
    plain = _plain(name)
    base, rest = _base_of(plain, f"{name!r} mapped to {ours}")
    scales = {_stated(name, f"1e{match['power']}") for match in _POWER.finditer(rest)}
    scales |= {_stated(name, match["number"]) for match in _FLOAT.finditer(rest)}
    scales |= {float(match["number"].replace(",", "")) for match in _TIMES.finditer(rest)}
    if ours == "compute":
        for match in _FLOP.finditer(rest):
            scales.add(_flop_scale(name, match))
        rest = _FLOP.sub(" ", rest)
    words = [match["word"] for match in (*_COUNT.finditer(rest), *_GLUED.finditer(rest))]
    if len(plain) > 1:  # one letter alone, such as T for tokens, is a symbol and no unit
        known = {*COUNT_WORDS, *LETTERS[ours]}
        scales |= {float(10 ** (COUNT_WORDS | COUNTS)[word]) for word in words if word in known}
    scales -= {1.0}
    if len(scales) > 1:
        said = " and ".join(f"{scale:.3g}" for scale in sorted(scales))
        raise DataError(
            f"column {name!r}: its name gives two units for {ours}, {said}; rename the column so "
            "that it gives one, or none."
        )
    foreign = "" if scales else _first(_FOREIGN.finditer(rest))
    return AmountName(scales.pop() if scales else 1.0, base, foreign)


def plain_word(name: object) -> str:
    """Write the name of a column in lower case, with _ between words.

    Examples
    --------
    >>> plain_word(" N Correct "), plain_word("loss-unit")
    ('n_correct', 'loss_unit')
    """
    return "_".join(str(name).lower().replace("-", " ").replace("_", " ").split())


def read_loss_name(name: str) -> LossName:
    """Read what the name of a loss, a metric or a unit says.

    Raises
    ------
    DataError
        If it says that the values are scaled, or a logarithm of no base.

    Examples
    --------
    >>> read_loss_name("val/bpb").unit, read_loss_name("loss (nats/token)").unit
    ('bits per byte', 'nats per token')
    >>> read_loss_name("word_perplexity")
    LossName(unit='nats per word', is_perplexity=True, base=None)
    >>> read_loss_name("eval/loss").unit is None
    True
    """
    plain = _plain(name)
    if perplexity := _PERPLEXITY.search(plain):
        per = WHOLE_WORDS.get(str(perplexity["per"]), perplexity["per"] or "token")
        log = _LOG.search(plain[: perplexity.start()].rstrip(" -(") + " ")
        base = None if log is None else _BASES.get(str(log.lastgroup), math.e)
        return LossName(f"nats per {per}", is_perplexity=True, base=base)
    base, rest = _base_of(plain, f"{name!r} mapped to loss")
    if _SCALED_LOSS.search(rest):
        raise DataError(
            f"column {name!r}: its name says that the losses are scaled; a loss is read as it "
            "stands. Undo the scale, and rename the column."
        )
    if short := _SHORT.search(rest):
        return LossName(SHORT_UNITS[short["short"]], base=base)
    if entropy := _ENTROPY.search(rest):
        what = f"{entropy['what']}s"
        per = entropy["per"]
        return LossName(what if per is None else f"{what} per {_singular(per)}", base=base)
    return LossName("per cent" if _PERCENT.search(rest) else None, base=base)


def same_unit(one: str, other: str) -> bool:
    """Whether two ways to write a unit mean the same: 'bpb' and 'bits per byte'."""
    return name_unit(one) == name_unit(other)


def name_unit(text: str) -> str:
    """Write a unit of losses in one way, where it is a known one; a perplexity isn't its logarithm.

    Examples
    --------
    >>> name_unit("BPB"), name_unit("nats/token"), name_unit("points"), name_unit("ppl")
    ('bits per byte', 'nats per token', 'points', 'perplexity')
    """
    try:
        said = read_loss_name(text)
    except DataError:
        return _plain(text)
    if said.is_perplexity and said.base is None:
        return "perplexity"
    return said.unit or _plain(text)


def name_metric(text: str) -> str | None:
    """Say what losses are, as a metric, a unit or the name of a column has it; None if it doesn't.

    A share of right answers is one of the error rates: its complement is what falls.

    Examples
    --------
    >>> name_metric("val_error"), name_metric("top1-acc"), name_metric("bpb"), name_metric("loss")
    ('error_rate', 'error_rate', 'cross_entropy', None)
    """
    plain = _plain(text)
    word = re.sub("[ -]", "_", plain)
    if word in METRICS:
        return word
    for pattern, metric in _METRICS:
        if pattern.search(plain):
            return metric
    return None


def _plain(name: str) -> str:
    """Write a name in lower case and plain signs, its words apart."""
    text = re.sub(r"[⁰¹²³⁴-⁹⁻]+", lambda found: "^" + found[0], name)
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("×·−⋅$", "**-* "))
    text = _GLUED_UNIT.sub(r"\1 ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    return re.sub(r"[_\s]+", " ", text).lower().strip()


def _base_of(plain: str, what: str) -> tuple[float | None, str]:
    """Find the base of a logarithm; return also the rest of the name."""
    log = _LOG.search(plain)
    if log is None:
        return None, plain
    if log.lastgroup == "unsaid":
        raise DataError(
            f"column {what}: its name says a logarithm, not of which base. Rename the column to "
            "begin with log10, ln or log2, and it is undone; or to have no log if it is none."
        )
    return _BASES[str(log.lastgroup)], f"{plain[: log.start()]} {plain[log.end() :]}"


def _flop_scale(name: str, match: "re.Match[str]") -> float:
    if match["rate"] and not match["time"]:
        raise DataError(
            f"column {name!r}: its name says a rate, FLOP per second, not an amount of compute; "
            "multiply it by the time, or map another column."
        )
    prefix = match["word"] or match["letter"] or ""
    powers = {key.lower(): power for key, power in SI_PREFIXES.items()}
    seconds = SECONDS[match["time"]] if match["time"] else 1
    return float(10 ** (powers[prefix] if prefix else 0) * seconds)


def _stated(name: str, number: str) -> float:
    scale = float(f"1{number}" if number.startswith("e") else number)
    if not 1 <= scale < math.inf:
        raise DataError(
            f"column {name!r}: its name gives the factor {number}, and it isn't clear whether "
            "values were multiplied or are to be; rename the column to give its unit, such as "
            "'FLOPs (1e21)', or none."
        )
    return scale


def _singular(word: str) -> str:
    return WHOLE_WORDS.get(word, word.removesuffix("s"))


def _first(found: "Iterable[re.Match[str]]") -> str:
    return next((match[0].strip() for match in found), "")
