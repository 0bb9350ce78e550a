"""Known plaintext of ciphers with one key for all blocks: Tanaka's scheme, and SHF and NP with bits=8.

Each block of each pair adds a value to the history of every atom, so one small picture is often enough. See
`lib.attacks.solvers.history_matching` for the method, arguments, confidence and errors.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, on
from lib.attacks.solvers.history_matching import answered, check_pairs, in_blocks, match, of_atoms
from lib.table import Structure, Table, join


@attack("pairs-tanaka", PAIRS, fits=on(Structure.SAME_BLOCKS), told=("block", "bits"), rank=0)
def shared_blocks(
    plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray, block: int = 4, bits: int = 4
) -> AttackResult:
    """Match the histories of a block's atoms over all blocks of all pairs, then undo the table of the block.

    `recovered`: "index" and "mask", (atoms of a block,).
    """
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block, any_size=True)
    index, flipped, choices = match(*(_of_a_block(x, block, bits) for x in (plain, pair_ciphers)), bits)
    mask = flipped * np.uint8(2**bits - 1)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=join(mask, bits))
    return answered(ciphers, table, choices, {"index": (index, choices), "mask": (mask, choices)})


def _of_a_block(images, block, bits):
    """(atoms of a block, blocks and images): histories over both."""
    histories = in_blocks(images, block).transpose(1, 0, 2)
    return of_atoms(histories.reshape(1, 3 * block**2, -1), bits)[0]
