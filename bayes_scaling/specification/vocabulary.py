"""What can be modelled, and the words that a specification of it may use."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_scaling.metrics import METRICS


@dataclass(frozen=True)
class Vocabulary:
    """The words of one response.

    Attributes
    ----------
    noises : frozenset of str
        Distributions that the response may have.
    groups : frozenset of str
        Columns whose groups may have parameters and discrepancies of their own.
    shifting : frozenset of str
        Columns whose groups may shift a covariate, the first by nothing, and may have
        discrepancies of their own.
    inside : mapping of str to str
        Which groups lie within which: a problem is in one bucket.
    effects : frozenset of str
        Columns, joined by ``_``, whose combinations may have an effect of their own.
    metrics : frozenset of str
        What the response may be said to be.
    is_gaussian : bool
        Whether all but the responses has to be normal given a few scales, each shared by all
        groups: the law's parameters are normal, and no amplitude has groups.
    """

    noises: frozenset[str]
    groups: frozenset[str]
    inside: Mapping[str, str]
    shifting: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    is_gaussian: bool = False


SETTING = "setting"  # all covariates of a sweep but the one that is swept

VOCABULARIES: Mapping[str, Vocabulary] = {
    "loss": Vocabulary(
        noises=frozenset({"student_t", "normal"}),
        groups=frozenset({"family", SETTING}),
        inside={},
        shifting=frozenset({"recipe"}),
        metrics=frozenset(METRICS),
    ),
    "passes": Vocabulary(
        noises=frozenset({"binomial"}),
        groups=frozenset({"problem", "bucket"}),
        inside={"problem": "bucket"},
        effects=frozenset({"run", "problem_run", "bucket_run"}),
        is_gaussian=True,
    ),
    "score": Vocabulary(
        noises=frozenset({"beta_binomial", "beta_binomial_and_nll"}),
        groups=frozenset({"family"}),
        inside={},
        shifting=frozenset({"recipe"}),
    ),
}
