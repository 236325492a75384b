"""Sections of printed blocks in, groups of about one size out: the `variable` mode.

Four steps: sections are given; sections too large are split where the page shows the widest gap; a heading
stays with what follows, a figure or table with its caption, items of a list together; groups too small are
merged with a neighbour. A single block is never cut, so a long table may exceed the limit.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from recto.document.block import Block

TARGET_LETTERS = 1000
SMALLEST_LETTERS, LARGEST_LETTERS = 250, 1500
"""Without a size asked for: target and hard bounds in characters (contract 4.8)."""
WINDOW = 0.25
"""With a size asked for, chunks lie within this share around it (contract 4.8)."""
CAPTION_LETTERS = 250
"""A longer text after a figure or table is not its caption."""
OTHER_PAGE_GAP_PT = 40.0
"""How wide, in points, the gap between two pages or columns counts; no gap counts for more."""
JOINT = 2
"""Characters between two blocks."""


class _Sized(Protocol):
    @property
    def block(self) -> Block: ...
    @property
    def content(self) -> str: ...
    @property
    def shown(self) -> bool: ...


Piece = TypeVar("Piece", bound=_Sized)


def sized(sections: Sequence[Sequence[Piece]], size: int | None) -> list[list[Piece]]:
    """Groups in order, each within the window where whole blocks allow it; size in characters."""
    if size is None:
        smallest, largest = SMALLEST_LETTERS, LARGEST_LETTERS
    else:
        smallest, largest = int(size * (1 - WINDOW)), int(size * (1 + WINDOW))
    target = TARGET_LETTERS if size is None else size
    split = [part for section in sections for part in _split(section, largest, target)]
    return _merged(split, smallest, largest)


def _length(group: Sequence[Piece]) -> int:
    return sum(len(one.content) + JOINT for one in group if one.shown)


def _split(section: Sequence[Piece], largest: int, target: int) -> list[list[Piece]]:
    """The section in parts no longer than largest, cut between units that must stay together."""
    units = _units(section)
    parts: list[list[Piece]] = []
    start = 0
    while start < len(units):
        end = _cut(units, start, largest, target)
        parts.append([one for unit in units[start:end] for one in unit])
        start = end
    return parts


def _cut(units: Sequence[Sequence[Piece]], start: int, largest: int, target: int) -> int:
    """Where the part that begins at start ends: at a wide gap on the page, at about the target length.

    The rest of the section when it fits; always at least one unit.
    """
    best, best_score = start + 1, float("-inf")
    length = 0
    for end in range(start + 1, len(units) + 1):
        length += _length(units[end - 1])
        if length > largest:
            return best
        if end < len(units):
            gap = _gap(units[end - 1][-1].block, units[end][0].block)
            score = gap / OTHER_PAGE_GAP_PT - abs(length - target) / target
            if score > best_score:
                best, best_score = end, score
    return len(units)


def _gap(above: Block, below: Block) -> float:
    if above.page != below.page or below.box.y0 < above.box.y0:
        return OTHER_PAGE_GAP_PT
    return min(max(0.0, below.box.y0 - above.box.y1), OTHER_PAGE_GAP_PT)


def _units(section: Sequence[Piece]) -> list[list[Piece]]:
    """Blocks that must not be parted, together."""
    units: list[list[Piece]] = []
    for one in section:
        if units and _stays_with(units[-1][-1].block, one.block):
            units[-1].append(one)
        else:
            units.append([one])
    return units


def _stays_with(before: Block, block: Block) -> bool:
    if before.type in ("Title", "Section Header"):
        return True
    if before.type == "List Item" and block.type == "List Item":
        return True
    short = block.type == "Text" and len(block.text) <= CAPTION_LETTERS
    return before.type in ("Figure", "Table") and short and _is_caption(block.text)


def _is_caption(text: str) -> bool:
    return text.lower().startswith(
        ("figure", "fig.", "fig ", "table", "chart", "source", "note", "abb", "tab")
    )


def _merged(groups: Sequence[list[Piece]], smallest: int, largest: int) -> list[list[Piece]]:
    """Groups that are too small joined to the one before, or else to the one after, while there is room."""
    found: list[list[Piece]] = []
    for group in groups:
        small = found and (_length(found[-1]) < smallest or _length(group) < smallest)
        if small and _length(found[-1]) + _length(group) <= largest:
            found[-1] = [*found[-1], *group]
        else:
            found.append(list(group))
    return found
