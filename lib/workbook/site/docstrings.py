"""What is public in this package, read from its source: modules, classes, functions, values, each with its
docstring.

The source is parsed, not imported: no module runs, and PyTorch need not start. Public is what has no leading
underscore; a value, only if a string stands below it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# programs; and what exercises ask for stands in the lessons
HIDDEN = "__main__", "lib.workbook.checks.lesson_"


@dataclass(frozen=True)
class Entry:
    """A class, function, method, property or value: its name in the module, kind, signature, docstring ("" if
    none).

    bases     of a class: dotted names, as far as they lead into this package
    members   of a class: its own public methods and properties
    """

    name: str
    kind: str
    signature: str
    doc: str
    bases: tuple[str, ...] = ()
    members: tuple["Entry", ...] = ()


@dataclass(frozen=True)
class Module:
    """A module: dotted name, docstring, entries in the order of the source, and what its names mean: {alias:
    dotted name}."""

    name: str
    doc: str
    entries: tuple[Entry, ...]
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.name}.html"


def modules(package: Path) -> dict[str, Module]:
    """All public modules of a package, by dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not any(hidden in name for hidden in HIDDEN):
            found[name] = module(name, path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def module(name: str, source: str) -> Module:
    """A module from its source.

    >>> [entry.signature for entry in module("lib.a", "def f(x: int, *, y=2) -> str: 'Text.'").entries]
    ['f(x: int, *, y=2) -> str']
    """
    tree = ast.parse(source)
    known = imported(tree)
    aliases = known | {
        node.name: f"{name}.{node.name}" for node in tree.body if isinstance(node, ast.ClassDef)
    }
    return Module(name, ast.get_docstring(tree) or "", tuple(_entries(tree.body, aliases)), known)


def imported(tree: ast.AST) -> dict[str, str]:
    """What the imports from this package call things: {alias: dotted name}, wherever in the code they
    stand."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lib":
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                alias.asname or "lib": alias.name if alias.asname else "lib"
                for alias in node.names
                if alias.name.split(".")[0] == "lib"
            }
    return found


def _entries(body, aliases, inside="") -> Iterator[Entry]:
    for node, after in zip(body, [*body[1:], None]):
        if isinstance(node, ast.ClassDef) and _public(node.name):
            yield _class(node, aliases)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _public(node.name):
            yield _function(node, inside)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _text(after):
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in names:
                if isinstance(target, ast.Name) and _public(target.id):
                    yield Entry(target.id, "value", target.id, _text(after))


def _public(name):
    return not name.startswith("_") and name != "main"


def _text(node) -> str:
    """The docstring of the value above it, or ""."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return node.value.value.strip()
    return ""


def _function(node, inside):
    marks = {ast.unparse(mark).split("(")[0] for mark in node.decorator_list}
    if inside and {"property", "cached_property"} & marks:
        return Entry(node.name, "property", node.name + _returns(node), ast.get_docstring(node) or "")
    bound = bool(inside) and "staticmethod" not in marks
    signature = f"{node.name}({_arguments(node, bound)}){_returns(node)}"
    return Entry(node.name, "method" if inside else "function", signature, ast.get_docstring(node) or "")


def _returns(node):
    return f" -> {ast.unparse(node.returns)}" if node.returns else ""


def _arguments(node, bound):
    text = ast.unparse(node.args)
    return text.partition(",")[2].strip() if bound else text


def _class(node, aliases):
    bases = tuple(aliases[name] for base in node.bases if (name := ast.unparse(base)) in aliases)
    own = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    is_data = any("dataclass" in ast.unparse(mark) for mark in node.decorator_list)
    fields = [ast.unparse(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    if own:
        arguments = f"({_arguments(own[0], True)})"
    elif is_data or "NamedTuple" in [ast.unparse(base) for base in node.bases]:
        arguments = f"({', '.join(fields)})"
    else:
        arguments = ""
    doc = "\n\n".join(filter(None, [ast.get_docstring(node), own and ast.get_docstring(own[0])]))
    members = tuple(_entries(node.body, aliases, node.name))
    return Entry(node.name, "class", node.name + arguments, doc, bases, members)


class Names:
    """Where on the site a name of this package is explained."""

    def __init__(self, found: dict[str, Module]):
        self.modules = found
        classes: dict[str, set[str]] = {}
        for each in found.values():
            for entry in each.entries:
                if entry.kind == "class":
                    classes.setdefault(entry.name, set()).add(f"{each.name}.{entry.name}")
        self.classes = {name: where.copy().pop() for name, where in classes.items() if len(where) == 1}

    def find(
        self, dotted: str, seen: tuple[str, ...] = ()
    ) -> tuple[Module, Entry | None, Entry | None] | None:
        """(module, entry, member) of a dotted name from `lib` on, followed through imports and base classes;
        or None."""
        owner, parts = self._module(dotted)
        if owner is None or dotted in seen:
            return None
        if not parts:
            return owner, None, None
        entry = next((entry for entry in owner.entries if entry.name == parts[0]), None)
        if entry is None:
            further = owner.aliases.get(parts[0])
            return self.find(".".join([further, *parts[1:]]), (*seen, dotted)) if further else None
        if len(parts) == 1:
            return owner, entry, None
        member = next((member for member in entry.members if member.name == parts[1]), None)
        if member:
            return owner, entry, member
        bases = (self.find(f"{base}.{parts[1]}", (*seen, dotted)) for base in entry.bases)
        return next(filter(None, bases), None)

    def _module(self, dotted):
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            if (name := ".".join(parts[:length])) in self.modules:
                return self.modules[name], parts[length:]
        return None, parts

    def url(self, dotted: str) -> str | None:
        """The page, with an anchor below the module's name; or None."""
        found = self.find(dotted)
        if found is None:
            return None
        owner, *rest = found
        anchor = ".".join(entry.name for entry in rest if entry)
        return owner.url + (f"#{anchor}" if anchor else "")

    def url_of_span(self, span: str, aliases: dict[str, str]) -> str | None:
        """Where a code span in prose leads, such as `Tanaka`, `Key.generate()` or `lib.metrics`; or None.

        aliases   what the page's own imports call things; an other bare name leads somewhere only if it is a
                  class's own
        """
        name = (
            span.split("(")[0].removesuffix(".py").replace("/", ".")
            if span.startswith("lib/")
            else span.split("(")[0]
        )
        if not all(part.isidentifier() for part in name.split(".")):
            return None
        first, _, rest = name.partition(".")
        start = "lib" if first == "lib" else aliases.get(first) or self.classes.get(first)
        return self.url(".".join(filter(None, [start, rest]))) if start else None
