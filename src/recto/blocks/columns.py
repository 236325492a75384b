"""Words by baseline in, gutters out: the white stripes between columns.

A gutter is an upright empty stripe with words on both sides over several baselines. It is found by sweeping
the baselines from top to bottom and intersecting the gaps of each with those still open. Gutters only cut
lines; what a column is, and in which order columns are read, is decided in order.

Reference: the whitespace approach of T. Breuel, Two geometric algorithms for layout analysis (2002), reduced
to stripes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from recto.document.geometry import Box
from recto.document.page import Word

MIN_GUTTER_EM = 0.75
"""Narrowest gutter in font sizes; a word space is about 0.25 to 0.4, in justified prose up to 1.0."""
MIN_GUTTER_ROWS = 4
"""Baselines with words on both sides that make a gutter. Origin: rivers in justified text rarely run
through four lines at this width."""


@dataclass(frozen=True, slots=True)
class Gutter:
    """An empty upright stripe, in points."""

    x0: float
    x1: float
    y0: float
    y1: float

    def parts(self, left_end: float, right: Box) -> bool:
        """Whether the gutter lies between text that ends at left_end and the box to its right."""
        middle = (self.x0 + self.x1) / 2
        return left_end <= middle <= right.x0 and self.y0 <= right.center_y <= self.y1


@dataclass(slots=True)
class _Open:
    """A stripe still growing: rows with words left and right of it."""

    x0: float
    x1: float
    y0: float
    y1: float
    both: int


def find_gutters(rows: Sequence[Sequence[Word]]) -> tuple[Gutter, ...]:
    """Gutters of a page whose words are grouped by baseline, top to bottom."""
    found: list[Gutter] = []
    growing: list[_Open] = []
    for row in rows:
        top = min(word.box.y0 for word in row)
        bottom = max(word.box.y1 for word in row)
        gaps = _gaps(row)
        kept: list[_Open] = []
        for stripe in growing:
            if _grown(stripe, row, gaps, bottom):
                kept.append(stripe)
            else:
                _close(stripe, found)
        kept.extend(
            _Open(x0, x1, top, bottom, 1)
            for x0, x1 in gaps
            if not any(stripe.x0 < x1 and stripe.x1 > x0 for stripe in kept)
        )
        growing = kept
    for stripe in growing:
        _close(stripe, found)
    return tuple(found)


def _gaps(row: Sequence[Word]) -> list[tuple[float, float]]:
    gaps: list[tuple[float, float]] = []
    right = row[0].box.x1
    for word in row[1:]:
        if word.box.x0 - right >= MIN_GUTTER_EM * word.font_size:
            gaps.append((right, word.box.x0))
        right = max(right, word.box.x1)
    return gaps


def _grown(stripe: _Open, row: Sequence[Word], gaps: Sequence[tuple[float, float]], bottom: float) -> bool:
    """Whether the stripe goes on through this row; it is narrowed to the gap it goes through."""
    need = MIN_GUTTER_EM * row[0].font_size
    for x0, x1 in gaps:
        left, right = max(x0, stripe.x0), min(x1, stripe.x1)
        if right - left >= need:
            stripe.x0, stripe.x1 = left, right
            stripe.y1 = bottom
            stripe.both += 1
            return True
    if any(word.box.x0 < stripe.x1 and word.box.x1 > stripe.x0 for word in row):
        return _narrowed(stripe, row, need, bottom)
    stripe.y1 = bottom
    return True


def _narrowed(stripe: _Open, row: Sequence[Word], need: float, bottom: float) -> bool:
    """A row on one side only may reach a little into the stripe."""
    first, last = row[0].box.x0, max(word.box.x1 for word in row)
    if last <= stripe.x1 and stripe.x1 - last >= need:
        stripe.x0 = max(stripe.x0, last)
    elif first >= stripe.x0 and first - stripe.x0 >= need:
        stripe.x1 = min(stripe.x1, first)
    else:
        return False
    stripe.y1 = bottom
    return True


def _close(stripe: _Open, found: list[Gutter]) -> None:
    if stripe.both >= MIN_GUTTER_ROWS:
        found.append(Gutter(stripe.x0, stripe.x1, stripe.y0, stripe.y1))
