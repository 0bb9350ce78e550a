"""Attacks on what is chosen in the key explorer, as in the matrix: beside baselines, and on a one-time pad.

Everything is known to the attacker but the key: also which steps of the scheme are taken.
"""

import inspect
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from lib import Key
from lib.attacks import catalogue
from lib.attacks.catalogue import CATALOGUE, CHOSEN, MANY, ONE, PAIRS
from lib.metrics import nearest
from lib.photos import photo
from lib.schemes import OneTimePad
from lib.workbook import attack_matrix
from lib.workbook.explorer.choice import PHOTOS, Choice, cipher_of, parts, scheme_of
from lib.workbook.explorer.patience import within
from lib.workbook.recording import scored

PATIENCE = 20.0  # seconds that an attack, or its control, may take, compilation aside
SMALL = 32  # side of pictures of which many can be attacked in that time


@dataclass(frozen=True)
class Outcome:
    """What an attack came to.

    estimate     (h, w, 3) uint8, or None and a `reason`
    scores       as `attack_matrix.compared` names them
    ciphers      how many it had; `queries` how many pictures it asked for
    verdict      as in the matrix; "" until the control was tried, or where that has a `reason` for no end
    """

    attack: str
    estimate: np.ndarray | None = None
    reason: str = ""
    scores: dict = field(default_factory=dict)
    ciphers: int = 1
    queries: int = 0
    seconds: float = 0.0
    confidence: float = 0.0
    verdict: str = ""


def attacks(choice: Choice) -> tuple[str, ...]:
    """The attacks made for the scheme of a choice, by name: with one ciphertext, many (of small pictures, or
    it would take minutes), pairs, an oracle, each from weak to strong."""
    scheme = scheme_of(choice)
    # a control has no attack of its own; it is shown to those on schemes of its structure
    fitting = [each for each in CATALOGUE if (each.made_for if scheme.control else each.fits)(scheme)]
    order = (ONE, MANY, PAIRS, CHOSEN) if choice.size == SMALL else (ONE, PAIRS, CHOSEN)
    return tuple(each.name for threat in order for each in fitting if each.threat == threat)


def strongest(choice: Choice) -> str:
    """Of the attacks with one ciphertext the last that has a rank; "none" where there is none."""
    alone = [each for each in map(catalogue.by_name, attacks(choice)) if each.threat == ONE]
    return next((each.name for each in reversed(alone) if each.rank is not None), "none")


def attack(choice: Choice, name: str, patience: float = PATIENCE) -> Outcome:
    """Run an attack on a choice's ciphertext. What it cannot do in `patience` seconds is a `reason`.

    Errors: ValueError for an attack that is none of `attacks(choice)`.
    """
    if name not in attacks(choice):
        there = ", ".join(attacks(choice)) or "none"
        raise ValueError(f"{name} is not for {choice.scheme} here; there are {there}")
    made, truth, data = _attacked(choice, name)
    known, result = _run(choice, name, cipher_of(choice), patience)
    if isinstance(result, str):
        return Outcome(name, reason=result, ciphers=len(truth))
    shown = nearest(result.estimate, truth, made.moves)[0]
    scores = attack_matrix.compared(made, known.ciphers, result, truth, data)
    sure = float(np.mean(result.confidence))
    return Outcome(name, shown, "", scores, len(truth), result.queries, result.seconds, sure)


def with_control(choice: Choice, outcome: Outcome, patience: float = PATIENCE) -> Outcome:
    """The outcome with the scores of the same attack on a one-time pad, and the verdict."""
    if outcome.estimate is None:
        return outcome
    made, truth, _ = _attacked(choice, outcome.attack)
    pad = _run(choice, outcome.attack, OneTimePad(Key.from_seed(choice.seed)), patience)[1]
    if isinstance(pad, str):
        return replace(outcome, reason=pad)
    scores = outcome.scores | {"control": scored(pad.estimate, truth, made.moves)}
    return replace(outcome, scores=scores, verdict=attack_matrix.verdict(scores))


def _attacked(choice, name):
    """The attack, the pictures under attack, and all that it may have."""
    made, data = catalogue.by_name(name), album(choice.photo, choice.size)
    return made, data.targets[: made.images if made.threat == MANY else 1], data


def _run(choice, name, cipher, patience):
    made, truth, data = _attacked(choice, name)
    told = {"steps": choice.steps}
    if not scheme_of(choice).control:
        told["colour_shuffle"] = "colour shuffle" in choice.steps
    takes = inspect.signature(made.function).parameters
    if "steps" in takes and not set(parts(choice)) <= set(takes["steps"].default):
        del told["steps"]  # a scheme with other steps: the attack reckons with all of its own
    told = {option: value for option, value in told.items() if option in takes}
    try:
        with within(patience):
            return attack_matrix.run(made, cipher_of(choice), cipher, truth, data, **told)
    except TimeoutError:
        return None, f"it was stopped after {patience:g} seconds, unfinished"


@lru_cache(maxsize=8)
def album(name: str, size: int) -> attack_matrix.Data:
    """Targets: the photo, and pictures that share its key, cut from five of the other photographs. Others:
    public, or known in pairs, cut from the other four."""
    rest = [other for other in PHOTOS if other != name]
    targets = [photo(name, size), *_cut(rest[::2], size)]
    return attack_matrix.Data("embedded photographs", np.stack(targets), np.stack(_cut(rest[1::2], size)))


def _cut(names, size):
    """Of each photo the whole, and nine parts at twice the scale; and all of these mirrored."""
    large, places = [photo(name, 2 * size) for name in names], (0, size // 2, size)
    cuts = [photo(name, size) for name in names]
    cuts += [image[y : y + size, x : x + size] for y in places for x in places for image in large]
    return cuts + [image[:, ::-1] for image in cuts]
