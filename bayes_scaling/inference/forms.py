"""Forms: how the sampler sees a model. The first that suits wins; the plain one always does.

A form is another set of coordinates of the same posterior. ``integrated`` is of one response a run
that scatters on its logarithm, ``counted`` of counts under a law that is linear in its parameters:
many times the effective draws of ``plain``, against which tests hold them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bayes_scaling.inference.attempts import Attempt
from bayes_scaling.inference.design import Design, Root
from bayes_scaling.inference.discrepancies import exact_roots
from bayes_scaling.inference.passes.sampling import sample_passes
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.inference.sampling import sample_losses
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.laws.law import LOG, LOG_HAZARD, MINUS_LOGIT
from bayes_scaling.specification.spec import Spec
from bayes_scaling.specification.vocabulary import VOCABULARIES

SCATTERED = frozenset({"StudentT", "Normal"})


@dataclass(frozen=True)
class Form:
    """One way to sample a model.

    Attributes
    ----------
    name : str
    suits : callable
        Whether it can sample a specification and its design.
    roots : callable
        The roots of discrepancies that it moves along.
    sample : callable
        Draws from the posterior; the settings are those of `nuts.draw`.
    note : str
        What a fit says of it, of a response whose models on the shelf weren't judged in it.
    judged : frozenset of str
        The responses whose models were.
    most : int
        How many times the draws of a first try a second one may take.
    """

    name: str
    suits: Callable[[Spec, Design], bool]
    roots: Callable[[Spec, Design], dict[str, Root]]
    sample: Callable[..., Attempt]
    note: str = ""
    judged: frozenset[str] = frozenset()
    most: int = 2

    def said_of(self, spec: Spec) -> tuple[str, ...]:
        """Return what a fit says of the form that it was sampled in."""
        return (self.note,) if self.note and spec.response not in self.judged else ()


def _scatters(spec: Spec, design: Design) -> bool:  # noqa: ARG001
    """Whether each run has one response that scatters on its log about a law."""
    own = RESPONSES[spec.response].observed
    return (
        own.keys() == {"y"}
        and spec.noise.dist in SCATTERED
        and spec.coordinates.scale == LOG
        and spec.groups <= {"family", *VOCABULARIES[spec.response].shifting}
        and not spec.effects
    )


def _counts(spec: Spec, design: Design) -> bool:
    """Whether all but the scales is Gaussian before the counts are seen."""
    linear = spec.coordinates.is_linear and spec.coordinates.scale in {LOG_HAZARD, MINUS_LOGIT}
    return bool(len(design.units)) and spec.noise.dist == "Binomial" and linear


def _sample_plain(spec: Spec, design: Design, **settings: Any) -> Attempt:
    from bayes_scaling.inference.plain_sampling import sample_plain  # PyMC takes a second

    return sample_plain(spec, design, **settings)


INTEGRATED = Form("integrated", _scatters, kept_roots, sample_losses, most=8)  # draws are fast
COUNTED = Form("counted", _counts, exact_roots, sample_passes)
PLAIN = Form(
    "plain",
    lambda spec, design: True,  # noqa: ARG005
    exact_roots,
    _sample_plain,
    "Sampled in the plain form of the model.",
    frozenset({"score"}),
)
FORMS = (INTEGRATED, COUNTED, PLAIN)


def form_of(spec: Spec, design: Design) -> Form:
    """Return the first form that suits."""
    return next(form for form in FORMS if form.suits(spec, design))
