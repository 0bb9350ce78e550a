"""Train a network on images, plain or encrypted; evaluate it, let it predict. Only encryption needs a scheme
and a key.

    train, test = load("photos"), load("photos", "test")
    run = fit(lambda: by_name("blocknet", 10), train, Recipe(epochs=5), scheme=Tanaka(key), test=test)
    evaluate(run.model, test, scheme=Tanaka(key))       # plain images, encrypted on the way
    predict(run.model, ciphertexts)                     # ciphertexts as they are: no key

All randomness follows from the recipe's seed, afresh in each epoch, so a run that was killed goes on from its
last checkpoint to the same weights, bit for bit on a CPU with the same number of threads.
"""

import hashlib
import json
import math
import re
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from lib.atomic import remove_unfinished, whole_file
from lib.datasets import Dataset
from lib.schemes.base import check_flag

# with a key per image, ids of test images count from here: no key serves training and test
TEST_IDS = 1 << 48
WHEN = ("before", "after")  # encryption
NO_CHECKPOINT = "{} is no checkpoint of lib.training; remove it, and training begins anew"
CPU = torch.device("cpu")
_NUMBERS = {  # of a recipe: what they are made, and what they have to be
    "epochs": (int, "a whole number from 1 on", lambda value: value >= 1),
    "batch": (int, "a whole number from 1 on", lambda value: value >= 1),
    "crop": (int, "a whole number of pixels from 0 on", lambda value: value >= 0),
    "seed": (int, "a whole number from 0 on", lambda value: value >= 0),
    "rate": (float, "a number above 0", lambda value: 0 < value < math.inf),
    "weight_decay": (float, "a number from 0 on", lambda value: 0 <= value < math.inf),
    "smoothing": (float, "a number from 0 to below 1", lambda value: 0 <= value < 1),
    "average": (float, "a number from 0 to below 1", lambda value: 0 <= value < 1),
}


class CheckpointError(ValueError):
    """The checkpoint in the folder is broken, or of another run than the one that was asked for."""


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW, the rate on one cycle up to `rate` and down to nothing.

    smoothing   label smoothing, 0 to below 1
    crop        shift each image by up to so many pixels, in each direction at random, edges reflected
    flip        mirror every second image, at random
    augment     "before" encryption: every epoch encrypts afresh. "after": encrypted once, then shifted and
                mirrored. Without crop and flip both encrypt once
    average     decay of a running mean of the weights, which is what is evaluated and returned; 0 for none
    flip_test   when evaluated, add the scores of the mirrored image, mirrored when `augment` says
    bfloat16    compute in bfloat16 where the device has it
    """

    epochs: int = 10
    batch: int = 128
    rate: float = 3e-3
    weight_decay: float = 0.05
    smoothing: float = 0.0
    crop: int = 0
    flip: bool = False
    augment: str = "before"
    average: float = 0.0
    flip_test: bool = False
    bfloat16: bool = False
    seed: int = 0

    def __post_init__(self):
        for name, (kind, expected, fits) in _NUMBERS.items():
            value = getattr(self, name)
            numbers = int | np.integer if kind is int else int | float | np.integer | np.floating
            if isinstance(value, bool) or not isinstance(value, numbers) or not fits(value):
                raise ValueError(f"{name} is {expected}, got {value!r}")
            object.__setattr__(self, name, kind(value))  # a checkpoint can hold no NumPy scalar
        for name in ("flip", "flip_test", "bfloat16"):
            object.__setattr__(self, name, check_flag(name, getattr(self, name)))
        _check_when("augment", self.augment)


def _check_when(name, value):
    if value not in WHEN:
        raise ValueError(f"{name} is 'before' or 'after' encryption, got {value!r}")


@dataclass
class Run:
    """A trained model, and by epoch: loss (with penalty) and train_accuracy while training, test_accuracy,
    seconds.

    Seconds are those that the CPU's threads worked, over their number, so that other programs do not count;
    on another device those of the clock.
    """

    model: nn.Module
    history: list[dict] = field(default_factory=list)


# -- train ---------------------------------------------------------------------------------------------------


def fit(make_model, data: Dataset, recipe=None, *, scheme=None, test=None, folder=None, device="cpu", threads=1,
        progress=False) -> Run:  # fmt: skip
    """Train `make_model()` on `data`; the caller's random state is left as it was.

    make_model   without arguments; a network of (n, c, h, w) floats from -1 to 1 that gives (n, classes).
                 Where it has them, `start(x)` is called first with some inputs, and `penalty()` is added to
                 every loss
    data, test   plain images with a scheme, which encrypts them; without, images as they are, plain or
                 encrypted
    folder       keep `checkpoint.pt` and `log.jsonl` there, each epoch, and go on from them when called again
    threads      of the CPU: small layers gain nothing from a second, and lose a factor of twenty when it is
                 busy
    progress     True for a bar on stderr, or a function that is told each epoch's entry of the history
    Errors: TypeError for images that are not uint8; ValueError for labels out of range, a class without
    images, test images of another size or other classes; CheckpointError; FloatingPointError for a loss that
    is no number.
    """
    recipe = recipe or Recipe()
    _check(data)
    _check_training(data, recipe.crop)
    if test is not None:
        _check(test)
        _check_alike(data, test)
    device = torch.device(device)
    with quiet(recipe.seed, device, threads):
        feed = _Feed(data, recipe, scheme, device)
        model = make_model().to(device, memory_format=torch.channels_last)
        if hasattr(model, "start"):
            some = torch.arange(min(len(data), 4096))  # under keys that no epoch uses
            model.start(scaled(feed.batch(some, generator(recipe.seed, -1), recipe.epochs)))
        state = _State(
            model, recipe, feed.steps, folder, _about(model, data, recipe, scheme, test) if folder else None
        )
        with tqdm(total=recipe.epochs * feed.steps, initial=len(state.history) * feed.steps, unit="step",
                  disable=progress is not True) as bar:  # fmt: skip
            for epoch in range(len(state.history), recipe.epochs):
                entry = _epoch(state, feed, epoch, bar)
                if test is not None:
                    options = {"scheme": scheme, "flips": recipe.flip_test, "flip": recipe.augment}
                    entry["test_accuracy"] = evaluate(state.best, test, bfloat16=recipe.bfloat16, **options)
                state.finish(entry, bar)
                if callable(progress):
                    progress(entry)
    return Run(state.best.eval(), state.history)


def _epoch(state, feed, epoch, bar) -> dict:
    recipe, total, right = state.recipe, 0.0, 0
    start = worked(feed.labels.device)
    shuffler = generator(recipe.seed, epoch)
    # dropout and the like: a resumed epoch draws what it would have drawn
    torch.manual_seed(shuffler.initial_seed())
    state.model.train()
    for step, part in enumerate(torch.randperm(len(feed), generator=shuffler).tensor_split(feed.steps)):
        x, y = feed.batch(part, shuffler, epoch), feed.labels[part.to(feed.labels.device)]
        with autocast(x.device, recipe.bfloat16):
            scores = state.model(scaled(x))
        loss = nn.functional.cross_entropy(scores.float(), y, label_smoothing=recipe.smoothing)
        if hasattr(state.model, "penalty"):
            loss = loss + state.model.penalty()
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} in epoch {epoch + 1}, step {step + 1}; lower the rate (now {recipe.rate}), or "
                "leave bfloat16 out"
            )
        state.step(loss)
        total, right = total + value * len(part), right + int((scores.argmax(1) == y).sum())
        bar.update()
    seconds = round(worked(feed.labels.device) - start, 3)
    return {
        "epoch": epoch + 1, "loss": total / len(feed), "train_accuracy": right / len(feed), "seconds": seconds,
    }  # fmt: skip


class _Feed:
    """Batches as the network gets them: uint8, kept on the device, augmented and encrypted in whole
    batches."""

    def __init__(self, data, recipe, scheme, device):
        self.crop, self.flip, self.steps = recipe.crop, recipe.flip, -(-len(data) // recipe.batch)
        once = recipe.augment == "after" or not (recipe.crop or recipe.flip)
        images = _batch(encrypted(scheme, data.images) if scheme and once else data.images)
        self.scheme = None if once else scheme
        self.height, self.width = images.shape[1:3]
        around = ((0, 0), (recipe.crop,) * 2, (recipe.crop,) * 2, (0, 0))
        self.images = torch.from_numpy(np.pad(images, around, "reflect") if recipe.crop else images).to(
            device
        )
        self.labels = torch.from_numpy(data.labels.astype(np.int64)).to(device)

    def __len__(self):
        return len(self.images)

    def batch(self, part, shuffler, epoch=0):
        """(b, c, h, w) uint8 of the images `part`."""
        x = (
            self._moved(part, shuffler)
            if self.crop or self.flip
            else self.images[part.to(self.images.device)]
        )
        x = x.permute(0, 3, 1, 2)
        if self.scheme is None:
            return x
        # a new key for every picture seen
        ids = (part + epoch * len(self)).numpy() if self.scheme.per_image else None
        return self.scheme.encrypt(x, ids=ids)

    def _moved(self, part, shuffler):
        """The images `part`, each cut out at a place of its own, and mirrored or not."""
        top, left = torch.randint(2 * self.crop + 1, (2, len(part), 1), generator=shuffler)
        rows, columns = torch.arange(self.height) + top, torch.arange(self.width) + left
        if self.flip:
            mirror = torch.rand(len(part), 1, generator=shuffler) < 0.5
            columns = torch.where(mirror, columns.flip(1), columns)
        _, h, w, c = self.images.shape
        lines, columns = (part[:, None] * h + rows).to(self.images.device), columns.to(self.images.device)
        # numbered through: a third of the time of three indices
        pixels = lines[:, :, None] * w + columns[:, None, :]
        return (
            self.images.view(-1, c)
            .index_select(0, pixels.flatten())
            .view(len(part), self.height, self.width, c)
        )


class _State:
    """What a checkpoint holds: model, its running mean, optimiser, schedule, history."""

    def __init__(self, model, recipe, steps, folder, about):
        self.model, self.recipe, self.about = model, recipe, about
        groups = [  # norms, biases and other vectors are not decayed
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.rate, recipe.epochs * steps
        )
        self.mean = None
        if recipe.average:
            self.mean = AveragedModel(
                model, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True
            )
        self.history, self.folder = [], Path(folder) if folder else None
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.checkpoint, self.log = self.folder / "checkpoint.pt", self.folder / "log.jsonl"
            remove_unfinished((self.checkpoint, self.log))
            self.load()

    @property
    def best(self):
        """What is evaluated: the running mean of the weights, or the weights."""
        return self.mean.module if self.mean else self.model

    def step(self, loss):
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        if self.mean:
            self.mean.update_parameters(self.model)

    def parts(self):
        parts = {"model": self.model, "optimiser": self.optimiser, "schedule": self.schedule}
        return parts | ({"mean": self.mean} if self.mean else {})

    def finish(self, entry, bar):
        """An epoch is over: add it to the history, and keep all on disk."""
        self.history.append(entry)
        bar.set_postfix({name: f"{entry[name]:.3f}" for name in ("loss", "test_accuracy") if name in entry})
        if self.folder:
            # first: what is killed between the two is written anew
            with whole_file(self.log, overwrite=True) as file:
                file.write("".join(json.dumps(entry) + "\n" for entry in self.history).encode())
            save_checkpoint(self.checkpoint, self.about, self.history, self.parts())

    def load(self):
        self.history = load_checkpoint(self.checkpoint, self.about, self.parts())


def save_checkpoint(path: Path, about: dict, history: list[dict], parts: dict) -> None:
    """Keep the state of `parts`, by name (networks, optimisers, schedules), with what makes this run this
    run."""
    kept = {name: part.state_dict() for name, part in parts.items()}
    with whole_file(path, overwrite=True) as file:
        torch.save({"about": about, "history": history, **kept}, file)


def load_checkpoint(path: Path, about: dict, parts: dict) -> list[dict]:
    """Give `parts` the state kept for them; the history, empty where nothing was kept.

    CheckpointError for a file that is broken, or of a run that differs from `about`.
    """
    if not path.exists():
        return []
    kept = _read(path)
    there = kept["about"]
    other = [
        f"{name} {there.get(name)} there, {about.get(name)} here"
        for name in about | there
        if there.get(name) != about.get(name)
    ]
    if other:
        raise CheckpointError(
            f"{path} is of another run: {'; '.join(other)}; take another folder, or remove it"
        )
    if not parts.keys() <= kept.keys():
        raise CheckpointError(NO_CHECKPOINT.format(path))
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    return kept["history"]


def _read(path) -> dict:
    """What `save_checkpoint` saved. CheckpointError for any other file: torch raises half a dozen kinds of
    errors for those."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split(".")[0].split("\n")[0] or type(error).__name__
        raise CheckpointError(
            f"{path} cannot be read ({reason}); remove it, and training begins anew"
        ) from None
    if not isinstance(kept, dict) or not {"about", "history"} <= kept.keys():
        raise CheckpointError(NO_CHECKPOINT.format(path))
    return kept


def _about(model, data, recipe, scheme, test) -> dict:
    """What makes a run this run, for its checkpoint to be known by."""
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    text = re.sub(r" at 0x\w+", "", repr(model))  # tells what shapes do not, such as a rate of dropout
    cipher = {"scheme": "none"} if scheme is None else scheme.to_dict() | {"key": scheme.key.fingerprint}
    data_sets = {"data": digest(data.images, data.labels)}
    if test is not None:
        data_sets["test data"] = digest(test.images, test.labels)
    return {
        "model": f"{type(model).__name__} {digest(repr(shapes).encode(), text.encode())}",
        **data_sets,
        **cipher,
        **asdict(recipe),
    }


def digest(*parts) -> str:
    """16 hex digits that tell arrays and bytes apart."""
    total = hashlib.sha256()
    for part in parts:
        total.update(np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part)
    return total.hexdigest()[:16]


def _check(data):
    """Images and labels of a data set fit each other and its classes."""
    images, labels, classes = data.images, data.labels, len(data.classes)
    _batch(images, data.source)
    if labels.shape != (len(images),):
        raise ValueError(
            f"{data.source}: {len(images)} images and labels of shape {labels.shape}; give each image one"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{data.source}: labels are whole numbers, got {labels.dtype}; number the classes from 0 on"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"{data.source}: labels run from {labels.min()} to {labels.max()}, but there are {classes} classes; number "
            f"them from 0 to {classes - 1}"
        )


def _check_training(data, crop):
    counts = np.bincount(data.labels.astype(np.int64), minlength=len(data.classes))
    empty = [str(name) for name, count in zip(data.classes, counts) if not count]
    if empty:
        raise ValueError(
            f"{data.source}: no image of class {', '.join(empty)}; add some, or leave the class out"
        )
    if crop >= min(data.images.shape[1:3]):
        h, w = data.images.shape[1:3]
        raise ValueError(
            f"{data.source}: images of {h}x{w} reflect at most {min(h, w) - 1} pixels, got crop={crop}"
        )


def _check_alike(data, test):
    if test.images.shape[1:] != data.images.shape[1:]:
        sizes = ["x".join(map(str, d.images.shape[1:])) for d in (test, data)]
        raise ValueError(
            f"{test.source}: images are {sizes[0]}, those of {data.source} {sizes[1]}; bring all to one size"
        )
    if tuple(test.classes) != tuple(data.classes):
        raise ValueError(
            f"{test.source}: classes {', '.join(map(str, test.classes))}; those of {data.source} are "
            f"{', '.join(map(str, data.classes))}: a label would not mean the same in both"
        )


def _batch(images, source="images") -> np.ndarray:
    """(n, h, w, c) uint8, checked; grey ciphertexts, (n, h, w), get their channel axis."""
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = getattr(images, "dtype", type(images).__name__)
        raise TypeError(f"{source}: expected a NumPy array of uint8 values 0..255, got {kind}")
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise ValueError(
            f"{source}: expected shape (n, h, w, channels), or (n, h, w) for grey, got {images.shape}"
        )
    return np.ascontiguousarray(images if images.ndim == 4 else images[..., None])


# -- use -----------------------------------------------------------------------------------------------------


@torch.no_grad()
def scores(model, images: np.ndarray, *, batch: int = 500, bfloat16: bool = False) -> np.ndarray:
    """(n, classes) float32, the probability of each class for images (n, h, w, c) or (n, h, w) uint8, as they
    are."""
    model.eval()
    device = next(model.parameters()).device
    out = []
    for part in torch.from_numpy(_batch(images)).split(batch):
        with autocast(device, bfloat16):
            out.append(model(scaled(part.to(device).permute(0, 3, 1, 2))).float().softmax(1).cpu())
    return torch.cat(out).numpy()


def predict(model, images: np.ndarray, *, batch: int = 500) -> np.ndarray:
    """(n,) int64 classes of images (n, h, w, c) uint8, as they are: ciphertexts for a model trained on
    ciphertexts."""
    return scores(model, images, batch=batch).argmax(1)


def evaluate(model, data: Dataset, *, scheme=None, flips=False, flip="before", bfloat16=False) -> float:
    """The share of `data` that the model puts in the right class; with a scheme, data are encrypted first.

    flips   add the scores of the images mirrored "before" or "after" encryption, as `flip` says
    """
    _check(data)
    _check_when("flip", flip)
    total, first = 0, TEST_IDS
    for mirrored in (False, True) if flips else (False,):
        images = data.images
        if mirrored and flip == "before":
            # other images, other keys
            images, first = np.ascontiguousarray(images[:, :, ::-1]), TEST_IDS + len(data)
        if scheme:
            images = encrypted(scheme, images, first)
        if mirrored and flip == "after":
            images = images[:, :, ::-1]
        total = total + scores(model, images, bfloat16=bfloat16)
    return float((total.argmax(1) == data.labels).mean())


def encrypted(scheme, images: np.ndarray, first_id: int = 0) -> np.ndarray:
    """The ciphertexts of (n, h, w, 3) uint8, ids counting from `first_id` where each image has a key of its
    own."""
    return scheme.encrypt(images, ids=range(first_id, first_id + len(images)) if scheme.per_image else None)


def scaled(x):
    """uint8 tensors as floats from -1 to 1: the odd numbers over 255, so a complement is a change of sign,
    exactly."""
    return (2 * x.float() - 255) / 255


# -- the machine ---------------------------------------------------------------------------------------------


def has_bfloat16(device) -> bool:
    """Whether the device computes in bfloat16 by itself, so that using it saves time."""
    if device.type == "cpu":
        return any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def worked(device) -> float:
    """Seconds that the CPU's threads worked, over their number; on another device those of a clock."""
    return time.process_time() / torch.get_num_threads() if device.type == "cpu" else time.perf_counter()


def autocast(device, wanted):
    """bfloat16 inside, where it is wanted and the device has it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted and has_bfloat16(device))


def generator(seed, epoch) -> torch.Generator:
    """The draws of an epoch, or of a step: no two alike."""
    state = np.random.SeedSequence((seed, epoch + 1)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> 1))


@contextmanager
def quiet(seed, device=CPU, threads=1):
    """Random state and threads of the caller are given back as they were."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
