"""Recorded trainings: the rows of `data/results/training/rows.toml` and their records.

The accuracy of a run is that of its last epoch on the test set, never the best.

    trainings.recorded("plain")[0].accuracy
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from lib.formats import Format
from lib.workbook import readme
from lib.workbook.recording import RESULTS, VICTIM, Job, Kind, Record, Row, about_scheme, scheme_of


class Published(Format):
    """An accuracy to compare with, per cent, and where it stands."""

    accuracy: float
    source: str


class TrainingRow(Row):
    """A network, perhaps with an adaptation in front, and how to train it; rows.toml says more."""

    column: str
    cipher: str
    published: Published | None = None
    network: str
    adaptation: str | None = None
    options: dict[str, Any] = {}
    threads: int

    @property
    def stem(self) -> str:
        """With its column."""
        return f"{self.column}-{self.name}"


class Training(Record):
    """A recorded training; `epochs` as `lib.training.fit` gives its history."""

    row: str
    column: str
    accuracy: float
    adaptation: str | None
    options: dict[str, Any]
    threads: int
    epochs: list[dict[str, int | float]]

    def is_of(self, row: TrainingRow, seed: int) -> bool:
        """Whether it is of this row as it stands now."""
        from lib.training import Recipe

        given = (row.scheme or {}).items()
        settings = {"scheme" if name == "name" else name: value for name, value in given}
        scheme = {name: (self.scheme or {}).get(name) for name in settings}
        names = ("network", "adaptation", "options", "threads")
        return (
            bool(self.scheme) == bool(row.scheme)
            and scheme == settings
            and all(getattr(self, name) == getattr(row, name) for name in names)
            and Recipe(**self.recipe) == Recipe(seed=seed, **row.recipe)
        )

    def told(self) -> str:
        """What came out, in a few words."""
        return f"accuracy {self.accuracy:.4f}"

    def provenance(self) -> str:
        """Where the accuracy comes from, in one line."""
        network = f"{self.adaptation} + {self.network}" if self.adaptation else self.network
        return (
            f"{self.data.origin}: {self.data.train:,} train, {self.data.test:,} test; {network}, "
            f"{self.parameters:,} parameters; {self.recipe['epochs']} epochs, seed {self.seed}; "
            f"{self.device}, {self.threads} thread{'s' * (self.threads > 1)}, {self.seconds / 60:.0f} "
            f"minutes; torch {self.versions['torch']}"
        )


def train(row: TrainingRow, seed: int, job: Job) -> dict:
    """Train a row; fields of its record."""
    import torch

    from lib.models import by_name
    from lib.training import Recipe, fit, has_bfloat16

    recipe, scheme = Recipe(seed=seed, **row.recipe), scheme_of(row.scheme, VICTIM + seed)
    data = job.data
    facts = {"side": data.images.shape[1], "block": getattr(scheme, "block", 1), "adaptation": row.adaptation}
    run = fit(
        lambda: by_name(row.network, len(data.classes), **facts, **row.options), data, recipe, scheme=scheme,
        test=job.test, folder=job.folder, device=job.device, threads=row.threads, progress=job.progress,
    )  # fmt: skip
    same = ("column", "network", "adaptation", "options", "threads")
    return {name: getattr(row, name) for name in same} | {
        "row": row.name,
        "accuracy": run.history[-1]["test_accuracy"],
        "scheme": about_scheme(scheme, VICTIM + seed),
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "recipe": asdict(recipe),
        "bfloat16": recipe.bfloat16 and has_bfloat16(torch.device(job.device)),
        "seconds": round(sum(entry["seconds"] for entry in run.history)),
        "epochs": run.history,
    }


trainings = Kind(RESULTS / "training", TrainingRow, Training, train)


def summary() -> str:
    """The table of recorded trainings, in Markdown: mean accuracy of the last epoch over seeds, beside what
    was published."""
    head = ["cipher", "network", "epochs", "accuracy here, last epoch", "runs", "minutes a run"]
    return readme.table([*head, "published, best epoch", "where"], map(_line, trainings.rows()))


def _line(row):
    runs, here = trainings.recorded(row.name), [f"`make results ROWS={row.name}`", 0, ""]
    if runs:
        found = [100 * run.accuracy for run in runs]
        spread = f" ({min(found):.1f} to {max(found):.1f})" if len(found) > 1 else ""
        minutes = np.mean([run.seconds for run in runs]) / 60
        here = [f"{np.mean(found):.1f} %{spread}", len(runs), f"{minutes:.0f}"]
    network = " + ".join(filter(None, (row.adaptation, row.network)))
    there = [f"{row.published.accuracy:.2f} %", row.published.source] if row.published else ["", "none found"]
    return [row.cipher, network, row.recipe["epochs"], *here, *there]
