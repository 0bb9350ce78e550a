"""What our files of JSON hold: each kind is a model, which reads and checks them and names the wrong field.

    class Note(Format):
        KIND = "note"
        format: Literal["learnable image encryption note"]
        version: Literal[1]  # of several, the first is written, and all are read
        stars: int = Field(ge=0, le=5, description="stars, from 0 to 5")

    note = read(Note, "note.json")  # or parse(Note, text, "the note"), or check(Note, fields, "the note")
    write_json(path, Note.new(stars=4).model_dump())

Types are taken strictly (no "7" for 7), numbers are finite, unknown fields are refused. Pydantic takes a
third of a second to import, so what `import lib` needs imports this only to open a file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lib.files import check_file

HEAD = ("format", "version")  # fields of one value, which a file begins with


class Format(BaseModel):
    """A kind of file, or a part of one. A field's `description` is what an error says was expected of it;
    `repr=False` hides what it holds. A validator raises ValueError with the reason alone.

    KIND   what such a file is called: "key file"
    WAY    how to get a good one
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    KIND: ClassVar[str] = "file of this workbook"
    WAY: ClassVar[str] = "restore it from a copy"

    @classmethod
    def new(cls, **fields) -> Self:
        """One with these fields, and with the format and version that this package writes."""
        return cls(**{name: _literal(cls, name) for name in HEAD if name in cls.model_fields}, **fields)


Model = TypeVar("Model", bound=Format)


def read(model: type[Model], path: Path | str) -> Model:
    """The contents of a file of JSON. OSError; ValueError with path, field, what came, what is expected."""
    return parse(model, check_file(Path(path)).read_bytes(), str(path))


def parse(model: type[Model], text: str | bytes, name: str) -> Model:
    """The same of JSON text; `name` begins the error.

    >>> class Note(Format):
    ...     stars: int
    >>> parse(Note, '{"stars": "7"}', "this note")
    Traceback (most recent call last):
    ValueError: this note is damaged: stars is '7', expected a valid integer; restore it from a copy
    """
    return _checked(model, model.model_validate_json, text, name)


def check(model: type[Model], fields: Mapping, name: str) -> Model:
    """The same of fields in Python, such as those of a YAML file."""
    return _checked(model, model.model_validate, fields, name)


def _checked(model, validate, given, name):
    def rank(problem):  # of several errors, those of format and version are told before the rest
        first = problem["loc"][:1]
        return -1 if not first else HEAD.index(first[0]) if first[0] in HEAD else len(HEAD)

    try:
        return validate(given)
    except ValidationError as error:
        telling = min(error.errors(include_url=False), key=rank)
        raise ValueError(f"{name} {_reason(model, telling)}; {model.WAY}") from None


def _reason(model, problem) -> str:
    """What is wrong, in plain words, by the kind of error that pydantic tells."""
    kind, loc, context = problem["type"], problem["loc"], problem.get("ctx", {})
    if kind == "json_invalid":
        return f"is no {model.KIND}: it is not whole JSON ({context['error']})"
    if loc in ((), ("format",)) and "format" in model.model_fields and kind != "value_error":
        return f"is no {model.KIND}: its format field is not {_literal(model, 'format')!r}"
    if loc == ("version",):
        came = None if kind == "missing" else problem["input"]
        known = " or ".join(map(repr, model.model_fields["version"].annotation.__args__))
        return f"is a {model.KIND} of version {came!r}, this package reads {known}"
    if kind == "value_error":
        return f"is damaged: {context['error']}"
    name, top = ".".join(map(str, loc)) or "it", model.model_fields.get(loc[0]) if loc else None
    if kind in ("missing", "extra_forbidden"):
        return f"is damaged: the field {name} is {'missing' if kind == 'missing' else 'unknown here'}"
    expected = (top and top.description) or problem["msg"].removeprefix("Input should be ")
    came = repr(problem["input"])
    shown = "not right" if top and not top.repr else came if len(came) <= 60 else f"{came[:57]}..."
    return f"is damaged: {name} is {shown}, expected {expected}"


def _literal(model, name):
    return model.model_fields[name].annotation.__args__[0]
