"""The form of a model's answer: a schema in, the JSON schema to ask for out; and an answer in that form read back.

A value is asked for as {"value": ..., "lines": [...]}. Within the entries of a list values are plain and the entry
itself names its lines, which saves most of the tokens of long lists. An object without properties is asked for as a
list of named facts. What is read may be looser than what was asked for: plain values, lines as texts, missing keys.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from recto.document.schema import SchemaField
from recto.results.extract.answers import NOTHING, Said, Tree
from recto.results.extract.coerce import coerced
from recto.results.extract.verify import plain_letters

VALUE, LINES, NAME = "value", "lines", "name"
ENTRY_LINES = "_lines"
"""Key of an entry's lines; longer where the schema has a property of that name."""
LONGEST_DESCRIPTION = 400
"""Letters of a field's description that a model is told."""
MOST_LINES = 200
"""Lines named for one value that are taken over."""

_NUMBER = re.compile(r"\d{1,9}")


def answer_schema(field: SchemaField) -> dict[str, Any]:
    """The JSON schema of an answer, in the strict form: every key required, none besides."""
    return _schema(field, plain=False)


def _schema(field: SchemaField, *, plain: bool) -> dict[str, Any]:
    if field.type == "object":
        if not field.properties:
            return {"type": "array", "items": _closed({NAME: {"type": "string"}, **_cited({"type": _OPEN})})}
        return _closed({one.name: _schema(one, plain=plain) for one in field.properties})
    if field.items is not None:
        return {"type": "array", "items": _entry_schema(field.items, plain=plain)}
    return _value_schema(field) if plain else _closed(_cited(_value_schema(field)))


def _entry_schema(items: SchemaField, *, plain: bool) -> dict[str, Any]:
    if items.type == "object" and items.properties:
        inner = {one.name: _schema(one, plain=True) for one in items.properties}
        return _closed({entry_key(items): _NUMBERS, **inner})
    return _schema(items, plain=plain)


_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number"}
_OPEN = ["string", "number", "boolean", "null"]
_NUMBERS = {"type": "array", "items": {"type": "integer"}}


def _cited(value: dict[str, Any]) -> dict[str, Any]:
    return {VALUE: value, LINES: _NUMBERS}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _value_schema(field: SchemaField) -> dict[str, Any]:
    if field.enum:
        kinds = dict.fromkeys(_JSON_TYPES[type(one)] for one in field.enum if one is not None)
        return {"type": [*kinds, "null"], "enum": [*(one for one in field.enum if one is not None), None]}
    return {"type": _OPEN} if field.type == "any" else {"type": [field.type, "null"]}


def entry_key(items: SchemaField) -> str:
    """The key under which an entry of a list names its lines."""
    key = ENTRY_LINES
    while any(one.name == key for one in items.properties):
        key = f"_{key}"
    return key


def described(field: SchemaField) -> str:
    """The fields as a list for the model, one a line: path, type, what is said of it."""
    return (
        "\n".join(_described(one) for one in field.leaves() if one.path) or "- every fact the document states"
    )


def _described(field: SchemaField) -> str:
    kind = field.type
    if field.enum:
        kind = "one of " + ", ".join(repr(one) for one in field.enum)
    elif field.format:
        kind = field.format
    title = field.title if plain_letters(field.title) != plain_letters(field.name) else ""
    about = " ".join(f"{title} {field.description}".split())[:LONGEST_DESCRIPTION]
    return f"- {field.path}: {kind}" + (f" ({about})" if about else "")


def skeleton(field: SchemaField) -> Any:
    """The form of the answer as an example, for models that are not held to a JSON schema."""
    return _skeleton(field, plain=False)


def _skeleton(field: SchemaField, *, plain: bool) -> Any:
    if field.type == "object":
        if not field.properties:
            return [{NAME: "string", VALUE: "string", LINES: [1]}]
        return {one.name: _skeleton(one, plain=plain) for one in field.properties}
    if field.items is not None:
        items = field.items
        if items.type == "object" and items.properties:
            return [
                {entry_key(items): [1], **{one.name: _skeleton(one, plain=True) for one in items.properties}}
            ]
        return [_skeleton(items, plain=plain)]
    shown = f"{field.type} or null"
    return shown if plain else {VALUE: shown, LINES: [1]}


class AnswerReader:
    """Reads answers in this form; `first` to `last` are the lines that were shown."""

    def __init__(self, first: int, last: int, *, day_first: bool = True) -> None:
        self._first, self._last = first, last
        self._day_first = day_first

    def read(self, answer: object, field: SchemaField) -> Tree:
        """The answer as values in the schema's types. Keys the schema does not have are left out."""
        return self._read(answer, field, None)

    def _read(self, answer: object, field: SchemaField, lines: tuple[tuple[int, ...], int] | None) -> Tree:
        if field.type == "object":
            if not field.properties:
                return self._facts(answer)
            found = _by_name(answer, field)
            return {one.name: self._read(found.get(one.name), one, lines) for one in field.properties}
        if field.items is not None:
            return [
                inner
                for one in _entries(answer)
                if (inner := self._entry(one, field.items, lines)) is not None
            ]
        return self._said(answer, field, lines)

    def _entry(
        self, answer: object, items: SchemaField, lines: tuple[tuple[int, ...], int] | None
    ) -> Tree | None:
        if items.type == "object" and items.properties:
            if not isinstance(answer, dict):
                return None
            own = self._numbers(cast("dict[str, Any]", answer).get(entry_key(items)))
            found = self._read(answer, items, own if own[0] or own[1] or lines is None else lines)
            return None if _is_empty(found) else found
        found = self._read(answer, items, lines)
        return None if _is_empty(found) else found

    def _said(self, answer: object, field: SchemaField, lines: tuple[tuple[int, ...], int] | None) -> Said:
        named = lines or ((), 0)
        if isinstance(answer, dict):
            told = cast("dict[str, Any]", answer)
            own = self._numbers(told.get(LINES, told.get(ENTRY_LINES)))
            named = own if own[0] or own[1] else named
        value = coerced(answer, field, day_first=self._day_first)
        return NOTHING if value is None else Said(value, *named)

    def _facts(self, answer: object) -> Tree:
        """Facts by their names, of an object whose properties nobody named."""
        facts: dict[str, Tree] = {}
        open_field = SchemaField("", "", "any")
        if isinstance(answer, dict):
            answer = [{NAME: name, VALUE: told} for name, told in cast("dict[str, Any]", answer).items()]
        for one in _entries(answer):
            told = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
            name, value = told.get(NAME), told.get(VALUE)
            if isinstance(name, str) and name.strip():
                inner = value if isinstance(value, dict) else told
                said = self._said(inner, open_field, None)
                if said.value is not None:
                    facts.setdefault(name.strip(), said)
        return facts

    def _numbers(self, told: object) -> tuple[tuple[int, ...], int]:
        """The lines that exist, and how many were named that do not."""
        entries = cast("list[object]", told) if isinstance(told, list) else [told]
        numbers: list[int] = []
        for one in entries[:MOST_LINES]:
            if isinstance(one, int) and not isinstance(one, bool):
                numbers.append(one)
            elif isinstance(one, str):
                numbers.extend(int(digits) for digits in _NUMBER.findall(one))
        real = tuple(dict.fromkeys(number for number in numbers if self._first <= number <= self._last))
        return real, sum(not self._first <= number <= self._last for number in numbers)


def _by_name(answer: object, field: SchemaField) -> dict[str, Any]:
    """The keys of an object as the schema spells them."""
    if not isinstance(answer, dict):
        return {}
    told = cast("dict[str, Any]", answer)
    if all(one.name in told for one in field.properties):
        return told
    alike = {plain_letters(key): value for key, value in told.items()}
    return {one.name: told.get(one.name, alike.get(plain_letters(one.name))) for one in field.properties}


def _entries(answer: object) -> list[object]:
    if isinstance(answer, list):
        return cast("list[object]", answer)
    return [] if answer in (None, {}, "") else [answer]


def _is_empty(tree: Tree) -> bool:
    if isinstance(tree, Said):
        return tree.value is None
    return all(map(_is_empty, tree.values() if isinstance(tree, dict) else tree))
