"""The key of a keyed defence, read first, from ciphertexts; the service settles what they leave open.

The attack is one of the catalogue. For SHF and NP it leaves six orders of colours and a negative open.
Whoever has the network tries all twelve: behind the right one it decides as the service does, which anybody
may ask about pictures of his own. No key and no label is used.
"""

from itertools import permutations
from typing import NamedTuple

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


class Service(NamedTuple):
    """What an attacker has of a service: its network, and what it decided about some pictures of his."""

    network: nn.Module
    images: np.ndarray  # (k, 32, 32, 3) uint8
    decided: np.ndarray  # (k,) classes


def from_ciphertexts(service: Service, settings: Scheme, ciphers: np.ndarray) -> nn.Module:
    """The front of a service, by ciphertexts (n, 32, 32, 3) uint8 that were made with its key.

    settings   a scheme as everybody knows it: class and block are used, and no key
    """
    attack = next(each for each in CATALOGUE if each.threat == MANY and each.fits(settings))
    read = attack.run(Known(ciphers), **attack.options(settings)).recovered
    if "substitution" in read:
        whole = SIDE // settings.block
        return ValuesFront(read["substitution"], np.tile(read["places"], (whole, whole, 1)))
    return settled(service, left_open(read["index"], read["mask"], settings.block))


def left_open(index: np.ndarray, mask: np.ndarray, block: int) -> list[Table]:
    """Tables that one-key ciphertexts do not tell apart: other orders of colours, and a negative.

    index, mask   (bytes of a block,), as attacks give them
    """
    orders = [index // 3 * 3 + np.array(colours)[index % 3] for colours in permutations(range(3))]
    return [Table((SIDE, SIDE, 3), block, orders=order, masks=mask ^ np.uint8(negative))
            for order in orders for negative in (0, 255)]  # fmt: skip


def settled(service: Service, tables: list[Table]) -> TableFront:
    """The front, of these tables, behind which the network decides as the service did."""
    return max(map(TableFront, tables), key=lambda front: agreement(service, front))


@torch.no_grad()
def agreement(service: Service, front: nn.Module | None) -> float:
    """How often the network behind a front decides as the service did."""
    given = Defended(service.network, front).eval()(torch.from_numpy(floats(service.images)))
    return float((given.argmax(1).numpy() == service.decided).mean())


def right(front: nn.Module, scheme: Scheme) -> float:
    """The share of places that a front treats as the true one does; for FFX of places or values, whichever is
    less."""
    true = front_of(scheme)
    if isinstance(true, ValuesFront):
        return min(_same(front.values, true.values), _same(front.places, true.places))
    return _same(front.index + front.flipped * len(true.index), true.index + true.flipped * len(true.index))


def _same(ours, theirs):
    return round(float((ours == theirs).float().mean()), 4)
