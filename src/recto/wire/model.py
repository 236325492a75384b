"""The base of every wire model, and the two walks over a request: what is unknown, what is not served.

Stands under every module of `wire`: validated models in, key paths out. The JSON schema of every model is
put into the form the published contract uses (no null defaults, open models without a mention of it). It
knows no endpoint and translates nothing.

A request field's description ends in `Rule: <module>`: the module under src/recto that obeys it, or one of
the three marks below for fields that no module obeys.
"""

import difflib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

NOT_SERVED = "none yet (warned)"
"""The field is read, has no effect yet, and a value that asks for something becomes a warning."""
NO_EFFECT = "accepted, no effect"
"""The field concerns the vendor's own machinery; there is nothing here for it to change."""
REFUSED = "none yet (refused)"
"""The field belongs to something (a kind of job, a webhook mode) that is refused as a whole until it works."""

MOST_NAMED = 20
"""Unknown keys of one object that are named; finding what was meant takes a millisecond each."""
MOST_CHARACTERS = 80
"""Of an unknown key, in a warning."""

_RULE = re.compile(r"Rule: (?P<rule>[^\n]+)$")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {key: _without_nulls(inner) for key, inner in pairs.items() if inner is not None}
    return value


def published_form(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Edit a model's JSON schema in place: null defaults vanish, an open model does not say so."""
    if model.model_config.get("extra") == "allow":
        schema.pop("additionalProperties", None)
    for field in schema.get("properties", {}).values():
        if "default" in field:
            if field["default"] is None:
                del field["default"]
            else:
                field["default"] = _without_nulls(field["default"])


def flat_any_of(schema: dict[str, Any]) -> None:
    """Turn a tagged union's JSON schema into the plain `anyOf` of the published contract, in place.

    The tag only serves error messages: with it, a wrong body is reported for the one form it was meant to be.
    """
    schema.pop("discriminator", None)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            forms: list[Any] = []
            for form in schema.pop(key):
                flat_any_of(form)
                forms.extend(form.get("anyOf", [form]))
            schema["anyOf"] = forms
    if isinstance(schema.get("items"), dict):
        flat_any_of(schema["items"])


def without_null(schema: dict[str, Any]) -> None:
    """Leave null out of a field's JSON schema, in place: it is accepted, but the published form has none."""
    forms = [form for form in schema.pop("anyOf") if form != {"type": "null"}]
    schema.update(forms[0] if len(forms) == 1 else {"anyOf": forms})


class WireModel(BaseModel):
    """A response, or a part of one."""

    model_config = ConfigDict(json_schema_extra=published_form)


class RequestModel(WireModel):
    """A request, or a part of one. Unknown keys are kept, so that they can be named in a warning."""

    model_config = ConfigDict(extra="allow")


class ClosedModel(WireModel):
    """A request, or a part of one, that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


def key_of(name: str, field: FieldInfo) -> str:
    """The field's key on the wire."""
    return field.alias or name


def rule_of(field: FieldInfo) -> str | None:
    """The module, or the mark, at the end of the field's description; None where it names none."""
    found = _RULE.search(field.description or "")
    return found["rule"] if found else None


def parts_of(model: BaseModel, at: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    """Each field of the model itself: (key path, field, value)."""
    for name, field in type(model).model_fields.items():
        yield f"{at}{key_of(name, field)}", field, getattr(model, name)


def _inner_models(path: str, value: object) -> Iterator[tuple[str, BaseModel]]:
    if isinstance(value, BaseModel):
        yield f"{path}.", value
    elif isinstance(value, list):
        for index, element in enumerate(cast("list[object]", value)):
            if isinstance(element, BaseModel):
                yield f"{path}[{index}].", element


def unknown_keys(model: BaseModel, at: str = "") -> Iterator[str]:
    """A sentence for every key that no field stands for, at any depth, with the nearest known key."""
    known = [key_of(name, field) for name, field in type(model).model_fields.items()]
    unknown = model.model_extra or {}
    for key in islice(unknown, MOST_NAMED):
        if len(key) > MOST_CHARACTERS:
            yield f"{at}{key[:MOST_CHARACTERS]}… is not a known setting"
            continue
        near = difflib.get_close_matches(key, known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        yield f"{at}{key} is not a known setting{hint}"
    if len(unknown) > MOST_NAMED:
        yield f"{at or 'the body '}has {len(unknown) - MOST_NAMED} more settings that are not known"
    for path, _, value in parts_of(model, at):
        for inner_path, inner in _inner_models(path, value):
            yield from unknown_keys(inner, inner_path)


def not_served(model: BaseModel, at: str = "") -> Iterator[str]:
    """A sentence for every field whose rule is `none yet (warned)` and whose value asks for something.

    False, null, empty and the default ask for nothing: what is not done cannot be switched off either.
    """
    for path, field, value in parts_of(model, at):
        if rule_of(field) == NOT_SERVED:
            if value and value != field.get_default(call_default_factory=True):
                yield f"{path} is not available on this server yet"
        else:
            for inner_path, inner in _inner_models(path, value):
                yield from not_served(inner, inner_path)


def warnings_of(model: BaseModel) -> tuple[str, ...]:
    """What a request asked for that will not happen, one sentence each."""
    sentences = (*unknown_keys(model), *not_served(model))
    return tuple(f"{sentence}: it was ignored." for sentence in sentences)
