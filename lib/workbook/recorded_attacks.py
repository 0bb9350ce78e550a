"""Recorded runs of attacks that are trained: `make results` runs the rows of `data/results/learned/rows.toml`
not recorded yet.

    python -m lib.workbook.recorded_attacks --data npz:cifar10.npz                      every row, first seed
    python -m lib.workbook.recorded_attacks --data npz:cifar10.npz --seeds 0 1 skk-same  one row, two seeds

One JSON file a run, `data/results/learned/NAME-seedN.json`: data and their digest, scheme, which keys the
attacker needs, network, recipe, seed, seconds, losses, versions, and the scores on test images that nobody
trained on, beside those of the ciphertext as it is and of the mean of the public pictures. The training split
of the data are the attacker's public pictures; without pairs its first half alone, and of the other half the
ciphertexts are known. The first 1,000 of the test split, balanced over classes, are encrypted under the
victim's key and attacked.

A kind of attack is a module with `run(row, seed, data, test, folder, progress) -> dict`: see `ATTACKS`.
"""

import json
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np

from lib.workbook import recording

HERE = Path(__file__).resolve().parents[2]
FOLDER = HERE / "data" / "results" / "learned"
TEST = 1000  # images under attack
ASSUMPTIONS = {
    "same key": "pairs of plain images and ciphertexts under the victim's key",
    "different keys": "the algorithm: pairs under keys of the attacker's own",
    "unpaired": "ciphertexts under the victim's key, and public pictures that they do not show",
}
"""Which keys an attacker needs, and what for."""
ATTACKS = {
    "inverse": "lib.attacks.known_plaintext.inverse",
    "generative": "lib.attacks.many_ciphertexts.generative",
}
"""Modules by the name of the attack. `run(row, seed, data, test, folder, progress)` trains the attack of a
row and gives

    network, parameters   what it was, in words, and how many numbers were trained
    recipe                every setting, defaults too
    bfloat16              whether it computed so
    seconds, losses       of the CPU in all, and the entries of `lib.training.steps.by_steps`
    scores                of `scores` below

data, test   `lib.datasets.Dataset`: public pictures, and the truth, for nothing but encryption and scoring
folder       for checkpoints, so that a killed run goes on
"""


def rows(path: Path = FOLDER / "rows.toml") -> list[dict]:
    """The rows of the table: name, attack, scheme with its settings, assumption, recipe."""
    return tomllib.loads(path.read_text()).get("rows", [])


def recorded(name: str, folder: Path = FOLDER) -> list[dict]:
    """The recorded runs of a row, by seed."""
    runs = [json.loads(path.read_text()) for path in folder.glob(f"{name}-seed*.json")]
    return sorted((run for run in runs if run["row"]["name"] == name), key=lambda run: run["seed"])


def scheme_of(row: dict, seed: int, whose: str = "victim"):
    """The scheme of a row under the key of the "victim", Key.from_seed(1000 + seed), or of the "attacker",
    2000 + seed.

    An attacker takes a key for each image, so that none is learned by heart.
    """
    from lib import Key
    from lib.schemes import by_name

    settings = dict(row["scheme"])
    if whose == "attacker":
        settings["per_image"] = True
    first = {"victim": 1000, "attacker": 2000}[whose]
    return by_name(settings.pop("name"))(Key.from_seed(first + seed), **settings)


def label_of(row: dict) -> str:
    """What the attack matrix calls the scheme of a row."""
    return recording.label(row["scheme"]["name"], row["scheme"].get("per_image"))


def scores(
    estimate: np.ndarray, ciphers: np.ndarray, truth: np.ndarray, public: np.ndarray, moves=()
) -> dict:
    """Scores of the estimate ("attack"), of doing nothing ("ciphertext"), and of the mean of the public
    pictures ("mean").

    All (n, h, w, 3) uint8. `moves`: what the attack leaves open, see `lib.metrics.nearest`; given to the
    ciphertext as well.
    """
    return {
        "attack": recording.scored(estimate, truth, moves),
        "ciphertext": recording.scored(ciphers, truth, moves),
        "mean": recording.scored(recording.mean_picture(public, len(truth)), truth),
    }


def train(row: dict, seed: int, data, test, folder, progress: bool = False) -> dict:
    """Train and score the attack of one row; the record of the run."""
    found = import_module(ATTACKS[row["attack"]]).run(row, seed, data, test, folder, progress)
    victim = scheme_of(row, seed)
    return {
        "row": row,
        "seed": seed,
        "needs": ASSUMPTIONS[row["assumption"]],
        "data": recording.about_data(data, test),
        "scheme": victim.to_dict() | {"key": f"Key.from_seed({1000 + seed})"},
        **found,
        "device": recording.device_name(),
        "versions": recording.versions(),
    }


def same(record: dict, row: dict, seed: int) -> bool:
    """Whether a record is of this row as it stands now."""
    return record["row"] == row and record["seed"] == seed


def told(record: dict) -> str:
    """A recorded run in a few words."""
    got = record["scores"]["attack"]
    return f"PSNR {got['psnr']:.2f} dB, SSIM {got['ssim']:.3f}, edges {got['edge_correlation']:.3f}"


def main(argv=None) -> int:
    args = (
        parser := recording.arguments("python -m lib.workbook.recorded_attacks", __doc__, FOLDER)
    ).parse_args(argv)
    asked = recording.chosen(parser, args.rows, rows())
    jobs = [(row, seed, args.out / f"{row['name']}-seed{seed}.json") for seed in args.seeds for row in asked]
    todo = recording.missing(jobs, same, told)
    from lib.datasets import load

    if todo:
        data, test = load(args.data), load(args.data, "test", limit=TEST)
    for row, seed, path in todo:
        work = HERE / "build" / "learned" / path.stem
        recording.keep(path, train(row, seed, data, test, work, progress=sys.stderr.isatty()), told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
