"""Whether images that an attack put together have seams: then blocks of the cipher, which the attack took to
stay where they are, have moved, and whatever was read inside of them, the images are wrong.
"""

import numpy as np

from lib.attacks.solvers.recovered_table import steps

ROUGHER = 2.0
"""How many times as rough as other lines seams are. 3.4 to 5 where blocks have moved (EtC and CFE); in
pictures at most 1.6 (CIFAR-10 training images, one at a time) and 1.85 (Kodak photographs of 32 to 256)."""


def has_seams(images: np.ndarray, block: int = 1) -> bool:
    """Whether steps across every so many lines, a multiple of `block`, are `ROUGHER` times as large as across
    the others, in both directions; images (n, h, w, 3) uint8 that share their seams."""
    lines = [each.mean((0, 2 - axis, 3)) for axis, each in enumerate(steps(images))]
    for period in range(max(2, block), min(images.shape[1:3]) // 3 + 1, block):
        seams = [np.arange(1, len(each) + 1) % period == 0 for each in lines]
        if all(each[seam].mean() > ROUGHER * each[~seam].mean() for each, seam in zip(lines, seams)):
            return True
    return False
