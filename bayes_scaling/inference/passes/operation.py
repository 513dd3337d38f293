"""The density of counts as an operation of PyTensor."""

from bayes_scaling.inference import factors
from bayes_scaling.inference.operation import Density
from bayes_scaling.inference.passes import joint, kernel


class CountDensity(Density):
    """Log density of counts, units and mean given scales and coordinates: `joint.evaluate`."""

    __props__ = ("link",)
    evaluate = staticmethod(joint.evaluate)
    differentiable = 3
    modules = (factors, kernel, joint)

    def __init__(self, link: int) -> None:
        self.link = link
