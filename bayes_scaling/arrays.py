"""The types of arrays: numbers, places, flags, and arrays of any kind."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]
AnyArray = NDArray[Any]
