"""Trains the prior of `lib.attacks.solvers.pixel_state_prior` anew.

    python -m lib.workbook.prior_training --data npz:cifar10.npz --photos FOLDER

makes `data/models/orbit_prior.npz`, in 16 minutes of one core, from 45,000 training images of CIFAR-10 and
six Kodak photographs (`TRAINED_ON`). None of the embedded photographs is among them. Some training pictures
are noise, where no state is likelier than another: that teaches doubt.

    ... --all --crops 6 --small 2 --out FILE --name "twelve photographs"

teaches another, by all twelve photographs and three times as many crops of them. With `--name`, what a prior
is worth is added to `data/results/priors.json`: see `worth`. `--steps 0` trains none, and scores FILE.
"""

import argparse
import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from tqdm import trange

from lib import Key, datasets
from lib.atomic import write_json
from lib.attacks.one_ciphertext.learned_prior import likeliest
from lib.attacks.one_ciphertext.minimum_difference import minimum_difference
from lib.attacks.solvers.belief_propagation import counts
from lib.attacks.solvers.pixel_state_prior import WEIGHTS, OrbitPrior, Prior, state_loss, stored
from lib.metrics import invariant, psnr, ssim
from lib.photos import scaled_to
from lib.schemes import SKK
from lib.training import CPU, autocast
from lib.workbook.attack_matrix import mean_colour
from lib.workbook.recording import RESULTS

OUT = RESULTS / "priors.json"

TRAINED_ON = ("kodim01", "kodim05", "kodim09", "kodim13", "kodim17", "kodim21")
OTHERS = ("kodim03", "kodim07", "kodim11", "kodim15", "kodim19", "kodim23")
SIDES = (64, 80, 96, 128, 160, 192, 256, 384)  # short sides that training photographs are scaled to
STEPS = 15_000  # of training; in each:
# images of 32x32, noise, images scaled to 64x64, crops of photographs
SMALL, NOISE, DOUBLED, CROPS = 8, 1, 2, 2


def train(images: np.ndarray, photos: list[np.ndarray], steps: int = STEPS, seed: int = 0, share: float = 0.3,
          small: int = SMALL, crops: int = CROPS) -> OrbitPrior:  # fmt: skip
    """A network from images (n, 32, 32, 3) and photographs, all uint8. `share`: of pixels in each loss;
    `small`, `crops`: images and crops of photographs in each step."""
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = OrbitPrior().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-3, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps, pct_start=0.1)
    for _ in trange(steps, disable=None):
        total = 0
        for batch in (_images(images, rng, small), _large(images, photos, rng, crops)):
            size = math.prod(batch.shape[:3])
            total = total + loss(network, batch, rng.permutation(size)[: int(size * share)])
        optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval()


def _images(images, rng, count):
    chosen = images[rng.integers(0, len(images), count)]
    chosen = np.where(rng.random((count, 1, 1, 1)) < 0.5, chosen, chosen[:, :, ::-1])
    return np.concatenate([chosen, rng.integers(0, 256, (NOISE, *images.shape[1:]), np.uint8)])


def _large(images, photos, rng, crops):
    small = map(Image.fromarray, _images(images, rng, SMALL)[:DOUBLED])
    doubled = [np.array(image.resize((64, 64), Image.Resampling.LANCZOS)) for image in small]
    return np.stack([*doubled, *(_crop(photos, rng) for _ in range(crops))])


def _crop(photos, rng):
    """64x64 pixels of a photograph, mirrored or not, mostly with another gamma."""
    photo = photos[rng.integers(len(photos))]
    top, left = rng.integers(photo.shape[0] - 63), rng.integers(photo.shape[1] - 63)
    crop = photo[top : top + 64, left : left + 64]
    crop = crop[:, ::-1] if rng.random() < 0.5 else crop
    gamma = np.exp(rng.normal(0, 0.25)) if rng.random() < 0.7 else 1
    return (255 * (np.arange(256) / 255) ** gamma).round().astype(np.uint8)[crop]


def loss(network: OrbitPrior, images: np.ndarray, pixels: np.ndarray) -> torch.Tensor:
    """Of some pixels: cross-entropy, plus twice the squared error of the mean colour in steps of 64."""
    folds = torch.from_numpy(invariant(images)).float()
    with autocast(CPU, True):
        logits = network(folds.permute(0, 3, 1, 2), torch.from_numpy(pixels))
    return state_loss(logits, folds.reshape(-1, 3)[pixels], images.reshape(-1, 3)[pixels])


def save(prior: Prior, path: Path = WEIGHTS) -> None:
    """Arrays by name; the network's in half precision."""
    weights = {name: value.numpy().astype(np.float16) for name, value in prior.network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, neighbours=prior.neighbours, **weights)


def make(network: OrbitPrior, images: np.ndarray, photos: list[np.ndarray]) -> Prior:
    """A prior around a trained network; neighbours are counted in images and photos."""
    small = [photo for photo in photos if min(photo.shape[:2]) in (96, 128)]
    neighbours = sum((counts(photo[None]) for photo in small), counts(images[:500])).astype(np.float32)
    return Prior(network, neighbours)


def scaled_photos(folder: Path, names: Iterable[str] = TRAINED_ON, sides: tuple = SIDES) -> list[np.ndarray]:
    """Photographs NAME.png of a folder, each at all sides."""
    photos = []
    for name in names:
        picture = Image.open(folder / f"{name}.png").convert("RGB")
        photos += [scaled_to(picture, side) for side in sides]
    return photos


def worth(prior: Prior, sets: dict[str, np.ndarray]) -> dict[str, dict]:
    """For each set of pictures (n, h, w, 3) uint8: mean PSNR and SSIM of the prior's means, of minimum
    difference that is told nothing, and of two constants that know nothing of the picture; and how much the
    prior gains over minimum difference on each picture, its quartiles."""
    public, found = datasets.load("photos", "train", 300).images, {}
    for name, plain in sets.items():
        ciphers = SKK(Key.from_seed(24), per_image=True).encrypt(plain, ids=range(len(plain)))
        estimates = {"prior": likeliest(ciphers, prior), "minimum difference": minimum_difference(ciphers)}
        estimates = {who: result.estimate for who, result in estimates.items()}
        estimates |= {"grey 128": np.full_like(plain, 128), "mean colour": mean_colour(public, plain.shape)}
        each = {
            who: np.array([[psnr(a, b), ssim(a, b)] for a, b in zip(x, plain)])
            for who, x in estimates.items()
        }
        gain = each["prior"] - each["minimum difference"]
        quartiles = np.quantile(gain, (0.25, 0.75), 0).round(3).tolist()
        found[name] = {who: scores.mean(0).round(3).tolist() for who, scores in each.items()}
        found[name] |= {"gain": gain.mean(0).round(3).tolist(), "gain quartiles": quartiles}
        found[name] |= {"pictures": len(plain)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description="Train the prior anew.")
    parser.add_argument("--data", default="cifar10", help="as lib.datasets names it; its images are 32x32")
    kodak = "a folder that has the twelve Kodak PNG files"
    parser.add_argument("--photos", type=Path, required=True, help=kodak)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--all", action="store_true", help="train on all twelve photographs")
    parser.add_argument("--small", type=int, default=SMALL, help="images in each step (8)")
    parser.add_argument("--crops", type=int, default=CROPS, help="crops of photographs in each step (2)")
    parser.add_argument("--name", help="add what it is worth to the record, under this name")
    given = parser.parse_args()
    if given.steps:
        images = datasets.load(given.data, "train").images[:45_000]
        photos = scaled_photos(given.photos, (*TRAINED_ON, *OTHERS) if given.all else TRAINED_ON)
        network = train(images, photos, given.steps, small=given.small, crops=given.crops)
        save(make(network, images, photos), given.out)
    if given.name:
        photographs = {
            f"photographs, {side}": np.stack([datasets.photo(name, side) for name in datasets.photo_names])
            for side in (64, 128)
        }
        sets = {"CIFAR-10 test": datasets.load(given.data, "test", limit=500).images} | photographs
        record = json.loads(OUT.read_text()) if OUT.exists() else {}
        write_json(OUT, record | {given.name: worth(stored(given.out), sets)})


if __name__ == "__main__":
    main()
