"""What the ciphers for the judge say of themselves is true: structures, ways back, behaviour."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib.keys import Key

from .ciphers import (
    BITS,
    BROKEN,
    BYTES,
    FEEDBACK,
    GF2,
    IMPLIED,
    MODULO,
    NIBBLES,
    POSITION,
    REALS,
    REUSED,
    SHOWN,
    SMALL,
    STRONG,
    STRUCTURES,
    UNNAMED,
    WEAK,
)

ROOT = Path(__file__).parents[2]
HONEST = WEAK | UNNAMED | STRONG
FRESH = {"counter_held", "random_nonce"}  # encrypting twice differs
SAME = sorted(HONEST.keys() - FRESH)
SHARED = [
    name for name, case in WEAK.items() if not getattr(case.factory(Key.from_seed(1)), "per_image", False)
]
LABELLED = {label: [name for name, case in WEAK.items() if label in case.true] for label in STRUCTURES}


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def made(name, key=1):
    return HONEST[name].factory(Key.from_seed(key))


def shapes(name):
    square = name in WEAK and WEAK[name].square
    return [(32, 32, 3), (16, 16, 3), (23, 23, 3)] if square else [(32, 32, 3), (24, 40, 3), (31, 22, 3)]


# ---- What holds for all that behave


@pytest.mark.parametrize("name", HONEST)
def test_the_way_back(name):
    cipher, ids = made(name), [5, 0, 2**64 - 1, 77, 2**32]
    if not hasattr(cipher, "decrypt"):
        assert name in FRESH | {"nonce_of_image"} or not WEAK[name].exact
        return
    for shape in shapes(name):
        images = drawn(5, *shape)
        np.testing.assert_array_equal(cipher.decrypt(cipher.encrypt(images, ids), ids), images)
        np.testing.assert_array_equal(made(name).decrypt(cipher.encrypt(images)), images)


@pytest.mark.parametrize("name", HONEST)
def test_manners(name):
    """Bytes of the same shape, input untouched, output of its own; images change, by each key otherwise."""
    images = drawn(4, 32, 32, 3)
    before = images.copy()
    images.flags.writeable = False
    out, other = made(name).encrypt(images), made(name, 2).encrypt(images)
    assert type(out) is np.ndarray and out.dtype == np.uint8 and out.shape == images.shape
    assert not np.shares_memory(out, images) and out.flags.writeable
    single = images[:1].copy()
    made(name).encrypt(single)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(single, before[:1])
    assert (out != images).any(axis=(1, 2, 3)).all() and (out != other).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("name", SAME)
def test_an_image_fares_alike_in_every_batch(name):
    images, ids = drawn(6, 24, 24, 3), np.array([3, 9, 4, 1000, 12, 2**40])
    out = made(name).encrypt(images, ids)
    turned = made(name).encrypt(images[::-1], list(ids[::-1]))[::-1]
    single = np.concatenate([made(name).encrypt(images[i : i + 1], (int(ids[i]),)) for i in range(6)])
    np.testing.assert_array_equal(out, turned)
    np.testing.assert_array_equal(out, single)


@pytest.mark.parametrize("name", SAME)
def test_ids_matter_where_they_should(name):
    cipher, images = made(name), np.repeat(drawn(1, 32, 32, 3), 300, axis=0)
    out = cipher.encrypt(images, range(300)).reshape(300, -1)
    assert (len(np.unique(out, axis=0)) > 1) == cipher.per_image


@pytest.mark.parametrize("name", sorted(FRESH))
def test_fresh_nonces_differ_each_time(name):
    cipher, images = made(name), np.zeros((50, 16, 16, 3), np.uint8)
    out = np.concatenate([cipher.encrypt(images), cipher.encrypt(images)])
    assert len(np.unique(out.reshape(100, -1), axis=0)) == 100
    assert np.array_equal(made(name).encrypt(images), out[:50]) == (name == "counter_held")


def test_factories_travel():
    for case in [*HONEST.values(), *BROKEN.values()]:
        assert pickle.loads(pickle.dumps(case.factory)).__class__ is case.factory.__class__


def test_there_are_enough():
    assert len(WEAK) >= 70 and len(STRONG) >= 7 and len(BROKEN) >= 60
    assert {case.structure for case in WEAK.values()} == set(STRUCTURES)
    assert all(set(case.also) <= set(STRUCTURES) for case in WEAK.values()) and set(IMPLIED) <= set(
        STRUCTURES
    )


# ---- Structures: those that can be measured are exactly those that are named


def found(cipher, shape=(32, 32, 3), trials=150):
    """Which structures a cipher has, among tables, substitutions and affine maps."""
    size = int(np.prod(shape))
    rng = np.random.default_rng(5)

    def run(rows):
        return cipher.encrypt(rows.reshape(-1, *shape)).reshape(len(rows), size)

    def changed(rows, places, deltas):
        rows = rows.copy()
        rows[np.arange(trials), places] ^= deltas
        return run(rows)

    names = set()
    a, b, c = rng.integers(0, 256, (3, 8, size), np.uint8)
    if np.array_equal(run(a) ^ run(b) ^ run(c), run(a ^ b ^ c)):
        names.add(GF2)
    if np.array_equal(run(a) - run(b) + run(c), run(a - b + c)):
        names.add(MODULO)
    a, b, c = rng.integers(0, 86, (3, 8, size), np.uint8)
    f, fa, fb, fab = (run(x).astype(int) for x in (c, c + a, c + b, c + a + b))
    if np.abs(f - fa - fb + fab).max() <= 2:  # four roundings
        names.add(REALS)

    places, deltas = rng.integers(0, size, trials), rng.integers(1, 256, trials).astype(np.uint8)
    rows, others = rng.integers(0, 256, (2, trials, size), np.uint8)
    others[np.arange(trials), places] = rows[np.arange(trials), places]
    here, there = run(rows), run(others)
    after, after_there = changed(rows, places, deltas), changed(others, places, deltas)
    moved = here != after
    if (moved.sum(axis=1) == 1).all() and np.array_equal(moved, there != after_there):
        at = moved.argmax(axis=1)[:, None]
        pairs = [(here, there), (after, after_there)]
        if all((np.take_along_axis(x, at, 1) == np.take_along_axis(y, at, 1)).all() for x, y in pairs):
            names.add(POSITION)

    if GF2 in names:
        spread = np.sort(here ^ after, axis=1)
        if (spread[:, -2] == 0).all() and (spread[:, -1] == deltas).all():
            names.add(BYTES)
        half = deltas & 15 | 1  # as a low half, then as a high one
        kept = [halves(here ^ changed(rows, places, x)) for x in (half, half << 4)]
        if all((x[:, -2] == 0).all() and (x[:, -1] == half).all() for x in kept):
            names.add(NIBBLES)
        single = np.uint8(1) << (deltas & 7)
        if (np.bitwise_count(here ^ changed(rows, places, single)).sum(axis=1) == 1).all():
            names.add(BITS)
    return names


def halves(x):
    return np.sort(np.concatenate([x >> 4, x & 15], axis=1), axis=1)


@pytest.mark.parametrize("name", SHARED)
def test_the_structures_that_are_named_are_those_that_are_found(name):
    case = WEAK[name]
    names = found(made(name))
    measured = {BYTES, NIBBLES, BITS, GF2, MODULO, REALS, POSITION} if case.exact else {REALS}
    assert names & measured == case.true & measured


@pytest.mark.parametrize(
    "name", ["rubik_by_parity", "order_by_sum", "two_rounds", "wide_block", "nonce_of_image"]
)
def test_others_have_none_of_them(name):
    assert found(made(name)) == set()


@pytest.mark.parametrize("name", [name for name in SHARED if WEAK[name].block])
def test_blocks_are_by_themselves(name):
    """A change in a block changes one output block, in a way that the other blocks have no part in."""
    case, cipher = WEAK[name], made(name)
    height, width = case.block
    rng = np.random.default_rng(3)
    high, wide = 32 // height, 32 // width

    def cut(x):
        core = x[:, : high * height, : wide * width].reshape(len(x), high, height, wide, width, 3)
        return core.swapaxes(2, 3).reshape(len(x), high * wide, -1)

    for _ in range(8):
        y, x = rng.integers(high) * height, rng.integers(wide) * width
        rows, others = rng.integers(0, 256, (2, 1, 32, 32, 3), np.uint8)
        others[:, y : y + height, x : x + width] = rows[:, y : y + height, x : x + width]
        after, after_there = rows.copy(), others.copy()
        for image in (after, after_there):
            image[:, y : y + height, x : x + width] ^= 200
        out = cipher.encrypt(np.concatenate([rows, others, after, after_there]))
        pieces = cut(out)
        (at,) = np.flatnonzero((pieces[0] != pieces[2]).any(axis=1))
        np.testing.assert_array_equal(pieces[0, at], pieces[1, at])
        np.testing.assert_array_equal(pieces[2, at], pieces[3, at])
    tile = np.tile(drawn(1, height, width, 3), (1, high + 1, wide + 1, 1))[:, :32, :32]
    tile = cut(cipher.encrypt(tile))[0]
    assert (tile == tile[0]).all() == case.alike


@pytest.mark.parametrize("name", LABELLED[FEEDBACK])
def test_feedback_reaches_later_outputs_only(name):
    """A change reaches no output before its place (but for its own piece of eight bytes), and many after it;
    or, where the order is secret, the sets of outputs that it reaches lie in one another."""
    cipher, size = made(name), 16 * 16 * 3
    images = np.repeat(drawn(1, size), 60, axis=0)
    places = np.sort(np.random.default_rng(2).choice(size, 60, replace=False))
    images[np.arange(60), places] ^= 1
    out = cipher.encrypt(np.concatenate([drawn(1, size), images]).reshape(-1, 16, 16, 3)).reshape(61, size)
    moved = out[1:] != out[0]
    if name == "shuffle_and_diffuse":
        moved = moved[np.argsort(moved.sum(axis=1))]
        assert (moved[:-1] <= moved[1:]).all() and len(np.unique(moved.sum(axis=1))) == 60
    else:
        assert (moved.argmax(axis=1) >= places - 7).all() and (moved.sum(axis=1)[:-1] > 1).all()


@pytest.mark.parametrize("name", LABELLED[SMALL])
def test_among_few_keys_two_are_equal(name):
    """1,500 keys of 16 bits make 17 pairs; of 64 bits, none."""
    image, shape = {}, (1, 8, 8, 3)
    for key in range(1500):
        image.setdefault(made(name, key).encrypt(drawn(*shape), [0]).tobytes(), key)
    assert len(image) < 1497 and len(image) > 20


def test_among_many_keys_no_two_are_equal():
    for name in ("shuffled_bytes", "hill_colours", "one_sbox", "wide_block"):
        out = {made(name, key).encrypt(drawn(1, 8, 8, 3), [0]).tobytes() for key in range(1500)}
        assert len(out) == 1500


def streams(name):
    """The 64-byte pieces of what 300 black images become."""
    out = made(name).encrypt(np.zeros((300, 32, 32, 3), np.uint8), range(300))
    return {piece.tobytes() for piece in out.reshape(-1, 64)}


@pytest.mark.parametrize("name", LABELLED[REUSED])
def test_reused_nonces_repeat_their_pads(name):
    assert len(streams(name)) < 300 * 48 * 0.9


@pytest.mark.parametrize("name", ["one_time_pad", "counter_mode", "random_nonce", "counter_held"])
def test_strong_ones_repeat_nothing(name):
    assert len(streams(name)) == 300 * 48


def unevenness(x):
    """The greater of the chi-squares of bytes and of differences of neighbours: about 255 +- 23."""
    samples = x, x[:, 1:] - x[:, :-1], x.reshape(-1)[256:] - x.reshape(-1)[:-256]
    counts = [np.bincount(sample.ravel(), minlength=256) for sample in samples]
    return max(((count - count.mean()) ** 2 / count.mean()).sum() for count in counts)


@pytest.mark.parametrize("name", [*LABELLED[SHOWN], *LABELLED[REUSED], *LABELLED[SMALL], *STRONG])
def test_one_ciphertext_of_a_grey_image_shows_it_or_not(name):
    cipher = made(name)
    out = [unevenness(x) for x in cipher.encrypt(np.full((20, 32, 32, 3), 99, np.uint8), range(20))]
    if name in LABELLED[SHOWN]:
        assert min(out) > 1000
    elif getattr(cipher, "per_image", False) or name in STRONG:
        assert max(out) < 400


@pytest.mark.parametrize("name", ["wide_block", "tweaked_wide_block", "short_key_block"])
def test_one_bit_tells_on_all_of_a_wide_block(name):
    images = np.repeat(drawn(1, 32, 32, 3), 40, axis=0)
    images.reshape(40, -1)[np.arange(1, 40), np.random.default_rng(1).integers(0, 3072, 39)] ^= 1
    out = made(name).encrypt(images, [7] * 40)
    share = np.bitwise_count(out[1:] ^ out[0]).mean() / 8
    assert abs(share - 0.5) < 0.01


# ---- Misbehaviour


def bad(name, key=1):
    return BROKEN[name].factory(Key.from_seed(key))


def told(start):
    return [name for name, case in BROKEN.items() if case.remark.startswith(start)]


QUICK = [
    name for name in BROKEN if name not in told("hangs") + told("ends") and "hangs" not in BROKEN[name].remark
]
IMAGES = drawn(4, 16, 16, 3)


@pytest.mark.parametrize("name", told("raises"))
def test_it_raises(name):
    cipher, images = bad(name), np.concatenate([IMAGES, np.zeros_like(IMAGES)])
    with pytest.raises(BaseException) as caught:
        for _ in range(10):
            cipher.encrypt(images)
    assert caught.type is not AssertionError


@pytest.mark.parametrize("name", [*told("hangs"), *told("the factory hangs"), *told("decrypt hangs")])
def test_it_hangs(name):
    with started(name) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.kill()


@pytest.mark.parametrize("name", told("ends"))
def test_it_ends_its_process(name):
    with started(name) as process:
        assert process.wait(20) == 0 and process.stdout.read() == ""


def started(name):
    """A process of its own that has begun to use the cipher, and prints a word if it comes to an end."""
    code = f"""
import numpy as np
from lib.keys import Key
from tests.judge.ciphers import BROKEN
print("begun", flush=True)
cipher = BROKEN[{name!r}].factory(Key.from_seed(1))
images = np.zeros((1, 8, 8, 3), np.uint8)
for _ in range(3):
    cipher.encrypt(images)
cipher.decrypt(images)
print("ended")
"""
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=env, stdout=-1, stderr=-3, text=True
    )
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("name", told("gives"))
def test_it_gives_something_else(name):
    out = bad(name).encrypt(IMAGES.copy())
    fits = type(out) is np.ndarray and out.dtype == np.uint8 and out.shape == IMAGES.shape
    assert not fits or np.array_equal(out, IMAGES)


@pytest.mark.parametrize("name", told("changes its input"))
def test_it_changes_its_input(name):
    images = IMAGES.copy()
    bad(name).encrypt(images)
    assert not np.array_equal(images, IMAGES)


def test_it_writes_into_what_it_gave():
    cipher = bad("one_buffer")
    first = cipher.encrypt(IMAGES)
    kept = first.copy()
    cipher.encrypt(IMAGES ^ 1)
    assert not np.array_equal(first, kept)


@pytest.mark.parametrize("name", [*told("answers differently"), "global_generator"])
def test_it_answers_differently(name):
    cipher = bad(name)
    assert len({cipher.encrypt(IMAGES).tobytes() for _ in range(6)}) > 1


@pytest.mark.parametrize("name", [*told("depends"), "salted", "uses_ids_unsaid"])
def test_it_answers_once_at_a_time_alike_and_then_otherwise(name):
    cipher = bad(name)
    once = cipher.encrypt(IMAGES)
    np.testing.assert_array_equal(cipher.encrypt(IMAGES), once)
    ways = [cipher.encrypt(IMAGES[::-1])[::-1], cipher.encrypt(IMAGES[:2]), bad(name).encrypt(IMAGES)]
    ways.append(cipher.encrypt(IMAGES, [9, 8, 7, 6]))
    assert any(not np.array_equal(way, once[: len(way)]) for way in ways)


def test_ids_are_ignored():
    for name in ("ignores_ids", "ids_by_place"):
        cipher = bad(name)
        assert cipher.per_image
        np.testing.assert_array_equal(
            cipher.encrypt(IMAGES, [1, 2, 3, 4]), cipher.encrypt(IMAGES, [5, 6, 7, 8])
        )


@pytest.mark.parametrize("name", told("ignores the key"))
def test_keys_are_ignored(name):
    np.testing.assert_array_equal(bad(name, 1).encrypt(IMAGES), bad(name, 2).encrypt(IMAGES))


def test_the_global_generator_is_seeded():
    bad("global_seed").encrypt(IMAGES)
    first = np.random.random()  # noqa: NPY002
    bad("global_seed").encrypt(IMAGES)
    assert np.random.random() == first  # noqa: NPY002


@pytest.mark.parametrize("name", [*told("decrypts"), *told("decrypt raises")])
def test_it_decrypts_wrongly(name):
    cipher = bad(name)
    out = cipher.encrypt(IMAGES)
    try:
        assert not np.array_equal(cipher.decrypt(out), IMAGES)
    except NotImplementedError:
        assert name == "NoDecrypt"


def test_it_cannot_even_be_asked():
    with pytest.raises(RuntimeError):
        bad("no_factory")
    with pytest.raises(RuntimeError):
        assert bad("Property").per_image
    with pytest.raises(TypeError):
        bad("NoIds").encrypt(IMAGES, [1, 2, 3, 4])
    assert not hasattr(bad("no_cipher"), "encrypt") and not hasattr(bad("NoEncrypt"), "encrypt")
    assert not callable(bad("NotToBeCalled").encrypt) and not isinstance(
        bad("Torch").encrypt(IMAGES), np.ndarray
    )


def test_slow_is_slow_and_right():
    cipher = bad("slow")
    np.testing.assert_array_equal(cipher.decrypt(cipher.encrypt(IMAGES[:1])), IMAGES[:1])
