"""Networks that learn from ciphertexts, by name: `by_name("vit", 10, block=4, adaptation="tanaka")`.

Networks and adaptation layers learn from labels alone; what `lib.models.fronts` holds sorts ciphertexts by
their statistics first. Parameter counts stand in the docstrings and are tested.
"""

import inspect

from torch import nn

from lib.models.adaptation import Adapted, ELEAdaptNet, LEAdaptNet, PixelAdaptation, TanakaAdaptation
from lib.models.airbench import AirBench
from lib.models.block_net import BlockNet
from lib.models.fast import FastNet
from lib.models.fronts.alignment import AlignedBlocks, PlacedBlocks
from lib.models.fronts.invariant import Orbit
from lib.models.fronts.whitening import WhitenedBlocks, WhitenedPixels
from lib.models.inputs import check_side, sides
from lib.models.shake_pyramid import ShakePyramidNet
from lib.models.standard import ConvMixer, ResNet18, VisionTransformer

_NETWORKS = {
    "blocknet": BlockNet, "fast": FastNet, "whitened-blocks": WhitenedBlocks, "resnet18": ResNet18,
    "convmixer": ConvMixer, "vit": VisionTransformer, "shake-pyramid": ShakePyramidNet, "airbench": AirBench,
}  # fmt: skip
_ADAPTATIONS = {
    "tanaka": TanakaAdaptation, "le": LEAdaptNet, "ele": ELEAdaptNet, "pixel": PixelAdaptation,
    "aligned-blocks": AlignedBlocks, "placed-blocks": PlacedBlocks, "whitened-pixels": WhitenedPixels,
    "orbit": Orbit,
}  # fmt: skip
names = tuple(_NETWORKS)
adaptations = tuple(_ADAPTATIONS)
rectangles = tuple(
    name for name, kind in (_NETWORKS | _ADAPTATIONS).items()
    if "side" not in inspect.signature(kind).parameters or getattr(kind, "rectangles", False)
)  # fmt: skip
"""Networks and adaptations that read any height and width, of whole blocks where they read these."""


def by_name(
    name: str, classes: int, *, side: int | tuple[int, int] = 32, block: int = 4, bits: int = 4,
    adaptation: str | None = None, **options,
) -> nn.Module:  # fmt: skip
    """A new network: (n, 3, side, side) floats to (n, classes).

    name         one of `names`
    side         of the images, or their height and width, for networks that read more than squares: those of
                 `rectangles`, behind an adaptation of it or none
    block        side of the cipher's blocks, for the networks and adaptations that read blocks
    bits         of the atoms that the cipher shuffles, for those that sort atoms
    adaptation   one of `adaptations`, put in front, with its `penalty()` for the loss (see `Adapted`)
    options      further arguments of the network: `by_name("vit", 10, positions=False)`

    Weights are drawn from torch's generator: torch.manual_seed makes them the same again. Errors: ValueError
    for an unknown name, and for a side that does not fit the block or the network.

    >>> import torch
    >>> by_name("blocknet", 10, side=16, block=8)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 10])
    """
    if name not in _NETWORKS:
        raise ValueError(f"unknown network {name!r}; known: {', '.join(names)}")
    if name == "shake-pyramid" and any(each % 4 for each in sides(side)):
        raise ValueError(f"shake-pyramid halves the side twice: expected a multiple of 4, got {side}")
    height, width = sides(side)
    for each in (name, adaptation) if height != width else ():
        if each in names + adaptations and each not in rectangles:
            raise ValueError(f"{each} reads squares, got {height}x{width}; {', '.join(rectangles)} read any")
    facts = {"side": side, "block": block, "bits": bits}
    if adaptation is None:
        return _made(_NETWORKS[name], classes, options=options, channels=3, **facts)
    if adaptation not in _ADAPTATIONS:
        raise ValueError(f"unknown adaptation {adaptation!r}; known: None, {', '.join(adaptations)}")
    if name == "whitened-blocks":
        raise ValueError("whitened-blocks reads ciphertexts by itself: leave the adaptation out")
    front = _made(_ADAPTATIONS[adaptation], **facts)
    facts |= {"channels": front.features, "whitening": not any(p.requires_grad for p in front.parameters())}
    return Adapted(front, _made(_NETWORKS[name], classes, options=options, **facts))


def _made(kind, *classes, options=(), **facts):
    """A layer or network, told those facts that its constructor asks for."""
    asked = inspect.signature(kind).parameters
    if "block" in asked:
        check_side(facts["side"], facts["block"])
    told = {name: fact for name, fact in facts.items() if name in asked}
    return kind(*classes, **told | dict(options))


__all__ = [
    "Adapted", "AirBench", "AlignedBlocks", "BlockNet", "ConvMixer", "ELEAdaptNet", "FastNet", "LEAdaptNet",
    "Orbit", "PixelAdaptation", "PlacedBlocks", "ResNet18", "ShakePyramidNet", "TanakaAdaptation",
    "VisionTransformer", "WhitenedBlocks", "WhitenedPixels", "adaptations", "by_name", "names", "rectangles",
]  # fmt: skip
