"""Ciphertexts only, SKK with one key for many images: every pixel's key, from how alike neighbours are.

Under one key a pixel has the same one of 48 states in every image: an order of its three channels and a sign
for each, where the complement 255 - v is a change of sign about 127.5.

1. Undone with the right relative state, two neighbours differ least. How much is second-order statistics: the
   determinant of the 3x3 second moments of their difference over all images, a Gaussian likelihood.
2. Regions grow together, the surest first (J. B. Kruskal, 1956); costs add up along borders between them.
3. A state common to all pixels changes nothing in this: 48 answers remain, and public pictures pick one of
   them, see `lib.attacks.solvers.ambiguity`.

Relatives: Le Roux et al., "Learning the 2-D topology of images", NIPS 2007; Chang and Case, arXiv:2004.13263,
who ask for one chosen plaintext, or attack single images.
"""

import heapq

import numba
import numpy as np

from lib.attacks import MANY, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers.ambiguity import choose
from lib.attacks.solvers.covariance_compatibility import FLOOR, log_determinant
from lib.attacks.solvers.seams import has_seams
from lib.symmetries import COLOURS, PIXEL_INVERSE, PIXEL_PRODUCT, PIXEL_STATES, SIGNS, in_states
from lib.table import Structure

OFFSETS = np.array([(0, 1), (1, 0), (1, 1), (1, -1)])  # down, right: half of a pixel's eight neighbours
STRANGERS = 4.5  # gain in log determinant that any two pixels of a picture have, neighbours or not
TEMPERATURE = 3.0  # nats of cost to a nat of evidence, for the pairs along a border are not independent


@attack(
    "one-key-skk", MANY, fits=on(Structure.PIXELS), moves=("colours", "signs"), images=20, public=True, rank=1
)
def pixels_one_key(ciphers: np.ndarray, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt SKK ciphertexts (n, h, w, 3) uint8 that share one key; any n from 2 on, 5 or more to be sure.

    public   (m, h', w', 3) uint8 pictures of the attacker's own, to settle colour order and complement; None:
             the embedded photographs
    Recovered: "states" (h, w) int, of each pixel, numbered as in `lib.symmetries`; "index" and "mask", the
    same as a table of bytes, for `lib.attacks.solvers.recovered_table.decrypt_with`; and "settled", 0 to 1,
    how sure the one choice is that all pixels share. Confidence (h, w): how likely a pixel's state is right,
    up to that choice. On EtC ciphertexts it finds signs and colours of blocks, not their places: where blocks
    have moved, it is sure of nothing.
    Errors: ValueError for fewer than 2 images, sides below 4 pixels, or images that are all alike.
    """
    _check(ciphers)
    states, confidence = grow(pair_costs(ciphers))
    states, settled = settle(ciphers, states, public)
    recovered, estimate = {"states": states, **as_table(states), "settled": settled}, undo(ciphers, states)
    return AttackResult(estimate, recovered, confidence * (not has_seams(estimate)))


def _check(ciphers):
    n, h, w, _ = check_ciphers(ciphers).shape
    if n < 2:
        raise ValueError(f"expected 2 or more ciphertexts under one key, got {n}; collect more of them")
    if min(h, w) < 4:
        raise ValueError(f"expected 4x4 pixels or more, got {h}x{w}: neighbours are all there is to go by")
    if (ciphers == ciphers[:1]).all():
        raise ValueError(f"the {n} ciphertexts are all alike, which tell of one; expected different images")


def pair_costs(ciphers: np.ndarray) -> np.ndarray:
    """(4, h, w, 49) float32: for pixel p and q = p + OFFSETS[k], the cost of each relative state; 0 outside.

    Entry g: the negative log-likelihood of p = PIXEL_STATES[g] q + noise, n / 2 times the log determinant of
    the noise's second moments. Entry 48, p and q being no neighbours: p or q itself, less what all pixels
    have in common.
    """
    values = np.ascontiguousarray((ciphers - np.float32(127.5)).transpose(1, 2, 3, 0))
    orders, signs = abs(PIXEL_STATES).argmax(axis=2), PIXEL_STATES.sum(axis=2)
    return _pair_costs(values, OFFSETS, orders, signs, FLOOR, STRANGERS)


@numba.njit(cache=True, nogil=True)
def _pair_costs(values, offsets, order, sign, floor, strangers):
    """values (h, w, 3, n). Moments A, B of p and q and C between give A + g B g' - C g' - g C' of p - g q."""
    h, w, _, n = values.shape
    out = np.zeros((len(offsets), h, w, len(order) + 1), np.float32)
    m = np.empty((3, 3))
    for k, y, x in np.ndindex(len(offsets), h, w):
        v, u = y + offsets[k, 0], x + offsets[k, 1]
        if v >= h or u < 0 or u >= w:
            continue
        p, q = values[y, x], values[v, u]
        a, b, c = p @ p.T / n, q @ q.T / n, p @ q.T / n
        for g in range(len(order)):
            o, s = order[g], sign[g]
            for i in range(3):
                for j in range(3):
                    cross = s[j] * c[i, o[j]] + s[i] * c[j, o[i]]
                    m[i, j] = a[i, j] + s[i] * s[j] * b[o[i], o[j]] - cross
            out[k, y, x, g] = n / 2 * log_determinant(m, floor)
        alone = (log_determinant(a, floor) + log_determinant(b, floor)) / 2
        out[k, y, x, len(order)] = n / 2 * (alone - strangers)
    return out


def grow(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge regions, the pair first whose best relative state leads the second best by most.

    Returns (states, confidence), each (h, w). A region's pixels p have the states own[p] u, its u unknown.
    Between regions with u and v stand costs for each u / v = k, the sum of costs[p, q][own[p] k / own[q]]
    at their border. Confidence: the probability of all merges by which a pixel joined a larger region.
    """
    h, w = costs.shape[1:3]
    own, sure = np.zeros(h * w, int), np.ones(h * w)
    members, links, heap = [[p] for p in range(h * w)], [{} for _ in range(h * w)], []

    def link(a, b, cost):
        links[a][b], links[b][a] = cost, cost[_BACK]
        heapq.heappush(heap, (-_lead(cost), a, b))

    for (down, right), cost in zip(OFFSETS, costs):
        for y, x in np.ndindex(h - down, w):
            if 0 <= x + right < w:
                link(y * w + x, (y + down) * w + x + right, cost[y, x])
    while heap:
        lead, a, b = heapq.heappop(heap)
        if b not in links[a] or -lead != _lead(links[a][b]):
            continue  # one of the two has merged since, or their border grown
        if len(members[a]) < len(members[b]):
            a, b = b, a
        k, probability = _decide(links[a].pop(b))
        own[members[b]] = PIXEL_PRODUCT[own[members[b]], PIXEL_INVERSE[k]]
        sure[members[b]] *= probability
        members[a] += members[b]
        del links[b][a]
        for c, cost in links[b].items():
            del links[c][b]
            link(a, c, cost[_AFTER[PIXEL_INVERSE[k]]] + links[a].get(c, 0))
        links[b] = {}
    return own.reshape(h, w), sure.reshape(h, w)


_BACK = np.append(PIXEL_INVERSE, 48)  # costs of u / v from those of v / u; of u / w from v / w, by row v / u:
_AFTER = np.pad(PIXEL_PRODUCT, ((0, 0), (0, 1)), constant_values=48)


def _lead(cost):
    """How much worse the second best state is than the best."""
    best, second = np.partition(cost[:48], 1)[:2]
    return second - best


def _decide(cost):
    """The best state, and its probability beside the other 47 and beside 48 ways of being no neighbours."""
    k = cost[:48].argmin()
    weights = np.exp(np.minimum(cost[k] - cost.astype(float), 600) / TEMPERATURE)
    return k, 1 / (weights[:48].sum() + 48 * weights[48])


def settle(ciphers: np.ndarray, states: np.ndarray, public: np.ndarray | None) -> tuple[np.ndarray, float]:
    """The states with the one choice that all pixels share made by public pictures, and its probability."""
    found = undo(ciphers, states)
    best, settled = choose((undo(found, np.full(states.shape, common)) for common in range(48)), public)
    return PIXEL_PRODUCT[states, best], settled


def undo(ciphers: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The plain images (n, h, w, 3) uint8 of ciphertexts whose pixels are in these states (h, w)."""
    return in_states(ciphers, PIXEL_INVERSE[states])


def as_table(states: np.ndarray) -> dict[str, np.ndarray]:
    """index (h * w * 3,) int64 and mask (h * w * 3,) uint8: cipher[i] = plain[index[i]] ^ mask[i]."""
    first, states = 3 * np.arange(states.size)[:, None], states.ravel()
    return {"index": (first + COLOURS[states // 8]).ravel(), "mask": SIGNS[states % 8].ravel()}
