"""The upper tail of Student's t, in functions that kept code can call."""

from typing import Any

import numpy as np
from scipy import special

from bayes_scaling.specification.laws.elementwise import elementwise

NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)
HALVES, SHARES = (NODES + 1) / 2, WEIGHTS / 2  # of the interval from 0 to 1


def log_student_tail(z: Any, nu: Any) -> Any:
    r"""Log probability that a Student-t variable exceeds z.

    With the angle :math:`\psi = \arctan(\sqrt\nu / z)` in (0, pi),

    .. math:: P(t > z) = \frac{\Gamma((\nu + 1) / 2)}{\sqrt\pi\,\Gamma(\nu / 2)}
              \int_0^\psi \sin^{\nu - 1} s\,ds,

    by Gauss's rule of ten points: within 1e-8 of the probability at nu = 5 and 1e-4 up to 10,
    however far z lies.

    Parameters
    ----------
    z : ndarray, shape (n,)
    nu : float or ndarray, shape (n,)
        Degrees of freedom.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> from scipy import stats
    >>> z = np.array([-3.0, 0.0, 2.0, 1e4])
    >>> bool(np.allclose(log_student_tail(z, 5.0), stats.t(5).logsf(z), atol=1e-8))
    True
    """
    maths = elementwise(z, nu)
    gammaln = (special if maths is np else maths).gammaln
    angle = maths.arctan2(maths.sqrt(nu), z)
    power = nu - 1 if np.ndim(nu) == 0 and not hasattr(nu, "ndim") else (nu + 0 * z)[:, None] - 1
    sines = maths.sin(angle[:, None] * HALVES) / angle[:, None]
    area = nu * maths.log(angle) + maths.log((SHARES * sines**power).sum(-1))
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2)
    return area + constant - 0.5 * np.log(np.pi)
