"""Deep extraction: an answer in, one whose values were looked for again where their lines do not state them, out.

Each round asks only for what is missing or does not stand up, with the reason, and takes over what stands up now;
a value that the model takes back becomes None. It ends when a round changes nothing, or after a few.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recto.document.schema import SchemaField
from recto.results.extract.answers import NOTHING, Part, Said, Tree, all_said, at_path, parts, put
from recto.results.extract.groups import pruned
from recto.results.extract.interview import Interview, Question
from recto.results.extract.merge import States, merged

MOST_ROUNDS = 3
"""Rounds in all, the first included: a value that was wrong three times stays so (a guess)."""

Plan = Callable[[SchemaField, tuple[str, ...]], list[Question]]
"""The questions that ask for some fields, with what was wrong with them."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part of the answer that does not stand up, and why, in words for the model."""

    part: Part
    reason: str


async def rechecked(
    root: SchemaField, answer: dict[str, Tree], interview: Interview, plan: Plan, states: States
) -> tuple[dict[str, Tree], int]:
    """The answer after as many rounds as it takes, and how many those were."""
    rounds = 1
    while rounds < MOST_ROUNDS and not interview.unasked and not interview.faults:
        doubts = list(doubted(root, answer, states))
        if not doubts:
            break
        group = pruned(root, [doubt.part for doubt in doubts])
        pieces = await interview.ask(plan(group, tuple(doubt.reason for doubt in doubts)))
        rounds += 1
        if not pieces:
            break
        changed = taken_over(answer, merged(group, pieces, states), doubts, states)
        if not changed:
            break
    return answer, rounds


def doubted(root: SchemaField, answer: dict[str, Tree], states: States) -> Iterator[Doubt]:
    """The parts that are missing, or of which a value is not stated by the lines it names."""
    for part in parts(root):
        found = at_path(answer, part.names)
        path = ".".join(part.names)
        if part.field.type == "array":
            wrong = sum(not _stands(said, field, states) for said, field in entries_said(found, part.field))
            if wrong:
                yield Doubt(part, f"- {path}: {wrong} values are not stated by the lines that were named.")
        elif isinstance(found, Said):
            yield from _doubts_of(part, path, found, states)


def _doubts_of(part: Part, path: str, said: Said, states: States) -> Iterator[Doubt]:
    if said.value is None:
        yield Doubt(part, f"- {path}: nothing was found.")
    elif not said.lines:
        named = "the lines that were named do not exist" if said.invented else "no line was named"
        yield Doubt(part, f"- {path}: {said.value!r} was read, but {named}.")
    elif not _stands(said, part.field, states):
        lines = ", ".join(map(str, said.lines))
        yield Doubt(part, f"- {path}: {said.value!r} was read, but line {lines} does not state it.")


def _stands(said: Said, field: SchemaField, states: States) -> bool:
    return said.value is None or (bool(said.lines) and states(said, field))


def entries_said(tree: Tree | None, field: SchemaField) -> Iterator[tuple[Said, SchemaField]]:
    """The values below a list (or object), each with its field."""
    if isinstance(tree, Said):
        yield tree, field
    elif isinstance(tree, list):
        for inner in tree:
            yield from entries_said(inner, field.items or field)
    elif isinstance(tree, dict):
        known = {one.name: one for one in field.properties}
        for name, inner in tree.items():
            yield from entries_said(inner, known.get(name, SchemaField(name, name, "any")))


def taken_over(
    answer: dict[str, Tree], again: dict[str, Tree], doubts: Sequence[Doubt], states: States
) -> bool:
    """Put what stands up now into the answer; says whether anything changed."""
    changed = False
    for doubt in doubts:
        names, field = doubt.part.names, doubt.part.field
        old, new = at_path(answer, names), at_path(again, names)
        better = (
            _better_list(old, new, field, states)
            if field.type == "array"
            else _better(old, new, field, states)
        )
        if better is not None:
            put(answer, names, better)
            changed = True
    return changed


def _better(old: Tree | None, new: Tree | None, field: SchemaField, states: States) -> Said | None:
    if not isinstance(new, Said) or not isinstance(old, Said):
        return None
    if new.value is None:
        return NOTHING if old.value is not None else None  # the model takes it back
    return new if new.lines and states(new, field) else None


def _better_list(old: Tree | None, new: Tree | None, field: SchemaField, states: States) -> Tree | None:
    if not isinstance(new, list):
        return None
    before = [_stands(said, one, states) for said, one in entries_said(old, field) if said.value is not None]
    after = [_stands(said, one, states) for said, one in entries_said(new, field) if said.value is not None]
    gained = sum(after) > sum(before) or (sum(after) == sum(before) and len(after) < len(before))
    return new if gained else None


def found_in(answer: Tree) -> int:
    """How many values an answer has."""
    return sum(said.value is not None for said in all_said(answer))
