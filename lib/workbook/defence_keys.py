"""The key of a keyed defence, read first, from ciphertexts; the network settles what they leave open.

The attack is one of the catalogue. For SHF and NP it leaves six orders of colours and a negative open.
Whoever has the network tries all twelve: behind the right one it is sure of its classes, on any pictures.
Neither key nor labels are used.
"""

from itertools import permutations

import numpy as np
import torch
from torch import nn

from lib.attacks import MANY
from lib.attacks.catalogue import CATALOGUE, Known
from lib.models.defended import Defended, TableFront, ValuesFront, front_of
from lib.schemes import Scheme
from lib.table import Table
from lib.workbook.defences import floats

SIDE = 32


def from_ciphertexts(network: nn.Module, settings: Scheme, ciphers: np.ndarray, own: np.ndarray) -> nn.Module:
    """The front of a network, by ciphertexts (n, 32, 32, 3) uint8 that were made with its key.

    settings   a scheme as everybody knows it: class and block are used, and no key
    own        (k, 32, 32, 3) uint8 pictures of the attacker's
    """
    attack = next(each for each in CATALOGUE if each.threat == MANY and each.fits(settings))
    read = attack.run(Known(ciphers), **attack.options(settings)).recovered
    if "substitution" in read:
        whole = SIDE // settings.block
        return ValuesFront(read["substitution"], np.tile(read["places"], (whole, whole, 1)))
    return settled(network, left_open(read["index"], read["mask"], settings.block), own)


def left_open(index: np.ndarray, mask: np.ndarray, block: int) -> list[Table]:
    """Tables that one-key ciphertexts do not tell apart: other orders of colours, and a negative.

    index, mask   (bytes of a block,), as attacks give them
    """
    orders = [index // 3 * 3 + np.array(colours)[index % 3] for colours in permutations(range(3))]
    return [Table((SIDE, SIDE, 3), block, orders=order, masks=mask ^ np.uint8(negative))
            for order in orders for negative in (0, 255)]  # fmt: skip


def settled(network: nn.Module, tables: list[Table], own: np.ndarray) -> TableFront:
    """The front, of these tables, behind which a network is surest about pictures (k, 32, 32, 3) uint8."""
    return max(map(TableFront, tables), key=lambda front: sureness(network, front, own))


@torch.no_grad()
def sureness(network: nn.Module, front: nn.Module | None, images: np.ndarray) -> float:
    """The mean probability of the likeliest class, for pictures (k, 32, 32, 3) uint8 behind a front."""
    given = Defended(network, front).eval()(torch.from_numpy(floats(images)))
    return float(given.softmax(1).amax(1).mean())


def right(front: nn.Module, scheme: Scheme) -> float:
    """The share of places that a front treats as the true one does; for FFX of places or values, whichever is
    less."""
    true = front_of(scheme)
    if isinstance(true, ValuesFront):
        return min(_same(front.values, true.values), _same(front.places, true.places))
    return _same(front.index + front.flipped * len(true.index), true.index + true.flipped * len(true.index))


def _same(ours, theirs):
    return round(float((ours == theirs).float().mean()), 4)
