"""Networks that others made, for small images: a residual one, and two that read patches, as a cipher does.

- `ResNet18`: He et al., arXiv:1512.03385, torchvision's, in the form usual for CIFAR.
- `ConvMixer`: Trockman and Kolter, arXiv:2201.09792, timm's. A patch is a block of the cipher.
- `VisionTransformer`: Dosovitskiy et al., arXiv:2010.11929, timm's. A patch is a block of the cipher; without
  position code it sees a bag of blocks: no shuffling of blocks changes what it says.

All take (n, channels, side, side) floats and give (n, classes). No weights are ever fetched. torchvision and
timm are imported when such a network is made, not before: that takes seconds.
"""

import torch
from torch import nn

from lib.models.inputs import check_side, sides


class ResNet18(nn.Sequential):
    """The first convolution is 3x3 with stride 1, and no pooling follows it; any side will do.

    11,173,962 parameters for 10 classes.
    """

    def __init__(self, classes: int, channels: int = 3):
        from torchvision.models import resnet18

        net = resnet18(weights=None, num_classes=classes)
        net.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        # as the one that it replaces
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        net.maxpool = nn.Identity()
        super().__init__(net)


class PatchLayer(nn.Conv2d):
    """The linear map of a patch, always in float32: with 12 to 24 channels and patches of 4 or 8 pixels,
    bfloat16 on processors with AMX gave wrong numbers, larger than the right ones (torch 2.15; measured)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As `nn.Conv2d`, and float32 whatever surrounds it."""
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())

    @classmethod
    def like(cls, layer: nn.Conv2d) -> "PatchLayer":
        """With the weights of `layer`; nothing is drawn."""
        sizes = layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride
        out = nn.utils.skip_init(cls, *sizes)
        out.load_state_dict(layer.state_dict())
        return out


class _OfPatches(nn.Sequential):
    """A network for images of one size, which says so: a convolution would drop what is over."""

    rectangles = True  # `side` may be (height, width)

    def __init__(self, net: nn.Module, channels: int, side: int | tuple[int, int]):
        super().__init__(net)
        self.takes = channels, *sides(side)

    def forward(self, x: torch.Tensor):
        if tuple(x.shape[1:]) != self.takes:
            shape = ", ".join(map(str, self.takes))
            raise ValueError(f"made for images of shape (n, {shape}), got {tuple(x.shape)}")
        return super().forward(x)


class ConvMixer(_OfPatches):
    """Linear map of a patch, then `depth` times a depthwise convolution across patches and a 1x1 convolution.

    Which blocks are neighbours matters to it. 718,090 parameters for 10 classes with blocks of 4.
    """

    def __init__(self, classes: int, channels: int = 3, side: int | tuple[int, int] = 32, block: int = 4,
                 dim: int = 256, depth: int = 8, kernel: int = 9):  # fmt: skip
        from timm.models import convmixer

        check_side(side, block)
        patches = {"patch_size": block, "in_chans": channels}
        net = convmixer.ConvMixer(dim, depth, kernel, num_classes=classes, **patches)
        net.stem[0] = PatchLayer.like(net.stem[0])
        super().__init__(net, channels, side)


class VisionTransformer(_OfPatches):
    """Linear map of a patch, a learnt code of its position if `positions`, `depth` layers of attention.

    The mean over patches is classified, without a class token. 2,693,194 parameters for 10 classes at 32x32,
    blocks of 4; the position code is 12,288 of them.
    """

    def __init__(self, classes: int, channels: int = 3, side: int | tuple[int, int] = 32, block: int = 4,
                 dim: int = 192, depth: int = 6, heads: int = 3, positions: bool = True):  # fmt: skip
        from timm.models import vision_transformer

        check_side(side, block)
        if dim % heads:
            raise ValueError(f"dim {dim} does not divide among {heads} heads")
        net = vision_transformer.VisionTransformer(
            sides(side), block, channels, classes, global_pool="avg", class_token=False, embed_dim=dim,
            depth=depth, num_heads=heads, pos_embed="learn" if positions else "none",
        )  # fmt: skip
        net.patch_embed.proj = PatchLayer.like(net.patch_embed.proj)
        super().__init__(net, channels, side)
