"""Which measure orders pictures as people do? Pairs of estimates of which one plainly shows more.

The pairs follow from one rule, which was written down before any measure was tried (`estimates`, `ordered`):
estimates of a picture stand in four groups, and every estimate of a group is paired with every one of a group
below it, but where people might argue; four ladders add one distortion at three strengths. The embedded
photographs are halved: on one half the measure was chosen, on the other it is counted, see `counted`.
"""

from collections.abc import Iterator

import numpy as np

from lib import datasets
from lib.photos import photo_names
from lib.tiling import assembled, cut

CHOOSE, REPORT = photo_names[0::2], photo_names[1::2]
"""The two halves of the photographs."""
SIDES = (32, 64, 128)
WHOLE = ("exact", "negative", "colours exchanged", "mirrored", "off by one")
"""Everything is there: whoever knows the picture knows it again."""
CLEAR = (*WHOLE, "slight blur", "slight noise", "outlines")
"""Anybody says what is to be seen."""
FAINT = ("strong blur", "strong noise", "8 squares across", "shuffled, 2x2")
"""Something of the picture is left."""
BARELY = ("4 squares across", "shuffled, 8x8")
"""People may argue whether anything is left; that a clear picture shows more is plain."""
NOTHING = ("another picture", "mean colour", "mean picture", "noise", "pixels shuffled", "another negative")
LADDERS = (
    ("exact", "slight blur", "blur", "strong blur"),
    ("exact", "slight noise", "noise over it", "strong noise"),
    ("exact", "16 squares across", "8 squares across", "4 squares across"),
    ("exact", "shuffled, 2x2", "shuffled, 4x4", "shuffled, 8x8"),
)
"""One distortion, less to be seen from step to step."""


def ordered() -> list[tuple[str, str]]:
    """The names of all pairs of estimates of a picture, the one that shows more first."""
    groups = ((CLEAR, NOTHING), (CLEAR, BARELY), (WHOLE, FAINT), (FAINT, NOTHING))
    of_groups = [(more, less) for above, below in groups for more in above for less in below]
    steps = [(more, less) for ladder in LADDERS for i, more in enumerate(ladder) for less in ladder[i + 1 :]]
    return list(dict.fromkeys(of_groups + steps))


def estimates(picture: np.ndarray, others: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Every estimate of `ordered` of a picture (h, h, 3) uint8; `others` (m, h, h, 3) have its size."""
    from scipy.ndimage import gaussian_filter

    rng, side, values = np.random.default_rng(seed), len(picture), picture.astype(float)
    noise = rng.integers(0, 256, picture.shape, np.uint8)

    def blurred(part):
        return gaussian_filter(values, (side / part, side / part, 0)).round().astype(np.uint8)

    def mixed(share):
        return (share * values + (1 - share) * noise).round().astype(np.uint8)

    def squares(across):
        means = cut(picture[None], side // across).mean((2, 3), keepdims=True).round().astype(np.uint8)
        return assembled(means.repeat(side // across, 2).repeat(side // across, 3).reshape(
            1, across, across, -1), side // across)[0]  # fmt: skip

    def shuffled(across):
        blocks = cut(picture[None], side // across)
        order = _moving_all(rng, across**2)
        return assembled(blocks[:, order].reshape(1, across, across, -1), side // across)[0]

    return {
        "exact": picture.copy(),
        "negative": 255 - picture,
        "colours exchanged": picture[..., [1, 2, 0]].copy(),
        "mirrored": picture[:, ::-1].copy(),
        "off by one": picture ^ 1,
        "slight blur": blurred(64),
        "blur": blurred(24),
        "strong blur": blurred(12),
        "slight noise": mixed(0.75),
        "noise over it": mixed(0.5),
        "strong noise": mixed(0.3),
        "outlines": outlines(picture),
        **{f"{across} squares across": squares(across) for across in (16, 8, 4)},
        **{f"shuffled, {across}x{across}": shuffled(across) for across in (2, 4, 8)},
        "another picture": others[0].copy(),
        "another negative": 255 - others[1],
        "mean colour": np.full_like(picture, values.mean((0, 1)).round()),
        "mean picture": others.mean(0).round().astype(np.uint8),
        "noise": rng.integers(0, 256, picture.shape, np.uint8),
        "pixels shuffled": rng.permutation(picture.reshape(-1, 3)).reshape(picture.shape),
    }


def _moving_all(rng, count):
    """A random order of range(count) that leaves nothing in its place."""
    cycle, order = rng.permutation(count), np.empty(count, int)
    order[cycle] = np.roll(cycle, 1)
    return order


def outlines(picture: np.ndarray) -> np.ndarray:
    """A drawing (h, w, 3) uint8: grey lines on white where the luma of (h, w, 3) uint8 changes most."""
    luma = picture @ np.array([0.299, 0.587, 0.114])
    down, across = np.gradient(luma)
    slope = np.hypot(down, across)
    ink = np.minimum(slope / max(np.quantile(slope, 0.95), 1), 1)
    return np.repeat((255 * (1 - ink)).round().astype(np.uint8)[..., None], 3, axis=2)


def windows(names: tuple[str, ...], side: int, count: int, seed: int) -> np.ndarray:
    """(count, side, side, 3) uint8: square windows of any size at random places of some photographs."""
    from PIL import Image

    rng, found = np.random.default_rng(seed), []
    photos = [Image.fromarray(datasets.photo(name)) for name in names]
    for i in range(count):
        photo = photos[i % len(photos)]
        size = int(rng.integers(side, min(photo.size) + 1))
        left, top = (int(rng.integers(0, room - size + 1)) for room in photo.size)
        box = (left, top, left + size, top + size)
        found.append(np.array(photo.resize((side, side), Image.Resampling.BOX, box)))
    return np.stack(found)


def cases(names: tuple[str, ...], sides: tuple[int, ...] = SIDES, count: int = 1000,
          seed: int = 20) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:  # fmt: skip
    """For each photograph and side: its estimates, the picture, `count` candidates of other photos."""
    for side in sides:
        for name in names:
            number = photo_names.index(name)
            picture, rest = datasets.photo(name, side), tuple(each for each in photo_names if each != name)
            turned = rest[number:] + rest[:number]  # so that "another picture" is another one each time
            others = np.stack([datasets.photo(each, side) for each in turned])
            candidates = windows(rest, side, count, seed)
            yield estimates(picture, others, seed + number), picture, candidates
