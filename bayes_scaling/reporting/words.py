"""What parameters, kinds of interval and sources are called."""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "run": "what one new run will show: law, discrepancy and run-to-run noise",
    "expected": "what runs at that scale reach on average: law and discrepancy",
    "law": "the curve alone",
}

PARAMETERS: Mapping[str, str] = {
    "level": "loss of the law at C0",
    "elasticity": "slope of the law at C0: -d log L / d log C",
    "floor_share": "share of the loss at C0 that no compute removes: c / L(C0)",
    "a": "part of the loss that compute removes, at C0",
    "b": "exponent of compute",
    "c": "floor: the loss that no compute removes",
    "sigma": "run-to-run standard deviation of log loss",
    "nu": "degrees of freedom of the noise; the fewer, the heavier its tails",
    "bend": "log of the exponent after the break over that before",
    "break_at": "place of the break, decades from C0",
    "break_width": "width of the break, decades",
    "b_after": "exponent far above the break",
    "ceiling_share": "loss at C0 over that of an untrained model",
    "ceiling": "loss of an untrained model",
    "gamma": "exponent with which the law leaves its ceiling",
    "log_alpha": "difficulty of a problem: log(-log p) at C0",
    "difficulty": "minus the log odds of a pass at C0",
    "k": "exponent of a problem",
    "sigma_run": "standard deviation of a run's luck on all problems at once",
    "sigma_problem_run": "standard deviation of a run's luck on one problem",
    "sigma_bucket_run": "standard deviation of a run's luck on one bucket",
    "amplitude": "how far runs leave the law",
}
ARGUMENTS: Mapping[str, str] = {
    "mu": "centre",
    "sigma": "spread",
    "lower": "lower bound",
    "upper": "upper bound",
}


def meaning(name: str, unit: str = "problem") -> str:
    """Say in words what a parameter is; nothing for one without words.

    Parameters
    ----------
    name : str
    unit : {"problem", "bucket"}
        What has a law of its own, in a model of counts.

    Examples
    --------
    >>> meaning("sigma_run")
    "standard deviation of a run's luck on all problems at once"
    >>> meaning("k_mu_sigma"), meaning("elasticity_mu[a]"), meaning("amplitude_2")
    ('spread of centre of k', 'centre of elasticity', 'how far runs leave the law')
    >>> meaning("k", "bucket")
    'exponent of a bucket'
    """
    plain = name.partition("[")[0]
    if plain in PARAMETERS:
        return PARAMETERS[plain].replace("a problem", f"a {unit}")
    own, _, argument = plain.rpartition("_")
    if argument.isdigit():
        return meaning(own)
    if not own or argument not in ARGUMENTS:
        return ""
    inner = own.rpartition("_")
    nested = inner[0] and inner[2] in ARGUMENTS and own not in PARAMETERS
    return f"{ARGUMENTS[argument]} of {meaning(own) if nested else own}"
