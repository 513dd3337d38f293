"""The loss along a hyperparameter, about its optimum: two power laws that meet."""

from typing import Any

from bayes_scaling.specification.laws.elementwise import elementwise


def bowl(octaves: Any, curvature: Any, asymmetry: Any) -> Any:
    r"""Log of a loss over its least, so many octaves from the optimum.

    Too small a learning rate costs like a power of it, too large a one like another. With the
    exponents :math:`p = \sqrt{q} e^{-a/2}` below and :math:`r = \sqrt{q} e^{a/2}` above,

    .. math:: \ln \frac{r\,e^{-p u} + p\,e^{r u}}{p + r} = \frac{q}{2} u^2 + O(u^3).

    Parameters
    ----------
    octaves : float or array
        u, the binary logarithm of the hyperparameter over its optimum.
    curvature : float or array
        q, positive: the second derivative at the optimum.
    asymmetry : float or array
        a, the logarithm of the steepness above over that below; 0 for a bowl that is even.

    Returns
    -------
    float or array
        Zero at the optimum, positive elsewhere.

    Examples
    --------
    >>> round(float(bowl(0.1, curvature=0.5, asymmetry=0.0)), 4)
    0.0025
    >>> bool(bowl(2.0, 0.5, asymmetry=1.0) > bowl(-2.0, 0.5, asymmetry=1.0))
    True
    """
    maths = elementwise(octaves, curvature, asymmetry)
    steepness = maths.sqrt(curvature)
    below, above = (steepness * maths.exp(sign * asymmetry / 2) for sign in (-1, 1))
    falling, rising = maths.log(above) - below * octaves, maths.log(below) + above * octaves
    return maths.logaddexp(falling, rising) - maths.log(below + above)
