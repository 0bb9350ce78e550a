"""One image file, encrypted into a PNG or, for EtC and when asked, a JPEG, and decrypted again.

`lib.cli.pictures` says which images are taken, and how their modes come back. The ciphertext carries a
*record*, one text chunk of JSON (in a JPEG, its comment): format and version, the scheme's settings, the
key's fingerprint, height, width, mode and parts, the image's id where each has a key of its own, and a keyed
digest of the source file, by which a later run knows what is done. An id is 63 fresh random bits, so that no
run repeats one.

Never the key; and nothing else of the source is copied: no EXIF, no GPS, no colour profile, no comment. The
record is not signed: that somebody changed pixels goes unnoticed, and a JPEG's pixels are expected to change.

A decrypted PNG names the SHA-256 of the ciphertext file that it came from; this proves a later run that it is
done.
"""

import hashlib
import hmac
import io
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from lib.atomic import skip_if, whole_file
from lib.cli.pictures import LARGEST, PARTS, from_stack, load_plain, open_image, png, reading, to_stack
from lib.keys import Key
from lib.schemes import Scheme

FORMAT, VERSION = "learnable image encryption file", 1
PROOF = "decrypted from"  # the text chunk of a decrypted file
ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
JPEG_SCHEMES = ("etc", "etc-gray")


class Done(NamedTuple):
    """What became of a file: whether it was done before, and what to say of its exactness."""

    skipped: bool = False
    note: str | None = None


# -- encrypt and decrypt -------------------------------------------------------------------------------------


def encrypt_file(source, target, scheme: Scheme, jpeg: dict | None = None, overwrite: bool = False) -> Done:
    """Encrypt the image file `source` into `target`, in an existing folder.

    jpeg    None for PNG; {"quality": 1..100, "subsampling": "4:4:4" or "4:2:0"} for JPEG, which loses
    A target that holds this source under this scheme and key is skipped. Errors: FileExistsError for any
    other target; OSError; ValueError for a file that is no image, or whose image would not come back exactly.
    """
    check_output(scheme, jpeg)
    data, target = Path(source).read_bytes(), Path(target)
    digest = hashlib.sha256(data).hexdigest()
    if not overwrite and os.path.lexists(target):
        found = _existing(target, find_record) or {}
        head = record_head(scheme, found.get("image"), digest) | {"jpeg": jpeg}
        done = all(found.get(name) == value for name, value in head.items())
        skip_if(done, "ciphertext of this source under this scheme and key")
        return Done(skipped=True)
    opened = open_image(data)
    image, number = load_plain(opened), secrets.randbits(63) if scheme.per_image else None
    if find_record(opened):
        raise ValueError("is a ciphertext already; decrypt it first")
    size = {"height": image.height, "width": image.width, "mode": image.mode, "parts": PARTS[image.mode]}
    record = record_head(scheme, number, digest) | size | {"jpeg": jpeg}
    data = _written(_encrypt(image, scheme, number), json.dumps(record), jpeg)
    with whole_file(target, overwrite) as file:
        file.write(data)
    return Done()


def encrypt_in_worker(source, target, fields: str, key: Key, **options) -> Done:
    """`encrypt_file` for another process, to which a scheme travels as its settings and a key."""
    return encrypt_file(source, target, cached_scheme(fields, key), **options)


def _encrypt(image, scheme, number) -> Image.Image:
    stack = to_stack(image, scheme.block)
    if stack.size // scheme.channels > LARGEST:
        raise ValueError(
            f"has a ciphertext of more than {LARGEST:,} pixels, which could not be read again; cut it into pieces"
        )
    return Image.fromarray(scheme.encrypt(stack, None if number is None else [number]))


def _written(cipher, text, jpeg) -> bytes:
    if jpeg is None:
        return png(cipher, FORMAT, text)
    buffer = io.BytesIO()
    cipher.save(buffer, "JPEG", comment=text.encode(), **jpeg)
    return buffer.getvalue()


def decrypt_file(source, target, key: Key, name: str | None = None, overwrite: bool = False) -> Done:
    """Decrypt `source`, which `encrypt_file` wrote, into the PNG `target`. `name`: the scheme that it has to
    be of.

    A target that names this very ciphertext as its origin is skipped. Errors: as `encrypt_file`; ValueError
    for a file without a record, of another key or another scheme; NotInvertibleError.
    """
    data, target = Path(source).read_bytes(), Path(target)
    image = open_image(data)
    record = find_record(image)
    if record is None:
        raise ValueError(
            "holds no record: it was never encrypted here, or another program saved it since and dropped the record"
        )
    scheme, proof = scheme_of(record, key, name), f"sha256 {hashlib.sha256(data).hexdigest()}"
    _check_parts(record)
    note = _note(record, scheme)
    if not overwrite and os.path.lexists(target):
        skip_if(
            _existing(target, lambda image: image.info.get(PROOF)) == proof,
            "picture decrypted from this ciphertext",
        )
        return Done(True, note)
    stack = scheme.decrypt(_cipher(image, record, scheme), [record["image"]] if scheme.per_image else None)
    data = png(from_stack(stack, record["height"], record["width"], record["mode"]), PROOF, proof)
    with whole_file(target, overwrite) as file:
        file.write(data)
    return Done(False, note)


def check_output(scheme: Scheme, jpeg: dict | None = None) -> None:
    """ValueError where the ciphertexts of `scheme` fit no PNG, or no JPEG."""
    if scheme.name == "ffx" and scheme.as_published:
        raise ValueError(
            "ffx as published gives values up to 999, which fit no image of bytes; encrypt an .npz instead"
        )
    if jpeg is not None and scheme.name not in JPEG_SCHEMES:
        raise ValueError(
            f"JPEG would destroy a ciphertext of {scheme.name}; it is for {' and '.join(JPEG_SCHEMES)} only"
        )


def _existing(target, question):
    """What `question` finds in the image at `target`; None where that is none, or not whole."""
    try:
        data = target.read_bytes()
        image = open_image(data)
        return question(image) if data.endswith(ENDS.get(image.format, b"")) else None
    except (IsADirectoryError, FileNotFoundError, ValueError):
        return None


def _cipher(image, record, scheme) -> np.ndarray:
    """The ciphertext's pixels, if it has still the size and mode in which it was written."""
    height, width = (side + -side % scheme.block for side in (record["height"], record["width"]))
    mode, times = ("L", 3) if scheme.channels == 1 else ("RGB", 1)
    was = (width * times, height * len(record["parts"]))
    if image.size != was or image.mode != mode:
        now = f"{image.width}x{image.height} {image.mode}"
        raise ValueError(f"is {now} and was {was[0]}x{was[1]} {mode} when encrypted; get the unchanged file")
    with reading():
        return np.asarray(image)


def _note(record, scheme):
    if record.get("jpeg"):
        return "went through JPEG: pixels are not exact"
    if scheme.name == "etc-gray" and "colour" in record["parts"]:
        return "exact up to the rounding of etc-gray's colour conversion"
    return None


# -- records -------------------------------------------------------------------------------------------------


def record_head(scheme: Scheme, number: int | None, digest: str) -> dict:
    """The fields that say what a ciphertext is: of the source with this SHA-256, under this scheme, key and
    id."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "scheme": scheme.to_dict(),
        "key": scheme.key.fingerprint,
        "image": number,
    }
    return head | {"source": _source_tag(scheme.key, number, digest)}


def _source_tag(key, number, digest) -> str:
    """32 hex digits by which who has the key knows the source file; they tell nobody else anything.

    The id goes in: where images have keys of their own, nobody is to see that two of them are the same.
    """
    secret = key.bytes("files/source", 32).tobytes()
    return hmac.new(secret, f"{number} {digest}".encode(), "sha256").hexdigest()[:32]


def find_record(image: Image.Image) -> dict | None:
    """The record of an opened image, None without one. ValueError where it is damaged or of another
    version."""
    if image.format == "JPEG":
        text = image.info.get("comment", b"").decode("utf-8", "replace")
        return parse_record(text) if FORMAT in text else None
    if image.format == "PNG" and FORMAT not in image.info:
        with reading():
            image.load()  # another program may have moved the chunk behind the pixels
    return parse_record(image.info[FORMAT]) if FORMAT in image.info else None


def parse_record(text: str) -> dict:
    """A record from its JSON, checked as far as files of every kind need it."""
    try:
        record = json.loads(text)
    except ValueError as error:
        raise ValueError(f"has a damaged record ({error})") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError("has a damaged record (no format field)")
    if record.get("version") != VERSION:
        raise ValueError(
            f"has a record of version {record.get('version')!r}, and this package reads {VERSION}"
        )
    return record


def _check_parts(record):
    sizes = all(
        isinstance(record.get(name), int) and 0 < record[name] <= LARGEST for name in ("height", "width")
    )
    mode = record.get("mode")
    if not sizes or not isinstance(mode, str) or mode not in PARTS or record.get("parts") != PARTS[mode]:
        raise ValueError("has a damaged record (height, width, mode or parts)")


def scheme_of(record: dict, key: Key, name: str | None = None) -> Scheme:
    """The scheme of a record, with `key`. ValueError for another key, or another scheme than `name`."""
    if record.get("key") != key.fingerprint:
        raise ValueError(f"was encrypted with another key: {record.get('key')}, not {key.fingerprint}")
    scheme = cached_scheme(settings_text(record.get("scheme")), key)
    if name is not None and scheme.name != name:
        raise ValueError(f"was encrypted with another scheme: {scheme.name}, not {name}")
    number = record.get("image")
    if scheme.per_image and not (isinstance(number, int) and 0 <= number < 2**64):
        raise ValueError("has a damaged record (no id, though each image has a key of its own)")
    return scheme


def settings_text(fields) -> str:
    """A scheme's `to_dict` as JSON, the same for equal settings."""
    return json.dumps(fields, sort_keys=True)


@lru_cache(maxsize=16)
def cached_scheme(fields: str, key: Key) -> Scheme:
    """The scheme with these settings; one for all files of a process, so that its tables are made once."""
    try:
        return Scheme.from_dict(json.loads(fields), key)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has a damaged record, or one of a later version ({error})") from None
