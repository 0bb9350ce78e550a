"""Bad input to the library, in one table: what is done, the error it raises, and what its message must
say."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lib import Key, crop, pad
from lib.schemes import (
    SKK,
    EtC,
    FormatPreserving,
    GrayscaleEtC,
    NotInvertibleError,
    OneTimePad,
    Scheme,
    Tanaka,
    by_name,
)
from lib.table import Table
from tests.specification import picture

KEY = Key.from_seed(1)
TANAKA, PER_IMAGE = Tanaka(KEY), SKK(KEY, per_image=True)
ONE, FOUR = picture((8, 8, 3)), picture((4, 8, 8, 3))
FLOATS = FOUR / 255.0
TENSOR = torch.from_numpy(np.moveaxis(FOUR, -1, 1).copy())


def key_file(change, read=json.loads):
    """Load a key file whose fields, or what else `read` makes of its text, `change` has changed."""

    def load(tmp_path):
        path = tmp_path / "key.json"
        KEY.save(path)
        changed = change(read(path.read_text()))
        changed = json.dumps(changed) if isinstance(changed, dict) else changed
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        Key.load(path)

    return load


def fields(**new):
    return key_file(lambda old: old | new)


def without(name):
    return key_file(lambda old: {key: value for key, value in old.items() if key != name})


def text(change):
    return key_file(change, read=str)


def flipped(old):
    """One hex digit of the secret changed."""
    secret = old["secret"]
    return old | {"secret": secret[:9] + ("0" if secret[9] != "0" else "1") + secret[10:]}


def pil(mode):
    return Image.new(mode, (8, 8))


def encrypt(images, **more):
    return lambda: TANAKA.encrypt(images, **more)


def ids(given, images=FOUR):
    return lambda: PER_IMAGE.encrypt(images, ids=given)


# name: (what is done, error, what the message says)
CASES = {
    # what is no image
    "a list of images": (
        encrypt([ONE, ONE]),
        TypeError,
        "expected a NumPy array, a torch tensor or a PIL image, got list; use np.stack(images)",
    ),
    "a tuple": (encrypt((ONE,)), TypeError, "got tuple; use np.stack(images)"),
    "None": (encrypt(None), TypeError, "expected a NumPy array, a torch tensor or a PIL image, got NoneType"),
    "a file's name": (encrypt("photo.png"), TypeError, "got str; open the file: PIL.Image.open(path)"),
    "a path": (encrypt(Path("photo.png")), TypeError, "Path; open the file: PIL.Image.open(path)"),
    "a number": (encrypt(7), TypeError, "got int"),
    "a masked array": (
        encrypt(np.ma.masked_equal(ONE, 3)),
        TypeError,
        "a ciphertext cannot be masked; use images.filled(0)",
    ),
    # values
    "floats 0..1": (
        encrypt(FLOATS),
        TypeError,
        "expected uint8 values 0..255, got float64; use (images * 255).round().astype(np.uint8): the "
        "values reach 1",
    ),
    "floats 0..255": (
        encrypt(FOUR.astype(np.float32)),
        TypeError,
        "got float32; use images.round().astype(np.uint8): the values reach 255, so they seem to run from "
        "0 to 255",
    ),
    "normalised floats": (
        encrypt((FLOATS - 0.5) / 0.25),
        TypeError,
        "got float64; use the images before they were normalised: these values run from -2 to 2",
    ),
    "floats beyond 255": (
        encrypt(FLOATS * 1000),
        TypeError,
        "before they were normalised: these values run from 0 to 1000",
    ),
    "NaN": (
        encrypt(np.where(FLOATS > 0.5, np.nan, FLOATS)),
        TypeError,
        "got float64 with NaN or infinity; a pixel that is no number cannot be encrypted",
    ),
    "infinity": (encrypt(np.where(FLOATS > 0.5, np.inf, FLOATS)), TypeError, "with NaN or infinity"),
    "no floats at all": (
        encrypt(np.zeros((0, 8, 8, 3))),
        TypeError,
        "expected uint8 values 0..255, got float64",
    ),
    "bool": (encrypt(FOUR > 100), TypeError, "got bool; use images.astype(np.uint8) * 255"),
    "int64": (
        encrypt(FOUR.astype(int)),
        TypeError,
        "got int64; use images.astype(np.uint8) if every value is a whole number from 0 to 255",
    ),
    "int8": (encrypt(FOUR.astype(np.int8)), TypeError, "got int8"),
    "uint16": (encrypt(FOUR.astype(np.uint16)), TypeError, "got uint16"),
    "objects": (encrypt(FOUR.astype(object)), TypeError, "got object"),
    "tensor of floats": (
        encrypt(TENSOR / 255),
        TypeError,
        "got torch.float32; use (images * 255).round().to(torch.uint8): the values reach 1",
    ),
    "tensor of half floats 0..255": (
        encrypt(TENSOR.half()),
        TypeError,
        "got torch.float16; use images.round().to(torch.uint8)",
    ),
    "tensor with NaN": (encrypt(torch.full((3, 8, 8), float("nan"))), TypeError, "with NaN or infinity"),
    "tensor of bools": (encrypt(TENSOR > 100), TypeError, "got torch.bool; use images.to(torch.uint8) * 255"),
    "tensor of longs": (encrypt(TENSOR.long()), TypeError, "got torch.int64; use images.to(torch.uint8)"),
    # shapes
    "grey": (
        encrypt(ONE[:, :, 0]),
        ValueError,
        "expected shape (h, w, 3) or (n, h, w, 3), got (8, 8); for a grey image, stack its plane three times",
    ),
    "grey with an axis": (
        encrypt(ONE[:, :, :1]),
        ValueError,
        "expected 3 channels, shape (h, w, 3) or (n, h, w, 3), got (8, 8, 1); for a grey image",
    ),
    "alpha": (
        encrypt(picture((8, 8, 4))),
        ValueError,
        "got (8, 8, 4); for an alpha channel: encrypt it apart",
    ),
    "two channels": (
        encrypt(picture((8, 8, 2))),
        ValueError,
        "expected 3 channels, shape (h, w, 3) or (n, h, w, 3), got (8, 8, 2)",
    ),
    "channels first": (
        encrypt(TENSOR.numpy()),
        ValueError,
        "channels come first here: use np.moveaxis(images, -3, -1)",
    ),
    "five axes": (encrypt(FOUR[None]), ValueError, "got (1, 4, 8, 8, 3); encrypt one batch at a time"),
    "one axis": (encrypt(picture(24)), ValueError, "expected shape (h, w, 3) or (n, h, w, 3), got (24,)"),
    "zero images": (
        encrypt(FOUR[:0]),
        ValueError,
        "expected at least one image with pixels, got shape (0, 8, 8, 3)",
    ),
    "no pixels": (
        encrypt(ONE[:0]),
        ValueError,
        "expected at least one image with pixels, got shape (0, 8, 3)",
    ),
    "tensor with channels last": (
        encrypt(torch.from_numpy(ONE)),
        ValueError,
        "channels come last here: use images.movedim(-1, -3)",
    ),
    "grey tensor": (
        encrypt(TENSOR[0, 0]),
        ValueError,
        "expected shape (3, h, w) or (n, 3, h, w), got (8, 8)",
    ),
    "tensor with alpha": (
        encrypt(torch.zeros(4, 8, 8, dtype=torch.uint8)),
        ValueError,
        "got (4, 8, 8); for an alpha channel",
    ),
    "five axes of a tensor": (encrypt(TENSOR[None]), ValueError, "encrypt one batch at a time"),
    "no tensors": (
        encrypt(TENSOR[:0]),
        ValueError,
        "expected at least one image with pixels, got shape (0, 3, 8, 8)",
    ),
    "size no multiple of the block": (
        encrypt(picture((30, 33, 3))),
        ValueError,
        "30x33 is not a multiple of block 4; crop it, or pad it with lib.pad(images, 4)",
    ),
    "only the width does not fit": (
        encrypt(picture((32, 30, 3))),
        ValueError,
        "32x30 is not a multiple of block 4; crop it, or pad",
    ),
    "tensor of such a size": (
        encrypt(torch.zeros(3, 30, 32, dtype=torch.uint8)),
        ValueError,
        "30x32 is not a multiple of block 4",
    ),
    "PIL image of such a size": (
        encrypt(Image.new("RGB", (33, 30))),
        ValueError,
        "30x33 is not a multiple of block 4",
    ),
    "PIL image without pixels": (
        encrypt(Image.new("RGB", (0, 0))),
        ValueError,
        "expected an image with pixels, got size (0, 0)",
    ),
    # PIL modes
    "PIL L": (
        encrypt(pil("L")),
        ValueError,
        "expected a PIL image of mode RGB, got L; use image.convert('RGB')",
    ),
    "PIL RGBA": (
        encrypt(pil("RGBA")),
        ValueError,
        "got RGBA; use image.convert('RGB'); its alpha channel would be lost: encrypt it apart",
    ),
    "PIL LA": (
        encrypt(pil("LA")),
        ValueError,
        "got LA; use image.convert('RGB'); its alpha channel would be lost",
    ),
    "PIL P": (encrypt(pil("P")), ValueError, "got P; use image.convert('RGB')"),
    "PIL CMYK": (encrypt(pil("CMYK")), ValueError, "got CMYK; use image.convert('RGB')"),
    "PIL 16 bits": (
        encrypt(pil("I;16")),
        ValueError,
        "got I;16; its values are not of 8 bits, and image.convert('RGB') would clip them: scale them",
    ),
    "PIL floats": (encrypt(pil("F")), ValueError, "got F; its values are not of 8 bits"),
    "PIL 1 bit": (encrypt(pil("1")), ValueError, "got 1; use image.convert('RGB')"),
    # ciphertexts
    "RGB image to grey EtC to decrypt": (
        lambda: GrayscaleEtC(KEY).decrypt(ONE.repeat(3, 1)),
        ValueError,
        "expected grey images, (h, w) or (n, h, w), got (8, 24, 3), which ends in a colour axis",
    ),
    "grey ciphertext that is not three planes": (
        lambda: GrayscaleEtC(KEY).decrypt(picture((8, 32))),
        ValueError,
        "expected three planes side by side, a width that 3 x 8 divides; got width 32",
    ),
    "grey PIL ciphertext in RGB": (
        lambda: GrayscaleEtC(KEY).decrypt(pil("RGB")),
        ValueError,
        "expected a PIL image of mode L, got RGB; use image.convert('L')",
    ),
    "grey image to grey EtC": (
        lambda: GrayscaleEtC(KEY).encrypt(ONE[:, :, 0]),
        ValueError,
        "expected shape (h, w, 3) or (n, h, w, 3), got (8, 8)",
    ),
    "lossy EtC decrypted": (
        lambda: EtC(KEY, as_published="block-wise-scrambled").decrypt(ONE),
        NotInvertibleError,
        "etc as in 'block-wise-scrambled' cannot be decrypted: five of its six colour codes copy",
    ),
    "lossy SKK decrypted": (
        lambda: SKK(KEY, as_published=True).decrypt(ONE),
        NotInvertibleError,
        "skk as in 'scramblemix' cannot be decrypted: five of its six colour orders copy",
    ),
    "bytes to published FFX": (
        lambda: FormatPreserving(KEY, as_published=True).decrypt(ONE),
        TypeError,
        "expected uint16 values 0..999, as this variant encrypts, got uint8",
    ),
    "values over 999 to published FFX": (
        lambda: FormatPreserving(KEY, as_published=True).decrypt(np.full((4, 4, 3), 1000, np.uint16)),
        ValueError,
        "expected values 0..999, as this variant encrypts, got 1000",
    ),
    "a masked array to published FFX": (
        lambda: FormatPreserving(KEY, as_published=True).decrypt(np.ma.masked_array(ONE.astype(np.uint16))),
        TypeError,
        "got a masked array",
    ),
    "a tensor to published FFX": (
        lambda: FormatPreserving(KEY, as_published=True).encrypt(TENSOR),
        TypeError,
        "values reach 999 and fit no Tensor of bytes; pass a NumPy array",
    ),
    "a PIL image to published FFX": (
        lambda: FormatPreserving(KEY, as_published=True).decrypt(pil("RGB")),
        TypeError,
        "expected uint16 values 0..999, as this variant encrypts, got Image",
    ),
    # ids
    "ids missing": (
        lambda: PER_IMAGE.encrypt(FOUR),
        ValueError,
        "each image has a key of its own, so each needs an id: encrypt(images, ids=range(n))",
    ),
    "ids missing to decrypt": (lambda: PER_IMAGE.decrypt(FOUR), ValueError, "each needs an id"),
    "ids repeated": (
        ids([1, 2, 3, 2]),
        ValueError,
        "an id came twice; two images under one key tell an attacker their difference",
    ),
    "ids negative": (ids([1, -2, 3, 4]), ValueError, "ids run from 0 to 2**64 - 1, got -2"),
    "ids negative and large": (ids([2**63, -2, 3, 4]), ValueError, "ids run from 0 to 2**64 - 1, got -2"),
    "ids too large": (
        ids([1, 2**64, 3, 4]),
        ValueError,
        "ids run from 0 to 2**64 - 1, got 18446744073709551616",
    ),
    "ids of floats": (ids([1.0, 2.0, 3.0, 4.0]), TypeError, "ids are whole numbers, got float64"),
    "ids of bools": (
        ids([True, False], FOUR[:2]),
        TypeError,
        "ids are whole numbers, got True or False among them",
    ),
    "ids of text": (ids(["a", "b", "c", "d"]), TypeError, "ids are whole numbers, got"),
    "too few ids": (
        ids([1, 2, 3]),
        ValueError,
        "expected one id for each of 4 images, got ids of shape (3,)",
    ),
    "no ids": (ids([]), ValueError, "expected one id for each of 4 images, got ids of shape (0,)"),
    "too many ids": (
        ids(range(5)),
        ValueError,
        "expected one id for each of 4 images, got ids of shape (5,)",
    ),
    "ids in two axes": (
        ids([[1, 2], [3, 4]]),
        ValueError,
        "expected one id for each of 4 images, got ids of shape (2, 2)",
    ),
    "one id for four images": (
        ids(3),
        ValueError,
        "expected one id for each of 4 images, got ids of shape (1,)",
    ),
    "ids without per_image": (
        encrypt(FOUR, ids=range(4)),
        ValueError,
        "ids came, but one key serves all images; use Tanaka(key, per_image=True), or drop ids",
    ),
    "table without an id": (
        lambda: PER_IMAGE.table((8, 8, 3)),
        ValueError,
        "each image has a key of its own: say which with image=id",
    ),
    "table with an id where there is one key": (
        lambda: TANAKA.table((8, 8, 3), image=3),
        ValueError,
        "one key serves all images here, so image=id changes nothing",
    ),
    "table of half an id": (
        lambda: PER_IMAGE.table((8, 8, 3), image=1.5),
        TypeError,
        "ids are whole numbers, got float64",
    ),
    "table of a negative id": (
        lambda: PER_IMAGE.steps((8, 8, 3), image=-1),
        ValueError,
        "ids run from 0 to 2**64 - 1, got -1",
    ),
    "table of id True": (
        lambda: PER_IMAGE.steps((8, 8, 3), image=True),
        TypeError,
        "ids are whole numbers, got bool",
    ),
    # keys
    "key of text": (
        lambda: Tanaka("key.json"),
        TypeError,
        "expected a lib.Key, got str; use Key.generate(), or Key.load('key.json')",
    ),
    "no key": (lambda: SKK(None), TypeError, "expected a lib.Key, got NoneType"),
    "key of hex digits": (lambda: Key("00" * 32), TypeError, "a key is made of 32 bytes, got str"),
    "key of 16 bytes": (
        lambda: Key(bytes(16)),
        ValueError,
        "a key has 32 bytes, got 16; use Key.generate() for a new one",
    ),
    "negative seed": (
        lambda: Key.from_seed(-1),
        ValueError,
        "a seed is a whole number from 0 to 2**64 - 1, got -1",
    ),
    "seed of a float": (
        lambda: Key.from_seed(7.0),
        ValueError,
        "a seed is a whole number from 0 to 2**64 - 1, got 7.0",
    ),
    "seed True": (
        lambda: Key.from_seed(True),
        ValueError,
        "a seed is a whole number from 0 to 2**64 - 1, got True",
    ),
    "seed too large": (lambda: Key.from_seed(2**64), ValueError, "a seed is a whole number"),
    "stream of half an image": (
        lambda: KEY.bytes("x", 4, image=1.5),
        ValueError,
        "the id of an image is a whole number from 0 to 2**64 - 1, got 1.5",
    ),
    "stream of a negative image": (lambda: KEY.integers("x", 6, 4, [3, -1]), ValueError, "got -1"),
    "stream from before its beginning": (
        lambda: KEY.bytes("x", 4, start=-2),
        ValueError,
        "a stream runs from byte 0 on: start and count are no less, got -2 and 4",
    ),
    "fewer than no bytes": (lambda: KEY.bytes("x", -4), ValueError, "got 0 and -4"),
    # key files
    "key file missing": (lambda tmp_path: Key.load(tmp_path / "none.json"), FileNotFoundError, "none.json"),
    "key file cut short": (
        text(lambda old: old[:60]),
        ValueError,
        "key.json is no key file: it is not whole JSON",
    ),
    "key file empty": (text(lambda old: ""), ValueError, "is no key file: it is not whole JSON"),
    "key file of other bytes": (
        text(lambda old: b"\x89PNG\r\n\x1a\n\xff"),
        ValueError,
        "is no key file: it is not whole JSON",
    ),
    "key file with a list": (
        text(lambda old: "[1, 2]"),
        ValueError,
        "is no key file: its format field is not 'learnable image encryption key'",
    ),
    "key file of another format": (fields(format="ssh"), ValueError, "is no key file: its format field"),
    "key file of another version": (
        fields(version=2),
        ValueError,
        "is a key file of version 2, this package reads 1",
    ),
    "key file without a version": (
        without("version"),
        ValueError,
        "is a key file of version None, this package reads 1",
    ),
    "key file without a secret": (
        without("secret"),
        ValueError,
        "key.json is damaged: the field secret is missing; restore it from a copy",
    ),
    "key file with other letters": (
        fields(secret="xy" * 32),
        ValueError,
        "secret is not right, expected hex digits",
    ),
    "key file with a number for a secret": (
        fields(secret=5),
        ValueError,
        "secret is not right, expected hex digits",
    ),
    "key file with a short secret": (
        fields(secret="00" * 31),
        ValueError,
        "the secret has 31 bytes, a key has 32",
    ),
    "key file with a changed digit": (
        key_file(flipped),
        ValueError,
        "secret and check field disagree, so a digit was changed",
    ),
    "key file without a check": (without("check"), ValueError, "the field check is missing"),
    "key file with more in it": (fields(colour=1), ValueError, "the field colour is unknown here"),
    "key file in no folder": (
        lambda tmp_path: KEY.save(tmp_path / "none" / "key.json"),
        FileNotFoundError,
        "No such file or directory",
    ),
    # settings
    "permutation of nothing": (
        lambda: KEY.permutation("p", 0),
        ValueError,
        "a permutation is of 1 value or more, got 0",
    ),
    "unknown scheme": (
        lambda: by_name("tnk"),
        ValueError,
        "unknown scheme 'tnk'; known: tanaka, ele, skk, etc, etc-gray, shf, np, ffx",
    ),
    "bits=3": (
        lambda: Tanaka(KEY, bits=3),
        ValueError,
        "bytes are split into parts of 8, 4, 2 or 1 bits, got bits=3",
    ),
    "bits=4.0": (lambda: Tanaka(KEY, bits=4.0), ValueError, "got bits=4.0"),
    "bits=True": (lambda: Tanaka(KEY, bits=True), ValueError, "got bits=True"),
    "block=0": (
        lambda: Tanaka(KEY, block=0),
        ValueError,
        "a block is a whole number of pixels from 1 on, got 0",
    ),
    "block=-4": (lambda: EtC(KEY, -4), ValueError, "from 1 on, got -4"),
    "block=True": (
        lambda: EtC(KEY, True),
        ValueError,
        "a block is a whole number of pixels from 1 on, got True",
    ),
    "block=2.5": (
        lambda: FormatPreserving(KEY, 2.5),
        ValueError,
        "a block is a whole number of pixels from 1 on, got 2.5",
    ),
    "block=4.0": (lambda: FormatPreserving(KEY, 4.0), ValueError, "got 4.0"),
    "block of text": (lambda: GrayscaleEtC(KEY, "8"), ValueError, "got '8'"),
    "unknown published variant": (
        lambda: EtC(KEY, as_published="scramblemix"),
        ValueError,
        "no published variant 'scramblemix' of etc; known: 'etc-classify', 'block-wise-scrambled'",
    ),
    "published variant of a scheme that has none": (
        lambda: by_name("shf")(KEY, as_published=True),
        ValueError,
        "shf has no published variant that differs from it",
    ),
    "per_image of text": (
        lambda: Tanaka(KEY, per_image="false"),
        TypeError,
        "per_image is True or False, got 'false'",
    ),
    "colours by a number": (
        lambda: SKK(KEY, colour_shuffle=4),
        TypeError,
        "colour_shuffle is True or False, got 4",
    ),
    "table without pixels": (lambda: Table((0, 8, 3), 4), ValueError, "an image with pixels, got (0, 8, 3)"),
    "one-time pad for all images": (
        lambda: OneTimePad(KEY, per_image=False),
        ValueError,
        "a one-time pad that serves two images is none",
    ),
    "description of another version": (
        lambda: Scheme.from_dict({"scheme": "skk", "version": 2}, KEY),
        ValueError,
        "a scheme of version 2; this package reads version 1",
    ),
    "description without a scheme": (
        lambda: Scheme.from_dict({"version": 1}, KEY),
        ValueError,
        "unknown scheme None; known: tanaka",
    ),
    "description with a foreign setting": (
        lambda: Scheme.from_dict({"scheme": "shf", "version": 1, "bits": 4}, KEY),
        ValueError,
        "unexpected keyword argument 'bits'",
    ),
    # tables
    "shape of a batch": (
        lambda: TANAKA.table((4, 8, 8, 3)),
        ValueError,
        "expected the shape (h, w, 3) of one image, got (4, 8, 8, 3)",
    ),
    "shape without channels": (
        lambda: TANAKA.steps((8, 8)),
        ValueError,
        "expected the shape (h, w, 3) of one image, got (8, 8)",
    ),
    "shape of no pixels": (
        lambda: TANAKA.steps((0, 8, 3)),
        ValueError,
        "expected the shape (h, w, 3) of one image, got (0, 8, 3)",
    ),
    "shape no multiple of the block": (
        lambda: TANAKA.table((8, 9, 3)),
        ValueError,
        "8x9 is not a multiple of block 4",
    ),
    "key bits of such a shape": (
        lambda: TANAKA.key_bits((8, 9, 3)),
        ValueError,
        "8x9 is not a multiple of block 4",
    ),
    "table for another shape": (
        lambda: TANAKA.table((8, 4, 3)).apply(picture((4, 8, 3))),
        ValueError,
        "this table is for images of shape (8, 4, 3), got (4, 8, 3)",
    ),
    "tables that do not compose": (
        lambda: TANAKA.table((8, 4, 3)).then(TANAKA.table((4, 8, 3))),
        ValueError,
        "do not compose: shape, block and bits must agree",
    ),
    "tables of other bits": (
        lambda: TANAKA.table((4, 4, 3)).then(Tanaka(KEY, bits=8).table((4, 4, 3))),
        ValueError,
        "do not compose",
    ),
    "rows of bytes for another shape": (
        lambda: TANAKA.table((8, 8, 3)).apply_bytes(picture((5, 4, 4, 3)).reshape(5, 48)),
        ValueError,
        "expected rows of 192 bytes, (n, 192) uint8, got uint8 (5, 48)",
    ),
    "rows of wider numbers": (
        lambda: TANAKA.table((8, 8, 3)).apply_bytes(np.zeros((1, 192), np.int64)),
        ValueError,
        "got int64 (1, 192)",
    ),
    "rows into fewer rows": (
        lambda: TANAKA.table((8, 8, 3)).apply_bytes(FOUR.reshape(4, 192), np.empty((3, 192), np.uint8)),
        ValueError,
        "expected out of shape (4, 192), uint8, got uint8 (3, 192)",
    ),
    "table of 3 bits": (lambda: Table((4, 4, 3), 2, 3), ValueError, "atoms have 8, 4, 2 or 1 bits, got 3"),
    "table of no block": (lambda: Table((4, 4, 3), 0), ValueError, "4x4 is not a multiple of block 0"),
    "table of a block that does not fit": (
        lambda: Table((4, 5, 3), 2),
        ValueError,
        "4x5 is not a multiple of block 2",
    ),
    "source beyond the last block": (
        lambda: Table((2, 2, 3), 1, source=[0, 1, 2, 4]),
        ValueError,
        "source: expected values from 0 to 3, got 0 to 4",
    ),
    "source before the first block": (
        lambda: Table((2, 2, 3), 1, source=[0, 1, 2, -1]),
        ValueError,
        "source: expected values from 0 to 3, got -1 to 2",
    ),
    "source of too many blocks": (
        lambda: Table((2, 2, 3), 1, source=[0, 1, 2, 3, 0]),
        ValueError,
        "source (5,) does not fit 4 blocks",
    ),
    "order beyond the last atom": (
        lambda: Table((2, 2, 3), 1, orders=[0, 1, 3]),
        ValueError,
        "orders: expected values from 0 to 2, got 0 to 3",
    ),
    "order of floats": (
        lambda: Table((2, 2, 3), 1, orders=[0.0, 1.0, 2.0]),
        TypeError,
        "orders: expected whole numbers, got float64",
    ),
    "order of another length": (
        lambda: Table((2, 2, 3), 1, orders=[0, 1]),
        ValueError,
        "orders: rows (1, 2) and of (4,) do not fit 4 blocks of 3",
    ),
    "mask beyond a byte": (
        lambda: Table((2, 2, 3), 1, masks=[0, 1, 256]),
        ValueError,
        "masks: expected values from 0 to 255, got 0 to 256",
    ),
    "row that is not there": (
        lambda: Table((2, 2, 3), 1, masks=([[1, 2, 3]], [0, 0, 1, 0])),
        ValueError,
        "rows of masks: expected values from 0 to 0, got 0 to 1",
    ),
    # pad and crop
    "pad to block 0": (
        lambda: pad(ONE, 0),
        ValueError,
        "a block is a whole number of pixels from 1 on, got 0",
    ),
    "pad to block 2.5": (lambda: pad(ONE, 2.5), ValueError, "from 1 on, got 2.5"),
    "pad to block True": (lambda: pad(ONE, True), ValueError, "from 1 on, got True"),
    "pad of floats": (lambda: pad(FLOATS, 4), TypeError, "expected uint8 values 0..255, got float64"),
    "crop to more": (lambda: crop(ONE, (9, 8)), ValueError, "cannot crop 8x8 to 9x8"),
    "crop to nothing": (lambda: crop(ONE, (0, 8)), ValueError, "cannot crop 8x8 to 0x8"),
    "crop to less than nothing": (lambda: crop(ONE, (4, -1)), ValueError, "cannot crop 8x8 to 4x-1"),
    "crop to one number": (
        lambda: crop(ONE, 4),
        ValueError,
        "a size is (height, width) in whole pixels, got 4",
    ),
    "crop to floats": (
        lambda: crop(ONE, (4.0, 4.0)),
        ValueError,
        "a size is (height, width) in whole pixels, got (4.0, 4.0)",
    ),
    "crop to three numbers": (
        lambda: crop(ONE, (4, 4, 3)),
        ValueError,
        "a size is (height, width) in whole pixels, got (4, 4, 3)",
    ),
    "crop of a list": (lambda: crop([ONE], (4, 4)), TypeError, "got list; use np.stack(images)"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_a_reason(name, tmp_path):
    act, error, message = CASES[name]
    with pytest.raises(error, match=re.escape(message)) as caught:
        act(tmp_path) if act.__code__.co_varnames[: act.__code__.co_argcount] == ("tmp_path",) else act()
    assert type(caught.value) is error or error in (FileNotFoundError,)
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_there_are_many_cases_and_no_two_alike():
    assert len(CASES) >= 40
    assert len({(error, message) for _, error, message in CASES.values()}) > 0.8 * len(CASES)


def test_what_is_refused_leaves_no_trace(tmp_path):
    for name, (act, error, _) in CASES.items():
        if name.startswith("key file"):
            with pytest.raises(error):
                act(tmp_path)
            (tmp_path / "key.json").unlink(missing_ok=True)
    assert list(tmp_path.iterdir()) == []
