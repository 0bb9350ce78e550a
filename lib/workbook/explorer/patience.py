"""Work that may take so long and no longer, but for what Numba compiles meanwhile, once on a machine."""

import ctypes
import threading
import time
from contextlib import contextmanager

from numba.core import event


class Compiling(event.Listener):
    """Counts the seconds that this thread compiles."""

    def __init__(self):
        self.thread, self.depth, self.started, self.ended = threading.get_ident(), 0, 0.0, 0.0

    def on_start(self, event: event.Event) -> None:
        """A compilation begins, perhaps within another."""
        if threading.get_ident() == self.thread:
            self.started += time.perf_counter() * (self.depth == 0)
            self.depth += 1

    def on_end(self, event: event.Event) -> None:
        """It ends."""
        if threading.get_ident() == self.thread:
            self.depth -= 1
            self.ended += time.perf_counter() * (self.depth == 0)

    def seconds(self) -> float:
        """So far."""
        return self.ended - self.started + (time.perf_counter() if self.depth else 0.0)


@contextmanager
def within(seconds: float):
    """TimeoutError for what runs inside and takes longer, at its next line of Python, in any thread."""
    thread, lock, over, compiling = threading.get_ident(), threading.Lock(), [], Compiling()
    started = time.perf_counter()

    def ring():
        with lock:
            left = seconds - (time.perf_counter() - started - compiling.seconds())
            if not over and left > 0:
                wait(left)
            elif not over:
                error = ctypes.py_object(TimeoutError)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)

    def wait(left):
        timer = threading.Timer(left, ring)
        timer.daemon = True
        timer.start()

    event.register("numba:compile", compiling)
    wait(seconds)
    try:
        yield
    finally:
        with lock:
            over.append(True)
        event.unregister("numba:compile", compiling)
