"""The door: every public function lets images in here, and says here what is wrong with them.

An image is uint8 and has 3 channels:

    NumPy array     (h, w, 3) or (n, h, w, 3), channels last
    torch tensor    (3, h, w) or (n, 3, h, w), channels first, on any device
    PIL image       mode RGB

Nothing is converted, resized or cropped: a float image could be 0..1 or 0..255, and a guess be wrong.
"""

import math
import operator
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import PIL.Image
    import torch

Images: TypeAlias = "np.ndarray | torch.Tensor | PIL.Image.Image"
"""What the door lets in, as an annotation."""


def enter(images: Images, block: int = 1, channels: int = 3) -> tuple["np.ndarray | torch.Tensor", Callable]:
    """Check `images`; return them as a batch, and the way out.

    The batch is `(n, h, w, channels)` uint8, a NumPy array, or a torch tensor where the images are on another
    device than the CPU; the way out gives a batch of ciphertexts the form that the images came in. Errors:
    Errors: TypeError for a wrong kind or dtype, ValueError for a wrong shape or size.
    """
    if isinstance(images, np.ndarray):
        batch, leave = _enter_array(images, block, channels)
    elif _is(images, "torch", "Tensor"):
        batch, leave = _enter_tensor(images, channels)
    elif _is(images, "PIL.Image", "Image"):
        batch, leave = _enter_pil(images, channels)
    else:
        hint = ""
        if isinstance(images, list | tuple):
            hint = "; use np.stack(images)"
        elif isinstance(images, str | os.PathLike):
            hint = "; open the file: PIL.Image.open(path)"
        elif hasattr(images, "__array__"):
            hint = "; use np.asarray(images)"
        expected = "expected a NumPy array, a torch tensor or a PIL image"
        raise TypeError(f"{expected}, got {type(images).__name__}{hint}")
    h, w = batch.shape[1:3]
    if h % block or w % block:
        way = f"crop it, or pad it with lib.pad(images, {block})"
        raise ValueError(f"{h}x{w} is not a multiple of block {block}; {way}")
    return batch, leave


def _enter_array(images, block, channels):
    if isinstance(images, np.ma.MaskedArray):
        raise TypeError("got a masked array, and a ciphertext cannot be masked; use images.filled(0)")
    _check_dtype(images.dtype == np.uint8, str(images.dtype), images, ".astype(np.uint8)")
    grey = channels == 1 and images.ndim in (2, 3)
    if grey and images.ndim == 3 and images.shape[-1] == 3 and block > 1:
        expected = "expected grey images, (h, w) or (n, h, w)"
        raise ValueError(f"{expected}, got {images.shape}, which ends in a colour axis")
    whole = images[..., None] if grey else images
    _check_shape(whole.shape, -1, channels, images.shape)

    def leave(out):
        out = out[..., 0] if out.shape[-1] == 1 else out
        return out if whole.ndim == 4 else out[0]

    return whole if whole.ndim == 4 else whole[None], leave


def _enter_tensor(images, channels):
    import torch

    _check_dtype(images.dtype == torch.uint8, str(images.dtype), images, ".to(torch.uint8)")
    _check_shape(tuple(images.shape), -3, channels, tuple(images.shape))
    batch = (images if images.ndim == 4 else images[None]).permute(0, 2, 3, 1)
    on_cpu = images.device.type == "cpu"
    last = images.ndim == 4 and images.is_contiguous(memory_format=torch.channels_last)
    kept = torch.channels_last if last and not images.is_contiguous() else torch.contiguous_format

    def leave(out):
        out = (torch.from_numpy(out) if on_cpu else out).permute(0, 3, 1, 2).contiguous(memory_format=kept)
        return out if images.ndim == 4 else out[0]

    return batch.numpy() if on_cpu else batch, leave


def _enter_pil(image, channels):
    from PIL import Image

    mode = "RGB" if channels == 3 else "L"
    if image.mode != mode:
        way = f"use image.convert({mode!r})"
        if "A" in image.mode.upper() and image.mode != "LAB":
            way += "; its alpha channel would be lost: encrypt it apart"
        elif image.mode[0] in "IF":
            clip = f"its values are not of 8 bits, and image.convert({mode!r}) would clip them"
            way = f"{clip}: scale them to 0..255 first"
        raise ValueError(f"expected a PIL image of mode {mode}, got {image.mode}; {way}")
    array = np.asarray(image)
    if 0 in array.shape:
        raise ValueError(f"expected an image with pixels, got size {image.size}")
    batch = array[None] if channels == 3 else array[None, ..., None]
    return batch, lambda out: Image.fromarray(out[0, ..., 0] if out.shape[-1] == 1 else out[0])


def _check_dtype(good, dtype, images, cast):
    if good:
        return
    way = f"images{cast} if every value is a whole number from 0 to 255"
    if "float" in dtype:
        low, top = (float(images.min()), float(images.max())) if 0 not in tuple(images.shape) else (0.0, 0.0)
        if not math.isfinite(top - low):
            reason = "a pixel that is no number cannot be encrypted"
            raise TypeError(f"expected uint8, got {dtype} with NaN or infinity; {reason}")
        scaled, end = ("(images * 255)", 1) if top <= 1 else ("images", 255)
        seems = f"the values reach {top:.4g}, so they seem to run from 0 to {end}"
        way = f"{scaled}.round(){cast}: {seems}"
        if low < 0 or top > 255:
            way = f"the images before they were normalised: these values run from {low:.4g} to {top:.4g}"
    elif "bool" in dtype:
        way = f"images{cast} * 255"
    raise TypeError(f"expected uint8 values 0..255, got {dtype}; use {way}")


def _check_shape(shape, axis, channels, given):
    form = f"({channels}, h, w) or (n, {channels}, h, w)"
    if axis == -1:
        form = "(h, w) or (n, h, w), grey" if channels == 1 else "(h, w, 3) or (n, h, w, 3)"
    hint = ""
    if len(shape) not in (3, 4):
        if len(shape) == 2 and channels == 3:
            hint = "; for a grey image, stack its plane three times along the channel axis"
        if len(shape) > 4:
            hint = "; encrypt one batch at a time"
        raise ValueError(f"expected shape {form}, got {given}{hint}")
    if 0 in shape:
        raise ValueError(f"expected at least one image with pixels, got shape {given}")
    if shape[axis] != channels:
        if axis == -1 and shape[-3] == channels:
            hint = "; channels come first here: use np.moveaxis(images, -3, -1)"
        elif axis == -3 and shape[-1] == channels:
            hint = "; channels come last here: use images.movedim(-1, -3)"
        elif shape[axis] == 4:
            hint = "; for an alpha channel: encrypt it apart, then drop it here"
        elif shape[axis] == 1:
            hint = "; for a grey image: repeat the plane three times along the channel axis"
        expected = f"expected {channels} channel{'s' * (channels > 1)}"
        raise ValueError(f"{expected}, shape {form}, got {given}{hint}")


def check_block(block: Any) -> int:
    """A block side, checked."""
    if isinstance(block, bool) or not isinstance(block, int | np.integer) or block < 1:
        raise ValueError(f"a block is a whole number of pixels from 1 on, got {block!r}")
    return int(block)


def pad(images: Images, block: int) -> Images:
    """Repeat the last row and column until height and width are multiples of `block`; undo with `crop`.

    Takes and returns what `lib.images` lets in; a size that fits is returned as a copy.

    >>> pad(np.zeros((30, 33, 3), np.uint8), 4).shape
    (32, 36, 3)
    """
    block = check_block(block)
    batch, leave = enter(images)
    h, w = batch.shape[1:3]
    if not isinstance(batch, np.ndarray):
        import torch

        rows = torch.arange(h + -h % block, device=batch.device).clamp(max=h - 1)
        columns = torch.arange(w + -w % block, device=batch.device).clamp(max=w - 1)
        return leave(batch[:, rows][:, :, columns])
    return leave(np.pad(batch, ((0, 0), (0, -h % block), (0, -w % block), (0, 0)), mode="edge"))


def crop(images: Images, size: tuple[int, int]) -> Images:
    """The top left `size` = (h, w) pixels, in a new array: what `pad` added is gone.

    >>> crop(np.zeros((32, 36, 3), np.uint8), (30, 33)).shape
    (30, 33, 3)
    """
    batch, leave = enter(images)
    try:
        h, w = map(operator.index, size)
    except (TypeError, ValueError):
        raise ValueError(f"a size is (height, width) in whole pixels, got {size!r}") from None
    if not (0 < h <= batch.shape[1] and 0 < w <= batch.shape[2]):
        raise ValueError(f"cannot crop {batch.shape[1]}x{batch.shape[2]} to {h}x{w}")
    part = batch[:, :h, :w]
    return leave(part.copy() if isinstance(part, np.ndarray) else part.clone())


def _is(thing, module: str, name: str) -> bool:
    """Whether `thing` is an instance of `module.name`, without importing what the caller does not use."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(thing, kind)
