"""Does an output show its picture, or only a plausible one? Attacks as functions, scored on images of one
key.

A generator can be rewarded for outputs that look like pictures and show nothing of the ciphertext. So the
truth is looked for among all candidates (`lib.metrics.ranks`), and the same is done with ciphertexts of other
images, which must give chance. An attack here is a function from ciphertexts to pictures, (n, h, w, 3) uint8
both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib import metrics
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.table import join
from lib.tiling import assembled, cut
from lib.workbook.recording import scored

Attack = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Trial:
    """Images to score attacks on: their ciphertexts and the truth, and others of the same key to settle what
    is left open.

    ciphers, truth   (n, h, w, 3) uint8
    others           (ciphertexts, truth): the moves of `lib.metrics.choice` are chosen on these, so that no
                     rank profits
    """

    ciphers: np.ndarray
    truth: np.ndarray
    others: tuple[np.ndarray, np.ndarray]

    def scores(self, attack: Attack, moves: tuple[str, ...] = ()) -> dict[str, float]:
        """Scores of `attack`, a function from ciphertexts to pictures, and its ranks: "median", "mean" and
        "top"."""
        chosen = metrics.choice(attack(self.others[0]), self.others[1], moves)
        estimate = metrics.moved(attack(self.ciphers), chosen)
        return scored(estimate, self.truth) | _rounded(metrics.retrieval(estimate, self.truth))

    def shuffled(self, attack: Attack, moves: tuple[str, ...] = (), seed: int = 0) -> dict[str, float]:
        """Ranks of the truths when the attack reads other images' ciphertexts: chance, whatever the outputs
        look like."""
        chosen = metrics.choice(attack(self.others[0]), self.others[1], moves)
        cycle = np.random.default_rng(seed).permutation(len(self.truth))
        order = np.empty_like(cycle)
        order[cycle] = np.roll(cycle, 1)  # one long cycle: no image keeps its own
        return _rounded(metrics.retrieval(metrics.moved(attack(self.ciphers[order]), chosen), self.truth))


def _rounded(ranks):
    return {name: round(value, 4) for name, value in ranks.items()}


def with_key(index: np.ndarray, mask: np.ndarray, block: int, bits: int) -> Attack:
    """A function that decrypts images (n, h, w, 3) uint8 with a key of the whole image, or of a block.

    index, mask   cipher[i] = plain[index[i]] ^ mask[i], the mask for each atom or each byte
    """
    mask = join(mask, bits) if len(mask) == len(index) else mask

    def decrypt(ciphers):
        if len(mask) == ciphers[0].size:
            return decrypt_with(ciphers, index, mask, bits)
        n, h, w, c = ciphers.shape
        blocks = decrypt_with(cut(ciphers, block).reshape(-1, block, block, c), index, mask, bits)
        return assembled(blocks.reshape(n, h // block, w // block, -1), block)

    return decrypt
