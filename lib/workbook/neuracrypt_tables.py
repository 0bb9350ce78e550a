"""What the record of NeuraCrypt tells, as lines of figures and rows of tables, for lesson 33."""

import numpy as np

from lib.workbook.recorded_neuracrypt import CELLS, DEPTHS, NeuraCryptRecord

NAMES = {1: "linear", 3: "3", 7: "7", 47: "47"}  # depths
PUBLISHED = "all, places agree"
LINES = {"shuffled, published start": (True, PUBLISHED), "shuffled": (True, ""), "not shuffled": (False, "")}
COLUMNS = {"re-identified": "", "published start": PUBLISHED, "baseline": "baseline: ranks of contrast",
           "a key for each": "control: a key for each picture"}  # fmt: skip
COUNTS = 100, 300, 1000  # pictures, of the figure
Panels = dict[str, dict[str, dict[str, tuple[float, float, float]]]]


def rates(record: NeuraCryptRecord, count: int, depth: int, shuffled: bool, name: str = "") -> list[float]:
    """Shares of right pictures, by key: of a step, a control or the baseline, or of the last step. Empty
    where there is none."""
    wanted = count, depth, shuffled
    some = [each.rates for each in record.cells if (each.pictures, each.depth, each.shuffled) == wanted]
    if name:
        return [each[name] for each in some if name in each]
    return [[rate for step, rate in each.items() if step.startswith("all")][-1] for each in some]


def panels(record: NeuraCryptRecord) -> Panels:
    """By number of pictures and line, for each depth mean, least and most, as `figures.panels` wants it."""
    found = {}
    for count in COUNTS:
        for line, (shuffled, name) in LINES.items():
            by = {NAMES[depth]: rates(record, count, depth, shuffled, name) for depth in DEPTHS}
            spread = {depth: (np.mean(each), min(each), max(each)) for depth, each in by.items() if each}
            if spread:
                found.setdefault(f"{count:,} pictures", {})[line] = spread
    return found


def told(values: list[float]) -> str:
    """Mean, least and most in per cent; nothing of no values.

    >>> told([0.5, 0.7]), told([])
    ('60 % (50 to 70)', '')
    """
    if not values:
        return ""
    mean, least, most = (100 * each for each in (np.mean(values), min(values), max(values)))
    return f"{mean:.0f} % ({least:.0f} to {most:.0f})"


def table(record: NeuraCryptRecord) -> tuple[list[str], list[list[str]]]:
    """Head and rows: each challenge with chance, and with what the columns say."""
    rows = []
    for count, depth, shuffled in sorted(CELLS, key=lambda each: (each[0], each[1], not each[2])):
        name = f"{count:,} pictures, depth {NAMES[depth]}, {'' if shuffled else 'not '}shuffled"
        columns = [told(rates(record, count, depth, shuffled, column)) for column in COLUMNS.values()]
        rows.append([name, f"{100 / count:.1f} %", *columns])
    return ["challenge", "chance", *COLUMNS], rows


def unseen(record: NeuraCryptRecord) -> tuple[list[str], list[list[str]]]:
    """Head and rows: what is read of new pictures after 100 were matched, and how many a copy names."""
    rows = []
    for depth in DEPTHS[1:]:
        looks = [
            each.unseen
            for each in record.cells
            if (each.pictures, each.depth) == (100, depth) and each.shuffled
        ]
        leaks = [f"{round(np.mean([each[kind].value for each in looks]), 2) + 0:.2f}" for kind in looks[0]]
        like = np.mean([next(iter(each.values())).correlation for each in looks])
        named = [each.unseen for each in record.copies if each.depth == depth]
        rows.append([NAMES[depth], *leaks, f"{like:.2f}", told(named) or "not tried"])
    return ["depth", "leakage", "a key for each", "correlation", "named by a copy"], rows
