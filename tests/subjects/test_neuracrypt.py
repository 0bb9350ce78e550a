"""NeuraCrypt: what paper and published code say, in loops; secrets and their reach; fixed by vectors.

python -m tests.subjects.test_neuracrypt --write   writes the vectors anew
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lib import Key
from lib.models.patch_encoder import drawn
from lib.subjects import neuracrypt
from lib.subjects.instahide import normalised
from lib.subjects.neuracrypt import NeuraCrypt, patches
from tests.test_known_answers import formula

VECTORS = Path(__file__).parents[2] / "data" / "vectors" / "neuracrypt.json"
KEY, IMAGES = Key.from_seed(7), formula((3, 8, 12, 3))
DEPTHS = 1, 3, 4, 7


def slow_uniform(key, label, count):
    raw = key.bytes(label, 8 * count).tobytes()
    return [((int.from_bytes(raw[8 * i : 8 * i + 8], "little") >> 11) + 0.5) / 2**53 for i in range(count)]


def slow_layer(key, label, inputs, width):
    """Weights by input, then biases, one number after the other."""
    drawn = [(2 * each - 1) / inputs**0.5 for each in slow_uniform(key, label, (inputs + 1) * width)]
    rows = [drawn[i * width : (i + 1) * width] for i in range(inputs + 1)]
    return rows[:-1], rows[-1]


def slow_dense(values, layer):
    weights, biases = layer
    return [b + sum(v * row[j] for v, row in zip(values, weights)) for j, b in enumerate(biases)]


def slow_encrypt(key, depth, width, images):
    """{(image, place of a patch): vector}, unshuffled, of one batch."""
    from scipy.stats import norm

    name, (n, h, w, _) = f"neuracrypt/depth={depth}/patch=4/width={width}/", images.shape
    x = normalised(images).astype(float)
    found = {}
    for i in range(n):
        for place, (row, column) in enumerate(np.ndindex(h // 4, w // 4)):
            block = x[i, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            found[i, place] = slow_dense(
                block.ravel().tolist(), slow_layer(key, name + "convolution 0", 48, width)
            )
    if depth == 1:
        return found
    found = {at: [max(v, 0) for v in each] for at, each in found.items()}
    for i in range(1, depth - 2):
        layer = slow_layer(key, f"{name}convolution {i}", width, width)
        found = {at: slow_dense(each, layer) for at, each in found.items()}
        for j in range(width):
            column = [each[j] for each in found.values()]
            mean = sum(column) / len(column)
            variance = sum((v - mean) ** 2 for v in column) / len(column)
            for each in found.values():
                each[j] = max((each[j] - mean) / (variance + 1e-5) ** 0.5, 0)
    drawn, last = (
        slow_uniform(key, name + "positions", (h * w // 16) * width),
        slow_layer(key, name + "linear", width, width),
    )
    out = {}
    for (i, place), each in found.items():
        position = norm.ppf(drawn[place * width : (place + 1) * width])
        out[i, place] = slow_dense([max(v + p, 0) for v, p in zip(each, position)], last)
    return out


@pytest.mark.parametrize("depth", DEPTHS)
def test_it_is_what_the_slow_specification_says(depth):
    before = IMAGES.copy()
    sent = NeuraCrypt(KEY, depth, width=10).encrypt(IMAGES)
    slow = slow_encrypt(KEY, depth, 10, IMAGES)
    assert sent.dtype == np.float32 and sent.shape == (3, 6, 10) and (before == IMAGES).all()
    for i in range(3):
        order = KEY.permutation(f"neuracrypt/depth={depth}/patch=4/width=10/order", 6, i)
        for at, place in enumerate(order):
            assert np.allclose(sent[i, at], slow[i, place], atol=1e-4)


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_network_that_can_be_trained_is_the_same_one(depth):
    hide = NeuraCrypt(KEY, depth, width=16, shuffle=False)
    layers, network = hide.layers(6, 48), drawn(depth, 6, 48, 16, seed=0)
    pairs = [(network.first, layers["convolutions"][0]), *zip(network.deeper, layers["convolutions"][1:])]
    if depth > 1:
        pairs.append((network.last, layers["linear"]))
        network.positions.data = torch.from_numpy(layers["positions"])
    for layer, (weights, biases) in pairs:
        layer.weight.data, layer.bias.data = torch.from_numpy(weights.T), torch.from_numpy(biases)
    with torch.no_grad():
        ours = network(torch.from_numpy(patches(normalised(IMAGES), 4))).numpy()
    assert np.allclose(ours, hide.encrypt(IMAGES), atol=1e-4)


def test_a_fresh_network_is_drawn_from_the_same_distributions():
    """PyTorch starts layers as the published encoder does, and so does the key."""
    network, layers = drawn(4, 64, 48, 200, seed=0), NeuraCrypt(KEY, 4, width=200).layers(64, 48)
    pairs = [(network.first, layers["convolutions"][0]), (network.deeper[0], layers["convolutions"][1]),
             (network.last, layers["linear"])]  # fmt: skip
    for layer, (weights, biases) in pairs:
        for theirs, ours in ((layer.weight, weights), (layer.bias, biases)):
            theirs = theirs.detach().numpy()
            assert (
                abs(ours.std() / theirs.std() - 1) < 0.2
                and abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < 0.05
            )
    assert abs(layers["positions"].std() - 1) < 0.02 and abs(layers["positions"].mean()) < 0.03


def test_what_is_one_patch_at_one_place_is_one_vector_but_for_the_batch():
    images = IMAGES.copy()
    images[1, :4, :4] = images[0, :4, :4]
    images[0, 4:, :4] = images[0, :4, :4]
    sent = NeuraCrypt(KEY, 5, width=12, shuffle=False).encrypt(images)
    assert np.allclose(sent[1, 0], sent[0, 0]) and not np.allclose(sent[0, 3], sent[0, 0], atol=0.1)
    fewer = NeuraCrypt(KEY, 5, width=12, shuffle=False).encrypt(images[:2])
    assert not np.allclose(fewer[0], sent[0], atol=1e-3), "batch normalisation looks at the batch"
    line = NeuraCrypt(KEY, 1, width=12, shuffle=False).encrypt(images)
    assert np.allclose(line[0, 3], line[0, 0], atol=1e-5), "the linear encoder has no positions"


def test_batches_are_normalised_apart(monkeypatch):
    monkeypatch.setattr(neuracrypt, "BATCH", 2)
    hide = NeuraCrypt(KEY, 5, width=12, shuffle=False)
    sent = hide.encrypt(IMAGES)
    assert np.allclose(sent[:2], hide.encrypt(IMAGES[:2])) and np.allclose(sent[2:], hide.encrypt(IMAGES[2:]))


def test_orders_are_each_pictures_own_and_depend_on_its_id_alone():
    hide, plain = NeuraCrypt(KEY, 3, width=12), NeuraCrypt(KEY, 3, width=12, shuffle=False)
    orders = [hide.order(i, 64).tolist() for i in range(5)]
    assert all(sorted(order) == list(range(64)) for order in orders) and len(set(map(tuple, orders))) == 5
    late = hide.encrypt(IMAGES[1:], start=1)
    assert np.allclose(late, hide.encrypt(IMAGES)[1:], atol=1e-5)
    assert np.allclose(hide.encrypt(IMAGES)[2], plain.encrypt(IMAGES)[2][hide.order(2, 6)])


def test_another_key_depth_or_width_is_another_encoder():
    base = NeuraCrypt(KEY, 4, width=12, shuffle=False).encrypt(IMAGES)
    for other in (NeuraCrypt(Key.from_seed(8), 4, width=12, shuffle=False),
                  NeuraCrypt(KEY, 5, width=12, shuffle=False)):  # fmt: skip
        assert np.abs(other.encrypt(IMAGES) - base).mean() > 0.1
    assert (NeuraCrypt(KEY, 4, width=12, shuffle=False).encrypt(IMAGES) == base).all()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: NeuraCrypt("key"), TypeError, "expected a lib.Key, got str"),
        (lambda: NeuraCrypt(KEY, 2), ValueError, "from 3 on, got 2"),
        (lambda: NeuraCrypt(KEY, True), ValueError, "got True"),
        (lambda: NeuraCrypt(KEY).encrypt(IMAGES[0]), TypeError, "NumPy images"),
        (lambda: NeuraCrypt(KEY).encrypt(IMAGES / 255), TypeError, "uint8"),
        (lambda: NeuraCrypt(KEY).encrypt(IMAGES[:, :6]), ValueError, "multiple of block 4"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


# -- fixed for good ------------------------------------------------------------------------------------------


def answers():
    """By depth: the first values of the first vector of each picture."""
    out = {"key": "Key.from_seed(7)", "images": "as in schemes.json, three of 8x12", "width": 16}
    for depth in DEPTHS:
        sent = NeuraCrypt(KEY, depth, width=16).encrypt(IMAGES)[:, 0, :5]
        out[f"depth {depth}"] = sent.astype(float).round(5).tolist()
    return out


def test_encodings_are_what_they_always_were():
    stored, now = json.loads(VECTORS.read_text()), answers()
    assert list(stored) == list(now)
    for depth in DEPTHS:
        assert np.allclose(stored[f"depth {depth}"], now[f"depth {depth}"], atol=5e-5)


if __name__ == "__main__" and "--write" in sys.argv:
    VECTORS.write_text(json.dumps(answers(), indent=1) + "\n")
