"""Words in, the same words by zone out: columns of prose are parted before tables are looked for.

Two columns of prose have aligned left edges on every line, just as a table has. What sets them apart is that
both sides are full lines of words. A gutter between such sides parts the words; tables are then searched for
on each side alone, and in what lies over the whole width. Never decides what a table is.
"""

from collections.abc import Sequence
from statistics import median

from recto.blocks.columns import Gutter, find_gutters
from recto.blocks.joining import count_words
from recto.blocks.lines import Line, baselines, cut_lines
from recto.document.page import Word

PROSE_WORDS = 4.0
"""Median words of a line on each side of a gutter between columns of prose."""
PROSE_LETTERS = 20.0
"""Median letters of such a line."""
PROSE_LINES = 5
"""Lines on each side, at least."""


def zones_of(words: Sequence[Word]) -> list[list[Word]]:
    """The words in groups that no prose gutter parts; every word is in exactly one group."""
    rows = baselines(words)
    gutters = find_gutters(rows)
    if gutters:
        lines = cut_lines(rows, gutters)
        gutters = tuple(gutter for gutter in gutters if _parts_prose(gutter, lines))
    if not gutters:
        return [list(words)] if words else []
    zones: dict[tuple[int, ...], list[Word]] = {}
    for word in words:
        zones.setdefault(tuple(_side(word, gutter) for gutter in gutters), []).append(word)
    return list(zones.values())


def _side(word: Word, gutter: Gutter) -> int:
    if not gutter.y0 <= word.box.center_y <= gutter.y1:
        return 0
    return -1 if word.box.center_x < (gutter.x0 + gutter.x1) / 2 else 1


def _parts_prose(gutter: Gutter, lines: Sequence[Line]) -> bool:
    beside = [line for line in lines if gutter.y0 <= line.box.center_y <= gutter.y1]
    left = _nearest([line for line in beside if line.box.x1 <= gutter.x0 + 1], leftwards=True)
    right = _nearest([line for line in beside if line.box.x0 >= gutter.x1 - 1], leftwards=False)
    return _is_prose(left) and _is_prose(right)


def _nearest(lines: Sequence[Line], leftwards: bool) -> list[Line]:
    """Of the lines at one height, the one next to the gutter."""
    nearest: dict[int, Line] = {}
    for line in lines:
        height = round(line.box.y1 / 3)
        other = nearest.get(height)
        if other is None or (line.box.x1 > other.box.x1 if leftwards else line.box.x0 < other.box.x0):
            nearest[height] = line
    return list(nearest.values())


def _is_prose(lines: Sequence[Line]) -> bool:
    if len(lines) < PROSE_LINES:
        return False
    return (
        median(count_words(line.words) for line in lines) >= PROSE_WORDS
        and median(sum(len(word.text) for word in line.words) for line in lines) >= PROSE_LETTERS
    )
