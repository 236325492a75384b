"""A table in, the table without caption and source rows, and the words of those rows, out.

Authors often draw the caption, or the source, as the first or last row over the whole width. Such a row is text
about the table. Only rows that span all columns and say what they are are taken out.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.tables.cells import FoundTable
from recto.document.block import Cell, Table
from recto.document.geometry import Box, around
from recto.document.page import Word

MAX_CAPTION_ROWS = 2
"""Rows at each end that may be captions or sources."""

_CAPTION = re.compile(
    r"^(table|tab\.|exhibit|figure|fig\.|chart|tabelle|tableau|tabla)\s+[\dA-Z]", re.IGNORECASE
)
_SOURCE = re.compile(r"^(sources?|notes?|quelle|fuente)\s*:", re.IGNORECASE)


def is_caption(text: str) -> bool:
    """Whether a text begins as the caption of a table or figure does.

    >>> is_caption("Table 3: Rainfall"), is_caption("Tables are read by row")
    (True, False)
    """
    return bool(_CAPTION.match(text))


def without_captions(found: FoundTable) -> FoundTable:
    """The table without such rows; their words are no longer among its words."""
    for pattern, at_top in ((_CAPTION, True), (_SOURCE, False)):
        for _ in range(MAX_CAPTION_ROWS):
            row = 0 if at_top else found.table.rows - 1
            cell = _whole_row(found.table, row)
            if cell is None or not pattern.match(cell.text) or found.table.rows < 3:  # noqa: PLR2004  (a table is left)
                break
            found = _without_row(found, row, cell.box)
    return found


def _whole_row(table: Table, row: int) -> Cell | None:
    cells = [cell for cell in table.cells if cell.row <= row < cell.row + cell.row_span]
    said = [cell for cell in cells if cell.text]
    if len(said) != 1 or said[0].row_span > 1:
        return None
    alone = said[0].column == 0 and (said[0].column_span == table.columns or len(cells) == table.columns)
    return said[0] if alone else None


def _without_row(found: FoundTable, row: int, box: Box) -> FoundTable:
    table = found.table
    cells = [_moved(cell, row) for cell in table.cells if cell.row != row]
    words = _outside(found.words, box)
    header = max(0, table.header_rows - 1) if row == 0 else min(table.header_rows, table.rows - 1)
    smaller = replace(table, rows=table.rows - 1, cells=tuple(cells), header_rows=header)
    return replace(found, table=smaller, words=words, box=around(cell.box for cell in cells))


def _outside(words: Sequence[Word], box: Box) -> tuple[Word, ...]:
    return tuple(word for word in words if not box.y0 <= word.box.center_y < box.y1)


def _moved(cell: Cell, row: int) -> Cell:
    return replace(cell, row=cell.row - 1) if cell.row > row else cell
