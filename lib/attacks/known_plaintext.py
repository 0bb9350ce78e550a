"""Known plaintext: the attacker has some plain images and their ciphertexts, and reads another ciphertext of the same key.

An atom's *history* is the list of its values in all pairs. A cipher atom has the history of the plain atom that it was, or
the complement of that; where no other atom shares it, place and sign are certain. Atoms that do share it are ambiguous:
the attack says so, and pairs them in order, which is right for every image as like as not.

How far one natural image goes depends on how many atoms share a key. In Tanaka's scheme all blocks of it do, so each
adds to the histories; in ELE none do. Relatives: Li et al., Signal Processing: Image Communication 23 (2008), on ciphers
that only permute; Li et al., arXiv:2305.04543, on EtC.

All attacks take `plain` and `pairs_ciphers`, (n, h, w, 3) uint8, row by row, and `ciphers`, those to be read, of the same size.
Confidence is an array, for each atom (pixel, block) 1 over the number of those it could be; 0 where the pairs contradict
the scheme. `recovered["ambiguous"]` counts what is not certain.
"""

import time

import numpy as np

from lib.attacks import AttackResult, check_ciphers
from lib.attacks.states import BlockStates
from lib.table import Table, join, split


def _enter(plain, pair_ciphers, ciphers, block=1):
    plain, pair_ciphers, ciphers = (check_ciphers(images, block) for images in (plain, pair_ciphers, ciphers))
    if plain.shape != pair_ciphers.shape:
        raise ValueError(f"each plain image needs its ciphertext: got {plain.shape} and {pair_ciphers.shape}")
    if plain.shape[1:] != ciphers.shape[1:]:
        sizes = ["x".join(map(str, x.shape[1:3])) for x in (plain, ciphers)]
        raise ValueError(f"pairs are {sizes[0]} and the ciphertexts under attack {sizes[1]}; a key is of one size")
    return plain, pair_ciphers, ciphers


def _blocks(images, block):
    """(blocks, bytes, n): the bytes of each block, image by image."""
    return images.reshape(len(images), -1)[:, Table(images.shape[1:], block).bytes_of_blocks()].transpose(1, 2, 0)


def _histories(blocks, bits):
    """(groups, atoms, n): atoms of (groups, bytes, n)."""
    return np.ascontiguousarray(split(blocks.swapaxes(1, 2), bits).swapaxes(1, 2))


def _canonical(histories, bits):
    """Histories with their complement undone where they begin in the upper half: (histories, whether undone)."""
    flipped = histories[..., :1] >> bits - 1 == 1
    return np.where(flipped, np.uint8(2**bits - 1) - histories, histories), flipped[..., 0]


def match(plain: np.ndarray, cipher: np.ndarray, bits: int):
    """Which plain atom has each cipher atom's history: plain, cipher (atoms, n) uint8 below 2 ** bits.

    Returns (index, flipped, choices): (atoms,) each; `choices` counts the plain atoms that an atom could be, 0 where the
    histories of cipher and plain do not go together. Each plain atom is named once where they do.
    """
    (p, p_flipped), (c, c_flipped) = _canonical(plain, bits), _canonical(cipher, bits)
    _, kind = np.unique(np.concatenate([p, c]), axis=0, return_inverse=True)
    kind = kind.ravel()
    of_plain, of_cipher = kind[: len(p)], kind[len(p) :]
    counts = [np.bincount(of, minlength=kind.max() + 1) for of in (of_plain, of_cipher)]
    index = np.empty(len(p), np.int64)
    index[np.argsort(of_cipher, kind="stable")] = np.argsort(of_plain, kind="stable")  # in order within a kind
    choices = np.where(counts[0] == counts[1], counts[0], 0)[of_cipher]
    return index, p_flipped[index] ^ c_flipped, choices


def _result(started, ciphers, table, choices, recovered):
    sure = bool((choices > 0).all())
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    confidence = 1 / choices if sure else np.zeros(choices.shape)
    recovered |= {"ambiguous": int((choices != 1).sum())}
    return AttackResult(estimate, 0, time.perf_counter() - started, recovered, confidence)


def _masks(flipped, bits):
    return join(flipped.astype(np.uint8) * np.uint8(2**bits - 1), bits)


def shared_blocks(plain, pair_ciphers, ciphers, block: int = 4, bits: int = 4) -> AttackResult:
    """One key for all blocks: Tanaka's scheme, and SHF and NP with bits=8. Each block of each pair is a value of a history."""
    (plain, pair_ciphers, ciphers), started = _enter(plain, pair_ciphers, ciphers, block), time.perf_counter()
    p, c = (
        _histories(_blocks(x, block).transpose(1, 0, 2).reshape(1, 3 * block**2, -1), bits)[0]
        for x in (plain, pair_ciphers)
    )
    index, flipped, choices = match(p, c, bits)
    mask = _masks(flipped, bits)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=mask)
    return _result(started, ciphers, table, choices, {"index": np.where(choices == 1, index, -1), "mask": mask})


def own_blocks(plain, pair_ciphers, ciphers, block: int = 4, bits: int = 4) -> AttackResult:
    """A key for each block, blocks shuffled: ELE. Blocks are known by the histories in them, whatever their order."""
    (plain, pair_ciphers, ciphers), started = _enter(plain, pair_ciphers, ciphers, block), time.perf_counter()
    p, c = (_histories(_blocks(x, block), bits) for x in (plain, pair_ciphers))
    source, alike = _by_contents(p, c, bits)
    found = [match(p[s], block_c, bits) for s, block_c in zip(source, c)]
    index, flipped, choices = (np.array(part) for part in zip(*found))
    choices = choices * alike[:, None]
    each, mask = np.arange(len(c)), _masks(flipped, bits)
    table = Table(ciphers.shape[1:], block, bits, source=source, orders=(index, each), masks=(mask, each))
    return _result(started, ciphers, table, choices, {"source": source, "index": index, "mask": mask})


def _by_contents(p, c, bits):
    """For each cipher block a plain block with the same histories, and how many have them (0 where none has)."""
    weights = np.random.default_rng(0).integers(1, 2**63, p.shape[2], np.uint64)
    p, c = ((_canonical(x, bits)[0].astype(np.uint64) * weights).sum(axis=2) for x in (p, c))
    keys = [
        ((x ^ x >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)).sum(axis=1) for x in (p, c)
    ]  # any order, one sum
    source = np.empty(len(p), np.int64)
    source[np.argsort(keys[1], kind="stable")] = np.argsort(keys[0], kind="stable")
    right = keys[0][source] == keys[1]
    return source, np.where(right, (keys[0][None] == keys[1][:, None]).sum(axis=1), 0)


def pixels(plain, pair_ciphers, ciphers) -> AttackResult:
    """SKK with one key: which of a pixel's 48 states turns its values into its cipher's, in all pairs."""
    (plain, pair_ciphers, ciphers), started = _enter(plain, pair_ciphers, ciphers), time.perf_counter()
    p, c = (_blocks(x, 1) for x in (plain, pair_ciphers))  # (pixels, 3, n)
    found = [
        [(p[:, a] == (c[:, b] ^ np.uint8(sign))).all(axis=1) for a in range(3)] for b in range(3) for sign in (0, 255)
    ]
    fits = np.array(found).reshape(3, 2, 3, -1)  # cipher channel, sign, plain channel, pixel
    orders = BlockStates(1).orders[:6]
    states = np.array([
        [fits[0, s & 1, o[0]] & fits[1, s >> 1 & 1, o[1]] & fits[2, s >> 2 & 1, o[2]] for s in range(8)] for o in orders
    ])  # fmt: skip
    order, sign = np.divmod(states.reshape(48, -1).argmax(axis=0), 8)
    signs = np.array([[255 * (code >> channel & 1) for channel in range(3)] for code in range(8)], np.uint8)
    table = Table(ciphers.shape[1:], 1, orders=(orders, order), masks=(signs, sign))
    return _result(started, ciphers, table, states.sum(axis=(0, 1)), {"order": order, "sign": sign})


def oriented_blocks(plain, pair_ciphers, ciphers, block: int = 4) -> AttackResult:
    """EtC: which plain block, in which of 96 states, is each cipher block in all pairs."""
    (plain, pair_ciphers, ciphers), started = _enter(plain, pair_ciphers, ciphers, block), time.perf_counter()
    states, (p, c) = BlockStates(block), (_blocks(x, block) for x in (plain, pair_ciphers))
    kept, turned = states.find(p, c), states.find(p, 255 - c)
    negative = (kept[2] == 0).astype(np.uint8)
    source, state, count = (np.where(negative, b, a) for a, b in zip(kept, turned))
    choices = kept[2] + turned[2]
    masks = (np.array([[0], [255]], np.uint8).repeat(3 * block**2, axis=1), negative)
    source = _completed(source, count == 1)
    table = Table(ciphers.shape[1:], block, source=source, orders=(states.orders, np.maximum(state, 0)), masks=masks)
    return _result(started, ciphers, table, choices, {"source": source, "state": state, "negative": negative})


def _completed(source, certain):
    """A permutation that agrees with `source` where that is certain."""
    out, free = np.where(certain, source, -1), np.setdiff1d(np.arange(len(source)), source[certain])
    if len(free) != (out < 0).sum():  # what is certain names a block twice: no pairs of this scheme
        return np.arange(len(source))
    out[out < 0] = free
    return out


def substitution(plain, pair_ciphers, ciphers, block: int = 4) -> AttackResult:
    """FFX: places of a block whose value ever changed are substituted; what became of each value is read off.

    Confidence is 1 for a value that was seen and 0 for another, 256 of them.
    """
    (plain, pair_ciphers, ciphers), started = _enter(plain, pair_ciphers, ciphers, block), time.perf_counter()
    p, c = (_blocks(x, block) for x in (plain, pair_ciphers))
    changed = (p != c).any(axis=(0, 2))
    table = np.full(256, -1)
    table[p[:, changed]] = c[:, changed]
    wrong = (table[p[:, changed]] != c[:, changed]).any() or len(np.unique(table[table >= 0])) < (table >= 0).sum()
    estimate = ciphers.copy()
    if not wrong:
        back = np.arange(256, dtype=np.uint8)
        back[table[table >= 0]] = np.flatnonzero(table >= 0)
        flat = estimate.reshape(len(ciphers), -1)
        where = Table(ciphers.shape[1:], block).bytes_of_blocks()[:, changed].ravel()
        flat[:, where] = back[flat[:, where]]
    seen = (table >= 0) & (not wrong)
    recovered = {"substitution": table, "places": changed, "ambiguous": int((~seen).sum())}
    return AttackResult(estimate, 0, time.perf_counter() - started, recovered, seen.astype(float))
