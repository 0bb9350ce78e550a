"""Which of the answers that ciphertexts leave open is the picture, by public pictures: colours, sign, turn.

Nothing inside an image prefers it to its negative. The world does: skies are bright, blue and above, and skin
is no shade of green. The plainest model, the histogram of colours in each of four bands from top to bottom of
public photographs, makes every candidate so and so likely. Each image has one vote, however sure it is, for a
large dark wall is no better a witness than a face. What mirrors left and right no such statistic tells.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from lib.datasets import load
from lib.symmetries import COLOURS, oriented

BANDS, BINS = 4, 6  # horizontal bands; bins a channel
BLUR, FLOOR = 1.5, 0.1  # of the histogram: bins, and the share that any colour has beside its own
TEMPERATURE = 30.0  # nats a pixel counts for one: pixels of an image are anything but independent
DOUBT = 0.1  # the share of images that vote at random
Array = np.ndarray
WITNESSES = 200  # images asked; more add seconds, not certainty
AGREEMENT = 3.0  # votes that count for one in the probability: images resemble each other in what is odd


def choose(candidates: Iterable[np.ndarray], public: np.ndarray | None = None) -> tuple[int, float]:
    """The number of the likeliest candidate and its probability.

    candidates   an iterable of at least two batches (n, h, w, 3) uint8: the same images in each of the ways
                 left open
    public       (m, h', w', 3) uint8 photographs; None: the embedded ones
    """
    model = _embedded() if public is None else colour_model(public)
    cells = (_cells(images[:WITNESSES]) for images in candidates)
    scores = np.array([model.ravel()[each].sum(axis=(1, 2)) for each in cells]) / TEMPERATURE
    weights = np.exp(scores - scores.max(0))
    votes = np.log((1 - DOUBT) * weights / weights.sum(0) + DOUBT / len(scores)).sum(1)
    shares = np.exp((votes - votes.max()) / AGREEMENT)
    return int(votes.argmax()), float(1 / shares.sum())


def settle(
    images: Array, public: Array | None, turned: bool = True, signs: bool = True, colours: bool = True
):
    """The orientation, sign and colour order of all images (n, h, w, 3) uint8, as far as they are open, that
    public pictures make likeliest, and its probability; a mirror never is."""
    turns = range(4) if images.shape[1] == images.shape[2] else (0, 2)
    orders = range(len(COLOURS) if colours else 1)
    options = [(o, sign, c) for o in (turns if turned else (0,)) for sign in range(1 + signs) for c in orders]
    if len(options) == 1:
        return options[0], 1.0
    best, probability = choose((view(images[:WITNESSES], *option) for option in options), public)
    return options[best], probability


def view(images: np.ndarray, orientation: int, negative: int, colour: int) -> np.ndarray:
    """Images (n, h, w, 3) uint8 turned and mirrored, in another colour order, complemented or not."""
    seen = oriented(images, orientation)[..., COLOURS[colour]]
    return 255 - seen if negative else seen


def colour_model(public: np.ndarray) -> np.ndarray:
    """(BANDS, BINS ** 3): log probability of each colour in each band, half of the way to that in all."""
    counts = np.bincount(_cells(public).ravel(), minlength=BANDS * BINS**3).reshape(BANDS, BINS, BINS, BINS)
    shares = counts / counts.sum(axis=(1, 2, 3), keepdims=True)
    shares = gaussian_filter(shares, (0, BLUR, BLUR, BLUR), mode="nearest")
    return np.log((shares + shares.mean(0)) / 2 + FLOOR / BINS**3).reshape(BANDS, -1)


@cache
def _embedded():
    return colour_model(load("photos").images)


def _cells(images):
    """(n, h, w): the cell of the model that each pixel falls into."""
    red, green, blue = (images[..., c].astype(np.int64) * BINS // 256 for c in range(3))
    band = np.arange(images.shape[1]) * BANDS // images.shape[1]
    return ((band[:, None] * BINS + red) * BINS + green) * BINS + blue
