"""Before an extraction: the caller's JSON Schema in, the tree of fields that the engines fill in out.

References are resolved, `allOf` is merged, `null` among the forms is folded away (every value may be missing
anyway). What only restricts values and cannot steer a reading (`minimum`, `if`, `not`, ...) is left aside. It never
looks at a document, follows no reference out of the schema, and its work is bounded whatever it is given.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import unquote

from recto.document.extraction import Scalar
from recto.document.schema import FieldType, SchemaField
from recto.errors import InvalidConfig, InvalidSchema

MAX_FIELDS = 5_000
"""Places of one answer: ten times the widest schemas people write; more only comes of references upon references."""
MAX_DEPTH = 40
"""Objects and arrays in each other; beyond it no form of any kind goes."""
MAX_STEPS = 50_000
"""Sub-schemas looked at, before references that multiply each other are given up: a second of work."""
MAX_CHOICES = 2_000
"""Members of one enumeration: each is compared with the words of the document."""
SHOWN_CHARACTERS = 80
"""Of a wrong value, in a message."""

_TYPES: Mapping[str, FieldType] = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}
_KEYWORDS = frozenset(
    [
        "type",
        "properties",
        "items",
        "prefixItems",
        "required",
        "enum",
        "const",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "title",
        "description",
        "format",
        "pattern",
        "examples",
        "example",
        "default",
        "additionalProperties",
        "patternProperties",
        "definitions",
        "if",
        "then",
        "else",
    ]
)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_TEXTS = ("title", "description", "format", "pattern")


@dataclass(frozen=True, slots=True)
class _Part:
    """A sub-schema and the references it was reached by, which it must not follow again."""

    schema: object
    followed: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Merged:
    """A schema without references and combinations; `types` is None where none is named."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    types: tuple[FieldType, ...] | None = None
    only_null: bool = False
    choices: tuple[Scalar, ...] | None = None
    examples: tuple[str, ...] = ()
    properties: dict[str, _Part] = field(default_factory=dict[str, _Part])
    required: frozenset[str] = frozenset()
    items: _Part | None = None


def read_schema(schema: object) -> SchemaField:
    """The fields of a JSON Schema (values as `json` gives them, or JSON text). An empty one is a free-form object.

    Raises InvalidSchema, naming the place, for what is no schema, refers to itself or to something outside, is
    wider or deeper than the limits, or whose answer would be neither an object nor an array.
    """
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except (ValueError, RecursionError) as error:
            raise InvalidSchema(f"The schema is a text that is not valid JSON: {error}.") from error
    _check_keywords(schema)
    try:
        root = _Reader(schema).field(_Part(schema), "", "", required=True, depth=0)
    except RecursionError as error:
        raise InvalidSchema(
            "The schema's allOf, anyOf or references are nested too deep to be read."
        ) from error
    if root is None:
        raise InvalidSchema(
            "The schema is false, which allows no answer at all: describe the answer instead."
        )
    if root.type == "any" and not root.enum:
        return replace(root, type="object")
    if root.type not in {"object", "array"}:
        raise InvalidSchema(
            f"The schema describes a single {root.type}, but the answer is an object (or an array of them): give"
            ' {"type": "object", "properties": {"name_of_the_value": ...}}.'
        )
    return root


def check_by_windows(root: SchemaField) -> None:
    """Raise InvalidConfig for a schema that array_extract cannot serve: one without a list at its top level."""
    if root.type != "array" and not any(one.type == "array" for one in root.properties):
        raise InvalidConfig(
            "array_extract needs a list at the top level of the schema: a property of type array. Leave it"
            " out, or use deep_extract."
        )


def _check_keywords(schema: object) -> None:
    """Refuse an object of names that were meant as properties: it would be read as a schema that says nothing."""
    if not isinstance(schema, dict) or not schema:
        return
    keys = [str(key) for key in cast("dict[object, object]", schema)]
    if not any(key in _KEYWORDS or key.startswith("$") for key in keys):
        raise InvalidSchema(
            f"The schema has no word of JSON Schema, only {_shown(keys)}. If these are the values wanted, put them"
            ' into "properties": {"type": "object", "properties": {...}}.'
        )


class _Reader:
    """Reads one schema; counts what it has done, so that no schema can keep it busy."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._steps = 0
        self._fields = 0

    def field(self, part: _Part, name: str, path: str, *, required: bool, depth: int) -> SchemaField | None:
        """The field of a sub-schema; None for `false`, which no value fits."""
        if depth > MAX_DEPTH:
            raise InvalidSchema(f"The schema is nested deeper than {MAX_DEPTH} levels, at {_at(path)}.")
        merged = self._merged(part, path)
        if merged is None:
            return None
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise InvalidSchema(f"The schema has more than {MAX_FIELDS:,} fields (the next is {_at(path)}).")
        kind = _kind(merged)
        plain = SchemaField(
            name=name,
            path=path,
            type=kind,
            title=merged.texts.get("title", ""),
            description=merged.texts.get("description", ""),
            format=merged.texts.get("format", ""),
            pattern=merged.texts.get("pattern", ""),
            enum=merged.choices or (),
            examples=merged.examples,
            required=required,
        )
        if kind == "object":
            return replace(plain, properties=tuple(self._properties(merged, path, depth)))
        if kind == "array":
            items = merged.items or _Part(True)
            inner = self.field(items, name, f"{path}[]", required=False, depth=depth + 1)
            if inner is None:
                raise InvalidSchema(f"{_at(path)} is an array whose items are false: it could only be empty.")
            return replace(plain, items=inner)
        return plain

    def _properties(self, merged: _Merged, path: str, depth: int) -> Iterator[SchemaField]:
        for key, part in merged.properties.items():
            below = f"{path}.{key}" if path else key
            found = self.field(part, key, below, required=key in merged.required, depth=depth + 1)
            if found is not None:
                yield found

    def _merged(self, part: _Part, path: str) -> _Merged | None:
        """The sub-schema with its references and combinations worked in; None where nothing fits it."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise InvalidSchema(f"The schema's references multiply beyond reason, at {_at(path)}.")
        if isinstance(part.schema, bool):
            return _Merged() if part.schema else None
        if not isinstance(part.schema, dict):
            raise InvalidSchema(
                f"{_at(path)} is {_shown(part.schema)}: a schema is an object, or true or false."
            )
        given = cast("dict[str, Any]", part.schema)
        merged = _own(given, part.followed, path)
        for inner in self._all_of(given, part.followed, path):
            other = self._merged(inner, path)
            if other is None:
                return None
            _work_in(merged, other, path)
        for word in ("anyOf", "oneOf"):
            if word in given:
                forms = self._forms(given[word], word, part.followed, path)
                if not forms:
                    return None
                _work_in(merged, _either(forms), path)
        return merged

    def _all_of(self, given: dict[str, Any], followed: frozenset[str], path: str) -> Iterator[_Part]:
        """What holds beside the schema's own words: what it refers to, and the members of `allOf`."""
        for word in _REFERENCES:
            if word in given:
                yield self._referred(given[word], followed, path)
        for inner in _listed(given.get("allOf", []), "allOf", path):
            yield _Part(inner, followed)

    def _forms(self, value: object, word: str, followed: frozenset[str], path: str) -> list[_Merged]:
        forms = [self._merged(_Part(inner, followed), path) for inner in _listed(value, word, path)]
        return [one for one in forms if one is not None]

    def _referred(self, reference: object, followed: frozenset[str], path: str) -> _Part:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise InvalidSchema(
                f"{_at(path)} refers to {_shown(reference)}: only places within the schema, such as"
                " #/$defs/Address, can be referred to."
            )
        if reference in followed or reference == "#":
            raise InvalidSchema(
                f"The schema is recursive: {_at(path)} refers to {_shown(reference)} again, which holds it. Write"
                " the levels out that the document has."
            )
        found = self._root
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = cast("dict[str, object]", found)[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(cast("list[object]", found)):
                found = cast("list[object]", found)[int(key)]
            else:
                raise InvalidSchema(
                    f"{_at(path)} refers to {_shown(reference)}, which the schema does not have."
                )
        return _Part(found, followed | {reference})


def _own(given: dict[str, Any], followed: frozenset[str], path: str) -> _Merged:
    """What the schema itself says, without its references and combinations."""
    types, only_null = _types(given.get("type"), path)
    return _Merged(
        texts={word: given[word] for word in _TEXTS if isinstance(given.get(word), str)},
        types=types,
        only_null=only_null,
        choices=_choices(given, path),
        examples=_examples(given),
        properties=_own_properties(given, followed, path),
        required=_required(given, path),
        items=_own_items(given, followed),
    )


def _types(value: object, path: str) -> tuple[tuple[FieldType, ...] | None, bool]:
    """The types named, without null, and whether null is the only one."""
    if value is None:
        return None, False
    names = cast("list[object]", value) if isinstance(value, list) else [value]
    for name in names:
        if name != "null" and (not isinstance(name, str) or name not in _TYPES):
            raise InvalidSchema(
                f"{_at(path)} has the type {_shown(name)}: the types are {', '.join(_TYPES)} and null."
            )
    kinds: tuple[FieldType, ...] = tuple(dict.fromkeys(_TYPES[str(name)] for name in names if name != "null"))
    return kinds or None, not kinds and bool(names)


def _choices(given: dict[str, Any], path: str) -> tuple[Scalar, ...] | None:
    if "const" in given:
        values: list[object] = [given["const"]]
    elif "enum" in given:
        values = list(_listed(given["enum"], "enum", path))
    else:
        return None
    if len(values) > MAX_CHOICES:
        raise InvalidSchema(f"{_at(path)} has {len(values):,} choices: at most {MAX_CHOICES:,} are possible.")
    for value in values:
        if not isinstance(value, str | int | float | bool | None):
            raise InvalidSchema(
                f"{_at(path)} has the choice {_shown(value)}: only texts, numbers, true, false and null can be"
                " chosen from."
            )
    return tuple(cast("Scalar", value) for value in values if value is not None)


def _examples(given: dict[str, Any]) -> tuple[str, ...]:
    values = given.get("examples", given.get("example"))
    several = cast("list[object]", values) if isinstance(values, list) else [values]
    return tuple(str(one) for one in several if isinstance(one, str | int | float))


def _own_properties(given: dict[str, Any], followed: frozenset[str], path: str) -> dict[str, _Part]:
    properties = given.get("properties", {})
    if not isinstance(properties, dict):
        raise InvalidSchema(
            f"{_at(path)} has the properties {_shown(properties)}: they are an object of schemas by name."
        )
    pairs = cast("dict[str, object]", properties)
    return {key: _Part(value, followed) for key, value in pairs.items()}


def _required(given: dict[str, Any], path: str) -> frozenset[str]:
    required = given.get("required", [])
    if isinstance(required, bool):  # of the first drafts: a mark on the property, which says nothing here
        return frozenset()
    names = _listed(required, "required", path)
    if not all(isinstance(name, str) for name in names):
        raise InvalidSchema(
            f"{_at(path)} has in required {_shown(required)}: it is a list of property names."
        )
    return frozenset(cast("Sequence[str]", names))


def _own_items(given: dict[str, Any], followed: frozenset[str]) -> _Part | None:
    """What the schema's array holds. Items by place become forms of one item: documents have no places."""
    items = given.get("items")
    placed = given.get("prefixItems", items if isinstance(items, list) else None)
    if isinstance(placed, list):
        rest = [] if items is placed or isinstance(items, bool | None) else [items]
        return _Part({"anyOf": [*cast("list[object]", placed), *rest]}, followed)
    return None if items is None else _Part(items, followed)


def _work_in(merged: _Merged, other: _Merged, path: str) -> None:
    """Add what another schema says of the same value; the schema's own texts stay."""
    merged.texts = other.texts | merged.texts
    if merged.types is None or other.types is None:
        merged.types = merged.types or other.types
    else:
        merged.types = _both(merged.types, other.types, path)
    merged.only_null = merged.only_null or other.only_null
    if merged.choices is None or other.choices is None:
        merged.choices = other.choices if merged.choices is None else merged.choices
    else:
        merged.choices = tuple(one for one in merged.choices if one in other.choices)
    merged.examples = merged.examples or other.examples
    merged.properties = _united(merged.properties, other.properties, "allOf")
    merged.required |= other.required
    merged.items = merged.items or other.items


def _both(mine: tuple[FieldType, ...], others: tuple[FieldType, ...], path: str) -> tuple[FieldType, ...]:
    shared: tuple[FieldType, ...] = tuple(one for one in mine if one in others)
    whole = "integer" in (*mine, *others) and "number" in (*mine, *others)
    if not shared and not whole:
        raise InvalidSchema(f"{_at(path)} must be {mine[0]} and {others[0]} at once: no value is both.")
    return shared or ("integer",)


def _united(mine: dict[str, _Part], others: dict[str, _Part], word: str) -> dict[str, _Part]:
    united = dict(mine)
    for key, part in others.items():
        known = united.get(key)
        if known is None or known == part:
            united[key] = part
        else:
            both = {word: [known.schema, part.schema]}
            united[key] = _Part(both, known.followed | part.followed)
    return united


def _either(forms: list[_Merged]) -> _Merged:
    """One schema for a value that may have any of these forms; null is none of them."""
    forms = [one for one in forms if not one.only_null] or forms[:1]
    if len(forms) == 1:
        return forms[0]
    kinds: list[FieldType] = [_kind(one) for one in forms]
    several: tuple[FieldType, ...] = tuple(dict.fromkeys(kinds))
    united = _Merged(types=None if "any" in kinds else several)
    for one in forms:
        united.texts = united.texts or one.texts
        united.properties = _united(united.properties, one.properties, "anyOf")
        united.items = united.items or one.items
        united.examples += one.examples
    if all(one.choices is not None for one in forms):
        united.choices = tuple(dict.fromkeys(value for one in forms for value in one.choices or ()))
    united.required = frozenset[str].intersection(*(one.required for one in forms))
    return united


def _kind(merged: _Merged) -> FieldType:
    """The one type a field has; `any` where several are possible."""
    if merged.types is not None:
        if len(merged.types) == 1:
            return merged.types[0]
        return "number" if set(merged.types) == {"integer", "number"} else "any"
    if merged.properties:
        return "object"
    if merged.items is not None:
        return "array"
    kinds: set[FieldType] = {_kind_of(value) for value in merged.choices or ()}
    if len(kinds) == 1:
        return kinds.pop()
    return "number" if kinds == {"integer", "number"} else "any"


def _kind_of(value: Scalar) -> FieldType:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case _:
            return "string"


def _listed(value: object, word: str, path: str) -> list[object]:
    if not isinstance(value, list):
        raise InvalidSchema(f"{_at(path)} has in {word} {_shown(value)}: it is a list.")
    return cast("list[object]", value)


def _at(path: str) -> str:
    return _shown(path) if path else "the root of the schema"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
