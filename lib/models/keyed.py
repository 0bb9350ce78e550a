"""Models that hold the key: a network trained on plain pictures that gives its plain scores on ciphertexts.

- Vision transformer: H. Kiya, R. Iijima, A. P. M. Maung and Y. Kinoshita, "Image and Model Transformation
  with Secret Key for Vision Transformer", arXiv:2207.05366.
- ConvMixer: R. Iijima and H. Kiya, "An Encryption Method of ConvMixer Models without Performance
  Degradation", arXiv:2207.11939.

Both begin with a linear map of each patch. Where a block of the cipher is a patch, the key moves into that
map. A table (`lib.table`) moves and complements the atoms of a block, and `lib.models.inputs.scaled` makes a
complement a change of sign; so cipher atom j of a block is sign[j] times plain atom order[j], and

    sum over i of kernel[:, i] plain[i]  =  sum over j of kernel[:, order[j]] sign[j] cipher[j].

Moved blocks: a transformer is told in which row of its position code each token belongs, and needs no more,
for it treats tokens alike; a ConvMixer has its tokens put back in order. Where each block has a table of its
own, as in EtC, so has it a kernel of its own, one for each kind of table that occurs.

The papers say this of permutations of pixels and of blocks; turns, mirrors, complements and orders of colours
are tables as well, and nibbles are two atoms of a byte: value = 16 high + low is linear too.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from lib.models.inputs import atoms
from lib.models.standard import ConvMixer, VisionTransformer
from lib.table import Table
from lib.tiling import cut, places


class ServedWeights(NamedTuple):
    """What the server of a keyed model holds of its key, whether it was meant to be secret or not.

    kernels     (kinds, dim, atoms of a block) float32: a patch map for each kind of block; atoms run along
                row, column, channel and part, the highest bits first
    kinds       (blocks,) int64: which of them reads each cipher block
    positions   (blocks, dim) float32: what is added to each token; None without a position code
    places      (blocks,) int64: where in the picture each cipher block belongs, for a network that has to put
                tokens in order; None for a transformer, which does not
    block, bits of the cipher
    """

    kernels: np.ndarray
    kinds: np.ndarray
    positions: np.ndarray | None
    places: np.ndarray | None
    block: int
    bits: int


class KeyedPatches(nn.Module):
    """A patch map that reads ciphertexts: (n, 3, h, w) floats to (n, dim, h / block, w / block).

    kernels (kinds, dim, atoms), kinds (blocks,), places (blocks,) or None as in `ServedWeights`, as tensors;
    bias (dim,) or None
    """

    def __init__(
        self, kernels: torch.Tensor, bias: torch.Tensor | None, kinds: torch.Tensor,
        places: torch.Tensor | None, block: int, bits: int,
    ):  # fmt: skip
        super().__init__()
        self.kernels, self.bias = nn.Parameter(kernels), bias
        self.register_buffer("kinds", kinds)
        self.register_buffer("places", places)
        self.block, self.bits = block, bits

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Every block times the kernel of its kind; tokens in the order of the picture, if that is known."""
        rows, columns = (side // self.block for side in x.shape[2:])
        blocks = cut(atoms(x, self.bits).permute(0, 2, 3, 1), self.block).flatten(2)  # (n, blocks, atoms)
        tokens = blocks.new_empty(*blocks.shape[:2], self.kernels.shape[1])
        for kind, kernel in enumerate(self.kernels):
            here = (self.kinds == kind).nonzero()[:, 0]
            tokens[:, here] = blocks[:, here] @ kernel.T
        if self.bias is not None:
            tokens = tokens + self.bias
        if self.places is not None:
            tokens = tokens[:, self.places.argsort()]
        return tokens.transpose(1, 2).unflatten(2, (rows, columns))


def keyed(model: ConvMixer | VisionTransformer, table: Table) -> nn.Module:
    """A copy of `model`, trained on plain pictures, that gives the same scores on ciphertexts of `table`.

    model   of `lib.models`, on a CPU, for images of the table's size
    table   of a scheme, `scheme.table(shape)`, that keeps patches together and complements whole atoms: with
            blocks as large as patches, smaller ones that do not move, or larger ones that move as a whole
    Errors: TypeError for another network; ValueError for images of another size, and for another table.

    >>> from lib import Key
    >>> from lib.models import by_name
    >>> from lib.schemes import BlockShuffle
    >>> from lib.training import predict
    >>> plain, scheme = by_name("vit", 10, dim=12), BlockShuffle(Key.from_seed(7), block=4)
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    >>> ours = predict(keyed(plain, scheme.table((32, 32, 3))), scheme.encrypt(images))
    >>> bool((ours == predict(plain, images)).all())
    True
    """
    owner, name = _patch_map(model)
    plain, (h, w, _) = owner[name], table.shape
    if model.takes[1:] != (h, w):
        raise ValueError(f"the network reads {model.takes[1]}x{model.takes[2]}, the table is for {h}x{w}")
    block = plain.kernel_size[0]
    orders, signs, source = moves(table, block)
    pairs, kinds = np.unique(np.concatenate([orders, signs], 1), axis=0, return_inverse=True)
    orders, signs = np.split(pairs, 2, 1)
    on_atoms = _on_atoms(plain.weight.detach(), table.bits)
    kernels = [
        on_atoms[:, order] * sign for order, sign in zip(orders.astype(int), torch.tensor(signs).float())
    ]
    out, source = copy.deepcopy(model), torch.from_numpy(source)
    positions = getattr(out[0], "pos_embed", None)
    if positions is not None:
        positions.data = positions.data[:, source]
    source = None if isinstance(model, VisionTransformer) else source
    owner, name = _patch_map(out)
    owner[name] = KeyedPatches(
        torch.stack(kernels), plain.bias, torch.from_numpy(kinds), source, block, table.bits
    )
    return out


def served(model: ConvMixer | VisionTransformer, bits: int = 8) -> ServedWeights:
    """What a server sees of a model that `keyed` made. Of a plain one the same, for comparison: one kernel on
    atoms of `bits` bits, tokens where they are."""
    owner, name = _patch_map(model)
    patches, positions = owner[name], getattr(model[0], "pos_embed", None)
    if not isinstance(patches, KeyedPatches):
        block, kernels = patches.kernel_size[0], _on_atoms(patches.weight.detach(), bits)[None]
        count = model.takes[1] // block * (model.takes[2] // block)
        places = None if isinstance(model, VisionTransformer) else torch.arange(count)
        patches = KeyedPatches(kernels, None, torch.zeros(count, dtype=torch.long), places, block, bits)
    arrays = patches.kernels, patches.kinds, None if positions is None else positions[0], patches.places
    arrays = (None if each is None else each.detach().numpy().copy() for each in arrays)
    return ServedWeights(*arrays, patches.block, patches.bits)


def _patch_map(model):
    """The modules that hold a network's patch map, by name, and its name among them."""
    if isinstance(model, VisionTransformer):
        return model[0].patch_embed._modules, "proj"
    if isinstance(model, ConvMixer):
        return model[0].stem._modules, "0"
    kind = type(model).__name__
    raise TypeError(
        f"expected a VisionTransformer or ConvMixer of lib.models, which read patches, got {kind}"
    )


def _on_atoms(weight, bits):
    """(dim, atoms of a block): a patch map (dim, 3, block, block) on scaled atoms, as `moves` counts them.
    A scaled byte is its scaled atoms times what the lowest bit of each is worth, over what 255 is."""
    values = weight.permute(0, 2, 3, 1).flatten(1)
    worth = torch.tensor([(2**bits - 1) * 2**shift / 255 for shift in range(8 - bits, -1, -bits)])
    return (values[:, :, None] * worth).flatten(1)


def moves(table: Table, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a table does to patches of `block` pixels: orders (patches, atoms) int64, signs (patches, atoms)
    float32 and sources (patches,) int64: cipher atom j of a patch is sign[j] times atom order[j] of the plain
    patch that is its source. ValueError where patches are torn apart, or parts of atoms complemented."""
    parts, (h, w, c) = 8 // table.bits, table.shape
    patches = places((h, w, c * parts), block)  # atoms of each patch, in flat images
    inside = np.empty((2, patches.size), np.int64)
    inside[:, patches] = np.stack(np.indices(patches.shape))
    source, orders = inside[:, table.index[patches]]
    if (source != source[:, :1]).any():
        raise ValueError(f"this table tears patches of {block}x{block} pixels apart: no patch map reads that")
    flips = table.mask[patches]
    if not np.isin(flips, (0, 2**table.bits - 1)).all():
        raise ValueError(
            "this table complements parts of atoms, which changes no sign: no patch map reads it"
        )
    return orders, np.where(flips, -1, 1).astype(np.float32), source[:, 0]
