"""What the quick experiments of lessons gave when they were measured: `data/results/quick/lesson_NN.json`.

A lesson runs an experiment once; the file keeps it for several seeds, with the parameters that gave it.

    measured = quick_experiments.measured("10")
"""

import json
from collections.abc import Sequence

from lib.workbook.recording import RESULTS

QUICK = RESULTS / "quick"


def measured(number: str) -> dict:
    """All that is kept for a lesson: `parameters`, and what it names its experiments."""
    return json.loads((QUICK / f"lesson_{number}.json").read_text(encoding="utf-8"))


def told(values: Sequence[float], digits: int = 0) -> str:
    """Mean, and least to most, of what several seeds gave.

    >>> told([50, 55, 54])
    '53 (50 to 55)'
    """
    mean, least, most = (f"{v:.{digits}f}" for v in (sum(values) / len(values), min(values), max(values)))
    return f"{mean} ({least} to {most})"


def in_band(values: Sequence[float], found: float, margin: float, what: str = "this run") -> None:
    """AssertionError unless a value lies among what was measured, or at most `margin` outside."""
    low, high = min(values) - margin, max(values) + margin
    assert low <= found <= high, f"{what}: {found:.1f} is not between {low:.1f} and {high:.1f}"


def against(
    values: dict[str, Sequence[float]], whole: str, controls: Sequence[str] = ()
) -> tuple[list, list]:
    """Head and rows of a table: each experiment beside the one named `whole`, seed by seed; the sign of a
    difference counts where it is the same for all seeds."""
    head, rows = ["", "per cent, mean (least to most)", f"against {whole}", "verdict"], []
    for name, found in values.items():
        away = [one - other for one, other in zip(found, values[whole])]
        verdict = "up" if min(away) > 0 else "down" if max(away) < 0 else "inside the spread"
        mean = f"{sum(away) / len(away):+.1f}"
        if name in controls:
            mean, verdict = "", "control"
        rows.append([name, told(found, 1), *(["", ""] if name == whole else [mean, verdict])])
    return head, rows
