"""InstaHide: what paper and published code say, in loops; bounds, fresh draws; fixed by vectors.

python -m tests.subjects.test_instahide --write   writes the vectors anew
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erfinv

from lib import Key
from lib.subjects.instahide import MEAN, STD, InstaHide, normalised, pixels
from tests.test_known_answers import formula

VECTORS = Path(__file__).parents[2] / "data" / "vectors" / "instahide.json"
KEY = Key.from_seed(7)
PRIVATE, PUBLIC = formula((5, 4, 8, 3)), formula((40, 4, 8, 3))[::-1].copy()
LABELS = np.array([0, 2, 1, 2, 0])


def slow_coefficients(key, label, i, k, public):
    """Normal numbers one by one, until all bounds hold."""
    stream, at = key.bytes(label, 8 * k * 10_000, image=i).tobytes(), 0
    while True:
        drawn = []
        for _ in range(k):
            word = int.from_bytes(stream[at : at + 8], "little") >> 11
            drawn.append(2**0.5 * erfinv(1 - (word + 1) / 2**53))
            at += 8
        found = [each / sum(drawn) for each in drawn]
        if max(found) <= 0.65 and not (public and found[0] + found[1] < 0.3):
            return found


def slow_strangers(key, label, i, count, pool):
    stream, found, at = key.bytes(label, 20_000, image=i), [], 0
    while len(found) < count:
        number = int(stream[at]) + 256 * int(stream[at + 1])
        if number < 65_536 // pool * pool and number % pool not in found:
            found.append(number % pool)
        at += 2
    return found


def slow_encrypt(key, k, public, images, labels, classes, epoch):
    n, own = len(images), k if public is None else 2
    name = f"instahide/k={k}/epoch={epoch}/"
    order = key.permutation(name + "order", n).tolist()
    out, answers = np.zeros(images.shape), np.zeros((n, classes))
    for i in range(n):
        by = slow_coefficients(key, name + "coefficients", i, k, public is not None)
        mixed = [images[order[(order.index(i) + step) % n]] for step in range(own)]
        for step in range(own):
            answers[i, labels[order[(order.index(i) + step) % n]]] += by[step]
        if own < k:
            mixed += [public[j] for j in slow_strangers(key, name + "public", i, k - 2, len(public))]
        bits = key.bytes(name + "signs", images[0].size // 8, image=i)
        for at, place in enumerate(np.ndindex(images.shape[1:])):
            total = sum(c * (x[place] / 255 - MEAN[place[2]]) / STD[place[2]] for c, x in zip(by, mixed))
            out[(i, *place)] = -total if bits[at // 8] >> (at % 8) & 1 else total
    return out, answers


@pytest.mark.parametrize(("k", "public"), [(2, None), (4, None), (2, PUBLIC), (4, PUBLIC), (6, PUBLIC)])
def test_it_is_what_the_slow_specification_says(k, public):
    for epoch in (0, 3):
        before = PRIVATE.copy()
        sent = InstaHide(KEY, k, public).encrypt(PRIVATE, LABELS, 4, epoch)
        images, labels = slow_encrypt(KEY, k, public, PRIVATE, LABELS, 4, epoch)
        assert sent.images.dtype == sent.labels.dtype == np.float32 and (before == PRIVATE).all()
        assert np.allclose(sent.images, images, atol=1e-5) and np.allclose(sent.labels, labels, atol=1e-6)


@pytest.mark.parametrize(("k", "public"), [(2, PUBLIC), (6, PUBLIC), (4, None)])
def test_coefficients_keep_their_bounds_and_pictures_come_once(k, public):
    hide = InstaHide(KEY, k, public)
    mixtures = [hide.mixture(60, epoch) for epoch in range(5)]
    by = np.concatenate([each.coefficients for each in mixtures])
    assert np.allclose(by.sum(1), 1) and by.min() > 0 and 0.5 < by.max() <= 0.65
    if public is not None:
        assert by[:, :2].sum(1).min() >= 0.3
    own = k if public is None else 2
    for which, _ in mixtures:
        assert (which[:, 0] == np.arange(60)).all()
        for column in which[:, :own].T:
            assert sorted(column) == list(range(60)), "each private picture comes equally often"
        for part in (which[:, :own], which[:, own:]):
            assert all(len(set(row)) == len(row) for row in part.tolist())
    assert len({each.pictures.tobytes() for each in mixtures}) == 5, "an epoch mixes anew"


def test_signs_are_fresh_and_even():
    hide = InstaHide(KEY, 2)
    signs = np.stack([hide.signs((6, 16, 16, 3), epoch) for epoch in range(4)])
    assert set(np.unique(signs)) == {-1.0, 1.0} and abs(signs.mean()) < 0.03
    flat = signs.reshape(24, -1)
    alike = np.abs(flat @ flat.T / flat.shape[1] - np.eye(24))
    assert alike.max() < 0.2, "no two encryptions share their signs"


def test_what_signs_hide_is_signs_alone():
    hide = InstaHide(KEY, 2, PUBLIC)
    sent, mixture = hide.encrypt(PRIVATE, LABELS, 3, 0), hide.mixture(len(PRIVATE), 0)
    x = normalised(PRIVATE)[mixture.pictures]
    mixed = (mixture.coefficients[:, :, None, None, None] * x).sum(1)
    assert np.allclose(np.abs(sent.images), np.abs(mixed), atol=1e-5)
    assert 0.2 < (sent.images * mixed < 0).mean() < 0.8


def test_another_key_epoch_or_k_is_another_encryption():
    sent = [
        InstaHide(key, k, PUBLIC).encrypt(PRIVATE, LABELS, 3, epoch).images
        for key, k, epoch in ((KEY, 4, 0), (Key.from_seed(8), 4, 0), (KEY, 4, 1), (KEY, 5, 0))
    ]
    assert min(np.abs(one - sent[0]).mean() for one in sent[1:]) > 0.3
    assert (InstaHide(KEY, 4, PUBLIC).encrypt(PRIVATE, LABELS, 3, 0).images == sent[0]).all()


def test_pixels_undo_normalisation():
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(256, 3)
    assert (pixels(normalised(every)) == every).all()
    assert pixels(np.array([[-9.0, 9.0, 0.0]])).tolist() == [[0, 255, 114]]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: InstaHide("key"), TypeError, "expected a lib.Key, got str"),
        (lambda: InstaHide(KEY, 1), ValueError, "from 2 on, got 1"),
        (lambda: InstaHide(KEY, 6, PUBLIC[:3]), ValueError, "expected 4 to 65,536 public pictures"),
        (
            lambda: InstaHide(KEY, 6).encrypt(PRIVATE, LABELS, 3, 0),
            ValueError,
            "6 private pictures are mixed",
        ),
        (lambda: InstaHide(KEY, 2).encrypt(PRIVATE[0], LABELS, 3, 0), TypeError, "NumPy images"),
        (lambda: InstaHide(KEY, 2).encrypt(PRIVATE / 255, LABELS, 3, 0), TypeError, "uint8"),
        (
            lambda: InstaHide(KEY, 2).encrypt(PRIVATE, LABELS, 2, 0),
            ValueError,
            "labels are below 2, got 0 to 2",
        ),
        (
            lambda: InstaHide(KEY, 2).encrypt(PRIVATE, LABELS[:2], 3, 0),
            ValueError,
            "for each image as labels",
        ),
        (lambda: InstaHide(KEY, 3, PUBLIC[:, :2]).encrypt(PRIVATE, LABELS, 3, 0), ValueError, "to one size"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


# -- fixed for good ------------------------------------------------------------------------------------------


def answers():
    """By setting: the first values of two encryptions, and their labels."""
    out = {"key": "Key.from_seed(7)", "images": "as in schemes.json"}
    for name, k, public in (("inside k=4", 4, None), ("across k=6", 6, PUBLIC)):
        sent = InstaHide(KEY, k, public).encrypt(PRIVATE, LABELS, 3, 1)
        first = sent.images[:2].reshape(2, -1)[:, :8]
        out[name] = {"first": first.astype(float).round(5).tolist(),
                     "labels": sent.labels[:2].astype(float).round(5).tolist()}  # fmt: skip
    return out


def test_encryptions_are_what_they_always_were():
    stored, now = json.loads(VECTORS.read_text()), answers()
    assert list(stored) == list(now)
    for name in ("inside k=4", "across k=6"):
        for part in ("first", "labels"):
            assert np.allclose(stored[name][part], now[name][part], atol=2e-5)


if __name__ == "__main__" and "--write" in sys.argv:
    VECTORS.write_text(json.dumps(answers(), indent=1) + "\n")
