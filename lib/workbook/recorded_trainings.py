"""Recorded trainings: the rows of `data/results/training/rows.toml` and their records.

The accuracy of a run is that of its last epoch on the test set, never the best.

    trainings.recorded("plain")[0].accuracy
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import numpy as np

from lib.attacks import Known, catalogue
from lib.attacks.solvers.recovered_table import decrypt_more
from lib.datasets import Dataset
from lib.formats import Format, read
from lib.schemes import Scheme
from lib.workbook import readme
from lib.workbook.recording import RESULTS, VICTIM, Job, Kind, Record, Row, about_scheme, scheme_of

KINDS = ("plain", "as published", "by statistics", "attack first", "control")
"""What an accuracy is of: plain pictures; what is learned from labels alone, with the published adaptation if
any; behind a front that sorts ciphertexts by their statistics, which is half an attack; pictures that an
attack got back from the ciphertexts; the one-time pad."""
TIERS = ("table", "fast94", "night", "gpu")
READ = 500  # ciphertexts that an attack reads the key from


class Published(Format):
    """An accuracy to compare with, per cent, and where it stands."""

    accuracy: float
    source: str


class TrainingRow(Row):
    """A network, perhaps with an adaptation in front, and how to train it; rows.toml says more."""

    tier: Literal[TIERS]
    kind: Literal[KINDS]
    cipher: str
    published: Published | None = None
    goals: dict[Literal[TIERS], float] = {}
    network: str
    adaptation: str | None = None
    attack: str | None = None
    options: dict[str, Any] = {}
    threads: int

    @property
    def stem(self) -> str:
        """With its tier."""
        return f"{self.tier}-{self.name}"

    @property
    def rank(self) -> int:
        """That of its tier."""
        return TIERS.index(self.tier)

    @property
    def front(self) -> str:
        """What stands between ciphertext and body."""
        return self.attack or self.adaptation or ("" if self.network == "airbench" else self.network)


class Training(Record):
    """A recorded training; `epochs` as `lib.training.fit` gives their history, `front` the parameters of the
    adaptation among all, `confidence` that of the attack."""

    row: str
    tier: str
    kind: str
    accuracy: float
    adaptation: str | None
    attack: str | None
    confidence: float | None
    options: dict[str, Any]
    threads: int
    front: int
    epochs: list[dict[str, int | float]]

    def is_of(self, row: TrainingRow, seed: int) -> bool:
        """Whether it is of this row as it stands now."""
        from lib.training import Recipe

        given = (row.scheme or {}).items()
        settings = {"scheme" if name == "name" else name: value for name, value in given}
        scheme = {name: (self.scheme or {}).get(name) for name in settings}
        names = (
            "tier",
            "kind",
            "network",
            "adaptation",
            "attack",
            "options",
        )  # threads change no more than sums
        return (
            bool(self.scheme) == bool(row.scheme)
            and scheme == settings
            and all(getattr(self, name) == getattr(row, name) for name in names)
            and Recipe(**self.recipe) == Recipe(seed=seed, **row.recipe)
        )

    @property
    def core_hours(self) -> float:
        """What the training took."""
        return self.seconds * self.threads / 3600

    def told(self) -> str:
        """What came out, in a few words."""
        return f"accuracy {self.accuracy:.4f}"

    def provenance(self) -> str:
        """Where the accuracy comes from, in one line."""
        network = " + ".join(filter(None, (self.attack, self.adaptation, self.network)))
        return (
            f"{self.data.origin}: {self.data.train:,} train, {self.data.test:,} test; {network}, "
            f"{self.parameters:,} parameters; {self.recipe['epochs']} epochs, seed {self.seed}; "
            f"{self.device}, {self.threads} thread{'s' * (self.threads > 1)}"
            f"{', bfloat16' * self.bfloat16}, {self.seconds / 60:.0f} minutes; torch {self.versions['torch']}"
        )


def train(row: TrainingRow, seed: int, job: Job) -> dict:
    """Train a row; fields of its record."""
    import torch

    from lib.models import by_name
    from lib.training import Recipe, fit, has_bfloat16

    recipe, scheme = Recipe(seed=seed, **row.recipe), scheme_of(row.scheme, VICTIM + seed)
    data, test, confidence, cipher = job.data, job.test, None, scheme
    if row.attack:
        (data, test), confidence, cipher = *attacked(row.attack, scheme, data, test), None
    facts = {"side": data.images.shape[1], "adaptation": row.adaptation}
    facts |= {"block": getattr(scheme, "block", 1), "bits": getattr(scheme, "bits", 8)}
    run = fit(
        lambda: by_name(row.network, len(data.classes), **facts | row.options), data, recipe, scheme=cipher,
        test=test, folder=job.folder, device=job.device, threads=row.threads, progress=job.progress,
    )  # fmt: skip
    same = ("tier", "kind", "network", "adaptation", "attack", "options", "threads")
    return {name: getattr(row, name) for name in same} | {
        "row": row.name,
        "accuracy": run.history[-1]["test_accuracy"],
        "confidence": confidence,
        "scheme": about_scheme(scheme, VICTIM + seed),
        "parameters": _size(run.model),
        "front": _size(run.model.adaptation) if row.adaptation else 0,
        "recipe": asdict(recipe),
        "bfloat16": recipe.bfloat16 and has_bfloat16(torch.device(job.device)),
        "seconds": round(sum(entry["seconds"] for entry in run.history)),
        "epochs": run.history,
    }


def _size(module):
    return sum(p.numel() for p in module.parameters())


def attacked(name: str, scheme: Scheme, *data: Dataset) -> tuple[list[Dataset], float]:
    """Data sets as an attack gets them back: encrypted, the key read from the first ciphertexts alone, all
    decrypted with what was read; and how sure the attack is."""
    from lib.training import encrypted

    attack = catalogue.by_name(name)
    ciphers = [encrypted(scheme, each.images) for each in data]
    options = attack.options(scheme)
    result = attack.run(Known(ciphers[0][:READ]), **options)
    found = [replace(each, images=decrypt_more(cipher, result.recovered, **options))
             for each, cipher in zip(data, ciphers)]  # fmt: skip
    return found, round(float(np.mean(result.confidence)), 4)


trainings = Kind(RESULTS / "training", TrainingRow, Training, train)


# -- what lessons and README show ----------------------------------------------------------------------------

HEAD = ["row", "kind", "in front", "parameters", "of them in front", "epochs", "accuracy, last epoch", "runs",
        "core-hours a run", "published, best epoch", "where"]  # fmt: skip
"""Of the table of all recorded rows."""


def summary() -> str:
    """The tables of recorded trainings, in Markdown: for each tier the accuracy of each cipher by kind,
    every row beside what was published, and the rows below their goal with what was tried."""
    tables = []
    for tier in TIERS:
        if rows := recorded_rows(tier=tier):
            plain, by_kind = accuracy_by_kind(tier)
            title = f"Tier `{tier}`, plain pictures {plain}:"
            tables += [f"{title}\n", readme.table(*by_kind), readme.table(HEAD, map(_line, rows))]
            if (missed := below_goal(tier))[1]:
                tables += ["Below the goal that was set:\n", readme.table(*missed)]
    return "\n".join(tables)


def recorded_rows(names: Sequence[str] = (), tier: str = "table") -> list[tuple[TrainingRow, list[Training]]]:
    """The rows of a tier that have records, with these; of those names alone, in their order, if any is
    given."""
    rows = [row for row in trainings.rows() if row.tier == tier and (not names or row.name in names)]
    if names:
        rows.sort(key=lambda row: names.index(row.name))
    return [(row, runs) for row in rows if (runs := trainings.records(row))]


def accuracy_by_kind(tier: str = "table") -> tuple[str, tuple[list, list]]:
    """Accuracy on plain pictures; and head and lines of a table: the first recorded row of each cipher and
    kind."""
    shown, kinds = {}, KINDS[1:4]
    for row, runs in recorded_rows(tier=tier):
        shown.setdefault(row.cipher, {}).setdefault(row.kind, told(runs))
    plain = shown.pop("none", {}).get("plain", "not recorded yet")
    control = {cipher: found["control"] for cipher, found in shown.items() if "control" in found}
    lines = [[cipher, *(found.get(kind, "") for kind in kinds)]
             for cipher, found in shown.items() if cipher not in control]  # fmt: skip
    lines += [[f"{cipher} (control)", found, "", ""] for cipher, found in control.items()]
    return plain, (["cipher", *kinds], lines)


def in_full(names: Sequence[str] = (), tier: str = "table") -> tuple[list, list]:
    """Head and lines of the table of recorded rows, `lib.figures.table` draws it."""
    return HEAD, [_line(each) for each in recorded_rows(names, tier)]


def in_every_tier(names: Sequence[str]) -> tuple[list, list]:
    """Head and lines of the table of these rows in all tiers, the tier first."""
    return ["tier", *HEAD], [[tier, *line] for tier in TIERS for line in in_full(names, tier)[1]]


def courses(names: Sequence[str], tier: str = "table") -> dict[str, tuple[list, list]]:
    """For `lib.figures.curves`: test accuracy by epoch, per cent, of the recorded runs of these rows."""
    return {
        f"{row.name}, seed {run.seed}": (
            [entry["epoch"] for entry in run.epochs], [100 * entry["test_accuracy"] for entry in run.epochs]
        )
        for row, runs in recorded_rows(names, tier) for run in runs
    }  # fmt: skip


def against_plain(names: Sequence[str], tier: str = "table") -> list[tuple[Training, float]]:
    """The recorded runs of these rows, and the points that each is above plain pictures of its seed."""
    plain = {run.seed: run.accuracy for _, runs in recorded_rows(["plain"], tier) for run in runs}
    each = [run for _, runs in recorded_rows(names, tier) for run in runs if run.seed in plain]
    return [(run, 100 * (run.accuracy - plain[run.seed])) for run in each]


def on_jpeg_copy(name: str = "plain") -> Training | None:
    """The record of a row of the table tier on the JPEG copy of CIFAR-10, kept to compare; None where none
    is."""
    path = trainings.folder / "jpeg" / f"table-{name}-seed0.json"
    return read(Training, path) if path.exists() else None


def below_goal(tier: str = "table") -> tuple[list, list]:
    """Head and lines of the table of rows whose recorded mean is below their goal: both, and what else was
    tried, as the records in the folder `tries` have it."""
    lines = []
    for row, runs in recorded_rows(tier=tier):
        goal = row.goals.get(tier, 0)
        if 100 * np.mean([run.accuracy for run in runs]) < goal:
            tries = [read(Training, path) for path in trainings.folder.glob(f"tries/{row.stem}-*.json")]
            tries.sort(key=lambda run: run.accuracy)
            lines.append([row.name, f"{goal:g} %", told(runs), "; ".join(_tried(row, run) for run in tries)])
    return ["row", "goal", "reached", "also tried"], lines


def _tried(row, run):
    from lib.training import Recipe

    usual = asdict(Recipe(seed=run.seed, **row.recipe))
    changes = [f"{name.replace('_', ' ')} {value:g}" for name, value in run.recipe.items()
               if value != usual[name] and name != "microbatch"]  # fmt: skip
    return f"{', '.join(changes)}: {100 * run.accuracy:.1f} %"


def told(runs: list[Training]) -> str:
    """Mean accuracy, and the lowest and highest of several, in per cent."""
    found = [100 * run.accuracy for run in runs]
    spread = f" ({min(found):.1f} to {max(found):.1f})" if len(found) > 1 else ""
    return f"{np.mean(found):.1f} %{spread}"


def _line(row_and_runs):
    row, runs = row_and_runs
    there = ["", "none found" if row.kind == "as published" else ""]
    if row.published:
        there = [f"{row.published.accuracy:.2f} %", row.published.source]
    sizes = [f"{runs[0].parameters:,}", f"{runs[0].front:,}"]
    here = [row.recipe["epochs"], told(runs), len(runs), f"{np.mean([run.core_hours for run in runs]):.2f}"]
    return [row.name, row.kind, row.front, *sizes, *here, *there]
