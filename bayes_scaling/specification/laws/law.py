"""What is known of a law, as frozen records; each law fills them in, in a file of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bayes_scaling.specification.domains import Domain
from bayes_scaling.specification.links import Link

Values = dict[str, Any]

LOG = "log"
LOG_HAZARD = "log(-log p)"
MINUS_LOGIT = "-logit p"
LOG_ODDS = "logit p - logit g"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a law, stated or quoted.

    Attributes
    ----------
    gloss : str
        What it is, in words; "a problem" stands for whatever has a law of its own.
    domain : Domain
        Where it may lie.
    is_regressed : bool
        Whether the data leave it nearly normal, given the noise: the sampler then moves in units
        of that normal. What a ladder says little of is sampled as it stands.
    is_quoted : bool
        Whether people quote it, so that a diagnosis has to vouch for it.
    is_slope : bool
        Whether a ladder that has one of its own needs three scales.
    is_floor : bool
        Whether it says where the law ends. A floor that a law has as a share comes first.
    has_unit : bool
        Whether it carries the unit of the response, so that it means nothing on another ladder.
    is_part : bool
        Whether it is a part of the loss at C0, which the floor's share parts in two.
    is_learned : bool
        Whether `learn_priors` learns its prior unless told otherwise.
    """

    gloss: str
    domain: Domain
    is_regressed: bool = False
    is_quoted: bool = False
    is_slope: bool = False
    is_floor: bool = False
    has_unit: bool = False
    is_part: bool = False
    is_learned: bool = False


@dataclass(frozen=True)
class Coordinates:
    """One way to state a law's parameters, and the way from it to the curve's own.

    Attributes
    ----------
    parameters : tuple of str
    to_curve : callable
        Takes a dict of these parameters and returns the arguments of the curve.
    above : mapping of str to str
        Which parameter has to exceed which other one; the latter has to be a number.
    numbers : frozenset of str
        Parameters that are numbers and change from ladder to ladder: they enter a compiled model as
        data, and a column of their name in the runs takes their place.
    density : callable, optional
        Takes the curve's arguments and returns by how much these parameters stretch them,
        ``|d stated / d curve|``. With it the sampler moves in the law's first coordinates.
    response : str
        The response whose models may be stated so.
    scale : {LOG, LOG_HAZARD, MINUS_LOGIT, LOG_ODDS}
        What of the response the curve is then; discrepancies and effects are added on that scale.
    is_linear : bool
        Whether the curve is linear in these parameters.
    """

    parameters: tuple[str, ...]
    to_curve: Callable[[Values], Values]
    above: Mapping[str, str] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    density: Callable[[Values], Any] | None = None
    response: str = "loss"
    scale: str = LOG
    is_linear: bool = False

    @property
    def pinned(self) -> frozenset[str]:
        """The parameters that have to be numbers in a specification."""
        return frozenset(self.above.values()) | self.numbers


@dataclass(frozen=True)
class Anchored:
    """A law's parameters about a ladder's smallest run, where a discrepancy that walks is zero.

    However far the discrepancy goes, the data pin the law there, in value and slope. So these are
    nearly normal where the amplitude is large too, and the sampler moves in them.

    Attributes
    ----------
    parameters : mapping of str to Domain
    inward : callable
        Takes the curve's arguments and ``ln(C/C0)`` of the smallest run, and returns these.
    outward : callable
        Takes these and ``ln(C/C0)``, and returns the curve's arguments, and the logarithm of by
        how much they stretch these, ``ln |d curve's / d these|``.
    """

    parameters: Mapping[str, Domain]
    inward: Callable[[Values, Any], Values]
    outward: Callable[[Values, Any], tuple[Values, Any]]


def as_given(values: Values) -> Values:
    """Return parameters that are the curve's own arguments."""
    return values


def unmoved(quoted: Values, ratio: Any) -> Values:  # noqa: ARG001
    """Return what another C0 changes of quoted parameters: nothing."""
    return {}


@dataclass(frozen=True)
class Law:
    """All that is known of a law.

    Attributes
    ----------
    name : str
        What a specification calls it.
    columns : tuple of str
        The covariates that it reads.
    equations : mapping of str to str
        The law as it is written down, by response: ``_`` lowers and ``^`` raises what follows, and
        names of parameters stand in backticks. A unit that has a law of its own is ``i``.
    curve : callable
        Log of the response, or what else the coordinates' scale says: a pure function of the
        logarithm of each covariate, in the order of `columns`, and of the curve's arguments by
        name. It runs on numbers, on arrays and on the variables of a graph.
    parameters : mapping of str to Parameter
        All that may be stated or are quoted.
    coordinates : tuple of Coordinates
        The first are the curve's own arguments.
    to_natural : callable
        From the curve's arguments to the parameters that people quote.
    at_reference : callable, optional
        Takes quoted parameters and the ratio of another C0 to theirs, and returns those that it
        changes; by default none.
    frontier : callable, optional
        Of a law of several covariates: takes the curve's arguments and the logarithm of the
        covariates' product over that of their references, and returns the logarithm of each
        covariate where the law is least at that product.
    link : callable, optional
        Of a law whose covariate isn't seen as it is measured: takes the fitted runs' values of it,
        their computes and the law's numbers, and returns the way to what takes its place.
    swept : str, optional
        Of a law with an optimum: the covariate that it is along. The values of all others are a
        setting, which may have parameters of its own (``over = "setting"``).
    drifts : mapping of str to str
        Which parameter says how the optimum moves along each other covariate, in octaves a
        doubling.
    anchored : Anchored, optional
        Its parameters about the smallest run.
    """

    name: str
    columns: tuple[str, ...]
    equations: Mapping[str, str]
    curve: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    coordinates: tuple[Coordinates, ...]
    to_natural: Callable[[Values], Values]
    at_reference: Callable[[Values, Any], Values] = unmoved
    frontier: Callable[[Values, Any], tuple[Any, ...]] | None = None
    link: Callable[..., Link] | None = None
    swept: str | None = None
    drifts: Mapping[str, str] = field(default_factory=dict)
    anchored: Anchored | None = None

    @property
    def glosses(self) -> dict[str, str]:
        """What each parameter is, in words."""
        return {name: parameter.gloss for name, parameter in self.parameters.items()}

    @property
    def regressed(self) -> tuple[str, ...]:
        """The parameters that the data leave nearly normal."""
        return tuple(name for name, own in self.parameters.items() if own.is_regressed)

    @property
    def quoted(self) -> tuple[str, ...]:
        """The parameters that people quote."""
        return tuple(name for name, own in self.parameters.items() if own.is_quoted)

    @property
    def slopes(self) -> tuple[str, ...]:
        """The parameters that take three scales to tell."""
        return tuple(name for name, own in self.parameters.items() if own.is_slope)

    @property
    def floors(self) -> tuple[str, ...]:
        """The parameters that say where the law ends, a share first."""
        return tuple(name for name, own in self.parameters.items() if own.is_floor)

    @property
    def with_unit(self) -> tuple[str, ...]:
        """The parameters that carry the unit of the response."""
        return tuple(name for name, own in self.parameters.items() if own.has_unit)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parameters that are the two parts of the loss at C0."""
        return tuple(name for name, own in self.parameters.items() if own.is_part)

    @property
    def learned(self) -> tuple[str, ...]:
        """The parameters whose priors are learned unless told otherwise."""
        return tuple(name for name, own in self.parameters.items() if own.is_learned)

    def ways(self, response: str) -> tuple[Coordinates, ...]:
        """Return the coordinates that a model of a response may be stated in."""
        return tuple(way for way in self.coordinates if way.response == response)

    def coordinates_for(self, names: frozenset[str], response: str = "loss") -> Coordinates | None:
        """Find the coordinates whose parameters are all among `names`, if there are any."""
        for coordinates in self.ways(response):
            if set(coordinates.parameters) <= names:
                return coordinates
        return None
