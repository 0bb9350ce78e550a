"""Many files: `lib.cli.jobs`."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lib import Key
from lib.atomic import UNFINISHED, _short
from lib.cli import jobs
from lib.cli.image_files import decrypt_file, encrypt_file
from lib.cli.jobs import work_through
from lib.schemes import EtC
from tests.cli.helpers import DECRYPT, ENCRYPT, ETC, ROOT, K, files_below, lib, photo, pixels, record_of


def test_two_sources_for_one_target_stop_before_anything_starts(tree, capsys):
    photo(tree / "plain/dogs/b.jpg", 5)
    assert lib(*ENCRYPT, "etc") == 1
    err = capsys.readouterr().err
    assert "plain/dogs/b.bmp and plain/dogs/b.jpg would both become cipher/dogs/b.png" in err
    assert not Path("cipher").exists()


def test_links_are_followed_but_not_in_circles(tree):
    photo(tree / "elsewhere/cats/x.png", 6)
    Path("plain/cats").symlink_to(tree / "elsewhere/cats")
    Path("plain/felines").symlink_to(tree / "elsewhere/cats")
    Path("elsewhere/cats/up").symlink_to(tree / "elsewhere")
    Path("plain/dogs/again").symlink_to(tree / "plain")
    found = {
        job.target.relative_to("cipher").as_posix()
        for job in jobs.plan(Path("plain"), Path("cipher"), ".png")[0]
    }
    assert found == {"a.png", "cats/x.png", "felines/x.png", "dogs/b.png", "dogs/c.png", "dogs/old/d.png"}


def test_full_disk_stops_the_run_and_names_it(tree, capsys):
    def encrypt(source, target):
        calls.append(target)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return encrypt_file(source, target, EtC(Key.load("key.json")))

    calls, plan = [], jobs.plan(Path("plain"), Path("cipher"), ".png")
    assert work_through("encrypted", SimpleNamespace(workers=1), plan, encrypt) == 1
    out, err = capsys.readouterr()
    assert "encrypted 1, skipped 0 done before, failed 1" in out and len(calls) == 2
    assert "failed: plain/dogs/b.bmp: No space left on device" in err and "run the same command again" in err
    assert lib(*ENCRYPT, "etc") == 0
    assert "encrypted 3, skipped 1 done before" in capsys.readouterr().out


def test_unforeseen_errors_are_a_line_too():
    assert jobs.describe(MemoryError()) == "MemoryError"
    assert jobs.describe(KeyError("x")) == "KeyError: 'x'"
    assert jobs.describe(OSError(errno.EACCES, "No entry", "a.png"), Path("a.png")) == "No entry"
    assert jobs.describe(OSError(errno.EACCES, "No entry", "b.png"), Path("a.png")) == "No entry: b.png"


def test_processes_keep_the_order_and_give_what_one_gives(tree):
    for number in range(20):
        photo(tree / f"plain/{number}.png", number)
    assert lib(*ENCRYPT, "etc", "--workers", "2") == 0
    assert lib("encrypt", "plain", "cipher1", *K, *ETC, "--workers", "1") == 0
    assert files_below(tree / "cipher") == files_below(tree / "cipher1")
    assert all(
        Path("cipher", name).read_bytes() == Path("cipher1", name).read_bytes()
        for name in files_below(tree / "cipher")
    )
    numbers = list(range(50))
    assert list(jobs.spread(abs, numbers, 2)) == numbers


def test_a_process_that_dies_ends_the_run_in_one_line(tree):
    todo, _ = jobs.plan(Path("plain"), Path("cipher"), ".png")
    with pytest.raises(RuntimeError, match=r"^a process died, .*; go on with --workers 1$"):
        jobs.run(_die, todo, workers=2)


def _die(*_, **__):
    os._exit(1)


def test_pool_is_for_much_work_only(tree):
    todo, _ = jobs.plan(Path("plain"), Path("cipher"), ".png")
    assert jobs.pool_size(todo) == 1
    assert jobs.pool_size(todo * jobs.POOL_FILES) == os.cpu_count()
    os.truncate("plain/a.png", jobs.POOL_BYTES)
    assert jobs.pool_size(todo) == os.cpu_count() and jobs.pool_size(todo[:1]) == 1


def alive(session):
    """Processes of a session that still run: `/proc/PID/stat` is PID (name) state parent group session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # gone by now
            continue
        if int(owner) == session and state != "Z":
            found.append(stat.parent.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes under /proc")
def test_kill_in_the_middle_then_resume(tree, capsys):
    number = 280
    for i in range(number):
        photo(tree / f"many/{i % 3}/{i:03}.png", i, (32, 32))
    words = ("encrypt", "many", "cipher", *K, "--scheme", "ele", "--per-image")
    command = [sys.executable, "-m", "lib", *words, "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=tree, env=environment, start_new_session=True, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    while (
        len(list(tree.glob("cipher/?/*.png"))) < 20 and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stderr.read().decode()
    process.stderr.close()
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(process.pid)  # workers go with their parent

    done = sorted(tree.glob("cipher/?/*.png"))
    assert 20 <= len(done) < number
    key = Key.load("key.json")
    for i, path in enumerate(done):  # every target that is there is whole
        decrypt_file(path, tree / f"check{i}.png", key)
        assert np.array_equal(
            pixels(tree / f"check{i}.png"), pixels(tree / "many" / path.relative_to(tree / "cipher"))
        )
    (tree / "cipher/0/a left-over of somebody.txt").touch()
    temporary = tree / f"cipher/0/.{_short('000.png')}.0123abcd{UNFINISHED}"
    temporary.write_bytes(b"half a file")
    assert lib(*words) == 0
    assert (
        f"encrypted {number - len(done)}, skipped {len(done)} done before, failed 0"
        in capsys.readouterr().out
    )
    assert not temporary.exists() and not list(tree.rglob(f"*{UNFINISHED}"))
    assert Path("cipher/0/a left-over of somebody.txt").exists()
    ids = {record_of(path).image for path in tree.glob("cipher/?/*.png")}
    assert len(ids) == number

    assert lib(*DECRYPT) == 0
    for path in tree.glob("many/?/*.png"):
        assert np.array_equal(pixels(path), pixels(tree / "back" / path.relative_to(tree / "many")))
