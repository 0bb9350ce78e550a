"""Flags: ten letters, drawn into a picture so that a person reads them off once the picture is back.

Sixteen letters that are not mistaken for each other, each 5x7 pixels, so that a flag looks the same on every
machine, whatever fonts it has. Behind them the picture is darkened to a quarter; a letter adds 128 to that.
So letters stand out in every colour order, as a negative, and where only min(v, 255 - v) is left of a value,
and the picture keeps some of its grain, by which attacks go.
"""

import numpy as np

from lib.keys import Key

ALPHABET = "ACEFHJKLMNPRTUXY"
LENGTH, A_LINE = 10, 5
HEIGHT, WIDTH = 7, 5  # pixels of a letter
ROW, COLUMN = HEIGHT + 1, WIDTH + 1  # from one letter to the next
PLATE = (LENGTH // A_LINE * ROW + 1, A_LINE * COLUMN + 1)
_ROWS = {  # seven rows of five bits in hexadecimal
    "A": "0e11111f111111", "C": "0e11101010110e", "E": "1f10101e10101f", "F": "1f10101e101010",
    "H": "1111111f111111", "J": "0702020202120c", "K": "11121418141211", "L": "1010101010101f",
    "M": "111b1515111111", "N": "11111915131111", "P": "1e11111e101010", "R": "1e11111e141211",
    "T": "1f040404040404", "U": "1111111111110e", "X": "11110a040a1111", "Y": "11110a04040404",
}  # fmt: skip
_BYTES = np.array([list(bytes.fromhex(_ROWS[letter])) for letter in ALPHABET], np.uint8)
GLYPHS = np.unpackbits(_BYTES[..., None], axis=2)[:, :, -WIDTH:].astype(bool)
"""(16, 7, 5) bool: the letters, in the order of `ALPHABET`."""


def draw_flag(key: Key, label: str) -> str:
    """A flag out of 16 ** 10, by the key's stream of this label.

    >>> draw_flag(Key.from_seed(7), "example")
    'UMEKPFPRMU'
    """
    return "".join(ALPHABET[i] for i in key.integers(label, len(ALPHABET), LENGTH))


def plate(flag: str, scale: int = 1) -> np.ndarray:
    """The flag as bool, (17 * scale, 31 * scale): two lines of five letters, a pixel of margin around each.

    >>> print("\\n".join("".join(" #"[int(x)] for x in row).rstrip() for row in plate("RAUTENXYLE")[1:4]))
     ####   ###  #   # ##### #####
     #   # #   # #   #   #   #
     #   # #   # #   #   #   #
    """
    out = np.zeros(PLATE, bool)
    for number, letter in enumerate(flag):
        row, column = divmod(number, A_LINE)
        y, x = 1 + row * ROW, 1 + column * COLUMN
        out[y : y + HEIGHT, x : x + WIDTH] = GLYPHS[ALPHABET.index(letter)]
    return np.kron(out, np.ones((scale, scale), bool))


def write(picture: np.ndarray, flag: str, at: tuple[int, int], scale: int = 1) -> np.ndarray:
    """The picture (h, w, 3) uint8 with the flag on it, its upper left corner at (row, column); a new array.

    Values behind the flag are divided by 4. ValueError where the plate does not fit.
    """
    letters = plate(flag, scale)
    box = slice(at[0], at[0] + letters.shape[0]), slice(at[1], at[1] + letters.shape[1])
    out = picture.copy()
    if out[box].shape[:2] != letters.shape:
        raise ValueError(f"a flag of {letters.shape} pixels does not fit at {at} into {picture.shape[:2]}")
    out[box] = out[box] // 4 + 128 * letters[..., None].astype(np.uint8)
    return out


def normalised(answer: str) -> str:
    """A typed flag as it counts: capitals, without blanks and hyphens."""
    return "".join(answer.upper().replace("-", "").split())
