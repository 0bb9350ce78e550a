"""Generators that turn ciphertexts into pictures without having seen a pair, and their discriminator.

All take (n, 3, side, side) floats from -1 to 1. `KeyMaps`, ours, is a linear map of a block's atoms, all that
a key can do to it: it starts by doing nothing, and cannot paint what the ciphertext does not hold. `Painter`
is an adaptation network, then convolutions that make a picture of its features, as SIA-GAN has it, smaller:
it can undo more, and can invent.
"""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from lib.attacks.known_plaintext.inverse_networks import BlockMaps
from lib.models.adaptation import ELEAdaptNet, PixelAdaptation
from lib.models.fronts.grid_embedding import place
from lib.table import join
from lib.tiling import cut
from lib.training import CPU, autocast


class KeyMaps(BlockMaps):
    """A map of atoms for all blocks, or with `own` for each; at first every byte is left where it is.

    blocks   where they stand: "kept"; "learnt", by a matrix that mixes blocks, the identity at first; or
             "placed", by `lib.models.fronts.grid_embedding`, up to a turn or mirror, in `start(x)`
    4,608 parameters for one map of blocks of 4 with atoms of 4 bits, 9,216 for SKK's pixels, 294,912 for a
    map a block of ELE and 147,456 of EtC, and 4,096 more for the matrix.
    """

    def __init__(
        self, side: int = 32, block: int = 4, bits: int = 4, own: bool = False, blocks: str = "kept"
    ):
        super().__init__(side, block, bits, own)
        if blocks not in ("kept", "learnt", "placed"):
            raise ValueError(f"blocks are 'kept', 'learnt' or 'placed', got {blocks!r}")
        self.blocks, parts = blocks, 8 // bits
        shares = torch.tensor([2.0 ** (8 - bits * (part + 1)) * (2**bits - 1) / 255 for part in range(parts)])
        pixel = torch.kron(torch.eye(3), shares[:, None])
        nothing = torch.kron(pixel, torch.eye(block**2))
        self.maps = nn.Parameter(nothing.repeat(len(self.maps), 1, 1))
        self.size = float(shares.square().sum())  # of what one byte is made of: any key leaves it
        self.mixing = nn.Parameter(torch.eye(len(self.source))) if blocks == "learnt" else None

    @torch.no_grad()
    def start(self, x: torch.Tensor) -> None:
        """Find where blocks belong, from ciphertexts (n, 3, side, side) floats, 8 times as many as blocks."""
        if self.blocks == "placed":
            values = self.cut(x).double()
            values = values - values.mean(1, keepdim=True)
            leading = torch.linalg.eigh(values.mT @ values)[1][..., -1:]
            across = x.shape[3] // self.block
            brightness = (values @ leading)[..., 0].T
            self.source.copy_(torch.from_numpy(place(brightness.numpy(), across, across)))

    @property
    def table(self) -> torch.Tensor:
        """The maps themselves: nothing is whitened."""
        return self.maps

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """As of `BlockMaps`, and mixed."""
        plain = super().plain(x)
        return plain if self.mixing is None else torch.einsum("ab,bnv->anv", self.mixing, plain)

    def strain(self) -> torch.Tensor:
        """How far the maps are from keys, which mix no bytes and scale none. Mean over bytes, squared."""
        products = self.maps.mT @ self.maps
        wanted = self.size * torch.eye(products.shape[-1])
        return (products - wanted).square().sum(2).mean()

    def key(self) -> dict[str, np.ndarray]:
        """The key that is nearest to the maps, as a table: "index" (atoms,) int64 and "mask" (bytes,) uint8
        of the whole image. Each byte takes the atom with the largest weight, each atom serves one byte; of
        halves of bytes the upper first, then the lower."""
        values, mixing = self.maps.shape[2], torch.eye(len(self.source))
        mixing = mixing if self.mixing is None else self.mixing.detach()
        number = self._atoms()
        index, mask = np.empty(number.size, np.int64), np.empty(number.size, np.uint8)
        for there, middle in enumerate(_assigned(mixing.T.numpy())):
            weights = (self.maps[middle % len(self.maps)] * mixing[there, middle].sign()).detach().numpy()
            plain_parts = number[there].reshape(3, 8 // self.bits, -1).swapaxes(0, 1)
            left = weights.copy()
            for plain in plain_parts:
                atom = _assigned(left)
                left[atom] = 0
                taken, negative = number[self.source[middle]][atom], weights[atom, np.arange(values)] < 0
                index[taken], mask[taken] = plain.ravel(), negative * np.uint8(2**self.bits - 1)
        return {"index": index, "mask": join(mask, self.bits)}

    def _atoms(self):
        """(blocks, atoms): the number in the image of each atom, in the order of `cut`, channels first."""
        side, atoms = round(len(self.source) ** 0.5) * self.block, 3 * 8 // self.bits
        blocks = cut(np.arange(side * side * atoms).reshape(1, side, side, atoms), self.block)[0]
        return np.moveaxis(blocks, -1, 1).reshape(len(blocks), -1)


def _assigned(weights):
    """(columns,): for each column a row of its own, the sum of absolute weights as large as can be."""
    rows, columns = linear_sum_assignment(-np.abs(weights))
    return rows[np.argsort(columns)]


class Painter(nn.Module):
    """An adaptation network, two residual pairs of 3x3 convolutions, a picture by tanh.

    pixels   adapt pixel by pixel (`PixelAdaptation`), or block by block with mixing (`ELEAdaptNet`)
    28,659 and 25,203 parameters beside those of the adaptation, where SIA-GAN has 1.09 million.
    """

    def __init__(self, side: int = 32, block: int = 4, bits: int = 8, pixels: bool = False, width: int = 24):
        super().__init__()
        self.adapt = PixelAdaptation() if pixels else ELEAdaptNet(side, block)
        self.paint = nn.Sequential(
            nn.Conv2d(self.adapt.features, width, 3, padding=1), Pair(width), Pair(width),
            nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, x: torch.Tensor):
        features = self.adapt(x).contiguous(memory_format=torch.channels_last)
        with autocast(CPU, True):
            return self.paint(features).float()


class Pair(nn.Module):
    """x + f(x), f two 3x3 convolutions, each normalised and rectified before."""

    def __init__(self, width: int):
        super().__init__()
        halves = [(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)) for _ in range(2)]
        self.f = nn.Sequential(*halves[0], *halves[1])

    def forward(self, x: torch.Tensor):
        return x + self.f(x)


class Discriminator(nn.Sequential):
    """Is it a picture? A verdict for each of the patches, 20 pixels wide, that four convolutions see.
    Spectrally normalised throughout, LeakyReLU(0.2): Miyato et al., arXiv:1802.05957. It sees no positions,
    so what it learns of one place serves all others. 56,497 parameters, where SIA-GAN has 13.36 million."""

    def __init__(self, width: int = 24):
        layers, into = [], 3
        for out, kernel, stride in ((width, 3, 1), (2 * width, 4, 2), (2 * width, 4, 2)):
            layers += [spectral_norm(nn.Conv2d(into, out, kernel, stride, padding=1)), nn.LeakyReLU(0.2)]
            into = out
        super().__init__(*layers, spectral_norm(nn.Conv2d(into, 1, 3, padding=1)))

    def forward(self, x: torch.Tensor):
        """(n, 1, side / 4, side / 4) verdicts, high for a picture."""
        with autocast(CPU, True):
            return super().forward(x.contiguous(memory_format=torch.channels_last)).float()
