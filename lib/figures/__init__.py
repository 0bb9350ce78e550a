"""The few pictures that lessons share. Each has titles, works in grey, and carries a text alternative in the
output's metadata, where the HTML pages and screen readers find it. Only this module imports matplotlib.
"""

import html
import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from lib.atomic import whole_file

DPI = 80
STYLE = {"font.size": 10, "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False,
         "axes.spines.right": False}  # fmt: skip
# Dark to light, and a line style and a marker each, so that no picture needs colour to be read.
COLOURS = ("#1b3a5c", "#b5542c", "#6b8e23", "#8a6fb0", "#2a9d9d", "#999999")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKERS = ("o", "s", "^", "D", "v", "x")


def show(figure: Figure, alt: str) -> None:
    """Display a figure in a notebook with the text alternative `alt`."""
    from IPython.display import Image, display

    display(Image(png(figure, alt), alt=alt))


def save(figure: Figure, path: Path, alt: str) -> None:
    """Write a figure as PNG, whole, its text alternative in the file's text chunk "Description"."""
    with whole_file(path, overwrite=True) as file:
        file.write(png(figure, alt, Description=alt))


def png(figure: Figure, alt: str, **texts) -> bytes:
    """A figure as a PNG file, text chunks by name; ValueError for an `alt` too short to tell anything."""
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    if len(alt) < 20:
        raise ValueError(f"a text alternative says in a sentence what is to be seen, got {alt!r}")
    drawn, packed, chunks = io.BytesIO(), io.BytesIO(), PngInfo()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    figure.savefig(drawn, format="png", dpi=DPI)
    picture = Picture.open(drawn).convert("RGB")  # pictures of noise are most of a lesson's size
    picture.save(packed, "PNG", optimize=True, pnginfo=chunks)
    return packed.getvalue()


def new(width: float = 7.5, height: float = 3.2, columns: int = 1, rows: int = 1, title: str = "", **options):
    """(figure, axes): `width` x `height` inches in all; axes as an array where there are several."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        if title:
            figure.suptitle(title, fontsize=11)
        return figure, figure.subplots(rows, columns, **options)


def pictures(
    images: Mapping[str, np.ndarray], alt: str, columns: int = 4, size: float = 1.9, title: str = ""
) -> None:
    """Images under their names, in rows of `columns`: (h, w, 3) or grey (h, w) uint8, pixels as squares."""
    show(picture_grid(images, columns, size, title), alt)


def picture_grid(
    images: Mapping[str, np.ndarray], columns: int = 4, size: float = 1.9, title: str = ""
) -> Figure:
    """The figure of `pictures`, `size` inches for each image."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = (size + 0.3) * rows + (0.35 if title else 0)
    figure, axes = new(size * columns, height, columns, rows, title, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (name, image) in zip(axes.flat, images.items()):
        _picture(axis, image, name)
    return figure


def matrices(
    arrays: Mapping[str, np.ndarray], x: str, y: str, alt: str, title: str = "", top: float | None = None,
    bottom: float = 0.0,
) -> None:  # fmt: skip
    """Matrices side by side under their names, white for `bottom`, black for `top` or their largest value."""
    figure, axes = new(3.4 * len(arrays), 3.7, len(arrays), 1, title, squeeze=False)
    for axis, (name, array) in zip(axes.flat, arrays.items()):
        limits = {"vmin": bottom, "vmax": top or np.max(array)}
        shown = axis.imshow(array, cmap="Greys", interpolation="nearest", **limits)
        axis.set(title=name, xlabel=x, ylabel=y)
        figure.colorbar(shown, ax=axis, shrink=0.8)
    show(figure, alt)


def after_each_step(image: np.ndarray, steps: Mapping, alt: str, **options) -> None:
    """The picture after each step of a scheme: `steps` as `scheme.steps(image.shape)` gives them."""
    shown, current = {"plain": image}, image
    for number, (name, table) in enumerate(steps.items(), 1):
        current = table.apply(current)
        shown[f"{number}. {name}"] = current
    pictures(shown, alt, **options)


def curves(series: Mapping[str, tuple], x: str, y: str, alt: str, title: str = "", log_x: bool = False,
           ylim: tuple | None = None) -> None:  # fmt: skip
    """Lines (xs, ys) by name, told apart by style and marker as well as by colour."""
    figure, axis = new(6.5, 3.6)
    for i, (name, (xs, ys)) in enumerate(series.items()):
        axis.plot(xs, ys, label=name, **_line(i))
    axis.set(xlabel=x, ylabel=y, title=title, ylim=ylim)
    if log_x:
        places = sorted({place for xs, _ in series.values() for place in xs})
        axis.set_xscale("log")
        axis.set_xticks(places, [f"{place:g}" for place in places])
        axis.minorticks_off()
    axis.legend(frameon=False, fontsize=9)
    show(figure, alt)


def panels(panels: Mapping[str, Mapping], x: str, ticks: Sequence[str], title: str = "", **options) -> Figure:
    """A panel for each name: lines {name: {tick: (mean, least, most)}} with bars, over even ticks. A line
    looks alike in all panels that have it; options are those of `new`."""
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new(max(3.7 * columns, 5), 3.1 * rows + 0.7, columns, rows, title, squeeze=False,
                       **options)  # fmt: skip
    names = list(dict.fromkeys(line for lines in panels.values() for line in lines))
    handles = {}
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis, (name, lines) in zip(axes.flat, panels.items()):
        for line, points in lines.items():
            i, (mean, least, most) = names.index(line), np.array(list(points.values())).T
            places = [ticks.index(at) + 0.06 * (i - (len(names) - 1) / 2) for at in points]
            spread = [mean - least, most - mean]
            handles[line] = axis.errorbar(places, mean, spread, capsize=3, **_line(i))
        axis.set_xticks(range(len(ticks)), ticks)
        axis.set(xlabel=x, title=name)
    if len(names) > 1:
        shown = [handles[name] for name in names]
        figure.legend(shown, names, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return figure


def histograms(images: Mapping[str, np.ndarray], alt: str, title: str = "") -> None:
    """How often each of the 256 values occurs in each image, all channels together; one panel an image."""
    figure, axes = new(2.5 * len(images), 2.4, len(images), 1, title, squeeze=False, sharey=True)
    for axis, (name, image) in zip(axes.flat, images.items()):
        _histogram(axis, image)
        axis.set(title=name, xlabel="value")
    axes.flat[0].set_ylabel("per cent of values")
    show(figure, alt)


def over_histograms(images: Mapping[str, np.ndarray | None], title: str = "") -> Figure:
    """Images in a row, (h, w, 3) or grey (h, w) uint8, each above its histogram; None leaves its place."""
    figure, axes = new(2.6 * len(images), 4.1, len(images), 2, title, squeeze=False, height_ratios=(2.3, 1))
    for (above, below), (name, image) in zip(axes.T, images.items()):
        above.set_title(textwrap.fill(name, 36), fontsize=9)
        above.axis("off")
        if image is None:
            below.axis("off")
            continue
        _picture(above, image, textwrap.fill(name, 36))
        _histogram(below, image)
        below.set(xlabel="value of a byte")
    axes[1, 0].set_ylabel("per cent of bytes")
    return figure


def bars(values: Mapping[str, float], x: str, alt: str, title: str = "", log_x: bool = False) -> None:
    """A horizontal bar for each name, its value beside it."""
    figure, axis = new(6.5, 0.8 + 0.33 * len(values))
    names = list(values)[::-1]
    drawn = axis.barh(names, [values[name] for name in names], color=COLOURS[0], log=log_x)
    axis.bar_label(drawn, [_text(values[name]) for name in names], padding=3, fontsize=9)
    axis.set(xlabel=x, title=title)
    axis.margins(x=0.15)
    axis.grid(False)
    if log_x:
        axis.xaxis.set_minor_formatter("")  # numbers between powers of ten cover each other
    show(figure, alt)


def ranges(series: Mapping[str, Mapping[str, Sequence[float]]], x: str, alt: str, title: str = "",
           chance: float | None = None) -> None:  # fmt: skip
    """{series: {row: values}}: for each row a marker a series at the mean, and a line from the least value to
    the largest. Rows have no order, so nothing joins them."""
    rows = list(dict.fromkeys(row for values in series.values() for row in values))
    figure, axis = new(7, 1.5 + len(rows) * (0.2 + 0.14 * len(series)))
    for i, (name, of_rows) in enumerate(series.items()):
        least, mean, most = (np.array([pick(values) for values in of_rows.values()])
                             for pick in (min, np.mean, max))  # fmt: skip
        places = [rows.index(row) + 0.7 * (i - (len(series) - 1) / 2) / len(series) for row in of_rows]
        style = {**_line(i), "linestyle": "none", "capsize": 3, "label": name}
        axis.errorbar(mean, places, xerr=(mean - least, most - mean), **style)
    axis.set_yticks(range(len(rows)), rows)
    axis.set(xlabel=x, title=title, ylim=(len(rows) - 0.5, -0.5))
    for between in range(1, len(rows)):
        axis.axhline(between - 0.5, color=COLOURS[5], linewidth=0.5)
    if chance is not None:
        axis.axvline(chance, color="black", linestyle=":", linewidth=1)
    axis.grid(False, axis="y")
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    show(figure, alt)


def _line(i):
    """How the i-th of some lines is drawn."""
    return {"color": COLOURS[i % 6], "linestyle": LINES[i % 6], "marker": MARKERS[i % 6], "markersize": 5}


def _picture(axis, image, name):
    axis.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.set_title(name, fontsize=9)


def _histogram(axis, image):
    counts = np.bincount(np.ravel(image), minlength=256)
    axis.fill_between(np.arange(256), counts / counts.sum() * 100, color=COLOURS[0], step="mid")
    axis.set(xlim=(0, 255), xticks=(0, 128, 255))


class table:  # a noun in the notebook: the last line of a cell shows it
    """Rows under a header: aligned text in a terminal, an HTML table in a notebook or page.

    >>> table(["scheme", "bits"], [["shf", 202.9], ["skk", 5719]])
    scheme  bits
    shf     202.9
    skk      5719
    """

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence], caption: str = ""):
        self.header, self.caption = [str(name) for name in header], caption
        self.rows = [list(row) for row in rows]

    def __repr__(self) -> str:
        columns = []
        for name, *values in zip(self.header, *self.rows, strict=False):
            texts = [_text(value) for value in values]
            width = max(map(len, (name, *texts)))
            numeric = all(isinstance(value, int | float | np.number) for value in values)
            align = str.rjust if numeric else str.ljust
            columns.append([name.ljust(width), *(align(text, width) for text in texts)])
        lines = ["  ".join(line).rstrip() for line in zip(*columns)]
        return "\n".join(([self.caption] if self.caption else []) + lines)

    def _repr_html_(self) -> str:
        def cells(values, tag, scope):
            return "".join(f"<{tag}{scope}>{html.escape(_text(value))}</{tag}>" for value in values)

        head = cells(self.header, "th", ' scope="col"')
        rows = (cells(row[:1], "th", ' scope="row"') + cells(row[1:], "td", "") for row in self.rows)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value) -> str:
    if isinstance(value, float | np.floating):
        return "∞" if np.isinf(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    large = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000
    return f"{value:,}" if large else str(value)
