"""The record that a ciphertext carries, and what it says of its scheme and key, but never the key itself.

One line of JSON: format and version, the scheme's settings, the key's fingerprint, the image's id where each
has a key of its own, and a keyed digest of the source file, by which a later run knows what is done. A PNG
holds it in a text chunk, a JPEG in its comment, an .npz in the array `record`. It is not signed.
"""

import hmac
import json
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from lib.cli.pictures import PARTS
from lib.files import LARGEST
from lib.formats import Format
from lib.keys import Key
from lib.schemes import Scheme

FORMAT = "learnable image encryption file"
CIPHERTEXT = "ciphertext of this source under this scheme and key"
PARSED = "has a record that"  # what begins the error of a record that cannot be parsed
Settings = Annotated[dict[str, bool | int | float | str], Field(description="the settings of a scheme")]
Side = Annotated[int, Field(ge=1, le=LARGEST)]


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
    """What the records of all kinds of files say. `image`: the id, None where one key serves all images."""

    KIND: ClassVar[str] = "record"
    WAY: ClassVar[str] = "get the unchanged file"
    format: Literal["learnable image encryption file"]
    version: Literal[1]
    scheme: Settings
    key: str
    image: int | None = Field(ge=0, lt=2**64)
    source: str

    @property
    def cipher(self) -> Cipher:
        """Scheme and key."""
        return Cipher(scheme=self.scheme, key=self.key)

    def scheme_with(self, key: Key, name: str | None = None) -> Scheme:
        """The scheme, with `key`. ValueError for another key, or another scheme than `name`."""
        if self.key != key.fingerprint:
            raise ValueError(f"was encrypted with another key: {self.key}, not {key.fingerprint}")
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


@lru_cache(maxsize=16)
def _scheme(settings: str, key: Key) -> Scheme:
    """One object for all files with these settings, so that its tables are made once."""
    try:
        return Scheme.from_dict(json.loads(settings), key)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has a damaged record, or one of a later version ({error})") from None


def described(cipher: Cipher | None) -> str:
    """In words, without the key.

    >>> described(Cipher(scheme={"scheme": "etc", "block": 8, "per_image": False}, key="1c1b65d95f2b"))
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
