"""Figures of results: verdicts of attacks on schemes, numbers with intervals, measures compared.

Each returns the figure; `lib.figures.show` displays it with its text alternative.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lib.figures import COLOURS, new

FILLS = {"broken": ("#222222", "white"), "not broken": ("#c8c8c8", "black"), "void": ("white", "black")}


def verdicts(
    cells: Mapping[tuple[str, str], tuple[str, str]],
    rows: Mapping[str, str],
    columns: Sequence[str],
    title: str,
) -> Figure:
    """A grid of {(row, column): (verdict, words)}: dark for broken, grey for not broken, hatched for void, a
    dot where there is no cell. `rows` gives each row its group; lines part them, first rows name them."""
    figure, axis = new(11, 1.3 + 0.42 * len(rows))
    names, groups = list(rows), list(rows.values())
    first = [y for y, group in enumerate(groups) if y == 0 or group != groups[y - 1]]
    for y, row in enumerate(names):
        for x, column in enumerate(columns):
            _verdict(axis, x, y, cells.get((row, column)))
    axis.hlines([y - 0.5 for y in first[1:]], -0.5, len(columns) - 0.5, color="black", linewidth=1.5)
    labels = [f"{name}\n({group})" if y in first else name for y, (name, group) in enumerate(rows.items())]
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), title=title)
    axis.set_yticks(range(len(rows)), labels, fontsize=8)
    axis.set_xticks(range(len(columns)), columns, fontsize=9)
    axis.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axis.grid(False)
    return figure


def _verdict(axis, x, y, cell):
    centred = {"ha": "center", "va": "center"}
    if cell is None:
        axis.text(x, y, "·", fontsize=14, **centred)
        return
    verdict, words = cell
    fill, ink = FILLS[verdict]
    hatch = "//" if verdict == "void" else ""
    axis.add_patch(
        Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=fill, edgecolor="#555555", hatch=hatch)
    )
    box = {"facecolor": fill, "edgecolor": "none", "pad": 1}
    axis.text(x, y, f"{verdict}\n{words}", fontsize=7.5, color=ink, bbox=box, **centred)


def intervals(
    values: Mapping[str, tuple[float, float, float]], x: str, title: str, marks: Sequence[float] = ()
) -> Figure:
    """A marker for each (value, low, high), a line from low to high, the numbers beside; dotted lines at
    `marks`."""
    figure, axis = new(8, 1.1 + 0.36 * len(values))
    for y, (value, low, high) in enumerate(values.values()):
        axis.plot([low, high], [y, y], color="black", linewidth=2)
        axis.plot(value, y, "o", color=COLOURS[0], markersize=6)
        shown = [f"{round(number, 3) + 0:.3f}" for number in (value, low, high)]
        axis.text(1.02, y, "{}  ({} to {})".format(*shown), va="center", fontsize=9,
                  transform=axis.get_yaxis_transform())  # fmt: skip
    for mark in marks:
        axis.axvline(mark, color="black", linestyle=":", linewidth=1)
    axis.set_yticks(range(len(values)), list(values))
    axis.set(xlabel=x, title=title, ylim=(len(values) - 0.5, -0.5))
    axis.grid(False, axis="y")
    return figure


def counts(values: Mapping[str, float], chosen: str, x: str, title: str) -> Figure:
    """A horizontal bar a name, the smallest at the bottom, its number beside; the chosen one is hatched."""
    ordered = sorted(values.items(), key=lambda item: item[1])
    figure, axis = new(7.5, 0.9 + 0.34 * len(values))
    names = [name for name, _ in ordered]
    colours = [COLOURS[0] if name == chosen else COLOURS[5] for name in names]
    bars = axis.barh(names, [value for _, value in ordered], color=colours, edgecolor="black", linewidth=0.5)
    for name, bar in zip(names, bars):
        bar.set_hatch("//" if name == chosen else "")
    axis.bar_label(bars, [f"{value:g}" for _, value in ordered], padding=3, fontsize=9)
    axis.set(xlabel=x, title=title)
    axis.margins(x=0.12)
    axis.grid(False)
    return figure


def leaks(
    values: Mapping[str, Mapping[str, float]], columns: Sequence[str], title: str, empty: str = "not tried"
) -> Figure:
    """A grid of leaks {row: {column: leak}}: white for 0, dark for 1, the number in each; `empty` where there
    is none."""
    figure, axis = new(9, 1.1 + 0.27 * len(values))
    for y, row in enumerate(values.values()):
        for x, column in enumerate(columns):
            leak = row.get(column)
            fill = "white" if leak is None else str(1 - 0.85 * min(max(leak, 0), 1))
            axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=fill, edgecolor="#555555", lw=0.5))
            words = empty if leak is None else f"{round(leak, 2) + 0:.2f}"
            ink = "#555555" if leak is None else "white" if leak > 0.55 else "black"
            axis.text(x, y, words, fontsize=8, color=ink, ha="center", va="center")
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(values) - 0.5, -0.5), title=title)
    axis.set_yticks(range(len(values)), list(values), fontsize=8)
    axis.set_xticks(range(len(columns)), columns, fontsize=9)
    axis.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axis.grid(False)
    return figure


_PLOT = 5.6  # inches of an axis of leakage from -0.2 to 1.2
_NAME, _LINE = 0.078, 0.2  # inches that a letter and a line of a name take
_FAR = 0.85  # of leakage, from which on a point has its name at the right


def reliability(curves: Mapping[str, Sequence[tuple[float, float, float]]], title: str) -> Figure:
    """A panel for each attack: points (confidence, share right, weight), the larger the more parts; on the
    dashed line as many are right as were said to be, above it more."""
    columns = 5
    rows = -(-len(curves) // columns)
    figure, axes = new(11, 2.3 * rows, columns, rows, title, sharex=True, sharey=True, squeeze=False)
    for axis, name in zip(axes.flat, curves):
        axis.plot((0, 1), (0, 1), color="#777777", linestyle="--", linewidth=1)
        if curves[name]:
            sure, right, weight = np.array(curves[name]).T
            size = 12 + 90 * weight / weight.max()
            axis.plot(sure, right, color="black", linewidth=1)
            axis.scatter(sure, right, s=size, color="black", zorder=3)
        axis.set_title(name, fontsize=9)
        axis.set(xlim=(-0.07, 1.07), ylim=(-0.07, 1.07))
    for axis in axes.flat[len(curves) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("right")
    for at, axis in enumerate(axes.flat[: len(curves)]):
        if at + columns >= len(curves):
            axis.set_xlabel("confidence")
            axis.tick_params(labelbottom=True)
    return figure


def accuracy_against_leakage(
    points: Mapping[str, tuple[float, float, float, float, bool]], title: str, ends: Sequence[str] = ()
) -> Figure:
    """Accuracy over leakage to ciphertexts alone: {name: (leakage, low, high, per cent of accuracy, front)}.

    A disc is on the front, a cross is not; a bar reaches from low to high. A name stands in a column at the
    right if its point is near full leakage, and else at the left, in the order of accuracy, a line of text at
    least from the next, with a thin line to its point. A dotted line joins the `ends`, two of the names.
    """
    left = [name for name in points if points[name][0] < _FAR]
    right = [name for name in points if name not in left]
    widths = [_NAME * max(map(len, names), default=0) for names in (left, right)]
    height = max(5.0, 1.2 + _LINE * max(len(left), len(right)))
    figure, axis = new(_PLOT + sum(widths) + 0.6, height)
    for leakage, low, high, accuracy, front in points.values():
        axis.plot([low, high], [accuracy, accuracy], color="black", linewidth=2)
        mark = {"marker": "o", "color": COLOURS[0]} if front else {"marker": "x", "color": COLOURS[1]}
        axis.plot(leakage, accuracy, markersize=7, markeredgewidth=2, linestyle="", **mark)
    if ends:
        axis.plot(*zip(*[(points[name][0], points[name][3]) for name in ends]), ":", color="black", lw=1)
    beside = [width * 1.4 / _PLOT for width in widths]
    axis.set(xlim=(-0.2 - beside[0], 1.2 + beside[1]), ylim=(0, 100), title=title)
    for names, at, side in ((left, -0.2, "right"), (right, 1.2, "left")):
        _names(axis, {name: points[name][0::3] for name in names}, at, side, 100 * _LINE / (height - 1.2))
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axis.set_xlabel("leakage to ciphertexts alone: 0 is a one-time pad, 1 is plain pictures")
    axis.set_ylabel("test accuracy, per cent")
    axis.grid(False)
    return figure


def _names(axis, places, at, side, step):
    """Names of places (x, y) in a column, as near to these heights as `step` between them allows."""
    from scipy.optimize import isotonic_regression

    if not places:
        return
    ordered = sorted(places, key=lambda name: places[name][1])
    steps = step * np.arange(len(ordered))
    heights = isotonic_regression([places[name][1] for name in ordered] - steps).x
    heights = np.clip(heights, 2, 98 - steps[-1]) + steps
    line = {"arrowstyle": "-", "color": "#777777", "linewidth": 0.7, "shrinkA": 2, "shrinkB": 6}
    line["relpos"] = (side == "right", 0.5)  # where it leaves the name
    for name, height in zip(ordered, heights):
        axis.annotate(name, places[name], (at, height), ha=side, va="center", fontsize=9,
                      arrowprops=line)  # fmt: skip
