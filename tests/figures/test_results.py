"""Figures of results say what they were given."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lib import figures
from lib.figures import results

CELLS = {("a", "skk"): ("broken", "99%"), ("b", "etc"): ("not broken", "1%"), ("b", "skk"): ("void", "5%")}


def words(figure):
    axis = figure.axes[0]
    ticks = [*axis.get_xticklabels(), *axis.get_yticklabels()]
    return " | ".join(text.get_text() for text in (*axis.texts, *ticks))


def test_verdicts_stand_in_their_cells_and_groups_are_parted():
    figure = results.verdicts(CELLS, {"a": "one", "b": "two"}, ["skk", "etc"], "T")
    axis = figure.axes[0]
    assert axis.get_title() == "T" and words(figure).count("·") == 1
    assert all(each in words(figure) for each in ("broken\n99%", "void\n5%", "a\n(one)", "b\n(two)"))
    fills = [tuple(patch.get_facecolor()[:3]) for patch in axis.patches]
    assert len(fills) == 3 == len(set(fills)) and [p.get_hatch() for p in axis.patches].count("//") == 1
    assert len(axis.collections[0].get_segments()) == 1


def test_intervals_reach_from_end_to_end():
    figure = results.intervals(
        {"pad": (0.0, -0.02, 0.03), "plain": (1.0, 1.0, 1.0)}, "leakage", "T", marks=(0,)
    )
    axis = figure.axes[0]
    assert list(axis.lines[0].get_xdata()) == [-0.02, 0.03] and "0.000  (-0.020 to 0.030)" in words(figure)
    assert [text.get_text() for text in axis.get_yticklabels()] == ["pad", "plain"]


def test_the_fewest_are_lowest_and_the_chosen_one_is_told_without_colour():
    figure = results.counts({"psnr": 500, "shown": 58.5, "edges": 142}, "shown", "pairs", "T")
    axis = figure.axes[0]
    assert [bar.get_width() for bar in axis.patches] == [58.5, 142, 500] and "58.5" in words(figure)
    assert [bar.get_hatch() for bar in axis.patches] == ["//", "", ""]


@pytest.mark.parametrize("figure", [
    results.verdicts(CELLS, {"a": "one", "b": "two"}, ["skk", "etc"], "T"),
    results.intervals({"pad": (0.0, -0.02, 0.03)}, "x", "T"), results.counts({"a": 1, "b": 2}, "a", "x", "T"),
], ids=["verdicts", "intervals", "counts"])  # fmt: skip
def test_each_is_drawn(figure):
    assert figures.png(figure, "An alternative that tells what is seen.").startswith(b"\x89PNG")


def test_leaks_are_darker_where_more_is_shown_and_say_so():
    rows = {"pad": {"one": -0.001, "pairs": 0.0}, "le": {"one": 0.4, "pairs": 1.02}, "odd": {"one": None}}
    figure = results.leaks(rows, ["one", "pairs"], "T")
    shades = [patch.get_facecolor()[0] for patch in figure.axes[0].patches]
    assert len(shades) == 6 and shades[0] == shades[1] == 1 > shades[2] > shades[3]
    assert words(figure).split(" | ")[:6] == ["0.00", "0.00", "0.40", "1.02", "not tried", "not tried"]


def test_reliability_has_a_panel_and_a_diagonal_for_each_attack():
    curves = {f"attack {n}": [(0.1, 0.2, 3.0), (0.9, 1.0, 1.0)] for n in range(6)} | {"never sure": []}
    figure = results.reliability(curves, "title")
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert [axis.get_title() for axis in shown] == list(curves)
    assert all(axis.lines[0].get_xdata()[1] == axis.lines[0].get_ydata()[1] == 1 for axis in shown)
    sizes = shown[0].collections[0].get_sizes()
    assert sizes[0] > sizes[1] and not shown[-1].collections


def crowd(count, near=1.0):
    """Points of which all but a few lie within some points of accuracy at one end."""
    rng = np.random.default_rng(29)
    places = {
        f"cipher {i}, a key per image, blocks of 16: by statistics *": (
            near,
            near - 0.05,
            near + 0.05,
            rng.uniform(88, 94),
            i % 2 == 0,
        )
        for i in range(count)
    }
    return places | {"pad": (0.0, -0.01, 0.01, 10.0, True), "plain": (1.0, 1.0, 1.0, 94.0, True)}


def covered(figure):
    """What names of a drawn figure cover: each other, a point, or the figure's edge."""
    canvas, axis = FigureCanvasAgg(figure), figure.axes[0]
    canvas.draw()
    boxes = {text.get_text(): Text.get_window_extent(text) for text in axis.texts}  # without its line
    bounds, marks = figure.bbox, [line for line in axis.lines if line.get_marker() in ("o", "x")]
    at = [tuple(axis.transData.transform((line.get_xdata()[0], line.get_ydata()[0]))) for line in marks]
    return (
        [(a, b) for a, b in combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]
        + [(name, place) for name, box in boxes.items() for place in at if box.contains(*place)]
        + [(name, "edge") for name, box in boxes.items() if box.x0 < bounds.x0 or box.x1 > bounds.x1
           or box.y0 < axis.bbox.y0 or box.y1 > axis.bbox.y1]
    )  # fmt: skip


@pytest.mark.parametrize("points", [
    crowd(0), crowd(8), crowd(30), crowd(12, near=0.0), crowd(5, near=0.7) | {"low": (1, 1, 1, 1.0, False)},
], ids=["two", "some", "many", "at the left", "between"])  # fmt: skip
def test_names_cover_neither_each_other_nor_a_point(points):
    figure = results.accuracy_against_leakage(points, "T", ends=("pad", "plain"))
    assert sorted(text.get_text() for text in figure.axes[0].texts) == sorted(points)
    assert covered(figure) == []


def test_names_that_are_drawn_at_their_points_are_found_to_collide():
    figure = results.accuracy_against_leakage(crowd(8), "T")
    for name in figure.axes[0].texts:
        name.set_position(name.xy)
    assert covered(figure)


def test_accuracy_stands_over_leakage_and_the_front_is_told_by_the_mark():
    points = {"pad": (0.0, -0.01, 0.02, 10.0, True), "plain": (1.0, 1.0, 1.0, 93.0, True),
              "le": (0.9, 0.8, 1.1, 92.0, False), "skk": (0.7, 0.6, 0.8, 89.0, True)}  # fmt: skip
    axis = results.accuracy_against_leakage(points, "T", ends=("pad", "plain")).axes[0]
    bars, (*marks, joined) = axis.lines[:-1:2], axis.lines[1::2] + axis.lines[-1:]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in bars] == [
        (low, high, accuracy, accuracy) for _, low, high, accuracy, _ in points.values()
    ]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [
        p[0::3] for p in points.values()
    ]
    assert [line.get_marker() for line in marks] == ["o", "o", "x", "o"]
    assert [*zip(joined.get_xdata(), joined.get_ydata())] == [(0.0, 10.0), (1.0, 93.0)]
    left = {text.get_text(): text.get_position()[0] < 0 for text in axis.texts}
    assert left == {"pad": True, "plain": False, "le": False, "skk": True}
    heights = {text.get_text(): text.get_position()[1] for text in axis.texts}
    assert heights["plain"] > heights["le"] and heights["skk"] > heights["pad"]
