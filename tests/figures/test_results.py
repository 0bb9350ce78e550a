"""Figures of results say what they were given."""

import pytest

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
