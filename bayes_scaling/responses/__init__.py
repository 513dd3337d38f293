"""What can be modelled: one record a response, of what behaves differently."""

from bayes_scaling.responses.losses import LOSSES
from bayes_scaling.responses.passes import PASSES
from bayes_scaling.responses.response import ByResponse, Response

RESPONSES: ByResponse[Response] = {one.name: one for one in (LOSSES, PASSES)}

__all__ = ["LOSSES", "PASSES", "RESPONSES", "ByResponse", "Response"]
