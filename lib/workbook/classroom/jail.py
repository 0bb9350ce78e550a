"""Closes namespaces around one program. Started by `lib.workbook.classroom.sandbox` as the first process in
them, as a script.

Arguments, as JSON: `read`, paths that the program may read; `root`, an empty folder to build its file system
in; `memory` in bytes; `user`, the number of a user that owns nothing, for where root calls; `command`;
`environment`. Nothing else of the machine can be named from inside, and nothing there can be written but an
in-memory file system that ends with the program. Imports nothing of `lib`, for it runs before there is
anything to protect it.
"""

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
NOSUID, NODEV, NOEXEC, BIND, RECURSIVE = 2, 4, 8, 4096, 16384  # mount(2)
# mount_setattr(2), Linux 5.12: adds flags, takes none away
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
READ_ONLY_NOSUID_NODEV = (ctypes.c_uint64 * 4)(1 | 2 | 4, 0, 0, 0)
NO_NEW_PRIVILEGES, DROP_FROM_BOUNDING_SET, PARENT_DEATH_SIGNAL = 38, 24, 1  # prctl(2)
SET_FLAGS = 0x8914  # netdevice(7)
SCRATCH = "size=512m,mode=755"
THREADS = 256  # the kernel refuses more, of this user, where it counts them
PROCESSES = 64  # the watch ends at more


def checked(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: Path, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [text if text is None else str(text).encode() for text in (source, target, kind, data)]
    checked(LIBC.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def bind(path: Path, root: Path, read_only: bool = True) -> None:
    """`path` as it is, below `root`, with all that is mounted inside it; a link becomes the same link."""
    target = root / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    target.mkdir() if path.is_dir() else target.touch()
    mount(path, target, None, BIND | RECURSIVE)
    if read_only:
        attributes = (
            MOUNT_SETATTR,
            AT_FDCWD,
            str(target).encode(),
            AT_RECURSIVE,
            READ_ONLY_NOSUID_NODEV,
            ctypes.c_size_t(32),
        )
        checked(LIBC.syscall(*attributes), f"read-only {target}")


def build(root: Path, read: list[str]) -> None:
    """A file system of the paths to read, a few devices, this namespace's processes, and scratch space."""
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, SCRATCH)
    for path in map(Path, read):
        bind(path, root)
    for name in ("null", "zero", "full", "random", "urandom"):
        bind(Path("/dev", name), root, read_only=False)
    for name in ("proc", "tmp", "dev/shm"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "dev/shm"):
        (root / name).chmod(0o1777)
    (root / "dev/fd").symlink_to("/proc/self/fd")
    mount("proc", root / "proc", "proc", NOSUID | NODEV | NOEXEC)


def enter(root: Path) -> None:
    """Make `root` the whole file system; the old one is unmounted, so there is no way back to it."""
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "."], check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
    checked(LIBC.umount2(b".", 2), "leave the old file system")  # 2: as soon as nobody is in it
    os.chdir("/tmp")


def loopback() -> None:
    """Let processes inside talk to each other, which kernels do; the namespace has no other interface."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh22x", b"lo", 1))


def give_up(memory: int, user: int) -> None:
    """Drop every privilege for good, and take limits; a process of root's becomes `user`'s."""
    for capability in range(64):
        LIBC.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    limits = {"DATA": memory, "FSIZE": 1 << 28, "CORE": 0, "NPROC": THREADS, "NOFILE": 1024}
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    # root itself, not root of a user namespace
    if Path("/proc/self/uid_map").read_text().split()[2] == "4294967295":
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    checked(LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    # another user: forgotten
    checked(LIBC.prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0), "end with the parent")


def main() -> None:
    wanted = json.loads(sys.argv[1])
    build(Path(wanted["root"]), wanted["read"])
    enter(Path(wanted["root"]))
    loopback()
    give_up(wanted["memory"], wanted["user"])
    os.closerange(3, 1024)
    os.execve(wanted["command"][0], wanted["command"], wanted["environment"])


if __name__ == "__main__":
    main()
