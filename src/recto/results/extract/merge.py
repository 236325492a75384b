"""Answers to several windows or groups in, one answer out. Pure.

Of values the best is taken: one its lines state before one they do not, the more frequent before the rarer, the
earlier before the later. Lists are put together by the lines their entries name: an entry that two windows saw on
the page they share is there once, two rows that only look alike stay two.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recto.document.schema import SchemaField
from recto.results.extract.answers import NOTHING, Said, Tree, all_said, at_path, first_line, parts, put
from recto.results.extract.places import TextOf, place_of
from recto.results.extract.windows import Window

States = Callable[[Said, SchemaField], bool]
"""Whether the lines that a value names state it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The answer to one call: the fields that were asked for, the window, what was said."""

    group: SchemaField
    window: Window
    tree: Tree


def stating(text_of: TextOf) -> States:
    """The check of values against the texts of lines."""
    return lambda said, field: place_of(said.value, field, said.lines, text_of) is not None


def merged(root: SchemaField, pieces: Sequence[Piece], states: States) -> dict[str, Tree]:
    """One answer from those of all calls; a part that no call was about is not in it."""
    answer: dict[str, Tree] = {}
    ordered = sorted(pieces, key=lambda piece: (piece.window.first, piece.window.last))
    every = list(parts(root))
    for part in every:
        told = [
            (piece.window, found)
            for piece in ordered
            if (found := at_path(piece.tree, part.names)) is not None
        ]
        if told:
            put(answer, part.names, _merged_part(part.field, told, states))
    if not every:  # an open schema: facts by name
        for piece in ordered:
            if isinstance(piece.tree, dict):
                answer = piece.tree | answer
    return answer


def _merged_part(field: SchemaField, told: Sequence[tuple[Window, Tree]], states: States) -> Tree:
    if field.type == "array":
        return merged_lists([(window, tree) for window, tree in told if isinstance(tree, list)])
    if field.type == "object":
        facts: dict[str, Tree] = {}
        for _, tree in told:
            facts = tree | facts if isinstance(tree, dict) else facts
        return facts
    return best([tree for _, tree in told if isinstance(tree, Said)], field, states)


def best(said: Sequence[Said], field: SchemaField, states: States) -> Said:
    """The best of several answers for one value."""
    found = [one for one in said if one.value is not None]
    if len(found) < 2:  # noqa: PLR2004  (nothing to choose from)
        return found[0] if found else NOTHING
    times = Counter(repr(one.value) for one in found)
    return max(found, key=lambda one: (states(one, field), times[repr(one.value)], -found.index(one)))


def merged_lists(told: Sequence[tuple[Window, list[Tree]]]) -> list[Tree]:
    """The entries of a list from the windows in their order."""
    entries: list[Tree] = []
    reached = 0
    for window, found in told:
        shared = range(window.first, reached + 1)
        for entry in found:
            twin = _twin(entry, entries, shared)
            if twin is None:
                entries.append(entry)
            elif _fullness(entry) > _fullness(entries[twin]):
                entries[twin] = entry  # it was cut by the end of the window before
        reached = max(reached, window.last)
    return _by_position(entries)


def _twin(entry: Tree, entries: Sequence[Tree], shared: range) -> int | None:
    """The place of an entry that is the same thing seen in the window before; None where there is none.

    An entry without lines can only be told by its values, and only next to the seam.
    """
    lines = {line for said in all_said(entry) for line in said.lines}
    if not shared or (lines and not any(line in shared for line in lines)):
        return None
    for at in range(len(entries) - 1, -1, -1):
        other = {line for said in all_said(entries[at]) for line in said.lines}
        if other and not any(line in shared for line in other):
            if lines:
                return None
            continue
        same_place = bool(lines & other) or not (lines and other)
        if same_place and _compatible(entry, entries[at]):
            return at
    return None


def _compatible(entry: Tree, other: Tree) -> bool:
    """Whether two entries contradict each other nowhere and share a value."""
    mine = [said.value for said in all_said(entry)]
    theirs = [said.value for said in all_said(other)]
    if len(mine) != len(theirs):
        return mine == theirs
    pairs = [(one, two) for one, two in zip(mine, theirs, strict=True) if one is not None and two is not None]
    return bool(pairs) and all(one == two for one, two in pairs)


def _fullness(entry: Tree) -> int:
    return sum(said.value is not None for said in all_said(entry))


def _by_position(entries: Sequence[Tree]) -> list[Tree]:
    """The entries in the order of the document; one without lines stays behind the one before it."""
    keyed: list[tuple[int, int, Tree]] = []
    line = 0
    for at, entry in enumerate(entries):
        own = first_line(entry)
        line = line if own is None else own
        keyed.append((line, at, entry))
    return [entry for _, _, entry in sorted(keyed, key=lambda one: one[:2])]
