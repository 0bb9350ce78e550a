"""What a secret says of a challenge: a key, a flag, a salt, and pictures with the flag on them.

Everything is drawn from one `lib.Key`, by labels. Pictures are parts of the embedded photographs.
"""

import numpy as np
from PIL import Image

from lib import Key, datasets
from lib.workbook.challenges.letters import PLATE, draw_flag, write

SCENES = ("astronaut", "chelsea", "china", "coffee", "flower", "hopper", "motorcycle", "rocket")
SHOWN = 3  # patches of a set that show the flag


class Draw:
    """What the secret says of one challenge."""

    def __init__(self, secret: Key, number: int):
        self.secret, self.prefix = secret, f"challenge {number}/"
        self.key, self.other_key = (
            Key(secret.bytes(f"{self.prefix}{part}", 32).tobytes()) for part in ("key", "other key")
        )
        self.flag = draw_flag(secret, f"{self.prefix}flag")
        self.salt = secret.bytes(f"{self.prefix}salt", 16).tobytes().hex()

    def below(self, bound: int, what: str) -> int:
        """A uniform whole number in [0, bound), of this challenge and purpose."""
        bytes_ = self.secret.bytes(f"{self.prefix}{what}", 16).tobytes()
        return int.from_bytes(bytes_, "big") % bound  # 128 bits: no bias to speak of

    def crop(self, size: int, share: tuple, what: str) -> np.ndarray:
        """(size, size, 3) uint8: a square of a photograph, its side within these shares of the short one.

        Side and corner are no whole numbers of pixels, so that no list of all crops can be made beforehand.
        """
        photo = Image.fromarray(datasets.photo(SCENES[self.below(len(SCENES), f"{what} photo")]))
        drawn = (self.below(1 << 30, f"{what} {part}") for part in ("side", "left", "top"))
        side, left, top = (number / (1 << 30) for number in drawn)
        side = min(photo.size) * (share[0] + side * (share[1] - share[0]))
        left, top = left * (photo.width - side), top * (photo.height - side)
        box = left, top, left + side, top + side
        return np.array(photo.resize((size, size), Image.Resampling.LANCZOS, box))

    def scene(self, size: int, scale: int) -> np.ndarray:
        """(1, size, size, 3) uint8: most of a photograph, with the flag in letters of 7 * scale pixels."""
        return self.flagged(self.crop(size, (0.7, 0.95), "scene"), "place", scale)[None]

    def flagged(self, picture: np.ndarray, what: str, scale: int = 1) -> np.ndarray:
        """The picture with the flag somewhere."""
        free = [side - part * scale + 1 for side, part in zip(picture.shape, PLATE)]
        at = self.below(free[0], f"{what} row"), self.below(free[1], f"{what} column")
        return write(picture, self.flag, at, scale)

    def patches(self, count: int) -> np.ndarray:
        """(count, 32, 32, 3) uint8: parts of photographs, the flag on `SHOWN` of them."""
        out = np.stack([self.crop(32, (0.2, 0.7), f"patch {number}") for number in range(count)])
        for number in self.secret.permutation(f"{self.prefix}shown", count)[:SHOWN]:
            out[number] = self.flagged(out[number], f"shown {number}")
        return out
