"""The bench of the speed run: what it counts, and that rows are of what they say."""

import pytest
import torch

from lib.training import has_bfloat16
from lib.training.machine import CPU
from lib.workbook import training_speed


def test_operations_are_those_of_the_convolutions_counted_by_hand():
    widths, side, total = (8, 12, 16), 16, 0
    total += 2 * 24 * 12 * 15 * 15  # whitening, forward alone: nothing behind it is trained but its bias
    into, at = 24, 15
    for width in widths:
        for channels, size in ((into, at), (width, at // 2)):
            total += 2 * width * channels * 9 * size**2 * 3  # forward, and back for inputs and for weights
        into, at = width, at // 2
    total += 2 * 16 * 10 * 3
    assert training_speed.operations(widths, side) == pytest.approx(total, rel=0.02)


def test_there_is_a_row_for_each_body_number_and_count_of_threads():
    rows = training_speed.speeds(images=40, side=16, matrix=64)
    kinds = ["float32", "float32", *["bfloat16"] * 2 * has_bfloat16(CPU)]
    assert [(row["tier"], row["number"], row["threads"]) for row in rows] == [
        (tier, kind, 1 + i % 2) for tier in ("table", "fast94") for i, kind in enumerate(kinds)
    ]
    assert all(row["images_per_second"] > 0 and row["share of multiplying"] > 0 for row in rows)


def test_multiplying_leaves_the_callers_threads_alone():
    before = torch.get_num_threads()
    assert training_speed.multiplying(torch.float32, 1, 32) > 0 and torch.get_num_threads() == before
