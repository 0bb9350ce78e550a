"""The door: what is let in comes out in its own form; `pad` and `crop`. What is refused stands in
`test_bad_input.py`."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lib import crop, pad
from lib.images import enter
from tests.specification import picture


def nothing(batch):
    """A cipher that changes nothing but makes a new array, as all do."""
    return batch.copy()


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 5, 7, 3), (4, 5, 7, 3), (1, 1, 3), (3, 3, 3), (3, 3, 3, 3)])
def test_arrays_enter_as_a_batch_and_leave_as_they_came(shape):
    images = picture(shape)
    batch, leave = enter(images)
    assert batch.shape == (1, *shape)[-4:] and (batch.reshape(shape) == images).all()
    out = leave(nothing(batch))
    assert type(out) is np.ndarray and out.shape == shape and (out == images).all()


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 3, 5, 7), (4, 3, 5, 7), (3, 1, 1), (3, 3, 3), (3, 3, 3, 3)])
def test_tensors_enter_channels_last_and_leave_as_they_came(shape):
    images = torch.from_numpy(picture(shape))
    batch, leave = enter(images)
    assert isinstance(batch, np.ndarray) and batch.shape == (1, *shape[-4:-3], *shape[-2:], 3)[-4:]
    assert (
        batch.reshape(-1, *shape[-2:], 3) == np.moveaxis(images.numpy().reshape(-1, *shape[-3:]), 1, 3)
    ).all()
    out = leave(nothing(batch))
    assert (
        out.shape == images.shape
        and out.dtype == torch.uint8
        and torch.equal(out, images)
        and out.is_contiguous()
    )


def test_the_memory_format_of_a_tensor_is_kept():
    images = torch.from_numpy(picture((4, 3, 5, 7)))
    last = images.to(memory_format=torch.channels_last)
    batch, leave = enter(last)
    out = leave(nothing(batch))
    assert (
        torch.equal(out, images)
        and out.is_contiguous(memory_format=torch.channels_last)
        and not out.is_contiguous()
    )


@pytest.mark.parametrize("size", [(7, 5), (1, 1), (4, 4)])
def test_a_pil_image_leaves_as_a_pil_image(size):
    image = Image.fromarray(picture((size[1], size[0], 3)))
    batch, leave = enter(image)
    assert batch.shape == (1, size[1], size[0], 3)
    out = leave(nothing(batch))
    assert (
        isinstance(out, Image.Image)
        and (out.mode, out.size) == ("RGB", size)
        and out.tobytes() == image.tobytes()
    )


@pytest.mark.parametrize("images", [picture((6, 9)), picture((2, 6, 9))], ids=["one", "batch"])
def test_grey_ciphertexts_enter_and_leave(images):
    batch, leave = enter(images, 3, channels=1)
    assert batch.shape == (1, *images.shape, 1)[-4:]
    assert leave(nothing(batch)).shape == images.shape
    tensor = torch.from_numpy(images)[..., None, :, :]
    batch, leave = enter(tensor, 3, channels=1)
    assert torch.equal(leave(nothing(batch)), tensor)


def test_a_grey_pil_image_enters_and_leaves():
    image = Image.fromarray(picture((6, 9)))
    batch, leave = enter(image, 3, channels=1)
    assert batch.shape == (1, 6, 9, 1)
    out = leave(nothing(batch))
    assert out.mode == "L" and out.tobytes() == image.tobytes()


def test_a_tensor_on_another_device_stays_a_tensor():
    batch, leave = enter(torch.empty((2, 3, 4, 6), dtype=torch.uint8, device="meta"), 2)
    assert isinstance(batch, torch.Tensor) and batch.shape == (2, 4, 6, 3) and batch.device.type == "meta"
    assert leave(batch).shape == (2, 3, 4, 6) and leave(batch).device.type == "meta"
    assert pad(torch.empty((2, 3, 4, 6), dtype=torch.uint8, device="meta"), 4).shape == (2, 3, 4, 8)


# -- pad and crop --------------------------------------------------------------------------------------------


def padded(image, block):
    """The last row and the last column, again and again."""
    h, w = image.shape[:2]
    rows, columns = h + (block - h % block) % block, w + (block - w % block) % block
    return np.array([[image[min(r, h - 1), min(c, w - 1)] for c in range(columns)] for r in range(rows)])


SIDES = st.integers(1, 20)


@given(
    SIDES, SIDES, st.integers(1, 9), st.sampled_from(["array", "batch", "tensor", "tensors", "last", "pil"])
)
def test_pad_repeats_the_edge_and_crop_takes_it_away(h, w, block, kind):
    images = picture((2, h, w, 3), h * 100 + w)
    form = FORMS[kind](images)
    out = pad(form, block)
    assert type(out) is type(form)
    shown = values(out)
    assert all((got == padded(image, block)).all() for got, image in zip(shown, images))
    assert (values(form) == images[: len(values(form))]).all()
    again = crop(out, (h, w))
    assert type(again) is type(form) and (values(again) == images[: len(shown)]).all()


FORMS = {
    "array": lambda images: images[0],
    "batch": lambda images: images,
    "tensor": lambda images: torch.from_numpy(images[0]).permute(2, 0, 1),
    "tensors": lambda images: torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(),
    "last": lambda images: torch.from_numpy(images).permute(0, 3, 1, 2),
    "pil": lambda images: Image.fromarray(images[0]),
}


def values(form):
    """(n, h, w, 3) of any form."""
    if isinstance(form, torch.Tensor):
        form = form.movedim(-3, -1).numpy()
    array = np.asarray(form)
    return array if array.ndim == 4 else array[None]


@pytest.mark.parametrize(
    "act",
    [
        lambda images: pad(images, 4),
        lambda images: crop(images, (8, 12)),
        lambda images: crop(images, (3, 2)),
    ],
)
def test_pad_and_crop_give_new_memory(act):
    images = picture((2, 8, 12, 3))
    assert not np.shares_memory(act(images), images)
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    assert not np.shares_memory(act(tensor).numpy(), images)


def test_a_numpy_integer_is_a_block():
    assert pad(picture((5, 5, 3)), np.int64(4)).shape == (8, 8, 3)
    assert crop(picture((5, 5, 3)), np.array([2, 3])).shape == (2, 3, 3)
