"""Known plaintext of ciphers that move, turn, mirror, complement and recolour blocks as a whole: EtC.

See `lib.attacks.solvers.history_matching` for arguments, confidence and errors.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, on
from lib.attacks.solvers.history_matching import answered, check_pairs, in_blocks, pair_up, weights
from lib.symmetries import block_orders
from lib.table import Structure, Table


@attack("pairs-etc", PAIRS, fits=on(Structure.PIECES), told=("block",), rank=3)
def oriented_blocks(
    plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray, block: int = 4
) -> AttackResult:
    """Find which plain block, in which of 96 states, is each cipher block in all pairs.

    `recovered`: "source", "state" and "negative", (blocks,); states as in `lib.symmetries.block_orders`.
    """
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block)
    orders = block_orders(block)
    plain, cipher = (_in_all_states(in_blocks(x, block), orders) for x in (plain, pair_ciphers))
    source, alike = pair_up(plain.min(axis=(1, 2)), cipher.min(axis=(1, 2)))
    fits = plain[source] == cipher[:, :1, :1]
    choices = fits.sum(axis=(1, 2))
    negative, state = np.divmod(fits.reshape(len(cipher), -1).argmax(axis=1), len(orders))
    masks = np.array([[0], [255]], np.uint8).repeat(3 * block**2, axis=1), negative
    table = Table(ciphers.shape[1:], block, source=source, orders=(orders, state), masks=masks)
    found = {"source": (source, alike), "state": (state, choices), "negative": (negative, choices)}
    return answered(ciphers, table, choices * alike, found)


def _in_all_states(blocks, orders):
    """(blocks, 2, 48) uint64: sums of (blocks, bytes, n) after each order, as it is and as its negative."""
    plain = weights(blocks.shape[1:])
    moved = plain[np.argsort(orders, axis=1)].reshape(len(orders), -1)  # moving weights back is moving bytes
    sums = blocks.reshape(len(blocks), -1).astype(np.uint64) @ moved.T
    return np.stack([sums, (np.uint64(255) * plain).sum(dtype=np.uint64) - sums], axis=1)
