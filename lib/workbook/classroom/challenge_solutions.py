"""The challenges solved, for teachers and tests: an idea for each, and a reader in place of eyes.

    python -m lib.workbook.classroom.challenge_solutions FOLDER

solves what can be solved, from the folder alone, and says whether the hashes agree: for challenges from a
secret of your own, before they are handed out. How each is solved stands in
`lib.workbook.classroom.challenge_solvers`.

The reader compares every place of a picture with the sixteen letters, in all turns and mirror images, light
on dark and dark on light. It sees what is legible, and less than a person does.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import trange

from lib import Key
from lib.atomic import write_json
from lib.workbook.challenges import FOLDER, SOLVABLE, Challenge, load, slow_hash
from lib.workbook.challenges.letters import A_LINE, ALPHABET, COLUMN, GLYPHS, LENGTH, PLATE, ROW
from lib.workbook.challenges.recipes import make
from lib.workbook.classroom.challenge_solvers import ATTEMPTS, SOLVERS
from lib.workbook.recording import device_name

SCALES = (1, 2, 3)
FIRST_SEED = 3400
RECORD = FOLDER.parent / "results" / "challenges.json"


def read_flag(images: np.ndarray, scales: Iterable[int] = SCALES) -> tuple[str, float]:
    """The likeliest flag in any of (n, h, w, 3) uint8, and how well its letters fit, -1 to 1, in the mean."""
    found = [("", -1.0)]
    for image in images:
        grey = image.astype(np.float32).mean(axis=2)
        for turned in (np.rot90(side, turns) for side in (grey, grey[:, ::-1]) for turns in range(4)):
            fitting = [k for k in scales if (np.array(turned.shape) >= np.multiply(PLATE, k)).all()]
            found += [_read(turned, scale) for scale in fitting]
    return max(found, key=lambda each: each[1])


def _read(grey, scale):
    """The likeliest flag in (h, w), upright, in letters of this scale, and its score."""
    fits = _fits(grey, scale)  # (16, rows, columns)
    height, width = np.subtract(grey.shape, np.multiply(PLATE, scale)) + 2 * scale + 1
    corners = [np.multiply(divmod(number, A_LINE), (ROW, COLUMN)) * scale for number in range(LENGTH)]
    cells = np.stack([fits[:, y:, x:][:, :height, :width] for y, x in corners])
    found = []
    for signed in (cells, -cells):
        total = signed.max(axis=1).mean(axis=0)
        y, x = np.unravel_index(total.argmax(), total.shape)
        text = "".join(ALPHABET[letter] for letter in signed[:, :, y, x].argmax(axis=1))
        found.append((text, float(total[y, x])))
    return max(found, key=lambda each: each[1])


def _fits(grey, scale):
    """(16, h - 7 * scale + 1, w - 5 * scale + 1): the correlation of each letter with what stands where."""
    count, height, width = GLYPHS.shape
    windows = np.lib.stride_tricks.sliding_window_view(grey, (height * scale, width * scale))
    parts = windows.reshape(*windows.shape[:2], height, scale, width, scale)
    pixels = parts.mean(axis=(3, 5)).reshape(*windows.shape[:2], -1)
    pixels = pixels - pixels.mean(axis=2, keepdims=True)
    letters = GLYPHS.reshape(count, -1) - GLYPHS.mean(axis=(1, 2))[:, None]
    letters = letters / np.linalg.norm(letters, axis=1, keepdims=True)
    lengths = np.linalg.norm(pixels, axis=2) + 2.0  # a flat place fits no letter
    return np.moveaxis(pixels @ letters.T / lengths[..., None], 2, 0)


def attempt(challenge: Challenge) -> tuple[str, float, float]:
    """The flag as read after the attack, how well its letters fit, and seconds of a processor."""
    started = time.process_time()
    text, fit = read_flag((SOLVERS | ATTEMPTS)[challenge.number](challenge.given))
    return text, fit, time.process_time() - started


def record(secrets: int) -> dict:
    """Of each challenge, under the test secrets of so many seeds: how often it was solved, and seconds."""
    found = {number: [] for number in SOLVERS | ATTEMPTS}
    for seed in trange(secrets, unit="secret"):
        with TemporaryDirectory() as folder:
            for challenge in load(make(Key.from_seed(FIRST_SEED + seed), Path(folder))):
                text, _, seconds = attempt(challenge)
                found[challenge.number].append((slow_hash(text, challenge.salt) == challenge.hash, seconds))
    rows = {}
    for number, runs in found.items():
        seconds = [taken for _, taken in runs]
        times = {"median seconds": round(median(seconds), 1), "most seconds": round(max(seconds), 1)}
        rows[number] = {"solved": sum(solved for solved, _ in runs)} | times
    return {"secrets": secrets, "first seed": FIRST_SEED, "device": device_name(), "challenges": rows}


def main(argv: list[str] | None = None) -> int:
    """Solve a folder; the exit status, 1 where a challenge that is called solvable was not solved."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="data/challenges if left out")
    many = "solve under N test secrets instead, and record how often that works"
    parser.add_argument("--record", type=int, metavar="N", help=many)
    arguments = parser.parse_args(argv)
    if arguments.record:
        write_json(RECORD, record(arguments.record))
        return 0
    failed = 0
    for challenge in load(arguments.folder):
        text, fit, seconds = attempt(challenge)
        print(f"{text}, letters fit {fit:.2f}, {seconds:.0f} s; ", end="")
        failed += not challenge.check(text) and challenge.state == SOLVABLE
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
