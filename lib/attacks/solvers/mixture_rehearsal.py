"""Encryptions by InstaHide of the attacker's own pictures: what the rule of mixing alone tells, no key.

The rule is public (Kerckhoffs): absolute normal numbers over their sum, each at most 0.65, the two private
ones 0.3 or more in sum. Signs are left out, since sizes are all that an attack looks at.
"""

import numpy as np

Array = np.ndarray
LARGEST, PRIVATE = 0.65, 0.3


def coefficients(count: int, k: int, rng: np.random.Generator) -> Array:
    """(count, k) float32; the first two are those of private pictures."""
    found, have = [], 0
    while have < count:
        drawn = np.abs(rng.normal(size=(4 * count + 64, k)))
        drawn /= drawn.sum(1, keepdims=True)
        found.append(drawn[(drawn.max(1) <= LARGEST) & (drawn[:, :2].sum(1) >= PRIVATE)])
        have += len(found[-1])
    return np.concatenate(found)[:count].astype(np.float32)


def scatter(k: int) -> float:
    """The mean square of the public pictures' part, for coefficients of 1 in sum and pictures of variance
    1."""
    public = coefficients(20_000, k, np.random.default_rng(0))[:, 2:].astype(np.float64)
    return float((public**2).sum() / (public.sum(1) ** 2).sum()) if k > 2 else 0.0


def rehearse(pictures: Array, count: int, k: int, rng: np.random.Generator,
             private: int | None = None) -> tuple[Array, Array]:  # fmt: skip
    """Sizes (count, h, w, 3) float32 of mixtures of normalised `pictures` (m, h, w, 3), and which two each
    has for private, (count, 2): of `private` of them, drawn anew; None: of all."""
    chosen = rng.permutation(len(pictures))[:private]
    pairs = chosen[np.stack([rng.permutation(len(chosen))[:2] for _ in range(count)])]
    which = np.concatenate([pairs, rng.integers(0, len(pictures), (count, k - 2))], axis=1)
    by = coefficients(count, k, rng)
    mixed = sum(each[:, None, None, None] * pictures[of] for each, of in zip(by.T, which.T))
    return np.abs(mixed), pairs
