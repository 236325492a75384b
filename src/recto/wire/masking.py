"""Secrets out of request bodies, before they are stored, shown or sent back; and what is too big to repeat.

JSON values in, the same values out with every secret replaced. `masked` never changes a body's form; `brief`
cuts it, and its work is bounded whatever it is given.
"""

import json
from typing import Any, cast

SECRET_KEYS = frozenset({"document_password"})
"""Keys whose values are never shown, at any depth."""
MASK = "********"
"""What stands in a secret's place; its length says nothing."""
METADATA = "metadata"
"""The key of what callers send along for themselves, whatever it is."""
MAX_METADATA_CHARACTERS = 4096
"""As JSON: longer metadata is left out of the stored request, for the job keeps it beside it (a choice)."""
MAX_BRIEF_CHARACTERS = 500
"""Of one text in a brief value."""
MAX_BRIEF_VALUES = 100
"""In a brief value, at all depths together."""
MAX_BRIEF_DEPTH = 10
CUT = "…"


def masked(value: Any) -> Any:
    """A copy of a JSON value in which every secret is masked; null stays null."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {
            key: MASK if key in SECRET_KEYS and inner is not None else masked(inner)
            for key, inner in pairs.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in cast("list[Any]", value)]
    return value


def raw_config(body: object) -> str:
    """A request body as the JSON text that jobs show, without its secrets and without long metadata."""
    text = _json(body)
    if len(text) > MAX_METADATA_CHARACTERS and isinstance(body, dict):
        body = {key: _without_bulk(inner) for key, inner in cast("dict[str, Any]", body).items()}
        text = _json(body)
    # In JSON text written here a key looks only like this, so most bodies need no walk.
    if any(f'"{key}"' in text for key in SECRET_KEYS):
        text = _json(masked(body))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character in the metadata: JSON can hold it only escaped
        return json.dumps(json.loads(text), separators=(",", ":"))
    return text


def brief(value: Any) -> Any:
    """A value as it can be sent back in an error: JSON, without secrets, and short; long parts end in "…"."""
    return _Brief().copy(value, 0)


class _Brief:
    """One brief copy: counts the values it may still take."""

    def __init__(self) -> None:
        self._left = MAX_BRIEF_VALUES

    def copy(self, value: Any, depth: int) -> Any:
        self._left -= 1
        match value:
            case None | bool() | float():
                return value
            case int():
                return value if abs(value) < 1 << 63 else CUT
            case dict() | list() if depth == MAX_BRIEF_DEPTH:
                return CUT
            case dict():
                return self._pairs(cast("dict[Any, Any]", value), depth)
            case list():
                return self._list(cast("list[Any]", value), depth)
            case _:
                return shortened(value if isinstance(value, str) else str(value))

    def _pairs(self, pairs: dict[Any, Any], depth: int) -> dict[str, Any]:
        short: dict[str, Any] = {}
        for key, inner in pairs.items():
            if self._left <= 0:
                short[CUT] = CUT
                break
            name = shortened(str(key))
            short[name] = MASK if key in SECRET_KEYS and inner is not None else self.copy(inner, depth + 1)
        return short

    def _list(self, values: list[Any], depth: int) -> list[Any]:
        short: list[Any] = []
        for inner in values:
            if self._left <= 0:
                short.append(CUT)
                break
            short.append(self.copy(inner, depth + 1))
        return short


def shortened(text: str, characters: int = MAX_BRIEF_CHARACTERS) -> str:
    """The text, or its beginning and "…" when it is longer than so many characters."""
    return text if len(text) <= characters else text[:characters] + CUT


def _without_bulk(value: Any) -> Any:
    """The value with a note in place of its long metadata."""
    if not isinstance(value, dict) or METADATA not in value:
        return value
    pairs = cast("dict[str, Any]", value)
    size = len(_json(pairs[METADATA]))
    if size <= MAX_METADATA_CHARACTERS:
        return pairs
    return {**pairs, METADATA: f"(left out here: {size} characters of JSON)"}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
