"""Lines in, paragraphs out: lines of one column that run on become one region.

A line joins the paragraph right above it when size and weight fit, the distance is the usual one, and nothing
says that a new paragraph begins (a list marker, a first-line indent, a short line before it). Never moves
text between columns and never orders paragraphs.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from recto.blocks.joining import joined
from recto.blocks.lines import SAME_BASELINE_EM, Line, line_of, typical_leading
from recto.blocks.lists import is_bullet, marker_of, without_marker
from recto.blocks.region import Region
from recto.document.geometry import around

LEADING_SLACK = 1.28
"""A distance up to this multiple of the usual one still runs on. Word's space of 6 pt after 11 pt text is 1.4."""
SIZE_SLACK = 0.12
"""Sizes that differ by more than this share of the larger belong to different paragraphs."""
EXACT_PT = 0.4
"""Where sizes are exact, lines each of one size that differ by more than this, in points, are different styles."""
EXACT_SHARE = 0.4
"""Share of a page's letters in its commonest size that shows its sizes to be set, not measured."""
RECOGNISED_SIZE_SLACK = 0.3
"""The same for recognised lines: sizes taken from pixels differ by up to a quarter in one paragraph."""
INDENT_EM = 0.8
"""A first line moved right by this many font sizes begins a paragraph."""
SHORT_LINE_SHARE = 0.8
"""A line ending before this share of the paragraph's width was the last one, if its sentence is over."""
EDGE_STEP_PT = 12.0
"""Left edges are compared by steps of so many points."""
WORD_AND_SLACK_EM = 1.3
"""A word space and a little more, in font sizes: a word that leaves less of the line free did not fit on it."""
MAX_HAND_SET_LETTERS = 60
"""Longer lines are prose, whatever the longest of them (an address on the web) leaves free."""
MIN_STYLE_LETTERS = 6
"""Letters from which on a line in capitals is set apart from one in small letters."""
MIN_SHARED_WIDTH = 0.3
"""Share of the narrower line that must lie under the other."""
SAME_EDGE_PT = 2.0
"""Left edges that differ by no more than this, in points, are one."""
_BARE_NUMBER = re.compile(r"^(\d{1,3})\s")
SENTENCE_ENDS = (".", "!", "?", ":", ";", "。", '."', ".”", ".)")


@dataclass(frozen=True, slots=True)
class _Habits:
    """How a page sets its lines: usual leading in font sizes, right edges by left edge, whether sizes are exact."""

    leading: float
    edges: Mapping[int, float]
    exact: bool


class _Growing:
    """A paragraph that may still take lines."""

    __slots__ = ("closed", "last", "left", "lines", "marker", "right")

    def __init__(self, line: Line, marker: str) -> None:
        self.lines = [line]
        self.last = line
        self.left = line.box.x0
        self.right = line.box.x1
        self.marker = marker
        self.closed = False

    def take(self, line: Line) -> None:
        self.lines.append(line)
        self.last = line
        self.left = min(self.left, line.box.x0)
        self.right = max(self.right, line.box.x1)


def group_paragraphs(lines: Sequence[Line]) -> list[Region]:
    """Paragraphs and list items of lines that come top to bottom."""
    habits = _Habits(typical_leading(lines), _right_edges(lines), _has_exact_sizes(lines))
    growing: list[_Growing] = []
    done: list[_Growing] = []
    for line in _with_bullets(lines):
        text = line.text
        marker = marker_of(text)
        home = _above(line, growing)
        if home is not None and _runs_on(home, line, text, marker, habits):
            home.take(line)
        else:
            growing.append(_Growing(line, marker))
        still: list[_Growing] = []
        for one in growing:
            far = line.box.y0 - one.last.box.y1 > 3 * max(one.last.size, line.size, 1.0)
            (done if far else still).append(one)
        growing = still
    return [_region(one) for one in _with_tabbed_ends([*done, *growing])]


def _with_tabbed_ends(grown: Sequence[_Growing]) -> list[_Growing]:
    """Pieces of line that stand inside a paragraph, after a tab or a blank, given back to their lines."""
    kept: list[_Growing] = []
    homes = [one for one in grown if len(one.lines) > 1]
    for one in grown:
        bottom = one.last.box.y1
        near = (h for h in homes if h.lines[0].box.y0 < bottom <= h.last.box.y1 + one.last.size)
        home = next((other for other in near if _holds(other, one)), None)
        if home is None:
            kept.append(one)
            continue
        for piece in one.lines:
            at = _line_before(home, piece)
            home.lines[at] = line_of((*home.lines[at].words, *piece.words))
        home.marker = home.marker or marker_of(home.lines[0].text)
    return kept


def _holds(home: _Growing, piece: _Growing) -> bool:
    """Whether all lines of the piece stand behind lines of the paragraph, and others run through below or above."""
    if home is piece or piece.marker or len(home.lines) <= len(piece.lines):
        return False
    runs_under = home.right > piece.left + piece.last.size
    return runs_under and all(_line_before(home, line) >= 0 for line in piece.lines)


def _line_before(home: _Growing, piece: Line) -> int:
    """The place of the line on whose baseline the piece stands further right, -1 when there is none."""
    for at, line in enumerate(home.lines):
        level = abs(line.box.y1 - piece.box.y1) <= SAME_BASELINE_EM * line.size
        if level and line.box.x1 <= piece.box.x0 and abs(line.size - piece.size) <= SIZE_SLACK * line.size:
            return at
    return -1


def _with_bullets(lines: Sequence[Line]) -> list[Line]:
    """Bullets set far from their text were cut off as lines of their own: give them back."""
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        if (
            before is not None
            and len(before.words) == 1
            and _is_lone_marker(before.text)
            and before.box.overlap_y(line.box) > 0.4 * min(before.box.height, line.box.height)
            and 0 <= line.box.x0 - before.box.x1 < MAX_MARKER_GAP_EM * line.size
        ):
            found[-1] = Line(
                (*before.words, *line.words), around((before.box, line.box)), line.size, line.bold
            )
        else:
            found.append(line)
    return found


MAX_MARKER_GAP_EM = 5.0
"""White space between a marker and its text, in font sizes, at most."""


def _is_lone_marker(text: str) -> bool:
    return bool(marker_of(f"{text} X"))


def _above(line: Line, growing: Sequence[_Growing]) -> _Growing | None:
    """The paragraph whose last line is nearest above this one, in the same column."""
    best: _Growing | None = None
    for one in growing:
        last = one.last.box
        if last.y1 - line.box.y1 > -0.3 * line.size:
            continue
        shared = min(one.right, line.box.x1) - max(one.left, line.box.x0)
        if shared < MIN_SHARED_WIDTH * min(one.right - one.left, line.box.width):
            continue
        if best is None or last.y1 > best.last.box.y1:
            best = one
    return best


def _runs_on(home: _Growing, line: Line, text: str, marker: str, habits: _Habits) -> bool:
    last = home.last
    larger = max(last.size, line.size, 1.0)
    measured = _is_recognised(last) and _is_recognised(line)
    slack = RECOGNISED_SIZE_SLACK if measured else SIZE_SLACK
    if abs(last.size - line.size) > slack * larger or last.bold != line.bold:
        return False
    if text.isupper() != last.text.isupper() and _is_spoken(text) and _is_spoken(last.text):
        return False
    if (
        habits.exact
        and not measured
        and abs(last.size - line.size) > EXACT_PT
        and _is_of_one_size(last, line)
    ):
        return False
    ended = _ends_early(home, habits.edges)
    if marker and (is_bullet(marker) or home.marker or ended or _sentence_over(last)):
        return False
    distance = line.box.y1 - last.box.y1
    usual = habits.leading if len(home.lines) == 1 else _own_leading(home)
    if measured:  # boxes are as high as their letters: the distance of two bottoms says little about the next
        usual = max(usual, habits.leading)
    if distance > LEADING_SLACK * usual * larger:
        return False
    return not _new_paragraph(home, line, text, ended)


def _is_recognised(line: Line) -> bool:
    return line.words[0].confidence is not None


def _has_exact_sizes(lines: Sequence[Line]) -> bool:
    """Whether one size sets much of the text; recognised text has as many sizes as lines."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += sum(len(word.text) for word in line.words)
    return bool(letters) and max(letters.values()) >= EXACT_SHARE * sum(letters.values())


def _is_of_one_size(*lines: Line) -> bool:
    return all(abs(word.font_size - line.size) <= EXACT_PT for line in lines for word in line.words)


def _own_leading(home: _Growing) -> float:
    before, last = home.lines[-2], home.lines[-1]
    return max(1.0, (last.box.y1 - before.box.y1) / max(last.size, before.size, 1.0))


def _sentence_over(line: Line) -> bool:
    return line.words[-1].text.endswith(SENTENCE_ENDS)


def _new_paragraph(home: _Growing, line: Line, text: str, ended: bool) -> bool:
    last = home.last.box
    em = max(line.size, 1.0)
    indent = line.box.x0 - last.x0
    centred = abs(line.box.center_x - last.center_x) < em and not _set_in(line, home.last)
    if home.marker:
        return indent < -INDENT_EM * em and (ended or _sentence_over(home.last))
    if (_hangs(home, line) and not text[:1].islower()) or _counts_on(home, line, text):
        return True
    if indent > INDENT_EM * em and not centred and (len(home.lines) > 1 or _sentence_over(home.last)):
        return True
    return ended and _sentence_over(home.last) and not text[:1].islower() and not centred


def _set_in(line: Line, last: Line) -> bool:
    """A recognised line that begins further right than the one above and ends where it does is not centred."""
    step = min(0.5 * max(line.size, 1.0), 0.5 * (line.box.x0 - last.box.x0))
    return _is_recognised(line) and step > 0 and line.box.x1 > last.box.x1 - step


def _hangs(home: _Growing, line: Line) -> bool:
    """Whether the line returns to where the first line began, left of those that followed it: a hanging indent."""
    if len(home.lines) < 2:  # noqa: PLR2004  (a first line and one that follows)
        return False
    first = home.lines[0].box.x0
    step = INDENT_EM * max(line.size, 1.0)
    return home.last.box.x0 - first > step and abs(line.box.x0 - first) <= SAME_EDGE_PT


def _counts_on(home: _Growing, line: Line, text: str) -> bool:
    """Whether the paragraph began with a bare number and the line begins with the next, as in references."""
    if not text[:1].isdigit() or abs(line.box.x0 - home.lines[0].box.x0) > line.size:
        return False
    number, before = _BARE_NUMBER.match(text), _BARE_NUMBER.match(home.lines[0].text)
    return number is not None and before is not None and int(number[1]) == int(before[1]) + 1


def _is_spoken(text: str) -> bool:
    """Enough letters that capitals are a style and not an abbreviation."""
    return sum(letter.isupper() or letter.islower() for letter in text) >= MIN_STYLE_LETTERS


def _right_edges(lines: Sequence[Line]) -> dict[int, float]:
    """How far lines that begin at one left edge reach to the right; edges by steps of EDGE_STEP_PT."""
    edges: dict[int, float] = {}
    for line in lines:
        step = int(line.box.x0 // EDGE_STEP_PT)
        edges[step] = max(edges.get(step, 0.0), line.box.x1)
    return edges


def _ends_early(home: _Growing, edges: Mapping[int, float]) -> bool:
    """Whether the last line stops well before the lines of its column do."""
    step = int(home.left // EDGE_STEP_PT)
    right = max(home.right, *(edges.get(near, 0.0) for near in range(step - 1, step + 4)))
    return home.last.box.x1 - home.left < SHORT_LINE_SHARE * (right - home.left)


def _ends_on_purpose(one: _Growing) -> bool:
    """Whether half of the line ends were set by hand, as in an address: the next word would still have fitted."""
    ends = [
        line.box.x1 + WORD_AND_SLACK_EM * line.size + after.words[0].box.width < one.right
        and len(line.text) <= MAX_HAND_SET_LETTERS
        for line, after in pairwise(one.lines)
    ]
    return bool(ends) and sum(ends) * 2 >= len(ends)


def _region(one: _Growing) -> Region:
    box = around(line.box for line in one.lines)
    lines = tuple(one.lines)
    if not one.marker:
        return Region("Text", box, lines, apart=_ends_on_purpose(one))
    text = without_marker(joined(lines), one.marker)
    return Region("List Item", box, lines, text=text, marker=one.marker)
