"""Networks that learn from ciphertexts, and one line to choose one:
`by_name("vit", 10, block=4, adaptation="tanaka")`.

Parameter counts stand in the docstrings and are tested.
"""

import torch
from torch import nn

from lib.models.adaptation import ELEAdaptNet, LEAdaptNet, PixelAdaptation, TanakaAdaptation
from lib.models.fast import FastNet
from lib.models.fronts.whitened import AlignedBlocks, Orbit, WhitenedBlocks, WhitenedPixels
from lib.models.shake_pyramid import ShakePyramidNet
from lib.models.standard import ConvMixer, ResNet18, VisionTransformer, check_side


class BlockNet(nn.Module):
    """A tiny network for ciphertexts under one key: a linear map of its own for every block, then two dense
    layers.

    One key does the same to every image, block by block, so a map for each block can learn to live with any
    of the schemes: the idea of ELE-AdaptNet (Madono et al., arXiv:2001.07761), without what makes that one
    large.

    Takes (n, channels, side, side) floats; gives (n, classes). 182,666 parameters for 10 classes at 32x32,
    blocks of 4.
    """

    def __init__(
        self,
        classes: int,
        side: int = 32,
        block: int = 4,
        features: int = 16,
        hidden: int = 128,
        channels: int = 3,
    ):
        super().__init__()
        check_side(side, block)
        blocks, size = (side // block) ** 2, channels * block * block
        self.cut = nn.Unfold(block, stride=block)
        self.maps = nn.Parameter(torch.randn(blocks, size, features) / size**0.5)
        self.offsets = nn.Parameter(torch.zeros(blocks, features))
        self.classify = nn.Sequential(
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(blocks * features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x):
        blocks = self.cut(x).transpose(1, 2)
        return self.classify(torch.einsum("nbs,bsf->nbf", blocks, self.maps) + self.offsets)


class Adapted(nn.Module):
    """An adaptation network, then a classifier of its features: (n, 3, side, side) floats to (n, classes)."""

    def __init__(self, adaptation: nn.Module, classifier: nn.Module):
        super().__init__()
        self.adaptation, self.classifier = adaptation, classifier

    def forward(self, x):
        return self.classifier(self.adaptation(x))

    def start(self, x):
        """Hand some inputs to the parts that learn from their statistics before training."""
        if hasattr(self.adaptation, "start"):
            self.adaptation.start(x)
        if hasattr(self.classifier, "start"):
            with torch.no_grad():
                self.classifier.start(self.adaptation(x))

    def penalty(self):
        """What the adaptation network asks to be added to the loss of the last batch; 0 where it asks for
        nothing."""
        return self.adaptation.penalty() if hasattr(self.adaptation, "penalty") else 0.0


def _shake_pyramid(classes, channels, side, block, **options):
    if side % 4:
        raise ValueError(f"shake-pyramid halves the side twice: expected a multiple of 4, got {side}")
    return ShakePyramidNet(classes, into=channels, **options)


# Every constructor is told classes, channels, side and block, and takes of them what it needs.
_NETWORKS = {
    "blocknet": lambda classes, channels, side, block, **o: BlockNet(
        classes, side, block, channels=channels, **o
    ),
    "fast": lambda classes, channels, side, block, **o: FastNet(classes, channels, **o),
    "whitened-blocks": lambda classes, channels, side, block, **o: WhitenedBlocks(classes, side, block, **o),
    "resnet18": lambda classes, channels, side, block, **o: ResNet18(classes, channels, **o),
    "convmixer": ConvMixer,
    "vit": VisionTransformer,
    "shake-pyramid": _shake_pyramid,
}
_ADAPTATIONS = {
    "tanaka": lambda side, block: TanakaAdaptation(block),
    "le": lambda side, block: LEAdaptNet(block),
    "ele": ELEAdaptNet,
    "pixel": lambda side, block: PixelAdaptation(),
    "aligned-blocks": AlignedBlocks,
    "whitened-pixels": lambda side, block: WhitenedPixels(side),
    "orbit": lambda side, block: Orbit(),
}
names = tuple(_NETWORKS)
adaptations = tuple(_ADAPTATIONS)


def by_name(
    name: str, classes: int, *, side: int = 32, block: int = 4, adaptation: str | None = None, **options
) -> nn.Module:
    """A new network: (n, 3, side, side) floats to (n, classes).

    name         one of `names`
    block        side of the cipher's blocks, for the networks and adaptations that read blocks
    adaptation   one of `adaptations`, put in front, with its `penalty()` for the loss (see `Adapted`); None
                 for none
    options      further arguments of the network: `by_name("vit", 10, positions=False)`

    Weights are drawn from torch's generator, as those of any module: torch.manual_seed makes them the same
    again. Errors: ValueError for an unknown name, and for a side that does not fit the block or the network.

    >>> by_name("blocknet", 10, side=16, block=8)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 10])
    """
    if name not in _NETWORKS:
        raise ValueError(f"unknown network {name!r}; known: {', '.join(names)}")
    if adaptation is None:
        return _NETWORKS[name](classes, 3, side, block, **options)
    if adaptation not in _ADAPTATIONS:
        raise ValueError(f"unknown adaptation {adaptation!r}; known: None, {', '.join(adaptations)}")
    if name == "whitened-blocks":
        raise ValueError("whitened-blocks reads ciphertexts by itself: leave the adaptation out")
    if adaptation in ("tanaka", "le", "ele", "aligned-blocks"):
        check_side(side, block)
    front = _ADAPTATIONS[adaptation](side, block)
    return Adapted(front, _NETWORKS[name](classes, front.features, side, block, **options))


__all__ = ["Adapted", "AlignedBlocks", "BlockNet", "ConvMixer", "ELEAdaptNet", "FastNet", "LEAdaptNet", "Orbit", "PixelAdaptation", "ResNet18",
           "ShakePyramidNet", "TanakaAdaptation", "VisionTransformer", "WhitenedBlocks", "WhitenedPixels", "adaptations", "by_name", "names"]  # fmt: skip
