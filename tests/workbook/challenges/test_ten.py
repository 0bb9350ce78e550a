"""Ten challenges from a secret: the same ones from the same, others from another, and the flag where it
should be."""

import json

import numpy as np
import pytest

from lib import Key
from lib.attacks.guessed_key.weak_keys import weak_table
from lib.schemes import SKK, EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.workbook.challenges import MANIFEST, __main__, load, slow_hash
from lib.workbook.challenges.draws import Draw
from lib.workbook.challenges.letters import plate
from lib.workbook.challenges.ten import FIRST, SECONDS, TEN, make

SECRET = Key.from_seed(341)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make(SECRET, tmp_path_factory.mktemp("challenges") / "new")


def test_the_same_secret_makes_the_same_bytes(folder, tmp_path):
    assert files(make(SECRET, tmp_path)) == files(folder)


def test_another_secret_makes_other_ones(folder, tmp_path):
    for ours, theirs in zip(load(folder), load(make(Key.from_seed(342), tmp_path))):
        assert ours.salt != theirs.salt and ours.hash != theirs.hash
        share = (ours.ciphers == theirs.ciphers).mean()
        assert share < 0.05, f"challenge {ours.number} shares {share:.0%} of its values"
        assert ours.told == theirs.told, "what is told depends on no secret"


def test_neither_flag_nor_secret_stands_in_the_folder(folder):
    joined = b"".join(files(folder).values())
    assert SECRET._secret not in joined and SECRET._secret.hex().encode() not in joined
    assert SECRET.fingerprint.encode() not in joined
    for number in range(1, 11):
        draw = Draw(SECRET, number)
        assert draw.flag.encode() not in joined and draw.key._secret not in joined


def shows(pictures, flag, scale, shade):
    """At how many places of how many pictures this flag stands."""
    letters, found = plate(flag, scale), 0
    for picture in pictures:
        h, w = letters.shape
        windows = np.lib.stride_tricks.sliding_window_view(picture, (h, w), axis=(0, 1))
        light, dark = (windows[..., letters], windows[..., ~letters]) if shade else (None, None)
        found += int(((light >= 128).all((2, 3)) & (dark < 256 // shade).all((2, 3))).sum())
    return found


SCHEMES = (Tanaka, ExtendedTanaka, lambda key: EtC(key, block=4))
MOMENT = FIRST + Draw(SECRET, 3).below(SECONDS, "second")
# challenge: how its owner decrypts it; letters' scale, shade; pictures that show the flag
DECRYPT = {
    1: (lambda key, c: SCHEMES[Draw(SECRET, 1).below(3, "scheme")](key).decrypt(c), 1, 4, 1),
    2: (lambda key, c: Tanaka(key).decrypt(c), 1, 4, 1),
    3: (lambda key, c: weak_table(MOMENT, c.shape[1:]).inverse().apply(c), 2, 4, 1),
    4: (lambda key, c: np.stack([OneTimePad(key).decrypt(x, ids=[0]) for x in c[:, None]])[:, 0], 1, 4, 1),
    5: (lambda key, c: SKK(key, per_image=True).decrypt(c, ids=[0]), 3, 4, 1),
    6: (lambda key, c: Tanaka(key).decrypt(c), 2, 4, 1),
    7: (lambda key, c: EtC(key, block=32).decrypt(c), 3, 2, 1),
    8: (lambda key, c: ExtendedTanaka(key).decrypt(c), 1, 4, 3),
    9: (lambda key, c: OneTimePad(key).decrypt(c, ids=[0]), 1, 4, 1),
    10: (lambda key, c: ExtendedTanaka(key).decrypt(c), 1, 4, 3),
}  # fmt: skip


@pytest.mark.parametrize("number", DECRYPT)
def test_the_flag_of_the_hash_stands_in_the_picture_and_not_in_the_ciphertext(folder, number):
    challenge, draw, (decrypt, scale, shade, count) = (
        load(folder)[number - 1],
        Draw(SECRET, number),
        DECRYPT[number],
    )
    assert slow_hash(draw.flag, challenge.salt) == challenge.hash
    assert shows(decrypt(draw.key, challenge.ciphers), draw.flag, scale, shade) == count
    assert shows(challenge.ciphers, draw.flag, scale, shade) == 0


def test_pairs_and_answers_are_of_the_key_of_the_ciphertext(folder):
    first, second = load(folder)[:2]
    assert (Tanaka(Draw(SECRET, 2).key).encrypt(second.plain) == second.pair_ciphers).all()
    assert (DECRYPT[1][0](Draw(SECRET, 1).key, first.answers) == first.asked).all()


def test_of_the_pad_one_id_is_used_twice_and_the_other_once(folder):
    _, _, _, twice, *_ = load(folder)
    masks = OneTimePad(Draw(SECRET, 4).key).encrypt(np.zeros((1, 64, 64, 3), np.uint8), ids=[0])
    assert len(twice.ciphers) == 2 and len(load(folder)[8].ciphers) == 1
    plain = twice.ciphers ^ masks
    assert (plain[0] ^ plain[1] == twice.ciphers[0] ^ twice.ciphers[1]).all()
    assert Draw(SECRET, 4).key != Draw(SECRET, 9).key


def test_every_recipe_tells_three_hints_and_no_flag_is_worth_less_than_an_easier_one():
    assert len(TEN) == 10
    for recipe in TEN:
        assert len(recipe.hints) == 3 and len(recipe.told) > 60


def test_from_a_shell(folder, tmp_path, capsys):
    SECRET.save(tmp_path / "secret.json")
    assert __main__.main(["--secret", str(tmp_path / "secret.json"), "--out", str(tmp_path / "out")]) == 0
    assert "10 challenges in" in capsys.readouterr().out
    assert files(tmp_path / "out") == files(folder)
    assert __main__.main(["--secret", str(tmp_path / "none.json"), "--out", str(tmp_path / "out")]) == 1
    assert "none.json" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["challenges"][0]["title"] == TEN[0].title
