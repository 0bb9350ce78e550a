"""Whitening: undo most of a key before training, by the statistics of ciphertexts under one key.

A table scheme with one key only shuffles atoms and complements them, and a complement is a change of sign. So
the principal components of a block's atoms are those of the plain block, shuffled alike: their values do not
depend on the key, but for signs. `start(x)` computes them from some ciphertexts; it sees neither key nor
plain image nor label, so whoever trains may do it. That it helps this much is no comfort: whatever a network
can find, an attacker can.

- `WhitenedBlocks`: LE, ELE, EtC, SHF and NP; shuffled blocks are put in place first, see
  `lib.models.fronts.grid_embedding`.
- `WhitenedPixels`: SKK with one key.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import unfold

from lib.models.fast import Head, Residual, convolution
from lib.models.fronts.grid_embedding import place
from lib.models.inputs import atoms, check_side


class BlockWhitening(nn.Module):
    """Blocks as uncorrelated values, mapped to features: (n, features, side / block, side / block).

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

    def cut(self, x: torch.Tensor):
        """(n, blocks, values) atoms of each block."""
        return unfold(atoms(x, self.bits), self.block, stride=self.block).transpose(1, 2)

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Set places, means and principal components from inputs."""
        values = self.cut(x)
        pooled = values.flatten(0, 1)[:, None] if self.shared else values
        self.middle.copy_(pooled.mean(0))
        centred = pooled - self.middle
        covariance = torch.einsum("nbi,nbj->bij", centred, centred).double() / len(centred)
        strengths, vectors = torch.linalg.eigh(covariance)  # the strongest last
        self.whiten.copy_((vectors / (strengths + 3e-3).sqrt()[:, None]).flip(2))
        if self.placed:
            strongest = vectors[..., -1].float().expand(values.shape[1], -1)
            leading = torch.einsum("nbi,bi->nb", values - self.middle, strongest).cpu().double().numpy()
            self.source.copy_(torch.from_numpy(place(leading, self.across, self.across)))

    def forward(self, x: torch.Tensor):
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

    def start(self, x: torch.Tensor):
        """Set the first layer from some inputs."""
        self[0].start(x)


class WhitenedPixels(nn.Module):
    """Each pixel's three values whitened, then turned to agree with its neighbours'; 3 channels again.

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
    def start(self, x: torch.Tensor):
        """Set every pixel's mean and its map from the inputs (n, 3, side, side)."""
        self.middle.copy_(x.mean(0))
        pixels = (x - self.middle).permute(2, 3, 0, 1).double()  # (side, side, n, 3)
        strengths, vectors = torch.linalg.eigh(pixels.mT @ pixels / pixels.shape[2])
        maps = vectors / (strengths + 1e-4).sqrt()[..., None, :]
        white = pixels @ maps
        for row, column in np.ndindex(*white.shape[:2]):
            if row or column:
                above = white[row - 1, column] if row else 0
                left = white[row, column - 1] if column else 0
                u, _, vt = torch.linalg.svd(white[row, column].T @ (above + left))
                white[row, column] = white[row, column] @ (u @ vt)
                maps[row, column] = maps[row, column] @ (u @ vt)
        self.turn.copy_(maps.permute(2, 3, 0, 1))

    def forward(self, x: torch.Tensor):
        with torch.autocast(x.device.type, enabled=False):
            return torch.einsum("nchw,cdhw->ndhw", x.float() - self.middle, self.turn)
