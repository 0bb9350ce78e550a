"""The picture that opens README.md: a photograph, its ciphertext, and what a stranger reads from that.

`python -m lib.workbook.readme_picture` writes `data/pictures/story.png`, in a few seconds. The attack is
`one-photograph` (lesson 25). It gets the ciphertext, the block size and photographs of other things; shown is
what it returns, as it is, with how many bytes of that are right.
"""

import numpy as np

from lib import Key, datasets, figures, metrics
from lib.attacks.catalogue import Known, by_name
from lib.schemes import Tanaka
from lib.workbook import attack_matrix
from lib.workbook.lessons import PICTURE

STORY = PICTURE.with_name("story.png")
PHOTO, SIDE, SEED, BLOCK = "astronaut", 128, 0, 4
ALT = (
    "Three pictures: a photograph of an astronaut; the same encrypted, coloured noise in which a helmet can "
    "be guessed; and the photograph again, sharp and in its colours, read from the noise without the key."
)


def story() -> dict[str, np.ndarray]:
    """The three pictures by name, (h, w, 3) uint8."""
    photo = datasets.photo(PHOTO, SIDE)[None]
    cipher = Tanaka(Key.from_seed(SEED), block=BLOCK).encrypt(photo)
    known = Known(cipher, public=attack_matrix.pictures().others)  # of five photographs, not this one
    read = by_name("one-photograph").run(known, block=BLOCK, bits=4).estimate
    right = f"read without the key: {metrics.exact(read, photo):.0%} right"
    return {"a photograph": photo[0], "encrypted": cipher[0], right: read[0]}


def main() -> None:
    """Draw it, and say where."""
    figures.save(figures.picture_grid(story(), size=2.6), STORY, ALT)
    print(STORY.name)


if __name__ == "__main__":
    main()
