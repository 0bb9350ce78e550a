"""A program in the sandbox can neither write, nor read what is not its own, nor call, nor stay."""

import os
import secrets
import subprocess
import sys
import tempfile
import time

import psutil
import pytest

from lib.workbook.classroom import sandbox
from lib.workbook.lessons import ROOT

pytestmark = pytest.mark.usefixtures("needs_namespaces")
TRY = """
import os, socket
from pathlib import Path

def tell(name, what):
    try:
        what()
        print(name, "done")
    except OSError as error:
        print(name, "refused")
    except MemoryError:
        print(name, "no memory")

tell("write", lambda: Path({folder!r}, "f").write_text("mine"))
tell("delete", lambda: Path({folder!r}, "canary").unlink())
tell("read", lambda: Path({folder!r}, "canary").read_text())
tell("lessons", lambda: os.listdir({root!r} + "/notebooks"))
tell("lib", lambda: Path({root!r}, "lib", "x").write_text("mine"))
tell("kernel", lambda: open("/proc/sys/kernel/core_pattern", "r+"))
tell("call", lambda: socket.create_connection(("192.0.2.1", 80), 2))
tell("memory", lambda: bytearray(3 << 30))
tell("scratch", lambda: Path("/tmp/x").write_text("mine"))
print("remount", os.system("mount -o remount,bind,rw /usr 2> /dev/null") != 0)
print("processes", sum(name.isdigit() for name in os.listdir("/proc")) <= 2)
"""


def python(code, **limits):
    return sandbox.run([sys.executable, "-c", code], **limits)


def test_nothing_of_the_machine_can_be_touched(tmp_path):
    (tmp_path / "canary").write_text("alive")
    done = python(TRY.format(folder=str(tmp_path), root=str(ROOT)), memory=2 << 30)
    assert not done.ended
    said = dict(line.split(" ", 1) for line in done.output.decode().splitlines())
    refused = dict.fromkeys(("write", "delete", "read", "lessons", "lib", "kernel", "call"), "refused")
    assert said == refused | {
        "memory": "no memory",
        "scratch": "done",
        "remount": "True",
        "processes": "True",
    }
    assert (tmp_path / "canary").read_text() == "alive" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("code", "limits", "why"),
    [
        ("while True: pass", {"seconds": 3}, "took more than 3 s"),
        ("import os\nwhile True: os.write(1, b'x' * 1_000_000)", {}, "printed more than"),
        ("import os, time\nfor _ in range(75):\n  if os.fork() == 0: break\ntime.sleep(60)", {}, "processes"),
        ("x = [bytearray(b'x' * (1 << 28)) for _ in range(3)]\nimport time, os\nos.fork()\nx = [y + b'z' for y in x]\ntime.sleep(60)",
         {"memory": 1 << 30}, "memory"),
    ],
    ids=["endless", "talkative", "many", "large"],
)  # fmt: skip
def test_it_is_ended_when_it_takes_too_much(code, limits, why):
    started, mark = time.monotonic(), f"# {secrets.token_hex(8)}"
    done = python(f"{code}\n{mark}", **limits)
    assert why in done.ended.lower() and time.monotonic() - started < 45
    assert gone(mark), "something of it is left"


def test_what_runs_inside_ends_with_unshare():
    """Though it belongs to another user where root started it, which makes Linux forget whose child it is."""
    mark = f"# {secrets.token_hex(8)}"
    command = [sys.executable, "-c", f"import time\nprint('up', flush=True)\ntime.sleep(60)\n{mark}"]
    with tempfile.TemporaryDirectory() as root:
        process = subprocess.Popen(sandbox._closed(command, root, 1 << 30), stdout=subprocess.PIPE, env={})
        assert process.stdout.readline() == b"up\n" and running(mark)
        process.kill()
        process.wait()
        assert gone(mark)


def gone(mark, seconds=10):
    """Whether no process holds the mark, now or soon: the kernel takes a moment to clear up."""
    limit = time.monotonic() + seconds
    while found := running(mark):
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)
    return not found


def running(mark):
    """Processes, by number, whose command holds the mark; those that only wait to be buried are none."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if (
            alive
            and any(mark in part for part in process.info["cmdline"] or ())
            and process.pid != os.getpid()
        ):
            found.append(process.pid)
    return found


def test_where_there_is_no_sandbox_nothing_runs(monkeypatch):
    monkeypatch.setattr(sandbox, "_closed", lambda command, root, memory: ["/bin/false"])
    sandbox.available.cache_clear()
    try:
        with pytest.raises(sandbox.Refused, match="Linux"):
            python("print('ran')")
    finally:
        sandbox.available.cache_clear()
