"""Check of lesson 09: a choice that shows nothing, neither by histogram nor by edges, and falls."""

import numpy as np

from lib.metrics import edge_correlation
from lib.workbook.checks import GIVEN, exercise, kind
from lib.workbook.explorer import Choice, attack, pictures, strongest

SEEN, RECOVERED = 0.2, 0.9


@exercise
def unseen(answer):
    """`answer`: a `Choice` of equal histograms, no edges, nine bytes of ten read from one ciphertext."""
    assert isinstance(answer, Choice), f"expected a Choice(photo, size, scheme, ...), got {kind(answer)}"
    plain, cipher = pictures(answer)
    assert plain.shape == cipher.shape, GIVEN["unseen"]["hint"]
    bars = [np.bincount(image.ravel(), minlength=256) for image in (plain, cipher)]
    differ, asked = int((bars[0] != bars[1]).sum()), "which parts only move them?"
    assert not differ, f"{differ} of the 256 bars differ: a part of your key changes values; {asked}"
    edges = abs(edge_correlation(cipher, plain))
    shown = f"edges still show in your ciphertext: their correlation is {edges:.2f}"
    assert edges < SEEN, f"{shown}, and it is to be below {SEEN}"
    name = strongest(answer)
    outcome = attack(answer, name)
    assert outcome.estimate is not None, f"{name} gives no picture of this one; what does it need to work?"
    exact = outcome.scores["attack"]["exact"]
    told = f"{name} recovers {exact:.0%} of the bytes from one ciphertext"
    assert exact >= RECOVERED, f"{told}; make it easier for the attacker"
