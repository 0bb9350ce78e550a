"""What networks take: floats from -1 to 1, images of whole blocks, and the parts that ciphers shuffle."""

import torch


def scaled(x: torch.Tensor) -> torch.Tensor:
    """uint8 as floats from -1 to 1, odd numbers over 255, so a complement is exactly a change of sign."""
    return (2 * x.float() - 255) / 255


def atoms(x: torch.Tensor, bits: int) -> torch.Tensor:
    """Scaled images (n, c, h, w) as parts of `bits` bits of their bytes: c * 8 / bits channels, high part
    first, from -1 to 1 as well, so that the complement of a part is its change of sign."""
    if bits == 8:
        return x
    value, parts, top = ((x.float() + 1) * 127.5).round(), [], 2**bits - 1
    for shift in range(8 - bits, -1, -bits):
        part = torch.div(value, 2**shift, rounding_mode="floor")
        value = value - part * 2**shift
        parts.append((2 * part - top) / top)
    return torch.stack(parts, dim=2).flatten(1, 2)


def sides(side: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width: a single side is that of a square."""
    return (side, side) if isinstance(side, int) else tuple(side)


def check_side(side: int | tuple[int, int], block: int) -> None:
    """ValueError unless an image of this side, or of this height and width, is made of whole blocks."""
    for each in dict.fromkeys(sides(side)):
        if min(each, block) < 1:
            raise ValueError(f"a side and a block are pixels from 1 on, got side {each} and block {block}")
        if each % block:
            advice = f"crop images, or pad them with lib.pad(images, {block})"
            raise ValueError(f"side {each} is not a multiple of block {block}; {advice}")
