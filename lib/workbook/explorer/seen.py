"""A choice and its outcome as a figure, and in words for who does not see it."""

import numpy as np

from lib import figures
from lib.attacks import catalogue
from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.workbook.attack_matrix import PAIR_COUNT
from lib.workbook.explorer.choice import Choice, parts, pictures
from lib.workbook.explorer.outcome import Outcome


def figure(choice: Choice, outcome: Outcome | None = None):
    """Plain, ciphertext and what the attack got back, below each how often each byte occurs."""
    plain, cipher = pictures(choice)
    name, estimate = (outcome.attack, outcome.estimate) if outcome else ("none yet", None)
    shown = {"plain": plain, key_in_words(choice): cipher, f"attack: {name}": estimate}
    return figures.over_histograms(shown)


def show(choice: Choice, outcome: Outcome | None = None) -> None:
    """Display the figure in a notebook, without any widget."""
    figures.show(figure(choice, outcome), sentence(choice, outcome))


def sentence(choice: Choice, outcome: Outcome | None = None) -> str:
    """What the figure shows, in words."""
    plain, cipher = pictures(choice)
    same = ", in grey"
    if plain.shape == cipher.shape:
        same = f", {(plain == cipher).mean():.0%} of its bytes as they were"
    top, of_cipher = (f"{np.bincount(image.ravel()).max() / image.size:.1%}" for image in (plain, cipher))
    size, key = f"{choice.size}x{choice.size}", f"{key_in_words(choice)}{same}"
    shares = f"a share of {top} in the plain picture and of {of_cipher} in the ciphertext"
    told = f"{choice.photo}, {size}; beside it its ciphertext, {key}. The most frequent byte has {shares}."
    return f"{told} {in_words(choice, outcome)}"


def key_in_words(choice: Choice) -> str:
    """Scheme, block, and which steps are taken."""
    block = "" if choice.block == 1 else f", blocks of {choice.block}"
    left_out = [name for name in parts(choice) if name not in choice.steps]
    return f"{choice.scheme}{block}" + (f", without {', '.join(left_out)}" if left_out else "")


def in_words(choice: Choice, outcome: Outcome | None) -> str:
    """What an attack came to."""
    if outcome is None:
        return "No attack was run."
    if outcome.estimate is None:
        return f"{outcome.attack} gives no picture: {outcome.reason}."
    had = {
        ONE: "one ciphertext",
        MANY: f"{outcome.ciphers} ciphertexts under one key",
        PAIRS: f"{PAIR_COUNT} pairs",
        CHOSEN: f"{outcome.queries} chosen picture{'s' * (outcome.queries != 1)}",
    }[catalogue.by_name(outcome.attack).threat]
    sure = f"in {outcome.seconds:.1f} s; it says that it is {outcome.confidence:.0%} sure"
    told = f"{outcome.attack}, with {had}: {_score(outcome, 'attack')}, {sure}."
    told += f" The ciphertext as it is: {_score(outcome, 'ciphertext')}."
    if "control" in outcome.scores:
        told += f" The same attack on a one-time pad: {_score(outcome, 'control')}."
        told += f" Verdict: {outcome.verdict}."
    elif outcome.reason:
        told += f" On a one-time pad: {outcome.reason}; so no verdict."
    return told


def _score(outcome, who):
    score = outcome.scores[who]
    edges = round(score["edge_correlation"], 2) + 0  # + 0 makes 0.00 of -0.00
    return f"{score['exact']:.1%} of the bytes exact, SSIM {score['ssim']:.2f}, edges {edges:.2f}"
