"""The file of a key: JSON, with the secret in hex digits and a digest by which a changed digit shows."""

import hashlib
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from lib.atomic import whole_file
from lib.formats import Format, read


class KeyFile(Format):
    """What `Key.save` writes. `check` is a digest of the secret."""

    KIND: ClassVar[str] = "key file"
    format: Literal["learnable image encryption key"]
    version: Literal[1]
    origin: str = "given"
    secret: str = Field(pattern="^([0-9a-f]{2})*$", description="hex digits", repr=False)
    check: str

    @model_validator(mode="after")
    def _whole(self):
        secret = bytes.fromhex(self.secret)
        if len(secret) != 32:
            raise ValueError(f"the secret has {len(secret)} bytes, a key has 32")
        if self.check != check_of(secret):
            raise ValueError("secret and check field disagree, so a digit was changed")
        return self


def check_of(secret: bytes) -> str:
    """16 hex digits by which a key file knows that its secret is whole."""
    return hashlib.sha256(b"key file" + secret).hexdigest()[:16]


def save(path: Path, secret: bytes, origin: str) -> None:
    """Write a key file, readable by its owner alone (mode 0600). FileExistsError where a file stands."""
    fields = KeyFile.new(origin=origin, secret=secret.hex(), check=check_of(secret))
    try:
        with whole_file(path, mode=0o600) as file:
            file.write(fields.model_dump_json(indent=1).encode() + b"\n")
    except FileExistsError:
        raise FileExistsError(f"{path} exists; keys are never overwritten, so choose another name") from None


def load(path: Path) -> tuple[bytes, str]:
    """Secret and origin out of a key file. ValueError says what is wrong with a file that is none."""
    fields = read(KeyFile, path)
    return bytes.fromhex(fields.secret), fields.origin
