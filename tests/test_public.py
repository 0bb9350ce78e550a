"""Every public function and class of `lib` is documented, and its arguments are annotated."""

import ast
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib"
MODULES = sorted(LIB.rglob("*.py"))


def public(tree: ast.Module):
    """(name, node) of public functions, classes and methods; what `__init__` takes is told in its class."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and (inner.name == "__init__" or inner.name[0] != "_"):
                    yield f"{node.name}.{inner.name}", inner


def undocumented(tree: ast.Module, told: set = frozenset()) -> list[str]:
    """Names without a docstring; a method that overrides a documented one needs none of its own."""
    return [
        name for name, node in public(tree) if not ast.get_docstring(node) and name.split(".")[-1] not in told
    ]


def bare(tree: ast.Module) -> list[str]:
    """Arguments without an annotation, as function(argument)."""
    return [
        f"{name}({argument.arg})"
        for name, node in public(tree)
        if isinstance(node, ast.FunctionDef)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if argument.annotation is None and argument.arg not in FREE
    ]


TOLD = {"__init__", "forward", "main", "preprocess", "preprocess_cell"}
"""Told elsewhere: by the class, by the contract of torch or of nbconvert, by the module."""
FREE = {"self", "cls", "answer", "nb", "cell", "resources", "index"}
"""Without annotation: an exercise's answer, which may be anything, and what nbconvert hands on."""
TOLD |= {"key_bits", "published_key_bits", "block_key_bits", "changed", "invertible"}  # by the class above


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIB).as_posix())
def test_what_is_public_is_documented_and_annotated(path):
    tree = ast.parse(path.read_text())
    assert not undocumented(tree, TOLD)
    assert not bare(tree)


def test_what_is_missing_is_found():
    tree = ast.parse("def a(x, y: int): pass\ndef _b(x): pass\nclass C:\n 'd'\n def e(self, z): 'd'")
    assert undocumented(tree) == ["a"] and bare(tree) == ["a(x)", "C.e(z)"]
