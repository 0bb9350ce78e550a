"""The folder of challenges as a player has it: hashes, what an answer is told, what is committed."""

import hashlib
import json

import numpy as np
import pytest

from lib import Key
from lib.workbook import challenges
from lib.workbook.challenges import IMPOSSIBLE, OPEN, SOLVABLE, Challenge, letters
from lib.workbook.challenges.draws import Draw
from lib.workbook.challenges.recipes import TOLD

SALT = "00" * 16


def one(flag="ACEFHJKLMN", **fields):
    told = {"title": "A title", "has": "one ciphertext", "minutes": 20, "given": {}, "told": "Told <so>."}
    told |= {"hints": ("a", "b & c"), "points": 10, "state": SOLVABLE}
    base = told | {"number": 1, "salt": SALT, "hash": challenges.slow_hash(flag, SALT)}
    return Challenge(**base | fields)


def test_a_hash_is_scrypt_of_rfc_7914_with_the_cost_that_is_said():
    assert (
        challenges.slow_hash("ACE", "01ff")
        == hashlib.scrypt(b"ACE", salt=b"\x01\xff", n=32768, r=8, p=1, maxmem=2**26, dklen=32).hex()
    )
    assert challenges.slow_hash("ACE", "01ff") != challenges.slow_hash("ACE", "02ff")


@pytest.mark.parametrize("typed", ["ACEFHJKLMN", "acefh jklmn", " ACEFH-JKLMN\n"])
def test_the_flag_counts_however_it_is_typed(typed, capsys):
    assert one().check(typed)
    assert capsys.readouterr().out == "challenge 1: captured, 10 points\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "not tried yet"),
        ("ACEFHJKLMA", "that is not the flag"),
        ("ACEFHJKLM", "yours has 9"),
        ("ACEFHJKLMNN", "yours has 11"),
        ("ACEFHJKLMO", "no flag has O in it"),
        ("1CEFHJKLM0", "no flag has 0 or 1 in it"),
        (None, "expected a flag as a string, got NoneType"),
    ],
)
def test_a_wrong_answer_is_told_without_the_right_one(typed, said, capsys):
    assert not one().check(typed)
    told = capsys.readouterr().out
    assert said in told and "ACEFHJKLMN" not in told.replace(letters.ALPHABET, "")
    assert one().hash not in told and len(told) < 80


def test_an_answer_that_cannot_be_a_flag_costs_no_hash(monkeypatch):
    challenge = one()
    monkeypatch.setattr(challenges, "slow_hash", None)
    assert not challenge.check("") and not challenge.check("short")


def test_what_is_shown_has_all_hints_folded_and_nothing_of_the_hash():
    shown = one(given={"ciphers": np.zeros((1, 8, 8, 3), np.uint8)})
    page, text = shown._repr_html_(), repr(shown)
    assert page.count("<details>") == 2 and "b &amp; c" in page and "Told &lt;so&gt;." in page
    assert (
        "b & c" not in text
        and "ciphers (1, 8, 8, 3) uint8" in text
        and "20 minutes" in text
        and "10 points" in text
    )
    assert shown.hash not in page + text and str(shown) == text
    assert "no points to be had" in repr(one(state=IMPOSSIBLE)) and "open" in repr(one(state=OPEN))


def test_another_format_is_refused(tmp_path):
    (tmp_path / "challenges.json").write_text(json.dumps({"format": "another", "version": 1}))
    with pytest.raises(ValueError, match="make them anew"):
        challenges.load(tmp_path)


# -- what is committed ---------------------------------------------------------------------------------------


COMMITTED = challenges.load()


def test_twelve_from_easy_to_open_one_of_them_impossible():
    assert [challenge.number for challenge in COMMITTED] == list(range(1, 13))
    points = [challenge.points for challenge in COMMITTED if challenge.state != IMPOSSIBLE]
    assert points == sorted(points)
    assert [c.state for c in COMMITTED] == [SOLVABLE] * 10 + [IMPOSSIBLE, OPEN]
    minutes = [challenge.minutes for challenge in COMMITTED if challenge.state == SOLVABLE]
    assert minutes == sorted(minutes) and minutes[0] == 15 and minutes[-1] == 480


def test_no_two_share_a_salt_or_a_ciphertext_and_all_are_small():
    assert len({challenge.salt for challenge in COMMITTED}) == 12
    blocks = [image.tobytes() for challenge in COMMITTED for image in challenge.given["ciphers"]]
    assert len(set(blocks)) == len(blocks)
    assert sum(path.stat().st_size for path in challenges.FOLDER.iterdir()) < 2_000_000
    assert {path.name for path in challenges.FOLDER.iterdir()} == {
        "challenges.json",
        *(f"{n:02}.npz" for n in range(1, 13)),
    }


def test_the_committed_flags_are_of_no_seed():
    """Whoever made them took a secret of 256 bits, and not a number that can be counted up to: neither salt
    nor flag is one's."""
    salts = {challenge.salt for challenge in COMMITTED}
    for seed in [*range(3000), 20261126, 2**32 - 1, 2**64 - 1]:
        assert Draw(Key.from_seed(seed), 1).salt not in salts


@pytest.mark.parametrize(("challenge", "recipe"), list(zip(COMMITTED, TOLD)), ids=lambda each: each.title)
def test_what_is_told_is_what_the_recipe_tells(challenge, recipe):
    for name in ("title", "has", "told", "hints", "points", "minutes", "state"):
        assert getattr(challenge, name) == getattr(recipe, name), name


def test_fields_of_the_manifest_are_those_of_a_challenge():
    manifest = json.loads((challenges.FOLDER / challenges.MANIFEST).read_text())
    assert all(set(entry) == set(challenges.Entry.model_fields) for entry in manifest["challenges"])
    assert manifest["scrypt"] == {"n": 32768, "r": 8, "p": 1}
    assert not set(letters.ALPHABET) & set("OQDISBZGVW0123456789")
