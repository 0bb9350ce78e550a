"""Shares: what they are of, products by triples against the products themselves, what is counted."""

import numpy as np
import pytest

from lib import Key
from lib.workbook.privacy import shares
from lib.workbook.privacy.networks import SquareNet, SquareWeights, scores

KEY = Key.from_seed(3)
RNG = np.random.default_rng(34)


def whole(*shape):
    """uint64 numbers of all sizes."""
    return RNG.integers(0, 1 << 64, shape, np.uint64)


def weights(filters=3):
    import torch

    torch.manual_seed(2)
    return SquareWeights.of(SquareNet(10, filters))


def pictures(count):
    return np.random.default_rng(5).integers(0, 256, (count, 32, 32, 3), np.uint8)


def test_encoding_rounds_and_comes_back():
    numbers = np.array([-3.25, 0, 1e-6, 117.5, -1e-3])
    back = shares.decoded(shares.encoded(numbers))
    assert np.abs(back - numbers).max() <= 2.0 ** -(shares.FRACTION + 1)
    assert back[0] == -3.25 and back[2] == 0


def test_two_shares_join_and_one_is_noise():
    numbers = np.full((64, 64), 5, np.uint64)
    pair = shares.split(numbers, KEY, "test")
    assert (shares.joined(pair) == numbers).all()
    for one in pair:
        bits = np.unpackbits(one.view(np.uint8)).mean()
        assert len(np.unique(one)) == numbers.size and abs(bits - 0.5) < 0.005
    other = shares.split(numbers, KEY, "another label")
    assert (other[0] != pair[0]).all()


@pytest.mark.parametrize(
    ("f", "x", "y"),
    [
        (np.multiply, (4, 5), (4, 5)),
        (np.matmul, (4, 5), (5, 6)),
        (lambda p, m: np.tensordot(p, m, 2), (2, 3, 4), (3, 4, 5)),
    ],
    ids=["values", "matrices", "tensors"],
)
def test_a_product_by_a_triple_is_the_product_modulo_2_to_64(f, x, y):
    a, b = whole(*x), whole(*y)
    dealer, channel = shares.Dealer(KEY), shares.Channel()
    got = shares.product(shares.split(a, KEY, "a"), shares.split(b, KEY, "b"), dealer, channel, f)
    assert (shares.joined(got) == f(a, b)).all()
    assert channel.rounds == 1 and channel.bytes == 16 * (a.size + b.size)
    assert dealer.bytes == 16 * (a.size + b.size + f(a, b).size)


def test_a_product_agrees_with_pythons_whole_numbers():
    """The specification: no NumPy arithmetic, and no wrapping by itself."""
    a, b = whole(6), whole(6)
    got = shares.product(
        shares.split(a, KEY, "a"), shares.split(b, KEY, "b"), shares.Dealer(KEY), shares.Channel()
    )
    expected = [int(x) * int(y) % 2**64 for x, y in zip(a, b)]
    assert [(int(x) + int(y)) % 2**64 for x, y in got.T] == expected


def test_a_square_opens_half_as_much():
    a = whole(7, 3)
    channel = shares.Channel()
    got = shares.square(shares.split(a, KEY, "a"), shares.Dealer(KEY), channel)
    assert (shares.joined(got) == a * a).all() and channel.bytes == 16 * a.size


def test_what_is_opened_is_noise_whatever_the_picture(monkeypatch):
    """What a server receives tells nothing: a black picture opens numbers as random as any."""
    opened = []
    original = shares.Channel.opened
    monkeypatch.setattr(
        shares.Channel, "opened", lambda self, *given: opened.extend(given) or original(self, *given)
    )
    shares.network(np.zeros((1, 32, 32, 3), np.uint8), weights(), KEY)
    for each in opened:
        for view in (*each, shares.joined(each)):
            bits = np.unpackbits(np.ascontiguousarray(view).view(np.uint8)).mean()
            assert abs(bits - 0.5) < 5 / np.sqrt(64 * view.size)  # ten standard deviations


def test_no_mask_is_dealt_twice():
    dealer = shares.Dealer(KEY)
    first, second = dealer.square((50,)), dealer.square((50,))
    assert not np.isin(first, second).any()


def test_truncation_errs_by_one_unit_at_most():
    numbers = np.array([0, 1, -1, 5 << 13, -(5 << 13), 123_456_789, -123_456_789]).astype(np.int64)
    for seed in range(20):
        pair = shares.split(numbers.view(np.uint64), Key.from_seed(seed), "t")
        got = shares.joined(shares.truncated(pair)).view(np.int64)
        assert np.abs(got - (numbers >> 13)).max() <= 1


def test_truncation_fails_for_numbers_that_fill_the_word():
    """Why there is room: near 2^63 the shares wrap, and the result is wrong altogether."""
    numbers = np.full(200, 1 << 62, np.uint64)
    got = shares.joined(shares.truncated(shares.split(numbers, KEY, "t"))).view(np.int64)
    assert 20 < (np.abs(got - (1 << 49)) > 1).sum() < 180


def test_the_network_on_shares_scores_as_in_plain():
    images, trained = pictures(6), weights()
    plain = scores(trained, images)
    done = shares.network(images, trained, Key.from_seed(8))
    assert 0 < np.abs(done.scores - plain).max() < 0.01 < plain.std()
    assert done.rounds == 3 and done.sent == 6 * 2 * 8 * 3072
    opened = images.size + trained.filters.size + 2 * 6 * 64 * 3 + trained.linear.size
    assert done.between == 16 * opened
    again = shares.network(images, trained, Key.from_seed(9))
    assert np.abs(again.scores - done.scores).max() < 0.01


def test_a_key_is_asked_for():
    with pytest.raises(ValueError, match=r"expected a lib\.Key, got int"):
        shares.network(pictures(1), weights(), 7)
