"""Pictures of several modes as the RGB arrays that schemes take, and exactly back: pixels, size and mode.

    RGB         as it is                    L, 1        the grey plane three times, and back to L or 1
    RGBA, LA    colour above alpha, the alpha plane three times, so that nothing is left in clear
    palette     comes back as RGB, or RGBA where it has transparency; so does a transparent colour

An EXIF orientation is applied first. Each part is padded to whole blocks by repeating its edge, and cropped
again. Anything but one frame of at most 8 bits a channel is an error, for it would not come back exactly.
"""

import io

import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from lib.files import check_single, reading
from lib.images import crop, pad

PARTS = {"RGB": ["colour"], "L": ["grey"], "1": ["grey"]}
PARTS |= {"RGBA": ["colour", "alpha"], "LA": ["grey", "alpha"]}
PNG_LEVEL = 3  # half the time of the usual 6, and no larger on ciphertexts


def load_plain(image: Image.Image, data: bytes) -> tuple[Image.Image, str | None]:
    """An opened image, upright, in one of the modes of `PARTS`, and what `lib.files.check_single` says of it;
    `data` are the bytes of its file. ValueError says why that cannot be had."""
    note = check_single(image, data)
    image = upright(image)
    if image.mode not in PARTS:
        way = "convert it to RGB, RGBA, L or LA first"
        raise ValueError(f"has mode {image.mode}, which would not come back exactly; {way}")
    return image, note


def upright(image: Image.Image) -> Image.Image:
    """An opened image with its EXIF orientation applied; a palette or a transparent colour as RGBA or RGB."""
    with reading():
        image = ImageOps.exif_transpose(image)
        if image.mode in ("P", "PA"):
            return image.convert("RGBA" if image.has_transparency_data else "RGB")
        if image.mode in ("RGB", "L", "1") and "transparency" in image.info:
            return image.convert("RGBA" if image.mode == "RGB" else "LA")
        return image


def to_stack(image: Image.Image, block: int) -> np.ndarray:
    """The image's parts below each other, each padded to whole blocks: `(parts * h, w, 3)` uint8.

    >>> to_stack(Image.new("LA", (5, 3)), block=4).shape
    (8, 8, 3)
    """
    pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
    pixels = pixels.reshape(image.height, image.width, -1)
    parts = [pixels[:, :, :-1], pixels[:, :, -1:]] if len(PARTS[image.mode]) == 2 else [pixels]
    return np.concatenate([pad(np.broadcast_to(part, (*part.shape[:2], 3)), block) for part in parts])


def from_stack(stack: np.ndarray, height: int, width: int, mode: str) -> Image.Image:
    """Undo `to_stack`."""
    parts = []
    for name, part in zip(PARTS[mode], np.split(stack, len(PARTS[mode]))):
        part = crop(part, (height, width))
        if name != "colour":  # three equal planes; after JPEG, three nearly equal ones
            part = ((part.sum(axis=2, dtype=np.uint16) + 1) // 3).astype(np.uint8)
        parts.append(part)
    image = Image.fromarray(parts[0] if len(parts) == 1 else np.dstack(parts))
    return image.convert("1", dither=Image.Dither.NONE) if mode == "1" else image


def png(image: Image.Image, keyword: str, text: str) -> bytes:
    """The image as a PNG file with one text chunk."""
    info, buffer = PngInfo(), io.BytesIO()
    info.add_text(keyword, text)
    image.save(buffer, "PNG", pnginfo=info, compress_level=PNG_LEVEL)
    return buffer.getvalue()
