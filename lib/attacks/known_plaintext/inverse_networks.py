"""Networks that undo a cipher: (n, 3, side, side) ciphertexts, floats from -1 to 1, to pictures alike.

- `BlockMaps`, under *the victim's key*, where a table's inverse is a linear map of its atoms, and a
  complement a change of sign: one map for all blocks (Tanaka, SHF, NP), one for each (SKK, whose blocks are
  pixels), or one for each, which may stand anywhere (ELE, EtC).
- `PixelStates`, under *other keys*, sees folds of pixels alone, which no key changes, by the U-Net of
  `lib.attacks.solvers.pixel_state_prior`: SKK, and NP, where colours keep their order.
- `BlockFeatures`, likewise, a block's atoms or their folds, sorted: Tanaka and SHF; ELE and EtC, which lose
  the places of blocks too.
- `Published`, those of the public evaluation.

A network that learns from pairs before it is trained has `start(x, y)`; one with a loss of its own has
`loss(x, y, draws)`; else the loss is the squared error.
"""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional as F

from lib.attacks.solvers.pixel_state_prior import OrbitPrior, mean_colours, state_loss
from lib.models.fast import Residual
from lib.models.inputs import atoms, check_side
from lib.training import CPU, autocast, scaled


class BlockMaps(nn.Module):
    """Each block's atoms, whitened, times a matrix; a block may be a pixel.

    own        a matrix for each block, instead of one for all
    shuffled   blocks stand anywhere. `start(x, y)` finds where each came from: the sum of its atoms'
               distances from the middle goes up and down with one plain block's
    4,608 parameters for blocks of 4 and atoms of 4 bits; with `own` 294,912 at 32x32, and 9,216 for SKK.
    """

    def __init__(
        self, side: int = 32, block: int = 4, bits: int = 4, own: bool = False, shuffled: bool = False
    ):
        super().__init__()
        check_side(side, block)
        blocks, values = (side // block) ** 2, 3 * block**2
        self.block, self.bits, self.own, self.shuffled = block, bits, own, shuffled
        owners, inputs = blocks if own else 1, values * 8 // bits
        self.maps = nn.Parameter(torch.zeros(owners, inputs, values))
        self.register_buffer("whiten", torch.eye(inputs).repeat(owners, 1, 1))
        self.register_buffer("source", torch.arange(blocks))

    def cut(self, x: torch.Tensor) -> torch.Tensor:
        """(blocks, n, atoms)"""
        return F.unfold(atoms(x, self.bits), self.block, stride=self.block).permute(2, 0, 1)

    @torch.no_grad()
    def start(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Find, from pairs, where blocks come from and what whitens their atoms."""
        if self.shuffled:
            theirs, ours = (self.cut(images).abs().sum(2).numpy() for images in (x, y))
            alike = np.corrcoef(ours, theirs)[: len(ours), len(ours) :]
            self.source.copy_(torch.from_numpy(linear_sum_assignment(-alike)[1]))
        values = self.cut(x)[self.source]
        values = values if self.own else values.reshape(1, -1, values.shape[2])
        strengths, vectors = torch.linalg.eigh((values.mT @ values / values.shape[1]).double())
        self.whiten.copy_(vectors / (strengths + 1e-4).sqrt()[:, None])

    @property
    def table(self) -> torch.Tensor:
        """(blocks or 1, atoms, bytes): what is learned, a weight for each atom of a block and plain byte."""
        return self.whiten @ self.maps

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """(blocks, n, bytes): what the ciphertexts' blocks are made into."""
        return self.cut(x)[self.source] @ self.table

    def forward(self, x: torch.Tensor):
        return F.fold(self.plain(x).permute(1, 2, 0), x.shape[2:], self.block, stride=self.block)


class PixelStates(nn.Module):
    """The mean colour of each pixel over its 48 states, by what a U-Net makes of all pixels' sorted folds.

    ordered   the cipher leaves colours in their order: 8 states, of signs
    widths    of the U-Net: whole size, a half to a sixteenth, back at the whole size
    """

    bfloat16, share = True, 0.4  # of the pixels a loss is of so many

    def __init__(self, ordered: bool = False, widths: tuple[int, ...] = (24, 96, 128, 192, 256, 32)):
        super().__init__()
        fine, *middle, up = widths
        self.ordered, self.unet = ordered, OrbitPrior(fine, tuple(middle), up)

    def folds(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) floats, whole numbers from 0 to 127."""
        found = ((1 - x.abs()) * 127.5).round()
        return found if self.ordered else found.sort(dim=1).values

    def logits(self, folds: torch.Tensor, pixels: torch.Tensor | None = None) -> torch.Tensor:
        """(n * h * w, 48 or 8), or those of some pixels."""
        with autocast(CPU, self.bfloat16):
            return self.unet(folds, pixels)[:, : 8 if self.ordered else 48]

    def forward(self, x: torch.Tensor):
        folds = self.folds(x)
        chances = self.logits(folds).float().softmax(1)
        colours = mean_colours(chances, _pixels(folds))
        return colours.view(len(x), *x.shape[2:], 3).permute(0, 3, 1, 2) / 127.5 - 1

    @torch.no_grad()
    def chances(self, cipher: np.ndarray, flip: bool = False) -> np.ndarray:
        """(h, w, states) float32 of one image (h, w, 3) uint8; `flip`: the mean of logits with its mirror."""
        x, shape = scaled(torch.from_numpy(cipher).permute(2, 0, 1)[None]), (*cipher.shape[:2], -1)
        logits = self.logits(self.folds(x)).float().view(shape)
        if flip:
            logits = (logits + self.logits(self.folds(x.flip(3))).float().view(shape).flip(1)) / 2
        return logits.softmax(2).numpy()

    def loss(self, x: torch.Tensor, y: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        """`lib.attacks.solvers.pixel_state_prior.state_loss` of a share of the pixels."""
        folds = self.folds(x)
        count = folds[:, 0].numel()
        pixels = torch.randperm(count, generator=draws)[: int(self.share * count)]
        plain = ((_pixels(y)[pixels] + 1) * 127.5).round().byte().numpy()
        return state_loss(self.logits(folds, pixels), _pixels(folds)[pixels], plain)


def _pixels(x):
    """(n * h * w, 3) of (n, 3, h, w)."""
    return x.permute(0, 2, 3, 1).reshape(-1, 3)


class BlockFeatures(nn.Module):
    """What a key of Tanaka's kind leaves of a block, its sorted atoms, then convolutions over blocks.

    folded   complements are undone first: an atom or its complement, whichever is less
    placed   False where the cipher shuffles blocks as well, which leaves the mean over blocks
    """

    bfloat16 = True

    def __init__(self, side: int = 32, block: int = 4, bits: int = 4, folded: bool = True,
                 placed: bool = True, width: int = 128, depth: int = 3):  # fmt: skip
        super().__init__()
        check_side(side, block)
        self.block, self.bits, self.folded, self.placed = block, bits, folded, placed
        inputs = 3 * block**2 * 8 // bits
        self.read = nn.Sequential(nn.Conv2d(inputs, width, 1), nn.GELU(), nn.Conv2d(width, width, 1))
        self.places = nn.Parameter(torch.zeros(1, width, side // block, side // block))
        self.body = nn.Sequential(*(Residual(width) for _ in range(depth)))
        self.paint = nn.Sequential(nn.Conv2d(width, 3 * block**2, 1), nn.PixelShuffle(block))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(n, atoms, rows, columns), the same whatever the key, but for where the blocks are."""
        found = F.pixel_unshuffle(atoms(x, self.bits), self.block)
        return (-found.abs() if self.folded else found).sort(dim=1).values

    def forward(self, x: torch.Tensor):
        with autocast(CPU, self.bfloat16):
            found = self.read(self.features(x))
            if not self.placed:
                found = found.mean((2, 3), keepdim=True)
            return self.paint(self.body(found + self.places)).float()


class Published(nn.Sequential):
    """The networks of ito-hiroki/learnable_encryption_robustness (2022), with batch norm and ReLU.

    pixels         1x1 convolutions 3-64-128-256-3, for SKK. Otherwise a convolution of the block's size, 3 to
                   48 channels for blocks of 4, two of 1x1 to 48 and 512, pixels put back in place, 32 to 3
    double_range   the output of the tanh goes through a sigmoid for the loss, not when the attack is scored
    43,267 parameters for pixels, 31,107 for blocks of 4.
    """

    def __init__(self, block: int = 4, pixels: bool = False, double_range: bool = False):
        size = 3 * block**2
        if pixels:
            layers = *_normalised(3, 64), *_normalised(64, 128), *_normalised(128, 256), nn.Conv2d(256, 3, 1)
        else:
            layers = *_normalised(3, size, block), *_normalised(size, size), *_normalised(size, 32 * block**2)
            layers = *layers, nn.PixelShuffle(block), nn.Conv2d(32, 3, 1)
        super().__init__(*layers, nn.Tanh())
        self.double_range = double_range

    def loss(self, x: torch.Tensor, y: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        """The squared error, of the published range; nothing is drawn."""
        out = self(x)
        return F.mse_loss(out.sigmoid() if self.double_range else out, y)


def _normalised(into, out, size=1):
    return nn.Conv2d(into, out, size, stride=size), nn.BatchNorm2d(out), nn.ReLU()
