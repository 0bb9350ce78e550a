"""Random orthogonal matrices: what the paper says, exactly there and back, uniform, fixed by vectors.

python -m tests.subjects.test_random_orthogonal --write   writes the vectors anew
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import Key
from lib.subjects.random_orthogonal import RandomOrthogonal
from tests.test_known_answers import formula

VECTORS = Path(__file__).parents[2] / "data" / "vectors" / "random_orthogonal.json"
KEY = Key.from_seed(7)


def slow_matrix(key, block):
    """Normal numbers two by two; each column made orthogonal to those before (Gram and Schmidt)."""
    size = 3 * block**2
    raw = key.bytes(f"random-orthogonal/block={block}/matrix", 16 * -(-(size**2) // 2)).tobytes()
    numbers = []
    for start in range(0, len(raw), 16):
        u, v = (int.from_bytes(raw[start + k : start + k + 8], "little") >> 11 for k in (0, 8))
        radius, angle = math.sqrt(-2 * math.log((u + 1) / 2**53)), 2 * math.pi * v / 2**53
        numbers += [radius * math.cos(angle), radius * math.sin(angle)]
    columns = np.array(numbers[: size**2]).reshape(size, size).T
    done = []
    for column in columns:
        for _ in range(2):  # twice is enough
            for other in done:
                column = column - (column @ other) * other
        done.append(column / math.sqrt(column @ column))
    return np.array(done).T


def slow_encrypt(image, matrix, block):
    out = np.zeros(image.shape)
    for top in range(0, image.shape[0], block):
        for left in range(0, image.shape[1], block):
            place = slice(top, top + block), slice(left, left + block)
            out[place] = (matrix @ image[place].astype(float).ravel()).reshape(block, block, 3)
    return out


@pytest.mark.parametrize("block", [1, 2, 3, 4])
def test_blocks_are_multiplied_by_the_matrix_of_the_key(block):
    cipher, images = RandomOrthogonal(KEY, block), formula((2, 24, 48, 3))
    matrix = slow_matrix(KEY, block)
    assert np.allclose(cipher.matrix, matrix, atol=1e-9)
    out = cipher.encrypt(images)
    for image, got in zip(images, out):
        assert np.allclose(got, slow_encrypt(image, matrix, block), atol=1e-3)
        assert (cipher.encrypt(image) == got).all()


@given(st.integers(1, 8), st.integers(0, 3), st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_decryption_is_exact(block, seed, image_seed, count):
    cipher = RandomOrthogonal(Key.from_seed(seed), block)
    rng = np.random.default_rng(image_seed)
    images = rng.choice([0, 1, 254, 255, *range(2, 254)], (count, 2 * block, 3 * block, 3)).astype(np.uint8)
    before = images.copy()
    floats = cipher.encrypt(images)
    assert floats.dtype == np.float32 and floats.shape == images.shape and (images == before).all()
    plain = cipher.decrypt(floats)
    assert plain.dtype == np.uint8 and (plain == images).all()
    assert (cipher.decrypt(floats[0]) == images[0]).all()


def test_white_blocks_of_16_come_back_though_they_are_the_longest():
    cipher, white = RandomOrthogonal(KEY, 16), np.full((32, 32, 3), 255, np.uint8)
    assert (cipher.decrypt(cipher.encrypt(white)) == white).all()


def test_lengths_and_angles_of_blocks_stay():
    """What the definition gives away: the Gram matrix of all blocks."""
    images = formula((3, 8, 8, 3))
    plain, cipher = (
        x.reshape(3, 2, 4, 2, 4, 3).swapaxes(2, 3).reshape(12, 48).astype(float)
        for x in (images, RandomOrthogonal(KEY).encrypt(images))
    )
    assert np.allclose(plain @ plain.T, cipher @ cipher.T, rtol=1e-5)
    assert not np.allclose(plain, cipher, atol=1)


def test_matrices_are_uniform_and_another_key_has_another():
    """Of 400 keys: entries have mean 0 and variance 1 / size, determinants both signs; QR alone has not."""
    found = np.array([RandomOrthogonal(Key.from_seed(seed), 1).matrix for seed in range(400)])
    assert np.allclose(found @ found.swapaxes(1, 2), np.eye(3), atol=1e-12)
    assert (abs(found.mean(0)) < 0.12).all() and (abs((found**2).mean(0) - 1 / 3) < 0.07).all()
    assert 150 < (np.linalg.det(found) > 0).sum() < 250
    image = formula((1, 4, 8, 3))[0]
    floats = RandomOrthogonal(KEY).encrypt(image)
    assert (RandomOrthogonal(Key.from_seed(8)).decrypt(floats) != image).mean() > 0.9


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: RandomOrthogonal("key"), TypeError, "expected a lib.Key, got str"),
        (lambda: RandomOrthogonal(KEY, 0), ValueError, "block"),
        (
            lambda: RandomOrthogonal(KEY).encrypt(np.zeros((6, 8, 3), np.uint8)),
            ValueError,
            "multiple of block 4",
        ),
        (lambda: RandomOrthogonal(KEY).encrypt(np.zeros((8, 8, 3))), TypeError, "uint8"),
        (lambda: RandomOrthogonal(KEY).encrypt(torch.zeros(3, 8, 8)), TypeError, "NumPy array, got Tensor"),
        (lambda: RandomOrthogonal(KEY).encrypt(np.zeros((8, 8, 3), np.uint8), [0]), ValueError, "drop ids"),
        (lambda: RandomOrthogonal(KEY).decrypt(np.zeros((8, 8, 3), np.uint8)), TypeError, "floats"),
        (lambda: RandomOrthogonal(KEY).decrypt(np.zeros((8, 9, 3))), ValueError, "multiple of block 4"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


# -- fixed for good ------------------------------------------------------------------------------------------


def answers():
    """By block: the first values of two ciphertexts of 24x48 pixels, and the trace of the matrix."""
    images, out = formula((2, 24, 48, 3)), {"key": "Key.from_seed(7)", "images": "as in schemes.json"}
    for block in (2, 4, 8):
        cipher = RandomOrthogonal(KEY, block)
        first = cipher.encrypt(images)[1].ravel()[:12].astype(float).round(2).tolist()
        out[f"random-orthogonal block={block}"] = {"first": first, "trace": round(np.trace(cipher.matrix), 6)}
    return out


def test_ciphertexts_are_what_they_always_were():
    """Up to the last digits: a decomposition's rounding is a matter of the machine."""
    stored, now = json.loads(VECTORS.read_text()), answers()
    assert list(stored) == list(now)
    for name in (name for name in stored if "block" in name):
        assert np.allclose(now[name]["first"], stored[name]["first"], atol=0.02)
        assert math.isclose(now[name]["trace"], stored[name]["trace"], abs_tol=1e-5)


if __name__ == "__main__" and "--write" in sys.argv:
    VECTORS.write_text(json.dumps(answers(), indent=1) + "\n")
