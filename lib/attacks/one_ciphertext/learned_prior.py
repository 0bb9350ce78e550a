"""Ciphertext only, one image: SKK with a key of its own, by what a network knows of photographs.

From what no key changes, `lib.metrics.invariant`, a small network trained on public photographs gives every
pixel a probability for each of its 48 states (`lib.attacks.solvers.pixel_state_prior`), and neighbours settle
the rest by belief propagation (`lib.attacks.solvers.belief_propagation`).
"""

from typing import Any

import numpy as np

from lib.attacks import ONE, AttackResult, attack, check_ciphers, on
from lib.table import Structure


@attack("likeliest", ONE, fits=on(Structure.PIXELS), rank=2)
def likeliest(ciphers: np.ndarray, prior: Any = None) -> AttackResult:
    """Each pixel's mean colour over its 48 states, as the network and neighbours believe in them.

    prior   a `lib.attacks.solvers.pixel_state_prior.Prior`; None for the stored one

    The result is the same under every key. A mean has less squared error than any one state, but is no
    picture that the ciphertext could be of: that is `recovered["states"]`, (n, h, w, 3) uint8, each pixel in
    its likeliest state. "chances" (n, h, w) are what the network alone gives these, times how much more alike
    neighbours are than any two pixels: they tell noise from pictures. They are no confidence, and none is
    reported: a region, or a whole photograph, is on the wrong side of 127.5 at once, and on photographs that
    taught nothing the surest pixels were the wrong ones (lesson 24).
    """
    from lib.attacks.solvers import pixel_state_prior  # torch takes seconds to import

    ciphers = check_ciphers(ciphers)
    prior = prior or pixel_state_prior.stored()
    pictures, means, chances = map(np.stack, zip(*pixel_state_prior.states(ciphers, prior)))
    return AttackResult(means, {"states": pictures, "chances": chances})
