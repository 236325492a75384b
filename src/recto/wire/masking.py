"""Secrets out of request bodies, before they are stored, shown or sent back.

JSON values in, the same values out with every secret replaced. It never changes a body's form.
"""

import json
from typing import Any, cast

SECRET_KEYS = frozenset({"document_password"})
"""Keys whose values are never shown, at any depth."""
MASK = "********"
"""What stands in a secret's place; its length says nothing."""


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
    """A request body as the JSON text that jobs show, without its secrets."""
    shown = masked(body)
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except (
        UnicodeEncodeError
    ):  # half a character in the metadata, which JSON allows: only escaped can it be kept
        return json.dumps(shown, separators=(",", ":"))
    return text
