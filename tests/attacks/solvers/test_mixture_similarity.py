"""The similarity network learns what is shared, sees no signs, and touches no global generator."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from lib.attacks.solvers import mixture_similarity as similarity
from lib.attacks.solvers.mixture_rehearsal import rehearse
from lib.judge.pictures import attacked, public


def normal(images):
    return (images / 64 - 2).astype(np.float32)


def area(network):
    sizes, pairs = rehearse(normal(attacked((8, 8, 3), 200)), 150, 2, np.random.default_rng(5), private=12)
    vectors = similarity.vectors(network, sizes)
    upper = np.triu_indices(150, 1)
    return roc_auc_score(similarity.share(pairs)[upper], (vectors @ vectors.T)[upper])


def test_it_learns_to_tell_and_repeats_itself():
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    own, losses = normal(public((8, 8, 3), 1000)), []
    network = similarity.train(own, 2, 30, told=lambda step, loss: losses.append(loss))
    assert (torch.random.get_rng_state() == before).all()
    fresh = similarity.Similarity().eval()
    assert area(network) > max(0.75, area(fresh)) and losses[-1] < losses[0]
    again = similarity.train(own, 2, 2)
    assert torch.equal(again.scale, similarity.train(own, 2, 2).scale)


def test_what_is_shared():
    pairs = np.array([[0, 1], [1, 2], [3, 4], [4, 0]])
    expected = [[1, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 1]]
    assert similarity.share(pairs).astype(int).tolist() == expected


def test_vectors_have_length_one_and_do_not_depend_on_the_batch():
    network = similarity.Similarity().eval()
    sizes = np.abs(np.random.default_rng(6).normal(size=(300, 8, 8, 3))).astype(np.float32)
    found = similarity.vectors(network, sizes)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    assert np.allclose(found[260:], similarity.vectors(network, sizes[260:]), atol=1e-5)
