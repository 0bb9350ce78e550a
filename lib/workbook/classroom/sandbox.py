"""Runs a program that is not trusted: it reads Python, this package and `data/`, and reaches no network.

bubblewrap does it, with Linux's namespaces: a file system of its own without home, course or gradebook, in
which all is read-only but 512 MB of scratch memory; no network, no process but its own; no privilege, as a
user who owns nothing where root starts it, else as the caller without rights outside. Beside it a watch ends
the lot after a time, beyond an amount of memory, of processes or of output. Where that is not to be had
`Refused` is raised: nothing runs unprotected.

What it does not stop: a hole in the kernel, and a program that only pretends to have done its work.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from lib.workbook.lessons import ROOT

SET_UP = "apt-get install -y make python3-venv bubblewrap"
OUTPUT = 64 << 20  # bytes that a program may print
PROCESSES = 64  # the watch ends at more
SYSTEM = "/usr /bin /lib /lib64 /lib32 /sbin /etc/ld.so.cache /etc/fonts /etc/localtime"
NAMESPACES = "--unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try"
SCRATCH = f"--proc /proc --perms 1777 --size {512 << 20} --tmpfs /tmp --symlink /tmp /dev/shm"
LIMITS = f"--nproc=256 --fsize={1 << 28} --core=0 --nofile=1024"  # prlimit(1)
ENVIRONMENT = {
    "HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "student", "PYTHONUTF8": "1",
    "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive",
}  # fmt: skip


class Refused(RuntimeError):
    """This machine offers no sandbox."""


@dataclass(frozen=True)
class Run:
    """What came of it: its standard output, and why it was ended, empty where it ended by itself."""

    output: bytes
    ended: str


def run(command: list[str], given: bytes = b"", seconds: float = 300, memory: int = 4 << 30) -> Run:
    """Run `command` (argv[0] an absolute path) in the sandbox, `given` as its standard input; else Refused.

    seconds  of the clock, for all of it
    memory   bytes: of each process (RLIMIT_DATA), and resident in all of them together
    """
    available()
    return _run(closed(command, memory), given, seconds, memory)


@cache
def available() -> None:
    """Pass where the sandbox works on this machine; else Refused, with what is missing."""
    failed = "it is not installed"
    with suppress(FileNotFoundError):
        probe = _run(closed([sys.executable, "-c", "print('inside')"], 1 << 30), b"", 60, 1 << 30)
        if probe.output == b"inside\n":
            return
        failed = f"it failed: {probe.ended or 'no output'}"
    way = "grade where `bwrap --unshare-all --ro-bind / / true` works, or as root of a virtual machine"
    only = f"Submissions are run only inside bubblewrap, and {failed}"
    raise Refused(f"{only}. On Debian 12 or newer: {SET_UP}; then {way}")


def closed(command: list[str], memory: int) -> list[str]:
    """The command line that closes a sandbox around `command`.

    The first process inside has the standard output open, and ends with bubblewrap. Where root calls it is
    bubblewrap's own, for root without capabilities cannot end another user's; else it is `command`, for
    who runs under the same user could write to what bubblewrap's has open.
    """
    if os.geteuid() == 0:
        around = f"{NAMESPACES} --cap-add CAP_SETUID --cap-add CAP_SETGID"
        user = 1 << 30 | os.getpid()  # a number for each run: the kernel counts processes by user
        within = f"setpriv --reuid {user} --regid {user} --clear-groups"
    else:
        around, within = f"{NAMESPACES} --unshare-user --disable-userns --as-pid-1", ""
    seen = ["--dir", "/dev"]
    for path in readable():
        # made by itself, a folder on the way there would be root's alone
        seen += [word for folder in [*path.parents][-2::-1] for word in ("--dir", str(folder))]
        seen += ["--ro-bind-try", str(path), str(path)]
    for device in ("null", "zero", "full", "random", "urandom"):
        seen += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    seen += f"{SCRATCH} --symlink /proc/self/fd /dev/fd --remount-ro / --chdir /tmp --".split()
    limits = f"{within} prlimit --data={memory} {LIMITS}"
    return [*f"bwrap --die-with-parent --new-session {around}".split(), *seen, *limits.split(), *command]


def readable() -> list[Path]:
    """What the program may read: the system's programs, Python, this package and its data; parents first."""
    python = [Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.executable)).parent.parent]
    wanted = {*map(Path, SYSTEM.split()), *python, ROOT / "lib", ROOT / "data"}
    return sorted(wanted, key=lambda path: (len(path.parts), path))


def _run(line, given, seconds, memory) -> Run:
    files = tempfile.TemporaryFile
    with files() as into, files() as out, files() as errors:
        into.write(given)
        into.seek(0)
        process = subprocess.Popen(line, stdin=into, stdout=out, stderr=errors, env=ENVIRONMENT)
        try:
            ended = _watch(process, out, seconds, memory)
        finally:  # with the first process inside, all of the namespace goes
            for each in (*_inside(process), process) if process.poll() is None else ():
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            process.wait()
        errors.seek(0)
        said = errors.read()[-500:].decode(errors="replace").strip() or "it was killed"
        out.seek(0)
        return Run(out.read(OUTPUT), ended or _too_much(out) or (said if process.returncode else ""))


def _inside(process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def _too_much(out) -> str:
    """That it printed too much, if so: a fast one is through before the watch looks again."""
    return f"it printed more than {OUTPUT >> 20} MB" if os.fstat(out.fileno()).st_size > OUTPUT else ""


def _watch(process, out, seconds, memory) -> str:
    """Wait for the end; why it has to come now, if so."""
    limit = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > limit:
            return f"it took more than {seconds:.0f} s"
        if told := _too_much(out):
            return told
        resident, count = 0, 0
        for child in _inside(process):
            with suppress(psutil.NoSuchProcess):
                resident, count = resident + child.memory_info().rss, count + 1
        if resident > memory:
            return f"it took more than {memory / 2**30:.1f} GB of memory"
        if count > PROCESSES:
            return f"it started more than {PROCESSES} processes"
        time.sleep(0.1)
    return ""
