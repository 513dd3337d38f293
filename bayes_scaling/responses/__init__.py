"""What can be modelled: one record a response, of what behaves differently."""

from bayes_scaling.responses.losses import LOSSES
from bayes_scaling.responses.passes import PASSES
from bayes_scaling.responses.response import ByResponse, Response
from bayes_scaling.responses.scores import SCORES

RESPONSES: ByResponse[Response] = {one.name: one for one in (LOSSES, PASSES, SCORES)}

__all__ = ["LOSSES", "PASSES", "RESPONSES", "SCORES", "ByResponse", "Response"]
