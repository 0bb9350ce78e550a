"""The oracle keeps count, budget and secret; attacks import neither schemes nor keys."""

import ast
import gc
import types
from pathlib import Path

import numpy as np
import pytest

from lib import Key
from lib.attacks import Oracle, check_ciphers, oracle_for
from lib.schemes import SKK, OneTimePad, Tanaka

IMAGES = np.random.default_rng(5).integers(0, 256, (4, 8, 8, 3), np.uint8)
MODULES = sorted((Path(__file__).parents[2] / "lib" / "attacks").rglob("*.py"))


INSIDE = ("__dict__", "__func__", "__self__", "__wrapped__", "__defaults__", "__kwdefaults__")


def leads_to(start, wanted):
    """Whether something of a class in `wanted` can be reached from `start` by attributes, items and
    closures."""
    seen, todo = {id(start)}, [start]
    while todo:
        thing = todo.pop()
        if isinstance(thing, wanted):
            return True
        names = [name for name in dir(thing) if not name.startswith("__") or name in INSIDE]
        found = [getattr(thing, name, None) for name in names]
        found += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
        found += (
            list(thing.values())
            if isinstance(thing, dict)
            else list(thing)
            if isinstance(thing, list | tuple)
            else []
        )
        for each in found:
            if (
                not isinstance(each, types.ModuleType | type | str | bytes | int | float | np.ndarray)
                and id(each) not in seen
            ):
                seen.add(id(each))
                todo.append(each)
    return False


class Leaky(Oracle):
    """An oracle with a planted leak: it keeps what it asks."""

    __slots__ = ("ask",)

    def __init__(self, encrypt):
        super().__init__(encrypt)
        self.ask = encrypt


@pytest.mark.parametrize(
    "scheme", [SKK(Key.from_seed(3)), SKK(Key.from_seed(3), per_image=True), Tanaka(Key.from_seed(3))]
)
def test_nothing_reachable_from_an_oracle_leads_to_the_key(scheme):
    oracle = oracle_for(scheme)
    oracle(IMAGES)
    assert not leads_to(oracle, (Key, type(scheme)))
    assert leads_to(Leaky(scheme.encrypt), (Key, type(scheme))), "the walk would find a leak"


def test_an_oracle_counts_and_stops_at_its_budget():
    oracle = Oracle(SKK(Key.from_seed(3)).encrypt, budget=4)
    oracle(IMAGES[:3])
    assert oracle.queries == 3
    with pytest.raises(PermissionError, match="3 of 4 queries are used, and 2 more"):
        oracle(IMAGES[:2])
    oracle(IMAGES[0])
    assert oracle.queries == 4
    for name in ("queries", "budget"):
        with pytest.raises(AttributeError):
            setattr(oracle, name, 0)


def test_a_refused_question_is_not_counted_and_the_next_is_answered():
    oracle = oracle_for(SKK(Key.from_seed(3)))
    with pytest.raises(ValueError, match="3 channels"):
        oracle(IMAGES[..., :2])
    assert oracle.queries == 0
    assert (oracle(IMAGES) == SKK(Key.from_seed(3)).encrypt(IMAGES)).all() and oracle.queries == 4


def test_a_key_per_image_means_a_new_id_for_every_query():
    scheme = OneTimePad(Key.from_seed(3))
    oracle = oracle_for(scheme)
    answers = np.concatenate([oracle(IMAGES[:2]), oracle(IMAGES[2:])])
    assert (answers == scheme.encrypt(IMAGES, ids=range(4))).all()


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield f"{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", [p for p in MODULES if p.stem != "matrix"], ids=lambda path: path.stem)
def test_an_attack_imports_neither_schemes_nor_keys(path):
    bad = [
        name for name in imports(path) if name.startswith(("lib.schemes", "lib.keys")) or name == "lib.Key"
    ]
    assert not bad


def test_the_walk_over_imports_sees_them():
    assert {"lib.schemes", "lib.Key"} <= set(imports(Path(__file__)))


@pytest.mark.parametrize(
    "ciphers, error, says",
    [
        (IMAGES[0], ValueError, r"a batch.*\(8, 8, 3\); one image is x\[None\]"),
        (IMAGES / 255, TypeError, "uint8"),
        (IMAGES[:, :6], ValueError, "not a multiple of block 4"),
        ([1, 2], TypeError, "np.stack"),
    ],
    ids=["one image", "floats", "size", "list"],
)
def test_ciphers_that_do_not_fit_are_refused(ciphers, error, says):
    with pytest.raises(error, match=says):
        check_ciphers(ciphers, 4)


def test_results_do_not_keep_the_oracle():
    from lib.attacks.chosen_plaintext.table_reader import table_reader

    scheme = SKK(Key.from_seed(3))
    result = table_reader(oracle_for(scheme), scheme.encrypt(IMAGES))
    assert not [r for r in gc.get_referents(result) if isinstance(r, Oracle)] and not leads_to(
        result, (Oracle, Key, SKK)
    )
