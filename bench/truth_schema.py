"""The JSON Schema that a truth's fields ask for: their names and types in, what a user would write out.

Used by predict.py. Types are those of the data sets' own lists; where a truth lists none, the JSON type of a field
and its name have to do. No value of a truth ever goes into a schema.
"""

from typing import Any, cast

JSON_OF_TYPE: dict[str, dict[str, Any]] = {
    "date": {"type": ["string", "null"], "format": "date"},
    "price": {"type": ["number", "null"]},
    "numeric_string": {"type": ["string", "null"], "description": "Number or identifier"},
    "name": {"type": ["string", "null"], "description": "Name of a person or organisation"},
    "address": {"type": ["string", "null"], "description": "Postal address"},
    "list": {"type": "array", "items": {"type": "string"}},
    "string": {"type": ["string", "null"]},
}
"""What a user would write for a field of each kind."""


def schema_for(truth: dict[str, Any]) -> dict[str, Any] | None:
    """A schema from the names and types of a truth's fields; None for a truth without fields."""
    types, fields = truth.get("types"), truth.get("fields")
    if types:
        return _object({name: JSON_OF_TYPE.get(kind, JSON_OF_TYPE["string"]) for name, kind in types.items()})
    if fields:
        return _object({name: _by_json_type(name, value) for name, value in fields.items()})
    return None


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _by_json_type(name: str, value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": ["boolean", "null"]}
        case int() | float():
            return {"type": ["number", "null"]}
        case list():
            return {"type": "array", "items": _of_rows(cast("list[object]", value))}
        case _:
            is_date = "date" in name.lower().split("_")
            return JSON_OF_TYPE["date" if is_date else "string"]


def _of_rows(values: list[object]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for row in values:
        if isinstance(row, dict):
            for key, cell in cast("dict[str, object]", row).items():
                columns.setdefault(key, _by_json_type(key, cell))
    return _object(columns) if columns else {"type": "string"}
