"""Checks of lesson 13: a position code moved along with its blocks, a matrix that puts blocks back, a block's
leading coordinate, neighbours that are right, a cipher that is given. `measured` reads what its quick
experiments gave."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from lib import Key, datasets
from lib.schemes import EtC, ExtendedTanaka
from lib.symmetries import COLOURS
from lib.table import split
from lib.tiling import assembled, cut
from lib.training import scaled
from lib.workbook import quick_experiments
from lib.workbook.checks import array, called, exercise, whole


@exercise
def moved_code(answer):
    """`answer(code, source)`: (blocks, dim), for images whose block b is the plain image's source[b]."""
    rng = np.random.default_rng(13)
    for blocks in (9, 16):
        # square: a mistaken axis goes unnoticed by NumPy
        code = rng.normal(size=(blocks, blocks)).astype(np.float32)
        source = rng.permutation(blocks)
        got = array(called(answer, code, source), code.shape, None)
        assert (got != code).any(), "this is the code for the plain order still"
        kept = (np.sort(got, axis=None) == np.sort(code, axis=None)).all()
        assert kept, "some numbers of the code got lost"
        assert all((row == code).all(1).any() for row in got), "a block's code is a row; keep rows whole"
        tokens = rng.normal(size=(blocks, blocks)).astype(np.float32)
        wrong = int((tokens[source] + got != (tokens + code)[source]).any(1).sum())
        assert wrong == 0, f"{wrong} of {blocks} blocks of the shuffled image meet the code of another place"


def moved(code: np.ndarray, source: np.ndarray) -> np.ndarray:
    """(blocks, dim): the moved code, a row at a time; for the lesson's rest, solved or not."""
    out = np.empty_like(code)
    for at, block in enumerate(source):
        out[at] = code[block]
    return out


@exercise
def mixing(answer):
    """`answer(source)`: (blocks, blocks), by which the blocks of an image, b the plain one's source[b], are
    multiplied to stand where they belong."""
    rng = np.random.default_rng(31)
    for blocks in (5, 16):
        source, plain = rng.permutation(blocks), rng.normal(size=(blocks, 7))
        got = array(called(answer, source), (blocks, blocks), None)
        assert got.dtype.kind in "biuf", f"expected numbers, got {got.dtype}"
        assert (np.sort(got, axis=None)[: -blocks or None] == 0).all(), (
            f"only {blocks} entries of {blocks**2} are not 0: each block goes to one place"
        )
        right = (np.abs(got @ plain[source] - plain) < 1e-6).all(1)
        here = "blocks come to their places" if blocks == 16 else "blocks of 5 come to their places"
        assert right.all(), f"{right.sum()} {here}; U[a, b] is the weight of block b at place a"


@exercise
def leading(answer):
    """`answer(values)`: (n,), the coordinate of (n, values) along the axis on which they vary most."""
    images = datasets.load("photos", "train", limit=300).images
    for scheme in (ExtendedTanaka(Key.from_seed(6), 4), EtC(Key.from_seed(6), 4)):
        blocks = values_of_blocks(scheme, scheme.encrypt(images))
        for b in (0, 21, 40):
            got = array(called(answer, blocks[:, b]), (len(images),), None)
            assert np.ptp(got) > 0, "the coordinate is the same in all ciphertexts"
            wanted = _leading(blocks[:, b])
            along = abs(np.corrcoef(got, wanted)[0, 1])
            told = f"{type(scheme).__name__}, block {b}: your numbers correlate {along:.4f} with those wanted"
            assert along > 0.99995, f"{told}; centre the values, then take the axis of the largest variance"


def _leading(values):
    left, strengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    return left[:, 0] * strengths[0]


def values_of_blocks(scheme: EtC | ExtendedTanaka, images: np.ndarray) -> np.ndarray:
    """(n, blocks, values) float64: each block's atoms, as the scheme moves them."""
    blocks = cut(images, scheme.block)
    return (
        split(blocks.reshape(-1, blocks[0, 0].size), scheme.bits).reshape(*blocks.shape[:2], -1).astype(float)
    )


def leading_of_all(scheme: EtC | ExtendedTanaka, images: np.ndarray) -> np.ndarray:
    """(n, blocks): each block's leading coordinate; for the lesson's rest, solved or not."""
    return np.stack([_leading(values) for values in values_of_blocks(scheme, images).swapaxes(0, 1)], axis=1)


@exercise
def right_neighbours(answer):
    """`answer(order, rows, columns)`: how many pairs side by side belong side by side."""
    for rows, columns in ((3, 5), (4, 4)):
        plain = np.arange(rows * columns).reshape(rows, columns)
        everything = rows * (columns - 1) + (rows - 1) * columns
        arranged = {
            "the plain order": plain,
            "the plain image mirrored": plain[:, ::-1],
            "the plain image upside down": plain[::-1, ::-1],
            "rows moved by one place, those at the end back to the start": np.roll(plain, 1, axis=1),
        }
        if rows == columns:
            arranged["the plain image turned by a quarter"] = np.rot90(plain)
        rng = np.random.default_rng(rows)
        for i in (1, 2, 3):
            arranged[f"a random order, no. {i}"] = rng.permutation(plain.size).reshape(rows, columns)
        for what, order in arranged.items():
            got, wanted = whole(answer(order.ravel().copy(), rows, columns), "a count"), slowly(order)
            told = f"{rows}x{columns}, {what}: {wanted} of {everything} pairs are right"
            assert got == wanted, f"{told}, you counted {got}"


def slowly(order: np.ndarray) -> int:
    """Right pairs of an order, (rows, columns): look at every place, its right and its lower neighbour."""
    rows, columns = order.shape
    count = 0
    for y in range(rows):
        for x in range(columns):
            for there in ((y, x + 1), (y + 1, x)):
                if there[0] < rows and there[1] < columns:
                    (a, b), (c, d) = divmod(int(order[y, x]), columns), divmod(int(order[there]), columns)
                    count += abs(a - c) + abs(b - d) == 1
    return count


class FirstSteps(EtC):
    """The first `count` of EtC's steps: move blocks, turn and mirror them, complement some, colours."""

    def __init__(self, key: Key, count: int, block: int = 4, **options):
        super().__init__(key, block, **options)
        self.count = count

    def _steps(self, shape, image):
        return dict(list(super()._steps(shape, image).items())[: self.count])


class Given(EtC):
    """The cipher of exercise 5: blocks of 8 are moved, and some complemented."""

    def __init__(self, key: Key):
        super().__init__(key, 8)

    def _steps(self, shape, image):
        steps = super()._steps(shape, image)
        return {name: steps[name] for name in ("permute", "negative-positive")}


def joined(blocks: np.ndarray, a: int, b: int, beside: bool) -> float:
    """How the edges of blocks a and b (n, blocks, side, side, 3) go together, -1 to 1, if b stands to the
    right of a (`beside`) or below it."""
    edges = (blocks[:, a, :, -1], blocks[:, b, :, 0]) if beside else (blocks[:, a, -1], blocks[:, b, 0])
    return float(np.corrcoef(*(edge.ravel() for edge in edges))[0, 1])


@exercise
def read(answer):
    """`answer(ciphers)`: the plain images, or the negatives of all, from ciphertexts of `Given`, key
    unknown."""
    for seed in (41, 42):
        plain = datasets.load("photos", "train", limit=600).images[seed - 41 :: 2]
        got = array(called(answer, Given(Key.from_seed(seed)).encrypt(plain)), plain.shape)
        if (got == plain).all() or (got == 255 - plain).all():
            continue
        blocks, truth = cut(got, 8), cut(plain, 8)
        ours, theirs = blocks.swapaxes(0, 1), truth.swapaxes(0, 1)
        same = np.array([[(a == b).all() or (a == 255 - b).all() for b in theirs] for a in ours])
        assert same.any(1).all(), "some blocks are no longer blocks of the plain images, nor their negatives"
        order = same.argmax(1)
        pairs = slowly(order.reshape(4, 4))
        assert pairs == 24, f"{pairs} of 24 pairs of neighbouring blocks belong side by side"
        in_place = int((order == np.arange(16)).sum())
        turned = "all pairs are right, but the grid is turned or mirrored"
        assert in_place == 16, f"{turned}: {in_place} of 16 blocks in place"
        signs = [(blocks[:, b] == truth[:, b]).all() for b in range(16)]
        odd = min(sum(signs), 16 - sum(signs))
        raise AssertionError(f"all blocks are in place, but {odd} have another sign than the rest")


def pairs(grid: np.ndarray) -> Iterator[tuple[int, int, bool]]:
    """(a, b, whether b is to the right of a or below it): row by row, so that each b comes after its a."""
    for y, x in np.ndindex(*grid.shape):
        if x:
            yield grid[y, x - 1], grid[y, x], True
        if y:
            yield grid[y - 1, x], grid[y, x], False


# -- what the lesson shows -----------------------------------------------------------------------------------

KEPT = quick_experiments.measured("13")


def measured(part: str, value: str = "accuracy") -> dict[tuple, list[float]]:
    """{what was measured: what it gave, seed by seed} of a part of the lesson's quick experiments."""
    return {tuple(v for k, v in run.items() if k != value): run[value] for run in KEPT[part]}


def as_measured(got: float, found: Sequence[float], margin: float = 6) -> bool:
    """Whether a value lies where the measured ones did, give or take some points."""
    return min(found) - margin < got < max(found) + margin


def digits() -> tuple[datasets.Dataset, datasets.Dataset]:
    """scikit-learn's handwritten digits, 1,000 to learn from and 797 to test on, each pixel made 2x2: a block
    of 4 is a sixteenth of a digit."""
    from sklearn.datasets import load_digits

    found = load_digits()
    grey = np.kron(found.images * 255 / 16, np.ones((1, 2, 2))).round().astype(np.uint8)
    images, names = np.repeat(grey[..., None], 3, axis=3), tuple("0123456789")
    return tuple(datasets.Dataset(images[part], found.target[part], names, "digits of scikit-learn")
                 for part in (slice(1000), slice(1000, None)))  # fmt: skip


def with_moved_code(model: torch.nn.Module, source: np.ndarray) -> torch.nn.Module:
    """A copy of a transformer whose position code has moved along with the blocks."""
    out = copy.deepcopy(model)
    code = out[0].pos_embed  # (1, blocks, dim)
    code.data = torch.from_numpy(moved(code.data[0].numpy(), source))[None].clone()
    return out


def tensor(images: np.ndarray) -> torch.Tensor:
    """(n, 3, h, w) floats from -1 to 1, as networks get them."""
    return scaled(torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))


def aligned(scheme: EtC | ExtendedTanaka, images: np.ndarray) -> torch.nn.Module:
    """`PlacedBlocks`, set up from ciphertexts of these images."""
    from lib.models import PlacedBlocks

    front = PlacedBlocks(images.shape[1], scheme.block, scheme.bits)
    front.start(tensor(scheme.encrypt(images)))
    return front


def steps_of(front: torch.nn.Module, cipher: np.ndarray) -> list[np.ndarray]:
    """[the ciphertexts with their blocks placed, and what the front gives of them], (n, h, w, 3) uint8."""
    side, block = cipher.shape[1], front.block
    across = side // block
    blocks = cut(cipher, block)[:, front.source.numpy()]
    laid = assembled(blocks.reshape(len(cipher), across, across, -1), block)
    out = front(tensor(cipher)).permute(0, 2, 3, 1).numpy()
    return [laid, (127.5 + 127.5 * out).clip(0, 255).round().astype(np.uint8)]


def as_it_came_out(front: torch.nn.Module, scheme: EtC | ExtendedTanaka, images: np.ndarray):
    """What a front gives of ciphertexts of images (n, side, side, 3), beside the plain images. It leaves open
    how all are turned, the order of their colours, and whether they are negatives: the best is chosen.

    (correlation, the plain images turned and recoloured so, what the front gives, made positive)
    """
    out = steps_of(front, scheme.encrypt(images))[1]
    turned = [np.rot90(one, turns, (1, 2)) for one in (images, images[:, :, ::-1]) for turns in range(4)]
    ways = [way[..., colours] for way in turned for colours in COLOURS]
    along = [np.corrcoef(way.ravel(), out.ravel())[0, 1] for way in ways]
    best = int(np.abs(along).argmax())
    return abs(along[best]), ways[best], out if along[best] > 0 else 255 - out


def as_map(values: np.ndarray, places: np.ndarray, chosen: int) -> np.ndarray:
    """(8, 8) uint8: what a block has with the others, drawn where they belong, itself black."""
    values = np.where(np.arange(len(values)) == chosen, 0, values)[places]
    return (255 * values / values.max()).astype(np.uint8).reshape(8, 8)


MAPS = (
    "Two 8x8 maps around one block. Correlation: bright over a wide area. Partial correlation: a small "
    "bright cross of the four neighbours, nearly all else dark."
)
ALIGNED = (
    "Two rows, EtC and ELE, of one patch. The ciphertext is noise; with its blocks placed, EtC shows light "
    "and dark where they belong, each block in a state of its own; aligned, the "
    "patch is back, nearly like the plain one beside it, turned as the front laid it."
)
