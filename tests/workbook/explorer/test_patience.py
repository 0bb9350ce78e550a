"""Time limits: they hold in any thread, end with their block, and let Numba compile."""

import threading
import time

import pytest
from numba.core import event

from lib.workbook.explorer import patience
from lib.workbook.explorer.patience import Compiling, within


def test_time_limits_hold_in_any_thread_and_end_with_their_block():
    ended = []

    def work():
        try:
            with within(0.1):
                while True:
                    time.sleep(0.005)
        except TimeoutError:
            ended.append("stopped")
        with within(0.1):
            pass
        time.sleep(0.2)
        ended.append("alive")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert ended == ["stopped", "alive"]


def test_a_timer_that_rings_too_late_stops_nothing(monkeypatch):
    rings = []

    class Late(threading.Timer):
        def __init__(self, seconds, ring):
            super().__init__(seconds, ring)
            rings.append(ring)

    monkeypatch.setattr(patience.threading, "Timer", Late)
    with within(60):
        pass
    rings[0]()
    assert sum(range(1000)) == 499500, "still here"


def test_compilation_does_not_count():
    with within(0.2):
        with event.trigger_event("numba:compile"), event.trigger_event("numba:compile"):
            time.sleep(0.5)
        time.sleep(0.02)
    with pytest.raises(TimeoutError), within(0.2):
        with event.trigger_event("numba:compile"):
            time.sleep(0.3)
        for _ in range(1000):
            time.sleep(0.01)


def test_what_another_thread_compiles_counts_for_that_thread():
    compiling = Compiling()
    other = threading.Thread(target=compiling.on_start, args=(None,))
    other.start()
    other.join()
    assert compiling.seconds() == 0
    compiling.on_start(None)
    time.sleep(0.05)
    compiling.on_end(None)
    assert 0.05 <= compiling.seconds() < 5
