"""The contracts between the rooms of `lib`, which import-linter checks; they stand in pyproject.toml."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

CONFIG = Path(__file__).parents[1] / "pyproject.toml"


def kept(path: Path) -> bool:
    """Whether all contracts of a file are kept."""
    return lint_imports(str(path), no_cache=True) == 0


def test_arrows_go_down_only():
    assert kept(CONFIG)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"attacks",\n    "training",', '"training",\n    "attacks",'),
        ('["lib.schemes", "lib.keys"]', '["lib.table"]'),
        ('    "formats | atomic",\n', ""),
    ],
    ids=["an arrow that goes up", "what attacks must not import", "a room that is not in the plan"],
)
def test_what_breaks_a_contract_is_found(tmp_path, right, wrong):
    text = CONFIG.read_text()
    assert right in text
    config = tmp_path / "pyproject.toml"
    config.write_text(text.replace(right, wrong))
    assert not kept(config)
