"""The challenges of a test secret, solved from their folder alone by the lessons' attacks; what cannot be solved is not."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.challenges import COST, SOLVABLE, load
from lib.challenges.letters import write
from lib.challenges.ten import TEN, make
from lib.classroom import solvers

SECONDS = 60  # of a processor, for each


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return load(make(Key.from_seed(343), tmp_path_factory.mktemp("challenges")))


@pytest.mark.parametrize("number", solvers.SOLVERS)
def test_it_is_solved_in_a_minute(made, number, capsys):
    challenge = made[number - 1]
    text, fit, seconds = solvers.attempt(challenge)
    assert challenge.check(text), f"read {text}"
    assert fit > 0.8 and seconds < SECONDS
    assert challenge.state == SOLVABLE


@pytest.mark.parametrize("number", solvers.ATTEMPTS)
def test_what_is_called_impossible_or_open_is_not(made, number):
    challenge = made[number - 1]
    text, fit, _ = solvers.attempt(challenge)
    assert challenge.state != SOLVABLE and not challenge.check(text)
    assert fit < 0.7, "and the reader does not think that it is"


def test_every_challenge_has_a_solver_or_an_attempt():
    assert sorted(solvers.SOLVERS | solvers.ATTEMPTS) == list(range(1, len(TEN) + 1))
    assert COST["n"] * COST["r"] * 128 == 32 << 20


@pytest.mark.parametrize(
    "view", [lambda x: x, lambda x: 255 - x, lambda x: x[:, ::-1], lambda x: np.rot90(x), lambda x: x[..., [2, 0, 1]]]
)
def test_the_reader_reads_whatever_an_attack_leaves_open(view):
    picture = datasets.photo("coffee", 96)
    flagged = write(picture, "RAUTENXYLE", (40, 11), scale=2)
    text, fit = solvers.read_flag(np.ascontiguousarray(view(flagged))[None])
    assert text == "RAUTENXYLE" and fit > 0.8


def test_the_reader_finds_nothing_where_nothing_is():
    rng = np.random.default_rng(34)
    for image in (
        datasets.photo("coffee", 96),
        rng.integers(0, 256, (64, 64, 3), dtype=np.uint8),
        np.zeros((64, 64, 3), np.uint8),
    ):
        assert solvers.read_flag(image[None])[1] < 0.75
