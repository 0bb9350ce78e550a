"""The challenges, from a secret: which pictures, flags and keys. The same secret makes the same files.

What is told of them stands in told.toml. The recipe is public, as an algorithm is; the secret is not. Every
function takes a `Draw` and returns the arrays that an attacker has, in the order of told.toml.
"""

import json
import tomllib
from pathlib import Path

import numpy as np

from lib import Key, datasets
from lib.atomic import whole_file, write_json
from lib.formats import check
from lib.schemes import EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.subjects.instahide import normalised
from lib.tiling import assembled, grid
from lib.workbook.challenges import COST, FORMAT, MANIFEST, VERSION, Told, file_name, slow_hash
from lib.workbook.challenges.draws import SCENES, Draw
from lib.workbook.challenges.letters import PLATE, plate
from lib.workbook.jpeg import through_jpeg

TABLE = tomllib.loads(Path(__file__).with_name("told.toml").read_text(encoding="utf-8"))
TOLD = tuple(check(Told, told, f"told.toml, {told['title']!r},") for told in TABLE["challenge"])
"""What is told, in order."""
FIRST, SECONDS = 1773014400, 24 * 60 * 60  # Monday, 9 March 2026, from 0:00 UTC, in Unix seconds
QUALITY = 75  # of JPEG
REGISTER = 64  # bits of the shift register
BLOCKS = 3, 4, 5  # of which one is the screenshot's
PAIRS = 24
MIXTURES = 2
TILES = 12, 14, 16, 18  # sides of a pad that is repeated, of which one is taken
PATCH, DIM, LEVELS = 16, 64, 127  # of the served patch map: side, outputs, largest whole number
NOISE = 0.1  # of its training, to the deviation of a weight
FEW_PATCHES = 10


def order(draw: Draw) -> dict:
    """A public picture, in which the two blocks of a pair change places where the flag is light."""
    rows, columns = PLATE
    picture = draw.crop(4 * 2 * columns, (0.8, 1.0), "public")[: 4 * rows]
    pairs = grid(picture[None], 4).reshape(rows, columns, 2, -1)
    light = plate(draw.flag)
    pairs[light] = pairs[light][:, ::-1]
    swapped = assembled(pairs.reshape(1, rows, 2 * columns, -1), 4)
    return {"ciphers": Tanaka(draw.key).encrypt(swapped), "picture": picture[None]}


def clock(draw: Draw) -> dict:
    """A one-time pad whose key is the second of a day."""
    key = Key.from_seed(FIRST + draw.below(SECONDS, "second"))
    return {"ciphers": OneTimePad(key).encrypt(draw.scene(64, 1), ids=[0])}


def compressed(draw: Draw) -> dict:
    """EtC, a known photograph and the flag's, and a server that keeps JPEG files."""
    known = datasets.photo(SCENES[draw.below(len(SCENES), "known")], 192)[None]
    scheme = EtC(draw.key, block=16)
    sent = [through_jpeg(scheme.encrypt(each)[0], QUALITY)[None] for each in (draw.scene(192, 3), known)]
    return {"ciphers": sent[0], "plain": known, "pair_ciphers": sent[1]}


def margin(draw: Draw) -> dict:
    """A picture with a white margin, under the bits of a shift register."""
    plain = np.full((1, 64, 64, 3), 255, np.uint8)
    plain[0, 1:-1, 1:-1] = draw.scene(62, 1)[0]
    start, taps = np.unpackbits(draw.key.bytes("register", 2 * REGISTER // 8)).reshape(2, REGISTER)
    taps = taps | (np.arange(REGISTER) == REGISTER - 1)  # or it would be a shorter register
    return {"ciphers": plain ^ np.packbits(shifted(start, taps, 8 * plain.size)).reshape(plain.shape)}


def shifted(start: np.ndarray, taps: np.ndarray, count: int) -> np.ndarray:
    """(count,) uint8 of 0 and 1: `start`, then each bit the XOR of those `taps` back: taps[0] is one back.

    >>> shifted(np.array([1, 0, 0]), np.array([0, 1, 1]), 10)
    array([1, 0, 0, 1, 0, 1, 1, 1, 0, 0], dtype=uint8)
    """
    bits, back = start.tolist(), (np.flatnonzero(taps) + 1).tolist()
    for at in range(len(bits), count):
        bits.append(sum(bits[at - step] for step in back) & 1)
    return np.array(bits, np.uint8)


def turns(draw: Draw) -> dict:
    """Tanaka's scheme with two keys, by the parity of a block's number: no larger block repeats."""
    plain = draw.scene(160, 2)
    first, second = (grid(Tanaka(key).encrypt(plain), 4) for key in (draw.key, draw.other_key))
    odd = odd_ones(40 * 40).reshape(40, 40)[None, :, :, None, None, None]
    blocks = np.where(odd, second, first)
    return {"ciphers": assembled(blocks.reshape(1, 40, 40, -1), 4)}


def odd_ones(count: int) -> np.ndarray:
    """(count,) bool: of each number from 0 on, whether an odd number of its binary digits is 1.

    >>> odd_ones(8).astype(int)
    array([0, 1, 1, 0, 1, 0, 0, 1])
    """
    return np.bitwise_count(np.arange(count)) % 2 == 1


def screenshot(draw: Draw) -> dict:
    """Part of a ciphertext of Tanaka's scheme: its blocks, of a size that is not told, begin before it."""
    block = BLOCKS[draw.below(len(BLOCKS), "block")]
    top, left = (1 + draw.below(block - 1, side) for side in ("top", "left"))
    plain = np.pad(draw.scene(144, 1)[0], ((block, block), (block, block), (0, 0)), "edge")
    whole = plain[: len(plain) // block * block, : len(plain) // block * block]
    cipher = Tanaka(draw.key, block=block).encrypt(whole[None])
    return {"ciphers": cipher[:, top : top + 144, left : left + 144].copy()}


def unnamed(draw: Draw) -> dict:
    """Bytes in another order, each times an odd number and plus another: pairs, and the flag's picture."""
    plain = np.stack([draw.crop(32, (0.2, 0.9), f"pair {number}") for number in range(PAIRS)])
    both = np.concatenate([draw.scene(32, 1), plain]).reshape(PAIRS + 1, -1)
    index = draw.key.permutation("index", both.shape[1])
    factor, summand = draw.key.bytes("affine", 2 * both.shape[1]).reshape(2, -1)
    cipher = ((factor | 1) * both[:, index] + summand).reshape(PAIRS + 1, 32, 32, 3)
    return {"ciphers": cipher[:1], "plain": plain, "pair_ciphers": cipher[1:]}


def mixed(draw: Draw) -> dict:
    """One picture, mixed with photographs as InstaHide does, its share published; then pixels move.

    Were they not moved, the letters could be read in a mixture as it is.
    """
    public = draw.key.permutation("public", len(datasets.photo_names))[:MIXTURES]
    pictures = normalised(np.stack([datasets.photo(datasets.photo_names[i], 64) for i in public]))
    label = (0.35 + 0.3 * draw.key.bytes("shares", MIXTURES) / 255).astype(np.float32)
    share = label[:, None, None, None]
    signs = 1 - 2 * (draw.key.bytes("signs", pictures.size).reshape(pictures.shape) & 1).astype(np.float32)
    sums = share * normalised(draw.scene(64, 1)) + (1 - share) * pictures
    moved = (signs * sums).reshape(MIXTURES, -1, 3)[:, draw.key.permutation("pixels", 64 * 64)]
    return {"ciphers": moved.reshape(sums.shape), "labels": label}


def short(draw: Draw) -> dict:
    """A pad of a small square, laid over the picture again and again."""
    side = TILES[draw.below(len(TILES), "side")]
    pad = draw.key.bytes("pad", 3 * side * side).reshape(side, side, 3)
    plain = draw.scene(144, 2)
    return {"ciphers": plain ^ np.tile(pad, (12, 12, 1))[:144, :144]}


def neurons(draw: Draw) -> dict:
    """A patch map and what was served of it: keyed, trained on, its outputs in another order, rounded."""
    scheme = Tanaka(draw.key, block=PATCH, bits=8)
    weights, noise = normal(draw.key, "weights"), NOISE * normal(draw.key, "noise")
    table = scheme.table((PATCH, PATCH, 3))
    keyed = (weights + noise)[:, table.index] * np.where(table.mask, -1, 1)
    served = keyed[draw.key.permutation("neurons", DIM)]
    arrays = {"checkpoint": rounded(weights), "served": rounded(served)}
    return {"ciphers": scheme.encrypt(draw.scene(96, 2))} | arrays


def rounded(weights: np.ndarray) -> np.ndarray:
    """int8 of weights, scaled so that the largest becomes `LEVELS`."""
    return np.rint(weights * LEVELS / np.abs(weights).max()).astype(np.int8)


def normal(key: Key, label: str) -> np.ndarray:
    """(DIM, PATCH * PATCH * 3) float64: sums of twelve uniform numbers, less their mean."""
    return key.bytes(label, 12 * DIM * 3 * PATCH**2).reshape(12, DIM, -1).sum(0) / 256.0 - 6


ARRAYS = (
    order, clock, compressed, margin, turns, screenshot, unnamed, mixed, neurons, short,
    lambda draw: {"ciphers": OneTimePad(draw.key).encrypt(draw.scene(64, 1), ids=[0])},
    lambda draw: {"ciphers": ExtendedTanaka(draw.key).encrypt(draw.patches(FEW_PATCHES))},
)  # fmt: skip


def make(secret: Key, folder: Path) -> Path:
    """Write the challenges of a secret into a folder; other files there are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, (told, arrays) in enumerate(zip(TOLD, ARRAYS, strict=True), 1):
        draw = Draw(secret, number)
        with whole_file(folder / file_name(number), overwrite=True) as file:
            np.savez_compressed(file, **arrays(draw))
        hidden = {"salt": draw.salt, "hash": slow_hash(draw.flag, draw.salt)}
        entries.append({"number": number} | json.loads(told.model_dump_json()) | hidden)
    head = {"format": FORMAT, "version": VERSION, "scrypt": COST}
    write_json(folder / MANIFEST, head | {"challenges": entries})
    return folder
