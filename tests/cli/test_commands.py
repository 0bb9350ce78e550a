"""The shell: `python -m lib`, with `lib.cli.jobs` under it."""

import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib import Key
from lib.atomic import UNFINISHED, _short, whole_file
from lib.cli import jobs
from lib.cli.commands import main
from lib.cli.image_files import FORMAT, decrypt_file, parse_record

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = "block-wise-scrambled"


def photo(path, seed, size=(9, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)).convert(
        mode
    )
    image.save(path)
    return path


def pixels(path):
    return np.asarray(Image.open(path))


def record_of(path):
    return parse_record(Image.open(path).info[FORMAT])


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The working folder: two keys, and a tree of images with other files in it."""
    monkeypatch.chdir(tmp_path)
    Key.generate().save("key.json")
    Key.generate().save("other.json")
    photo(tmp_path / "plain/a.png", 1)
    photo(tmp_path / "plain/dogs/b.bmp", 2, (5, 12))
    photo(tmp_path / "plain/dogs/c.PNG", 3, mode="LA")
    photo(tmp_path / "plain/dogs/old/d.tif", 4, mode="1")
    for name in ("labels.csv", ".hidden.png", "dogs/e.txt"):
        (tmp_path / "plain" / name).write_text("no image")
    return tmp_path


def lib(*words):
    """`python -m lib` with these words: the exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


ENCRYPT = ("encrypt", "plain", "cipher", "--key", "key.json", "--scheme")
DECRYPT = ("decrypt", "cipher", "back", "--key", "key.json")


# -- key -----------------------------------------------------------------------------------------------------


def test_new_key_is_private_and_never_overwritten(tmp_path, capsys):
    path = tmp_path / "key.json"
    assert lib("key", "new", path) == 0
    key = Key.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    out = capsys.readouterr().out
    assert key.fingerprint[:8] in out and key._secret.hex() not in out
    assert lib("key", "new", path) == 1
    assert Key.load(path) == key and "never overwritten" in capsys.readouterr().err
    assert lib("key", "new", tmp_path / "no" / "key.json") == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_key_for_lessons_is_named_unsafe(place, capsys):
    Key.from_seed(7).save("seven.json")
    assert lib("encrypt", "plain", "cipher", "--key", "seven.json", "--scheme", "etc") == 0
    assert "seven.json is unsafe" in capsys.readouterr().err


# -- trees ---------------------------------------------------------------------------------------------------


def test_tree_comes_back_in_its_structure(place, capsys):
    assert lib(*ENCRYPT, "etc") == 0
    out, err = capsys.readouterr()
    assert out.startswith("encrypted 4, skipped 0 done before, failed 0, in ")
    assert "3 other files left alone, such as plain/.hidden.png" in err
    assert files_below(place / "cipher") == ["a.png", "dogs/b.png", "dogs/c.png", "dogs/old/d.png"]
    assert lib(*DECRYPT, "--scheme", "etc") == 0
    assert files_below(place / "back") == files_below(place / "cipher")
    for source, back in (("a.png", "a.png"), ("dogs/b.bmp", "dogs/b.png"), ("dogs/c.PNG", "dogs/c.png")):
        assert np.array_equal(pixels(place / "plain" / source), pixels(place / "back" / back))
    assert Image.open("back/dogs/old/d.png").mode == "1"


def test_second_run_skips_what_is_done_and_does_the_rest(place, capsys):
    lib(*ENCRYPT, "skk", "--per-image")
    before = Path("cipher/a.png").read_bytes()
    Path("cipher/dogs/b.png").unlink()
    assert lib(*ENCRYPT, "skk", "--per-image") == 0
    assert "encrypted 1, skipped 3 done before, failed 0" in capsys.readouterr().out
    assert Path("cipher/a.png").read_bytes() == before
    assert lib(*ENCRYPT, "skk", "--per-image", "--overwrite") == 0
    assert Path("cipher/a.png").read_bytes() != before  # another id
    lib(*DECRYPT)
    Path("back/a.png").unlink()
    capsys.readouterr()
    assert lib(*DECRYPT) == 0
    assert "decrypted 1, skipped 3 done before, failed 0" in capsys.readouterr().out


def test_broken_files_are_named_and_the_rest_is_done(place, capsys):
    data = Path("plain/a.png").read_bytes()
    Path("plain/a.png").write_bytes(data[:-40])
    Path("plain/dogs/f.jpg").write_text("no image")
    Path("plain/dogs/g.png").symlink_to("nowhere.png")
    assert lib(*ENCRYPT, "etc") == 1
    out, err = capsys.readouterr()
    assert out.startswith("encrypted 3, skipped 0 done before, failed 3")
    failed = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert [line.split(": ")[1] for line in failed] == ["plain/a.png", "plain/dogs/f.jpg", "plain/dogs/g.png"]
    assert "broken image" in failed[0] and "holds no image" in failed[1] and "No such file" in failed[2]
    assert "Traceback" not in err and "a.png" not in files_below(place / "cipher")


def test_a_file_in_the_way_is_named_and_kept(place, capsys):
    photo(place / "cipher/a.png", 9)
    Path("cipher/dogs/b.png").mkdir(parents=True)
    before = Path("cipher/a.png").read_bytes()
    assert lib(*ENCRYPT, "etc") == 1
    err = capsys.readouterr().err
    assert err.count("the target exists and is no ciphertext of this source") == 2
    assert Path("cipher/a.png").read_bytes() == before
    assert lib(*ENCRYPT, "etc", "--overwrite") == 1
    assert (
        Path("cipher/a.png").read_bytes() != before
        and "Is a directory: cipher/dogs/b.png" in capsys.readouterr().err
    )


def test_wrong_key_for_a_tree_is_said_once(place, capsys):
    for number in range(8):
        photo(place / f"plain/{number}.png", number)
    lib(*ENCRYPT, "etc")
    capsys.readouterr()
    assert lib("decrypt", "cipher", "back", "--key", "other.json") == 1
    err = capsys.readouterr().err
    assert err.count("another key") == 1 and "all 12 files" in err


def test_two_sources_for_one_target_stop_before_anything_starts(place, capsys):
    photo(place / "plain/dogs/b.jpg", 5)
    assert lib(*ENCRYPT, "etc") == 1
    err = capsys.readouterr().err
    assert "plain/dogs/b.bmp and plain/dogs/b.jpg would both become cipher/dogs/b.png" in err
    assert not Path("cipher").exists()


def test_links_are_followed_but_not_in_circles(place):
    photo(place / "elsewhere/cats/x.png", 6)
    Path("plain/cats").symlink_to(place / "elsewhere/cats")
    Path("plain/felines").symlink_to(place / "elsewhere/cats")
    Path("elsewhere/cats/up").symlink_to(place / "elsewhere")
    Path("plain/dogs/again").symlink_to(place / "plain")
    found = {
        job.target.relative_to("cipher").as_posix()
        for job in jobs.plan(Path("plain"), Path("cipher"), ".png").jobs
    }
    assert found == {"a.png", "cats/x.png", "felines/x.png", "dogs/b.png", "dogs/c.png", "dogs/old/d.png"}


# -- one file ------------------------------------------------------------------------------------------------


def test_single_image(place, capsys):
    assert lib("encrypt", "plain/a.png", "new/folder/c.png", "--key", "key.json", "--scheme", "tanaka") == 0
    assert lib("decrypt", "new/folder/c.png", "b.png", "--key", "key.json") == 0
    assert np.array_equal(pixels("b.png"), pixels("plain/a.png"))
    assert "decrypted 1, skipped 0 done before, failed 0" in capsys.readouterr().out


def test_archive(place, capsys):
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    np.savez("a.npz", x_train=x, y_train=np.arange(6))
    assert lib("encrypt", "a.npz", "c.npz", "--key", "key.json", "--scheme", "ele", "--per-image") == 0
    assert "copied in clear: y_train" in capsys.readouterr().err
    assert lib("decrypt", "c.npz", "b.npz", "--key", "key.json") == 0
    with np.load("b.npz") as back:
        assert back.files == ["x_train", "y_train"] and np.array_equal(back["x_train"], x)
    assert lib("decrypt", "a.npz", "d.npz", "--key", "key.json") == 1
    assert "failed: a.npz: holds no record" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, settings",
    [
        (["etc"], {"scheme": "etc", "block": 4}),
        (["etc", "--block", "8", "--per-image"], {"block": 8, "per_image": True}),
        (["tanaka", "--bits", "2"], {"bits": 2, "block": 4, "as_published": False}),
        (["skk", "--no-colour-shuffle"], {"colour_shuffle": False}),
        (["skk"], {"colour_shuffle": True, "per_image": False}),
        (["etc", "--as-published"], {"as_published": "etc-classify"}),
        (["etc", "--as-published", PUBLISHED], {"as_published": PUBLISHED}),
        (["otp"], {"scheme": "otp", "per_image": True}),
    ],
    ids=" ".join,
)
def test_options_reach_the_scheme(place, words, settings):
    assert lib("encrypt", "plain/a.png", "c.png", "--key", "key.json", "--scheme", *words) == 0
    assert record_of("c.png")["scheme"].items() >= settings.items()


def test_notes_on_loss_come_once(place, capsys):
    assert lib(*ENCRYPT, "etc", "--jpeg", "90", "--subsampling", "4:2:0", "--block", "8") == 0
    err = capsys.readouterr().err
    assert err.count("JPEG loses") == 1 and "no multiple of 16" in err
    assert files_below(place / "cipher") == ["a.jpg", "dogs/b.jpg", "dogs/c.jpg", "dogs/old/d.jpg"]
    assert lib(*DECRYPT) == 0
    err = capsys.readouterr().err
    assert err.count("note: ") == 1 and "4 files: went through JPEG: pixels are not exact" in err
    assert lib("encrypt", "plain", "grey", "--key", "key.json", "--scheme", "etc-gray") == 0
    assert "exact up to rounding" in capsys.readouterr().err
    assert lib("decrypt", "grey", "back2", "--key", "key.json") == 0
    assert "note: 2 files: exact up to the rounding" in capsys.readouterr().err
    assert (
        lib("encrypt", "plain", "lost", "--key", "key.json", "--scheme", "etc", "--as-published", PUBLISHED)
        == 0
    )
    assert "cannot be decrypted" in capsys.readouterr().err


# -- wrong calls ---------------------------------------------------------------------------------------------

E, A, K = ("encrypt", "plain", "cipher"), ("encrypt", "plain/a.png"), ("--key", "key.json")
ETC = ("--scheme", "etc")
WRONG = [
    (2, (), "required"),
    (2, ("draw",), "invalid choice"),
    (2, (*E, *K), "--scheme"),
    (2, (*E, *ETC), "--key"),
    (2, (*E, *K, "--scheme", "rot13"), "invalid choice: 'rot13'"),
    (2, (*E, *K, "--scheme", "skk", "--block", "4"), "skk has no --block"),
    (2, (*E, *K, *ETC, "--bits", "4"), "etc has no --bits"),
    (2, (*E, *K, *ETC, "--no-colour-shuffle"), "etc has no --no-colour-shuffle"),
    (2, (*E, *K, "--scheme", "tanaka", "--bits", "3"), "invalid choice: 3"),
    (2, (*E, *K, *ETC, "--block", "0"), "expected a whole number from 1 on, got '0'"),
    (2, (*E, *K, *ETC, "--block", "4.5"), "expected a whole number from 1 on, got '4.5'"),
    (2, (*E, *K, *ETC, "--workers", "-1"), "--workers"),
    (2, (*E, *K, *ETC, "--as-published", "nobody"), "no published variant 'nobody' of etc; known: 'etc-classify'"),
    (2, (*E, *K, "--scheme", "shf", "--as-published"), "no published variant"),
    (2, (*E, *K, "--scheme", "ffx", "--as-published"), "values up to 999"),
    (2, (*E, *K, "--scheme", "skk", "--jpeg", "90"), "JPEG would destroy a ciphertext of skk"),
    (2, (*E, *K, *ETC, "--jpeg", "0"), "quality from 1 to 100, got '0'"),
    (2, (*E, *K, *ETC, "--jpeg", "101"), "quality from 1 to 100, got '101'"),
    (2, (*E, *K, *ETC, "--subsampling", "4:2:0"), "--subsampling needs --jpeg"),
    (2, (*E, *K, *ETC, "--jpeg", "90", "--subsampling", "4:1:1"), "invalid choice"),
    (2, ("encrypt", "a.npz", "c.npz", *K, *ETC, "--jpeg", "90"), "holds arrays"),
    (1, (*E, "--key", "lost.json", *ETC), "lost.json: no such key file; python -m lib key new lost.json"),
    (1, (*E, "--key", "plain", *ETC), "Is a directory: plain"),
    (1, (*E, "--key", "plain/labels.csv", *ETC), "no key file"),
    (1, ("encrypt", "lost", "cipher", *K, *ETC), "lost: no such file or folder"),
    (1, ("encrypt", "plain", "plain", *K, *ETC), "source and destination are the same"),
    (1, ("encrypt", "plain", "dogs/../plain", *K, *ETC), "source and destination are the same"),
    (1, ("encrypt", "plain", "plain/cipher", *K, *ETC), "one inside the other"),
    (1, ("encrypt", "plain/dogs", ".", *K, *ETC), "one inside the other"),
    (1, ("encrypt", "plain", "key.json", *K, *ETC), "the destination must be one, and key.json is a file"),
    (1, ("encrypt", "plain", "key.json/x", *K, *ETC), "Not a directory"),
    (1, ("encrypt", "empty", "cipher", *K, *ETC), "empty: no image in this folder"),
    (1, (*A, "plain/a.png", *K, *ETC), "source and destination are the same"),
    (1, (*A, "plain/dogs", *K, *ETC), "plain/dogs is a folder; name the file, such as plain/dogs/a.png"),
    (1, (*A, "c.jpg", *K, *ETC), "c.jpg would be written as .png; name it c.png"),
    (1, (*A, "c.png", *K, *ETC, "--jpeg", "90"), "c.png would be written as .jpg; name it c.jpg"),
    (1, ("encrypt", "a.npz", "c.png", *K, *ETC), "c.png would be written as .npz; name it c.npz"),
    (1, ("encrypt", "plain/labels.csv", "c.png", *K, *ETC), "holds no image"),
    (1, ("decrypt", "plain/a.png", "b.png", *K), "holds no record"),
    (1, ("decrypt", "lost.png", "b.png", *K), "lost.png: no such file or folder"),
    (2, ("decrypt", "plain", "back", *K, "--scheme", "rot13"), "invalid choice"),
]  # fmt: skip


@pytest.mark.parametrize("status, words, message", WRONG, ids=[f"{' '.join(words)}" for _, words, _ in WRONG])
def test_wrong_calls_are_one_clear_line(place, capsys, status, words, message):
    Path("empty").mkdir()
    np.savez("a.npz", x=np.zeros((1, 4, 4, 3), np.uint8))
    before = files_below(place)
    assert lib(*words) == status
    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in out + err
    assert files_below(place) == before
    if status == 1:
        assert len(err.splitlines()) == 1


def test_other_key_and_scheme_are_named(place, capsys):
    lib("encrypt", "plain/a.png", "c.png", *K, *ETC)
    assert lib("decrypt", "c.png", "b.png", "--key", "other.json") == 1
    assert "failed: c.png: was encrypted with another key" in capsys.readouterr().err
    assert lib("decrypt", "c.png", "b.png", *K, "--scheme", "skk") == 1
    assert "failed: c.png: was encrypted with another scheme: etc, not skk" in capsys.readouterr().err
    lib("encrypt", "plain/a.png", "c2.png", *K, "--scheme", "skk", "--as-published")
    assert lib("decrypt", "c2.png", "b.png", *K) == 1
    assert "cannot be decrypted: five of its six" in capsys.readouterr().err
    assert not Path("b.png").exists()


# -- the system refuses --------------------------------------------------------------------------------------


def test_no_permission_to_read_is_named(place, capsys, monkeypatch):
    real = Path.read_bytes

    def read_bytes(path):
        if path.name == "b.bmp":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert lib(*ENCRYPT, "etc") == 1
    out, err = capsys.readouterr()
    assert "encrypted 3" in out and "failed: plain/dogs/b.bmp: Permission denied\n" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission_to_write_is_named(place, capsys):
    Path("cipher").mkdir(mode=0o555)
    assert lib("encrypt", "plain/a.png", "cipher/c.png", *K, *ETC) == 1
    assert "Permission denied: cipher/c.png" in capsys.readouterr().err


def test_full_disk_stops_the_run_and_names_it(place, capsys, monkeypatch):
    calls = []
    monkeypatch.setattr("lib.cli.image_files.whole_file", partial(_full_after, calls))
    assert lib(*ENCRYPT, "etc") == 1
    out, err = capsys.readouterr()
    assert "encrypted 1, skipped 0 done before, failed 1" in out and len(calls) == 2
    assert "failed: plain/dogs/b.bmp: No space left on device" in err and "run the same command again" in err
    monkeypatch.undo()
    os.chdir(place)
    assert lib(*ENCRYPT, "etc") == 0
    assert "encrypted 3, skipped 1 done before" in capsys.readouterr().out


def _full_after(calls, target, overwrite):
    calls.append(target)
    if len(calls) > 1:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return whole_file(target, overwrite)


def test_interrupt_says_how_to_go_on(place, capsys, monkeypatch):
    monkeypatch.setattr("lib.cli.image_files.open_image", _interrupt)
    assert lib(*ENCRYPT, "etc") == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def _interrupt(*_):
    raise KeyboardInterrupt


def test_unforeseen_errors_are_a_line_too():
    assert jobs.describe(MemoryError()) == "MemoryError"
    assert jobs.describe(KeyError("x")) == "KeyError: 'x'"
    assert jobs.describe(OSError(errno.EACCES, "No entry", "a.png"), Path("a.png")) == "No entry"
    assert jobs.describe(OSError(errno.EACCES, "No entry", "b.png"), Path("a.png")) == "No entry: b.png"


# -- processes -----------------------------------------------------------------------------------------------


def test_processes_keep_the_order_and_give_what_one_gives(place):
    for number in range(20):
        photo(place / f"plain/{number}.png", number)
    assert lib(*ENCRYPT, "etc", "--workers", "2") == 0
    assert lib("encrypt", "plain", "cipher1", *K, *ETC, "--workers", "1") == 0
    assert files_below(place / "cipher") == files_below(place / "cipher1")
    assert all(
        Path("cipher", name).read_bytes() == Path("cipher1", name).read_bytes()
        for name in files_below(place / "cipher")
    )
    numbers = list(range(50))
    assert list(jobs.spread(abs, numbers, 2)) == numbers


def test_a_process_that_dies_ends_the_run_in_one_line(place, capsys, monkeypatch):
    monkeypatch.setattr("lib.cli.image_files.encrypt_in_worker", _die)
    assert lib(*ENCRYPT, "etc", "--workers", "2") == 1
    assert "error: a process died" in capsys.readouterr().err


def _die(*_, **__):
    os._exit(1)


def test_pool_is_for_much_work_only(place):
    todo = jobs.plan(Path("plain"), Path("cipher"), ".png").jobs
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
def test_kill_in_the_middle_then_resume(place, capsys):
    number = 280
    for i in range(number):
        photo(place / f"many/{i % 3}/{i:03}.png", i, (32, 32))
    words = ("encrypt", "many", "cipher", *K, "--scheme", "ele", "--per-image")
    command = [sys.executable, "-m", "lib", *words, "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=place, env=environment, start_new_session=True, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    while (
        len(list(place.glob("cipher/?/*.png"))) < 20
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stderr.read().decode()
    process.stderr.close()
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(process.pid)  # workers go with their parent

    done = sorted(place.glob("cipher/?/*.png"))
    assert 20 <= len(done) < number
    key = Key.load("key.json")
    for i, path in enumerate(done):  # every target that is there is whole
        decrypt_file(path, place / f"check{i}.png", key)
        assert np.array_equal(
            pixels(place / f"check{i}.png"), pixels(place / "many" / path.relative_to(place / "cipher"))
        )
    (place / "cipher/0/a left-over of somebody.txt").touch()
    temporary = place / f"cipher/0/.{_short('000.png')}.0123abcd{UNFINISHED}"
    temporary.write_bytes(b"half a file")
    assert lib(*words) == 0
    assert (
        f"encrypted {number - len(done)}, skipped {len(done)} done before, failed 0"
        in capsys.readouterr().out
    )
    assert not temporary.exists() and not list(place.rglob(f"*{UNFINISHED}"))
    assert Path("cipher/0/a left-over of somebody.txt").exists()
    ids = {record_of(path)["image"] for path in place.glob("cipher/?/*.png")}
    assert len(ids) == number

    assert lib(*DECRYPT) == 0
    for path in place.glob("many/?/*.png"):
        assert np.array_equal(pixels(path), pixels(place / "back" / path.relative_to(place / "many")))
