"""Visual rows in, columns out: the white stripes that run through a run of rows.

A stripe may be crossed by few phrases, which are headings over several columns. Never decides whether the rows
are a table.
"""

from collections.abc import Sequence
from itertools import pairwise

from recto.blocks.lines import Line
from recto.blocks.tables.grid import VisualRow

CROSSED_SHARE = 0.15
"""Share of rows that may cross a white stripe: headings over several columns."""
MIN_STRIPE_PT = 2.0
"""Width of a stripe between columns, in points, at least."""
MIN_COLUMN_ROWS = 2
"""Rows that have text in a column, at least."""
MANY_ROWS = 4
"""Rows from which on one phrase may cross a stripe."""


def find_columns(run: Sequence[VisualRow]) -> list[tuple[float, float]]:
    """The text extents (x0, x1) of the columns of a run, left to right."""
    several = [row for row in run if len(row.phrases) > 1]
    phrases = [phrase for row in several for phrase in row.phrases]
    allowed = max(1, int(CROSSED_SHARE * len(several))) if len(several) >= MANY_ROWS else 0
    stripes = _stripes(phrases, allowed)
    edges = [
        min(p.box.x0 for p in phrases),
        *((a + b) / 2 for a, b in stripes),
        max(p.box.x1 for p in phrases),
    ]
    columns: list[tuple[float, float]] = []
    for left, right in pairwise(edges):
        inside = [p.box for p in phrases if p.box.x0 >= left - 1 and p.box.x1 <= right + 1]
        if len(inside) >= MIN_COLUMN_ROWS:
            columns.append((min(b.x0 for b in inside), max(b.x1 for b in inside)))
    return columns


def _stripes(phrases: Sequence[Line], allowed: int) -> list[tuple[float, float]]:
    """White stripes crossed by no more than `allowed` phrases, between the outer edges.

    Of each stripe the part that fewest phrases cross is taken.
    """
    events = sorted([(p.box.x0, 1) for p in phrases] + [(p.box.x1, -1) for p in phrases])
    stripes: list[tuple[float, float]] = []
    depth = 0
    best: tuple[int, float, float, float] | None = None
    begun = False
    for (x, step), (after, _) in pairwise(events):
        depth += step
        if depth > allowed:
            if best is not None:
                stripes.append((best[2], best[3]))
            best, begun = None, True
        elif begun and after - x >= MIN_STRIPE_PT:
            part = (depth, x - after, x, after)
            best = part if best is None else min(best, part)
    return stripes
