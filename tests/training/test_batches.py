"""What a network is shown: augmented as specified, under keys that meet one picture each, or refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lib.datasets import Dataset
from lib.schemes import SKK, EtC, Tanaka
from lib.training import TEST_IDS, Recipe, encrypted, fit, generator
from tests.training.runs import (
    KEY,
    SMALL,
    TEST,
    TRAIN,
    Recorder,
    Started,
    equal,
    labelled,
    stripes,
    tiny,
    weights,
    with_images,
)


def moved(images, crop, flip, generator):
    """Slowly: pad by reflection, cut out, mirror, an image at a time."""
    count, h, w, _ = images.shape
    top, left = torch.randint(2 * crop + 1, (2, count, 1), generator=generator).flatten(1).tolist()
    mirrored = (torch.rand(count, generator=generator) < 0.5).tolist() if flip else [False] * count
    out = []
    for image, row, column, mirror in zip(images, top, left, mirrored):
        padded = np.pad(image, ((crop, crop), (crop, crop), (0, 0)), "reflect")
        cut = padded[row : row + h, column : column + w]
        out.append(cut[:, ::-1] if mirror else cut)
    return np.stack(out)


def batches(data, recipe):
    """(ids, images) of every batch: ids count on from epoch to epoch."""
    for epoch in range(recipe.epochs):
        shuffler, count = generator(recipe.seed, epoch), len(data)
        for part in torch.randperm(count, generator=shuffler).tensor_split(-(-count // recipe.batch)):
            images = data.images[part.numpy()]
            yield part.numpy() + epoch * count, moved(images, recipe.crop, recipe.flip, shuffler)


@pytest.mark.parametrize("crop, flip", [(2, True), (2, False), (0, True), (7, True)])
def test_augmentation_is_that_of_the_specification(crop, flip):
    recipe = Recipe(epochs=2, batch=16, crop=crop, flip=flip, seed=5)
    seen = fit(Recorder, SMALL, recipe).model.seen
    expected = [images for _, images in batches(SMALL, recipe)]
    assert len(seen) == len(expected) and all((a == b).all() for a, b in zip(seen, expected))


def test_cutout_puts_one_square_in_the_mean_colour_anywhere_with_its_middle_inside():
    data, size, tops = stripes(400, 3, 8, 12), 4, set()
    mean = data.images.mean((0, 1, 2)).round().astype(np.uint8)
    recipe = Recipe(epochs=1, batch=50, cutout=size, seed=5)
    seen = np.concatenate(fit(Recorder, data, recipe).model.seen)
    order = torch.randperm(400, generator=generator(5, 0)).numpy()
    for image, source in zip(seen, data.images[order]):
        changed = (image != source).any(-1)
        rows, columns = (np.flatnonzero(changed.any(axis)) for axis in (1, 0))
        top, left = rows.min(), columns.min()
        assert (image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == mean).all()
        assert size // 2 <= np.ptp(rows) + 1 <= size and size // 2 <= np.ptp(columns) + 1 <= size
        tops.add((int(top), int(left)))
    assert len(tops) > 30


def test_alternating_flips_turn_every_image_over_in_every_second_epoch():
    data = stripes(60, 3, 8, 12)
    sides = data.images.copy()
    sides[..., 0], sides[..., 1] = (
        np.arange(60)[:, None, None],
        np.arange(12) * 20,
    )  # its number; left or right
    recipe = Recipe(epochs=4, batch=16, flip=True, alternate=True)
    seen = np.concatenate(fit(Recorder, with_images(data, sides), recipe).model.seen).reshape(4, 60, 8, 12, 3)
    mirrored = np.empty((4, 60), bool)
    for epoch, images in enumerate(seen):
        mirrored[epoch, images[:, 0, 0, 0]] = images[:, 0, 0, 1] > 0
    assert (mirrored[0] != mirrored[1]).all() and (mirrored[2:] == mirrored[:2]).all()
    assert 20 < mirrored[0].sum() < 40


def test_every_shift_and_both_sides_come_up_equally_often():
    ramp = np.zeros((300, 9, 11, 3), np.uint8)  # a pixel's value tells its row and its column
    ramp[..., 0], ramp[..., 1] = np.arange(9)[:, None] * 10, np.arange(11) * 10
    data = Dataset(ramp, np.arange(300) % 3, ("a", "b", "c"), "ramp")
    seen = np.concatenate(fit(Recorder, data, Recipe(epochs=6, crop=2, flip=True)).model.seen)
    rows, columns = seen[:, 4, 5, 0] // 10 - 4, seen[:, 4, 5, 1] // 10
    mirrored = seen[:, 4, 5, 1] > seen[:, 4, 6, 1]
    shifts = [rows.astype(np.int8), columns.astype(np.int8) - 5]
    for values, names in [(shifts[0], range(-2, 3)), (shifts[1], range(-2, 3)), (mirrored, (False, True))]:
        found, counts = np.unique(values, return_counts=True)
        assert found.tolist() == list(names)
        assert abs(counts / 1800 - 1 / len(found)).max() < 0.05
    # of its own each
    assert abs(np.corrcoef([shifts[0], shifts[1], mirrored])[np.triu_indices(3, 1)]).max() < 0.08


@pytest.mark.parametrize(
    "scheme",
    [Tanaka(KEY), SKK(KEY), EtC(KEY, 4), SKK(KEY, per_image=True)],
    ids=["tanaka", "skk", "etc", "skk-many"],
)
def test_before_means_that_the_moved_image_is_encrypted(scheme):
    recipe = Recipe(epochs=2, batch=16, crop=2, flip=True)
    run = fit(Recorder, SMALL, recipe, scheme=scheme)
    for seen, (ids, images) in zip(run.model.seen, batches(SMALL, recipe), strict=True):
        assert (seen == scheme.encrypt(images, ids if scheme.per_image else None)).all()
    assert all(run.model.layouts)


@pytest.mark.parametrize("scheme", [SKK(KEY), SKK(KEY, per_image=True)], ids=["skk", "skk-many"])
def test_after_means_that_the_ciphertext_is_moved(scheme):
    recipe = Recipe(epochs=2, batch=16, crop=2, flip=True, augment="after")
    ciphers = with_images(SMALL, encrypted(scheme, SMALL.images))
    seen = fit(Recorder, SMALL, recipe, scheme=scheme).model.seen
    assert all((a == b).all() for a, (_, b) in zip(seen, batches(ciphers, recipe), strict=True))


class Watched(SKK):
    """Keeps the ids of each call, and every picture that was encrypted under an id."""

    def __init__(self):
        super().__init__(KEY, per_image=True)
        self.calls, self.pictures = [], {}

    def encrypt(self, images, ids=None):
        array = images.permute(0, 2, 3, 1).numpy() if isinstance(images, torch.Tensor) else images
        self.calls.append(set(map(int, ids)))
        for number, image in zip(map(int, ids), array, strict=True):
            self.pictures.setdefault(number, set()).add(image.tobytes())
        return super().encrypt(images, ids)


@pytest.mark.parametrize("augment", ["before", "after"])
def test_no_key_of_an_image_ever_meets_two_pictures(augment):
    scheme = Watched()
    recipe = Recipe(epochs=3, batch=200, crop=2, flip=True, augment=augment, flip_test=True)
    fit(Started, TRAIN, recipe, scheme=scheme, test=TEST)
    assert all(len(pictures) == 1 for pictures in scheme.pictures.values())
    training = [ids for ids in scheme.calls if min(ids) < TEST_IDS]
    testing = [ids for ids in scheme.calls if min(ids) >= TEST_IDS]
    assert max(max(ids) for ids in training) < TEST_IDS
    if augment == "before":  # three epochs in three batches, and what `start` got
        assert len(training) == 10 and sum(map(len, training)) == len(set().union(*training)) == 2400
        assert len(set().union(*testing)) == 600  # as it is, and mirrored
    else:
        assert training == [set(range(600))] and len(set().union(*testing)) == 300


# -- what is refused -----------------------------------------------------------------------------------------


def colours(data):
    return with_images(data, data.images[..., :1])


def fewer(data):
    return replace(data, images=data.images[:0], labels=data.labels[:0])


FLAT, REORDERED = TEST.images.reshape(300, -1), ("low", "middle", "top")
LABELS = {  # labels of TEST, or a class without one: what is said
    "a label too many": ([0, 1, 3] * 100, "labels run from 0 to 3, .* 3 classes; number them from 0 to 2"),
    "a label below 0": ([0, -1, 2] * 100, "labels run from -1 to 2"),
    "labels from 1": ([1, 2, 3] * 100, "labels run from 1 to 3"),
    "too few labels": ([0, 1, 2] * 99, r"300 images and labels of shape \(297,\)"),
    "one-hot labels": (np.eye(3, dtype=int)[TEST.labels], r"labels of shape \(300, 3\)"),
    "labels as floats": ([0.0, 1.0, 2.0] * 100, "whole numbers, got float64"),
}
REFUSED = {
    **{what: (labelled(TEST, labels), None, text) for what, (labels, text) in LABELS.items()},
    "no images": (fewer(TEST), None, r"got \(0, 8, 8, 3\)"),
    "floats": (with_images(TEST, TEST.images / 255), None, "uint8 values 0..255, got float64"),
    "a tensor": (with_images(TEST, torch.from_numpy(TEST.images)), None, "NumPy array .* got torch.uint8"),
    "no axis for images": (with_images(TEST, FLAT), None, r"got \(300, 192\)"),
    "other size": (with_images(TEST, TEST.images[:, :4]), "test", "are 4x8x3, those of stripes 1 8x8x3"),
    "other channels": (colours(TEST), "test", "are 8x8x1, those of stripes 1 8x8x3"),
    "other classes": (
        replace(TEST, classes=REORDERED),
        "test",
        "low, middle, top; those .* top, middle, low",
    ),
    "an empty class": (labelled(TRAIN, [0, 2] * 300), "train", "no image of class middle; add"),
    "an empty last class": (labelled(TRAIN, [0, 1] * 300), "train", "no image of class low; add"),
}
TYPES = ("labels as floats", "floats", "a tensor")  # are of another kind; the others of another value


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_do_not_fit_are_refused(what):
    data, only, text = REFUSED[what]
    kind = TypeError if what in TYPES else ValueError
    if only != "test":
        with pytest.raises(kind, match=f"{data.source}: .*{text}"):
            fit(tiny, data, test=TEST)
    if only != "train":
        with pytest.raises(kind, match=f"{data.source}: .*{text}"):
            fit(tiny, TRAIN, test=data)


def test_a_test_set_may_lack_a_class():
    part = replace(TEST, images=TEST.images[TEST.labels < 2], labels=TEST.labels[TEST.labels < 2])
    assert fit(tiny, TRAIN, Recipe(epochs=1), test=part).history[0]["test_accuracy"] > 0


@pytest.mark.parametrize("crop", [8, 9, 20])
def test_a_shift_beyond_the_image_is_refused(crop):
    with pytest.raises(ValueError, match=f"images of 8x12 reflect at most 7 pixels, got crop={crop}"):
        fit(tiny, SMALL, Recipe(crop=crop))


def test_labels_of_any_whole_kind_will_do():
    whole = fit(tiny, TRAIN, Recipe(epochs=1)).model
    small = fit(tiny, replace(TRAIN, labels=TRAIN.labels.astype(np.uint8)), Recipe(epochs=1)).model
    assert equal(weights(whole), weights(small))
