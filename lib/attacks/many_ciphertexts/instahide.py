"""InstaHide across data sets, from its encryptions and their labels, after N. Carlini and others, "Is Private
Learning Possible with Instance Encoding?", IEEE S&P 2021, arXiv:2011.05315.

1. A sign a value hides a sign: sizes are public. Everything below looks at sizes alone.
2. Which encryptions share a private picture? Their similarity network is `solvers.mixture_similarity`;
   whitened squares are a similarity without a network. `solvers.mixture_clusters` makes pairs of pictures
   of either.
3. Labels are public, and a label of two classes says both coefficients.
4. The rest is phase retrieval, `solvers.phase_retrieval`. Theirs is gradient descent on the residual; here a
   regression on products gives a start, neighbours give signs, and expectation and maximisation refines.
5. The sign of the whole: of both, the one that fits better, for the mean of the public part is not 0. Without
   public pictures it is the one that looks less like negatives, `solvers.picture_or_negative`.

The attacker has encryptions of a whole training in any order, their labels, the number of private pictures,
and pictures of his own, like the private ones and like the public set. He knows the rule of mixing, and no
key.

It is no attack of the catalogue, whose `Known` holds ciphertexts of bytes: these are floats with labels.
What differs from the published attack: a vector for each encryption in place of a network on pairs; no
second network, since regression of squares sorts encryptions; encryptions of one class are left out; no
colour curves are adjusted.
"""

from typing import NamedTuple

import numpy as np

from lib.attacks.solvers import mixture_clusters as clusters
from lib.attacks.solvers.mixture_rehearsal import rehearse, scatter
from lib.attacks.solvers.phase_retrieval import Observed, retrieve
from lib.attacks.solvers.picture_or_negative import evidence

Array = np.ndarray
KEPT = 0.6  # of the encryptions, the surest
OWN = 3000  # encryptions of the attacker's own, to whiten with; pictures, to tell from negatives


class Recovery(NamedTuple):
    """What came back, numbered by class: pictures (n, h, w, 3) float32, normalised; of each encryption the
    two pictures (N, 2), -1 where it was set aside; which were used (N,)."""

    pictures: Array
    pairs: Array
    used: Array


def instahide(images: Array, labels: Array, pictures: int, public: Array, k: int,
              pairs: Array | None = None, vectors: Array | None = None) -> Recovery:  # fmt: skip
    """Recover the private pictures of encryptions.

    images    (N, h, w, 3) float32, sides multiples of 4, as published, in any order
    labels    (N, classes) float32, mixed, as published
    pictures  how many private ones there are
    public    (m, h, w, 3) float32, normalised as they were: pictures of the attacker's own
    k         pictures in an encryption
    pairs     (N, 2) int, numbered by class, where somebody told the pairs; None: they are found
    vectors   (N, d) float32 to compare encryptions by, as of a network; None: whitened squares

    Errors: ValueError for arrays that do not fit, and for labels that give no class a picture.
    """
    sizes, read = np.abs(images), _read(images, labels, pictures, public)
    if pairs is None:
        pairs, used = paired(sizes, read, public, k, vectors)
    else:
        used = read.two
    seen = observed(sizes, pairs, read, public, k).part(used)
    both, fits = retrieve(seen, images.shape[1:], pictures)
    both = both.reshape(2, pictures, *images.shape[1:])
    sign = fits.argmax() if k > 2 else int(evidence(both[1], public[:OWN]) > 0)
    return Recovery(both[sign], np.where(read.two[:, None], pairs, -1), used)


def _read(images, labels, pictures, public):
    if images.ndim != 4 or images.shape[3] != 3 or images.shape[1] % 4 or images.shape[2] % 4:
        raise ValueError(f"expected images (N, h, w, 3) of multiples of 4 pixels, got {images.shape}")
    if labels.ndim != 2 or len(labels) != len(images):
        raise ValueError(f"expected a row of labels for each of {len(images)} images, got {labels.shape}")
    if public.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"images are {images.shape[1:]}, public pictures {public.shape[1:]}; make them alike"
        )
    read = clusters.read_labels(labels, pictures)
    if read.pictures.sum() != pictures:
        counts = f"labels speak of {read.pictures.sum()} pictures, and not of {pictures}"
        raise ValueError(f"{counts}; give whole epochs, in which each picture comes equally often")
    return read


def paired(sizes: Array, read: clusters.Labels, public: Array, k: int,
           vectors: Array | None = None) -> tuple[Array, Array]:  # fmt: skip
    """Steps 2 and 3: pairs of pictures (N, 2), and which encryptions are sure enough to be used (N,)."""
    own, _ = rehearse(public, OWN, k, np.random.default_rng(0))
    whiten = clusters.whitening(own)
    flat = observed(sizes, np.zeros(read.classes.shape, int), read, public, k).excess()
    squares = whiten(flat.reshape(sizes.shape))
    pairs, margin = clusters.clustered(squares, read, vectors)
    return pairs, read.two & (margin >= np.quantile(margin[read.two], 1 - KEPT))


def observed(sizes: Array, pairs: Array, read: clusters.Labels, public: Array, k: int) -> Observed:
    """Sizes (N, h, w, 3) with all that is known of them, as step 4 wants it."""
    rest = 1 - read.coefficients.sum(1) if k > 2 else np.zeros(len(sizes), np.float32)
    mean, variance = public.mean(0).ravel(), public.var(0).ravel()
    return Observed(sizes.reshape(len(sizes), -1), pairs, read.coefficients, rest, scatter(k), mean, variance)
