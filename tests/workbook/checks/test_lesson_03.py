"""The exercises of lesson 03: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import math

import numpy as np

from lib import Key
from lib.schemes import ExtendedTanaka
from lib.workbook.checks import lesson_03 as check


def log2_factorial(n):
    return math.lgamma(n + 1) / math.log(2)


def ele_key_bits(height, width, block):
    blocks, atoms = height * width // block**2, 6 * block**2
    return blocks * (log2_factorial(atoms) + atoms) + log2_factorial(blocks)


def one_block_key(height, width, block):
    return ele_key_bits(block, block, block) + log2_factorial(height * width // block**2)


def bytes_only(height, width, block):
    blocks, atoms = height * width // block**2, 3 * block**2
    return blocks * (log2_factorial(atoms) + atoms) + log2_factorial(blocks)


def blocks_in(image):
    return [image[y : y + 4, x : x + 4] for y in range(0, 32, 4) for x in range(0, 32, 4)]


def changed_block(encrypt, place):
    """Where a change of plain block `place` arrives."""
    before, after = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32, 3), np.uint8)
    y, x = divmod(place, 8)
    after[4 * y : 4 * y + 4, 4 * x : 4 * x + 4] = 77
    pairs = zip(blocks_in(encrypt(before)), blocks_in(encrypt(after)))
    return next(i for i, (a, b) in enumerate(pairs) if (a != b).any())


def alike(encrypt):
    """Whether the blocks of a plain surface are encrypted alike."""
    first, *others = blocks_in(encrypt(np.full((32, 32, 3), 18, np.uint8)))
    return all((first == block).all() for block in others)


NAME = {
    (True, True): "LE",
    (False, True): "block keys",
    (True, False): "block shuffle",
    (False, False): "ELE",
}


def tell(encrypt):
    return NAME[alike(encrypt), all(changed_block(encrypt, place) == place for place in range(64))]


def first_block_only(encrypt):
    return NAME[alike(encrypt), changed_block(encrypt, 0) == 0]


SOLUTIONS = [
    (check.ele_key_bits, ele_key_bits),
    (check.rename, lambda keys, source: keys[source]),
    (check.tell, tell),
]

WRONG = {
    "one block key for all": (check.ele_key_bits, one_block_key),
    "no block shuffle": (check.ele_key_bits, lambda h, w, b: ele_key_bits(b, b, b) * (h * w // b**2)),
    "bytes instead of nibbles": (check.ele_key_bits, bytes_only),
    "no reversal": (check.ele_key_bits, lambda h, w, b: ele_key_bits(h, w, b) - 6 * h * w),
    "height over width": (check.ele_key_bits, lambda h, w, b: ele_key_bits(h, h, b)),
    "natural logarithm": (check.ele_key_bits, lambda h, w, b: ele_key_bits(h, w, b) * math.log(2)),
    "a text": (check.ele_key_bits, lambda h, w, b: "38330"),
    "the keys themselves": (check.rename, lambda keys, source: keys),
    "the inverse": (check.rename, lambda keys, source: keys[np.argsort(source)]),
    "only the example": (check.rename, lambda keys, source: np.array([30, 10, 20])),
    "rolled like the example": (check.rename, lambda keys, source: np.roll(keys, 1, axis=0)),
    "the sources": (check.rename, lambda keys, source: source),
    "too few": (check.rename, lambda keys, source: keys[source][:-1]),
    "always ELE": (check.tell, lambda encrypt: "ELE"),
    "only the first block": (check.tell, first_block_only),
    "names exchanged": (check.tell, lambda e: {"LE": "ELE", "ELE": "LE"}.get(tell(e), tell(e))),
    "keys and shuffle exchanged": (
        check.tell,
        lambda e: {"block keys": "block shuffle", "block shuffle": "block keys"}.get(tell(e), tell(e)),
    ),
    "sees only the shuffle": (check.tell, lambda e: NAME[True, changed_block(e, 5) == 5]),
    "another word": (check.tell, lambda e: tell(e).lower()),
}


def test_the_trap_of_the_first_block_is_there():
    """Under one of the keys the block shuffle leaves block 0, and not all blocks, at its place."""
    source = ExtendedTanaka(Key.from_seed(check.FIRST_BLOCK_STAYS)).steps((32, 32, 3))["block shuffle"].source
    assert source[0] == 0 and (source != np.arange(64)).sum() > 50


def test_the_four_variants_end_in_le_and_ele():
    shape, key = (32, 32, 3), Key.from_seed(5)
    image = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    made = {name: table.apply(image) for name, table in check.variants(key).items()}
    assert (made["ELE"] == ExtendedTanaka(key).encrypt(image)).all()
    assert len({cipher.tobytes() for cipher in made.values()}) == 4
