"""`lib.transforms.Encrypt` in the pipelines where it is used."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from lib import Key
from lib.schemes import (
    SKK,
    BlockShuffle,
    EtC,
    ExtendedTanaka,
    FormatPreserving,
    GrayscaleEtC,
    NegativePositive,
    OneTimePad,
    Tanaka,
)
from lib.transforms import Encrypt

KEY = Key.from_seed(11)
ARRAYS = np.random.default_rng(21).integers(0, 256, (6, 16, 24, 3), np.uint8)
ALL = [Tanaka, ExtendedTanaka, SKK, EtC, GrayscaleEtC, BlockShuffle, NegativePositive, FormatPreserving]


def tensor(array):
    return torch.from_numpy(array.copy()).movedim(-1, -3)


def as_planes(cipher, batched):
    """A NumPy ciphertext channels first, a grey one with its axis of one channel."""
    cipher = np.moveaxis(cipher, -1, -3) if cipher.ndim == 3 + batched else np.expand_dims(cipher, -3)
    return torch.from_numpy(np.ascontiguousarray(cipher))


# -- kinds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
@pytest.mark.parametrize("batched", [False, True])
def test_every_kind_of_image(kind, batched):
    scheme = kind(KEY)
    array = ARRAYS if batched else ARRAYS[0]
    cipher = scheme.encrypt(array)
    plain = tensor(array)
    kept = plain.clone()
    out = Encrypt(scheme)(plain)
    assert (
        type(out) is torch.Tensor
        and out.dtype == torch.uint8
        and torch.equal(out, as_planes(cipher, batched))
    )
    image = tv_tensors.Image(plain)
    out = Encrypt(scheme)(image)
    assert type(out) is tv_tensors.Image and torch.equal(out, as_planes(cipher, batched))
    assert (
        torch.equal(plain, kept)
        and torch.equal(image, kept)
        and not torch.equal(out, kept[:, :1] if batched else kept[:1])
    )
    if not batched:
        picture = Image.fromarray(array)
        out = Encrypt(scheme)(picture)
        assert isinstance(out, Image.Image) and out.mode == ("L" if scheme.channels == 1 else "RGB")
        assert np.array_equal(np.asarray(out), cipher) and np.array_equal(np.asarray(picture), array)


def test_grey_ciphertexts_are_three_times_as_wide():
    transform = Encrypt(GrayscaleEtC(KEY))
    assert transform(tensor(ARRAYS)).shape == (6, 1, 16, 72) and transform(
        Image.fromarray(ARRAYS[0])
    ).size == (72, 16)


def test_a_picture_from_a_file():
    buffer = io.BytesIO()
    Image.fromarray(ARRAYS[0]).save(buffer, "PNG")
    with Image.open(buffer) as picture:
        assert np.array_equal(np.asarray(Encrypt(SKK(KEY))(picture)), SKK(KEY).encrypt(ARRAYS[0]))


# -- samples -------------------------------------------------------------------------------------------------

IMAGE = tensor(ARRAYS[0])
CIPHER = SKK(KEY).encrypt(IMAGE)


@pytest.mark.parametrize("label", [
    5, 2.5, True, None, "cat", 1j, np.int64(5), np.float32(0.5), torch.tensor(5), torch.tensor([5, 6]),
    torch.tensor([0.5, 1.0]),
], ids=repr)  # fmt: skip
def test_labels_pass(label):
    """Also before the image: torchvision would take the first plain tensor for the image."""
    transform = Encrypt(SKK(KEY))
    for image in (IMAGE, tv_tensors.Image(IMAGE), Image.fromarray(ARRAYS[0])):
        for sample in ((image, label), (label, image)):
            out = dict(
                zip(("image", "label") if sample[0] is image else ("label", "image"), transform(sample))
            )
            assert out["label"] is label and torch.equal(v2.functional.to_image(out["image"]), CIPHER)


def test_every_image_of_a_sample_is_encrypted():
    """Torchvision would change the first plain tensor only, and none beside a picture."""
    sample = {
        "views": [IMAGE, tensor(ARRAYS[1])],
        "picture": Image.fromarray(ARRAYS[2]),
        "name": "x",
        "rest": (tensor(ARRAYS[3]), 4),
    }
    out = Encrypt(SKK(KEY))(sample)
    ciphers = SKK(KEY).encrypt(ARRAYS)
    found = [*out["views"], v2.functional.pil_to_tensor(out["picture"]), out["rest"][0]]
    assert all(torch.equal(one, as_planes(ciphers[i], False)) for i, one in enumerate(found))
    assert out["name"] == "x" and out["rest"][1] == 4 and list(out) == list(sample)


class Foreign:
    pass


UNKNOWN = {
    "array": (ARRAYS[0], "a ndarray of shape .*v2.ToImage.*scheme.encrypt"),
    "grey-array": (ARRAYS[0, ..., 0], "v2.ToImage"),
    "mask": (
        tv_tensors.Mask(torch.zeros(16, 24, dtype=torch.uint8)),
        "tv_tensors.Mask.*places in the plain image",
    ),
    "planes": (tv_tensors.Mask(IMAGE), "tv_tensors.Mask"),
    "boxes": (
        tv_tensors.BoundingBoxes(torch.zeros(1, 4), format="XYXY", canvas_size=(16, 24)),
        "tv_tensors.BoundingBoxes",
    ),
    "video": (tv_tensors.Video(tensor(ARRAYS)), r"tv_tensors.Video of shape .*tv_tensors.Image\(video\)"),
    "matrix": (torch.zeros(6, 10), r"a Tensor of shape \(6, 10\), which is neither"),
    "bytes": (b"image", "a bytes, which is neither"),
    "set": ({1, 2}, "a set"),
    "object": (Foreign(), "a Foreign.*pass PIL images"),
    "path": (Image, "a module"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_it_does_not_know_raises(name):
    thing, message = UNKNOWN[name]
    transform = Encrypt(SKK(KEY))
    for sample in (thing, (thing, 3), (IMAGE, thing), {"image": IMAGE, "more": [thing]}):
        with pytest.raises(TypeError, match=f"(?s){message}"):
            transform(sample)
        with pytest.raises(TypeError, match=f"(?s){message}"):
            v2.Compose([transform])(sample)


@pytest.mark.parametrize("image, error, message", [
    (IMAGE / 255, TypeError, "expected uint8 values 0..255, got torch.float32"),
    (IMAGE.to(torch.int64), TypeError, "got torch.int64"),
    (IMAGE.movedim(0, -1), ValueError, "channels come last here"),
    (IMAGE[:1], ValueError, "expected 3 channels"),
    (IMAGE[None, None], ValueError, "one batch at a time"),
    (IMAGE[:, :15], ValueError, "15x24 is not a multiple of block 4"),
    (tv_tensors.Image(IMAGE[:, :15]), ValueError, "lib.pad"),
    (tv_tensors.Image(IMAGE / 255), TypeError, "expected uint8"),
    (Image.fromarray(ARRAYS[0]).convert("RGBA"), ValueError, "got RGBA"),
    (Image.fromarray(ARRAYS[0]).convert("L"), ValueError, "mode RGB, got L"),
], ids=["float", "int64", "channels-last", "one-channel", "five-axes", "size", "tv-size", "tv-float", "alpha",
        "grey"])  # fmt: skip
def test_an_image_that_does_not_fit_meets_the_door(image, error, message):
    for sample in (image, (image, 3), (IMAGE, image)):
        with pytest.raises(error, match=message):
            Encrypt(Tanaka(KEY))(sample)


@pytest.mark.parametrize("sample", [3, "cat", (1, 2), {}, torch.tensor([1, 2])], ids=repr)
def test_a_sample_without_an_image_raises(sample):
    with pytest.raises(TypeError, match="no image in the sample"):
        Encrypt(SKK(KEY))(sample)


# -- making one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scheme",
    [SKK(KEY, per_image=True), EtC(KEY, per_image=True), OneTimePad(KEY)],
    ids=lambda scheme: scheme.name,
)
def test_a_key_for_each_image_is_refused_at_once(scheme):
    with pytest.raises(ValueError, match=r"needs its id.*scheme\.encrypt\(images, ids="):
        Encrypt(scheme)


@pytest.mark.parametrize("scheme, got", [(SKK, "SKK"), (KEY, "Key"), (None, "NoneType"), ("skk", "str")])
def test_something_else_than_a_scheme(scheme, got):
    with pytest.raises(TypeError, match=f"expected a scheme.*got {got}$"):
        Encrypt(scheme)


def test_the_secret_is_shown_nowhere():
    transform = v2.Compose([Encrypt(SKK(Key(bytes(range(32)))))])
    assert "SKK(Key(" in repr(transform) and bytes(range(32)).hex()[:16] not in repr(transform)
    assert not transform.state_dict() and not list(transform.parameters())


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "process"]
)
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_copies_encrypt_alike(kind, clone):
    """A worker that is not forked gets its transform as a copy."""
    transform = Encrypt(kind(KEY))
    out = transform(IMAGE)
    assert torch.equal(clone(transform)(IMAGE), out)


# -- pipelines -----------------------------------------------------------------------------------------------


def test_compose_from_pil_to_floats():
    chain = v2.Compose([v2.ToImage(), Encrypt(EtC(KEY)), v2.ToDtype(torch.float32, scale=True)])
    out, label = chain(Image.fromarray(ARRAYS[0]), 7)
    expected = torch.from_numpy(EtC(KEY).encrypt(ARRAYS[0])).movedim(-1, 0) / 255
    assert label == 7 and out.dtype == torch.float32 and torch.allclose(out, expected)


def test_compose_augments_before_it_encrypts():
    chain = v2.Compose([v2.RandomHorizontalFlip(p=1), Encrypt(Tanaka(KEY))])
    assert torch.equal(chain(IMAGE), Tanaka(KEY).encrypt(IMAGE.flip(-1)))


class Pictures(Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return len(ARRAYS)

    def __getitem__(self, i):
        return self.transform(Image.fromarray(ARRAYS[i]), i)


def test_data_loader_with_workers():
    chain = v2.Compose([Encrypt(Tanaka(KEY)), v2.ToImage()])
    batches = list(DataLoader(Pictures(chain), batch_size=2, num_workers=2))
    images, labels = torch.cat([b for b, _ in batches]), torch.cat([n for _, n in batches])
    assert torch.equal(images, Tanaka(KEY).encrypt(tensor(ARRAYS))) and labels.tolist() == list(range(6))


def test_a_batch_from_a_loader():
    loader = DataLoader(list(zip(tensor(ARRAYS), range(6))), batch_size=3)
    transform = Encrypt(SKK(KEY))
    images = torch.cat([transform(batch)[0] for batch in loader])
    assert torch.equal(images, SKK(KEY).encrypt(tensor(ARRAYS)))
