"""Networks that undo most of a key before they train: whitening, from the statistics of ciphertexts under one
key.

A table scheme with one key only shuffles atoms and complements them, and a complement is a change of sign. So
the principal components of a block's atoms are those of the plain block, shuffled alike: their values do not
depend on the key, but for signs. `start(x)` computes them from some ciphertexts; it sees neither key nor
plain image nor label, so whoever trains may do it. That it helps this much is no comfort: whatever a network
can find, an attacker can.

- `WhitenedBlocks`: LE, ELE, EtC, SHF and NP; shuffled blocks are put in place first, see
  `lib.models.fronts.placement`.
- `AlignedBlocks`: LE, SHF and NP; the order of atoms is found with the help of public pictures, see
  `lib.models.fronts.alignment`.
- `WhitenedPixels`: SKK with one key.
- `Orbit`: SKK with any keys, a key per image too, by what all 48 states of a pixel have in common.
"""

import torch
from torch import nn
from torch.nn import functional

from lib.models.fast import Head, convolution
from lib.models.fronts.alignment import align
from lib.models.fronts.placement import place
from lib.models.standard import check_side


def atoms(x, bits: int):
    """(n, c, h, w) floats from -1 to 1 as parts of `bits` bits of their bytes, high part first, c * 8 / bits
    channels.

    Parts are scaled to -1 to 1 as well, so that the complement of a part is its change of sign.
    """
    if bits == 8:
        return x
    value, parts, top = ((x.float() + 1) * 127.5).round(), [], 2**bits - 1
    for shift in range(8 - bits, -1, -bits):
        part = torch.div(value, 2**shift, rounding_mode="floor")
        value = value - part * 2**shift
        parts.append((2 * part - top) / top)
    return torch.stack(parts, dim=2).flatten(1, 2)


class BlockWhitening(nn.Module):
    """Blocks as uncorrelated values, then a linear map of them to features: (n, features, side / block, side
    / block).

    bits     of the atoms that the cipher shuffles: 4 for LE and ELE, 8 for EtC, SHF and NP
    shared   True: one whitening and one map for all blocks, which share a key. False: a block has its own
    placed   the cipher shuffles blocks: put each next to those that it goes with
    `start(x)` is to be called with some inputs first; 1,024 are enough for blocks of 4 at 32x32.
    """

    def __init__(self, side: int, block: int, features: int, bits: int, shared: bool, placed: bool):
        super().__init__()
        check_side(side, block)
        self.across, self.block, self.bits, self.features = side // block, block, bits, features
        self.shared, self.placed = shared, placed
        blocks, values = self.across**2, 3 * block**2 * 8 // bits
        owners = 1 if shared else blocks
        self.register_buffer("source", torch.arange(blocks))
        self.register_buffer("middle", torch.zeros(owners, values))
        self.register_buffer("whiten", torch.eye(values).repeat(owners, 1, 1))
        self.maps = nn.Parameter(torch.randn(1, values, features).repeat(owners, 1, 1) / values**0.5)
        self.normalise = nn.BatchNorm2d(features)

    def cut(self, x):
        """(n, blocks, values) atoms of each block."""
        return functional.unfold(atoms(x, self.bits), self.block, stride=self.block).transpose(1, 2)

    @torch.no_grad()
    def start(self, x):
        """Set places, means and principal components from inputs."""
        values = self.cut(x)
        pooled = values.flatten(0, 1)[:, None] if self.shared else values
        self.middle.copy_(pooled.mean(0))
        centred = pooled - self.middle
        covariance = torch.einsum("nbi,nbj->bij", centred, centred).double() / len(centred)
        strengths, vectors = torch.linalg.eigh(covariance)  # the strongest last
        leading = torch.einsum(
            "nbi,bi->nb", values - self.middle, vectors[..., -1].float().expand(values.shape[1], -1)
        )
        self.whiten.copy_((vectors / (strengths + 3e-3).sqrt()[:, None]).flip(2))
        if self.placed:
            self.source.copy_(
                torch.from_numpy(place(leading.cpu().double().numpy(), self.across, self.across))
            )

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            values = (self.cut(x.float()) - self.middle)[:, self.source].transpose(0, 1)
            maps = self.whiten @ self.maps
        if not self.shared:
            maps = maps[self.source]
        features = values @ maps  # (blocks, n, features)
        features = features.view(self.across, self.across, *features.shape[1:]).permute(2, 3, 0, 1)
        return self.normalise(features.contiguous(memory_format=torch.channels_last))


class WhitenedBlocks(nn.Sequential):
    """Whitened blocks on their grid, then two residual pairs of convolutions with a halving between them.

    Takes (n, 3, side, side) floats; gives (n, classes). 1,969,920 parameters for 10 classes at 32x32 with
    blocks of 4.
    """

    def __init__(self, classes: int, side: int = 32, block: int = 4, bits: int = 4, shared: bool = False,
                 placed: bool = True, features: int = 128, width: int = 192):  # fmt: skip
        super().__init__(
            BlockWhitening(side, block, features, bits, shared, placed),
            nn.GELU(),
            Residual(features),
            nn.Sequential(convolution(features, width), nn.MaxPool2d(2), nn.BatchNorm2d(width), nn.GELU()),
            Residual(width),
            Head(width, classes),
        )

    def start(self, x):
        self[0].start(x)


class Residual(nn.Module):
    """GELU(x + f(x)) where f is two 3x3 convolutions, each normalised, GELU between."""

    def __init__(self, width: int):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x):
        return functional.gelu(x + self.f(x))


class AlignedBlocks(nn.Module):
    """Blocks under one shared key, their atoms put where public pictures have them: LE, SHF and NP; 3
    channels, -1 to 1.

    With atoms of 4 bits the upper nibbles only, for the lower ones look alike to
    `lib.models.fronts.alignment`. The embedded photographs are the public pictures. Nothing is trained.
    `start(x)` is to be called with some inputs first.
    """

    features = 3

    def __init__(self, side: int, block: int, bits: int = 4):
        super().__init__()
        check_side(side, block)
        self.block, self.bits = block, bits
        self.register_buffer("index", torch.arange(3 * block**2))
        self.register_buffer("sign", torch.ones(3 * block**2, 1))

    def cut(self, x):
        """(n, atoms, blocks); of the parts of a byte, the highest first."""
        parts = atoms(x, self.bits).unflatten(1, (3, -1)).transpose(1, 2).flatten(1, 2)
        return functional.unfold(parts, self.block, stride=self.block)

    @torch.no_grad()
    def start(self, x):
        """Find every atom's place and sign, from up to 1,024 inputs and as many public pictures."""
        from lib.datasets import load
        from lib.training import scaled

        public = torch.from_numpy(load("photos").images[:1024]).permute(0, 3, 1, 2)
        public = scaled(torch.cat([public, public.flip(3)]))
        index, sign = align(*(self._grid(images) for images in (x[:1024].cpu(), public)))
        kept = len(self.index)
        self.index.copy_(torch.from_numpy(index[:kept]))
        self.sign.copy_(torch.from_numpy(sign[:kept])[:, None])

    def _grid(self, x):
        across = x.shape[3] // self.block
        return self.cut(x).transpose(1, 2).unflatten(1, (-1, across)).double().numpy()

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            placed = self.cut(x.float())[:, self.index] * self.sign
            return functional.fold(placed, x.shape[2:], self.block, stride=self.block)


class WhitenedPixels(nn.Module):
    """Each pixel's three values whitened by themselves, then turned to agree with its neighbours': 3 channels
    again.

    SKK with one key gives each pixel one of 48 states, the same in all images. Whitened, pixels differ by a
    turn or mirror in three dimensions only; the best agreement with the pixels above and to the left settles
    it (orthogonal Procrustes problem: Schönemann, Psychometrika 31, 1966). Nothing is trained. `start(x)` is
    to be called with some inputs first.
    """

    features = 3

    def __init__(self, side: int):
        super().__init__()
        self.register_buffer("middle", torch.zeros(3, side, side))
        self.register_buffer("turn", torch.eye(3)[:, :, None, None].repeat(1, 1, side, side))

    @torch.no_grad()
    def start(self, x):
        """Set every pixel's mean and its map from the inputs (n, 3, side, side)."""
        self.middle.copy_(x.mean(0))
        pixels = (x - self.middle).permute(2, 3, 0, 1).double()  # (side, side, n, 3)
        strengths, vectors = torch.linalg.eigh(pixels.mT @ pixels / pixels.shape[2])
        maps = vectors / (strengths + 1e-4).sqrt()[..., None, :]
        white = pixels @ maps
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                if row or column:
                    above = white[row - 1, column] if row else 0
                    left = white[row, column - 1] if column else 0
                    u, _, vt = torch.linalg.svd(white[row, column].T @ (above + left))
                    white[row, column] = white[row, column] @ (u @ vt)
                    maps[row, column] = maps[row, column] @ (u @ vt)
        self.turn.copy_(maps.permute(2, 3, 0, 1))

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            return torch.einsum("nchw,cdhw->ndhw", x.float() - self.middle, self.turn)


class Orbit(nn.Module):
    """What SKK cannot change about a pixel: its values' distances from the middle grey, sorted; 3 channels,
    -1 to 1.

    Two pixels have the same three numbers exactly if some key turns one into the other. With a fresh random
    key a pixel, nothing else about it is left, so no network can do better than one that sees this.
    """

    features = 3

    def forward(self, x):
        return 2 * x.abs().sort(dim=1).values - 1
