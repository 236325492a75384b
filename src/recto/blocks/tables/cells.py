"""The pieces both table readers share: words to cell text, cells to a Table block.

Words and rectangles in, `Cell`, `Table` and the table's plain text out. Never decides where a table is: see
ruled and aligned.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recto.blocks.joining import joined
from recto.blocks.lines import Line, flattened, text_lines, turn_of
from recto.document.block import Cell, Table
from recto.document.geometry import Box
from recto.document.page import Word


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table, its box in points, the words it took, and how well its structure held together (0..1)."""

    table: Table
    box: Box
    words: tuple[Word, ...]
    soundness: float


def cell_text(words: Sequence[Word]) -> str:
    """The words of one cell, lines joined by a space, words broken at a line end made whole."""
    if not words:
        return ""
    if len(words) == 1:
        return words[0].text
    return joined(cell_lines(words))


def cell_lines(words: Sequence[Word]) -> list[Line]:
    """The lines of one cell, top to bottom; turned words are read in their own direction, after the rest."""
    turns = {turn_of(word) for word in words}
    if turns == {0}:
        return text_lines(words)
    lines: list[Line] = []
    for turn in sorted(turns):
        some = flattened((word for word in words if turn_of(word) == turn), turn)
        lines.extend(text_lines(some))
    return lines


def without_empty_edges(table: Table) -> Table:
    """The table without rows and columns at its rim, or between double rules, that hold no text at all."""
    full_rows = {row for cell in table.cells if cell.text for row in (cell.row, cell.row + cell.row_span - 1)}
    full_columns = {
        column
        for cell in table.cells
        if cell.text
        for column in (cell.column, cell.column + cell.column_span - 1)
    }
    if not full_rows or not full_columns:
        return table
    rows = range(min(full_rows), max(full_rows) + 1)
    columns = range(min(full_columns), max(full_columns) + 1)
    kept = [
        Cell(
            max(cell.row, rows.start) - rows.start,
            max(cell.column, columns.start) - columns.start,
            cell.text,
            cell.box,
            min(cell.row + cell.row_span, rows.stop) - max(cell.row, rows.start),
            min(cell.column + cell.column_span, columns.stop) - max(cell.column, columns.start),
        )
        for cell in table.cells
        if _meets(cell.row, cell.row_span, rows) and _meets(cell.column, cell.column_span, columns)
    ]
    return Table(len(rows), len(columns), tuple(kept), table.header_rows, table.ruled)


def _meets(start: int, span: int, within: range) -> bool:
    return start < within.stop and start + span > within.start


def plain_text(table: Table) -> str:
    """Cells row by row: a tab between cells, a line break between rows; a spanning cell is said once."""
    rows: list[list[str]] = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row][cell.column] = cell.text
    return "\n".join("\t".join(row) for row in rows)


def filled(cells: Iterable[Cell]) -> int:
    """How many cells hold text."""
    return sum(1 for cell in cells if cell.text)


def unsaid(found: FoundTable) -> str:
    """Letters and figures of the table's words that stand in none of its cells, "" when none is lost."""
    words = Counter("".join([word.text for word in found.words]))
    words.subtract(Counter("".join([cell.text for cell in found.table.cells])))
    return "".join(sorted(letter for letter in words.elements() if letter.isalnum()))


def weighed(found: FoundTable) -> FoundTable:
    """The table, less sound by the share of its letters that its cells do not say."""
    lost = len(unsaid(found))
    if not lost:
        return found
    every = sum(letter.isalnum() for word in found.words for letter in word.text)
    return replace(found, soundness=found.soundness * (1 - lost / every))
