"""What was asked of tables and of forecasts, and what of it a model can't answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.errors import BayesScalingError, suggest

if TYPE_CHECKING:
    from bayes_scaling.responses import ByResponse
    from bayes_scaling.specification.spec import Spec


@dataclass(frozen=True)
class Reading:
    """How a table is read: which runs of losses count, and how counts are sorted into buckets."""

    columns: Sequence[str] | None = None
    compute: Sequence[str] | None = None
    read: Sequence[str] | None = None
    run_compute: Path | None = None
    steps: Sequence[str] | None = None
    keep: str | None = None
    buckets: str | None = None
    hardest: int | None = None
    along: str | None = None

    @property
    def of_losses(self) -> dict[str, object]:
        """The options, by name, that only losses have."""
        return {"--steps": self.steps, "--keep": self.keep}

    @property
    def of_counts(self) -> dict[str, object]:
        """The options, by name, that only counts have."""
        return {
            "--buckets": self.buckets,
            "--hardest": self.hardest,
            "--run-compute": self.run_compute,
        }

    @property
    def given(self) -> dict[str, object]:
        """All options by name."""
        shared: dict[str, object] = {
            "--columns": self.columns,
            "--compute": self.compute,
            "--read": self.read,
            "--along": self.along,
        }
        return {**shared, **self.of_losses, **self.of_counts}


@dataclass(frozen=True)
class Targets:
    """Where to forecast: at amounts of what runs are ordered along, or at losses.

    And the ladder of losses that counts go along.
    """

    at: Sequence[str]
    at_loss: Sequence[float] = ()
    loss: Path | None = None
    params: Sequence[str] = ()
    tokens: Sequence[str] = ()
    ratio: Sequence[float] = ()
    recipe: Sequence[str] = ()

    @property
    def sizes(self) -> dict[str, Sequence[str]]:
        """The parameters and tokens of targets, where they are given."""
        both = {"params": self.params, "tokens": self.tokens}
        return {name: own for name, own in both.items() if own}

    @property
    def given(self) -> bool:
        """Whether to forecast along a loss."""
        return bool(self.at_loss) or self.loss is not None

    def demand(self) -> None:
        """Refuse no target, and two kinds of them."""
        if not (self.at or self.at_loss or self.sizes):
            raise BayesScalingError(
                "--at: say where to forecast: --at COMPUTE, --params N --tokens D, or --at-loss "
                "LOSS of counts."
            )
        if self.sizes and (self.at or self.at_loss):
            raise BayesScalingError(
                f"--{next(iter(self.sizes))}: give sizes, computes or losses, not two of them."
            )
        if len(self.sizes) == 1:
            raise BayesScalingError("--params: a target has both, --params N --tokens D.")
        if self.ratio and not self.at:
            raise BayesScalingError("--ratio: it divides a compute; give --at COMPUTE with it.")
        if self.at and self.at_loss:
            raise BayesScalingError("--at-loss: give computes or losses, not both.")


@dataclass(frozen=True)
class Question:
    """What a forecast is to say."""

    kind: str = "run"
    by: str | None = None
    k: Sequence[int] | None = None
    samples: int | None = None
    restrict: str | None = None
    above: float | None = None
    below: float | None = None
    of: str | None = None

    @property
    def options(self) -> dict[str, object]:
        """The options, by name, that forecasts of only some responses have."""
        return {
            "--by": self.by,
            "--k": self.k,
            "--samples": self.samples,
            "--restrict": self.restrict,
            "--of": self.of,
        }


def refuse(options: Mapping[str, object], why: str) -> None:
    """Refuse the first of some options that was given."""
    for option, value in options.items():
        if value is not None and value != []:
            raise BayesScalingError(f"{option}: {why}; leave it out.")


def demand_question(question: Question, spec: "Spec", family: Sequence[str] | None) -> None:
    """Refuse what a forecast by a model could not answer; raises BayesScalingError."""
    from bayes_scaling.responses import RESPONSES

    if question.of is not None and question.above is None and question.below is None:
        raise BayesScalingError("--of: it goes with --above or --below; give one of them.")
    own = ANSWERS[spec.response]
    given = {"--family": family} | question.options
    others = {option: value for option, value in given.items() if option not in own.options}
    refuse(others, f"{spec.name} is a model of {RESPONSES[spec.response].nature}")
    if own.demand is not None:
        own.demand(question, spec)


def _demand_of_passes(question: Question, spec: "Spec") -> None:
    from bayes_scaling.forecasting.forecasts import BY
    from bayes_scaling.forecasting.quantities import parse_quantity
    from bayes_scaling.inference.passes.design import PROBLEM, unit_column

    if question.by not in (None, *BY):
        raise BayesScalingError(
            f"--by: {question.by!r} is not known; {suggest(str(question.by), BY)}"
        )
    if question.restrict not in (None, "solved_by_all"):
        raise BayesScalingError(
            f"--restrict: {question.restrict!r} is not known; "
            f"{suggest(str(question.restrict), ['solved_by_all'])}"
        )
    single = {"--by": question.by if question.by == "problem" else None}
    if unit_column(spec) != PROBLEM:
        refuse(
            {**single, "--restrict": question.restrict},
            f"{spec.name} knows nothing of single problems",
        )
    for option, values in (("--k", question.k or ()), ("--samples", (question.samples,))):
        for value in values:
            if value is not None and value < 1:
                raise BayesScalingError(f"{option}: expected a positive number, got {value}.")
    if question.of == "n_correct":
        raise BayesScalingError("--of: n_correct is of one problem; write solved or pass_rate.")
    try:
        parse_quantity(question.of or "pass_rate", 1)
    except BayesScalingError as error:
        raise BayesScalingError(f"--{error}") from None


@dataclass(frozen=True)
class Answers:
    """Which options a forecast of one response has, and what else a question of it has to be."""

    options: frozenset[str]
    demand: Callable[[Question, "Spec"], None] | None = None


ANSWERS: "ByResponse[Answers]" = {
    "loss": Answers(frozenset({"--family"})),
    "score": Answers(frozenset({"--family"})),
    "passes": Answers(frozenset(Question().options), _demand_of_passes),
}
