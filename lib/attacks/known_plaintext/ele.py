"""Known plaintext of ciphers with a key for each block, and blocks shuffled: ELE.

See `lib.attacks.solvers.history_matching` for the method, arguments, confidence and errors.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, on
from lib.attacks.solvers import history_matching
from lib.table import Structure, Table, join


@attack("pairs-ele", PAIRS, fits=on(Structure.OWN_BLOCKS), told=("block", "bits"), rank=1)
def own_blocks(
    plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray, block: int = 4, bits: int = 4
) -> AttackResult:
    """Find each block by the histories in it, whatever their order; then match histories within it.

    `recovered`: "source" (blocks,), "index" and "mask" (blocks, atoms of a block).
    """
    plain, pair_ciphers, ciphers = history_matching.check_pairs(plain, pair_ciphers, ciphers, block)
    plain, cipher = (
        history_matching.of_atoms(history_matching.in_blocks(x, block), bits) for x in (plain, pair_ciphers)
    )
    source, alike = history_matching.pair_up(_contents(plain, bits), _contents(cipher, bits))
    index, flipped, choices = history_matching.match(plain[source], cipher, bits)
    choices, each = choices * alike[:, None], np.arange(len(cipher))
    mask = flipped * np.uint8(2**bits - 1)
    orders, masks = (index, each), (join(mask, bits), each)
    table = Table(ciphers.shape[1:], block, bits, source=source, orders=orders, masks=masks)
    found = {"source": (source, alike), "index": (index, choices), "mask": (mask, choices)}
    return history_matching.answered(ciphers, table, choices, found)


def _contents(blocks, bits):
    """(blocks,) uint64: a number for the histories in a block, whatever their order and signs."""
    each = history_matching.sums(history_matching.canonical(blocks, bits)[0])
    return ((each ^ each >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)).sum(axis=1)
