"""Runs a program that is not trusted: it reads Python, this package and `data/`, writes memory only, and
reaches no network.

Linux's namespaces do it, through `unshare` of util-linux: a file system of its own without home, course or
gradebook, in which everything is read-only but 512 MB of scratch memory; no network but its own; no process
but its own; no privilege, as a user who owns nothing where root starts it, else as the caller without rights
outside. Beside it a watch ends the lot after a time, beyond an amount of memory, of processes
(`jail.PROCESSES`) or of output. Where namespaces are not to be had `Refused` is raised: nothing runs
unprotected.

What it does not stop: a hole in the kernel, and a program that only pretends to have done its work.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.workbook.classroom import jail
from lib.workbook.lessons import ROOT

OUTPUT = 64 << 20  # bytes that a program may print
SYSTEM = (
    "/usr",
    "/bin",
    "/lib",
    "/lib64",
    "/lib32",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
)


class Refused(RuntimeError):
    """This machine offers no sandbox."""


@dataclass(frozen=True)
class Run:
    """What came of it: its standard output, and why it was ended, empty where it ended by itself."""

    output: bytes
    ended: str


def run(command: list[str], given: bytes = b"", seconds: float = 300, memory: int = 4 << 30) -> Run:
    """Run `command` (argv[0] an absolute path) in the sandbox, `given` as its standard input.

    seconds  of the clock, for all of it
    memory   bytes: of each process (RLIMIT_DATA), and resident in all of them together

    Refused where there is no sandbox on this machine.
    """
    available()
    return _run(command, given, seconds, memory)


@cache
def available() -> None:
    """Pass where the sandbox works on this machine; else Refused, with what is missing."""
    try:
        probe = _run([sys.executable, "-c", "print('inside')"], b"", 60, 1 << 30)
    except (OSError, AttributeError) as error:
        raise Refused(f"{error}. {_WAY_OUT}") from None
    if probe.output != b"inside\n":
        raise Refused(f"unshare failed: {probe.ended or 'no output'}. {_WAY_OUT}")


_WAY_OUT = (
    "Submissions are run only inside Linux's namespaces, which this machine does not offer. Grade on Linux 5.12 or newer, where "
    "`unshare --user --map-root-user true` works, or as root of a virtual machine"
)


def _run(command, given, seconds, memory) -> Run:
    with (
        tempfile.TemporaryDirectory() as root,
        tempfile.TemporaryFile() as into,
        tempfile.TemporaryFile() as out,
    ):
        into.write(given)
        into.seek(0)
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                _closed(command, root, memory), stdin=into, stdout=out, stderr=errors, env={}
            )
            try:
                ended = _watch(process, out, seconds, memory)
            finally:
                _end(process)
            errors.seek(0)
            ended = ended or _too_much(out) or (_said(errors.read()) if process.returncode else "")
        out.seek(0)
        return Run(out.read(OUTPUT), ended)


def _end(process) -> None:
    """Kill `unshare` and what it started: with the first process inside, all of the namespace goes."""
    import psutil

    try:
        inside = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        inside = []
    for each in (process, *inside):
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            each.kill()
    process.wait()


def _said(errors: bytes) -> str:
    """Why it failed; what `unshare` says when a signal ended the first process inside is no help to
    anybody."""
    text = errors[-500:].decode(errors="replace").strip()
    return "it was killed" if not text or "sigprocmask" in text else text


def _closed(command, root, memory) -> list[str]:
    wanted = {
        "read": readable(),
        "root": root,
        "memory": memory,
        "user": 1 << 30 | os.getpid(),  # a number for each run: the kernel counts processes by user
        "command": command,
        "environment": {
            **{
                "HOME": "/tmp",
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "USER": "student",
                "PYTHONUTF8": "1",
                "PYTHONPATH": str(ROOT),
            },
            **{"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "PYTHONDONTWRITEBYTECODE": "1"},
        },
    }
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return [
        *("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", *as_root),
        *(sys.executable, "-I", jail.__file__, json.dumps(wanted)),
    ]


def readable() -> list[str]:
    """What the program may read: the system's programs, Python, this package and its data; a folder once,
    parents first."""
    python = [Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.executable)).parent.parent]
    wanted = [Path(path) for path in SYSTEM] + python + [ROOT / "lib", ROOT / "data"]
    kept: list[Path] = []
    for path in sorted({path for path in wanted if os.path.lexists(path)}, key=lambda path: len(path.parts)):
        if path.is_symlink() or not any(
            path.is_relative_to(other) for other in kept if not other.is_symlink()
        ):
            kept.append(path)
    return [str(path) for path in kept]


def _too_much(out) -> str:
    """That it printed too much, if so: a fast one is through before the watch looks again."""
    return f"it printed more than {OUTPUT >> 20} MB" if os.fstat(out.fileno()).st_size > OUTPUT else ""


def _watch(process, out, seconds, memory) -> str:
    """Wait for the end; why it has to come now, if so."""
    import psutil

    limit = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > limit:
            return f"it took more than {seconds:.0f} s"
        if told := _too_much(out):
            return told
        resident, count = 0, 0
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                resident, count = resident + child.memory_info().rss, count + 1
            except psutil.NoSuchProcess:
                continue
        if resident > memory:
            return f"it took more than {memory / 2**30:.1f} GB of memory"
        if count > jail.PROCESSES:
            return f"it started more than {jail.PROCESSES} processes"
        time.sleep(0.1)
    return ""
