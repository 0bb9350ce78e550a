"""Known plaintext of ciphers that work on pixels, with one key: SKK.

See `lib.attacks.solvers.history_matching` for arguments, confidence and errors.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, on
from lib.attacks.solvers.history_matching import answered, check_pairs, in_blocks
from lib.symmetries import COLOURS, SIGNS
from lib.table import Structure, Table


@attack("pairs-skk", PAIRS, fits=on(Structure.PIXELS), rank=2)
def pixels(plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray) -> AttackResult:
    """Try which of a pixel's 48 states turns its values into its cipher's, in all pairs.

    `recovered`: "order" and "sign", (pixels,), numbers of `lib.symmetries`.
    """
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers)
    fits = _fits(in_blocks(plain, 1), in_blocks(pair_ciphers, 1))
    choices, (order, sign) = fits.sum(axis=0), np.divmod(fits.argmax(axis=0), len(SIGNS))
    table = Table(ciphers.shape[1:], 1, orders=(COLOURS, order), masks=(SIGNS, sign))
    return answered(ciphers, table, choices, {"order": (order, choices), "sign": (sign, choices)})


def _fits(plain, cipher):
    """(48, pixels) bool: whether a state turns the values (pixels, 3, n) of the plain into the cipher's."""
    channels = [  # by cipher channel, sign and plain channel
        [[(plain[:, a] == cipher[:, b] ^ np.uint8(sign)).all(axis=1) for a in range(3)] for sign in (0, 255)]
        for b in range(3)
    ]
    states = [(order, signs >> np.arange(3) & 1) for order in COLOURS for signs in range(len(SIGNS))]
    fitting = [[channels[b][sign[b]][order[b]] for b in range(3)] for order, sign in states]
    return np.array(fitting).all(axis=1)
