"""The cipher in a process of its own: what it answers arrives, and what it does wrong is told."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lib.judge.subject import CipherError, Subject, key_of

from .ciphers import BROKEN, STRONG, WEAK
from .helpers import TINY, drawn, made

PAD, STREAM = WEAK["pad_twice"].factory, STRONG["counter_mode"].factory


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No process outlives its subject."""
    yield
    assert multiprocessing.active_children() == []


def small(count):
    """A cipher with a number for a key."""

    class Small:
        def __init__(self, key):
            self.number, self.calls = count, 0

        def encrypt(self, images, ids=None):
            self.calls += 1
            return images + np.uint8(self.number)

    return lambda key: Small(key)  # neither can be pickled


def test_answers_are_those_of_the_cipher():
    images = drawn(300, *TINY)
    with Subject(PAD) as subject:
        subject.start()
        assert not subject.per_image and subject.decrypts
        out = subject.encrypt(images)
        np.testing.assert_array_equal(out, made("pad_twice").encrypt(images))
        np.testing.assert_array_equal(subject.decrypt(out), images)
        np.testing.assert_array_equal(subject.encrypt(images, key=3), PAD(key_of(3)).encrypt(images))
        assert not subject.changed and 0 < subject.seconds < 1
        assert subject.affordable(10) == int(10 / subject.seconds)


def test_ids_go_along_where_each_has_a_key():
    images, ids = drawn(20, *TINY), list(range(7, 27))
    with Subject(STREAM) as subject:
        subject.start()
        assert subject.per_image
        np.testing.assert_array_equal(subject.encrypt(images, ids), made("counter_mode").encrypt(images, ids))
        alike = subject.alike(images, 9)
        assert len(np.unique((alike ^ images).reshape(20, -1), axis=0)) == 1
        np.testing.assert_array_equal(alike[:1], made("counter_mode").encrypt(images[:1], [9]))


def test_ids_stay_here_where_all_have_one():
    with Subject(BROKEN["NoIds"].factory) as subject:
        subject.start()
        assert subject.encrypt(drawn(3, *TINY), [4, 5, 6]).shape == (3, *TINY)


def test_a_factory_may_be_a_lambda_that_nothing_pickles():
    with Subject(small(3)) as subject:
        subject.start()
        np.testing.assert_array_equal(subject.encrypt(drawn(9, *TINY)), drawn(9, *TINY) + np.uint8(3))
        assert not subject.decrypts


def test_calls_are_in_parts_and_once_is_one():
    """The number of the call is what the cipher adds."""

    class Counting:
        def __init__(self, key):
            self.calls = 0

        def encrypt(self, images, ids=None):
            self.calls += 1
            return np.full_like(images, self.calls)

    with Subject(Counting) as subject:
        subject.start()
        assert set(subject.once(np.zeros((50, *TINY), np.uint8)).ravel()) == {1}
        parts = subject.encrypt(np.zeros((50, *TINY), np.uint8))
        assert parts.shape == (50, *TINY) and len(set(parts.ravel())) > 1
        assert (np.diff(parts[:, 0, 0, 0].astype(int)) >= 0).all()
        assert (subject.again(np.zeros((2, *TINY), np.uint8)) == 1).all()  # by a new object


def test_fingerprints_tell_keys_apart():
    image = drawn(*TINY)
    with Subject(PAD) as subject:
        subject.start()
        found = subject.fingerprints(range(5, 9), image)
        assert len(set(found)) == 4 and subject.fingerprints(range(8, 9), image) == found[3:]
    assert len({key_of(number).bytes("a", 16).tobytes() for number in range(50)}) == 50


def test_the_cipher_never_sees_the_judges_array():
    images = drawn(4, *TINY)
    before = images.copy()
    with Subject(BROKEN["overwrites_input"].factory) as subject:
        subject.start()
        out = subject.encrypt(images)
        assert subject.changed and (out != before).any()
    np.testing.assert_array_equal(images, before)


# ---- What goes wrong


@pytest.mark.parametrize(
    "name, kind, text",
    [
        ("raises", "raises", "ValueError: no image is good enough"),
        ("raises_bare", "raises", "^KeyError$"),
        ("raises_the_unshowable", "raises", "Odd, whose text cannot be shown"),
        ("leaves", "raises", "^SystemExit: 0$"),
        ("ends_its_process", "raises", "ended without an answer"),
        ("nothing", "answers", "encrypt gives NoneType, expected a NumPy array"),
        ("lists", "answers", "encrypt gives list"),
        ("things", "answers", "gives object, expected numbers"),
        ("nans", "answers", "not finite"),
        ("one_short", "answers", r"\(4, 8, 8, 3\) gives \(3, 8, 8, 3\), expected one ciphertext for each"),
        ("no_cipher", "raises", "NoneType has no encrypt"),
        ("no_factory", "raises", "RuntimeError: no cipher today"),
    ],
)
def test_what_is_wrong_is_a_kind_and_a_sentence(name, kind, text):
    with Subject(BROKEN[name].factory, 20) as subject, pytest.raises(CipherError, match=text) as caught:
        subject.start()
        subject.encrypt(drawn(4, *TINY))
    assert caught.value.kind == kind


def test_one_that_hangs_is_ended_and_can_be_asked_anew():
    def factory(key):
        cipher = made("pad_twice")
        whole = cipher.encrypt
        cipher.encrypt = lambda images, ids=None: whole(images) if images[0, 0, 0, 0] else time.sleep(10**6)
        return cipher

    images = drawn(4, *TINY) | 1
    with Subject(factory, 2.0) as subject:
        subject.start()
        subject.encrypt(images)
        started, process = time.monotonic(), subject._process
        with pytest.raises(CipherError, match="no answer in 2 seconds") as caught:
            subject.encrypt(images & 254 & 0)
        assert caught.value.kind == "hangs" and 1.9 < time.monotonic() - started < 15
        assert not process.is_alive() and subject._process is None
        assert subject.encrypt(images).shape == images.shape


def test_an_error_leaves_the_process_for_the_next_call():
    with Subject(BROKEN["raises_on_flat"].factory) as subject:
        subject.start()
        process = subject._process.pid
        with pytest.raises(CipherError, match="no contrast"):
            subject.encrypt(np.zeros((1, *TINY), np.uint8))
        assert subject.encrypt(drawn(4, *TINY)).shape == (4, *TINY) and subject._process.pid == process


def test_parts_that_differ_are_no_answer():
    def factory(key):
        cipher = made("pad_twice")
        cipher.encrypt = lambda images, ids=None: images.astype(np.uint8 if len(images) > 8 else np.int16)
        return cipher

    with Subject(factory) as subject, pytest.raises(CipherError, match="differ in shape or dtype"):
        subject.encrypt(drawn(60, *TINY))


def test_what_a_cipher_prints_is_not_shown(capfd):
    def factory(key):
        print("hello")
        os.write(1, b"")
        return made("pad_twice")

    with Subject(factory) as subject:
        subject.start()
    assert capfd.readouterr() == ("", "")


def test_the_other_process_ends_with_a_parent_that_was_killed():
    """A judge killed by -9 leaves nobody behind."""
    code = (
        "import os\nfrom lib.judge.subject import Subject\nfrom lib.schemes import SKK\n"
        "subject = Subject(SKK)\nsubject.start()\nprint(subject._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert killed.returncode == -9
    there, until = Path(f"/proc/{int(killed.stdout)}/cmdline"), time.monotonic() + 10
    while there.exists() and there.read_bytes() and time.monotonic() < until:
        time.sleep(0.05)
    assert not there.exists() or not there.read_bytes()
