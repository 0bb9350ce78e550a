"""Grayscale-based EtC, one ciphertext or more: blocks of luma told apart by texture, then a jigsaw of those.

The cipher lays the planes Y, Cb and Cr beside each other and shuffles the blocks of all three. But colours of
photographs vary little from pixel to pixel, and their planes lie near the middle of the range: a block says
by its texture which plane it is from, whatever its turn, mirror or sign. A third of the blocks is luma. Those
that look most like it, and a quarter more, are candidates for a puzzle as in
`lib.attacks.one_ciphertext.jigsaw`: what fits nowhere is left over. The answer is grey, for blocks of Cb and
Cr are not told apart or laid. Texture first, then a puzzle of one channel: J. Imaging 12(2):65, 2026;
texture is judged here by a logistic regression on public pictures.
"""

from functools import lru_cache

import numpy as np
from scipy.special import expit

from lib import images as door
from lib.attacks import MANY, ONE, AttackResult, attack, on
from lib.attacks.solvers.ambiguity import settle
from lib.attacks.solvers.assembly import picture, rebased
from lib.attacks.solvers.compatibility import of_edges
from lib.attacks.solvers.covariance_compatibility import inside_fits
from lib.attacks.solvers.placement import LARGEST, TRIES, place
from lib.colours import luma, to_planes
from lib.photos import photo, photo_names
from lib.table import Structure
from lib.tiling import cut

CANDIDATES = 1.25  # for each place; of 1, 1.1, 1.25, 1.5 the best on eight photographs in blocks of 16 and 32
MOVES = "turns", "complement"
GREY = {"fits": on(Structure.PIECES, channels=1), "told": ("block",), "moves": MOVES, "public": True}


@attack("one-key-grey", MANY, **GREY, images=50, rank=3)
@attack("jigsaw-grey", ONE, **GREY, source="after J. Imaging 12(2):65, 2026", images=1, rank=5)
def grey_jigsaw(
    ciphers: np.ndarray, block: int = 8, public: np.ndarray | None = None, tries: int = TRIES
) -> AttackResult:
    """Put ciphertexts of `GrayscaleEtC` (n, h, 3 w) uint8 with one key together, as far as they are luma.

    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, which teach texture and settle what
             borders leave open; None: the embedded photographs, scaled down to the size of the ciphertexts
    tries    how often parts are laid again at most

    The estimate is (n, h, w, 3) uint8, grey. Recovered: "luma" (3 h w / block ** 2,) bool, which blocks of a
    ciphertext, by rows, show luma; "block" (h / block, w / block) int, which of those stands at each place;
    "settled", 0 to 1, how sure turn and sign of the whole are; right and left may be exchanged in any case.
    Confidence (h / block, w / block): how likely a place has its block, in its state, up to that choice.
    Errors: ValueError for images not grey, not three squares of blocks wide and high enough, or of one value.
    """
    blocks, rows, columns = _blocks(ciphers, block)
    upright = _embedded(block * min(rows, columns)) if public is None else (public,)
    odds = luma_odds(blocks, block, upright)
    candidates = max(rows * columns, min(round(CANDIDATES * rows * columns), LARGEST))
    chosen = np.sort(np.argsort(-odds, kind="stable")[:candidates])
    shown = np.repeat(blocks[:, chosen], 3, axis=-1)
    found = place(of_edges(shown, colours=False), rows, columns, tries)
    likely = expit(odds[chosen])[found.block]
    # a row that is no luma may have moved the rest by one: the least likely ones speak for all
    all_luma = np.sort(likely, axis=None)[: min(rows, columns)].mean()
    found = found._replace(confidence=found.confidence * all_luma * inside_fits(shown))
    greys = np.concatenate([luma(images) for images in upright if images.shape[1:3] == upright[0].shape[1:3]])
    view, settled = settle(picture(shown, found), greys, colours=False)
    found = rebased(found, *view)
    is_luma = np.isin(np.arange(len(odds)), chosen[found.block])
    recovered = {"luma": is_luma, "block": chosen[found.block], "settled": settled}
    return AttackResult(picture(shown, found), recovered, found.confidence)


def _blocks(ciphers, block):
    """(n, 3 rows columns, block, block, 1), rows and columns of the picture."""
    batch, _ = door.enter(ciphers, block, channels=1)
    _, h, w, _ = batch.shape
    if not isinstance(ciphers, np.ndarray) or ciphers.ndim != 3 or w % (3 * block):
        way = f"NumPy (n, h, 3 w) with w a multiple of {block}, got shape {np.shape(ciphers)}"
        raise ValueError(f"expected grey ciphertexts, {way}; one image is x[None]")
    if min(h, w // 3) < 2 * block or h * w > 3 * LARGEST * block * block:
        raise ValueError(f"expected pictures of 2x2 to {LARGEST} blocks, got {h // block}x{w // 3 // block}")
    if (batch == batch[:, :1, :1]).all():
        raise ValueError("every ciphertext is of one grey; expected pictures, whose blocks differ")
    return cut(batch, block), h // block, w // 3 // block


def luma_odds(blocks: np.ndarray, block: int, public: tuple[np.ndarray, ...]) -> np.ndarray:
    """(count,): the logarithm of the odds that each of the blocks (n, count, b, b, 1) uint8 is luma, of n
    images shuffled alike, by public sets of pictures, each (m, h, w, 3) uint8."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    taught, plane = [], []
    for images in public:
        height, width = (side // block * block for side in images.shape[1:3])
        planes = to_planes(np.ascontiguousarray(images[:, :height, :width]))
        for k in range(3):
            taught.append(textures(cut(planes[:, :, k * width : (k + 1) * width], block)))
            plane.append(np.full(len(taught[-1]), k == 0))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(np.concatenate(taught), np.concatenate(plane))
    return model.decision_function(textures(blocks)).reshape(blocks.shape[:2]).mean(0)


def textures(blocks: np.ndarray) -> np.ndarray:
    """(n * count, 11): what blocks (n, count, b, b, 1) uint8 look like, whatever their turn, mirror and sign.
    Logarithms of the mean and the upper tenth of differences between neighbours, of the spread, of the mean's
    distance from the middle, and of the share of equal neighbours; their squares, and a product of two."""
    values = blocks.reshape(-1, *blocks.shape[2:4]) - 127.5
    steps = [np.abs(np.diff(values, axis=axis)).reshape(len(values), -1) for axis in (1, 2)]
    steps = np.concatenate(steps, axis=1)
    largest, distance = np.quantile(steps, 0.9, axis=1), np.abs(values.mean((1, 2)))
    sizes = (steps.mean(1), largest, values.std((1, 2)), distance, (steps == 0).mean(1))
    plain = np.log(np.stack(sizes, axis=1) + np.array((0.1, 0.5, 0.3, 1, 0.01)))
    return np.concatenate([plain, plain**2, plain[:, :1] * plain[:, 3:4]], axis=1)


@lru_cache(maxsize=8)
def _embedded(side):
    """The embedded photographs, central squares of this side where they are large enough."""
    large = [name for name in photo_names if min(photo(name).shape[:2]) >= side]
    if large:
        return (np.stack([photo(name, side) for name in large]),)
    return tuple(photo(name)[None] for name in photo_names)
