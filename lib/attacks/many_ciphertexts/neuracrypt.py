"""NeuraCrypt: which encoding is of which picture, and what new encodings show.

N. Carlini et al., "NeuraCrypt is not private", arXiv:2108.07256, with steps and settings after their code,
smaller. The attacker has pictures, and encodings of the same pictures in any order, each with its patches in
an order of its own. He knows the architecture, but no weight. Steps:

1. an order of places that all encodings share: `lib.attacks.solvers.patch_orders`;
2. vectors that are alike for a patch and its encoding: `lib.attacks.solvers.patch_features`, trained on other
   random encoders;
3. a few encodings are compared with all pictures, each pair under its best assignment of places;
4. what these agree on says which place is which; that says which picture is which; and again, until
   nothing changes;
5. matched pairs teach a copy of the encoder (`learned_copy`), and by it the pictures are matched again.

New here: step 4 also starts from how alike places are (`lib.attacks.solvers.place_likeness`), which needs no
pair of pictures, and the start that ends with most likeness wins; and a linear map back (`decoder`) stands
beside the copy.

The linear encoder has no positions, so step 1 has nothing to hold on to. It falls without training
(`linear_neuracrypt`, new here): a vector's leverage, its squared length once the cloud of all vectors is made
round, is the same for patches and encodings.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from lib.attacks.solvers import patch_features, place_likeness
from lib.attacks.solvers.patch_decoder import decoder
from lib.attacks.solvers.patch_features import PatchFeatures
from lib.attacks.solvers.patch_orders import common_order
from lib.models.patch_encoder import PatchEncoder, drawn

Array = np.ndarray
ANCHORS = 60  # encodings that are compared with all pictures, place by place
ROUNDS = 10  # of step 4 at most
TRUST = 0.2  # correlation of what a decoder reads and what was not shown to it, from which it is believed
RATE, BATCH = 2e-3, 16  # of a copy's training
RANK = 1e-4  # singular values below this share of the largest are rounding


class Matching(NamedTuple):
    """`pictures` (n,) int64: for each encoding, whose it is. `vectors` (n, patches, width) float32: encodings
    with their patches in the pictures' order. `stages`: `pictures` after each step, the first of them -1
    where an encoding was not compared yet."""

    pictures: Array
    vectors: Array
    stages: dict[str, Array]


class Turn(NamedTuple):
    """A state of step 4: whose each encoding is (n,), which place is which (P,), and the mean likeness."""

    pictures: Array
    place: Array
    likeness: float


def neuracrypt(plain: Array, hidden: Array, features: PatchFeatures, shuffled: bool = True,
               seed: int = 0) -> Matching:  # fmt: skip
    """Steps 1 to 4, and a match by the decoder.

    plain     (n, patches, size) float32, normalised, in any order; patches of a square
    hidden    (n, patches, width) float32, of the same pictures in another order
    features  trained for encoders of this depth and width
    shuffled  whether patches come in an order of their own

    Errors: ValueError for arrays that do not fit.
    """
    check(plain, hidden)
    if shuffled:
        hidden = np.take_along_axis(hidden, common_order(hidden)[:, :, None], 1)
    ours = patch_features.vectors(features.plain, plain)
    theirs = patch_features.vectors(features.hidden, hidden)
    found, stages = turn(ours, theirs, np.arange(plain.shape[1])), {}
    if shuffled:
        stages["some, each place by itself"] = some = some_pictures(ours, theirs, seed)
        told = some >= 0
        first = settled(ours, theirs, places(ours[some[told]], theirs[told]))
        stages["all, places agree"] = first.pictures
        starts = place_likeness.orders(ours, theirs, seed)
        found = max(
            [first, *(settled(ours, theirs, start) for start in starts)], key=lambda each: each.likeness
        )
    stages["all, by the best start"] = found.pictures
    vectors = hidden[:, found.place]
    stages["all, by the decoder"] = last = by_decoder(plain, vectors, found.pictures)
    return Matching(last, vectors, stages)


def some_pictures(ours: Array, theirs: Array, seed: int) -> Array:
    """Step 3: (n,) int64, -1 where an encoding was not compared."""
    some = np.random.default_rng(seed).permutation(len(theirs))[:ANCHORS]
    found = np.full(len(theirs), -1)
    found[some] = assigned(all_pairs(theirs[some], ours))
    return found


def settled(ours: Array, theirs: Array, place: Array) -> Turn:
    """Step 4, from an order of places (P,)."""
    found = turn(ours, theirs, place)
    for _ in range(ROUNDS):
        last, found = found, turn(ours, theirs, places(ours[found.pictures], theirs))
        if (last.pictures == found.pictures).all():
            break
    return found


def turn(ours: Array, theirs: Array, place: Array) -> Turn:
    """Pictures from places."""
    like = flat(theirs[:, place]) @ flat(ours).T
    pictures = assigned(like)
    return Turn(pictures, place, float(like[np.arange(len(like)), pictures].mean()))


def places(ours: Array, theirs: Array) -> Array:
    """Places from pictures: (P,), for each place of `ours` that of `theirs`, (n, P, d) of matched pairs."""
    return assigned(np.einsum("npd,nqd->pq", ours, theirs))


def check(plain: Array, hidden: Array) -> None:
    """ValueError where pictures and encodings are not of one number and of one number of patches."""
    if plain.ndim != 3 or hidden.ndim != 3 or plain.shape[:2] != hidden.shape[:2]:
        raise ValueError(f"expected (n, patches, size) and (n, patches, width) of one n and as many patches, "
                         f"got {plain.shape} and {hidden.shape}")  # fmt: skip


def flat(values: Array) -> Array:
    """(n, all values)."""
    return values.reshape(len(values), -1)


def assigned(likeness: Array) -> Array:
    """For each row a column, no column twice, so that the sum of likenesses is largest."""
    return linear_sum_assignment(likeness, maximize=True)[1]


def all_pairs(hidden: Array, plain: Array) -> Array:
    """(n, m): the mean likeness of vectors (n, P, d) and (m, P, d) under the best assignment of places."""
    found = np.empty((len(hidden), len(plain)))
    for i, own in enumerate(hidden):
        for j, like in enumerate(own @ plain.swapaxes(1, 2)):
            found[i, j] = like[linear_sum_assignment(like, maximize=True)].mean()
    return found


def by_decoder(plain: Array, vectors: Array, pictures: Array) -> Array:
    """(n,): the pictures again, by what a decoder shows that learned from the pairs so far; as they are where
    it does not read pairs that it did not learn from."""
    pairs = plain[pictures]
    usual, told = pairs[::2].mean(0), decoder(pairs[::2], vectors[::2])(vectors[1::2])
    read = np.corrcoef((told - usual).ravel(), (pairs[1::2] - usual).ravel())[0, 1]
    return nearest(decoder(pairs, vectors)(vectors), plain) if read > TRUST else pictures


def nearest(values: Array, candidates: Array) -> Array:
    """For each of values (n, P, d) one of candidates (m, P, d), m from n on, no one twice: the sum of squared
    distances is least."""
    a, b = flat(values), flat(candidates)
    return assigned(2 * a @ b.T - (b**2).sum(1))


def learned_copy(plain: Array, vectors: Array, depth: int, steps: int,
                 seed: int = 0) -> PatchEncoder:  # fmt: skip
    """A copy of the encoder, from patches (n, P, size) and their vectors (n, P, width): it starts as a random
    encoder, and the mean absolute difference falls by Adam."""
    rng, encoder = np.random.default_rng(seed), drawn(depth, *plain.shape[1:], vectors.shape[2], seed)
    descent = torch.optim.Adam(encoder.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=steps)
    x, y = torch.from_numpy(plain), torch.from_numpy(vectors)
    for _ in range(steps):
        some = rng.permutation(len(x))[:BATCH]
        loss = (encoder(x[some]) - y[some]).abs().mean()
        descent.zero_grad()
        loss.backward()
        descent.step()
        schedule.step()
    return encoder


@torch.inference_mode()
def encodings(encoder: PatchEncoder, plain: Array) -> Array:
    """(n, patches, width) float32: what a copy makes of patches (n, patches, size)."""
    return encoder(torch.from_numpy(plain)).numpy()


def linear_neuracrypt(plain: Array, hidden: Array) -> Array:
    """(n,) int64: for each encoding by the linear encoder, shuffled or not, whose it is; arrays as of
    `neuracrypt`. The sorted leverages of a picture's patches are compared."""
    check(plain, hidden)
    sorted_ones = [np.sort(leverages(values), 1) for values in (hidden, plain)]
    return nearest(*(each[:, :, None] for each in sorted_ones))


def leverages(values: Array) -> Array:
    """(n, patches) float64: what each patch weighs in a linear regression on all, which no linear map of
    patches changes that loses nothing."""
    rows = values.reshape(-1, values.shape[2]).astype(np.float64)
    left, sizes, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    return (left[:, sizes > RANK * sizes[0]] ** 2).sum(1).reshape(values.shape[:2])
