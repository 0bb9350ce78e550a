"""How many of the pairs of `measure_trials` each measure orders unlike people: `data/results/measures.json`.

    python -m lib.workbook.recorded_measures

A measure gives each estimate of a picture a number, larger where more is shown; a pair is misordered where
the estimate that shows less has the larger one, and half of it where both are equal. The measure with the
fewest on one half of the photographs is chosen, and all are counted on the other half. Compared are

    PSNR, SSIM            of `lib.metrics`
    edges                 correlation of the edge maps of luma, `metrics.edge_correlation`
    retrieval             the place of the own picture among the candidates, by luma, as `metrics.ranks`
    network, untrained    distance of the features of three convolutions, as LPIPS takes it
    network, trained      the same after it has learned to tell the first half's photographs by their patches
    nearest, above others, both   the halves of `metrics.shown`, by edge maps of luma, or by outlines

LPIPS itself (R. Zhang et al., CVPR 2018) is not among them: its network is a download, and the workbook runs
without one.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib import datasets, metrics
from lib.atomic import write_json
from lib.metrics.leakage import halves, likeness, outline
from lib.workbook import measure_trials as trials
from lib.workbook.recording import RESULTS, text_table, versions

OUT = RESULTS / "measures.json"
CHOSEN = "both, outlines"
"""What `metrics.shown` is."""
EQUAL = 1e-6  # numbers that differ by less are equal


def luma_edges(images: np.ndarray) -> np.ndarray:
    """(n, d) float32 of length 1, or 0: the edge maps of images (n, h, w, 3) uint8, as `metrics.edge_map`."""
    maps = np.stack([metrics.edge_map(image).ravel() for image in images])
    maps -= maps.mean(1, keepdims=True)
    length = np.linalg.norm(maps, axis=1, keepdims=True)
    return (maps / np.where(length > 1, length, np.inf)).astype(np.float32)


def measured(
    estimates: np.ndarray, picture: np.ndarray, candidates: np.ndarray, networks: dict[str, Callable]
) -> dict[str, np.ndarray]:
    """What each measure gives the estimates (n, h, w, 3) uint8 of a picture (h, w, 3), by name, (n,) each."""
    truth, own = np.repeat(picture[None], len(estimates), 0), np.zeros(len(estimates), int)
    pool = np.concatenate([picture[None], candidates])
    simple = {"PSNR": metrics.psnr, "SSIM": metrics.ssim, "edges": metrics.edge_correlation}
    found = {name: np.array([score(a, picture) for a in estimates]) for name, score in simple.items()}
    found["retrieval"] = -_places(estimates, pool)
    found |= {name: -_distances(network, estimates, truth[:1]) for name, network in networks.items()}
    for kind, of in {"edge maps": luma_edges, "outlines": outline}.items():
        nearest, above = halves(likeness(estimates, of(pool), of), own)
        found |= {f"nearest, {kind}": nearest, f"above others, {kind}": above}
        found[f"both, {kind}"] = (nearest + above) / 2
    return found


def _places(estimates, pool):
    """(n,): where the first of a pool comes for each estimate, as `metrics.ranks` counts."""
    shapes = [images.reshape(len(images), -1, 3) @ (metrics.LUMA / 1000) for images in (estimates, pool)]
    shapes = [each - each.mean(1, keepdims=True) for each in shapes]
    lengths = [np.maximum(np.linalg.norm(each, axis=1, keepdims=True), EQUAL) for each in shapes]
    likenesses = (shapes[0] / lengths[0]) @ (shapes[1] / lengths[1]).T
    better, as_good = likenesses > likenesses[:, :1] + EQUAL, np.abs(likenesses - likenesses[:, :1]) <= EQUAL
    return 1 + better.sum(1) + (as_good.sum(1) - 1) / 2


# -- features of a small network -----------------------------------------------------------------------------


def network(steps: int, seed: int = 20) -> Callable:
    """A function from images (n, h, w, 3) uint8 to the feature maps of three layers: torch, of length 1 in
    every place. Weights are random, then trained for so many steps on patches of the first half."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 64, 3, 2, 1), nn.Conv2d(64, 64, 3, 2, 1)]
        head = nn.Linear(64, len(trials.CHOOSE))

    def maps(images):
        x, found = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1, []
        for layer in layers:
            x = F.relu(layer(x))
            found.append(x)
        return found

    _train(layers, head, lambda images: head(maps(images)[-1].mean((2, 3))), seed, steps)

    @torch.no_grad()
    def features(images):
        return [F.normalize(each, dim=1) for each in maps(images)]

    return features


def _train(layers, head, logits, seed, steps):
    """Adam on patches of five photographs, which are to be told apart."""
    import torch

    data, rng = datasets.load("photos", "train"), np.random.default_rng(seed)
    wanted = [data.classes.index(name) for name in trials.CHOOSE]
    kept = np.flatnonzero(np.isin(data.labels, wanted))
    optimiser = torch.optim.Adam([weight for part in (*layers, head) for weight in part.parameters()], 2e-3)
    for _ in range(steps):
        batch = rng.choice(kept, 64, replace=False)
        labels = torch.from_numpy(np.searchsorted(wanted, data.labels[batch]))
        loss = torch.nn.functional.cross_entropy(logits(data.images[batch]), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def _distances(features, estimates, picture):
    """(n,): squared distances of features, the mean over places, added over layers."""
    pairs = zip(features(estimates), features(picture))
    return sum(((a - b) ** 2).sum(1).mean((1, 2)) for a, b in pairs).numpy()


# -- counting ------------------------------------------------------------------------------------------------


def misordered(values: dict[str, float], pairs: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """The pairs that are misordered, as 1, or equal, as 0.5: `values` is larger where more is shown."""
    wrong = {}
    for more, less in pairs:
        gain = values[more] - values[less]
        if not gain > EQUAL:
            wrong[more, less] = 0.5 if values[more] == values[less] or abs(gain) <= EQUAL else 1.0
    return wrong


def counted(names: tuple[str, ...], networks: dict[str, Callable], side: int,
            count: int = 1000) -> dict[str, Counter]:  # fmt: skip
    """For each measure how often each pair is misordered, over some photographs at one side."""
    found, pairs = {}, trials.ordered()
    for estimates, picture, candidates in trials.cases(names, (side,), count):
        scores = measured(np.stack(list(estimates.values())), picture, candidates, networks)
        for measure, values in scores.items():
            wrong = misordered(dict(zip(estimates, values)), pairs)
            found.setdefault(measure, Counter()).update(wrong)
    return found


def told(wrong: dict[int, Counter]) -> dict:
    """How many are misordered, in all and by side, and which estimates are too low or too high most often."""
    low, high = Counter(), Counter()
    for (more, less), times in sum(wrong.values(), Counter()).items():
        low[more] += times
        high[less] += times
    most = {name: dict(each.most_common(3)) for name, each in {"too low": low, "too high": high}.items()}
    by_side = {side: each.total() for side, each in wrong.items()}
    return {"misordered": sum(by_side.values()), "by side": by_side} | most


def main(argv: list[str] | None = None, sides: tuple[int, ...] = trials.SIDES, count: int = 1000) -> int:
    """Count both halves, and write the record."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    args, started = parser.parse_args(argv), time.process_time()
    networks = {
        f"network, {name}": network(train) for name, train in (("untrained", False), ("trained", True))
    }
    halved = {"choose": trials.CHOOSE, "report": trials.REPORT}
    bar = tqdm([(half, side) for half in halved for side in sides], disable=not sys.stderr.isatty())
    found = {run: counted(halved[run[0]], networks, run[1], count) for run in bar}
    measures = {
        name: {half: told({side: found[half, side][name] for side in sides}) for half in halved}
        for name in found["choose", sides[0]]
    }
    pairs = {half: len(trials.ordered()) * len(names) * len(sides) for half, names in halved.items()}
    chosen = min(measures, key=lambda name: measures[name]["choose"]["misordered"])
    record = {"photographs": halved, "sides": sides, "candidates": count, "pairs": pairs, "chosen": chosen}
    record |= {"measures": measures, "seconds": round(time.process_time() - started)}
    write_json(args.out, record | {"versions": versions("numpy", "torch")})
    print(table(record))
    return 0


def table(record: dict) -> str:
    """A record as text: pairs that each measure misorders, in both halves."""
    rows = [
        {"measure": name}
        | {half: f"{each[half]['misordered']:g} of {record['pairs'][half]}" for half in each}
        for name, each in record["measures"].items()
    ]
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(main())
