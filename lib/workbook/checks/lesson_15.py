"""Checks of lesson 15: a table undone, how many ciphertexts are enough, what a stream shows, two keys told
apart."""

from collections.abc import Callable

import numpy as np
from scipy.cluster import vq

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.table import join, split
from lib.tiling import assembled, cut
from lib.workbook.checks import array, called, exercise, whole

BLOCK, BITS, ATOMS = 4, 4, 96
Table = tuple[np.ndarray, np.ndarray]


def table(key: Key) -> Table:
    """(index, mask) of LE's block table: `cipher[i] = plain[index[i]] ^ mask[i]` for the 96 nibbles."""
    made = Tanaka(key).table((BLOCK, BLOCK, 3))
    return made.index.astype(np.int64), made.mask.copy()


def undone(atoms: np.ndarray, index: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Plain atoms of cipher atoms (blocks, 96), a place at a time; for the lesson's rest, solved or not."""
    plain = np.empty_like(atoms)
    for place, source in enumerate(index):
        plain[:, source] = atoms[:, place] ^ mask[place]
    return plain


def decrypted(ciphers: np.ndarray, index: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, 3) of LE ciphertexts: blocks cut out, nibbles undone, put together again."""
    rows, columns = (side // BLOCK for side in ciphers.shape[1:3])
    atoms = split(cut(ciphers, BLOCK).reshape(-1, 3 * BLOCK**2), BITS)
    blocks = join(undone(atoms, index, mask), BITS)
    return assembled(blocks.reshape(len(ciphers), rows, columns, -1), BLOCK)


@exercise
def undo(answer):
    """`answer(atoms, index, mask)`: plain nibbles (blocks, 96) uint8 of an LE table."""
    rng = np.random.default_rng(15)
    for seed in (1, 2):
        (index, mask), atoms = table(Key.from_seed(seed)), rng.integers(0, 16, (50, ATOMS), np.uint8)
        got, plain = array(called(answer, atoms, index, mask), atoms.shape), undone(atoms, index, mask)
        right = int((got == plain).all(0).sum())
        told = "cipher[i] comes from plain[index[i]]: which of the two is to be written to?"
        for why, other in {
            "they are in place, but the complemented ones stay complemented": undone(atoms, index, 0 * mask),
            "mask[i] belongs to place i of the cipher: complement before you move": undone(
                atoms ^ mask[index] ^ mask, index, mask
            ),
        }.items():
            told = why if (got == other).all() else told
        assert right == ATOMS, f"{right} of {ATOMS} nibbles of a block come back; {told}"


class Reader:
    """Reads LE's table as an attack would: right from `enough` ciphertexts on, and counts how often."""

    def __init__(self, seed: int, enough: int):
        self.key, self.enough, self.calls = Key.from_seed(seed), enough, 0

    def __call__(self, ciphers: np.ndarray) -> Table:
        """(index, mask); of too few ciphertexts two colours are exchanged, or everything is the negative."""
        self.calls += 1
        index, mask = table(self.key)
        if len(ciphers) >= self.enough:
            return index, mask
        pixel, colour, part = np.unravel_index(index, (BLOCK**2, 3, 2))
        wrong = np.ravel_multi_index((pixel, np.array([1, 0, 2])[colour], part), (BLOCK**2, 3, 2))
        return (index, mask ^ 15) if self.enough % 2 else (wrong, mask)


@exercise
def smallest(answer):
    """`answer(read, ciphers, held)`: from how many ciphertexts on `read` gives what it gives for all."""
    images = datasets.load("photos", "test", 264).images
    for seed, enough in enumerate((1, 5, 18, 100, 255, 256)):
        read = Reader(seed, enough)
        ciphers = Tanaka(read.key).encrypt(images)
        got = whole(answer(read, ciphers[:256], ciphers[256:]), "a number of ciphertexts", 1, 256)
        told = f"{enough} of 256 ciphertexts give what all of them give"
        assert got >= enough, f"{told}, you say {got}: compare what the held ciphertexts decrypt to, exactly"
        assert got == enough, f"{told}, you say {got}: fewer are enough"
        assert read.calls <= 10, (
            f"`read` was called {read.calls} times; halve the interval, and 10 are enough"
        )


SEEN = {
    "LE, one key": 300 * 64,
    "LE, a key per picture": 64,
    "SKK, one key": 300,
    "SKK, a key per picture": 1,
}


@exercise
def seen(answer):
    """`answer`: {case: how many values of one place share a key}, of 300 pictures of 32x32, blocks of 4."""
    assert isinstance(answer, dict), f"expected a dictionary, got {type(answer).__name__}"
    missing = [case for case in SEEN if answer.get(case) is None]
    assert not missing, f"no number yet for: {', '.join(missing)}"
    for case, right in SEEN.items():
        got = whole(answer[case], f"a whole number for {case!r}")
        alike = (
            "SKK's key differs from pixel to pixel" if "SKK" in case else "64 blocks of a picture share LE's"
        )
        often = "and all 300 pictures share it" if "one key" in case else "and no other picture shares it"
        assert got == right, f"{case}: not {got:,}; {alike}, {often}"


def _mixed(seed: int):
    """Pictures, their ciphertexts, which of two keys each is under; and (index, mask) of both keys."""
    images, rng = datasets.load("photos", "test", 160).images, np.random.default_rng(seed)
    images, keys = images[rng.permutation(160)], [Key.from_seed(500 + 2 * seed + i) for i in (0, 1)]
    who = rng.random(160) < (0.5, 0.4)[seed % 2]
    first, second = (Tanaka(key).encrypt(images) for key in keys)
    return images, np.where(who[:, None, None, None], second, first), who, [table(key) for key in keys]


@exercise
def two_keys(answer):
    """`answer(ciphers, read)`: the pictures of LE ciphertexts under two keys, in unknown order."""
    for seed in (0, 1):
        images, ciphers, who, tables = _mixed(seed)
        known = {cipher.tobytes(): int(which) for cipher, which in zip(ciphers, who)}
        shares = []

        def read(some, known=known, tables=tables, shares=shares):
            assert len(some), "`read` was given no ciphertexts: one of your groups is empty"
            which = [known.get(cipher.tobytes(), 0) for cipher in some]
            shares.append(max(np.mean(which), 1 - np.mean(which)))
            index, mask = tables[round(np.mean(which))]
            return (index, mask) if shares[-1] >= 0.9 and len(some) >= 10 else (np.arange(ATOMS), 0 * mask)

        got = array(called(lambda x, read=read: answer(x, read), ciphers), images.shape)
        pure = " and ".join(f"{share:.0%}" for share in shares) or "no"
        told = f"`read` saw groups of which {pure} are under one key; it needs 90 %, and 10 ciphertexts"
        right = (got == images).all((1, 2, 3)).mean()
        assert min(shares, default=0) >= 0.9, told
        assert len(shares) >= 2, "`read` was called once: there are two keys"
        assert right >= 0.95, (
            f"both keys are read, and {right:.0%} of the pictures come back; 95 % are needed"
        )


def strengths(ciphers: np.ndarray) -> np.ndarray:
    """(n, 96): for each nibble of a block, how strongly it correlates with the others of one ciphertext."""
    out = []
    for cipher in ciphers:
        streams = split(cut(cipher[None], BLOCK).reshape(-1, 3 * BLOCK**2), BITS).astype(float)
        with np.errstate(all="ignore"):  # a nibble that never changes correlates with none
            out.append(np.nan_to_num(abs(np.corrcoef(streams.T))).sum(0))
    return np.array(out)


def solved_two_keys(ciphers: np.ndarray, read: Callable) -> np.ndarray:
    """The pictures of ciphertexts under two keys; for the lesson's rest, solved or not."""
    each = strengths(ciphers)
    upper = (each > np.median(each, axis=1, keepdims=True)).astype(float)
    group, plain = vq.kmeans2(upper, 2, seed=0, minit="++")[1], np.empty_like(ciphers)
    for which in (0, 1):
        plain[group == which] = decrypted(ciphers[group == which], *read(ciphers[group == which]))
    return plain
