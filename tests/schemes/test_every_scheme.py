"""Every scheme: what its paper says, exactly there and back, for every form of image, and nothing but the key
decides."""

import copy
import json
import pickle
import random
from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lib import Key
from lib.colours import to_planes
from lib.schemes import (
    SKK,
    BlockShuffle,
    EtC,
    ExtendedTanaka,
    FormatPreserving,
    GrayscaleEtC,
    NegativePositive,
    OneTimePad,
    Scheme,
    Tanaka,
    base,
    by_name,
    controls,
    names,
)
from lib.table import Structure
from tests import specification as spec
from tests.schemes.common import (
    BYTES,
    DESIGN,
    EXACT,
    IDS,
    KEY,
    LOSSY,
    MADE,
    TABLES,
    alike,
    blocks_of,
    crypt,
    expected,
    modes,
    scaled,
    shape_for,
    some,
)
from tests.specification import CASES, make, picture

# -- equal to the slow specification -------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_scheme_is_what_its_paper_or_its_public_code_says(case):
    images = picture((2, *shape_for(case)), 1)
    for per_image in modes(CASES[case][0]):
        scheme = make(case, KEY, per_image)
        out = crypt(scheme, images)
        for image, got, id in zip(images, out, IDS):
            want = spec.encrypt(scheme, image, id if per_image else None)
            assert got.dtype == want.dtype and got.shape == want.shape and (got == want).all()


@pytest.mark.parametrize("case", some(CASES))
def test_a_batch_of_many_is_what_the_paper_says_too(case):
    images = picture((6, *shape_for(case)), 2)
    scheme = make(case, KEY, MADE[case].control)
    for image, got, id in zip(images, crypt(scheme, images), IDS, strict=True):
        assert (got == spec.encrypt(scheme, image, id if scheme.per_image else None)).all()


# -- there and back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXACT)
def test_decryption_is_exact_for_few_images_many_and_one(case):
    images = picture((5, *shape_for(case)), 3)
    for per_image in modes(CASES[case][0]):
        scheme = make(case, KEY, per_image)
        assert scheme.invertible
        for part in (images, images[:1], images[0]):
            cipher = crypt(scheme, part)
            assert cipher.shape == part.shape
            plain = crypt(scheme, cipher, decrypt=True)
            assert plain.dtype == np.uint8 and plain.shape == part.shape and (plain == part).all()


def numpy_form(array):
    return lambda images: array(images.copy())


def strided(images):
    wide = np.repeat(np.repeat(images, 2, axis=1), 3, axis=2)
    return wide[:, ::2, ::3]


def frozen(images):
    images.setflags(write=False)
    return images


def view_of_a_tensor(images):
    wide = torch.from_numpy(np.repeat(np.moveaxis(images, -1, 1), 2, axis=3).copy())
    return wide[..., ::2]


FORMS = {
    "batch": numpy_form(lambda images: images),
    "one": numpy_form(lambda images: images[0]),
    "strided": numpy_form(strided),
    "columns first": numpy_form(np.asfortranarray),
    "backwards": numpy_form(lambda images: images[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1]),
    "channels backwards": numpy_form(lambda images: images[..., ::-1].copy()[..., ::-1]),
    "read-only": numpy_form(frozen),
    "read-only one": numpy_form(lambda images: frozen(images[0])),
    "tensors": lambda images: torch.from_numpy(np.moveaxis(images, -1, 1).copy()),
    "tensor": lambda images: torch.from_numpy(np.moveaxis(images[0], -1, 0).copy()),
    "channels last": lambda images: torch.from_numpy(np.moveaxis(images, -1, 1).copy()).to(
        memory_format=torch.channels_last
    ),
    "view of tensors": view_of_a_tensor,
    "turned tensors": lambda images: torch.from_numpy(images.transpose(0, 3, 2, 1).copy()).transpose(2, 3),
    "pil": lambda images: Image.fromarray(images[0]),
}


def values(form, channels=3):
    """(n, h, w, channels) of any form."""
    if isinstance(form, torch.Tensor):
        form = form.movedim(-3, -1).numpy()
    array = np.asarray(form)
    array = array[..., None] if channels == 1 and not (array.ndim == 4 or array.shape[-1] == 1) else array
    return array if array.ndim == 4 else array[None]


def memory(form):
    """An array that shares the memory of a form; None for a PIL image."""
    return form.numpy() if isinstance(form, torch.Tensor) else form if isinstance(form, np.ndarray) else None


def check_forms(scheme, images, form):
    """Encrypt and decrypt `images` in this form: values, kind, untouched input, new memory."""
    given_form = FORMS[form](images)
    count = len(values(given_form))
    reference = scheme.encrypt(images[:count].copy(), **({"ids": IDS[:count]} if scheme.per_image else {}))
    cipher = crypt(scheme, given_form)
    assert type(cipher) is type(given_form) and (values(given_form) == images[:count]).all()
    assert (values(cipher, scheme.channels) == reference.reshape(values(cipher, scheme.channels).shape)).all()
    if memory(given_form) is not None:
        assert cipher.dtype == given_form.dtype and cipher.ndim == given_form.ndim - (
            isinstance(cipher, np.ndarray) and scheme.channels == 1
        )
        assert not np.shares_memory(memory(cipher), memory(given_form))
    if isinstance(cipher, Image.Image):
        assert cipher.mode == {3: "RGB", 1: "L"}[scheme.channels]
    if form == "channels last" and scheme.channels == 3:
        assert cipher.is_contiguous(memory_format=torch.channels_last)
    if scheme.invertible or scheme.inexact:
        before = values(cipher, scheme.channels).copy()
        plain = crypt(scheme, cipher, decrypt=True)
        assert type(plain) is type(given_form) and (values(plain) == expected(scheme, images[:count])).all()
        assert values(plain).shape == values(given_form).shape
        assert (values(cipher, scheme.channels) == before).all()
        if memory(given_form) is not None:
            assert plain.shape == given_form.shape and not np.shares_memory(memory(plain), memory(cipher))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", some(BYTES, "tanaka 3x3 2 bits", "ele 5x5 8 bits"))
def test_every_form_of_image_gives_the_same_bytes_in_its_own_form(case, form):
    for per_image in modes(CASES[case][0]):
        check_forms(make(case, KEY, per_image), picture((5, *shape_for(case)), 4), form)


def test_published_ffx_takes_arrays_of_every_kind():
    images = picture((5, 4, 6, 3), 4)
    for per_image in (False, True):
        scheme = make("ffx 2x2 as in block_transform", KEY, per_image)
        reference = crypt(scheme, images)
        assert reference.dtype == np.uint16 and reference.max() > 255
        for name in ("batch", "strided", "columns first", "backwards", "read-only"):
            given_form = FORMS[name](images)
            cipher = crypt(scheme, given_form)
            assert (cipher == reference).all() and (given_form == images).all()
            before = cipher.copy()
            assert (crypt(scheme, FORMS[name](cipher), decrypt=True) == images).all() and (
                cipher == before
            ).all()


@pytest.mark.parametrize("case", some(BYTES, "tanaka 3x3 1 bits"))
def test_tensors_on_another_device_give_the_same_bytes(case):
    """The way a GPU's tensors take, walked with tensors of the CPU: past the door, they stay tensors."""
    images = picture((5, *shape_for(case)), 5)
    for per_image in modes(CASES[case][0]):
        scheme = make(case, KEY, per_image)
        ids = scheme._ids(IDS[:5] if per_image else None, 5)
        tensor = torch.from_numpy(images.copy())
        cipher = scheme._encrypt(tensor, ids)
        assert isinstance(cipher, torch.Tensor) and (tensor.numpy() == images).all()
        reference = crypt(scheme, images)
        assert (cipher.numpy().reshape(reference.shape) == reference).all()
        if scheme.invertible or scheme.inexact:
            assert (scheme._decrypt(cipher, ids).numpy() == expected(scheme, images)).all()


@cache
def scheme_of(case, seed, per_image):
    return make(case, Key.from_seed(seed), per_image)


# blocks down, blocks across, images
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))


def test_round_trips(round_trips):
    """Any setting, key, shape, number and form of images of every scheme: `round_trips` of them, counted."""
    done = Counter()

    def round_trip(case, seed, per_image, size, form, image_seed):
        side = CASES[case][1].get("block", 1)
        rows, columns, count = size
        scale = 1 if side < 4 else 2 if side < 8 else 4  # a large block, fewer of them
        images = picture((count, side * -(-rows // scale), side * -(-columns // scale), 3), image_seed)
        check_forms(scheme_of(case, seed, per_image or MADE[case].control), images, form)
        done[case.split()[0]] += 1

    kinds = (*names, *controls)
    for kind in kinds:
        cases = [case for case in BYTES if case not in LOSSY and case.split()[0] == kind]
        forms, seeds = st.sampled_from(list(FORMS)), st.integers(0, 2**32 - 1)
        drawn = given(st.sampled_from(cases), st.integers(0, 3), st.booleans(), SIZES, forms, seeds)(
            round_trip
        )
        settings(max_examples=-(-round_trips // len(kinds)))(drawn)()
    print(f"{done.total()} round trips: {dict(done)}")
    assert done.total() >= round_trips and set(done) == set(kinds)


# -- one image, many, and their order ------------------------------------------------------------------------


@pytest.mark.parametrize("case", some(CASES, "tanaka 4x4 8 bits", "tanaka 4x4 2 bits", "etc-gray 1x1"))
def test_a_ciphertext_depends_neither_on_batch_size_nor_on_order(case):
    images = picture((6, *shape_for(case)), 6)
    for per_image in modes(CASES[case][0]):
        scheme = make(case, KEY, per_image)
        whole = crypt(scheme, images)
        for count in range(1, 7):
            assert (crypt(scheme, images[:count]) == whole[:count]).all(), count
        for k, image in enumerate(images):
            ids = [IDS[k]]
            assert (crypt(scheme, image, ids=ids) == whole[k]).all()
            assert (crypt(scheme, image[None], ids=ids) == whole[k : k + 1]).all()
        order = [3, 5, 0, 4, 1, 2]
        assert (crypt(scheme, images[order], ids=[IDS[k] for k in order]) == whole[order]).all()


def test_colours_do_not_depend_on_the_batch_where_rounding_is_close():
    # 299 R + 587 G + 114 B is half way between two grey levels: sums in another order would round another
    # way.
    r, g, b = np.meshgrid(*[np.arange(0, 256, 3)] * 3, indexing="ij")
    close = np.stack([r, g, b], -1)[(299 * r + 587 * g + 114 * b) % 1000 == 500].astype(np.uint8)
    whole = to_planes(close[:, None, None])
    assert len(close) > 400
    assert (to_planes(close[None, :, None])[0, :, :, 0] == whole[:, 0, :, 0]).all()
    assert all((to_planes(pixel[None, None, None])[0] == planes).all() for pixel, planes in zip(close, whole))
    assert (to_planes(torch.from_numpy(close[:, None, None])).numpy() == whole).all()
    assert all(
        (spec.planes(pixel[None, None]) == planes).all() for pixel, planes in zip(close[::7], whole[::7])
    )


# -- the key and nothing else --------------------------------------------------------------------------------


class Spliced(Key):
    """A key whose part `part` comes from another key; it keeps the names of the parts that were drawn."""

    def __init__(self, part=None):
        super().__init__(KEY._secret)
        self.part, self.drawn = part, set()

    def _from(self, label):
        part = label.rpartition("/")[2]
        self.drawn.add(part)
        return Key.from_seed(99) if part == self.part else KEY

    def bytes(self, label, *args, **kwargs):
        return self._from(label).bytes(label, *args, **kwargs)

    def integers(self, label, *args, **kwargs):
        return self._from(label).integers(label, *args, **kwargs)

    def permutation(self, label, *args, **kwargs):
        return self._from(label).permutation(label, *args, **kwargs)

    def permutations(self, label, *args, **kwargs):
        return self._from(label).permutations(label, *args, **kwargs)


ETC_PARTS = {"permute", "rotate and mirror", "negative-positive", "colour shuffle"}
CFE_PARTS = {"rotate", "flip", "negative-positive", "colour shuffle", "sub-blocks", "main blocks"}
PARTS = {
    "tanaka 2x2 4 bits": {"shuffle", "reverse"},
    "tanaka 2x2 4 bits as in icce-tw2018": {"shuffle"},
    "ele 2x2 4 bits": {"shuffle", "reverse", "blocks"},
    "ele 2x2 4 bits as in block-wise-scrambled": {"shuffle", "blocks"},
    "skk": {"negative-positive", "colour shuffle"},
    "skk signs only": {"negative-positive"},
    "skk as in scramblemix": {"negative-positive", "colour shuffle"},
    "skk signs only as in scramblemix": {"negative-positive"},
    "etc 2x2": ETC_PARTS,
    "etc 2x2 as in etc-classify": ETC_PARTS - {"rotate and mirror"} | {"rotate"},
    "etc 2x2 as in block-wise-scrambled": ETC_PARTS - {"rotate and mirror"} | {"rotate", "mirror"},
    "etc-gray 2x2": ETC_PARTS - {"colour shuffle"},
    "shf 2x2": {"shuffle"},
    "np 2x2": {"places"},
    "np 2x2 as in block_transform": {"places"},
    "ffx 2x2": {"places", "substitution"},
    "ffx 2x2 as in block_transform": {"places", "password"},
    "block-pixel 2x2": {"blocks", "pixels"},
    "block-pixel 2x2 values": {"blocks", "pixels"},
    "restricted 2x2": {"blocks", "pixels"},
    "cfe 4x4 V1": CFE_PARTS,
    "cfe 4x4 V2": CFE_PARTS,
    "otp": {"mask"},
}


def test_the_parts_of_every_kind_of_scheme_are_listed():
    assert set(PARTS) <= set(some(CASES))
    assert {case.split()[0] for case in PARTS} >= {scheme.name for scheme in map(by_name, (*DESIGN, "otp"))}


@pytest.mark.parametrize("case", some(CASES))
def test_every_part_of_a_key_changes_the_ciphertext_and_there_is_no_other(case):
    image = picture(scaled(case, 6, 8), 7)
    for per_image in modes(CASES[case][0]):
        whole = Spliced()
        seen = [crypt(make(case, whole, per_image), image)]
        assert whole.drawn and whole.drawn == PARTS.get(case, whole.drawn)
        seen += [crypt(make(case, Spliced(part), per_image), image) for part in sorted(whole.drawn)]
        assert len({cipher.tobytes() for cipher in seen}) == len(whole.drawn) + 1
        assert (seen[0] == crypt(make(case, KEY, per_image), image)).all()


@pytest.mark.parametrize("case", some(CASES))
def test_another_key_gives_another_ciphertext_and_does_not_decrypt(case):
    image = picture(scaled(case, 6, 8), 8)
    scheme = make(case, KEY, MADE[case].control)
    other = make(case, Key.from_seed(2025), scheme.per_image)
    cipher = crypt(scheme, image)
    assert (crypt(other, image) != cipher).any() and (
        crypt(make(case, KEY, scheme.per_image), image) == cipher
    ).all()
    if not scheme.invertible or cipher.dtype == np.uint16:
        return
    assert (crypt(other, cipher, decrypt=True) != image).mean() > 0.3


def test_no_two_schemes_or_settings_draw_from_one_stream():
    kinds = [case for case, (_, given_settings) in CASES.items() if "colour_shuffle" not in given_settings]
    labels = [make(case, KEY, True).stream(part) for case in kinds for part in ("shuffle", "x")]
    assert len(set(labels)) == len(labels)


def test_no_global_generator_is_read_or_seeded():
    images = {case: picture((5, *scaled(case, 4, 6)), 9) for case in some(CASES)}
    np.random.seed(1)  # noqa: NPY002  the global generator is what this test is about
    random.seed(1)
    torch.manual_seed(1)

    def state():
        return (repr(np.random.get_state()), random.getstate(), torch.get_rng_state().numpy().tobytes())  # noqa: NPY002

    before, ciphers = state(), []
    for seed in (1, 2):
        for case in some(CASES):
            scheme = make(case, Key.from_seed(5), True)
            ciphers.append(crypt(scheme, images[case]).tobytes())
        Key.generate().fingerprint  # noqa: B018
        assert state() == before
        np.random.seed(seed + 5)  # noqa: NPY002
        random.seed(seed + 5)
        torch.manual_seed(seed + 5)
        before = state()
    assert ciphers[: len(ciphers) // 2] == ciphers[len(ciphers) // 2 :]


def test_schemes_that_were_copied_or_sent_to_another_process_encrypt_alike():
    for case in some(CASES):
        scheme, images = make(case, KEY, True), picture((5, *scaled(case, 4, 6)), 10)
        cipher = crypt(scheme, images)
        for other in (copy.copy(scheme), copy.deepcopy(scheme), pickle.loads(pickle.dumps(scheme))):
            assert repr(other) == repr(scheme) and (crypt(other, images) == cipher).all()


@pytest.mark.parametrize("case", some(CASES, "tanaka 5x5 2 bits"))
def test_a_description_makes_the_scheme_again(case):
    images = picture((5, *shape_for(case)), 11)
    for per_image in modes(CASES[case][0]):
        scheme = make(case, KEY, per_image)
        fields = json.loads(json.dumps(scheme.to_dict()))
        again = Scheme.from_dict(fields, KEY)
        assert type(again) is type(scheme) and again.to_dict() == scheme.to_dict() == fields
        assert (crypt(again, images) == crypt(scheme, images)).all()


def test_a_numpy_integer_is_a_setting():
    scheme = Tanaka(KEY, block=np.int64(2), bits=np.uint8(4))
    assert json.loads(json.dumps(scheme.to_dict()))["bits"] == 4
    assert (scheme.encrypt(picture((4, 4, 3))) == Tanaka(KEY, 2, 4).encrypt(picture((4, 4, 3)))).all()


def test_names_are_those_of_the_design():
    assert names[: len(DESIGN)] == DESIGN and controls[0] == "otp"
    classes = (
        Tanaka,
        ExtendedTanaka,
        SKK,
        EtC,
        GrayscaleEtC,
        BlockShuffle,
        NegativePositive,
        FormatPreserving,
    )
    assert tuple(map(by_name, DESIGN)) == classes and by_name("otp") is OneTimePad
    assert [scheme(KEY).name for scheme in classes] == list(DESIGN)


def test_the_text_of_a_scheme_names_its_settings():
    assert repr(SKK(KEY, per_image=True)) == f"SKK({KEY!r}, colour_shuffle=True, per_image=True)"
    assert repr(EtC(KEY, as_published=True)).endswith("block=4, as_published='etc-classify')")


# -- a key for each image ------------------------------------------------------------------------------------


PER_IMAGE = some(CASES)


@pytest.mark.parametrize("case", PER_IMAGE)
def test_ids_and_not_places_choose_the_keys(case):
    scheme = make(case, KEY, True)
    same = np.repeat(picture((1, *scaled(case, 4, 6)), 12), 6, axis=0)
    cipher = crypt(scheme, same)
    assert len({row.tobytes() for row in cipher}) == 6
    assert (crypt(scheme, same, ids=IDS[::-1]) == cipher[::-1]).all()
    assert (scheme.encrypt(same[:4], ids=IDS[2:]) == cipher[2:]).all()
    if scheme.name != "otp":
        assert (
            len({crypt(make(case, KEY), same[:1]).tobytes(), *(row.tobytes() for row in cipher)}) == 7
        )  # nor is id 0 the common key


@pytest.mark.parametrize("case", PER_IMAGE)
def test_calls_that_share_out_the_ids_agree_with_one_call(case):
    scheme, images = make(case, KEY, True), picture((6, *scaled(case, 4, 6)), 13)
    whole = scheme.encrypt(images, ids=range(6))
    parts = [
        scheme.encrypt(images[part], ids=range(part.start, part.stop))
        for part in (slice(0, 1), slice(1, 5), slice(5, 6))
    ]
    assert (np.concatenate(parts) == whole).all()
    if scheme.invertible:
        assert (scheme.decrypt(whole[[4, 1]], ids=[4, 1]) == images[[4, 1]]).all()
        assert (scheme.decrypt(whole[4], ids=4) == images[4]).all()
    if scheme.invertible and whole.dtype == np.uint8:
        assert (scheme.decrypt(whole[[4, 1]], ids=[1, 4]) != images[[4, 1]]).any()


@pytest.mark.parametrize("case", PER_IMAGE)
def test_groups_of_images_agree_with_all_at_once(case, monkeypatch):
    scheme, images = make(case, KEY, True), picture((6, *scaled(case, 4, 6)), 14)
    usual = crypt(scheme, images)
    for count in (1 / 72, 2, 4, 9):
        monkeypatch.setattr(base, "ATOMS_AT_ONCE", int(count * images[0].size))
        assert (crypt(scheme, images) == usual).all()
        tensors = scheme._encrypt(torch.from_numpy(images), scheme._ids(IDS, 6))
        assert (tensors.numpy().reshape(usual.shape) == usual).all()
        if scheme.invertible:
            assert (crypt(scheme, usual, decrypt=True) == images).all()


@pytest.mark.parametrize(
    "ids",
    [
        [7, 2**63, 0],
        (7, 2**63, 0),
        np.array([7, 2**63, 0], np.uint64),
        (i for i in (7, 2**63, 0)),
        np.array([7, 2**63, 0], object),
        [np.int64(7), 2**63, np.uint8(0)],
    ],
    ids=["list", "tuple", "array", "generator", "objects", "mixed"],
)
def test_ids_of_any_kind_of_whole_number(ids):
    images = picture((3, 4, 6, 3), 15)
    scheme = SKK(KEY, per_image=True)
    assert (
        scheme.encrypt(images, ids=ids)
        == np.stack([scheme.encrypt(x, ids=i) for x, i in zip(images, (7, 2**63, 0))])
    ).all()


@pytest.mark.parametrize(
    "ids",
    [range(5, 8), torch.tensor([5, 6, 7]), np.array([5, 6, 7], np.uint8), np.array([5, 6, 7], np.int16)],
    ids=str,
)
def test_small_ids_of_any_kind(ids):
    images = picture((3, 4, 6, 3), 15)
    scheme = Tanaka(KEY, 2, per_image=True)
    assert (scheme.encrypt(images, ids=ids) == scheme.encrypt(images, ids=[5, 6, 7])).all()


@pytest.mark.parametrize("case", [case for case in PER_IMAGE if case in TABLES])
def test_the_table_of_an_id_is_what_encrypts_its_image(case):
    scheme, images = make(case, KEY, True), picture((6, *scaled(case, 4, 6)), 16)
    grey = to_planes(images)[..., 0] if scheme.channels == 1 else images
    cipher = crypt(scheme, images)
    for k, id in enumerate(IDS):
        assert (scheme.table(images.shape[1:], image=id).apply(grey[k]) == cipher[k]).all()


# -- steps ---------------------------------------------------------------------------------------------------


STEPS = {
    "tanaka": ["reverse", "shuffle"],
    "ele": ["reverse", "shuffle", "block shuffle"],
    "skk": ["negative-positive", "colour shuffle"],
    "etc": ["permute", "rotate and mirror", "negative-positive", "colour shuffle"],
    "etc-gray": ["permute", "rotate and mirror", "negative-positive"],
    "shf": ["shuffle"],
    "np": ["negative-positive"],
    "block-pixel": ["block scrambling", "pixel shuffling"],
    "cfe": [
        *("rotate", "flip", "negative-positive", "colour shuffle"),
        *("sub-block scrambling", "main-block scrambling"),
    ],
    "otp": ["mask"],
}


@pytest.mark.parametrize("case", some(TABLES, "tanaka 3x3 1 bits", "ele 4x4 8 bits"))
def test_steps_applied_one_after_the_other_are_the_scheme(case):
    images = picture((5, *shape_for(case)), 17)
    scheme = make(case, KEY, MADE[case].control)
    id = IDS[0] if scheme.per_image else None
    steps = scheme.steps(images.shape[1:], id)
    if not scheme.as_published and "signs" not in case:
        assert list(steps) == STEPS.get(scheme.name, list(steps))
    start = staged = to_planes(images)[..., 0] if scheme.channels == 1 else images
    # Each does something of its own; of others than these under some key, for a small order may be plain.
    keys = [KEY] if scheme.name in STEPS else map(Key.from_seed, range(4))
    every = [make(case, key, scheme.per_image).steps(images.shape[1:], id) for key in keys]
    for name, step in steps.items():
        staged = step.apply(staged)
        assert any((each[name].apply(start) != start).any() for each in every), name
    assert (staged == np.stack([crypt(scheme, image) for image in images])).all()
    assert (scheme.table(images.shape[1:], id).apply(start) == staged).all()


def test_published_recipes_have_their_own_order_of_steps():
    assert list(Tanaka(KEY, as_published=True).steps((4, 4, 3))) == ["reverse", "shuffle", "reverse again"]
    assert list(ExtendedTanaka(KEY, as_published=True).steps((4, 4, 3))) == [
        "reverse",
        "shuffle",
        "reverse again",
        "block shuffle",
    ]
    assert list(EtC(KEY, as_published="block-wise-scrambled").steps((4, 4, 3)))[-1] == "permute"
    assert list(SKK(KEY, colour_shuffle=False).steps((4, 4, 3))) == ["negative-positive"]


def test_a_table_is_kept_for_each_shape_and_never_taken_for_another():
    for case in some(TABLES):
        scheme = make(case, KEY, MADE[case].control)
        for shape in [(4, 6), (6, 4), (2, 12), (8, 6), (4, 8), (12, 2), (4, 6)]:
            images = picture((5, *scaled(case, *shape)), 18)
            assert (crypt(scheme, images) == crypt(make(case, KEY, scheme.per_image), images)).all()
            if scheme.invertible:
                assert (crypt(scheme, crypt(scheme, images), decrypt=True) == images).all()
    tanaka = Tanaka(KEY)
    assert tanaka.table((4, 8, 3)) is tanaka.table([4, 8, 3])


def test_the_table_of_ffx_points_at_what_it_has_instead():
    for ask in (FormatPreserving(KEY).table, FormatPreserving(KEY).steps):
        with pytest.raises(NotImplementedError, match=r"substitution\(\) and places\(\)"):
            ask((4, 4, 3))


# -- structure -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", some(CASES))
def test_a_key_does_what_the_class_says_of_it(case):
    """One block that changes changes one in the ciphertext, the same one where blocks stay, and alike in all
    blocks where the class says so."""
    scheme = make(case, KEY)
    side = max(2, scheme.block)
    if scheme.structure is Structure.OTHER:
        pytest.skip("it says nothing of its structure")
    before = alike(side, 3, 4, seed=28)
    image = before.copy()
    image[side : 2 * side, side : 2 * side] = picture((side, side, 3), 29)
    ciphers = [crypt(scheme, before), crypt(scheme, image)]
    first, second = (blocks_of(cipher, side) for cipher in ciphers)
    changed = [k for k, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    assert len(changed) == 3 // scheme.channels
    if scheme.structure in (Structure.SAME_BLOCKS, Structure.VALUES):
        assert changed == [5] and len(set(first)) == 1 and len(set(second)) == 2
    if scheme.structure is Structure.PIXELS:
        assert changed == [5]
