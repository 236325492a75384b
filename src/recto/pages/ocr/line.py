"""A recognised line with the place of each letter in, its words out. Pure arithmetic; recognises nothing.

Recognisers that read whole lines lose spaces between words. They are put back where the picture of the line has a
gap that is wider than those between its letters. Chinese and Japanese, which have no spaces, stay in one piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recto.document.geometry import Box
from recto.document.page import Word

FONT_SHARE = (
    0.85  # of a line's box height: its boxes have some air around the letters (measured on test pages)
)
# Gaps without ink are shares of the line's height. On 24 forms 99 % of the gaps inside words are below 0.21, half
# of those between words above 0.26; the other bounds keep widely set and fixed-pitch letters together.
WORD_GAP = 0.26
LETTER_GAPS = 2.0  # times the gap that three quarters of the line's letters have
SPACE_SHARE = 0.8  # of the line's usual space
SURE_GAP = 0.8  # always a gap between words, whatever stands beside it
INK_CONTRAST = 40  # grey levels (0..255) between paper and ink: less is an empty line
SPECK_SHARE = 0.02  # of the pixels are darker than what counts as the ink's own level
RULE_SHARE = 0.7  # of a row's pixels are ink: a line printed under or through the text, not letters
CLINGING = frozenset(".,:;/-'\"\u2019()、。，：；（）")  # their own white is wide: no gap between words
AFTER_STOP = frozenset(".,:;)")  # a letter after these begins a word where there is a gap

_Corners = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, its middle as a share (0..1) of its line's length, and whether a space was read before it."""

    text: str
    middle: float
    spaced: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line as read: its letters, the picture (grey levels, upright) they were read from, and where it stands.

    `corners` are four points in pixels: where the text begins at its top, where it ends at its top, then the two
    below these; `rotation` is the direction of the text in degrees counter-clockwise.
    """

    letters: tuple[Letter, ...]
    picture: NDArray[np.uint8]
    corners: _Corners
    rotation: int = 0

    @property
    def confidence(self) -> float:
        """Mean over the letters, 0..1."""
        return sum(letter.confidence for letter in self.letters) / len(self.letters) if self.letters else 0.0


def words_of(line: ReadLine, scale: float) -> list[Word]:
    """The words of a line in points; `scale` is points per pixel."""
    if not line.letters:
        return []
    inked = _inked_columns(line.picture)
    gaps = _gaps(line, inked)
    starts = [0, *(index for index, gap in enumerate(gaps, 1) if gap.is_space), len(line.letters)]
    begin, end = _outer_ink(line, inked)
    return [
        _word(
            line,
            line.letters[first:after],
            gaps[first - 1].end if first else begin,
            gaps[after - 1].start if after < len(line.letters) else end,
            scale,
        )
        for first, after in pairwise(starts)
    ]


def _word(line: ReadLine, letters: Sequence[Letter], left: float, right: float, scale: float) -> Word:
    height = float(np.linalg.norm(line.corners[3] - line.corners[0]))
    return Word(
        text="".join(letter.text for letter in letters),
        box=_box(line.corners, left, max(left, right), scale),
        font_size=round(height * FONT_SHARE * scale, 1),
        rotation=line.rotation,
        confidence=round(sum(letter.confidence for letter in letters) / len(letters), 3),
    )


@dataclass(frozen=True, slots=True)
class _Gap:
    # White between two letters as shares of the line's length, and its width as a share of the line's height.
    start: float
    end: float
    width: float
    is_space: bool = False


def _gaps(line: ReadLine, inked: NDArray[np.bool_]) -> list[_Gap]:
    height, width = line.picture.shape
    blanks = _blanks(inked)
    between = list(pairwise(line.letters))
    gaps = [_white(before.middle, after.middle, blanks, height / width) for before, after in between]
    inside = [gap.width for gap, (_, after) in zip(gaps, between, strict=True) if not after.spaced]
    spaces = [gap.width for gap, (_, after) in zip(gaps, between, strict=True) if after.spaced]
    least = max(
        WORD_GAP,
        LETTER_GAPS * float(np.percentile(inside, 75, method="lower")) if inside else 0.0,
        SPACE_SHARE * float(np.median(spaces)) if spaces else 0.0,
    )
    return [
        replace(gap, is_space=after.spaced or _is_space(gap.width, least, before.text, after.text))
        for gap, (before, after) in zip(gaps, between, strict=True)
    ]


def _is_space(width: float, least: float, before: str, after: str) -> bool:
    if width > max(SURE_GAP, least):
        return True
    if width <= least or _is_unspaced(before) or _is_unspaced(after):
        return False
    return _is_seam(before, after) or not (before in CLINGING or after in CLINGING)


def _is_seam(before: str, after: str) -> bool:
    # Where one word hardly goes on: a capital after a small letter, a figure after a letter, a letter after a stop.
    if before.isalpha():
        return after.isdigit() or (before.islower() and after.isupper())
    return before in AFTER_STOP and after.isalpha()


def _is_unspaced(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or letter >= "\U00020000"


def _white(before: float, after: float, blanks: Sequence[tuple[float, float]], shape: float) -> _Gap:
    # The widest blank between the middles of two letters; where they touch, the point halfway.
    inside = [(start, end) for start, end in blanks if before < (start + end) / 2 < after]
    if not inside:
        return _Gap((before + after) / 2, (before + after) / 2, 0.0)
    start, end = max(inside, key=lambda blank: blank[1] - blank[0])
    return _Gap(start, end, (end - start) / shape)


def _blanks(inked: NDArray[np.bool_]) -> list[tuple[float, float]]:
    # Runs of columns without ink, as shares of the width.
    change = np.diff(np.concatenate(([1], inked.astype(np.int8), [1])))
    starts, ends = np.nonzero(change == -1)[0], np.nonzero(change == 1)[0]
    width = len(inked)
    return [(start / width, end / width) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _inked_columns(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    paper, dark = float(np.median(picture)), float(np.percentile(picture, 100 * SPECK_SHARE))
    if paper - dark < INK_CONTRAST:
        return np.zeros(picture.shape[1], np.bool_)
    ink = picture < (paper + dark) / 2
    ink[ink.mean(axis=1) > RULE_SHARE] = False
    return np.asarray(ink.any(axis=0))


def _outer_ink(line: ReadLine, inked: NDArray[np.bool_]) -> tuple[float, float]:
    # Where the line's ink begins and ends, as shares of its length.
    columns = np.nonzero(inked)[0]
    if not len(columns):
        return 0.0, 1.0
    first, last = float(columns[0]) / len(inked), float(columns[-1] + 1) / len(inked)
    return min(first, line.letters[0].middle), max(last, line.letters[-1].middle)


def _box(corners: _Corners, left: float, right: float, scale: float) -> Box:
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    points = np.array(
        [
            corners[0] + left * top,
            corners[0] + right * top,
            corners[3] + left * bottom,
            corners[3] + right * bottom,
        ]
    )
    (x0, y0), (x1, y1) = points.min(axis=0) * scale, points.max(axis=0) * scale
    return Box(round(float(x0), 3), round(float(y0), 3), round(float(x1), 3), round(float(y1), 3))
