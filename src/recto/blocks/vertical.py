"""Words in, columns of vertical Chinese, Japanese or Korean text as regions, and the words left over, out.

In vertical writing each sign stands upright below the one before it and the columns follow each other from right to
left. Signs of horizontal writing touch and arrive as one word, so a run of lone signs, each below the last, is
a column. Turned text (letters on their side) is not this: see page.take_turned_text.
"""

from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.lines import Line, line_of
from recto.blocks.region import Region
from recto.document.geometry import around
from recto.document.page import Word

MIN_SIGNS = 4
"""Signs below each other that make a column; fewer are cells of a table."""
SAME_COLUMN_EM = 0.3
"""Middles of the signs of a column differ by no more than this, in font sizes."""
STEP_EM = (0.7, 1.9)
"""Distance from sign to sign, in font sizes: close to widely spaced setting."""
COLUMN_STEP_EM = 2.6
"""Distance from column to column, in font sizes, within one text: up to wide spacing with readings beside the signs."""
WIDE_SIGNS = (
    ("\u3000", "\u9fff"),
    ("\uac00", "\ud7af"),
    ("\uf900", "\ufaff"),
    ("\ufe10", "\ufe4f"),
    ("\uff00", "\uffef"),
)
"""First and last of the signs that are as wide as high, their punctuation included."""


def vertical_regions(words: Sequence[Word]) -> tuple[list[Region], list[Word]]:
    """Regions of vertical text, each with its columns as lines from right to left, and all other words."""
    columns = [line_of(_touching(run)) for run in _runs(words) if len(run) >= MIN_SIGNS]
    if not columns:
        return [], list(words)
    places = {(word.box, word.text) for column in columns for word in column.words}
    rest = [word for word in words if (word.box, word.text) not in places]
    return [_region(text) for text in _texts(columns)], rest


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Lone wide signs, each right below the one before it in the file."""
    runs: list[list[Word]] = []
    last: Word | None = None
    for word in words:
        if not _is_sign(word):
            last = None
            continue
        if last is not None and _follows(last, word):
            runs[-1].append(word)
        else:
            runs.append([word])
        last = word
    return runs


def _is_sign(word: Word) -> bool:
    return len(word.text) == 1 and any(first <= word.text <= last for first, last in WIDE_SIGNS)


def _follows(above: Word, below: Word) -> bool:
    size = max(above.font_size, below.font_size, 1.0)
    step = below.box.center_y - above.box.center_y
    level = abs(below.box.center_x - above.box.center_x) <= SAME_COLUMN_EM * size
    return level and STEP_EM[0] * size <= step <= STEP_EM[1] * size


def _touching(run: Sequence[Word]) -> list[Word]:
    return [run[0], *(replace(word, space_before=False) for word in run[1:])]


def _texts(columns: Sequence[Line]) -> list[list[Line]]:
    """Columns side by side, from right to left, that are one text."""
    texts: list[list[Line]] = []
    for column in sorted(columns, key=lambda one: (-one.box.center_x, one.box.y0)):
        home = next((text for text in texts if _goes_on(text[-1], column)), None)
        if home is None:
            texts.append([column])
        else:
            home.append(column)
    return texts


def _goes_on(right: Line, left: Line) -> bool:
    step = right.box.center_x - left.box.center_x
    size = max(right.size, left.size, 1.0)
    return SAME_COLUMN_EM * size < step <= COLUMN_STEP_EM * size and right.box.overlap_y(left.box) > 0


def _region(columns: Sequence[Line]) -> Region:
    words = tuple(word for column in columns for word in column.words)
    return Region("Text", around(column.box for column in columns), tuple(columns), words=words)
