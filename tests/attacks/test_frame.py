"""The oracle keeps count and budget; a declaration is an attack; attacks import neither schemes nor keys."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib import Key
from lib.attacks import MANY, ONE, AttackResult, Known, Oracle, attack, check_ciphers, in_colour, oracle_for
from lib.attacks.catalogue import CATALOGUE, by_name
from lib.attacks.chosen_plaintext.table_reader import queries_needed
from lib.schemes import NO_KEY, SKK, CompressionFriendly, GrayscaleEtC, OneTimePad, Tanaka

IMAGES = np.random.default_rng(5).integers(0, 256, (4, 8, 8, 3), np.uint8)
MODULES = sorted((Path(__file__).parents[2] / "lib" / "attacks").rglob("*.py"))


def test_an_oracle_counts_and_stops_at_its_budget():
    oracle = Oracle(SKK(Key.from_seed(3)).encrypt, budget=4)
    oracle(IMAGES[:3])
    assert oracle.queries == 3
    with pytest.raises(PermissionError, match="3 of 4 queries are used, and 2 more"):
        oracle(IMAGES[:2])
    oracle(IMAGES[0])
    assert oracle.queries == 4


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


def test_the_result_says_what_an_attack_cost_however_it_is_called():
    oracle = oracle_for(SKK(Key.from_seed(3)), budget=9)
    oracle(IMAGES)
    ciphers, slow = oracle.encrypt(IMAGES), by_name("table-reader").function
    for result in (
        slow(oracle, ciphers),
        by_name("table-reader").run(Known(ciphers, oracle=Oracle(oracle.encrypt))),
    ):
        assert result.queries == queries_needed(IMAGES.shape[1:]) == 4 and result.seconds > 0
    assert oracle.queries == 8


def test_one_function_declared_twice_is_two_attacks():
    @attack("later", MANY, fits=in_colour, images=7)
    @attack("sooner", ONE, fits=in_colour, told=("block",), rank=3)
    def nothing(ciphers, block=1):
        """What it says."""
        return AttackResult(ciphers, confidence=0.5)

    assert nothing.__doc__ == "What it says." and nothing(IMAGES).seconds > 0
    sooner, later = nothing.attacks
    assert (sooner.name, sooner.threat, sooner.told, sooner.rank) == ("sooner", ONE, ("block",), 3)
    assert (later.name, later.threat, later.images) == ("later", MANY, 7)
    assert later.function is sooner.function is nothing


def test_attacks_on_many_ciphertexts_want_one_key_and_none_is_for_a_control():
    one_key, each = SKK(NO_KEY), SKK(NO_KEY, per_image=True)
    assert by_name("one-key-skk").fits(one_key) and not by_name("one-key-skk").fits(each)
    assert by_name("likeliest").fits(each) and not by_name("likeliest").fits(Tanaka(NO_KEY))
    assert by_name("jigsaw-grey").fits(GrayscaleEtC(NO_KEY)) and not by_name("jigsaw").fits(
        GrayscaleEtC(NO_KEY)
    )
    assert not any(each.fits(OneTimePad(NO_KEY)) for each in CATALOGUE)
    assert by_name("pairs-tanaka").options(Tanaka(NO_KEY, block=8)) == {"block": 8, "bits": 4}
    assert by_name("pairs-etc").options(CompressionFriendly(NO_KEY, block=16)) == {"block": 8}, "its pieces"


def test_the_catalogue_comes_without_torch():
    code = "import sys, lib.attacks.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
