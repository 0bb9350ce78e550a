"""ShakePyramidNet: a pyramidal residual network with ShakeDrop.

D. Han, J. Kim and J. Kim, "Deep Pyramidal Residual Networks", CVPR 2017; Y. Yamada, M. Iwamura, T. Akiba and
K. Kise, "ShakeDrop Regularization for Deep Residual Learning", IEEE Access 7 (2019). Madono et al.,
arXiv:2001.07761, train it with depth 110 and alpha 270 on ciphertexts.
"""

import torch
from torch import nn


class ShakeDrop(nn.Module):
    """Scale a residual branch at random while training: by b + a - b a forwards, b + c - b c backwards.

    b is 1 with probability `keep`, once a batch; a is uniform in [-1, 1] and c in [0, 1], once an image. In
    evaluation the branch is scaled by what it is on average, `keep`.
    """

    def __init__(self, keep: float):
        super().__init__()
        self.keep = keep

    def forward(self, branch: torch.Tensor):
        if not self.training:
            return self.keep * branch
        if torch.rand(()).item() < self.keep:
            return branch
        shape = (len(branch), *[1] * (branch.ndim - 1))
        forwards = torch.rand(shape, device=branch.device, dtype=branch.dtype) * 2 - 1
        backwards = torch.rand(shape, device=branch.device, dtype=branch.dtype)
        return backwards * branch + (forwards * branch - backwards * branch).detach()


class PyramidBlock(nn.Module):
    """norm, conv, norm, ReLU, conv, norm, ShakeDrop; the shortcut pooled, and padded with empty channels."""

    def __init__(self, into: int, out: int, stride: int, keep: float):
        super().__init__()
        self.branch = nn.Sequential(
            nn.BatchNorm2d(into), nn.Conv2d(into, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out), ShakeDrop(keep),
        )  # fmt: skip
        self.shrink = nn.AvgPool2d(2) if stride == 2 else nn.Identity()
        self.added = out - into

    def forward(self, x: torch.Tensor):
        return self.branch(x) + nn.functional.pad(self.shrink(x), (0, 0, 0, 0, 0, self.added))


class ShakePyramidNet(nn.Module):
    """Depth 110 and alpha 270 by default: 28,485,477 parameters for 10 classes of 32x32 images.

    `channels` of the input: 3, or the features of an adaptation network in front.
    """

    def __init__(
        self, classes: int, depth: int = 110, alpha: float = 270, channels: int = 3, keep_last: float = 0.5
    ):
        super().__init__()
        if (depth - 2) % 6:
            raise ValueError(f"depth is 6 n + 2, got {depth}")
        count = (depth - 2) // 2  # residual blocks, in three stages
        widths = [16 + round(alpha * i / count) for i in range(count + 1)]
        strides = [2 if i in (count // 3, 2 * count // 3) else 1 for i in range(count)]
        keeps = [1 - (1 - keep_last) * (i + 1) / count for i in range(count)]
        self.first = nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))
        sizes = zip(widths, widths[1:], strides, keeps)
        self.blocks = nn.Sequential(*(PyramidBlock(*each) for each in sizes))
        pool = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.last = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU(), *pool)
        self.classify = nn.Linear(widths[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: torch.Tensor):
        return self.classify(self.last(self.blocks(self.first(x))))
