"""The exercises of lesson 15: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
from scipy.cluster.vq import kmeans2

from lib.table import split
from lib.tiling import cut
from lib.workbook.checks import lesson_15 as check


def undo(atoms, index, mask):
    plain = np.empty_like(atoms)
    plain[:, index] = atoms ^ mask
    return plain


def in_place(atoms, index, mask):
    atoms[:, index] = atoms ^ mask
    return atoms


def smallest(read, ciphers, held, first=1, decrypt=check.decrypted, same=np.array_equal):
    wanted = decrypt(held, *read(ciphers))
    few, many = first - 1, len(ciphers)
    while many - few > 1:
        middle = (few + many) // 2
        if same(decrypt(held, *read(ciphers[:middle])), wanted):
            many = middle
        else:
            few = middle
    return many


def one_by_one(read, ciphers, held):
    wanted = check.decrypted(held, *read(ciphers))
    for count in range(1, len(ciphers) + 1):
        if np.array_equal(check.decrypted(held, *read(ciphers[:count])), wanted):
            return count
    return len(ciphers)


def doubled(read, ciphers, held):
    wanted, count = check.decrypted(held, *read(ciphers)), 1
    while not np.array_equal(check.decrypted(held, *read(ciphers[:count])), wanted):
        count *= 2
    return count


def by_index(read, ciphers, held):
    return smallest(read, ciphers, held, decrypt=lambda held, index, mask: index)


def strengths(cipher):
    streams = split(cut(cipher[None], 4).reshape(-1, 48), 4)
    with np.errstate(all="ignore"):
        return np.nan_to_num(abs(np.corrcoef(streams.T.astype(float)))).sum(0)


def clustered(ciphers):
    each = np.array([strengths(cipher) for cipher in ciphers])
    upper = each > np.median(each, axis=1, keepdims=True)
    return kmeans2(upper.astype(float), 2, seed=0, minit="++")[1]


def two_keys(ciphers, read, groups=clustered):
    plain, found = np.empty_like(ciphers), groups(ciphers)
    for group in np.unique(found):
        plain[found == group] = check.decrypted(ciphers[found == group], *read(ciphers[found == group]))
    return plain


def first_key_only(ciphers, read):
    found = clustered(ciphers)
    read(ciphers[found == 1])
    return check.decrypted(ciphers, *read(ciphers[found == 0]))


SEEN = dict(check.SEEN)
SOLUTIONS = [
    (check.undo, undo),
    (check.undo, lambda atoms, index, mask: (atoms ^ mask)[:, np.argsort(index)]),
    (check.smallest, smallest),
    (check.seen, SEEN),
    (check.two_keys, two_keys),
]

WRONG = {
    "encrypted once more": (check.undo, lambda atoms, index, mask: atoms[:, index] ^ mask),
    "read instead of written": (check.undo, lambda atoms, index, mask: (atoms ^ mask)[:, index]),
    "complemented after moving": (check.undo, lambda atoms, index, mask: atoms[:, np.argsort(index)] ^ mask),
    "no complements": (check.undo, lambda atoms, index, mask: atoms[:, np.argsort(index)]),
    "complements alone": (check.undo, lambda atoms, index, mask: atoms ^ mask),
    "in place": (check.undo, in_place),
    "a copy missing": (check.undo, lambda atoms, index, mask: undo(atoms, index, mask)[0]),
    "one after the other": (check.smallest, one_by_one),
    "powers of two": (check.smallest, doubled),
    "places alone": (check.smallest, by_index),
    "one too few": (check.smallest, lambda *given: max(1, smallest(*given) - 1)),
    "one too many": (check.smallest, lambda *given: min(256, smallest(*given) + 1)),
    "all of them": (check.smallest, lambda read, ciphers, held: len(ciphers)),
    "nearly alike": (
        check.smallest,
        lambda *given: smallest(*given, same=lambda a, b: abs(a - b.astype(int)).mean() < 60),
    ),
    "pixels for blocks": (check.seen, SEEN | {"LE, one key": 300 * 1024}),
    "one value a picture": (check.seen, SEEN | {"LE, a key per picture": 1}),
    "pixels share SKK's key": (check.seen, SEEN | {"SKK, one key": 300 * 1024}),
    "keys change nothing": (check.seen, SEEN | {"SKK, a key per picture": 300}),
    "half of the cases": (check.seen, {case: SEEN[case] for case in list(SEEN)[:2]}),
    "one key for all": (check.two_keys, lambda ciphers, read: check.decrypted(ciphers, *read(ciphers))),
    "in turns": (
        check.two_keys,
        lambda ciphers, read: two_keys(ciphers, read, lambda x: np.arange(len(x)) % 2),
    ),
    "by brightness": (
        check.two_keys,
        lambda ciphers, read: two_keys(
            ciphers, read, lambda x: x.mean((1, 2, 3)) > np.median(x.mean((1, 2, 3)))
        ),
    ),
    "by pixels": (
        check.two_keys,
        lambda ciphers, read: two_keys(
            ciphers, read, lambda x: kmeans2(x.reshape(len(x), -1) / 255, 2, seed=0, minit="++")[1]
        ),
    ),
    "the first key for both": (check.two_keys, first_key_only),
}
