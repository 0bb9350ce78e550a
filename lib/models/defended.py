"""Keyed defences against adversarial examples, as something that gradients pass: a front before a network.

A. P. M. Maung (AprilPyone) and H. Kiya, "Block-wise Image Transformation with Secret Key for Adversarially
Robust Defense", IEEE TIFS 2021, arXiv:2010.00801: each picture is encrypted by SHF, NP or FFX with one secret
key, and the network was trained on such pictures. Whoever wants to change a decision needs the gradient
through that front.

- A table moves values and complements some: gradients pass it exactly, moved and with changed signs.
- FFX replaces values, and a replaced one has no slope. What passes backward there is the stranger's choice:
  nothing, or the gradient as if the value were left alone (BPDA of Athalye, Carlini and Wagner, "Obfuscated
  Gradients Give a False Sense of Security", ICML 2018).

Pictures are (n, 3, h, w) floats from 0 to 1 here, as libraries of attacks have them; on multiples of 1/255 a
front gives what `scheme.encrypt` gives on bytes. Normalisation is part of the network: nobody has to remember
it.
"""

from typing import Any

import torch
from torch import nn

from lib.table import Table

SLOPES = 0.0, 1.0  # of a replaced value, backward


class TableFront(nn.Module):
    """A table of whole bytes on (n, 3, h, w) floats from 0 to 1. ValueError for nibbles and bits, and where
    parts of bytes are complemented.

    >>> from lib import Key
    >>> from lib.schemes import NegativePositive
    >>> front = TableFront(NegativePositive(Key.from_seed(7), block=2).table((2, 2, 3)))
    >>> int((front(torch.zeros(1, 3, 2, 2)) == 1).sum())
    6
    """

    def __init__(self, table: Table):
        super().__init__()
        mask = torch.tensor(table.mask)
        if table.bits != 8 or not ((mask == 0) | (mask == 255)).all():
            raise ValueError("this table moves or complements parts of bytes; no map of floats is that")
        self.register_buffer("index", torch.tensor(table.index), persistent=False)
        self.register_buffer("flipped", mask == 255, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        moved = x.permute(0, 2, 3, 1).flatten(1)[:, self.index]  # a table counts row, column, channel
        cipher = torch.where(self.flipped, 1 - moved, moved)
        return cipher.view(n, h, w, c).permute(0, 3, 1, 2)


class ValuesFront(nn.Module):
    """A substitution of bytes at some places on (n, 3, h, w) floats from 0 to 1, which are rounded to bytes
    there; `slope` is what passes backward at a replaced value, 0 or 1.

    substitution (256,) uint8 and places (h, w, 3) bool as `lib.schemes.FormatPreserving` gives them, or an
    attack that has read them
    """

    def __init__(self, substitution: Any, places: Any, slope: float = 0.0):
        super().__init__()
        values = torch.as_tensor(substitution).float() / 255
        self.register_buffer("values", values, persistent=False)
        self.register_buffer("places", torch.as_tensor(places).permute(2, 0, 1), persistent=False)
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        replaced = self.values[(x.detach() * 255).round().long()]
        through = self.slope * (x - x.detach())  # nothing forward, the slope backward
        return torch.where(self.places, replaced + through, x)


class Defended(nn.Module):
    """Logits of a network behind a front, for (n, 3, h, w) floats from 0 to 1; None for no front."""

    def __init__(self, network: nn.Module, front: nn.Module | None = None):
        super().__init__()
        self.front, self.network = front or nn.Identity(), network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(2 * self.front(x) - 1)  # `lib.models.inputs.scaled` of bytes over 255


def front_of(scheme: Any, shape: tuple[int, int, int] = (32, 32, 3), slope: float = 0.0) -> nn.Module | None:
    """The front that encrypts as a scheme does; None for none."""
    if scheme is None:
        return None
    if scheme.has_table:
        return TableFront(scheme.table(shape))
    return ValuesFront(scheme.substitution(), scheme.places(shape), slope)
