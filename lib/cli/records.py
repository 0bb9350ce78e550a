"""The record that a ciphertext carries, and what it says of its scheme and key, but never the key itself.

One line of JSON: format and version, the scheme's settings, the key's fingerprint, the image's id where each
has a key of its own, and a keyed digest of the source file, by which a later run knows what is done. A PNG
holds it in a text chunk, a JPEG in its comment, an .npz in the array `record`.

Since version 2 it holds tags, HMAC-SHA-256 (RFC 2104) under 32 bytes of the key's stream `files/tag`:

    of an array   ["array", name, dtype, shape] as JSON, a newline, the values in C order
    of the record ["record", its fields with the tags of arrays, names sorted] as JSON, a newline

Array tags tell which array was changed; the record's binds them to it. A JPEG has no tag of its pixels, for
other programs compress it again. A file of version 1 has no tags, so whoever takes them out of a later file
and writes version 1 into it makes a file that passes for an old one.
"""

import hmac
import json
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from lib.cli.pictures import PARTS
from lib.files import LARGEST
from lib.formats import Format
from lib.keys import Key
from lib.schemes import NO_KEY, Scheme

RECORD = "record"  # the name of the record among arrays, and of its tag among theirs
FORMAT = "learnable image encryption file"
CIPHERTEXT = "ciphertext of this source under this scheme and key"
PARSED = "has a record that"  # what begins the error of a record that cannot be parsed


def _known(settings):
    """The settings, if they are those of a scheme."""
    try:
        Scheme.from_dict(settings, NO_KEY)
    except ValueError as error:
        raise ValueError(f"scheme is none that this version knows ({error})") from None
    return settings


Settings = Annotated[
    dict[str, bool | int | float | str], AfterValidator(_known), Field(description="the settings of a scheme")
]
Side = Annotated[int, Field(ge=1, le=LARGEST)]
Tag = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Cipher(Format):
    """What makes ciphertexts of one kind: a scheme's settings, and a key by its fingerprint."""

    scheme: Settings
    key: str

    def __hash__(self):
        return hash(self.key)

    @classmethod
    def of(cls, scheme: Scheme) -> "Cipher":
        """Of the ciphertexts of a scheme."""
        return cls(scheme=scheme.to_dict(), key=scheme.key.fingerprint)


class Record(Format):
    """What the records of all kinds of files say.

    image   the id, None where one key serves all images
    tags    by name, of the arrays (an image has one, "pixels") and of the "record"; None in version 1
    """

    KIND: ClassVar[str] = "record"
    WAY: ClassVar[str] = "get the unchanged file"
    format: Literal["learnable image encryption file"]
    version: Literal[2, 1]
    scheme: Settings
    key: str
    image: int | None = Field(ge=0, lt=2**64)
    source: str
    tags: dict[str, Tag] | None = Field(None, description="tags of 64 hex digits")

    @property
    def cipher(self) -> Cipher:
        """Scheme and key."""
        return Cipher(scheme=self.scheme, key=self.key)

    def tagged(self, key: Key, arrays: dict[str, np.ndarray]) -> Self:
        """The same record with tags under `key`, of `arrays` by name and of itself."""
        bare = self.model_copy(update={"tags": _tags_of(key, arrays)})
        return bare.model_copy(update={"tags": bare.tags | {RECORD: bare._tag(key)}})

    def changed(self, key: Key, arrays: dict[str, np.ndarray]) -> list[str]:
        """What has no fitting tag under `key`, or is gone: "record", names of arrays. Empty where all is well
        and for a file of version 1, which has no tags."""
        if self.version == 1 and self.tags is None:
            return []
        told = self.tags or {}
        now = {RECORD: self._tag(key)} | _tags_of(key, arrays)
        return [name for name in now | told if not hmac.compare_digest(told.get(name, ""), now.get(name, ""))]

    def verify(self, key: Key, arrays: dict[str, np.ndarray], unverified: bool = False) -> str | None:
        """None where record and arrays fit their tags; what was changed, to warn of, where `unverified`.

        Errors: ValueError for another key, and for what was changed unless `unverified`.
        """
        changed = self.changed(key, arrays)
        fits = arrays and changed == [RECORD]  # then the key is right, and the record names another
        if self.key != key.fingerprint and not fits:
            raise ValueError(f"was encrypted with another key: {self.key}, not {key.fingerprint}")
        if not changed:
            return None
        told = f"was changed since it was encrypted: no fitting tag of {', '.join(changed)}"
        if not unverified:
            raise ValueError(f"{told}; {self.WAY}, or decrypt it as it is (--unverified)")
        return told

    def _tag(self, key):
        """Of this record; its own tag, if it has one, is left out."""
        tags = {name: tag for name, tag in (self.tags or {}).items() if name != RECORD}
        return _hmac(key, ["record", self.model_dump() | {"tags": tags}])

    def notes(self, rounding: str | None) -> str | None:
        """What is good to know of the decrypted file: how it is rounded, and that it had no tag."""
        untagged = "carries no tag, as an earlier version wrote it: whether it was changed cannot be told"
        return "; ".join(filter(None, [rounding, untagged if self.version == 1 else None])) or None

    def scheme_with(self, key: Key, name: str | None = None) -> Scheme:
        """The scheme, with `key`, which `verify` has found to be the one. ValueError for another scheme than
        `name`."""
        scheme = _scheme(json.dumps(self.scheme), key)
        if name is not None and scheme.name != name:
            raise ValueError(f"was encrypted with another scheme: {scheme.name}, not {name}")
        if scheme.per_image and self.image is None:
            raise ValueError("has a damaged record: no id, though each image has a key of its own")
        return scheme


class ImageRecord(Record):
    """The record of an image: height, width and mode of the source, and the parts that its mode has."""

    height: Side
    width: Side
    mode: str
    parts: list[str]
    jpeg: dict[str, int | str] | None

    @model_validator(mode="after")
    def _parts_are_those_of_the_mode(self):
        if self.parts != PARTS.get(self.mode):
            raise ValueError(f"mode {self.mode!r} with the parts {self.parts} does not exist")
        return self


class Size(Format):
    """Of the images of an array, before they were padded."""

    height: Side
    width: Side


class ArchiveRecord(Record):
    """The record of an .npz: the arrays that are encrypted."""

    arrays: dict[str, Size] = Field(min_length=1)


def is_of(record: Record | None, digest: str, scheme: Scheme, **more: Any) -> bool:
    """Whether there is a record, and that of the source with this SHA-256 under this scheme and key."""
    wanted = record and head(digest, scheme, record.image) | more
    return record is not None and all(getattr(record, name) == value for name, value in wanted.items())


def head(digest: str, scheme: Scheme, number: int | None) -> dict[str, Any]:
    """The fields that say what a ciphertext is: of the source with this SHA-256, this scheme, key and id.

    `source` tells the source file to who has the key, and to nobody else, nor that two images are the same.
    """
    secret = scheme.key.bytes("files/source", 32).tobytes()
    source = hmac.new(secret, f"{number} {digest}".encode(), "sha256").hexdigest()[:32]
    return {**Cipher.of(scheme).model_dump(), "image": number, "source": source}


def _tags_of(key, arrays):
    tags = {}
    for name, array in arrays.items():
        if name != RECORD:
            about = ["array", name, np.lib.format.dtype_to_descr(array.dtype), array.shape]
            tags[name] = _hmac(key, about, np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return tags


def _hmac(key, about, values=b""):
    mac = hmac.new(key.bytes("files/tag", 32).tobytes(), json.dumps(about, sort_keys=True).encode(), "sha256")
    mac.update(b"\n")
    mac.update(values)
    return mac.hexdigest()


@lru_cache(maxsize=16)
def _scheme(settings: str, key: Key) -> Scheme:
    """One object for all files with these settings, so that its tables are made once."""
    return Scheme.from_dict(json.loads(settings), key)


def described(cipher: Cipher | None) -> str:
    """In words, without the key.

    >>> described(Cipher(scheme={"scheme": "etc", "version": 1, "block": 8}, key="1c1b65d95f2b"))
    'a ciphertext of etc (block 8), key 1c1b65d9'
    """
    if cipher is None:
        return "plain"
    own = {name for name, value in cipher.scheme.items() if value is not False} - {"scheme", "version"}
    told = [f"{name.replace('_', ' ')} {value}" for name, value in cipher.scheme.items() if name in own]
    shown = f" ({', '.join(told)})" if told else ""
    return f"a ciphertext of {cipher.scheme.get('scheme')}{shown}, key {cipher.key[:8]}"


@contextmanager
def named(path: Path):
    """Errors of what is done with a file say which file it is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
