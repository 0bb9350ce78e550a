"""A program in the sandbox can neither write, nor read what is not its own, nor call, nor stay."""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lib.workbook.classroom import sandbox
from lib.workbook.lessons import ROOT

pytestmark = pytest.mark.usefixtures("needs_bubblewrap")
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

print("user", os.getuid())
print("pid", os.getpid())
tell("write", lambda: Path({folder!r}, "f").write_text("mine"))
tell("delete", lambda: Path({folder!r}, "canary").unlink())
tell("read", lambda: Path({folder!r}, "canary").read_text())
tell("lessons", lambda: os.listdir({root!r} + "/notebooks"))
tell("lib", lambda: Path({root!r}, "lib", "x").write_text("mine"))
tell("kernel", lambda: open("/proc/sys/kernel/core_pattern", "r+"))
tell("root", lambda: open("/mine", "w"))
tell("device", lambda: open("/dev/mine", "w"))
tell("call", lambda: socket.create_connection(("192.0.2.1", 80), 2))
tell("memory", lambda: bytearray(3 << 30))
tell("scratch", lambda: Path("/tmp/x").write_text("mine"))
tell("null", lambda: open("/dev/null", "w"))
tell("shared", lambda: open("/dev/shm/x", "w"))
print("remount", os.system("mount -o remount,bind,rw /usr 2> /dev/null") != 0)
print("processes", sum(name.isdigit() for name in os.listdir("/proc")) <= 3)
tell("first", lambda: os.getpid() == 1 or os.listdir("/proc/1/fd"))
"""
TRIED = ("write", "delete", "read", "lessons", "lib", "kernel", "root", "device", "call")
LARGE = """
import time, os
x = [bytearray(b'x' * (1 << 28)) for _ in range(3)]
os.fork()
x = [y + b'z' for y in x]
time.sleep(60)
"""


def python(code, **limits):
    return sandbox.run([sys.executable, "-c", code], **limits)


@pytest.mark.parametrize(
    ("code", "limits", "why"),
    [
        ("while True: pass", {"seconds": 3}, "took more than 3 s"),
        ("import os\nwhile True: os.write(1, b'x' * 1_000_000)", {}, "printed more than"),
        ("import os, time\nfor _ in range(75):\n  if os.fork() == 0: break\ntime.sleep(60)", {}, "processes"),
        (LARGE, {"memory": 1 << 30}, "memory"),
    ],
    ids=["endless", "talkative", "many", "large"],
)  # fmt: skip
def test_it_is_ended_when_it_takes_too_much(code, limits, why):
    started, mark = time.monotonic(), f"# {secrets.token_hex(8)}"
    done = python(f"{code}\n{mark}", **limits)
    assert why in done.ended.lower() and time.monotonic() - started < 45
    assert gone(mark), "something of it is left"


def test_what_runs_inside_ends_with_bubblewrap():
    """Though it belongs to another user where root started it, which makes Linux forget whose child it is."""
    mark = f"# {secrets.token_hex(8)}"
    command = [sys.executable, "-c", f"import time\nprint('up', flush=True)\ntime.sleep(60)\n{mark}"]
    line = sandbox.closed(command, 1 << 30)
    process = subprocess.Popen(line, stdout=subprocess.PIPE, env=sandbox.ENVIRONMENT)
    assert process.stdout.readline() == b"up\n" and running(mark)
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone(mark)


GRADER = """
import sys
from lib.workbook.classroom import sandbox
done = sandbox.run([sys.executable, "-c", {code!r}], **{limits})
sys.stdout.write(done.ended or done.output.decode())
"""


@pytest.fixture(params=["who runs this", "nobody"])
def grader(request):
    """Starts a grader of one program, a process of its own, as root where root runs this, or as nobody."""
    outside, who = (
        {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path])), "PATH": os.defpath},
        {},
    )
    if request.param == "nobody":
        if os.geteuid() != 0:
            pytest.skip("only root can act as nobody")
        who = {"user": 65534, "group": 65534, "extra_groups": []}
        if not all(
            path.stat().st_mode & 1 for path in (*Path(sys.executable).resolve().parents, *ROOT.parents)
        ):
            pytest.skip("Python or this folder is closed to others than root")

    def start(code, **limits):
        command = [sys.executable, "-c", GRADER.format(code=code, limits=limits)]
        return subprocess.Popen(command, env=outside, cwd="/", stdout=subprocess.PIPE, text=True, **who)

    return start


def test_nothing_of_the_machine_can_be_touched(grader, tmp_path):
    (tmp_path / "canary").write_text("alive")
    with grader(TRY.format(folder=str(tmp_path), root=str(ROOT)), memory=2 << 30) as process:
        said = dict(line.split(" ", 1) for line in process.stdout.read().splitlines())
    assert process.returncode == 0
    refused = dict.fromkeys(TRIED, "refused")
    allowed = {
        "memory": "no memory",
        "scratch": "done",
        "null": "done",
        "shared": "done",
        "remount": "True",
        "processes": "True",
    }
    allowed["first"] = said["first"] if said["pid"] == "1" else "refused"
    assert int(said.pop("user")) > 0 and said == refused | allowed | {"pid": said["pid"]}
    assert (tmp_path / "canary").read_text() == "alive" and len(list(tmp_path.iterdir())) == 1


def test_what_runs_inside_ends_with_the_grader(grader):
    """Killed as it is, it has no chance to clear up."""
    mark = secrets.token_hex(8)
    deaf = "import os, signal\nsignal.signal(15, signal.SIG_IGN)"
    code = f"{deaf}\nos.fork() or os.setsid()\nwhile True: pass\n# {mark}"
    with grader(code) as process:
        limit = time.monotonic() + 30
        while len(running(mark)) < 4 and time.monotonic() < limit:  # grader, bubblewrap and two inside
            time.sleep(0.1)
        assert len(running(mark)) >= 4
        process.kill()
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


@pytest.mark.parametrize("program", ["/bin/false", "no-such-program"])
def test_where_there_is_no_sandbox_nothing_runs(monkeypatch, program):
    monkeypatch.setattr(sandbox, "closed", lambda command, memory: [program])
    sandbox.available.cache_clear()
    try:
        with pytest.raises(sandbox.Refused, match=sandbox.SET_UP):
            python("print('ran')")
    finally:
        sandbox.available.cache_clear()


def test_the_readme_names_what_grading_needs():
    assert f"`{sandbox.SET_UP}`" in (ROOT / "README.md").read_text()
