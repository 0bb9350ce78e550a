"""InstaHide attacked end to end on CIFAR-10, with its controls: `data/results/instahide.json`.

    python -m lib.workbook.recorded_instahide --data npz:PATH

Challenges are made here, with truth, of CIFAR-10 training pictures: private ones, public ones that are
mixed in, and the attacker's own are different pictures. The record is written after every challenge, and
what it holds already is not run again.
"""

import argparse
import base64
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from lib import datasets
from lib.atomic import write_json
from lib.attacks.many_ciphertexts.instahide import instahide, observed
from lib.attacks.solvers import mixture_similarity as similarity
from lib.attacks.solvers.mixture_clusters import read_labels, whitening
from lib.attacks.solvers.mixture_rehearsal import rehearse
from lib.attacks.solvers.phase_retrieval import first_estimate, refined
from lib.metrics import leak
from lib.subjects.instahide import normalised, pixels
from lib.workbook import instahide_averaging as averaging
from lib.workbook.instahide_challenge import (
    Challenge,
    brightest,
    challenge,
    correlation,
    matched,
    noise,
    scores,
)
from lib.workbook.recording import RESULTS, versions

OUT = RESULTS / "instahide.json"
PUBLIC, OWN, CANDIDATES = 10_000, 6_000, 1_000  # pictures that are mixed in, of the attacker, to score with
SEEDS = 1, 2, 3
LARGE, SMALL = 100, 20  # private pictures
STEPS = 400  # of the similarity network's training
SHOWN = 8  # pictures that the record shows
CELLS = [(SMALL, k, epochs) for k in (6, 4, 2) for epochs in (25, 100)]
CELLS.insert(2, (LARGE, 6, 50))  # as large as the published challenge
AVERAGED = {"k": 4, "pictures": 4_000, "test": 500, "epochs": 10, "counts": (1, 2, 5, 10)}


class Data(NamedTuple):
    """Labelled pictures of which private ones are drawn; others, none of them in two parts."""

    pool: datasets.Dataset
    public: np.ndarray
    own: np.ndarray
    candidates: np.ndarray


def drawn(name: str) -> Data:
    """The parts of a data set."""
    every, test = datasets.load(name), datasets.load(name, "test")
    order = np.random.default_rng(0).permutation(len(every))
    public, own, rest = np.split(order, [PUBLIC, PUBLIC + OWN])
    pool = datasets.Dataset(every.images[rest], every.labels[rest], every.classes, every.source)
    return Data(pool, every.images[public], normalised(every.images[own]), test.images[:CANDIDATES])


def cell(data: Data, count: int, k: int, epochs: int, seed: int, network: similarity.Similarity) -> dict:
    """One challenge: pairs given, found by squares, found by a network; baselines; two controls."""
    given = challenge(data.pool, data.public, count, k, epochs, seed)
    fresh = challenge(data.pool, data.public, count, k, epochs, seed, fresh=True)
    pad, found = noise(given, seed), {}

    def attacked(of: Challenge, **told):
        return instahide(of.images, of.labels, count, data.own, k, **told)

    zero = matched(pad, attacked(pad))[0]
    zero_given = matched(pad, attacked(pad, pairs=pad.pairs))[0]
    runs = {
        "pairs given": (given, zero_given, {"pairs": given.pairs}),
        "pairs found, squares": (given, zero, {}),
    }
    vectors = similarity.vectors(network, np.abs(given.images))
    runs["pairs found, network"] = (given, zero, {"vectors": vectors})
    runs["control: fresh pictures, pairs given"] = (fresh, zero_given, {"pairs": fresh.pairs})
    runs["control: fresh pictures, pairs found"] = (fresh, zero, {})
    for name, (of, pads, told) in runs.items():
        started = time.perf_counter()
        recovery = attacked(of, **told)
        seconds = round(time.perf_counter() - started, 1)
        found[name] = rounded(scores(of, recovery, pads, data.candidates)) | {"seconds": seconds}
        if name == "pairs found, squares":
            attempt = matched(of, recovery)[0]
    looks = {"baseline: size of one encryption": brightest(given),
             "baseline: mean picture": np.repeat(data.own.mean(0)[None], count, 0)}  # fmt: skip
    for name, values in looks.items():
        value = leak(pixels(values), pixels(zero), given.truth, data.candidates)
        found[name] = rounded(value._asdict() | {"correlation": correlation(values, given.truth)})
    shown = {"strip": strip(given, attempt)} if seed == SEEDS[0] and k == 6 else {}
    return {"scores": found} | shown


def rounded(values: dict) -> dict:
    """Three digits."""
    return {name: round(float(value), 3) for name, value in values.items()}


def strip(given: Challenge, attempt: np.ndarray) -> str:
    """Some private pictures, a size of each, and what came back, as rows of a PNG in base 64."""
    some = np.linspace(0, len(attempt) - 1, SHOWN).round().astype(int)
    rows = given.truth[some], pixels(brightest(given)[some]), pixels(attempt[some])
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def mended(data: Data, seed: int) -> dict[str, float]:
    """k = 4, 25 epochs, so each picture is in 50 encryptions, pairs given: correlations, for the better
    sign of the whole, by how signs are found, and refined from there."""
    given = challenge(data.pool, data.public, SMALL, 4, 25, seed)
    read, shape = read_labels(given.labels, SMALL), given.images.shape[1:]
    seen = observed(np.abs(given.images), given.pairs, read, data.own, 4).part(read.two)
    tree = first_estimate(seen, shape, SMALL)
    found = {"signs along rows": along_rows(tree, shape), "signs along a tree": tree}
    for name in list(found):
        found[f"{name}, refined"] = refined(seen, found[name], 12), refined(seen, -found[name], 12)
    both = {name: values if isinstance(values, tuple) else (values,) for name, values in found.items()}
    true = (SMALL, *shape)
    return rounded({name: max(abs(correlation(each.reshape(true), given.truth)) for each in values)
                    for name, values in both.items()})  # fmt: skip


def along_rows(values: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """(n, P): signs from the left neighbour, in the first column from the one above, colours from the
    first: the rule that failed."""
    out = values.reshape(len(values), *shape).copy()
    for y in range(shape[0]):
        for x in range(shape[1]):
            for colour in range(3):
                before = (y, x, 0) if colour else (y, x - 1, 0) if x else (y - 1, 0, 0)
                here = (slice(None), y, x, colour)
                if y + x + colour and (out[here] * out[(slice(None), *before)]).sum() < 0:
                    out[here] *= -1
    return out.reshape(values.shape)


def separated(data: Data, k: int, vectors: Callable[[np.ndarray], np.ndarray]) -> float:
    """The area under the ROC curve of cosines as a test of shared pictures, on mixtures of pictures of the
    pool; `vectors` makes vectors of sizes."""
    from sklearn.metrics import roc_auc_score

    sizes, pairs = rehearse(normalised(data.pool.images[:4000]), 800, k, np.random.default_rng(9), private=40)
    values = vectors(sizes)
    values = values / np.linalg.norm(values, axis=1, keepdims=True)
    upper = np.triu_indices(len(values), 1)
    return round(float(roc_auc_score(similarity.share(pairs)[upper], (values @ values.T)[upper])), 3)


def networks(data: Data, k: int, seed: int) -> tuple[dict, similarity.Similarity]:
    """A trained network, and what its cosines tell, beside those of whitened squares and of sizes."""
    started = time.perf_counter()
    network = similarity.train(data.own, k, STEPS, seed)
    seconds = round(time.perf_counter() - started)
    own, _ = rehearse(data.own, 3000, k, np.random.default_rng(0))
    whiten = whitening(own)
    looks = {"network": lambda sizes: similarity.vectors(network, sizes),
             "whitened squares": lambda sizes: whiten(sizes**2 - (own**2).mean(0)),
             "sizes": lambda sizes: (sizes - own.mean(0)).reshape(len(sizes), -1)}  # fmt: skip
    auc = {name: separated(data, k, look) for name, look in looks.items()}
    return {"auc": auc, "steps": STEPS, "seconds": seconds}, network


def jobs(data: Data) -> Iterator[tuple[str, dict, Callable[[], dict]]]:
    """Section of the record, what names an entry in it, and what makes its other fields. A network is trained
    once, for its own entry or for the first challenge that lacks it."""

    @lru_cache
    def network(k, seed):
        return networks(data, k, seed)

    for seed in SEEDS:
        yield "mended", {"seed": seed}, lambda seed=seed: mended(data, seed)
    for count, k, epochs in CELLS:
        yield "networks", {"k": k, "seed": 0}, lambda k=k: network(k, 0)[0]
        for seed in SEEDS:
            name = {"pictures": count, "k": k, "epochs": epochs, "seed": seed}
            yield "cells", name, lambda at=name: cell(data, *at.values(), network(at["k"], 0)[1])
    for seed in SEEDS:
        yield "averaging", {"seed": seed}, lambda seed=seed: averaged(data, seed)
    for seed in (1, 2):
        yield "networks", {"k": 6, "seed": seed}, lambda seed=seed: network(6, seed)[0]


def averaged(data: Data, seed: int) -> dict:
    """A training on encryptions, and its accuracy by the number of test encryptions."""
    setting = AVERAGED
    parts = np.split(np.arange(setting["pictures"] + setting["test"]), [setting["pictures"]])
    train, test = (
        datasets.Dataset(data.pool.images[part], data.pool.labels[part], data.pool.classes, data.pool.source)
        for part in parts
    )
    return averaging.measured(
        train, test, data.public, setting["k"], setting["epochs"], seed, setting["counts"]
    )


def main(argv: list[str] | None = None) -> int:
    """Run what the record lacks."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--data", default="cifar10", help="as of lib.datasets; CIFAR-10 in the record")
    args = parser.parse_args(argv)
    about = {"public": PUBLIC, "own": OWN, "candidates": CANDIDATES, "averaged": AVERAGED}
    record = {"about": about} | {name: [] for name in ("mended", "networks", "cells", "averaging")}
    record = json.loads(args.out.read_text()) if args.out.exists() else record
    for section, name, make in tqdm(list(jobs(drawn(args.data))), disable=not sys.stderr.isatty()):
        if not any(name.items() <= each.items() for each in record[section]):
            record[section].append(name | make())
            write_json(args.out, record | {"versions": versions("torch")})
            print(section, name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
