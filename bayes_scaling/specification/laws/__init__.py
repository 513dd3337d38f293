"""The laws, one a file: all that is known of a law is in its own, and this is their table.

A new law is a file that has a `LAW`, and its name in the table.
"""

from collections.abc import Mapping

from bayes_scaling.specification.laws import (
    above_chance,
    along_loss,
    bent_line,
    broken_power_floor,
    growing_exponent,
    late_start,
    logistic,
    params_tokens,
    power,
    power_floor,
    saturating,
    u_shape,
)
from bayes_scaling.specification.laws.law import Law

LAWS: Mapping[str, Law] = {
    module.LAW.name: module.LAW
    for module in (
        power_floor,
        power,
        logistic,
        broken_power_floor,
        late_start,
        saturating,
        above_chance,
        params_tokens,
        along_loss,
        u_shape,
        bent_line,
        growing_exponent,
    )
}
