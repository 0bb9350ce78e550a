"""A scheme is one file, and so is an attack: dropped into a copy of the package, they are there for shell,
catalogue and tests, and none of the others fails."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.photos import photo

ROOT = Path(__file__).parents[2]
SCHEME = '''
"""The pixels of every block in one secret order, and half of their bytes as 255 - v, or not."""

import numpy as np

from lib.schemes.base import BlockScheme, check_flag
from lib.table import Structure, Table


class SwappedPixels(BlockScheme):
    """Pixels of a block in a secret order; with `negative`, bytes at secret places become 255 - v."""

    name = "swapped-pixels"
    structure = Structure.SAME_BLOCKS
    options = BlockScheme.options | {"negative": "whether some bytes become 255 - v"}

    def __init__(self, key, block: int = 4, *, negative: bool = True, **shared):
        super().__init__(key, block, **shared)
        self.negative = check_flag("negative", negative)

    def _steps(self, shape, image):
        order = self.key.permutation(self.stream("order"), self.block**2, image)
        steps = {"swap": Table(shape, self.block, orders=(3 * order[:, None] + np.arange(3)).ravel())}
        if self.negative:
            signs = self.key.bytes(self.stream("signs"), self.size, image=image) % 2 * np.uint8(255)
            steps["negative"] = Table(shape, self.block, masks=signs)
        return steps
'''
ATTACK = '''
"""What a cipher that stays in its blocks cannot hide: their means, but for complements."""

from lib.attacks import ONE, AttackResult, attack, on
from lib.table import Structure


@attack("block-means", ONE, fits=on(Structure.SAME_BLOCKS), told=("block",))
def block_means(ciphers, block):
    """(n, h, w, 3) uint8, each block in its mean colour."""
    n, h, w, _ = ciphers.shape
    means = ciphers.reshape(n, h // block, block, w // block, block, 3).mean((2, 4)).astype("uint8")
    return AttackResult(means.repeat(block, 1).repeat(block, 2))
'''
READ = """
import json
from lib import Key
from lib.attacks import CHOSEN, PAIRS, Known, oracle_for
from lib.attacks.catalogue import CATALOGUE
from lib.photos import photo
from lib.schemes import by_name

scheme = by_name("swapped-pixels")(Key.from_seed(7))
pair, secret = photo("hopper", 96)[None], photo("coffee", 96)[None]
known = Known(scheme.encrypt(secret), oracle_for(scheme), pair, scheme.encrypt(pair))
fitting = [attack for attack in CATALOGUE if attack.fits(scheme) and attack.threat in (CHOSEN, PAIRS)]
found = {attack.name: attack.run(known, **attack.options(scheme)).estimate for attack in fitting}
print(json.dumps({name: float((estimate == secret).mean()) for name, estimate in found.items()}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package and its tests, with a scheme and an attack more."""
    folder = tmp_path_factory.mktemp("copy")
    for part in ("lib", "tests"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "lib" / "schemes" / "swapped_pixels.py").write_text(SCHEME)
    (folder / "lib" / "attacks" / "block_means.py").write_text(ATTACK)
    return folder


def python(copy, *arguments):
    """What Python says that finds the copy, and no other `lib`."""
    environment = os.environ | {"PYTHONPATH": str(copy), "HYPOTHESIS_PROFILE": "few"}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_it_passes_the_tests_of_every_scheme_and_no_other_test_fails(copy):
    others = "tanaka or ele or skk or etc or shf or np or ffx or otp or as_published"
    others += " or block-pixel or restricted or cfe"
    files = ["schemes/test_every_scheme.py", "test_known_answers.py", "attacks/test_frame.py"]
    files += ["workbook/test_attack_matrix.py", "workbook/checks/test_lesson_42.py"]
    names = [copy / "tests" / name for name in files]
    chosen = f"swapped-pixels or not ({others})"
    said = python(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-rA", "-k", chosen, *names)
    for name in (
        "paper_or_its_public_code",
        "decryption_is_exact",
        "every_part_of_a_key",
        "class_says_of_it",
    ):
        assert any(name in line and "[swapped-pixels 2x2]" in line for line in said.splitlines()), name


def test_it_is_read_by_the_attacks_that_fit_it(copy):
    exact = json.loads(python(copy, "-c", READ))
    assert set(exact) == {"table-reader", "helper-blocks", "fewest-tanaka", "pairs-tanaka"}
    assert exact["table-reader"] == exact["helper-blocks"] == exact["fewest-tanaka"] == 1
    assert exact["pairs-tanaka"] == 1


def test_the_shell_has_both_with_options_of_their_own(copy, tmp_path):
    plain = photo("chelsea", 96)
    Image.fromarray(plain).save(tmp_path / "plain.png")
    at = {name: tmp_path / name for name in ("plain.png", "cipher.png", "again.png", "key.json", "seen")}
    python(copy, "-m", "lib", "key", "new", at["key.json"])
    scheme = ["--scheme", "swapped-pixels", "--block", "8", "--no-negative", "--key", at["key.json"]]
    python(copy, "-m", "lib", "encrypt", at["plain.png"], at["cipher.png"], *scheme)
    python(copy, "-m", "lib", "decrypt", at["cipher.png"], at["again.png"], "--key", at["key.json"])
    cipher, again = (np.asarray(Image.open(at[name])) for name in ("cipher.png", "again.png"))
    blocks = [np.sort(x[:8, :8].reshape(64, 3), axis=0) for x in (cipher, plain)]
    assert (again == plain).all() and (cipher != plain).any() and (blocks[0] == blocks[1]).all()
    python(copy, "-m", "lib", "attack", "block-means", "--cipher", at["cipher.png"], "--out", at["seen"])
    facts = json.loads((at["seen"] / "result.json").read_text())
    assert (facts["attack"], facts["threat"], facts["images"]) == ("block-means", "one ciphertext", 1)
    seen = np.asarray(Image.open(at["seen"] / "cipher.png"))
    assert (seen[:8, :8] == plain[:8, :8].mean((0, 1)).astype(np.uint8)).all()
