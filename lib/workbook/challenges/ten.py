"""The ten challenges, from a secret: which pictures, which flags, which keys. The same secret makes the same
files.

The recipe is public, as an algorithm is; the secret, of which `lib.workbook.challenges.draws` makes keys and
flags, is not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lib import Key, datasets
from lib.atomic import whole_file, write_json
from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.attacks.chosen_plaintext.table_reader import read_table
from lib.attacks.guessed_key.weak_keys import weak_table
from lib.schemes import SKK, EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.workbook.challenges import (
    COST,
    FORMAT,
    IMPOSSIBLE,
    MANIFEST,
    OPEN,
    SOLVABLE,
    VERSION,
    file_name,
    slow_hash,
)
from lib.workbook.challenges.draws import SCENES, SHOWN, TEXTURED, Draw

FIRST, SECONDS = 1773014400, 7 * 24 * 60 * 60  # the week from Monday, 9 March 2026, 0:00 UTC, in Unix seconds
MANY_PATCHES, FEW_PATCHES = 150, 10


@dataclass(frozen=True)
class Recipe:
    """A challenge before it is made: `Challenge`'s fields, and `make(draw)`, which returns its arrays."""

    title: str
    threat: str
    scheme: str
    points: int
    told: str
    hints: tuple[str, str, str]
    make: Callable
    facts: dict = field(default_factory=dict)
    state: str = SOLVABLE


def chosen(draw: Draw) -> dict:
    """A scheme that is not named; the questions of `read_table`, answered."""
    scheme = [lambda key: Tanaka(key), lambda key: ExtendedTanaka(key), lambda key: EtC(key, block=4)][
        draw.below(3, "scheme")
    ](draw.key)
    plain, asked = draw.scene(64, 1), []
    read_table(lambda images: asked.append(images) or images, plain.shape[1:])
    return {"ciphers": scheme.encrypt(plain), "asked": asked[0], "answers": scheme.encrypt(asked[0])}


def pair(draw: Draw) -> dict:
    """One known photograph and its ciphertext."""
    scheme, known = Tanaka(draw.key), datasets.photo(SCENES[draw.below(len(SCENES), "known")], 64)[None]
    return {
        "ciphers": scheme.encrypt(draw.scene(64, 1)),
        "plain": known,
        "pair_ciphers": scheme.encrypt(known),
    }


def clock(draw: Draw) -> dict:
    """imageshuffle's key of 32 bits, and it is a moment of a week."""
    plain = draw.scene(96, 2)
    return {"ciphers": weak_table(FIRST + draw.below(SECONDS, "second"), plain.shape[1:]).apply(plain)}


def twice(draw: Draw) -> dict:
    """A one-time pad, and one id for two pictures: a public photograph and the flag's, in either order."""
    scheme, public = (
        OneTimePad(draw.key),
        datasets.photo(datasets.photo_names[draw.below(10, "public")], 64)[None],
    )
    ciphers = np.concatenate([scheme.encrypt(each, ids=[0]) for each in (public, draw.scene(64, 1))])
    return {"ciphers": ciphers[:: 1 - 2 * draw.below(2, "order")].copy()}


def own_key(draw: Draw) -> dict:
    """SKK, one picture, its key used for nothing else."""
    return {"ciphers": SKK(draw.key, per_image=True).encrypt(draw.scene(128, 3), ids=[0])}


def photograph(draw: Draw) -> dict:
    """Tanaka's scheme, one photograph."""
    return {"ciphers": Tanaka(draw.key).encrypt(draw.scene(128, 2))}


def puzzle(draw: Draw) -> dict:
    """EtC, one photograph, blocks of 32; the plate is less dark than others, for a puzzle needs borders that
    differ."""
    return {"ciphers": EtC(draw.key, block=32).encrypt(draw.scene(256, 3, 2, TEXTURED))}


def many(draw: Draw) -> dict:
    """ELE, one key, many small pictures."""
    return {"ciphers": ExtendedTanaka(draw.key).encrypt(draw.patches(MANY_PATCHES))}


def few(draw: Draw) -> dict:
    """ELE, one key, a few small pictures."""
    return {"ciphers": ExtendedTanaka(draw.key).encrypt(draw.patches(FEW_PATCHES))}


def pad(draw: Draw) -> dict:
    """A one-time pad, used once."""
    return {"ciphers": OneTimePad(draw.key).encrypt(draw.scene(64, 1), ids=[0])}


BLOCKS = {"block": 4, "bits": 4}
TEN = (
    Recipe(
        "Five answers", CHOSEN, "", 10,
        "Somebody had five pictures encrypted, then intercepted a sixth ciphertext under the same key. The pictures are "
        "those of lesson 21. Which scheme it is nobody says, but it is a table of nibbles.",
        ("What did the picture of zeros turn into, and why does that help?",
         "challenge.known().oracle answers these five questions, and no other.",
         "The table reader of lesson 21 asks exactly them, and needs no name of a scheme."),
        chosen,
    ),
    Recipe(
        "A picture from last year", PAIRS, "tanaka", 10,
        "Tanaka's scheme, blocks of 4, one key. One photograph is known together with its ciphertext.",
        ("All 256 blocks share a key, so one picture is 256 pairs.",
         "What values did a nibble of the cipher take over all blocks, and which plain nibble took the same?",
         "Lesson 23, histories: pairs-tanaka in the catalogue."),
        pair, BLOCKS,
    ),
    Recipe(
        "What time is it?", ONE, "tanaka", 15,
        "The package imageshuffle as in lesson 23, blocks of 4. The key was the clock, in whole Unix seconds, some "
        "time in the week from 9 March 2026 (UTC).",
        ("How many keys are there?",
         "A right key makes a smooth picture, and a wrong one does not.",
         "lib.attacks.guessed_key.weak_keys.search with range(*challenge.facts['keys'])."),
        clock, {"keys": [FIRST, FIRST + SECONDS]},
    ),
    Recipe(
        "Used twice", MANY, "otp", 15,
        "A one-time pad; but the program restarted, and two pictures got the same id. One is a photograph of this workbook as "
        "lib.datasets.photo(name, 64) gives it, which of the ten is not known, nor which of the two. The other has the flag.",
        ("What is left of the mask in the XOR of two ciphertexts with one mask?",
         "XOR with the right photograph as well, and the other picture stands there alone.",
         "Ten photographs are soon tried: take the smoothest result, or look at all ten."),
        twice,
    ),
    Recipe(
        "A key for each image", ONE, "skk per image", 20,
        "SKK with a key of its own for this picture: every pixel is in one of 48 states, whatever the others are in. The "
        "one learnable scheme on the front of lesson 29.",
        ("The picture need not come back for its flag to be read.",
         "What does no state of a pixel change? Draw a map of that.",
         "min(v, 255 - v), averaged over the three values of a pixel: lesson 24, the leading bit."),
        own_key,
    ),
    Recipe(
        "One photograph", ONE, "tanaka", 20,
        "Tanaka's scheme, blocks of 4, a key that was used for this photograph and nothing else.",
        ("Which statistics of a block does the key not change?",
         "There are 1,024 blocks under one key, in a single picture.",
         "Lesson 25: one-photograph in the catalogue. The order of colours stays open, and you do not need it."),
        photograph, BLOCKS,
    ),
    Recipe(
        "Pieces", ONE, "etc", 20,
        "EtC, blocks of 32, a key of its own: 64 blocks out of place, turned, mirrored, negative, recoloured.",
        ("The inside of a block is as it was. What about its border?",
         "The picture may come back lying on its side, in a mirror, as a negative. Letters tell.",
         "Lesson 26: jigsaw, with the block size from challenge.facts."),
        puzzle, {"block": 32},
    ),
    Recipe(
        "The training set", MANY, "ele", 25,
        f"ELE, blocks of 4, one key for {MANY_PATCHES} small pictures. Every block has a key of its own, and blocks are "
        f"shuffled; {SHOWN} of the pictures show the flag, where chance put it.",
        ("Keys differ from block to block, and not from picture to picture.",
         "Follow one nibble of one block through all pictures: which others go along with it?",
         "Lesson 25, one-key-ele. Look for the flag in all pictures: where it is damaged in one, another helps."),
        many, BLOCKS,
    ),
    Recipe(
        "The pad", ONE, "otp", 0,
        "A one-time pad, its id used once. The flag is in the picture, and its hash is given like the others.",
        ("What would it mean to have the right picture?",
         "Exercise 2 makes a mask for any picture whatsoever.",
         "No attack will: every picture is as likely after the ciphertext as before. What is left is 16 ** 10 guesses of a "
         "tenth of a second."),
        pad, state=IMPOSSIBLE,
    ),
    Recipe(
        "Ten pictures", MANY, "ele", 100,
        f"As The training set, with {FEW_PATCHES} pictures instead of {MANY_PATCHES}; {SHOWN} show the flag. The attacks of "
        "the catalogue do not read it.",
        ("One-key-ele wants some fifty pictures. What does it estimate, and from how many values?",
         "The pictures are parts of the embedded photographs, none as it can be had: a better prior is at hand.",
         "Nobody here knows. That these attacks do not read it is no proof that none can."),
        few, BLOCKS, OPEN,
    ),
)  # fmt: skip


def make(secret: Key, folder: Path) -> Path:
    """Write the ten challenges of a secret into a folder, which is made if it is missing; other files there
    are left alone."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, recipe in enumerate(TEN, 1):
        entry, arrays = one(secret, number, recipe)
        with whole_file(folder / file_name(number), overwrite=True) as file:
            np.savez(file, **arrays)
        entries.append(entry)
    write_json(
        folder / MANIFEST, {"format": FORMAT, "version": VERSION, "scrypt": COST, "challenges": entries}
    )
    return folder


def one(secret: Key, number: int, recipe: Recipe) -> tuple[dict, dict]:
    """A challenge's entry in the manifest, and its arrays."""
    draw = Draw(secret, number)
    told = {
        name: getattr(recipe, name)
        for name in ("title", "threat", "scheme", "told", "hints", "points", "state", "facts")
    }
    entry = {"number": number} | told | {"salt": draw.salt, "hash": slow_hash(draw.flag, draw.salt)}
    return json.loads(json.dumps(entry)), recipe.make(draw)
