"""Every attack by its name: its threat model, what it needs, which schemes it is for, where it comes from.

An attack is run on a `Known`, which holds what its threat model allows and no more; `Attack.run` hands on
what the attack declares, so that it cannot use the rest. There is no place for a key or a plain image under
attack.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.attacks import AttackResult, Oracle
from lib.attacks.chosen_plaintext import fewest_queries, table_reader
from lib.attacks.known_plaintext import tables
from lib.attacks.many_ciphertexts.ele import ele_one_key
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.attacks.many_ciphertexts.ffx import ffx_one_key
from lib.attacks.many_ciphertexts.skk import pixels_one_key
from lib.attacks.many_ciphertexts.tanaka import blocks_one_key
from lib.attacks.one_ciphertext import skk
from lib.attacks.one_ciphertext.grey_jigsaw import grey_jigsaw
from lib.attacks.one_ciphertext.jigsaw import jigsaw

CHOSEN, PAIRS, ONE, MANY = (
    "chosen plaintext",
    "known plaintext",
    "one ciphertext",
    "ciphertexts under one key",
)
THREATS = {
    CHOSEN: ("oracle", "ciphers"),
    PAIRS: ("plain", "pair_ciphers", "ciphers"),
    ONE: ("ciphers",),
    MANY: ("ciphers",),
}
"""What an attacker has under each threat model, and so what an attack of it is called with."""


@dataclass(frozen=True)
class Known:
    """What an attacker has.

    ciphers               (n, h, w, 3) uint8, to be read; (n, h, 3 w) those of `GrayscaleEtC`
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
    """An attack that can be named.

    name      as in the shell
    threat    one of `THREATS`
    against   scheme: what of its settings the attack is told ("block", "bits"), or fixed options. A scheme
              "skk per image" is SKK with a key for each image
    source    the publication, or "here"
    moves     what it leaves open, see `lib.metrics.nearest`
    images    how many ciphertexts it is tried on
    public    whether it learns from public pictures
    """

    name: str
    threat: str
    function: Callable[..., AttackResult]
    against: dict[str, tuple | dict]
    source: str = "here"
    moves: tuple[str, ...] = ()
    images: int = 10
    public: bool = False

    def run(self, known: Known, **options) -> AttackResult:
        """Run it; ValueError that says what is missing."""
        needs = THREATS[self.threat]
        missing = [name for name in needs if getattr(known, name) is None]
        if missing:
            raise ValueError(f"{self.name} is an attack with {self.threat}: it needs {' and '.join(missing)}")
        extra = {"public": known.public} if self.public else {}
        return self.function(*(getattr(known, name) for name in needs), **extra, **options)

    def options(self, label: str, scheme) -> dict:
        """The options for this scheme: what Kerckhoffs' principle tells everybody."""
        told = self.against[label]
        return dict(told) if isinstance(told, dict) else {name: getattr(scheme, name) for name in told}


BLOCK, SPLIT = ("block",), ("block", "bits")
TONES = {"moves": ("colours", "complement"), "public": True}
CHANG_CASE = "Chang and Case, arXiv:2004.13263"
TABLES = {name: {} for name in ("tanaka", "ele", "skk", "etc", "shf", "np", "ffx", "skk per image")}
CATALOGUE = (
    Attack("table-reader", CHOSEN, table_reader.table_reader, TABLES),
    Attack("helper-blocks", CHOSEN, table_reader.chang_case_blocks, {"tanaka": BLOCK, "shf": BLOCK, "np": BLOCK}, CHANG_CASE),
    Attack("helper-pixels", CHOSEN, table_reader.chang_case_pixels, {"skk": (), "skk per image": ()}, CHANG_CASE),
    Attack("fewest-tanaka", CHOSEN, fewest_queries.tanaka, {"tanaka": SPLIT, "shf": SPLIT, "np": SPLIT}),
    Attack("fewest-ele", CHOSEN, fewest_queries.ele, {"ele": SPLIT}),
    Attack("fewest-etc", CHOSEN, fewest_queries.etc, {"etc": BLOCK}),
    Attack("fewest-ffx", CHOSEN, fewest_queries.ffx, {"ffx": BLOCK}),
    Attack("pairs-tanaka", PAIRS, tables.shared_blocks, {"tanaka": SPLIT, "shf": SPLIT, "np": SPLIT}),
    Attack("pairs-ele", PAIRS, tables.own_blocks, {"ele": SPLIT}),
    Attack("pairs-skk", PAIRS, tables.pixels, {"skk": (), "skk per image": ()}),
    Attack("pairs-etc", PAIRS, tables.oriented_blocks, {"etc": BLOCK}),
    Attack("pairs-ffx", PAIRS, tables.substitution, {"ffx": BLOCK}),
    Attack("leading-bit", ONE, skk.leading_bit, TABLES, CHANG_CASE),
    Attack("minimum-difference", ONE, skk.minimum_difference, {"skk": (), "skk per image": ()}, CHANG_CASE),
    Attack("likeliest", ONE, skk.likeliest, {"skk": (), "skk per image": ()}),
    Attack("one-photograph", ONE, blocks_one_key, {"tanaka": SPLIT, "shf": SPLIT, "np": SPLIT}, **TONES, images=1),
    Attack("jigsaw", ONE, jigsaw, {"etc": BLOCK}, "after Gallagher, CVPR 2012", ("turns", "complement", "colours"), 1, True),
    Attack("jigsaw-grey", ONE, grey_jigsaw, {"etc-gray": BLOCK}, "after J. Imaging 12(2):65, 2026", ("turns", "complement"), 1, True),
    Attack("one-key-tanaka", MANY, blocks_one_key, {"tanaka": SPLIT, "shf": SPLIT, "np": SPLIT}, **TONES, images=5),
    Attack("one-key-skk", MANY, pixels_one_key, {"skk": ()}, moves=("colours", "signs"), images=20, public=True),
    Attack("one-key-etc", MANY, etc_one_key, {"etc": BLOCK}, moves=("turns", "complement", "colours"), images=50, public=True),
    Attack("one-key-grey", MANY, grey_jigsaw, {"etc-gray": BLOCK}, moves=("turns", "complement"), images=50, public=True),
    Attack("one-key-ele", MANY, ele_one_key, {"ele": SPLIT}, moves=("turns", "complement", "colours"), images=100, public=True),
    Attack("one-key-ffx", MANY, ffx_one_key, {"ffx": BLOCK}, images=100, public=True),
)  # fmt: skip
names = tuple(attack.name for attack in CATALOGUE)


def by_name(name: str) -> Attack:
    """An attack by its name.

    >>> by_name("table-reader").threat
    'chosen plaintext'
    """
    for attack in CATALOGUE:
        if attack.name == name:
            return attack
    raise ValueError(f"unknown attack {name!r}; known: {', '.join(names)}")
