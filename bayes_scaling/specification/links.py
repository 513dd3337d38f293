"""Links: from a covariate as people measure it to the scale that a law and discrepancies see."""

from dataclasses import dataclass

from bayes_scaling.arrays import Array


@dataclass(frozen=True)
class Link:
    r"""The compute that a loss stands for, along a power of what is above a floor.

    .. math:: C(L) = C_1 \left(\frac{L_1 - E}{L - E}\right)^{p}

    Attributes
    ----------
    floor : float
        E, which a loss has to lie above.
    first : float
        L_1, the largest loss that was fitted.
    start : float
        C_1, what it stands for.
    power : float
        p: so that the fitted losses span what their computes do.
    """

    floor: float
    first: float
    start: float
    power: float

    def __call__(self, losses: Array) -> Array:
        """Return what losses above the floor stand for; it rises as they fall."""
        return self.start * ((self.first - self.floor) / (losses - self.floor)) ** self.power
