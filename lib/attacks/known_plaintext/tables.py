"""Known plaintext: the attacker has some plain images and their ciphertexts, and reads another ciphertext of
the same key.

An atom's *history* is the list of its values in all pairs. A cipher atom has the history of the plain atom
that it was, or the complement of that; where no other atom shares it, place and sign are certain. Atoms that
do share it are ambiguous: the attack says so, and pairs them in order, so that one of k alike is right in one
case of k.

How far one natural image goes depends on how many atoms share a key. In Tanaka's scheme all blocks of it do,
so each adds to the histories; in ELE none do. Relatives: Li et al., Signal Processing: Image Communication 23
(2008), on ciphers that only permute; Li et al., arXiv:2305.04543, on EtC.

All attacks take `plain` and `pair_ciphers`, (n, h, w, 3) uint8, row by row, and `ciphers`, those to be read,
of the same size; of any size where one key serves all blocks. Confidence is an array, for each atom (pixel,
block) 1 over the number of those it could be; 0 where the pairs contradict the scheme, and 0 throughout where
nine atoms in ten are certain and yet the ciphertexts do not become smoother: they are of another key than the
pairs, or of noise. `recovered` is about the pairs' key; it holds -1 for what is not certain, and counts it as
"ambiguous".

Histories are compared by 64-bit sums with random weights: two different ones agree with a chance below 2 **
-56.
"""

import numpy as np

from lib.attacks import PAIRS, AttackResult, attack, check_ciphers, on
from lib.attacks.chosen_plaintext.table_reader import is_smoother
from lib.symmetries import COLOURS, SIGNS, block_orders
from lib.table import Structure, Table, join, split
from lib.tiling import cut, places


def _enter(plain, pair_ciphers, ciphers, block=1, any_size=False):
    plain, pair_ciphers, ciphers = (check_ciphers(images, block) for images in (plain, pair_ciphers, ciphers))
    if plain.shape != pair_ciphers.shape:
        raise ValueError(f"each plain image needs its ciphertext: got {plain.shape} and {pair_ciphers.shape}")
    if plain.shape[1:] != ciphers.shape[1:] and not any_size:
        sizes = ["x".join(map(str, x.shape[1:3])) for x in (plain, ciphers)]
        raise ValueError(
            f"pairs are {sizes[0]} and the ciphertexts under attack {sizes[1]}; a key is of one size"
        )
    return plain, pair_ciphers, ciphers


def _blocks(images, block):
    """(blocks, bytes, n): the bytes of each block, image by image."""
    return cut(images, block).reshape(len(images), -1, 3 * block**2).transpose(1, 2, 0)


def _histories(blocks, bits):
    """(groups, atoms, n): atoms of (groups, bytes, n)."""
    return np.ascontiguousarray(split(blocks.swapaxes(1, 2), bits).swapaxes(1, 2))


def _canonical(histories, bits):
    """Histories with their complement undone where they begin in the upper half: (histories, whether
    undone)."""
    flipped = histories[..., :1] >> bits - 1 == 1
    return np.where(flipped, np.uint8(2**bits - 1) - histories, histories), flipped[..., 0]


def _sums(values):
    """(..., n) uint8 as (...,) uint64: equal sums for equal rows."""
    return values.astype(np.uint64) @ _weights(values.shape[-1])


def _weights(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, shape, np.uint64)


def _pair_up(plain, cipher):
    """Rows (..., k) of sums: which plain one each cipher one is, those alike in order, and how many it could
    be.

    Where any row could be none (0), its neighbours in `index` are guesses.
    """
    index = np.empty(cipher.shape, np.int64)
    np.put_along_axis(index, *(np.argsort(x, axis=-1, kind="stable") for x in (cipher, plain)), axis=-1)
    own = _weights((*plain.shape[:-1], 1), seed=1)  # rows of other groups are never alike
    _, kind = np.unique(np.stack([plain, cipher]) + own, return_inverse=True)
    of_plain, of_cipher = kind.reshape(2, *plain.shape)
    counts = [np.bincount(of.ravel(), minlength=kind.max() + 1) for of in (of_plain, of_cipher)]
    return index, np.where(counts[0] == counts[1], counts[0], 0)[of_cipher]


def match(plain: np.ndarray, cipher: np.ndarray, bits: int):
    """Which plain atom has each cipher atom's history: plain, cipher (..., atoms, n) uint8 below 2 ** bits.

    Returns (index, flipped, choices): (..., atoms) each; `choices` counts the plain atoms that an atom could
    be, 0 where the histories of cipher and plain do not go together. Each plain atom is named once where they
    do.
    """
    (p, p_flipped), (c, c_flipped) = _canonical(plain, bits), _canonical(cipher, bits)
    index, choices = _pair_up(_sums(p), _sums(c))
    return index, np.take_along_axis(p_flipped, index, axis=-1) ^ c_flipped, choices


def _result(ciphers, table, choices, found):
    """`found` holds what was recovered, by name, each with the choices there were for it."""
    sure = bool((choices > 0).all())
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    recovered = {
        name: np.where((count == 1) & sure, values.astype(np.int64), -1)
        for name, (values, count) in found.items()
    }
    recovered["ambiguous"] = int(((choices != 1) | (not sure)).sum())
    if sure and (choices == 1).mean() > 0.9:  # with fewer, a right key may leave borders rough
        sure = is_smoother(estimate, ciphers, table.block)
    confidence = 1 / choices if sure else np.zeros(choices.shape)
    return AttackResult(estimate, recovered, confidence)


@attack("pairs-tanaka", PAIRS, fits=on(Structure.SAME_BLOCKS), told=("block", "bits"), rank=0)
def shared_blocks(plain, pair_ciphers, ciphers, block: int = 4, bits: int = 4) -> AttackResult:
    """One key for all blocks: Tanaka's scheme, and SHF and NP with bits=8. Each block of each pair is a value
    of a history."""
    plain, pair_ciphers, ciphers = _enter(plain, pair_ciphers, ciphers, block, any_size=True)
    p, c = (
        _histories(_blocks(x, block).transpose(1, 0, 2).reshape(1, 3 * block**2, -1), bits)[0]
        for x in (plain, pair_ciphers)
    )
    index, flipped, choices = match(p, c, bits)
    mask = flipped * np.uint8(2**bits - 1)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=join(mask, bits))
    return _result(ciphers, table, choices, {"index": (index, choices), "mask": (mask, choices)})


@attack("pairs-ele", PAIRS, fits=on(Structure.OWN_BLOCKS), told=("block", "bits"), rank=1)
def own_blocks(plain, pair_ciphers, ciphers, block: int = 4, bits: int = 4) -> AttackResult:
    """A key for each block, blocks shuffled: ELE. Blocks are known by the histories in them, whatever their
    order."""
    plain, pair_ciphers, ciphers = _enter(plain, pair_ciphers, ciphers, block)
    p, c = (_histories(_blocks(x, block), bits) for x in (plain, pair_ciphers))
    source, alike = _by_contents(p, c, bits)
    index, flipped, choices = match(p[source], c, bits)
    choices = choices * alike[:, None]
    each, mask = np.arange(len(c)), flipped * np.uint8(2**bits - 1)
    table = Table(
        ciphers.shape[1:], block, bits, source=source, orders=(index, each), masks=(join(mask, bits), each)
    )
    found = {"source": (source, alike), "index": (index, choices), "mask": (mask, choices)}
    return _result(ciphers, table, choices, found)


def _by_contents(p, c, bits):
    """For each cipher block a plain block with the same histories, and how many have them (0 where none
    has)."""
    p, c = (_sums(_canonical(x, bits)[0]) for x in (p, c))
    return _pair_up(*(((x ^ x >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)).sum(axis=1) for x in (p, c)))


@attack("pairs-skk", PAIRS, fits=on(Structure.PIXELS), rank=2)
def pixels(plain, pair_ciphers, ciphers) -> AttackResult:
    """SKK with one key: which of a pixel's 48 states turns its values into its cipher's, in all pairs."""
    plain, pair_ciphers, ciphers = _enter(plain, pair_ciphers, ciphers)
    p, c = (_blocks(x, 1) for x in (plain, pair_ciphers))  # (pixels, 3, n)
    found = [
        [(p[:, a] == (c[:, b] ^ np.uint8(sign))).all(axis=1) for a in range(3)]
        for b in range(3)
        for sign in (0, 255)
    ]
    fits = np.array(found).reshape(3, 2, 3, -1)  # cipher channel, sign, plain channel, pixel
    states = np.array([
        [fits[0, s & 1, o[0]] & fits[1, s >> 1 & 1, o[1]] & fits[2, s >> 2 & 1, o[2]] for s in range(8)] for o in COLOURS
    ])  # fmt: skip
    order, sign = np.divmod(states.reshape(48, -1).argmax(axis=0), 8)
    table = Table(ciphers.shape[1:], 1, orders=(COLOURS, order), masks=(SIGNS, sign))
    choices = states.sum(axis=(0, 1))
    return _result(ciphers, table, choices, {"order": (order, choices), "sign": (sign, choices)})


@attack("pairs-etc", PAIRS, fits=on(Structure.PIECES), told=("block",), rank=3)
def oriented_blocks(plain, pair_ciphers, ciphers, block: int = 4) -> AttackResult:
    """EtC: which plain block, in which of 96 states, is each cipher block in all pairs."""
    plain, pair_ciphers, ciphers = _enter(plain, pair_ciphers, ciphers, block)
    orders, (p, c) = block_orders(block), (_blocks(x, block) for x in (plain, pair_ciphers))
    p, c = _in_all_states(p, orders), _in_all_states(c, orders)  # (blocks, 2 signs, 48)
    source, alike = _pair_up(p.min(axis=(1, 2)), c.min(axis=(1, 2)))
    fits = p[source] == c[:, :1, :1]
    negative, state = np.divmod(fits.reshape(len(c), -1).argmax(axis=1), len(orders))
    choices = fits.sum(axis=(1, 2))
    masks = (np.array([[0], [255]], np.uint8).repeat(3 * block**2, axis=1), negative)
    table = Table(ciphers.shape[1:], block, source=source, orders=(orders, state), masks=masks)
    found = {"source": (source, alike), "state": (state, choices), "negative": (negative, choices)}
    return _result(ciphers, table, choices * alike, found)


def _in_all_states(blocks, orders):
    """(blocks, 2, 48) uint64: sums of (blocks, bytes, n) after each order, as it is and as its negative."""
    weights = _weights(blocks.shape[1:])
    # moving weights back is moving bytes
    moved = weights[np.argsort(orders, axis=1)].reshape(len(orders), -1)
    sums = blocks.reshape(len(blocks), -1).astype(np.uint64) @ moved.T
    return np.stack([sums, (np.uint64(255) * weights).sum(dtype=np.uint64) - sums], axis=1)


@attack("pairs-ffx", PAIRS, fits=on(Structure.VALUES), told=("block",), rank=4)
def substitution(plain, pair_ciphers, ciphers, block: int = 4) -> AttackResult:
    """FFX: places of a block whose value ever changed are substituted; what became of each value is read off.

    Confidence is 1 for a value that is known and 0 for another, 256 of them. One last value goes to the one
    that is left.
    """
    plain, pair_ciphers, ciphers = _enter(plain, pair_ciphers, ciphers, block, any_size=True)
    p, c = (_blocks(x, block) for x in (plain, pair_ciphers))
    changed = (p != c).any(axis=(0, 2))
    table = np.full(256, -1)
    table[p[:, changed]] = c[:, changed]
    wrong = (table[p[:, changed]] != c[:, changed]).any() or len(np.unique(table[table >= 0])) < (
        table >= 0
    ).sum()
    estimate = ciphers.copy()
    if (table < 0).sum() == 1 and not wrong:
        table[table < 0] = np.setdiff1d(np.arange(256), table)
    if not wrong:
        back = np.arange(256, dtype=np.uint8)
        back[table[table >= 0]] = np.flatnonzero(table >= 0)
        flat = estimate.reshape(len(ciphers), -1)
        where = places(ciphers.shape[1:], block)[:, changed].ravel()
        flat[:, where] = back[flat[:, where]]
    seen = (table >= 0) & (not wrong)
    recovered = {"substitution": table, "places": changed, "ambiguous": int((~seen).sum())}
    if seen.mean() > 0.9:
        seen &= is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, recovered, seen.astype(float))
