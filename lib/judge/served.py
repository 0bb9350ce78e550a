"""A model that holds the key: does the cipher allow one, and what do its weights give away?

Where a cipher moves and complements the atoms of patches, a network trained on plain pictures can be given
the key and loses nothing (`lib.models.keyed`). Authors propose that as an application: a cloud serves the
model, and clients send ciphertexts. Then the cloud, and whoever steals its weights, has them beside the
checkpoint that they were made from. Here the table that was read by asking goes into a vision transformer, as
a user of the cipher would put it there; `lib.attacks.served_model.checkpoint` gets both sets of weights and
the ciphertexts, and nothing else.

The transformer is not trained: matching columns needs no training. Lesson 30 measures trained and fine-tuned
networks.
"""

import time

import numpy as np

from lib.judge.readings import BitTable, Reading, Substitution
from lib.judge.structure import by_block
from lib.table import Table, join, split

SERVED = "served weights"
ATTACK = "weights beside a checkpoint"
PATCHES = range(2, 17)  # sides in pixels that networks for pictures have
MOST = 1536  # atoms of a patch; matching more takes minutes
FEWEST = 4  # patches of a picture
WIDTH = {"dim": 96, "depth": 1, "heads": 3}
Array = np.ndarray


def table_of(reading: Reading | None, shape: tuple[int, int, int]) -> Table | None:
    """The table that a reading is, in the smallest patches and largest atoms in which a patch map can hold
    it; None where no such map can.

    A bit that is complemented alone is an atom of its own: a byte is the sum of its bits times their worth.
    """
    for bits in (8, 4, 2, 1):
        index, mask = _atoms(reading, bits)
        if index is None or not np.isin(mask, (0, 2**bits - 1)).all():
            continue
        for side in PATCHES:
            whole = shape[0] % side == shape[1] % side == 0
            few = not whole or shape[0] * shape[1] // side**2 < FEWEST
            if few or side**2 * shape[2] * 8 // bits > MOST:
                continue
            home, orders, flips = by_block(index, mask > 0, shape, side, bits)
            if home is not None:
                of = np.arange(len(home))
                masks = join(flips * np.uint8(2**bits - 1), bits)
                return Table(shape, side, bits, home, (orders, of), (masks, of))
    return None


def _atoms(reading, bits):
    """index and mask of a table's atoms, or None twice."""
    if isinstance(reading, BitTable) and reading.bits >= bits:
        return reading.atoms(bits)
    if isinstance(reading, Substitution) and reading.name == "table of bytes" and reading.covered == 1:
        parts = np.arange(8 // bits)
        return (reading.source[:, None] * len(parts) + parts).ravel(), split(reading.boxes[0], bits)
    return None, None


def attacked(table: Table, ciphers: Array) -> tuple[Array, float]:
    """Pictures (n, h, w, 3) uint8 of ciphertexts, by weights alone, and how many seconds that took."""
    import torch  # seconds that a refused cipher need not wait for

    from lib.attacks.served_model.checkpoint import beside_checkpoint
    from lib.models.keyed import keyed, served
    from lib.models.standard import VisionTransformer

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain = VisionTransformer(10, side=table.shape[:2], block=table.block, **WIDTH)
    ours, checkpoint = served(keyed(plain, table)), served(plain, table.bits)
    started = time.perf_counter()
    return beside_checkpoint(ours, checkpoint, ciphers).estimate, time.perf_counter() - started
