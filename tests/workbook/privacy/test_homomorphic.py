"""CKKS: what the server computes on ciphertexts is what the plain network computes, and it has no secret."""

import numpy as np
import pytest
import torch

from lib.workbook.privacy import homomorphic
from lib.workbook.privacy.networks import SquareNet, SquareWeights, scores, values

pytest.importorskip("tenseal", reason="the extra privacy is not installed")


@pytest.fixture(scope="module")
def client():
    return homomorphic.client_context()


@pytest.fixture(scope="module")
def public(client):
    return homomorphic.public_part(client)


@pytest.fixture(scope="module")
def server(public):
    return homomorphic.server_context(public)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(5).integers(0, 256, (2, 32, 32, 3), np.uint8)


def test_the_server_has_no_secret_key_and_cannot_decrypt(server, client, images):
    sent = homomorphic.sent_flat(client, images[0])
    assert client.has_secret_key() and not server.has_secret_key()
    with pytest.raises(ValueError, match="no secret key"):
        homomorphic.received(server, [sent])


def test_a_picture_encrypted_twice_gives_two_ciphertexts(client, images):
    first, second = (homomorphic.sent_flat(client, images[0]) for _ in range(2))
    assert first != second and len(first) > 50 * images[0].size


def test_another_client_reads_nothing(client, server, images):
    sent = homomorphic.sent_flat(client, images[0])
    other = homomorphic.client_context()
    got = homomorphic.received(other, [sent])
    assert abs(got[0] - values(images[0]).ravel()[0]) > 1


def test_the_linear_model(client, server, images):
    rng = np.random.default_rng(1)
    matrix, bias = rng.normal(0, 0.03, (4, 3072)), rng.normal(size=4)
    for image in images:
        answers = homomorphic.linear(server, homomorphic.sent_flat(client, image), matrix, bias)
        expected = matrix @ values(image).ravel() + bias
        assert np.abs(homomorphic.received(client, answers) - expected).max() < 1e-3 < expected.std()


def test_the_network(client, server, images):
    torch.manual_seed(1)
    weights = SquareWeights.of(SquareNet(3, 2))
    for image in images:
        answers = homomorphic.network(server, homomorphic.sent_windows(client, image), weights)
        expected = scores(weights, image[None])[0]
        assert np.abs(homomorphic.received(client, answers) - expected).max() < 1e-3 < expected.std()


def test_parameters_are_the_most_that_128_bits_allow():
    tenseal = pytest.importorskip("tenseal")
    assert sum(homomorphic.PRIMES) == homomorphic.MOST_BITS
    more = [bits + (i == 0) for i, bits in enumerate(homomorphic.PRIMES)]
    with pytest.raises(ValueError):
        tenseal.context(tenseal.SCHEME_TYPE.CKKS, homomorphic.DEGREE, coeff_mod_bit_sizes=more)
