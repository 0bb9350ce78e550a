"""The attacks that a structure calls for, by what the attacker has; each beside a one-time pad in its place.

Chosen plaintext is the reading that `lib.judge.structure` found; `lib.judge.served` is whoever holds the
weights of a model with the key in it. The others are those of the catalogue that are made for such a
structure, and three that need none: the ciphertext as it is, its smoothest bit plane, and a learner
(`lib.judge.learned`) that has pairs, under the key or under other keys.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from lib import metrics
from lib.attacks.catalogue import CATALOGUE, CHOSEN, MANY, ONE, PAIRS, Known
from lib.judge import pictures, served
from lib.judge.learned import Learner
from lib.judge.statistics import by_pairs, by_position
from lib.judge.structure import Found
from lib.judge.verdict import Attempt, rounded

Array = np.ndarray
Encrypt = Callable[..., Array]
HERE = "here"
PAIR_COUNT = 32  # pairs for the catalogue's attacks
# single ciphertexts that are read: the least on a slow machine, too, unless it takes so many times as long
LEAST, MOST, PATIENCE = 10, 100, 4


@dataclass
class Case:
    """A cipher under attack.

    encrypt    pictures to ciphertexts, as the attacked use it: one key, or a new id for each picture
    elsewhere  the same under other keys, a new one for each picture or a few of them
    shape, answer, dtype   of a picture; of a ciphertext
    own_keys   whether every picture has a key of its own
    found      its structure
    truth      (n, h, w, 3) pictures under attack, and candidates (m, h, w, 3) to find them among
    learn      how many pairs a learner has
    seconds    for one attack
    shown      by threat model: the estimates of the attack that got most, for a report
    """

    encrypt: Encrypt
    elsewhere: Encrypt
    shape: tuple[int, int, int]
    answer: tuple[int, ...]
    dtype: str
    own_keys: bool
    found: Found
    truth: Array
    candidates: Array
    learn: int = 1200
    seconds: float = 15.0
    shown: dict[str, tuple[float, Array]] = field(default_factory=dict)

    def __post_init__(self):
        self.ciphers = self.encrypt(self.truth)

    def many(self, count: int) -> Array:
        """So many ciphertexts of the attacked: those of the pictures under attack first."""
        more = count - len(self.ciphers)
        if more <= 0:
            return self.ciphers[:count]
        return np.concatenate([self.ciphers, self.encrypt(self.candidates[:more])])

    def pad(self, count: int, name: str) -> Array:
        """So many ciphertexts of a one-time pad, of the cipher's shape and dtype."""
        if self.dtype == "uint8":
            return pictures.noise(self.answer, count, f"pad {name}")
        rng = np.random.default_rng(np.frombuffer(name.encode(), np.uint8))
        like = self.ciphers[:50].astype(float)
        return rng.normal(like.mean(), like.std(), (count, *self.answer)).astype(self.dtype)

    def scored(self, attempt: dict, estimate: Array, pad: Array | None, more: str = "") -> Attempt:
        """With its leak; without a pad's estimate the attack returned none, and a pad shows nothing."""
        truth = self.truth[: len(estimate)]
        nothing = np.full_like(truth, 128)
        pad = nothing if pad is None else pad
        leak = rounded(metrics.leak(estimate, pad, truth, self.candidates, pad_truth=self.truth[: len(pad)]))
        if leak.low > self.shown.get(attempt["threat"], (-1.0, None))[0]:
            self.shown[attempt["threat"]] = leak.low, estimate
        exact, pad_exact = (
            round(metrics.exact(each, self.truth[: len(each)]), 4) for each in (estimate, pad)
        )
        return Attempt(**attempt, leak=leak, exact=exact, pad_exact=pad_exact)


def attempts(case: Case) -> Iterator[Attempt]:
    """Every attack that fits, the strongest attackers first."""
    yield from _chosen(case)
    yield from _served(case)
    impossible = CHOSEN, *((PAIRS, MANY) if case.own_keys else ())
    for each in CATALOGUE:
        if each.threat not in impossible and each.made_for(_as_the_catalogue_knows(case)):
            yield _of_catalogue(case, each)
    if not case.own_keys:
        yield _learnt(case, PAIRS, case.encrypt, "pairs under the key")
        if case.dtype == "uint8" and case.answer == case.shape:
            yield _by_position(case)
            yield _by_pairs(case)
    yield _learnt(case, ONE, case.elsewhere, "pairs under other keys")
    if case.dtype == "uint8" and case.answer == case.shape:
        yield _as_it_is(case, "ciphertext as it is", lambda ciphers: ciphers)
        yield _as_it_is(case, "smoothest bit plane", smoothest_plane)


def _chosen(case):
    reading = case.found.reading
    if reading is None or case.own_keys:
        return
    started = time.perf_counter()
    count = len(case.ciphers) if reading.name != "feedback" or not hasattr(reading, "inquiry") else 4
    rows = case.ciphers[:count].reshape(count, -1)
    estimate = reading.decrypt(rows).reshape(-1, *case.shape)
    needs = {"queries": reading.queries}
    facts = _facts(f"read as {reading.name}", CHOSEN, HERE, needs, started)
    yield case.scored(facts, estimate, None)


def _served(case):
    table = None if case.own_keys else served.table_of(case.found.reading, case.shape)
    if table is None or case.dtype != "uint8" or case.answer != case.shape:
        return
    ciphers = np.concatenate([case.ciphers, case.pad(len(case.truth), "served")])  # for the same weights
    both, seconds = served.attacked(table, ciphers)
    estimate, pad = np.split(both, [len(case.ciphers)])
    facts = {"attack": served.ATTACK, "threat": served.SERVED, "source": HERE, "seconds": round(seconds, 3)}
    yield case.scored(facts | {"needs": {"served models": 1, "checkpoints": 1}}, estimate, pad)


def _as_the_catalogue_knows(case):
    found, grey = case.found, len(case.answer) == 2
    fits = case.dtype == "uint8" and (case.answer == case.shape or grey)
    return SimpleNamespace(
        structure=found.structure if fits else None, channels=1 if grey else 3 if fits else 0,
        block=found.block, piece=found.block, bits=found.bits, per_image=case.own_keys, control=False,
    )  # fmt: skip


def _of_catalogue(case, attack):
    scheme = _as_the_catalogue_knows(case)
    options, many = attack.options(scheme), attack.threat == MANY
    count = min(len(case.truth) + len(case.candidates), max(attack.images, 50 if many else 1))
    has = {"public": pictures.public(case.shape, 600)} if attack.public else {}
    needs = {"ciphertexts": count if many else 1}
    if attack.threat == PAIRS:
        plain = pictures.public(case.shape, PAIR_COUNT)
        has |= {"plain": plain, "pair_ciphers": case.encrypt(plain)}
        needs, count = {"pairs": PAIR_COUNT}, len(case.truth)
    facts = attack.name, attack.threat, attack.source, needs
    started = time.perf_counter()
    try:
        if attack.threat == ONE:
            estimate = _one_by_one(attack, case.ciphers, has, options, case.seconds / 2)
            pad = _one_by_one(attack, case.pad(len(estimate), attack.name), has, options, case.seconds / 2)
        else:
            estimate = attack.run(Known(case.many(count), **has), **options).estimate[: len(case.truth)]
            pad = _on_pad(case, attack, count, has, options)
    except ValueError as error:
        return Attempt(**_facts(*facts, started), leak=None, exact=None, pad_exact=None, refused=str(error))
    return case.scored(_facts(*facts, started), estimate, pad)


def _on_pad(case, attack, count, has, options):
    if attack.threat == PAIRS:
        has = has | {"pair_ciphers": case.pad(PAIR_COUNT, "pairs")}
    try:
        known = Known(case.pad(count, attack.name), **has)
        return attack.run(known, **options).estimate[: len(case.truth)]
    except ValueError:
        return None  # it says that there is nothing to be read


def _one_by_one(attack, ciphers, has, options, seconds):
    """The estimates of `LEAST` ciphertexts, each by itself, and of more while a processor has time."""
    started, found = time.process_time(), []
    for cipher in ciphers[:MOST]:
        found.append(attack.run(Known(cipher[None], **has), **options).estimate[0])
        if time.process_time() - started > seconds * (1 if len(found) >= LEAST else PATIENCE):
            break
    return np.stack(found)


def _learnt(case, threat, encrypt, name):
    started = time.perf_counter()
    plain = pictures.public(case.shape, case.learn)
    estimate = Learner(encrypt(plain), plain).estimate(case.ciphers)
    pads = case.pad(len(plain) + len(case.truth), "learner")
    pad = Learner(pads[: len(plain)], plain).estimate(pads[len(plain) :])
    needs = {"pairs" if threat == PAIRS else "pairs under other keys": len(plain), "ciphertexts": 1}
    return case.scored(_facts(f"learner, {name}", threat, HERE, needs, started), estimate, pad)


def _by_position(case):
    started = time.perf_counter()
    public = pictures.public(case.shape, 4000)
    estimate = by_position(case.ciphers, public)
    pad = by_position(case.pad(len(case.truth), "by position"), public)
    needs = {"ciphertexts": len(case.ciphers)}
    return case.scored(_facts("histograms by position", MANY, HERE, needs, started), estimate, pad)


def _by_pairs(case):
    started = time.perf_counter()
    plain = pictures.public(case.shape, case.learn)
    estimate = by_pairs(plain, case.encrypt(plain), case.ciphers)
    pads = case.pad(len(plain) + len(case.truth), "pairs of a pad")
    pad = by_pairs(plain, pads[: len(plain)], pads[len(plain) :])
    facts = _facts("histories of bits and bytes", PAIRS, HERE, {"pairs": len(plain)}, started)
    return case.scored(facts, estimate, pad)


def _as_it_is(case, name, look):
    started = time.perf_counter()
    estimate, pad = look(case.ciphers), look(case.pad(len(case.truth), name))
    return case.scored(_facts(name, ONE, HERE, {"ciphertexts": 1}, started), estimate, pad)


def smoothest_plane(ciphers: Array) -> Array:
    """(n, h, w, 3) uint8: of each ciphertext the bit, of all colours, in which neighbours agree most."""
    planes = np.stack([ciphers >> bit & 1 for bit in range(8)], axis=1)
    agree = sum((np.diff(planes, axis=axis) == 0).mean((2, 3, 4)) for axis in (2, 3))
    return planes[np.arange(len(ciphers)), np.abs(agree - 1).argmax(1)] * np.uint8(255)


def _facts(attack, threat, source, needs, started):
    return {
        "attack": attack, "threat": threat, "source": source, "needs": needs,
        "seconds": round(time.perf_counter() - started, 3),
    }  # fmt: skip
