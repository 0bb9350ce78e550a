"""Does an output show its picture, or only a plausible one? Attacks scored on images of one key.

A generator can be rewarded for outputs that look like pictures and show nothing of the ciphertext. So the
truth is looked for among all candidates (`lib.metrics.ranks`), and again with ciphertexts of other images,
which must give chance. An attack here is a function from ciphertexts to pictures, (n, h, w, 3) uint8 both.
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
    """Images to score attacks on: ciphertexts and truth, (n, h, w, 3) uint8, and the same of `others`, on
    which the moves of `lib.metrics.choice` are chosen, so that no rank profits."""

    ciphers: np.ndarray
    truth: np.ndarray
    others: tuple[np.ndarray, np.ndarray]

    def scores(self, attack: Attack, moves: tuple[str, ...] = ()) -> dict[str, float]:
        """Scores of `attack`, and its ranks: "median", "mean" and "top"."""
        estimate = self._moved(attack, self.ciphers, moves)
        return scored(estimate, self.truth) | self._ranks(estimate)

    def shuffled(self, attack: Attack, moves: tuple[str, ...] = (), seed: int = 0) -> dict[str, float]:
        """Ranks when the attack reads other images' ciphertexts: chance, whatever the outputs look like."""
        cycle = np.random.default_rng(seed).permutation(len(self.truth))
        order = np.empty_like(cycle)
        order[cycle] = np.roll(cycle, 1)  # one long cycle: no image keeps its own
        return self._ranks(self._moved(attack, self.ciphers[order], moves))

    def _moved(self, attack, ciphers, moves):
        chosen = metrics.choice(attack(self.others[0]), self.others[1], moves)
        return metrics.moved(attack(ciphers), chosen)

    def _ranks(self, estimate):
        return {name: round(value, 4) for name, value in metrics.retrieval(estimate, self.truth).items()}


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
