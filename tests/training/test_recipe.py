"""A recipe takes numbers in their ranges and switches, and nothing else."""

import math
import re

import numpy as np
import pytest

from lib.training import Recipe, fit
from tests.training.runs import TRAIN, tiny

NONSENSE = {
    "epochs": [0, -1, 1.5, True, "10"], "batch": [0, 2.0], "rate": [0, -1e-3, math.nan, math.inf, "fast"],
    "weight_decay": [-0.1, math.inf], "smoothing": [-0.1, 1, 1.5, math.nan, True], "crop": [-1, 0.5],
    "cutout": [-1, 2.5], "microbatch": [-1, 0.5],
    "average": [-0.1, 1, 1.1], "seed": [-1, 0.5, None], "augment": ["during", None],
}  # fmt: skip


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_a_recipe_refuses_nonsense(name, value):
    with pytest.raises(ValueError, match=rf"^{name} is .*, got {re.escape(repr(value))}$"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", ["flip", "flip_test", "bfloat16"])
def test_a_recipe_takes_no_word_for_a_flag(name):
    with pytest.raises(TypeError, match=f"{name} is True or False, got 'no'"):
        Recipe(**{name: "no"})


def test_a_recipe_of_numpy_numbers_can_be_kept_and_read(tmp_path):
    recipe = Recipe(
        epochs=np.int64(2), rate=np.float64(0.01), average=np.float32(0.5), flip=np.True_, seed=np.uint8(3)
    )
    assert recipe == Recipe(epochs=2, rate=0.01, average=0.5, flip=True, seed=3)
    for _ in range(2):
        fit(tiny, TRAIN, recipe, folder=tmp_path)
