"""A full disk and kill -9 in the middle of a command: what was finished stays, nothing is by half."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib.atomic import UNFINISHED
from lib.cli.archives import decrypt_archive
from lib.cli.image_files import decrypt_file
from lib.formats import read
from lib.judge import Verdict
from tests.cli.helpers import KEY, PLAIN, TANAKA, facts, lib, photo, pixels, same, snapshot, weights
from tests.faults import faulty, size_below

CIPHER = """
class Shift:
    def __init__(self, key):
        self.pad = key.bytes("pad", 192).reshape(8, 8, 3)

    def encrypt(self, images, ids=None):
        return images ^ self.pad
"""
JUDGE = ("judge", "cipher.py:Shift", "--out", "report", "--size", "8x8")


def stopped(words, **fault):
    """The shell's command in a process of its own that meets with this fault; its exit status, output and
    errors."""
    done = subprocess.run(
        [sys.executable, "-m", "lib", *map(str, words)], env=faulty(**fault), capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def halves(folder):
    return [path for path in Path(folder).rglob("*") if UNFINISHED in path.name]


# -- a full disk ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_encryption_of_a_folder_stops_when_the_disk_is_full_and_goes_on(labelled, capsys, workers):
    for number in range(30):
        photo(labelled / f"photos/{number:02}.png", number, (32, 32))
    words = ("encrypt", "photos", "cipher", *TANAKA, "--workers", workers)
    status, _, err = stopped(words, room=size_below(".") + 40_000)
    made = sorted(Path("cipher").glob("*.png"))
    assert status == 1 and "No space left on device" in err and "run the same command again to go on" in err
    assert 0 < len(made) < 30 and not halves(".")
    for path in made:
        decrypt_file(path, path.with_name("back.png"), KEY, overwrite=True)
        assert np.array_equal(pixels(path.with_name("back.png")), pixels(Path("photos", path.name)))
    path.with_name("back.png").unlink()
    before = snapshot("cipher")
    assert lib(*words) == 0
    assert f"encrypted {30 - len(made)}, skipped {len(made)} done before" in capsys.readouterr().out
    assert before.items() <= snapshot("cipher").items() and len(snapshot("cipher")) == 30


@pytest.mark.parametrize("room", [100, 9_000])
def test_an_archive_that_has_no_room_is_not_there(labelled, room):
    words = ("encrypt", "plain.npz", "cipher.npz", *TANAKA)
    before = snapshot(".")
    status, _, err = stopped(words, room=size_below(".") + room)
    assert status == 1 and "No space left on device" in err and snapshot(".") == before
    assert lib(*words) == 0
    decrypt_archive(Path("cipher.npz"), Path("back.npz"), KEY)
    assert all(np.array_equal(np.load("plain.npz")[n], np.load("back.npz")[n]) for n in np.load("plain.npz"))


def test_a_verdict_for_which_there_is_no_room_is_said_and_leaves_no_file(labelled):
    Path("cipher.py").write_text(CIPHER)
    status, out, err = stopped(JUDGE, room=size_below(".") + 30_000)  # room for one of two files
    assert status == 1 and "No space left on device" in err
    assert out.startswith("Shift: broken\n") and snapshot("report") == {}


# -- kill -9 -------------------------------------------------------------------------------------------------


def test_an_archive_killed_in_the_midst_is_not_there_and_leaves_nothing_to_the_next_run(labelled):
    words = ("encrypt", "plain.npz", "cipher.npz", *TANAKA)
    before = snapshot(".")
    for fault in ("kill", "link"):
        assert stopped(words, **{fault: 1})[0] == -signal.SIGKILL
        assert len(halves(".")) == 1 and before == {
            path: data for path, data in snapshot(".").items() if path not in halves(".")
        }
    assert lib(*words) == 0
    assert snapshot(".").keys() == before.keys() | {Path("cipher.npz")}


def test_of_a_verdict_that_was_killed_nothing_is_there_by_half(labelled):
    Path("cipher.py").write_text(CIPHER)
    for fault, there in (({"kill": 2}, []), ({"link": 2}, ["verdict.json"])):
        assert stopped(JUDGE, **fault)[0] == -signal.SIGKILL
        left = halves("report")
        assert [path.name for path in Path("report").iterdir() if path not in left] == there and left
    assert read(Verdict, "report/verdict.json").outcome == "broken"
    Path("report/verdict.json").unlink()
    assert lib(*JUDGE) == 0
    assert {path.name for path in Path("report").iterdir()} == {"verdict.json", "index.html"}


# -- both ----------------------------------------------------------------------------------------------------


def test_training_meets_with_everything_and_ends_in_the_same_weights(labelled):
    assert lib(*PLAIN[:-1], "whole") == 0
    checkpoint, kept = (Path("whole", name).stat().st_size for name in ("checkpoint.pt", "weights.pt"))
    begun = {"checkpoint.pt", "log.jsonl"}
    for fault, epochs, there in (
        ({"room": 1.2 * checkpoint}, [1], begun),  # full in epoch 2, where torch.save tells of something else
        ({"kill": 2}, [], begun),  # in the checkpoint of epoch 2
        ({"kill": 3}, [2], begun),  # in weights.pt
        ({"room": kept / 2}, [], begun),
        ({"kill": 2}, [], begun | {"weights.pt"}),  # in model.json
    ):
        fault = {name: int(value + size_below(".") * (name == "room")) for name, value in fault.items()}
        status, _, err = stopped(PLAIN, **fault)
        assert status == (1 if "room" in fault else -signal.SIGKILL)
        assert ("error: No space left on device" in err) == ("room" in fault)
        assert [int(line.split()[1]) for line in err.splitlines() if line.startswith("epoch ")] == epochs
        assert {path.name for path in Path("model").iterdir()} - {h.name for h in halves(".")} == there
        assert len(halves(".")) == ("kill" in fault)
    assert lib(*PLAIN) == 0
    assert same(weights("model"), weights("whole")) and not halves(".")
    assert facts("model")["weights"] == facts("whole")["weights"]
