"""What several attacks on one key ask of their second moments, compiled."""

import numba
import numpy as np

FLOOR = 6.0  # variance that any difference of pixels has at least: noise and rounding


@numba.njit(cache=True, nogil=True)
def log_determinant(m, floor):
    """Of the 3x3 matrix m + floor I, m symmetric."""
    a, b, c, f = m[0, 0] + floor, m[1, 1] + floor, m[2, 2] + floor, m[1, 2]
    return np.log(
        a * (b * c - f * f) - m[0, 1] * (m[0, 1] * c - f * m[0, 2]) + m[0, 2] * (m[0, 1] * f - b * m[0, 2])
    )
