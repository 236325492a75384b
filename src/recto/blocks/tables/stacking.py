"""A table in, the same table with headings that run over several heading rows made one cell, out.

"Age" above "group" above "(yrs)" beside spanning headings is one heading. In each column the cells below the
last spanning heading become one, from there to the end of the heading rows. Heading rows that end up empty are
taken out. Never touches the body.
"""

from dataclasses import replace

from recto.document.block import Cell, Table
from recto.document.geometry import around


def stacked_headings(table: Table) -> Table:
    """The table with one heading per column below its spanning headings."""
    head = table.header_rows
    cells = [cell for cell in table.cells if cell.row >= head]
    for column in range(table.columns):
        own = [cell for cell in table.cells if cell.row < head and _covers(cell, column)]
        start = max((cell.row + cell.row_span for cell in own if cell.column_span > 1), default=0)
        cells.extend(cell for cell in own if cell.row < start and cell.column == column)
        below = [cell for cell in own if cell.row >= start]
        if below:
            cells.append(_one(below, start, head))
    return _without_empty_rows(replace(table, cells=tuple(sorted(cells, key=_place))))


def _covers(cell: Cell, column: int) -> bool:
    return cell.column <= column < cell.column + cell.column_span


def _place(cell: Cell) -> tuple[int, int]:
    return (cell.row, cell.column)


def _one(cells: list[Cell], start: int, end: int) -> Cell:
    ordered = sorted(cells, key=_place)
    text = " ".join(cell.text for cell in ordered if cell.text)
    return replace(
        ordered[0], row=start, row_span=end - start, text=text, box=around(cell.box for cell in ordered)
    )


def _without_empty_rows(table: Table) -> Table:
    """Drop heading rows in which no heading begins."""
    begun = {cell.row for cell in table.cells if cell.text}
    empty = [row for row in range(table.header_rows) if row not in begun]
    for row in reversed(empty):
        cells = [
            _without_row(cell, row) for cell in table.cells if not (cell.row == row and cell.row_span == 1)
        ]
        table = replace(table, rows=table.rows - 1, header_rows=table.header_rows - 1, cells=tuple(cells))
    return table


def _without_row(cell: Cell, row: int) -> Cell:
    if cell.row > row:
        return replace(cell, row=cell.row - 1)
    reaches = cell.row + cell.row_span > row
    return replace(cell, row_span=cell.row_span - 1) if reaches else cell
