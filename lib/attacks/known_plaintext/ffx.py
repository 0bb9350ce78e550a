"""Known plaintext of ciphers that substitute values at some places of every block: FFX.

See `lib.attacks.solvers.history_matching` for arguments and errors.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, on
from lib.attacks.solvers.history_matching import check_pairs, in_blocks
from lib.attacks.solvers.recovered_table import is_smoother, substituted_back
from lib.table import Structure
from lib.tiling import places


@attack("pairs-ffx", PAIRS, fits=on(Structure.VALUES), told=("block",), rank=4)
def substitution(
    plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray, block: int = 4
) -> AttackResult:
    """Places of a block whose value ever changed are substituted; what became of each value is read off.

    One last value goes to the one that is left. `recovered`: "substitution" (256,), -1 for values not seen,
    and "places" (bytes of a block,) bool. Confidence (256,) is 1 for a value that is known and 0 for another.
    """
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block, any_size=True)
    plain, cipher = (in_blocks(x, block) for x in (plain, pair_ciphers))
    changed = (plain != cipher).any(axis=(0, 2))
    table, right = _read(plain[:, changed], cipher[:, changed])
    estimate = (
        substituted_back(ciphers, table, places(ciphers.shape[1:], block)[:, changed])
        if right
        else ciphers.copy()
    )
    seen = (table >= 0) & right
    recovered = {"substitution": table, "places": changed, "ambiguous": int((~seen).sum())}
    if seen.mean() > 0.9:
        seen &= is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, recovered, seen.astype(float))


def _read(plain, cipher):
    """(256,) what each value becomes, -1 where it was not seen; and whether all pairs agree, one to one."""
    table = np.full(256, -1)
    table[plain] = cipher
    seen = table[table >= 0]
    right = (table[plain] == cipher).all() and len(np.unique(seen)) == len(seen)
    if right and len(seen) == 255:
        table[table < 0] = np.setdiff1d(np.arange(256), seen)
    return table, right
