"""Capture the flag in class: challenges of a test secret, solved from their folder alone; what cannot be is
not; points."""

import json
import re

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks.catalogue import CATALOGUE, THREATS, Known
from lib.workbook import lessons
from lib.workbook.challenges import COST, SOLVABLE, load
from lib.workbook.challenges.draws import Draw
from lib.workbook.challenges.letters import write
from lib.workbook.challenges.recipes import TOLD, make
from lib.workbook.classroom import challenge_solutions, editions, guide
from lib.workbook.notebooks import tags

SECRET = Key.from_seed(343)
SECONDS = 60  # of a processor, for each


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return load(make(SECRET, tmp_path_factory.mktemp("challenges")))


@pytest.mark.parametrize("number", challenge_solutions.SOLVERS)
def test_it_is_solved_in_a_minute(made, number, capsys):
    challenge = made[number - 1]
    text, fit, seconds = challenge_solutions.attempt(challenge)
    assert challenge.check(text), f"read {text}"
    assert fit > 0.8 and seconds < SECONDS
    assert challenge.state == SOLVABLE


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3400, 3410))
def test_all_are_solved_for_ten_secrets(seed, tmp_path):
    """The record, data/results/challenges.json, once more; `make test` has one secret, above."""
    for challenge in load(make(Key.from_seed(seed), tmp_path))[:10]:
        assert challenge.check(challenge_solutions.attempt(challenge)[0]), challenge.title


BLOCKS = {5: 8, 6: 6}
"""Besides 4 and an attack's own: sizes that somebody would try who has read what is told; of the two attacks
that need no more than one ciphertext of Tanaka's scheme."""
ONE_TANAKA = "one-photograph", "one-key-tanaka"


@pytest.mark.parametrize("number", challenge_solutions.SOLVERS)
def test_no_attack_of_the_catalogue_reads_it_as_it_is(made, number):
    given, ran = made[number - 1].given, 0
    known = Known(*(given.get(name) for name in ("ciphers", "oracle", "plain", "pair_ciphers")))
    for attack in CATALOGUE:
        if any(getattr(known, name) is None for name in THREATS[attack.threat]):
            continue
        sized = [{"block": BLOCKS[number]}] if number in BLOCKS and attack.name in ONE_TANAKA else []
        for options in ({}, *sized):
            try:
                estimate = attack.run(known, **options).estimate
            except (ValueError, TypeError):  # of another size, or numbers that are no bytes
                continue
            ran += 1
            text, _ = challenge_solutions.read_flag(estimate) if estimate.ndim == 4 else ("", 0)
            assert text != Draw(SECRET, number).flag, f"{attack.name}, {options}"
    assert ran or number == 8, "mixtures are not bytes: no attack of the catalogue takes them"


@pytest.mark.parametrize("number", challenge_solutions.SOLVERS)
def test_a_pad_in_place_of_the_ciphertext_gives_no_flag(made, number):
    given = dict(made[number - 1].given)
    noise = Key.from_seed(1).bytes("noise", given["ciphers"].size).reshape(given["ciphers"].shape)
    given["ciphers"] = noise if given["ciphers"].dtype == np.uint8 else noise / np.float32(64)
    text, fit = challenge_solutions.read_flag(challenge_solutions.SOLVERS[number](given))
    assert text != Draw(SECRET, number).flag and fit < 0.75


@pytest.mark.parametrize("number", challenge_solutions.ATTEMPTS)
def test_what_is_called_impossible_or_open_is_not(made, number):
    challenge = made[number - 1]
    text, fit, _ = challenge_solutions.attempt(challenge)
    assert challenge.state != SOLVABLE and not challenge.check(text)
    assert fit < 0.7, "and the reader does not think that it is"


def test_every_challenge_has_a_solver_or_an_attempt():
    assert sorted(challenge_solutions.SOLVERS | challenge_solutions.ATTEMPTS) == list(range(1, len(TOLD) + 1))
    assert COST["n"] * COST["r"] * 128 == 32 << 20


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: 255 - x,
        lambda x: x[:, ::-1],
        lambda x: np.rot90(x),
        lambda x: x[..., [2, 0, 1]],
    ],
)
def test_the_reader_reads_whatever_an_attack_leaves_open(view):
    picture = datasets.photo("coffee", 96)
    flagged = write(picture, "RAUTENXYLE", (40, 11), scale=2)
    text, fit = challenge_solutions.read_flag(np.ascontiguousarray(view(flagged))[None])
    assert text == "RAUTENXYLE" and fit > 0.8


def test_the_reader_finds_nothing_where_nothing_is():
    rng = np.random.default_rng(34)
    for image in (
        datasets.photo("coffee", 96),
        rng.integers(0, 256, (64, 64, 3), dtype=np.uint8),
        np.zeros((64, 64, 3), np.uint8),
    ):
        assert challenge_solutions.read_flag(image[None])[1] < 0.75


# -- points --------------------------------------------------------------------------------------------------

LESSON = next(path for path in lessons.paths() if path.name.startswith("42"))


def capture_cells():
    cells = editions.source(LESSON).cells
    at = next(i for i, cell in enumerate(cells) if "answers" in tags(cell))
    return cells[at : at + 2]


def points_for(answers, given):
    """What the cell with points evaluates to, as it is handed out."""
    source = re.sub(
        r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n", "", capture_cells()[1].source, flags=re.S
    )
    return eval(source, {"ANSWERS": answers, "given": given})


def test_answers_can_be_handed_in_and_give_the_points_of_those_that_are_right(made, capsys):
    answers, graded = capture_cells()
    assert answers.metadata.nbgrader.solution and graded.metadata.nbgrader.points == 220
    flags = {number: Draw(SECRET, number).flag for number in range(1, 13)}
    assert points_for({}, made) == 0
    assert points_for({1: flags[1].lower(), 2: flags[3], 3: flags[3]}, made) == 10 + 15
    assert points_for({number: flags[number] for number in range(1, 11)}, made) == 220
    assert points_for({12: flags[12], 11: flags[11]}, made) == 100
    assert points_for(flags, made) == 220, "never more than there are"
    assert "not tried yet" in capsys.readouterr().out


def test_the_teacher_is_told_where_solutions_are_and_students_get_none(made):
    assert "lib.workbook.classroom.challenge_solutions" in guide.guide(LESSON)
    text = LESSON.read_text()
    assert all(f"{word}" not in text for word in ("read_flag", "SOLVERS", "challenge_solvers"))


def test_the_record_is_of_every_challenge_and_says_how_often():
    record = json.loads(challenge_solutions.RECORD.read_text())
    assert sorted(map(int, record["challenges"])) == list(range(1, 13)) and record["secrets"] >= 10
    for number, row in record["challenges"].items():
        assert (
            0 <= row["solved"] <= record["secrets"] and row["median seconds"] <= row["most seconds"] < SECONDS
        ), number
