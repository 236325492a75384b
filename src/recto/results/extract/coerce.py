"""A model's JSON value and a field in, the value in the field's type out; None where it cannot be said in it.

Never corrects a value: it only changes how it is written (a number in a text, a date in another form, a choice in
other letters). Words that models write for nothing become None.
"""

import math
from typing import Any, cast

from recto.document.extraction import Scalar
from recto.document.schema import SchemaField
from recto.results.extract.amounts import amounts_in
from recto.results.extract.dates import dates_in
from recto.results.extract.readers import typed
from recto.results.extract.verify import plain_letters

NOTHING_WORDS = frozenset(
    [
        "null",
        "none",
        "n/a",
        "na",
        "nil",
        "unknown",
        "notfound",
        "notavailable",
        "notspecified",
        "notstated",
        "notprovided",
        "notapplicable",
        "-",
        "–",
        "—",
    ]
)
"""What models write instead of null, without blanks."""
YES = frozenset(["true", "yes", "y", "x", "checked", "on", "ja", "oui", "si", "1", "selected"])
NO = frozenset(["false", "no", "n", "unchecked", "off", "nein", "non", "0", "unselected"])
LONGEST_INTEGER = 2**63
"""Integers from here on are none that clients can read."""
ISO_DATE_LETTERS = 10


def coerced(value: object, field: SchemaField, *, day_first: bool = True) -> Scalar:
    """The value in the field's type.

    >>> coerced("$1,200.50", SchemaField("total", "total", "number"))
    1200.5
    >>> coerced("N/A", SchemaField("name", "name", "string")) is None
    True
    """
    value = _scalar(value)
    if value is None or (isinstance(value, str) and _is_nothing(value, field)):
        return None
    if field.enum:
        return _member(value, field)
    match field.type:
        case "number" | "integer":
            return typed(_number(value), field)
        case "boolean":
            return _truth(value)
        case "string":
            return _text(value, field, day_first=day_first)
        case _:
            return value


def _scalar(value: object) -> Scalar:
    """A JSON value without structure: that of a wrapped one, texts of a list joined."""
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        return _scalar(inner["value"]) if "value" in inner else None
    if isinstance(value, list):
        told = [one for one in (_scalar(inner) for inner in cast("list[object]", value)) if one is not None]
        return told[0] if len(told) == 1 else ", ".join(map(str, told)) or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LONGEST_INTEGER:
        return str(value)
    return value if isinstance(value, str | int | float | bool) else None


def _is_nothing(text: str, field: SchemaField) -> bool:
    return not text.strip() or ("".join(text.lower().split()) in NOTHING_WORDS and text not in field.enum)


def _member(value: Scalar, field: SchemaField) -> Scalar:
    if value in field.enum and not isinstance(value, bool):
        return value
    letters = plain_letters(str(value))
    alike = [one for one in field.enum if letters and plain_letters(str(one)) == letters]
    return alike[0] if len(alike) == 1 else None


def _number(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = amounts_in(value)
        if len(found) != 1:
            return None
        value = found[0].value
    if isinstance(value, float) and value.is_integer() and abs(value) < LONGEST_INTEGER:
        return int(value)
    return value


def _truth(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in YES else False if word in NO else None


def _text(value: Scalar, field: SchemaField, *, day_first: bool) -> Scalar:
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = (
        " ".join(str(value).split())
        if isinstance(value, str)
        else f"{value:g}"
        if _is_whole(value)
        else str(value)
    )
    if field.format == "date":
        found = dates_in(text, day_first=day_first)
        return typed(found[0].day.isoformat(), field) if len(found) == 1 else None
    if field.format == "date-time" and len(text) == ISO_DATE_LETTERS and dates_in(text):
        text += "T00:00:00"
    return typed(text, field)


def _is_whole(value: Scalar) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < 1e6  # noqa: PLR2004  (%g has six figures)
