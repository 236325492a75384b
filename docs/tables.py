# ruff: noqa: INP001 - a script, not a package
"""Writes the tables of the documentation that follow from the code: settings, errors, fields without effect.

`python docs/tables.py` writes them between their marks in docs/*.md; `python docs/tables.py --check` changes
nothing and exits with 1 when one is out of date (a test does the same).
"""

import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from recto import errors
from recto.settings import Settings
from recto.wire.extract import AsyncExtractConfig
from recto.wire.model import NO_EFFECT, NOT_SERVED, REFUSED, key_of, rule_of
from recto.wire.parse import AsyncParseConfig

DOCS = Path(__file__).parent
END = "<!-- end of table -->"
HEAD_ROWS = 2
BASES = (errors.RectoError, errors.BadInput, errors.Refused, errors.OurFault)
"""Branches of the tree; only their leaves are raised."""


def settings_table() -> list[str]:
    """One row per setting."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `RECTO_{name.upper()}` | {_default(field)} | {field.description}. |")
    return rows


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "number of processors"
    if field.default is None or field.default == ():
        return ""
    if isinstance(field.default, tuple):
        return f"`{','.join(map(str, field.default))}`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def errors_table() -> list[str]:
    """One row per kind of error, by HTTP status."""
    rows = ["| HTTP status | Name | May the same call work later? | Meaning |", "|---|---|---|---|"]
    for kind in sorted(_leaves(errors.RectoError), key=lambda one: (one.status, one.name, one.__name__)):
        meaning = " ".join((kind.__doc__ or "").split())
        rows.append(f"| {kind.status} | `{kind.name}` | {'yes' if kind.retryable else 'no'} | {meaning} |")
    return rows


def _leaves(kind: type[errors.RectoError]) -> Iterator[type[errors.RectoError]]:
    if kind not in BASES:
        yield kind
    for child in kind.__subclasses__():
        yield from _leaves(child)


def fields_table() -> list[str]:
    """One row per field of a parse request that nothing obeys yet, or never will."""
    return _without_effect(AsyncParseConfig, "")


def extract_fields_table() -> list[str]:
    """The same of an extract request, but for what it shares with a parse."""
    shared = ("parsing.", "input.", "async.")
    rows = _without_effect(AsyncExtractConfig, "", shared)
    return rows if len(rows) > HEAD_ROWS else ["Every field has its effect; what needs a model says so."]


def _without_effect(model: type[BaseModel], at: str, but: tuple[str, ...] = ()) -> list[str]:
    told = {NOT_SERVED: "ignored, with a warning", NO_EFFECT: "accepted, no effect", REFUSED: "refused (422)"}
    rows = ["| Field | What it asks for | What happens |", "|---|---|---|"]
    for path, field in _fields(model, at):
        what = told.get(rule_of(field) or "")
        if what and not path.startswith(but):
            meaning = (field.description or "").partition(" Rule:")[0]
            rows.append(f"| `{path}` | {meaning} | {what} |")
    return rows


def _fields(model: type[BaseModel], at: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        path = at + key_of(name, field)
        yield path, field
        if rule_of(field) in {NOT_SERVED, NO_EFFECT, REFUSED}:
            continue  # what is inside shares its fate
        for inner in _models(field.annotation):
            yield from _fields(inner, f"{path}.")


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]


TABLES: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "settings": ("settings.md", settings_table),
    "errors": ("errors.md", errors_table),
    "fields": ("compatibility.md", fields_table),
    "extract fields": ("extract.md", extract_fields_table),
}


def renewed(text: str, name: str, rows: list[str]) -> str:
    """The page's text with the rows between the marks of that name; ValueError without the marks."""
    before, mark, rest = text.partition(f"<!-- table: {name} -->\n")
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"the page has no marks for the table {name!r}")
    return before + mark + "\n".join(rows) + "\n" + end + after


def main(check: bool) -> int:
    """Write the tables, or only say which are out of date."""
    stale = 0
    for name, (page, make) in TABLES.items():
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        fresh = renewed(text, name, make())
        if fresh != text:
            stale += 1
            if not check:
                path.write_text(fresh, encoding="utf-8")
            sys.stdout.write(f"docs/{page}: the table {name} {'is out of date' if check else 'is renewed'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main("--check" in sys.argv[1:]))
