"""Known plaintext: atoms are found again by their histories in pairs of plain images and ciphertexts.

An atom's *history* is the list of its values in all pairs. A cipher atom has the history of the plain atom
that it was, or the complement of that; where no other atom shares it, place and sign are certain. Atoms that
do share it are paired in order, so that one of k alike is right in one case of k. How far one natural image
goes depends on how many atoms share a key: in Tanaka's scheme all blocks of it do, in ELE none. Histories are
compared by 64-bit sums with random weights: two different ones agree with a chance below 2 ** -56.

All take `plain` and `pair_ciphers`, (n, h, w, 3) uint8, row by row, and `ciphers`, those to be read, of the
same size; of any size where one key serves all blocks. Confidence is an array, for each atom (pixel, block)
1 over the number of those it could be; 0 where the pairs contradict the scheme, and 0 throughout where nine
atoms in ten are certain and yet the ciphertexts do not become smoother: they are of another key than the
pairs, or of noise. `recovered` is about the pairs' key; it holds -1 for what is not certain, and counts it as
"ambiguous". ValueError for images that do not fit each other.

Relatives: Li et al., Signal Processing: Image Communication 23 (2008), on ciphers that only permute; Li et
al., arXiv:2305.04543, on EtC.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers.recovered_table import is_smoother, substituted_back
from lib.symmetries import COLOURS, SIGNS, block_orders
from lib.table import Structure, Table, join, split
from lib.tiling import cut, places

Array = np.ndarray


@attack("pairs-tanaka", PAIRS, fits=on(Structure.SAME_BLOCKS), told=("block", "bits"), rank=0)
def shared_blocks(
    plain: Array, pair_ciphers: Array, ciphers: Array, block: int = 4, bits: int = 4
) -> AttackResult:
    """Tanaka's scheme, and SHF and NP with bits=8: match the histories of a block's atoms over all blocks of
    all pairs, where one small picture is often enough. `recovered`: "index" and "mask", (atoms of a
    block,)."""
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block, any_size=True)
    histories = (in_blocks(x, block).transpose(1, 0, 2) for x in (plain, pair_ciphers))
    atoms = (of_atoms(each.reshape(1, 3 * block**2, -1), bits)[0] for each in histories)
    index, flipped, choices = match(*atoms, bits)
    mask = flipped * np.uint8(2**bits - 1)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=join(mask, bits))
    return answered(ciphers, table, choices, {"index": (index, choices), "mask": (mask, choices)})


@attack("pairs-ele", PAIRS, fits=on(Structure.OWN_BLOCKS), told=("block", "bits"), rank=1)
def own_blocks(
    plain: Array, pair_ciphers: Array, ciphers: Array, block: int = 4, bits: int = 4
) -> AttackResult:
    """ELE: find each block by the histories in it, whatever their order; then match histories within it.
    `recovered`: "source" (blocks,), "index" and "mask" (blocks, atoms of a block)."""
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block)
    plain, cipher = (of_atoms(in_blocks(x, block), bits) for x in (plain, pair_ciphers))
    source, alike = pair_up(_contents(plain, bits), _contents(cipher, bits))
    index, flipped, choices = match(plain[source], cipher, bits)
    choices, each = choices * alike[:, None], np.arange(len(cipher))
    mask = flipped * np.uint8(2**bits - 1)
    orders, masks = (index, each), (join(mask, bits), each)
    table = Table(ciphers.shape[1:], block, bits, source=source, orders=orders, masks=masks)
    found = {"source": (source, alike), "index": (index, choices), "mask": (mask, choices)}
    return answered(ciphers, table, choices, found)


def _contents(blocks, bits):
    """(blocks,) uint64: a number for the histories in a block, whatever their order and signs."""
    each = sums(canonical(blocks, bits)[0])
    return ((each ^ each >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)).sum(axis=1)


@attack("pairs-skk", PAIRS, fits=on(Structure.PIXELS), rank=2)
def pixels(plain: Array, pair_ciphers: Array, ciphers: Array) -> AttackResult:
    """SKK: try which of a pixel's 48 states turns its values into its cipher's, in all pairs. `recovered`:
    "order" and "sign", (pixels,), numbers of `lib.symmetries`."""
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers)
    fits = _fits(in_blocks(plain, 1), in_blocks(pair_ciphers, 1))
    choices, (order, sign) = fits.sum(axis=0), np.divmod(fits.argmax(axis=0), len(SIGNS))
    table = Table(ciphers.shape[1:], 1, orders=(COLOURS, order), masks=(SIGNS, sign))
    return answered(ciphers, table, choices, {"order": (order, choices), "sign": (sign, choices)})


def _fits(plain, cipher):
    """(48, pixels) bool: whether a state turns the values (pixels, 3, n) of the plain into the cipher's."""
    channels = [  # by cipher channel, sign and plain channel
        [[(plain[:, a] == cipher[:, b] ^ np.uint8(sign)).all(axis=1) for a in range(3)] for sign in (0, 255)]
        for b in range(3)
    ]
    states = [(order, signs >> np.arange(3) & 1) for order in COLOURS for signs in range(len(SIGNS))]
    fitting = [[channels[b][sign[b]][order[b]] for b in range(3)] for order, sign in states]
    return np.array(fitting).all(axis=1)


@attack("pairs-etc", PAIRS, fits=on(Structure.PIECES), told=("block",), rank=3)
def oriented_blocks(plain: Array, pair_ciphers: Array, ciphers: Array, block: int = 4) -> AttackResult:
    """EtC: find which plain block, in which of 96 states, is each cipher block in all pairs. `recovered`:
    "source", "state" and "negative", (blocks,); states as in `lib.symmetries.block_orders`."""
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block)
    orders = block_orders(block)
    plain, cipher = (_in_all_states(in_blocks(x, block), orders) for x in (plain, pair_ciphers))
    source, alike = pair_up(plain.min(axis=(1, 2)), cipher.min(axis=(1, 2)))
    fits = plain[source] == cipher[:, :1, :1]
    choices = fits.sum(axis=(1, 2))
    negative, state = np.divmod(fits.reshape(len(cipher), -1).argmax(axis=1), len(orders))
    masks = np.array([[0], [255]], np.uint8).repeat(3 * block**2, axis=1), negative
    table = Table(ciphers.shape[1:], block, source=source, orders=(orders, state), masks=masks)
    found = {"source": (source, alike), "state": (state, choices), "negative": (negative, choices)}
    return answered(ciphers, table, choices * alike, found)


def _in_all_states(blocks, orders):
    """(blocks, 2, 48) uint64: sums of (blocks, bytes, n) after each order, as it is and as its negative."""
    plain = weights(blocks.shape[1:])
    moved = plain[np.argsort(orders, axis=1)].reshape(len(orders), -1)  # moving weights back is moving bytes
    sums = blocks.reshape(len(blocks), -1).astype(np.uint64) @ moved.T
    return np.stack([sums, (np.uint64(255) * plain).sum(dtype=np.uint64) - sums], axis=1)


@attack("pairs-ffx", PAIRS, fits=on(Structure.VALUES), told=("block",), rank=4)
def substitution(plain: Array, pair_ciphers: Array, ciphers: Array, block: int = 4) -> AttackResult:
    """FFX: places of a block whose value ever changed are substituted; what became of each value is read off.

    One last value goes to the one that is left. `recovered`: "substitution" (256,), -1 for values not seen,
    and "places" (bytes of a block,) bool. Confidence (256,) is 1 for a value that is known and 0 for another.
    """
    plain, pair_ciphers, ciphers = check_pairs(plain, pair_ciphers, ciphers, block, any_size=True)
    plain, cipher = (in_blocks(x, block) for x in (plain, pair_ciphers))
    changed = (plain != cipher).any(axis=(0, 2))
    plain, cipher = plain[:, changed], cipher[:, changed]
    table = np.full(256, -1)
    table[plain] = cipher
    known = table[table >= 0]
    right = (table[plain] == cipher).all() and len(np.unique(known)) == len(known)  # one to one, in all pairs
    if right and len(known) == 255:
        table[table < 0] = np.setdiff1d(np.arange(256), known)
    where = places(ciphers.shape[1:], block)[:, changed]
    estimate = substituted_back(ciphers, table, where) if right else ciphers.copy()
    seen = (table >= 0) & right
    recovered = {"substitution": table, "places": changed, "ambiguous": int((~seen).sum())}
    if seen.mean() > 0.9:
        seen &= is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, recovered, seen.astype(float))


def check_pairs(plain: Array, pair_ciphers: Array, ciphers: Array, block: int = 1, any_size: bool = False):
    """The three as arrays of whole blocks; ValueError where they do not go together."""
    plain, pair_ciphers, ciphers = (check_ciphers(images, block) for images in (plain, pair_ciphers, ciphers))
    if plain.shape != pair_ciphers.shape:
        raise ValueError(f"each plain image needs its ciphertext: got {plain.shape} and {pair_ciphers.shape}")
    if plain.shape[1:] != ciphers.shape[1:] and not any_size:
        pairs, attacked = ("x".join(map(str, x.shape[1:3])) for x in (plain, ciphers))
        got = f"pairs are {pairs} and the ciphertexts under attack {attacked}"
        raise ValueError(f"{got}; a key is of one size")
    return plain, pair_ciphers, ciphers


def in_blocks(images: Array, block: int) -> Array:
    """(blocks, bytes, n): the histories of each block's bytes in images (n, h, w, 3)."""
    return cut(images, block).reshape(len(images), -1, 3 * block**2).transpose(1, 2, 0)


def of_atoms(histories: Array, bits: int) -> Array:
    """(groups, atoms, n): the histories of atoms from those of bytes (groups, bytes, n)."""
    return np.ascontiguousarray(split(histories.swapaxes(1, 2), bits).swapaxes(1, 2))


def canonical(histories: Array, bits: int) -> tuple[Array, Array]:
    """Histories (..., n) with their complement undone where they begin in the upper half; (...) whether."""
    flipped = histories[..., :1] >> bits - 1 == 1
    return np.where(flipped, np.uint8(2**bits - 1) - histories, histories), flipped[..., 0]


def weights(shape: int | tuple[int, ...], seed: int = 0) -> Array:
    """Random weights, uint64: no secret, and the same for all."""
    return np.random.default_rng(seed).integers(0, 2**64, shape, np.uint64)


def sums(values: Array) -> Array:
    """(..., n) uint8 as (...,) uint64: equal sums for equal rows."""
    return values.astype(np.uint64) @ weights(values.shape[-1])


def pair_up(plain: Array, cipher: Array) -> tuple[Array, Array]:
    """Rows (..., k) of sums: which plain one each cipher one is, those alike in order, and how many it could
    be, both (..., k) int64. Where any row could be none (0), its neighbours in the first are guesses."""
    of_plain, of_cipher = (np.argsort(each, axis=-1, kind="stable") for each in (plain, cipher))
    index = np.empty(cipher.shape, np.int64)
    np.put_along_axis(index, of_cipher, of_plain, axis=-1)  # the smallest is the smallest, and so on
    group = weights((*plain.shape[:-1], 1), seed=1)  # rows of other groups are never alike
    _, kind = np.unique(np.stack([plain, cipher]) + group, return_inverse=True)
    plain_kind, cipher_kind = kind.reshape(2, *plain.shape)
    there, here = (np.bincount(of.ravel(), minlength=kind.max() + 1) for of in (plain_kind, cipher_kind))
    return index, np.where(there == here, there, 0)[cipher_kind]


def match(plain: Array, cipher: Array, bits: int) -> tuple[Array, Array, Array]:
    """Which plain atom has each cipher atom's history: plain, cipher (..., atoms, n) uint8 below 2 ** bits.
    Returns (index, flipped, choices): (..., atoms) each; `choices` counts the plain atoms that an atom could
    be, 0 where the histories of cipher and plain do not go together, which else names each once."""
    (plain, plain_flipped), (cipher, cipher_flipped) = canonical(plain, bits), canonical(cipher, bits)
    index, choices = pair_up(sums(plain), sums(cipher))
    return index, np.take_along_axis(plain_flipped, index, axis=-1) ^ cipher_flipped, choices


def answered(ciphers: Array, table: Table, choices: Array, found: dict) -> AttackResult:
    """The result with a table; `found` is what was recovered, by name, each with the choices there were."""
    sure = bool((choices > 0).all())
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    certain = {name: (count == 1) & sure for name, (_, count) in found.items()}
    recovered = {name: np.where(certain[name], found[name][0].astype(np.int64), -1) for name in found}
    recovered["ambiguous"] = int(((choices != 1) | (not sure)).sum())
    if sure and (choices == 1).mean() > 0.9:  # with fewer, a right key may leave borders rough
        sure = is_smoother(estimate, ciphers, table.block)
    return AttackResult(estimate, recovered, 1 / choices if sure else np.zeros(choices.shape))
