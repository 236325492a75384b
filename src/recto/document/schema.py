"""A schema as the engines of an extraction read it: references resolved, `null` variants folded. Pure values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FieldType = Literal["string", "number", "integer", "boolean", "object", "array", "any"]
"""The JSON type of a value; `any` where the schema leaves it open."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One place of the answer. `path` names it from the root ("items[].price"; the root's is empty).

    `format` is the schema's (date, date-time, email, ...), empty without one; `enum` are the only values allowed;
    `properties` are an object's fields in the schema's order, `items` what an array holds. `required` says that the
    key is always in the answer, null where nothing was found.
    """

    name: str
    path: str
    type: FieldType
    title: str = ""
    description: str = ""
    format: str = ""
    pattern: str = ""
    enum: tuple[str | int | float | bool | None, ...] = ()
    examples: tuple[str, ...] = ()
    required: bool = False
    properties: tuple["SchemaField", ...] = ()
    items: "SchemaField | None" = None

    def leaves(self) -> Iterator["SchemaField"]:
        """The scalar fields below this one, itself included, in the schema's order."""
        if self.type == "object":
            for one in self.properties:
                yield from one.leaves()
        elif self.items is not None:
            yield from self.items.leaves()
        else:
            yield self
