"""The few pictures that lessons share. Each has titles, works in grey, and carries a text alternative.

Figures are drawn at a fixed size and shown as PNG with the alternative in the output's metadata, where the
HTML pages and screen readers find it. Only this module imports matplotlib.
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
STYLE = {
    "font.size": 10,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
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
    """A figure as the bytes of a PNG file, its text chunks named in `texts`; ValueError for an `alt` too
    short to tell."""
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    if len(alt) < 20:
        raise ValueError(f"a text alternative says in a sentence what is to be seen, got {alt!r}")
    drawn, packed, chunks = io.BytesIO(), io.BytesIO(), PngInfo()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    figure.savefig(drawn, format="png", dpi=DPI)
    picture = Picture.open(drawn).convert("RGB")
    # pictures of noise are most of a lesson's size
    picture.save(packed, "PNG", optimize=True, pnginfo=chunks)
    return packed.getvalue()


def new(width: float = 7.5, height: float = 3.2, columns: int = 1, rows: int = 1, **options):
    """(figure, axes): `width` x `height` inches in all; axes as an array where there are several."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def pictures(
    images: Mapping[str, np.ndarray], alt: str, columns: int = 4, size: float = 1.9, title: str = ""
) -> None:
    """Images under their names, in rows of `columns`: (h, w, 3) or grey (h, w) uint8, pixels drawn as
    squares."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = new(
        size * columns, (size + 0.3) * rows + (0.35 if title else 0), columns, rows, squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, (name, image) in zip(axes.flat, images.items()):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(name, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    show(figure, alt)


def after_each_step(image: np.ndarray, steps: Mapping, alt: str, **options) -> None:
    """The picture that a scheme makes after each of its steps: `steps` as `scheme.steps(image.shape)` gives
    them."""
    shown, current = {"plain": image}, image
    for number, (name, table) in enumerate(steps.items(), 1):
        current = table.apply(current)
        shown[f"{number}. {name}"] = current
    pictures(shown, alt, **options)


def curves(
    series: Mapping[str, tuple], x: str, y: str, alt: str, title: str = "", log_x: bool = False, ylim=None
) -> None:
    """Lines (xs, ys) by name, told apart by style and marker as well as by colour."""
    figure, axis = new(6.5, 3.6)
    for i, (name, (xs, ys)) in enumerate(series.items()):
        axis.plot(
            xs,
            ys,
            label=name,
            color=COLOURS[i % 6],
            linestyle=LINES[i % 6],
            marker=MARKERS[i % 6],
            markersize=5,
        )
    axis.set(xlabel=x, ylabel=y, title=title, ylim=ylim)
    if log_x:
        places = sorted({place for xs, _ in series.values() for place in xs})
        axis.set_xscale("log")
        axis.set_xticks(places, [f"{place:g}" for place in places])
        axis.minorticks_off()
    axis.legend(frameon=False, fontsize=9)
    show(figure, alt)


def panels(panels: Mapping[str, Mapping], x: str, ticks: Sequence[str], title: str = "") -> Figure:
    """A panel for each name: lines {name: {tick: (mean, least, most)}} over ticks that stand evenly, drawn
    with bars."""
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new(max(3.7 * columns, 5), 3.1 * rows + 0.7, columns, rows, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis, (name, lines) in zip(axes.flat, panels.items()):
        for i, (line, points) in enumerate(lines.items()):
            mean, least, most = np.array(list(points.values())).T
            axis.errorbar(
                [ticks.index(at) + 0.06 * (i - (len(lines) - 1) / 2) for at in points], mean, [mean - least, most - mean],
                label=line, color=COLOURS[i % 6], linestyle=LINES[i % 6], marker=MARKERS[i % 6], markersize=5, capsize=3,
            )  # fmt: skip
        axis.set_xticks(range(len(ticks)), ticks)
        axis.set(xlabel=x, title=name)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def histograms(images: Mapping[str, np.ndarray], alt: str, title: str = "") -> None:
    """How often each of the 256 values occurs in each image, all channels together; one panel an image."""
    figure, axes = new(2.5 * len(images), 2.4, len(images), squeeze=False, sharey=True)
    for axis, (name, image) in zip(axes.flat, images.items()):
        counts = np.bincount(np.ravel(image), minlength=256)
        axis.fill_between(np.arange(256), counts / counts.sum() * 100, color=COLOURS[0], step="mid")
        axis.set(title=name, xlabel="value", xlim=(0, 255), xticks=(0, 128, 255))
    axes.flat[0].set_ylabel("per cent of values")
    if title:
        figure.suptitle(title, fontsize=11)
    show(figure, alt)


def over_histograms(images: Mapping[str, np.ndarray | None], title: str = "") -> Figure:
    """Images in a row, (h, w, 3) or grey (h, w) uint8, and below each how often each byte occurs in it; None
    leaves its place."""
    figure, axes = new(2.6 * len(images), 4.1, len(images), 2, squeeze=False, height_ratios=(2.3, 1))
    for (above, below), (name, image) in zip(axes.T, images.items()):
        above.set_title(textwrap.fill(name, 36), fontsize=9)
        above.axis("off")
        below.set(xlabel="value of a byte", xlim=(0, 255), xticks=(0, 128, 255))
        if image is None:
            below.axis("off")
            continue
        above.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        counts = np.bincount(np.ravel(image), minlength=256)
        below.fill_between(np.arange(256), counts / counts.sum() * 100, color=COLOURS[0], step="mid")
    axes[1, 0].set_ylabel("per cent of bytes")
    if title:
        figure.suptitle(title, fontsize=11)
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
    show(figure, alt)


class table:  # a noun in the notebook: the last line of a cell shows it
    """Rows under a header: aligned text in a terminal, an HTML table in a notebook or page.

    >>> table(["scheme", "bits"], [["shf", 202.9], ["skk", 5719]])
    scheme  bits
    shf     202.9
    skk      5719
    """

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence], caption: str = ""):
        self.header, self.rows, self.caption = (
            [str(name) for name in header],
            [list(row) for row in rows],
            caption,
        )

    def __repr__(self) -> str:
        lines = [self.header, *([_text(value) for value in row] for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        numeric = [
            all(isinstance(row[i], int | float | np.number) for row in self.rows) for i in range(len(widths))
        ]
        shown = [
            "  ".join(
                t.rjust(w) if n and k else t.ljust(w) for t, w, n in zip(line, widths, numeric)
            ).rstrip()
            for k, line in enumerate(lines)
        ]
        return "\n".join(([self.caption] if self.caption else []) + shown)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.header)
        body = "".join(
            "<tr>" + f'<th scope="row">{html.escape(_text(row[0]))}</th>'
            + "".join(f"<td>{html.escape(_text(value))}</td>" for value in row[1:]) + "</tr>"
            for row in self.rows
        )  # fmt: skip
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value) -> str:
    if isinstance(value, float | np.floating):
        return "∞" if np.isinf(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return (
        f"{value:,}"
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000
        else str(value)
    )
