"""Drawn lines of a form in, those that are blanks to be written on, with what stands on them, out.

A blank is a single horizontal line with text on it that it does not merely underline. Lines of tables and
frames are none: several phrases stand on them, or they are crossed by upright lines. Never reads labels; see
pairing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recto.blocks.labels import is_enumerator
from recto.blocks.tables.lattice import Segment, drawn, whole_lines
from recto.document.geometry import Box
from recto.document.page import Page, Word

MIN_LENGTH_PT = 40.0
"""A shorter line is a dash or part of a letter."""
MAX_SHARE = 0.8
"""Share of the page's width above which a line parts what is above from what is below."""
ABOVE_EM = 0.7
BELOW_EM = 0.4
"""How far, in font sizes, the lower edge of what stands on a blank may lie above and below the line."""
UNDERLINE_SHARE = 0.9
"""Share of a line's length under text from which on it underlines the text."""
PHRASE_GAP_EM = 3.0
"""White space, in font sizes, that parts two phrases on one line."""
WORD_SPACE_EM = 0.6
"""White space, in font sizes, between words of one phrase, at most."""
JOIN_PT = 3.0
"""Pieces this near, in points, are one line."""
CROSSING_PT = 2.0
"""How near, in points, an upright line comes to a line that it crosses or ends at."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A line to be written on, as a box without height, and the words that stand on it."""

    line: Box
    words: tuple[Word, ...]


def find_blanks(page: Page, words: Sequence[Word]) -> list[Blank]:
    """The blanks of a page that are filled in, top to bottom. A word stands on one blank at most."""
    rulings = drawn(page.rulings)
    upright = whole_lines(rulings, horizontal=False, join=JOIN_PT)
    found: list[Blank] = []
    taken: set[int] = set()
    for segment in whole_lines(rulings, horizontal=True, join=JOIN_PT):
        length = segment.end - segment.start
        if not MIN_LENGTH_PT <= length <= MAX_SHARE * page.width or _is_crossed(segment, upright):
            continue
        on = sorted((word for word in words if _stands_on(word, segment)), key=_left)
        if not on or taken.intersection(map(id, on)) or _runs_on(on, words):
            continue
        for blank in _parts(on, segment):
            if _is_written_on(blank.words, blank.line.width):
                found.append(blank)
                taken.update(map(id, blank.words))
    return sorted(found, key=lambda blank: (blank.line.y0, blank.line.x0))


def _left(word: Word) -> float:
    return word.box.x0


def _stands_on(word: Word, line: Segment) -> bool:
    above = line.at - word.box.y1
    inside = line.start - word.font_size / 2 <= word.box.center_x < line.end
    return inside and -BELOW_EM * word.font_size <= above <= ABOVE_EM * word.font_size


def _is_written_on(words: Sequence[Word], length: float) -> bool:
    """One phrase, shorter than the line, and no label in it."""
    if any(word.text.endswith(":") for word in words):
        return False
    gaps = [word.box.x0 - before.box.x1 for before, word in pairwise(words)]
    size = max(word.font_size for word in words)
    covered = words[-1].box.x1 - words[0].box.x0
    return covered < UNDERLINE_SHARE * length and all(gap <= PHRASE_GAP_EM * size for gap in gaps)


def _parts(words: Sequence[Word], line: Segment) -> list[Blank]:
    """The blanks of one drawn line: a new one begins after each letter or number of an entry that stands on it."""
    starts = [place for place, word in enumerate(words) if is_enumerator(word.text)]
    if not starts:
        return [Blank(Box(line.start, line.at, line.end, line.at), tuple(words))]
    bounds = [-1, *starts, len(words)]
    found: list[Blank] = []
    for begin, end in pairwise(bounds):
        some = tuple(words[begin + 1 : end])
        if some:
            left = line.start if begin < 0 else words[begin].box.x1
            right = line.end if end == len(words) else words[end].box.x0
            found.append(Blank(Box(left, line.at, right, line.at), some))
    return found


def _runs_on(on: Sequence[Word], words: Sequence[Word]) -> bool:
    """Whether the text on a line begins before it or goes on after it: the line only happens to be there."""
    first, last = on[0], on[-1]
    row = [word for word in words if word.box.overlap_y(first.box) > first.box.height / 2]
    begins = any(_touch(word, first) and not is_enumerator(word.text) for word in row)
    return begins or any(_touch(last, word) for word in row)


def _touch(left: Word, right: Word) -> bool:
    gap = right.box.x0 - left.box.x1
    return left is not right and -right.font_size / 2 <= gap <= WORD_SPACE_EM * right.font_size


def _is_crossed(line: Segment, upright: Sequence[Segment]) -> bool:
    return any(
        line.start - CROSSING_PT <= other.at <= line.end + CROSSING_PT
        and other.start - CROSSING_PT <= line.at <= other.end + CROSSING_PT
        for other in upright
    )
