"""Keys: streams as specified, unbiased draws, files, and a secret that never shows."""

import copy
import hashlib
import io
import json
import os
import pickle
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import Key, keys
from lib.keys import CHUNK
from lib.schemes import Tanaka
from tests import specification as spec

SECRET = hashlib.sha256(b"a secret of the tests").digest()
KEY = Key(SECRET)
IMAGES = [None, 0, 1, 255, 256, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
NUMBERS = st.integers(0, 2**64 - 1)


# -- streams -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("label", ["", "a", "tanaka/block=4/bits=4/shuffle", "Größe", "x" * 300])
def test_a_stream_is_shake_of_secret_label_image_and_chunk(label, image):
    assert KEY.bytes(label, 40, 3, image).tolist() == spec.stream(SECRET, label, image, 3, 40)


def test_chunks_of_a_stream_follow_each_other_without_a_seam():
    whole = KEY.bytes("long", 2 * CHUNK + 100)
    assert whole.dtype == np.uint8 and whole.shape == (2 * CHUNK + 100,)
    assert whole[CHUNK - 20 : CHUNK + 20].tolist() == spec.stream(SECRET, "long", None, CHUNK - 20, 40)
    pieces = [
        (0, 5),
        (CHUNK - 7, 7),
        (CHUNK - 7, 14),
        (CHUNK, 9),
        (CHUNK - 1, CHUNK + 2),
        (2 * CHUNK - 1, 2),
        (17, 0),
        (2 * CHUNK, 0),
    ]
    for start, count in pieces:
        assert (KEY.bytes("long", count, start) == whole[start : start + count]).all(), (start, count)
        assert KEY.bytes("long", count, start).shape == (count,)


@given(st.integers(0, 5000), st.integers(0, 300), st.sampled_from(IMAGES))
def test_a_part_of_a_stream_is_a_slice_of_it(start, count, image):
    assert np.array_equal(
        KEY.bytes("s", count, start, image), KEY.bytes("s", 5300, 0, image)[start : start + count]
    )


def test_every_label_image_and_secret_has_a_stream_of_its_own():
    labels = [
        "",
        "a",
        "b",
        "ab",
        "aa",
        "a\0",
        "\0a",
        "tanaka/block=4/bits=4/shuffle",
        "tanaka/block=4/bits=4/reverse",
    ]
    secrets = [SECRET, bytes(32), bytes(31) + b"\1", b"\1" + bytes(31)]
    seen = {Key(s).bytes(label, 16, image=i).tobytes() for s in secrets for label in labels for i in IMAGES}
    assert len(seen) == len(secrets) * len(labels) * len(IMAGES)


def test_a_longer_read_does_not_change_a_shorter_one():
    assert (KEY.bytes("s", 1000)[:10] == KEY.bytes("s", 10)).all()


# -- integers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", [1, 2, 3, 5, 6, 7, 8, 100, 129, 255, 256])
@pytest.mark.parametrize("count", [0, 1, 2, 77, 1024])
def test_integers_are_the_good_bytes_of_the_stream_modulo_bound(bound, count):
    drawn = KEY.integers("n", bound, count)
    assert drawn.dtype == np.uint8
    assert np.array_equal(
        drawn, spec.integers(spec.stream(SECRET, "n", None, 0, 4 * count + 64), bound, count)
    )


@given(st.integers(1, 256), st.integers(0, 60), st.lists(NUMBERS, min_size=1, max_size=5))
def test_a_row_of_integers_for_each_image_is_its_own_stream(bound, count, images):
    rows = KEY.integers("n", bound, count, images)
    assert rows.shape == (len(images), count)
    for row, image in zip(rows, images, strict=True):
        assert np.array_equal(
            row, spec.integers(spec.stream(SECRET, "n", image, 0, 8 * count + 200), bound, count)
        )


def test_integers_beyond_a_chunk():
    many = KEY.integers("n", 6, CHUNK + 50_000)
    raw = KEY.bytes("n", CHUNK + 200_000)
    assert (many == (raw[raw < 252] % 6)[: CHUNK + 50_000]).all()


class Fake:
    """In the place of SHAKE-256: streams that begin with given bytes, then count up."""

    def __init__(self, beginning):
        self.beginning = bytes(beginning)

    def __call__(self, message):
        return self

    def digest(self, size):
        return (self.beginning + bytes(k % 251 for k in range(size)))[:size]


def test_integers_draw_on_where_few_bytes_are_good(monkeypatch):
    monkeypatch.setattr(keys.hashlib, "shake_256", Fake([255, 252, 253, 254] * 60 + [11, 255, 7]))
    assert KEY.integers("n", 6, 5).tolist() == [11 % 6, 7 % 6, 0, 1, 2]
    assert KEY.integers("n", 6, 5, [3, 4]).tolist() == [[5, 1, 0, 1, 2]] * 2


@pytest.mark.parametrize("bound", [0, -1, 257, 1000])
def test_a_bound_that_a_byte_cannot_hold_is_refused(bound):
    with pytest.raises(ValueError, match="bound is from 1 to 256"):
        KEY.integers("n", bound, 5)


# -- permutations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image", [None, 5, 2**63])
@pytest.mark.parametrize(
    ("count", "size"), [(1, 1), (1, 2), (3, 6), (1, 96), (7, 48), (2, 256), (1, 257), (1, 1000)]
)
def test_permutations_sort_words_of_the_stream(count, size, image):
    drawn = KEY.permutations("p", count, size, image)
    assert drawn.shape == (count, size) and np.issubdtype(drawn.dtype, np.unsignedinteger)
    assert np.array_equal(
        drawn, spec.permutations(spec.stream(SECRET, "p", image, 0, 8 * count * size), count, size)
    )


def test_permutations_beyond_a_chunk():
    count, size = 3000, 96  # 2.3 MB of words
    drawn = KEY.permutations("p", count, size)
    words = KEY.bytes("p", 8 * count * size).view("<u8").reshape(count, size)
    assert (drawn == words.argsort(axis=1)).all()
    big = KEY.permutation("p", 200_000)
    assert (big == KEY.bytes("p", 8 * 200_000).view("<u8").argsort()).all()


def test_one_permutation_is_the_first_row_as_int64():
    one = KEY.permutation("p", 96, 4)
    assert one.dtype == np.int64 and one.shape == (96,)
    assert one.tolist() == KEY.permutations("p", 5, 96, 4)[0].tolist()
    assert sorted(one.tolist()) == list(range(96))


@pytest.mark.parametrize("tied", [(5, 5, 1), (1, 5, 5), (5, 1, 5), (0, 0, 0)])
def test_a_row_with_equal_words_is_drawn_again_from_the_words_that_follow(monkeypatch, tied):
    words = [*tied, 9, 3, 4, *tied, 8, 2**64 - 1, 2**63]
    monkeypatch.setattr(
        keys.hashlib, "shake_256", Fake(b"".join(word.to_bytes(8, "little") for word in words))
    )
    assert KEY.permutations("p", 2, 3).tolist() == [[0, 2, 1], [1, 2, 0]]
    raw = list(Fake(b"".join(word.to_bytes(8, "little") for word in words)).digest(200))
    assert spec.permutations(raw, 2, 3) == [[0, 2, 1], [1, 2, 0]]


# -- no value is favoured ------------------------------------------------------------------------------------


def chi_square(counts) -> float:
    counts = np.asarray(counts, float)
    return float(((counts - counts.mean()) ** 2 / counts.mean()).sum())


LIMIT = 40  # chi-square with 5 degrees of freedom passes it once in 7 million times


def test_integers_are_uniform_and_a_modulo_bias_would_show():
    n = 1_500_000
    assert chi_square(np.bincount(KEY.integers("u", 6, n), minlength=6)) < LIMIT
    biased = KEY.bytes("u", n) % 6  # 252..255 would make 0..3 come up 43 times in 256, 4 and 5 but 42
    assert chi_square(np.bincount(biased, minlength=6)) > LIMIT


@pytest.mark.parametrize("image", [None, 7])
def test_permutations_are_uniform_and_a_naive_shuffle_would_show(image):
    rows = 60_000
    codes = KEY.permutations("u", rows, 3, image) @ np.array([9, 3, 1])
    values, counts = np.unique(codes, return_counts=True)
    assert len(values) == 6 and chi_square(counts) < LIMIT
    naive = np.tile(np.arange(3), (rows, 1))  # each place swapped with any: 27 outcomes for 6 orders
    for place, other in enumerate(KEY.integers("u", 3, 3 * rows).reshape(3, rows)):
        each = np.arange(rows)
        naive[each, place], naive[each, other] = naive[each, other], naive[each, place].copy()
    assert chi_square(np.unique(naive @ np.array([9, 3, 1]), return_counts=True)[1]) > LIMIT


def test_the_places_of_a_permutation_of_96_are_all_alike():
    drawn = KEY.permutations("u", 20_000, 96)
    for place in (0, 47, 95):
        counts = np.bincount(drawn[:, place], minlength=96)
        assert chi_square(counts) < 95 + 6 * np.sqrt(2 * 95)


# -- the object ----------------------------------------------------------------------------------------------


def test_generated_keys_differ_and_seeds_give_the_same_key_again():
    assert Key.generate() != Key.generate()
    assert Key.from_seed(7) == Key.from_seed(7) == Key.from_seed(np.int64(7))
    assert len({Key.from_seed(seed) for seed in (0, 1, 2, 255, 256, 2**32, 2**64 - 1)}) == 7
    assert Key.from_seed(7) != repr(Key.from_seed(7))


def test_a_key_from_a_seed_says_that_it_is_unsafe():
    key = Key.from_seed(7)
    assert repr(key) == f"Key({key.fingerprint[:8]}, UNSAFE: from seed 7)"
    assert repr(KEY) == f"Key({KEY.fingerprint[:8]})" and "UNSAFE" not in repr(Key.generate())


def test_fingerprints_tell_keys_apart():
    assert len({Key.from_seed(seed).fingerprint for seed in range(200)}) == 200
    assert len(KEY.fingerprint) == 16 and KEY.fingerprint == Key(SECRET).fingerprint


def test_no_text_of_a_key_or_of_what_holds_it_shows_the_secret(tmp_path):
    scheme = Tanaka(KEY)
    texts = [
        repr(KEY),
        str(KEY),
        f"{KEY}",
        f"{KEY!r:>40}",
        repr([KEY]),
        KEY.fingerprint,
        repr(scheme),
        json.dumps(scheme.to_dict()),
    ]
    KEY.save(tmp_path / "key.json")
    for attempt in (
        lambda: KEY.save(tmp_path / "key.json"),
        lambda: Key(SECRET + b"x"),
        lambda: KEY.integers("x", 300, 1),
    ):
        with pytest.raises((ValueError, FileExistsError)) as caught:
            attempt()
        texts.append(str(caught.value))
    digits = SECRET.hex()
    shown = [digits[k : k + 4] for k in range(len(digits) - 3)] + [repr(SECRET)[2:14]]
    assert not [(piece, text) for piece in shown for text in texts if piece in text.lower()]


def test_copies_of_a_key_are_the_key():
    for other in (copy.copy(KEY), copy.deepcopy(KEY), pickle.loads(pickle.dumps(KEY))):
        assert other == KEY and hash(other) == hash(KEY) and repr(other) == repr(KEY)


# -- files ---------------------------------------------------------------------------------------------------


def test_a_key_survives_its_file(tmp_path):
    for key in (Key.generate(), Key.from_seed(3), KEY):
        path = tmp_path / f"{key.fingerprint}.json"
        key.save(path)
        again = Key.load(str(path))
        assert again == key and again.origin == key.origin and repr(again) == repr(key)
        assert (again.bytes("x", 8) == key.bytes("x", 8)).all()


def test_a_key_file_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        KEY.save(tmp_path / "key.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(tmp_path):
    path = tmp_path / "key.json"
    KEY.save(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"key\.json exists; keys are never overwritten"):
        Key.generate().save(path)
    assert path.read_bytes() == before and Key.load(path) == KEY


def test_saving_leaves_a_whole_file_or_none(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            super().write(data[:10])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("lib.atomic.os.fdopen", Full)
    with pytest.raises(OSError, match="No space left"):
        KEY.save(tmp_path / "key.json")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    KEY.save(tmp_path / "key.json")
    assert [path.name for path in tmp_path.iterdir()] == ["key.json"]


def test_a_key_file_is_json_with_a_version(tmp_path):
    KEY.save(tmp_path / "key.json")
    fields = json.loads((tmp_path / "key.json").read_text())
    assert fields["version"] == 1 and bytes.fromhex(fields["secret"]) == SECRET
    assert set(fields) == {"format", "version", "origin", "secret", "check"}
