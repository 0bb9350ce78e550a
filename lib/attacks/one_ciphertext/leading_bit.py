"""Ciphertext only, one image: what negative-positive alone leaves, A. Chang and B. Case, "Attacks on Image
Encryption Schemes for Privacy-Preserving Deep Neural Networks", arXiv:2004.13263, and its MATLAB code.

Every value v becomes min(v, 255 - v), so that the leading bit is 0: no complement changes that, and outlines
show.
"""

import numpy as np

from lib.attacks import ONE, AttackResult, attack, check_ciphers, in_colour


def folded(values: np.ndarray) -> np.ndarray:
    """Values (...) uint8 as their distance from the nearer end, min(v, 255 - v): 0 to 127."""
    return np.minimum(values, 255 - values)


@attack("leading-bit", ONE, fits=in_colour, source="Chang and Case, arXiv:2004.13263", rank=0)
def leading_bit(ciphers: np.ndarray) -> AttackResult:
    """Fold every value to its distance from the nearer end, min(v, 255 - v): (n, h, w, 3) uint8, 0 to 127.

    All that negative-positive alone leaves, exactly. The order of colours stays as each ciphertext pixel has
    it. It does not say how sure it is: `confidence` is that of a guess, 1 / 48.

    >>> leading_bit(np.array([[[[200, 10, 130]]]], np.uint8)).estimate.tolist()
    [[[[55, 10, 125]]]]
    """
    return AttackResult(folded(check_ciphers(ciphers)), confidence=1 / 48)
