"""pyproject.toml, constraints.txt, environment.yml and what is installed say the same."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [
    Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["test"] + EXTRAS["dev"] + EXTRAS["site"]
]


@pytest.mark.parametrize("requirement", REQUIRED, ids=lambda r: r.name)
def test_every_dependency_is_pinned_and_installed_as_pinned(requirement):
    assert requirement.name in PINS, f"{requirement.name} has no pin in constraints.txt"
    assert PINS[requirement.name] in requirement.specifier
    installed = importlib.metadata.version(requirement.name).split("+")[0]
    assert installed == PINS[requirement.name]


def test_the_constraints_name_no_address():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text and "@" not in text and not re.search(r"^-", text, re.M)


def test_the_conda_environment_points_at_the_same_files():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert environment["name"] == PROJECT["name"] and "pip" in conda
    python = next(text.split("=")[1] for text in conda if text.startswith("python="))
    assert python in SpecifierSet(PROJECT["requires-python"])
    constraints, package = pip["pip"]
    assert (ROOT / constraints.removeprefix("-c ")).is_file()
    extras = re.fullmatch(r"-e \.\[(.*)\]", package)[1].split(",")
    assert set(extras) <= set(EXTRAS)
    makefile = (ROOT / "Makefile").read_text()
    assert f"EXTRAS ?= {','.join(extras)}" in makefile


def test_importing_lib_and_its_schemes_is_light():
    heavy = "torch", "torchvision", "numba", "matplotlib", "skimage", "PIL"
    code = f"import sys, lib, lib.schemes; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_only_figures_imports_matplotlib_and_nothing_pickles():
    for path in (ROOT / "lib").rglob("*.py"):
        text = path.read_text()
        inside = "figures" in path.relative_to(ROOT).parts
        assert inside or not re.search(r"^\s*(from|import) matplotlib", text, re.M), path
        assert "pickle" not in re.findall(r"^\s*(?:from|import) (\w+)", text, re.M), path


@pytest.mark.parametrize("order", [["check"], ["format", "--check"]], ids=" ".join)
def test_code_is_linted_and_formatted(order):
    command = [sys.executable, "-m", "ruff", *order, "--no-cache", "lib", "tests", "conftest.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
