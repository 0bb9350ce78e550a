"""Challenges from a secret: the same from the same, others from another, the flag where it should be."""

import json
from itertools import product

import numpy as np
import pytest

from lib import Key, datasets
from lib.schemes import EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.subjects.instahide import normalised
from lib.tiling import grid
from lib.workbook.challenges import MANIFEST, __main__, load, recipes, slow_hash
from lib.workbook.challenges.draws import Draw
from lib.workbook.challenges.letters import plate
from lib.workbook.challenges.recipes import FIRST, SECONDS, TOLD, make

SECRET = Key.from_seed(341)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make(SECRET, tmp_path_factory.mktemp("challenges") / "new")


@pytest.fixture(scope="module")
def given(folder):
    return {each.number: each.given for each in load(folder)}


def test_the_same_secret_makes_the_same_bytes(folder, tmp_path):
    assert files(make(SECRET, tmp_path)) == files(folder)


def test_another_secret_makes_other_ones(folder, tmp_path):
    for ours, theirs in zip(load(folder), load(make(Key.from_seed(342), tmp_path))):
        assert ours.salt != theirs.salt and ours.hash != theirs.hash
        share = (ours.given["ciphers"] == theirs.given["ciphers"]).mean()
        assert share < 0.05, f"challenge {ours.number} shares {share:.0%} of its values"
        assert ours.told == theirs.told, "what is told depends on no secret"


def test_neither_flag_nor_secret_stands_in_the_folder(folder):
    joined = b"".join(files(folder).values())
    assert SECRET._secret not in joined and SECRET._secret.hex().encode() not in joined
    assert SECRET.fingerprint.encode() not in joined
    for number in range(1, len(TOLD) + 1):
        draw = Draw(SECRET, number)
        assert draw.flag.encode() not in joined and draw.key._secret not in joined


def test_the_hashes_are_of_the_flags(folder):
    assert all(slow_hash(Draw(SECRET, each.number).flag, each.salt) == each.hash for each in load(folder))


def shows(pictures, flag, scale):
    """At how many places of how many pictures this flag stands."""
    letters, found = plate(flag, scale), 0
    for picture in pictures:
        windows = np.lib.stride_tricks.sliding_window_view(picture, letters.shape, axis=(0, 1))
        light, dark = windows[..., letters], windows[..., ~letters]
        found += int(((light >= 128).all((2, 3)) & (dark < 64).all((2, 3))).sum())
    return found


def clock(draw, cipher):
    return OneTimePad(Key.from_seed(FIRST + draw.below(SECONDS, "second"))).decrypt(cipher, ids=[0])


def turns(draw, cipher):
    both = [Tanaka(key).decrypt(cipher)[0] for key in (draw.key, draw.other_key)]
    out = np.empty_like(cipher)
    for number in range(40 * 40):
        row, column = (slice(4 * at, 4 * at + 4) for at in divmod(number, 40))
        out[0, row, column] = both[bin(number).count("1") % 2][row, column]
    return out


# challenge: how its owner decrypts it; letters' scale; pictures that show the flag
DECRYPT = {
    2: (clock, 1, 1),
    5: (turns, 2, 1),
    9: (lambda draw, c: Tanaka(draw.key, block=16, bits=8).decrypt(c), 2, 1),
    11: (lambda draw, c: OneTimePad(draw.key).decrypt(c, ids=[0]), 1, 1),
    12: (lambda draw, c: ExtendedTanaka(draw.key).decrypt(c), 1, 3),
}


@pytest.mark.parametrize("number", DECRYPT)
def test_the_flag_stands_in_the_picture_and_not_in_the_ciphertext(given, number):
    draw, (decrypt, scale, count) = Draw(SECRET, number), DECRYPT[number]
    cipher = given[number]["ciphers"]
    assert shows(decrypt(draw, cipher), draw.flag, scale) == count
    assert shows(cipher, draw.flag, scale) == 0


def test_1_exchanges_the_blocks_of_a_pair_where_the_flag_is_light(given):
    draw = Draw(SECRET, 1)
    plain, sent = (
        grid(image, 4).reshape(17, 31, 2, 48)
        for image in (given[1]["picture"], Tanaka(draw.key).decrypt(given[1]["ciphers"]))
    )
    light = plate(draw.flag)
    assert (sent[~light] == plain[~light]).all() and (sent[light] == plain[light][:, ::-1]).all()


def test_3_is_etc_as_jpeg_leaves_it_and_no_block_is_exact(given):
    back = EtC(Draw(SECRET, 3).key, block=16).decrypt(given[3]["pair_ciphers"])
    apart = np.abs(back.astype(int) - given[3]["plain"])
    assert 0 < apart.mean() < 12
    assert grid(apart, 16).max((3, 4, 5)).all(), "a block that is exact would be found by pairs-etc"


def test_4_is_white_at_the_margin_under_a_register_that_runs_on(given):
    mask = np.unpackbits(~given[4]["ciphers"][0, 0])
    start, taps = np.unpackbits(Draw(SECRET, 4).key.bytes("register", 16)).reshape(2, 64)
    taps[-1] = 1
    assert (mask == recipes.shifted(start, taps, mask.size)).all()
    slow = mask[:64].tolist()
    for _ in range(200):
        slow.append(sum(tap * bit for tap, bit in zip(taps, slow[::-1])) % 2)
    assert slow == mask[: len(slow)].tolist()


def test_5_repeats_no_larger_block():
    """Else the larger block would have one key of its own, and one-photograph would read it."""
    odd = recipes.odd_ones(1600).reshape(40, 40)
    for rows, columns in product((1, 2, 3, 4, 5, 8), repeat=2):
        parts = odd[: 40 // rows * rows, : 40 // columns * columns].reshape(40 // rows, rows, -1, columns)
        kinds = np.unique(parts.swapaxes(1, 2).reshape(-1, rows * columns), axis=0)
        assert len(kinds) >= 2, f"{rows}x{columns} blocks are one larger block"
    assert (odd.sum(axis=1) == 20).all(), "or the halves would be no pictures"


def test_6_never_begins_where_a_block_does_and_has_every_size():
    """Else one-photograph would read it as it is. At the right corner its owner's key makes it smooth."""
    sizes = set()
    for seed in range(12):
        draw = Draw(Key.from_seed(seed), 6)
        size = recipes.BLOCKS[draw.below(3, "block")]
        cipher, rough = recipes.screenshot(draw)["ciphers"], {}
        for top, left in product(range(size), repeat=2):
            h, w = ((144 - start) // size * size for start in (top, left))
            part = cipher[:, top : top + h, left : left + w]
            back = Tanaka(draw.key, block=size).decrypt(part).astype(int)
            rough[top, left] = np.abs(np.diff(back, axis=2)).mean()
        first, second = sorted(rough, key=rough.get)[:2]
        assert rough[first] < 0.8 * rough[second] and min(first) > 0, f"seed {seed}: {first}"
        sizes.add(size)
    assert sizes == set(recipes.BLOCKS) and cipher.shape == (1, 144, 144, 3)


def test_7_is_affine_in_every_byte_and_no_complement(given):
    draw, plain, paired = Draw(SECRET, 7), given[7]["plain"], given[7]["pair_ciphers"]
    index = draw.key.permutation("index", 3072)
    factor, summand = draw.key.bytes("affine", 6144).reshape(2, -1).astype(int)
    expected = ((factor | 1) * plain.reshape(len(plain), -1)[:, index].astype(int) + summand) % 256
    assert (paired.reshape(len(paired), -1) == expected).all()
    assert (np.isin(factor | 1, (1, 255))).mean() < 0.02


def test_8_has_each_value_up_to_sign_and_place_and_its_share_as_a_label(given):
    draw, found = Draw(SECRET, 8), []
    secret, moved = normalised(draw.scene(64, 1)[0]), draw.key.permutation("pixels", 64 * 64)
    for cipher, share in zip(given[8]["ciphers"], given[8]["labels"]):
        sums = [
            share * secret + (1 - share) * normalised(datasets.photo(n, 64)) for n in datasets.photo_names
        ]
        sums = [each.reshape(-1, 3)[moved].reshape(cipher.shape) for each in sums]
        found += [n for n, each in enumerate(sums) if np.allclose(np.abs(each), np.abs(cipher), atol=1e-4)]
        assert 0.45 < (cipher > 0).mean() < 0.55
    assert len(set(found)) == len(found) == 2, "another photograph each time"


def test_9_serves_the_checkpoint_in_other_columns_rows_and_signs_and_a_little_trained(given):
    plain, served = (given[9][name].astype(float) for name in ("checkpoint", "served"))
    draw = Draw(SECRET, 9)
    table = Tanaka(draw.key, block=16, bits=8).table((16, 16, 3))
    keyed = (plain[:, table.index] * np.where(table.mask, -1, 1))[draw.key.permutation("neurons", 64)]
    assert 0.98 < np.corrcoef(keyed.ravel(), served.ravel())[0, 1] < 0.9999
    assert np.abs(np.corrcoef(plain.ravel(), served.ravel())[0, 1]) < 0.05


def test_10_repeats_its_pad(given):
    draw = Draw(SECRET, 10)
    side = recipes.TILES[draw.below(len(recipes.TILES), "side")]
    mask = given[10]["ciphers"] ^ draw.scene(144, 2)
    assert (mask[:, side:] == mask[:, :-side]).all() and (mask[:, :, side:] == mask[:, :, :-side]).all()
    assert (mask[:, 1:] != mask[:, :-1]).mean() > 0.9


def test_every_challenge_tells_three_hints():
    assert len(TOLD) == len(recipes.ARRAYS) == 12
    assert all(len(told.hints) == 3 and len(told.told) > 60 for told in TOLD)


def test_from_a_shell(folder, tmp_path, capsys):
    SECRET.save(tmp_path / "secret.json")
    assert __main__.main(["--secret", str(tmp_path / "secret.json"), "--out", str(tmp_path / "out")]) == 0
    assert "12 challenges in" in capsys.readouterr().out
    assert files(tmp_path / "out") == files(folder)
    assert __main__.main(["--secret", str(tmp_path / "none.json"), "--out", str(tmp_path / "out")]) == 1
    assert "none.json" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["challenges"][0]["title"] == TOLD[0].title
