"""A schema in, the groups of fields that a model is asked for together out: wide schemas are asked for in pieces.

Pure. A list is never taken apart, and fields that stand together in the schema stay together.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from recto.document.schema import SchemaField
from recto.results.extract.answers import Part, parts

MOST_FIELDS = 40
"""Fields of one call, the fields of list entries included: beyond some fifty, models leave values out (a guess from
published comparisons; to be measured on the operator's model)."""


def grouped(root: SchemaField, most: int = MOST_FIELDS) -> list[SchemaField]:
    """The schema as schemas of at most so many fields each; a longer list is a group of its own."""
    every = list(parts(root))
    if not every:
        return [root]
    return [pruned(root, group) for group in _packed(every, most)]


def split_lists(root: SchemaField) -> tuple[SchemaField | None, SchemaField | None]:
    """The schema's values, and its lists; None where there are none."""
    every = list(parts(root))
    lists = [part for part in every if part.field.type == "array"]
    values = [part for part in every if part.field.type != "array"]
    if not every:
        return root, None
    return (pruned(root, values) if values else None), (pruned(root, lists) if lists else None)


def halved(root: SchemaField) -> list[SchemaField]:
    """The schema in two, or as it is when it has a single part."""
    every = list(parts(root))
    if len(every) < 2:  # noqa: PLR2004  (nothing to part)
        return [root]
    half = len(every) // 2
    return [pruned(root, every[:half]), pruned(root, every[half:])]


def has_lists(root: SchemaField) -> bool:
    """Whether any part of the schema is a list."""
    return any(part.field.type == "array" for part in parts(root))


def pruned(root: SchemaField, kept: Sequence[Part]) -> SchemaField:
    """The schema with these parts only."""
    return _pruned(root, (), {part.names for part in kept})


def _pruned(field: SchemaField, at: tuple[str, ...], kept: Collection[tuple[str, ...]]) -> SchemaField:
    inside = [
        one if (*at, one.name) in kept else _pruned(one, (*at, one.name), kept)
        for one in field.properties
        if any(names[: len(at) + 1] == (*at, one.name) for names in kept)
    ]
    return replace(field, properties=tuple(inside))


def _packed(every: Sequence[Part], most: int) -> list[list[Part]]:
    groups: list[list[Part]] = []
    room = 0
    for part in every:
        weight = max(1, sum(1 for _ in part.field.leaves()))
        if not groups or weight > room:
            groups.append([])
            room = most
        groups[-1].append(part)
        room -= weight
    return groups
