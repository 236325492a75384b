"""A lattice and its words in, a finer table out, where the drawn lines leave rows or columns unmarked.

Many tables draw only a frame, or lines between groups. Where one cell holds several phrases side by side, and
those line up through the table, columns are missing; where cells of one row stack figures, rows are. The drawn
lines still count: no phrase crosses an upright one, and those across part the rows. None where nothing is
missing.
"""

from collections.abc import Mapping, Sequence

from recto.blocks.lines import Line, line_of
from recto.blocks.lists import marker_of
from recto.blocks.tables.grid import VisualRow, build_table, phrases_of, visual_rows
from recto.blocks.tables.header import is_figure
from recto.blocks.tables.lattice import Area, Lattice
from recto.blocks.tables.stripes import find_columns
from recto.document.block import Table
from recto.document.page import Word

CROWDED_SHARE = 0.2
"""Share of the cells with text that hold phrases side by side, above which columns are missing."""
CROWDED_COLUMN_SHARE = 0.4
"""The same for the cells of one drawn column, for it to be parted: a stretched heading is no sign of columns."""
STACKED_CELLS = 2
"""Cells of one row that stack figures, from which on rows are missing."""
TALL_SPAN = 4
TALL_SHARE = 0.6
"""A cell over so many rows, with a line for this share of them, is a column whose lines were left out."""
MAX_MARKER_GAP_EM = 3.0
"""White space between a list's marker and its text inside a cell, in font sizes, at most."""
MIN_STACK = 2
"""Figures above each other that make a stack."""


def refine(lattice: Lattice, held: Mapping[Area, Sequence[Word]]) -> Table | None:
    """The table with the missing rows and columns, or None when the lattice is complete."""
    phrases = {area: with_markers(phrases_of(words)) for area, words in held.items() if words}
    columns = [(lattice.xs[i], lattice.xs[i + 1]) for i in range(len(lattice.xs) - 1)]
    rows = visual_rows([phrase for some in phrases.values() for phrase in some])
    crowded = [area for area, some in phrases.items() if side_by_side(some) and not lattice.nests(area)]
    finer: list[tuple[float, float]] = []
    if len(crowded) >= CROWDED_SHARE * len(phrases):
        finer = _finer_columns(rows, columns, list(phrases), crowded)
        if not finer and all(area.column_span > 1 for area in crowded):
            finer = columns
    if not finer and not _rows_missing(phrases):
        return None
    reach = {id(some[0]): lattice.box_of(area) for area, some in phrases.items() if _fills(area, some)}
    inner = [y for y in lattice.ys[1:-1] if _runs_through(lattice, y)]
    table = build_table(rows, finer or columns, inner, reach)
    return Table(table.rows, table.columns, table.cells, table.header_rows, ruled=True)


def with_markers(phrases: Sequence[Line]) -> list[Line]:
    """The phrases of a cell, bullets and numbers of a list in it given back to their text."""
    if len(phrases) == 1:
        return list(phrases)
    found: list[Line] = []
    for row in visual_rows(phrases):
        for phrase in row.phrases:
            before = found[-1] if found else None
            if before is not None and _is_marker_of(before, phrase):
                found[-1] = line_of((*before.words, *phrase.words))
            else:
                found.append(phrase)
    return found


def _is_marker_of(before: Line, phrase: Line) -> bool:
    gap = phrase.box.x0 - before.box.x1
    beside = 0 <= gap <= MAX_MARKER_GAP_EM * phrase.size and before.box.overlap_y(phrase.box) > 0
    alone = len(before.words) == 1 and bool(marker_of(f"{before.text} X"))
    return beside and alone and not is_figure(phrase.text) and not marker_of(f"{phrase.text} X")


def side_by_side(phrases: Sequence[Line]) -> bool:
    """Whether some of the phrases stand beside each other."""
    if len(phrases) == 1:
        return False
    rows = visual_rows(phrases)
    return any(len(row.phrases) > 1 for row in rows)


def _finer_columns(
    rows: Sequence[VisualRow],
    columns: Sequence[tuple[float, float]],
    filled: Sequence[Area],
    crowded: Sequence[Area],
) -> list[tuple[float, float]]:
    """More columns than are drawn, or nothing; each column that is parted must be crowded through the table."""
    found = find_columns(rows)
    if len(found) <= len(columns):
        return []
    for at, (left, right) in enumerate(columns):
        parts = sum(1 for x0, x1 in found if left <= (x0 + x1) / 2 < right)
        inside = [area for area in filled if area.column <= at < area.column + area.column_span]
        if parts > 1 and sum(area in crowded for area in inside) < CROWDED_COLUMN_SHARE * len(inside):
            return []
    return found


def _rows_missing(phrases: Mapping[Area, Sequence[Line]]) -> bool:
    stacks: dict[int, int] = {}
    for area, some in phrases.items():
        if area.row_span == 1 and len(some) >= MIN_STACK and all(is_figure(one.text) for one in some):
            stacks[area.row] = stacks.get(area.row, 0) + 1
        if area.row_span >= TALL_SPAN and len(some) >= TALL_SHARE * area.row_span:
            return True
    return any(count >= STACKED_CELLS for count in stacks.values())


def _fills(area: Area, phrases: Sequence[Line]) -> bool:
    return area.column_span > 1 and len(phrases) == 1


def _runs_through(lattice: Lattice, y: float) -> bool:
    """Whether the line at this height parts rows over most of the width."""
    length = sum(one.end - one.start for one in lattice.flat if abs(one.at - y) <= 3)  # noqa: PLR2004  (points)
    return length >= 0.5 * lattice.box.width
