"""One image file: brought to a size, encrypted into a PNG or, for EtC and when asked, a JPEG, and decrypted.

`lib.cli.pictures` says which images are taken, and how their modes come back; the ciphertext carries a
record, see `lib.cli.records`. An id is 63 fresh random bits, so that no run repeats one. Nothing else of the
source is copied: no EXIF, no GPS, no colour profile, no comment. The record holds a tag of the pixels, but of
a JPEG's, so that a changed file is refused. A decrypted PNG names the SHA-256 of its ciphertext, which tells
a later run that it is done.
"""

import hashlib
import io
import json
import math
import secrets
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from lib.atomic import is_done, whole_file
from lib.cli.pictures import PARTS, from_stack, load_plain, png, to_stack, upright
from lib.cli.records import CIPHERTEXT, FORMAT, PARSED, Cipher, ImageRecord, head, is_of, named
from lib.files import LARGEST, check_file, check_single, open_image, reading
from lib.formats import parse
from lib.keys import Key
from lib.schemes import Scheme
from lib.table import Structure

PROOF = "decrypted from"  # the text chunk of a decrypted file
PREPARED = "prepared from"
ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}


class Done(NamedTuple):
    """What became of a file: whether it was done before, what is good to know of it, what to warn of."""

    skipped: bool = False
    note: str | None = None
    warning: str | None = None


def encrypt_file(source: Path, target: Path, scheme: Scheme, jpeg: dict | None = None,
                 overwrite: bool = False) -> Done:  # fmt: skip
    """Encrypt the image file `source` into `target`, in an existing folder, unless that holds it.

    jpeg    None for PNG; {"quality": 1..100, "subsampling": "4:4:4" or "4:2:0"} for JPEG, which loses
    Errors: FileExistsError for any other target; OSError; ValueError for a file that is no image, or whose
    image would not come back exactly.
    """
    check_output(scheme, jpeg)
    data = source.read_bytes()
    about = hashlib.sha256(data).hexdigest(), scheme

    def is_ours(old):
        record = find_record(old)
        return is_of(record, *about, jpeg=jpeg) and not record.changed(scheme.key, _tagged(record, old))

    if is_done(target, overwrite, lambda: _existing(target, is_ours), CIPHERTEXT):
        return Done(skipped=True)
    opened = open_image(data)
    (image, note), number = load_plain(opened, data), secrets.randbits(63) if scheme.per_image else None
    if find_record(opened):
        raise ValueError("is a ciphertext already; decrypt it first")
    size = {"height": image.height, "width": image.width, "mode": image.mode, "parts": PARTS[image.mode]}
    record = ImageRecord.new(**head(*about, number), **size, jpeg=jpeg)
    padded = math.prod(side + -side % scheme.block for side in image.size) * len(record.parts)
    if padded * 3 // scheme.channels > LARGEST:
        most = f"more than {LARGEST:,} pixels, which could not be read again"
        raise ValueError(f"has a ciphertext of {most}; cut it into pieces")
    stack = to_stack(image, scheme.block)
    cipher = Image.fromarray(scheme.encrypt(stack, [number] if scheme.per_image else None))
    text = json.dumps(record.tagged(scheme.key, _tagged(record, cipher)).model_dump())
    buffer = io.BytesIO()
    if jpeg is None:
        buffer.write(png(cipher, FORMAT, text))
    else:
        cipher.save(buffer, "JPEG", comment=text.encode(), **jpeg)
    with whole_file(target, overwrite) as file:
        file.write(buffer.getvalue())
    return Done(False, note)


def decrypt_file(source: Path, target: Path, key: Key, name: str | None = None, overwrite: bool = False,
                 unverified: bool = False) -> Done:  # fmt: skip
    """Decrypt `source`, which `encrypt_file` wrote, into the PNG `target`, unless that came from it.

    Errors: as `encrypt_file`; ValueError for a file without a record, of another key, of another scheme than
    `name`, or changed since, which is a warning where `unverified`; NotInvertibleError.
    """
    data = source.read_bytes()
    image = open_image(data)
    record = find_record(image)
    if record is None:
        lost = "it was never encrypted here, or another program saved it since and dropped the record"
        raise ValueError(f"holds no record: {lost}")
    warning = record.verify(key, _tagged(record, image), unverified)
    scheme, proof = record.scheme_with(key, name), f"sha256 {hashlib.sha256(data).hexdigest()}"
    rounds = rounding_of(scheme) if "colour" in record.parts else None
    rounds = "went through JPEG: pixels are not exact, and no tag covers them" if record.jpeg else rounds
    note, what = record.notes(rounds), f"picture {PROOF} this ciphertext"
    if is_done(target, overwrite, lambda: _existing(target, lambda old: old.info.get(PROOF)) == proof, what):
        return Done(True, note, warning)
    stack = scheme.decrypt(_cipher(image, record, scheme), [record.image] if scheme.per_image else None)
    data = png(from_stack(stack, record.height, record.width, record.mode), PROOF, proof)
    with whole_file(target, overwrite) as file:
        file.write(data)
    return Done(False, note, warning)


def prepare_file(source: Path, target: Path, size: int, fit: str, overwrite: bool = False) -> Done:
    """Bring the image file `source` to `size` x `size` pixels, upright and RGB, in the PNG `target`, unless
    that came from it. `fit`: "crop" for the middle, "pad" for all of it between black bars.

    Errors: as `encrypt_file`.
    """
    data = source.read_bytes()
    proof = f"sha256 {hashlib.sha256(data).hexdigest()}, {size}, {fit}"
    what = "picture prepared from this source at this size"

    def is_from_it():
        return _existing(target, lambda old: old.info.get(PREPARED)) == proof

    if is_done(target, overwrite, is_from_it, what):
        return Done(skipped=True)
    opened = open_image(data)
    note = check_single(opened, data)
    if find_record(opened):
        raise ValueError("is a ciphertext, which another size would destroy; prepare before you encrypt")
    image = upright(opened)
    with reading():
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        to_size = {"crop": ImageOps.fit, "pad": ImageOps.pad}[fit]
        image = to_size(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    with whole_file(target, overwrite) as file:
        file.write(png(image, PREPARED, proof))
    return Done(False, note)


def check_output(scheme: Scheme, jpeg: dict | None = None) -> None:
    """ValueError where the ciphertexts of `scheme` fit no PNG, or no JPEG."""
    if scheme.dtype is not np.uint8:
        values = f"values of {np.dtype(scheme.dtype)}, which fit no image of bytes"
        raise ValueError(f"{scheme.name} as published gives {values}; encrypt an .npz instead")
    if jpeg is not None and scheme.structure is not Structure.PIECES:
        only = "it is for schemes that move blocks as a whole"
        raise ValueError(f"JPEG would destroy a ciphertext of {scheme.name}; {only}")


def rounding_of(scheme: Scheme) -> str | None:
    """What to say of decrypted pixels that are not quite exact."""
    return f"exact up to the rounding of {scheme.name}, which {scheme.inexact}" if scheme.inexact else None


def _tagged(record, image) -> dict[str, np.ndarray]:
    """What the tags of an image cover beside the record: its pixels, but none of a JPEG."""
    with reading():
        return {} if record.jpeg else {"pixels": np.asarray(image)}


def _existing(target, question):
    """What `question` finds in the image at `target`; None where that is none, or not whole."""
    try:
        data = check_file(target).read_bytes()
        image = open_image(data)
        return question(image) if data.endswith(ENDS.get(image.format, b"")) else None
    except (IsADirectoryError, FileNotFoundError, ValueError):
        return None


def _cipher(image, record, scheme) -> np.ndarray:
    """The ciphertext's pixels, if it has still the size and mode in which it was written."""
    height, width = (side + -side % scheme.block for side in (record.height, record.width))
    mode, times = ("L", 3) if scheme.channels == 1 else ("RGB", 1)
    was = (width * times, height * len(record.parts))
    if image.size != was or image.mode != mode:
        now = f"{image.width}x{image.height} {image.mode}"
        raise ValueError(f"is {now} and was {was[0]}x{was[1]} {mode} when encrypted; get the unchanged file")
    with reading():
        return np.asarray(image)


def find_record(image: Image.Image) -> ImageRecord | None:
    """The record of an opened image, None without one. ValueError for a damaged one or another version."""
    if image.format == "PNG" and FORMAT not in image.info:
        with reading():
            image.load()  # another program may have moved the chunk behind the pixels
    text = image.info.get(FORMAT)
    if image.format == "JPEG":
        text = image.info.get("comment", b"").decode("utf-8", "replace")
        text = text if FORMAT in text else None
    return None if text is None else parse(ImageRecord, text, PARSED)


def cipher_of_image(path: Path, image: Image.Image) -> Cipher | None:
    """What made the image that was opened from `path`: None for a plain one."""
    with named(path):
        record = find_record(image)
    return record and record.cipher
