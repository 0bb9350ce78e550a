"""The ten challenges, from a secret: which pictures, flags and keys. The same secret makes the same files.

What is told of them stands in ten.toml. The recipe is public, as an algorithm is; the secret is not.
"""

import json
import tomllib
from functools import partial
from pathlib import Path

import numpy as np

from lib import Key, datasets
from lib.atomic import whole_file, write_json
from lib.attacks.chosen_plaintext.table_reader import read_table
from lib.attacks.guessed_key.weak_keys import weak_table
from lib.formats import check
from lib.schemes import SKK, EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.workbook.challenges import COST, FORMAT, MANIFEST, VERSION, Told, file_name, slow_hash
from lib.workbook.challenges.draws import SCENES, TEXTURED, Draw

TABLE = tomllib.loads(Path(__file__).with_name("ten.toml").read_text(encoding="utf-8"))
TEN = tuple(check(Told, told, f"ten.toml, {told['title']!r},") for told in TABLE["challenge"])
"""What is told, in order."""
FIRST, SECONDS = 1773014400, 7 * 24 * 60 * 60  # the week from Monday, 9 March 2026, 0:00 UTC, in Unix seconds
MANY_PATCHES, FEW_PATCHES = 150, 10


def chosen(draw: Draw) -> dict:
    """A scheme that is not named; the questions of `read_table`, answered."""
    scheme = (Tanaka, ExtendedTanaka, partial(EtC, block=4))[draw.below(3, "scheme")](draw.key)
    plain, asked = draw.scene(64, 1), []
    read_table(lambda images: asked.append(images) or images, plain.shape[1:])
    return {"ciphers": scheme.encrypt(plain), "asked": asked[0], "answers": scheme.encrypt(asked[0])}


def pair(draw: Draw) -> dict:
    """One known photograph and its ciphertext."""
    scheme, known = Tanaka(draw.key), datasets.photo(SCENES[draw.below(len(SCENES), "known")], 64)[None]
    ciphers = scheme.encrypt(draw.scene(64, 1))
    return {"ciphers": ciphers, "plain": known, "pair_ciphers": scheme.encrypt(known)}


def clock(draw: Draw) -> dict:
    """imageshuffle's key of 32 bits, and it is a moment of a week."""
    plain = draw.scene(96, 2)
    return {"ciphers": weak_table(FIRST + draw.below(SECONDS, "second"), plain.shape[1:]).apply(plain)}


def twice(draw: Draw) -> dict:
    """A one-time pad, and one id for two pictures: a public photograph and the flag's, in either order."""
    public = datasets.photo(datasets.photo_names[draw.below(10, "public")], 64)[None]
    both = [OneTimePad(draw.key).encrypt(each, ids=[0]) for each in (public, draw.scene(64, 1))]
    ciphers = np.concatenate(both)
    return {"ciphers": ciphers[:: 1 - 2 * draw.below(2, "order")].copy()}


def puzzle(draw: Draw) -> dict:
    """EtC, one photograph, blocks of 32; its plate is less dark: a puzzle needs borders that differ."""
    return {"ciphers": EtC(draw.key, block=32).encrypt(draw.scene(256, 3, 2, TEXTURED))}


ARRAYS = (
    chosen, pair, clock, twice,
    lambda draw: {"ciphers": SKK(draw.key, per_image=True).encrypt(draw.scene(128, 3), ids=[0])},
    lambda draw: {"ciphers": Tanaka(draw.key).encrypt(draw.scene(128, 2))},
    puzzle,
    lambda draw: {"ciphers": ExtendedTanaka(draw.key).encrypt(draw.patches(MANY_PATCHES))},
    lambda draw: {"ciphers": OneTimePad(draw.key).encrypt(draw.scene(64, 1), ids=[0])},
    lambda draw: {"ciphers": ExtendedTanaka(draw.key).encrypt(draw.patches(FEW_PATCHES))},
)  # fmt: skip
"""What makes the arrays of each, from a `Draw`: ciphers under one key, or a key or pad for one picture."""


def make(secret: Key, folder: Path) -> Path:
    """Write the ten challenges of a secret into a folder; other files there are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, (told, arrays) in enumerate(zip(TEN, ARRAYS, strict=True), 1):
        draw = Draw(secret, number)
        with whole_file(folder / file_name(number), overwrite=True) as file:
            np.savez(file, **arrays(draw))
        hidden = {"salt": draw.salt, "hash": slow_hash(draw.flag, draw.salt)}
        entries.append({"number": number} | json.loads(told.model_dump_json()) | hidden)
    head = {"format": FORMAT, "version": VERSION, "scrypt": COST}
    write_json(folder / MANIFEST, head | {"challenges": entries})
    return folder
