"""What a model said, before anything is believed: a tree of values and the lines it names for them. Pure values."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from recto.document.extraction import Cost, Scalar
from recto.document.schema import SchemaField


@dataclass(frozen=True, slots=True)
class Said:
    """A value in the schema's type, and the numbers of the lines that are to state it (only such as there are).

    `invented` counts line numbers that were named but do not exist.
    """

    value: Scalar
    lines: tuple[int, ...] = ()
    invented: int = 0


NOTHING = Said(None)

Tree = Said | dict[str, "Tree"] | list["Tree"]
"""An answer in the form of the schema."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """The model's answer to a whole schema.

    `rounds` is how often it was asked (more than once only by deep extraction), `complete` says whether all of the
    document was asked for all fields, `model` names it.
    """

    root: Tree
    model: str
    rounds: int = 1
    complete: bool = True
    warnings: tuple[str, ...] = ()
    cost: Cost = field(default_factory=Cost)


def all_said(tree: Tree) -> Iterator[Said]:
    """The values of an answer, in its order."""
    if isinstance(tree, Said):
        yield tree
    elif isinstance(tree, dict):
        for inner in tree.values():
            yield from all_said(inner)
    else:
        for inner in tree:
            yield from all_said(inner)


def first_line(tree: Tree) -> int | None:
    """The first line that any of its values names; None without one."""
    return min((line for said in all_said(tree) for line in said.lines), default=None)


def at_path(tree: Tree | None, names: tuple[str, ...]) -> Tree | None:
    """What stands at a place of the answer, None where nothing does."""
    for name in names:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree


def put(tree: dict[str, Tree], names: tuple[str, ...], value: Tree) -> None:
    """Put something at a place of the answer, whose objects are made where they are missing."""
    for name in names[:-1]:
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = tree[name] = {}
        tree = inner
    tree[names[-1]] = value


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a model is asked for as a whole: a value or a list; `names` lead to it from the root."""

    names: tuple[str, ...]
    field: SchemaField


def parts(root: SchemaField, names: tuple[str, ...] = ()) -> Iterator[Part]:
    """The values and lists of a schema, down to but not into its lists."""
    if root.type == "object" and root.properties:
        for one in root.properties:
            yield from parts(one, (*names, one.name))
    elif names:
        yield Part(names, root)
