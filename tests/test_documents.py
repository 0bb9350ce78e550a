"""What is written for contributors: the files and commands that it names exist, and names agree."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCUMENTS = ("CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff")
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*"))
MACHINE = re.compile(
    r"(?<![\w.$])/(home|root|Users|work|opt|tmp)\b|https?://(?!docs\.|arxiv)|127\.0\.0\.1|localhost"
)
NAMED = re.compile(r"(?<![\w/.])((?:lib|tests|data|notebooks|\.github)/[\w./-]*\w|pyproject\.toml)")


def lost(text):
    """Files, make targets and modules that a text names and that are not there."""
    text = re.sub(r"[\w/]*NN[\w.]*", "", text)  # lesson NN stands for any
    targets = set(re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(), re.M))
    targets = {name for names in targets for name in names.split()}
    paths = NAMED.findall(text) + [path for path in re.findall(r"\]\(([^)#]+)", text) if "://" not in path]
    found = [path for path in paths if not (ROOT / path).exists()]
    found += [f"make {name}" for name in re.findall(r"\bmake ([a-z-]+)", text) if name not in targets]
    modules = re.findall(r"python -m ((?:lib|tests)[\w.]*)", text)
    return found + [name for name in modules if importlib.util.find_spec(name) is None]


@pytest.mark.parametrize("name", DOCUMENTS[:2])
def test_what_a_document_names_is_there(name):
    assert lost((ROOT / name).read_text(encoding="utf-8")) == []


def test_what_is_not_there_is_found():
    text = "`lib/nothing.py`, [x](NOTHING.md), `make nothing`, `.venv/bin/python -m lib.nothing`, `make test`"
    assert lost(text) == ["lib/nothing.py", "NOTHING.md", "make nothing", "lib.nothing"]


def test_contributors_are_told_of_everything_that_can_be_added_and_how_it_is_checked():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.M)[1:]
    titles = [part.splitlines()[0] for part in parts]
    assert titles == ["Set up", "Add a scheme", "Add an attack", "Add a lesson", "Add a record"]
    assert all(re.search(r"```sh\n[^`]*-m pytest", part) for part in parts)


def test_the_citation_names_authors_and_version_as_licence_and_project_do():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["version"] == PROJECT["version"] and cited["license"] == PROJECT["license"]
    names = [author["name"] for author in cited["authors"]]
    assert all(name.lower() in (ROOT / "LICENSE").read_text().lower() for name in names)
    assert not {"doi", "identifiers"} & set(cited) and not any("orcid" in each for each in cited["authors"])
    assert f"version {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_a_form_that_asks_for_something(path):
    form = yaml.safe_load(path.read_text())
    assert form["name"] and len(form["description"]) > 20
    fields = [each for each in form["body"] if each["type"] != "markdown"]
    assert len({each["id"] for each in fields}) == len(fields) >= 3
    assert all(each["attributes"]["label"] for each in fields)
    assert any(each.get("validations", {}).get("required") for each in fields)


def test_there_are_three_templates():
    assert [path.name for path in TEMPLATES] == ["bug.yml", "new_scheme.yml", "wrong_statement.yml"]


@pytest.mark.parametrize(
    "path", [*(ROOT / name for name in DOCUMENTS), *TEMPLATES], ids=lambda path: path.name
)
def test_no_place_of_a_machine_is_named(path):
    assert not MACHINE.search(path.read_text(encoding="utf-8"))
