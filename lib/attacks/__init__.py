"""Attacks, in folders by what the attacker has. None of them sees a key, or the truth before it is scored.

    chosen_plaintext   an `Oracle` encrypts what the attacker asks for
    known_plaintext    pairs of plain images and their ciphertexts under the key
    one_ciphertext     one ciphertext whose key is its own
    many_ciphertexts   ciphertexts under one key, and nothing else but public pictures
    guessed_key        one ciphertext, and a key out of a small set
    solvers            what several attacks share, under its standard name

The algorithm is known to all of them, with its block size and split (Kerckhoffs); the key is not. An attack
is a function that is declared by `attack`, in a file of these folders: `lib.attacks.catalogue` finds it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

import numpy as np

from lib.table import Structure

CHOSEN, PAIRS = "chosen plaintext", "known plaintext"
ONE, MANY = "one ciphertext", "ciphertexts under one key"
THREATS = {CHOSEN: ("oracle", "ciphers"), PAIRS: ("plain", "pair_ciphers", "ciphers")}
THREATS |= dict.fromkeys((ONE, MANY), ("ciphers",))
"""What an attacker has under each threat model, and so what an attack of it is called with."""


class Oracle:
    """Encrypts what an attacker asks for, counts it, and stops at a budget.

    encrypt   a function from images to ciphertexts, such as `scheme.encrypt`
    budget    how many images may be asked for, or None for any number
    queries   how many were encrypted so far

    This is no wall: `encrypt` leads to the key. So an attack is read, and run on a control beside.

    >>> from lib import Key
    >>> from lib.schemes import SKK
    >>> oracle = Oracle(SKK(Key.from_seed(7)).encrypt, budget=1)
    >>> oracle(np.zeros((4, 4, 3), np.uint8)).shape, oracle.queries
    ((4, 4, 3), 1)
    """

    def __init__(self, encrypt: Callable[[np.ndarray], np.ndarray], budget: int | None = None):
        self.encrypt, self.budget, self.queries = encrypt, budget, 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The ciphertexts of (n, h, w, 3) uint8, or of one (h, w, 3). PermissionError beyond the budget."""
        count = len(images) if images.ndim == 4 else 1
        if self.budget is not None and self.queries + count > self.budget:
            used = f"{self.queries} of {self.budget} queries are used"
            raise PermissionError(f"{used}, and {count} more were asked for")
        answer = self.encrypt(images)
        self.queries += count
        return answer


def oracle_for(scheme: Any, budget: int | None = None) -> Oracle:
    """The oracle of a scheme. With a key per image, every query gets an id of its own, from 0 on."""

    def encrypt(images):
        count = len(images) if images.ndim == 4 else 1
        return scheme.encrypt(images, ids=range(oracle.queries, oracle.queries + count))

    oracle = Oracle(encrypt if scheme.per_image else scheme.encrypt, budget)
    return oracle


@dataclass(frozen=True)
class AttackResult:
    """What an attack gives back: its estimate of the plain images, what it recovered, and what that cost.

    estimate    images like the ciphertexts under attack, uint8
    recovered   the key material it claims, by name (an index, a mask), or empty; -1 in an index for no claim
    confidence  0 to 1, how likely the estimate is right, up to what the attack's docstring calls open: one
                number, or one for each part (atom, pixel, block) as it says; 0 where none is reported
    queries     images asked of an oracle; like seconds, put there by `measured`, not by the attack
    seconds     wall-clock time
    """

    estimate: np.ndarray
    recovered: dict[str, Any] = field(default_factory=dict)
    confidence: float | np.ndarray = 0.0
    queries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Known:
    """What an attacker has.

    ciphers               (n, h, w, 3) uint8, to be read; (n, h, 3 w) where a scheme's ciphertexts are grey
    oracle                encrypts under the key of `ciphers`
    plain, pair_ciphers   (m, h, w, 3) uint8: plain images and their ciphertexts under that key
    public                (k, h, w, 3) uint8: pictures of anybody's; None for the embedded photographs
    """

    ciphers: np.ndarray
    oracle: Oracle | None = None
    plain: np.ndarray | None = None
    pair_ciphers: np.ndarray | None = None
    public: np.ndarray | None = None


@dataclass(frozen=True)
class Attack:
    """An attack that can be named. There is no place for a key or a plain image under attack."""

    name: str  # as in the shell
    threat: str  # one of `THREATS`
    function: Callable[..., AttackResult]
    made_for: Callable[[Any], bool]  # whether it is made for a scheme, by what its class says; never by name
    told: tuple[str, ...] = ()  # what of the scheme's settings the attack is told ("block", "bits")
    source: str = "here"  # or the publication
    moves: tuple[str, ...] = ()  # what it leaves open, see `lib.metrics.nearest`
    images: int = 10  # how many ciphertexts it is tried on
    public: bool = False  # whether it learns from public pictures
    rank: int | None = None  # its place in its threat model, weaker ones first; those of none come last

    def fits(self, scheme: Any) -> bool:
        """Whether it is made for a scheme; none is for a control, and those of MANY need one key for all."""
        return self.made_for(scheme) and not scheme.control and not (self.threat == MANY and scheme.per_image)

    def options(self, scheme: Any) -> dict[str, Any]:
        """The options for this scheme: what Kerckhoffs' principle tells everybody. Its block is what its
        structure speaks of, the scheme's `piece`."""
        return {name: getattr(scheme, "piece" if name == "block" else name) for name in self.told}

    def run(self, known: Known, **options) -> AttackResult:
        """Run it on what its threat model allows; ValueError that says what is missing."""
        needs = THREATS[self.threat]
        missing = [name for name in needs if getattr(known, name) is None]
        if missing:
            raise ValueError(f"{self.name} is an attack with {self.threat}: it needs {' and '.join(missing)}")
        extra = {"public": known.public} if self.public else {}
        return self.function(*(getattr(known, name) for name in needs), **extra, **options)


def attack(name: str, threat: str, *, fits: Callable[[Any], bool], **facts):
    """Declare a function an attack, or two: `fits` becomes `made_for`, `facts` are the other fields of
    `Attack`. The function takes what `THREATS` lists, by position, then `told` and `public` by name."""

    def declare(function):
        declared = getattr(function, "attacks", ())
        function = function if declared else measured(function)
        function.attacks = (*declared, Attack(name, threat, function, fits, **facts))
        return function

    return declare


def measured(function: Callable[..., AttackResult]) -> Callable[..., AttackResult]:
    """The function, its result with the wall-clock seconds it took and the queries it asked of an oracle."""

    @wraps(function)
    def timed(*args, **options):
        oracles = [each for each in (*args, *options.values()) if isinstance(each, Oracle)]
        before, started = sum(oracle.queries for oracle in oracles), time.perf_counter()
        result = function(*args, **options)
        queries = sum(oracle.queries for oracle in oracles) - before
        return replace(result, queries=queries, seconds=time.perf_counter() - started)

    return timed


def on(structure: Structure, channels: int = 3) -> Callable[[Any], bool]:
    """For `fits`: schemes whose key does this, with ciphertexts of so many channels."""
    return lambda scheme: scheme.structure is structure and scheme.channels == channels


def in_colour(scheme: Any) -> bool:
    """For `fits`: any scheme whose ciphertexts look like pictures in colour."""
    return scheme.channels == 3


def check_ciphers(ciphers: np.ndarray, block: int = 1) -> np.ndarray:
    """(n, h, w, 3) uint8 of whole blocks, as an array; TypeError or ValueError that says what is wrong."""
    from lib import images as door

    batch, _ = door.enter(ciphers, block)
    if getattr(ciphers, "ndim", 0) != 4 or not isinstance(batch, np.ndarray):
        kind = f"shape {tuple(ciphers.shape)}" if hasattr(ciphers, "shape") else type(ciphers).__name__
        takes = "an attack takes a batch, NumPy (n, h, w, 3) uint8"
        raise ValueError(f"{takes}, got {kind}; one image is x[None]")
    return np.ascontiguousarray(batch)
