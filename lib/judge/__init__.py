"""A standard test for image ciphers: any cipher in, a verdict out.

    from lib.judge import judge
    verdict = judge(MyCipher, shape=(32, 32, 3), budget="quick")
    print(verdict.outcome, *verdict.summary, sep="\\n")

or in the shell `python -m lib judge cipher.py:MyCipher --out report/`. The tests are fixed, and have a
version, so that two ciphers can be compared; they know nothing of the cipher's name, and of the package that
it comes from nothing either. What is asked, in this order: does the cipher keep its contract; what structure
do its answers show; which attacks does that structure call for, and what do they get; does a network learn
from its ciphertexts. `lib.judge.verdict` says how the answer reads.

A verdict of "not broken by what was tried" means no more than it says. The models are AutoAttack (F. Croce
and M. Hein, 2020) and RobustBench for defences against adversarial examples: a fixed ensemble, no tuning by
the author, one number beside controls.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge import contract, pictures
from lib.judge.attempts import Case, attempts
from lib.judge.learnability import learnability
from lib.judge.readings import Inquiry
from lib.judge.report import strips
from lib.judge.served import SERVED
from lib.judge.statistics import off_noise
from lib.judge.structure import Found, found
from lib.judge.subject import CipherError, Subject
from lib.judge.verdict import NOT_BROKEN, Attempt, Finding, Verdict, outcome_of

VERSION = "judge 2"
FIRST_ID = 1 << 24  # of pictures under attack
SHOWS = "one ciphertext shows it"
GREYS, OFF = 12, 7.0  # ciphertexts of grey; standard deviations that noise is never off in all of them
OTHER_KEYS = 12  # of a cipher with one key for all pictures, for those who learn from other keys
Array = np.ndarray


@dataclass(frozen=True)
class Budget:
    """How much is tried: pictures under attack, candidates, pairs to learn from, seconds for key search and
    for an attack, queries for a reading."""

    pictures: int
    candidates: int
    learn: int
    keys: float
    guess: float
    attack: float
    queries: int
    asking: float


BUDGETS = {
    "quick": Budget(200, 1000, 1000, 3.0, 15.0, 12.0, 30_000, 25.0),
    "standard": Budget(250, 1000, 3000, 30.0, 300.0, 120.0, 200_000, 200.0),
}


def judge(
    factory: Callable[[Any], Any], shape: tuple[int, int, int] = (32, 32, 3), budget: str = "quick"
) -> Verdict:
    """Judge a cipher.

    factory   called with a `lib.Key`, gives an object with `encrypt(images, ids=None)`: (n, h, w, 3) uint8 to
              n ciphertexts, of any shape and of a numeric dtype. Its attribute `per_image`, False if there is
              none, says that each picture has a key of its own, by its id; `decrypt` is tried if there is one
    shape     (h, w, 3) of the pictures, sides from 8 to 256
    budget    "quick", at most 3 minutes of two cores at 32x32, or "standard", at most 30
    Errors: ValueError and TypeError for arguments that are wrong. Whatever the cipher does wrong is a finding
    in the verdict, never an error.
    """
    if not callable(factory):
        raise TypeError(f"expected a factory, called with a lib.Key, got {type(factory).__name__}")
    if budget not in BUDGETS:
        raise ValueError(f"budget is one of {', '.join(BUDGETS)}, got {budget!r}")
    shape = _checked(shape)
    started, scale = time.monotonic(), BUDGETS[budget]
    out = {"judge": VERSION, "cipher": _name(factory), "shape": shape, "budget": budget,
           "structure": [], "properties": [], "key_bits": None, "attempts": [], "pictures": {},
           "learnability": None, "more": MORE[budget]}  # fmt: skip
    with Subject(factory) as subject:
        try:
            kept = contract.checked(subject, shape, scale.keys)
        except CipherError as error:
            facts = {"outcome": "cannot be judged", "summary": [f"It {_said(error)}."]}
            kept = contract.Contract()
            kept.say(error.kind, False, f"{error}")
            return _verdict(out | facts, kept, started)
        try:
            _judged(out, subject, kept, shape, scale)
        except CipherError as error:
            kept.say(error.kind, False, f"Later on it {_said(error)}.")
    extra = [name for name in out["structure"] if name in ("small key space", "reused nonce")]
    out["outcome"] = outcome_of(out["attempts"], extra)
    if out["outcome"] == NOT_BROKEN and out["structure"]:
        out["outcome"] = "leaks"  # which picture it is, or which parts of two are equal, if not how they look
    if not any(each.leak for each in out["attempts"]):
        out["outcome"] = "cannot be judged"
    if not kept.key_sensitive:
        out["outcome"] = "broken"
    out["summary"] = _summary(out, kept)
    return _verdict(out, kept, started)


MORE = {
    "quick": "The standard budget has three times the pairs, ten times the seconds for keys and attacks, and "
    "more queries.",
    "standard": "More would take a cryptanalyst.",
}


def _verdict(out, kept, started):
    seconds = round(time.monotonic() - started, 1)
    return Verdict.new(contract=kept.findings, seconds=seconds, **out)


def _judged(out, subject, kept, shape, scale):
    """Structure, attacks and learnability, into `out`."""
    try:
        structure = _structure(out, subject, kept, shape, scale)
    except CipherError as error:  # the attacks may fare better: they ask about pictures
        kept.say(error.kind, False, f"Asked for its structure, it {_said(error)}.")
        structure = Found()
    truth = pictures.attacked(shape, scale.pictures + scale.candidates)
    truth, candidates = truth[: scale.pictures], truth[scale.pictures :]
    case = Case(
        _users(subject, kept), _elsewhere(subject, kept), shape, kept.shape, kept.dtype,
        kept.own_keys and not kept.reused, structure, truth, candidates, scale.learn, scale.attack,
    )  # fmt: skip
    for attempt in attempts(case):
        out["attempts"].append(attempt)
    if kept.key_bits is not None:
        out["structure"].insert(0, "small key space")
        out["key_bits"] = round(kept.key_bits, 1)
        out["attempts"] += _guessed(case, subject, kept, scale)
    if kept.reused or kept.overlap:
        out["structure"].insert(0, "reused nonce")
    one = [each for each in out["attempts"] if each.threat == ONE and each.leak and each.leak.low > 0.05]
    if _told_from_noise(out, case, subject.per_image or not kept.steady) or one:
        out["structure"].append(SHOWS)
    out["pictures"] = strips(case)
    out["learnability"] = _learnt(out, case)


def _told_from_noise(out, case, fresh):
    """Whether each of a few ciphertexts of one grey picture shows that it is no noise, where each picture has
    a key of its own; where all have one, equal pictures are no secret."""
    if not fresh or case.dtype != "uint8":
        return False
    off = float(off_noise(case.encrypt(np.full((GREYS, *case.shape), 128, np.uint8))).min())
    if off > OFF:
        out["properties"].append(f"Every one of {GREYS} ciphertexts of a grey picture is told from noise, by "
                                 f"{off:.0f} standard deviations or more.")  # fmt: skip
    return off > OFF


def _learnt(out, case):
    try:
        return learnability(case.encrypt, case.shape, lambda count: case.pad(count, "learnability"))
    except ValueError as error:
        out["properties"].append(f"Not trained on: {error}.")
        return None


def _structure(out, subject, kept, shape, scale) -> Found:
    if not kept.steady:
        out["properties"].append("Its answers differ from call to call, so structure was not asked for.")
        return Found()
    most = min(scale.queries, subject.affordable(scale.asking))
    inquiry = Inquiry(_asker(subject, kept), shape, most)
    structure = found(inquiry, kept.shape)
    out["structure"], out["properties"] = list(structure.names), structure.says
    if kept.own_keys and not kept.reused:
        out["structure"] = []  # what one image's key does is no structure that anybody can ask for
        out["properties"] = [f"Under the key of a single image: {text}" for text in structure.says]
    if not structure.names:
        tried = "; ".join(f"{name}: {why}" for name, why in structure.refused.items())
        out["properties"].append(f"No structure was found. {tried}.")
    return structure


def _asker(subject, kept):
    """Encryption under one key: key 0, and one id where ids have keys of their own; that which users use
    again, if they do."""
    if not subject.per_image:
        return subject.encrypt
    if not kept.own_keys:
        return lambda images: subject.encrypt(images, range(len(images)))
    return lambda images: subject.alike(images, kept.reused[0] if kept.reused else 0)


def _users(subject, kept):
    """Encryption as users of the cipher call it: a new id for every picture, or one that is used again."""
    last = [FIRST_ID]

    def encrypt(images):
        if not subject.per_image:
            return subject.encrypt(images)
        if kept.reused:
            return subject.alike(images, kept.reused[0])
        first, last[0] = last[0], last[0] + len(images)
        return subject.encrypt(images, range(first, last[0]))

    return encrypt


def _elsewhere(subject, kept):
    """Encryption under other keys: ids do, where each has its own; else a few keys take turns."""
    users = _users(subject, kept)
    if kept.own_keys and not kept.reused:
        return users

    def encrypt(images):
        out = None
        for key in range(OTHER_KEYS):
            some = np.arange(key, len(images), OTHER_KEYS)
            if len(some):
                ids = range(len(some)) if subject.per_image else None
                answer = subject.encrypt(images[some], ids, key + 2)
                out = np.empty((len(images), *answer.shape[1:]), answer.dtype) if out is None else out
                out[some] = answer
        return out

    return encrypt


def _guessed(case, subject, kept, scale):
    """Keys drawn until one gives a known picture's ciphertext; the others are decrypted with it."""
    started = time.perf_counter()
    ids = [0] if subject.per_image else None
    image = pictures.public(case.shape, 1)[0]
    wanted = subject.once(image[None], ids)[0]
    number, tried = contract.guessed(subject, image, wanted, [0], scale.guess)
    facts = {
        "attack": "guessing keys",
        "threat": PAIRS,
        "source": "here",
        "needs": {"pairs": 1, "keys tried": tried},
    }
    facts["seconds"] = round(time.perf_counter() - started, 3)
    if number < 0 or not subject.decrypts:
        why = "no key found in the time" if number < 0 else "the key is found, and the cipher has no decrypt"
        return [Attempt(**facts, leak=None, exact=None, pad_exact=None, refused=why)]
    ids = list(range(FIRST_ID, FIRST_ID + len(case.truth))) if subject.per_image else None
    back = subject.decrypt(subject.encrypt(case.truth, ids), ids, number)
    if back.shape != case.truth.shape or back.dtype != np.uint8:
        return []
    return [case.scored(facts, back, None)]


def _summary(out, kept):
    lines = [finding.text for finding in kept.findings if finding.good is False]
    for threat in (ONE, MANY, PAIRS, CHOSEN, SERVED):
        mine = [each for each in out["attempts"] if each.threat == threat and each.leak]
        if mine:
            best = max(mine, key=lambda each: each.leak.low)
            needs = ", ".join(f"{count:,} {name}" for name, count in best.needs.items())
            leak = best.leak
            lines.append(f"With {threat}: leak {leak.value:.2f} ({leak.low:.2f} to {leak.high:.2f}), by "
                         f"{best.attack}, {needs}, {best.seconds:.1f} s.")  # fmt: skip
    if out["key_bits"] is not None:
        lines.append(f"Its keys have about {out['key_bits']:.0f} bits.")
    return lines


def _said(error):
    words = {"raises": "raises an error: ", "hangs": "does not answer: ", "answers": "answers wrongly: "}
    return words.get(error.kind, "") + str(error)


def _name(factory):
    return getattr(factory, "__qualname__", type(factory).__name__)


def _checked(shape):
    whole = all(isinstance(side, int | np.integer) and not isinstance(side, bool) for side in shape)
    if len(shape) != 3 or not whole or shape[2] != 3 or not all(8 <= side <= 256 for side in shape[:2]):
        raise ValueError(f"shape is (h, w, 3) with sides from 8 to 256, got {shape!r}")
    return tuple(int(side) for side in shape)


__all__ = ["BUDGETS", "VERSION", "Finding", "Verdict", "judge"]
