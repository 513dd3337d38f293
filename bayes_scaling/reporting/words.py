"""What parameters, kinds of interval and sources are called."""

from collections.abc import Mapping
from types import MappingProxyType

KINDS: Mapping[str, str] = {
    "run": "what one new run will show: law, discrepancy and run-to-run noise",
    "expected": "what runs at that scale reach on average: law and discrepancy",
    "law": "the curve alone",
}

WIDER_LAW = (
    "The law alone can be less sure than a run: the runs tell the sum of law and discrepancy, and "
    "not how it parts into the two."
)
PARAMETERS: Mapping[str, str] = {
    "sigma": "run-to-run standard deviation of log loss",
    "nu": "degrees of freedom of the noise; the fewer, the heavier its tails",
    "sigma_run": "standard deviation of a run's luck on all problems at once",
    "sigma_problem_run": "standard deviation of a run's luck on one problem",
    "sigma_bucket_run": "standard deviation of a run's luck on one bucket",
    "amplitude": "how far runs leave the law",
    "shift_compute": "log of the factor by which a recipe multiplies compute",
}
ARGUMENTS: Mapping[str, str] = {
    "mu": "centre",
    "sigma": "spread",
    "lower": "lower bound",
    "upper": "upper bound",
}


def meaning(
    name: str, of_law: Mapping[str, str] = MappingProxyType({}), unit: str = "problem"
) -> str:
    """Say in words what a parameter is; nothing for one without words.

    Parameters
    ----------
    name : str
    of_law : mapping of str to str
        What the law says of its parameters.
    unit : {"problem", "bucket"}
        What has a law of its own, in a model of counts.

    Examples
    --------
    >>> meaning("sigma_run")
    "standard deviation of a run's luck on all problems at once"
    >>> law = {"k": "exponent of a problem"}
    >>> meaning("k_mu_sigma", law), meaning("k_mu[a]", law), meaning("amplitude_2")
    ('spread of the centres of k', 'centre of k', 'how far runs leave the law')
    >>> meaning("k", law, "bucket")
    'exponent of a bucket'
    """
    plain = name.partition("[")[0]
    known = {**PARAMETERS, **of_law}
    if plain in known:
        return known[plain].replace("a problem", f"a {unit}")
    own, _, argument = plain.rpartition("_")
    if argument.isdigit():
        return meaning(own, of_law)
    if not own or argument not in ARGUMENTS:
        return ""
    inner = own.rpartition("_")
    if inner[0] and inner[2] in ARGUMENTS and own not in known:
        whole = "overall " if argument == "mu" else ""
        return f"{whole}{ARGUMENTS[argument]} of the {ARGUMENTS[inner[2]]}s of {inner[0]}"
    return f"{ARGUMENTS[argument]} of {own}"
