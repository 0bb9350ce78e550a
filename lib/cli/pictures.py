"""Pictures of several modes as the RGB arrays that schemes take, and exactly back: pixels, size and mode.

    RGB         as it is                    L, 1        the grey plane three times, and back to L or 1
    RGBA, LA    colour above alpha, the alpha plane three times, so that nothing is left in clear
    palette     comes back as RGB, or RGBA where it has transparency; so does a transparent colour

An EXIF orientation is applied first. Each part is padded to whole blocks by repeating its edge, and cropped
again. Anything but one frame of at most 8 bits a channel is an error, for it would not come back exactly.
"""

import io
import warnings
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from lib.images import crop, pad

READABLE = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
PARTS = {"RGB": ["colour"], "L": ["grey"], "1": ["grey"]}
PARTS |= {"RGBA": ["colour", "alpha"], "LA": ["grey", "alpha"]}
# pixels; Pillow's own limit is for pictures from strangers, and ciphertexts are up to six times as large
LARGEST = 2**30
PNG_LEVEL = 3  # half the time of the usual 6, and no larger on ciphertexts
BITS_PER_SAMPLE = 258  # a TIFF tag


def open_image(data: bytes) -> Image.Image:
    """The image in the bytes of a file, its pixels not read yet. ValueError where there is none."""
    with reading():
        return Image.open(io.BytesIO(data), formats=READABLE)


def load_plain(image: Image.Image) -> Image.Image:
    """An opened image, upright, in one of the modes of `PARTS`. ValueError says why that cannot be had."""
    with reading():
        frames, deep = getattr(image, "n_frames", 1), _is_deep(image)
    if frames > 1:
        raise ValueError(f"has {frames} frames, and a ciphertext holds one; save each as a file of its own")
    if deep:
        raise ValueError("has more than 8 bits a channel, and the rest would be lost; reduce it first")
    with reading():
        image = ImageOps.exif_transpose(image)
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        elif image.mode in ("RGB", "L", "1") and "transparency" in image.info:
            image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode not in PARTS:
        way = "convert it to RGB, RGBA, L or LA first"
        raise ValueError(f"has mode {image.mode}, which would not come back exactly; {way}")
    return image


def _is_deep(image) -> bool:
    """Whether Pillow would cut this image's values down to 8 bits without a word."""
    if image.format == "TIFF":
        return max(image.tag_v2.get(BITS_PER_SAMPLE, (1,))) > 8
    if image.format == "PPM":
        return any(isinstance(tile.args, tuple) and tile.args[1] > 255 for tile in image.tile)
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


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


@contextmanager
def reading():
    """Pillow without warnings, up to `LARGEST` pixels, and with ValueError for any broken file."""
    kept, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, LARGEST // 2  # it refuses what is over twice this
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.UnidentifiedImageError:
        raise ValueError(f"holds no image of {', '.join(READABLE)}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"has more than {LARGEST:,} pixels; cut it into pieces") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error and more
        raise ValueError(f"is a broken image ({error})") from None
    finally:
        Image.MAX_IMAGE_PIXELS = kept
