"""Check of lesson 09: a choice whose histogram tells nothing and whose ciphertext shows nothing, and which
falls all the same."""

import numpy as np

from lib.metrics import edge_correlation
from lib.workbook.checks import exercise
from lib.workbook.explorer import Choice, attack, pictures, strongest

SEEN, RECOVERED = 0.2, 0.9


@exercise
def unseen(answer):
    """`answer`: a `Choice` with equal histograms, edges that cannot be seen, and nine bytes of ten recovered
    from one ciphertext."""
    assert isinstance(answer, Choice), (
        f"expected a Choice(photo, size, scheme, ...), got {type(answer).__name__}"
    )
    plain, cipher = pictures(answer)
    assert plain.shape == cipher.shape, (
        "this ciphertext is grey and three times as wide; take a scheme that stays in colour"
    )
    bars = [np.bincount(image.ravel(), minlength=256) for image in (plain, cipher)]
    differ = int((bars[0] != bars[1]).sum())
    assert not differ, (
        f"{differ} of the 256 bars differ: a part of your key changes values; which parts only move them?"
    )
    edges = abs(edge_correlation(cipher, plain))
    assert edges < SEEN, (
        f"edges still show in your ciphertext: their correlation is {edges:.2f}, and it is to be below {SEEN}"
    )
    name = strongest(answer)
    outcome = attack(answer, name)
    assert outcome.estimate is not None, f"{name} gives no picture of this one; what does it need to work?"
    exact = outcome.scores["attack"]["exact"]
    assert exact >= RECOVERED, (
        f"{name} recovers {exact:.0%} of the bytes from one ciphertext; make it easier for the attacker"
    )
