"""A notebook run over a grid of parameters, and what such a notebook hands out:

from lib.workbook.sweeps import record
record({"accuracy": 0.912, "exact": 1.0})
"""

import json
import math
import numbers

# in the metadata of an output: the rows that `record` hands out, as a text of JSON
KEPT = "learnable-image-encryption"


def record(rows: dict | list[dict]) -> None:
    """Hand out results from a notebook: a row {name: value} of the sweep's table, or several.

    Values are numbers (NumPy's as well), texts, True, False and None.
    Errors: TypeError for other values; ValueError for NaN and infinities, which JSON cannot hold.
    """
    from IPython.display import display

    given = [rows] if isinstance(rows, dict) else rows
    kept = [{str(name): _plain(name, value) for name, value in row.items()} for row in given]
    names = ", ".join(dict.fromkeys(name for row in kept for name in row))
    count = f"{len(kept)} rows of " if len(kept) != 1 else ""
    display(_Said(f"recorded: {count}{names}"), metadata={KEPT: json.dumps(kept)})


class _Said(str):
    """A line as an output, in a notebook and anywhere else."""

    __repr__ = str.__str__


def _plain(name, value):
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}, which JSON cannot hold; record None, or another score")
    if value is not None and not isinstance(value, str | bool | numbers.Real):
        expected = "a number, a text, True, False or None: record its mean, or a row for each of its values"
        raise TypeError(f"{name} is of type {type(value).__name__}; expected {expected}")
    return value


def recorded(notebook: dict) -> list[dict]:
    """The rows that an executed notebook recorded, given as the JSON of its file."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [row for output in outputs for row in json.loads(output.get("metadata", {}).get(KEPT, "[]"))]
