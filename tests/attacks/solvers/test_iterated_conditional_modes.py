"""Iterated conditional modes: a picture of blocks mended."""

import numpy as np

from lib.attacks.solvers.covariance_compatibility import of_covariances
from lib.attacks.solvers.iterated_conditional_modes import Mosaic
from lib.attacks.solvers.placement import place
from lib.datasets import load
from lib.tiling import cut

PHOTOS = load("photos", "test").images


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def test_a_mosaic_mends_what_is_wrong_inside_a_block_and_which_block_is_where():
    images, rng = some(100, 3), np.random.default_rng(0)
    values = (cut(images // 16, 4).reshape(100, 64, 48).transpose(1, 0, 2) - 7.5).astype(np.float32)
    straight = np.tile(np.arange(48), (64, 1))
    laid = place(of_covariances(cut(images // 16 * 17, 4)), 8, 8)
    mosaic = Mosaic(values, straight, np.ones((64, 48)), np.ones(64, bool), laid, 4)
    assert len(set(mosaic.own.tolist())) == 64
    own, order = mosaic.own.copy(), mosaic.order.copy()
    mosaic.own[[3, 60]] = own[[60, 3]]
    mosaic.order[20] = order[20][rng.permutation(48)]
    mosaic.sign[20] *= -1
    mosaic.mend(rng)
    assert (
        (mosaic.own == own).all()
        and (mosaic.order == order).all()
        and (mosaic.sign == mosaic.sign[0, 0]).all()
    )
    assert mosaic.lead.min() > 0
