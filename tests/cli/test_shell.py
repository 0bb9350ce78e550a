"""The shell as a whole: `lib.cli.shell` and `lib.cli.options`."""

import re
import subprocess
import sys
from dataclasses import fields
from types import SimpleNamespace

import pytest

from lib import models
from lib.__main__ import COMMANDS
from lib.cli import shell
from lib.cli.commands.train import RECIPE
from lib.cli.shell import build_parser
from lib.schemes import by_name, controls, names
from lib.training import Recipe
from tests.cli.helpers import ROOT, lib


def test_interrupt_says_how_to_go_on(capsys):
    def interrupt(args):
        raise KeyboardInterrupt

    wait = SimpleNamespace(
        HELP="", __name__="lib.wait", __doc__="", arguments=lambda parser: None, run=interrupt
    )
    assert shell.main((wait,), ["wait"]) == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def test_a_flag_with_dashes_for_a_value_lacks_one(capsys):
    assert lib("encrypt", "plain", "cipher", "--scheme", "tanaka", "--key=--") == 2
    assert "--key=--: a value is missing" in capsys.readouterr().err


def test_the_shell_has_every_field_of_the_recipe_and_tells_its_defaults():
    assert tuple(field.name for field in fields(Recipe)) == tuple(RECIPE)
    parser = build_parser(COMMANDS)._subparsers._group_actions[0].choices["train"]
    told = {action.dest: action.help for action in parser._actions}
    for name in ("epochs", "batch", "rate", "weight_decay", "smoothing", "crop", "seed"):
        assert f"{getattr(Recipe(), name):g} if not given" in told[name]
    assert "before encryption (if not given)" in told["augment"] and Recipe().augment == "before"
    assert "none if not given" in told["average"] and Recipe().average == 0


@pytest.mark.parametrize("name", [*names, *controls])
def test_a_scheme_has_the_options_of_its_class(name):
    parser = build_parser(COMMANDS)._subparsers._group_actions[0].choices["encrypt"]
    actions = {action.dest: action for action in parser._actions}
    for option, line in by_name(name).options.items():
        assert line in actions[option].help and actions[option].default is None
        assert parser.parse_args(["a", "b", "--key", "k", "--scheme", name]).scheme == name


def test_help_lists_networks_and_the_first_help_needs_no_torch(capsys):
    assert lib("train", "--help") == 0
    words = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert {*models.names, *models.adaptations} <= words
    names = ("torch", "pydantic", "matplotlib")
    code = f"import sys; from lib.__main__ import main; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
