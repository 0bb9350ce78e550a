"""Python imports this when it starts, in every process whose PYTHONPATH begins with this folder: what is told
in the environment then befalls the files that `lib.atomic` writes.

    FAULT_ROOM=4096   the disk is full once the files below the working folder of the process that was started
                      hold so many bytes: what fits is written, and no more
    FAULT_KILL=2      SIGKILL in the midst of writing the second file
    FAULT_LINK=1      SIGKILL before the first file that is whole gets its name
"""

import errno
import io
import os
import signal
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path

ROOM, KILL, LINK = (int(os.environ.get(f"FAULT_{name}", 0)) for name in ("ROOM", "KILL", "LINK"))
NAMED = __name__ == "sitecustomize"  # not where pytest looks for doctests, which must not meet with anything
DISK = Path(os.environ.setdefault("FAULT_DISK", str(Path.cwd())) if NAMED else "")
true_fdopen, true_link, files, links = os.fdopen, os.link, count(1), count(1)


class Faulty(io.FileIO):
    """A file that is open for writing."""

    def __init__(self, *given):
        super().__init__(*given)
        self.deadly = next(files) == KILL

    def write(self, data):
        if self.deadly:
            super().write(memoryview(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        if ROOM:
            taken = size_of(DISK)
            if taken >= ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            data = memoryview(data)[: ROOM - taken]
        return super().write(data)


def size_of(folder):
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # gone by now, by another process
            total += path.stat().st_size if path.is_file() else 0
    return total


def fdopen(fd, mode="r", *more, **options):
    if mode == "wb" and stat.S_ISREG(os.fstat(fd).st_mode):
        return io.BufferedWriter(Faulty(fd, mode))
    return true_fdopen(fd, mode, *more, **options)


def link(*paths, **options):
    if next(links) == LINK:
        os.kill(os.getpid(), signal.SIGKILL)
    true_link(*paths, **options)


if NAMED:
    os.fdopen, os.link = fdopen, link
