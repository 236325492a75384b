"""Rulings and words in, tables with drawn lines out: the first table reader.

A lattice is a table when text lies in several of its rows and columns. Words go to the cell that holds their
middle. Where the lines plainly leave out rows or columns, refined fills them in. Words outside are left to the
next steps.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from recto.blocks.tables.cells import FoundTable, cell_text, without_empty_edges
from recto.blocks.tables.grid import phrases_of
from recto.blocks.tables.header import count_header_rows
from recto.blocks.tables.lattice import Area, Lattice, find_lattices
from recto.blocks.tables.refined import refine, side_by_side, with_markers
from recto.document.block import Cell, Table
from recto.document.geometry import Box, around
from recto.document.page import Ruling, Word

MIN_FILLED_CELLS = 3
"""Fewer cells with text than this are boxes around text, not a table."""
MIN_FILLED_SHARE = 0.2
"""Share of cells with text below which a lattice is a chart's grid or a drawing."""
MAX_STRUCK_SHARE = 0.12
"""Share of words with a line through them above which a lattice is a chart: labels stand on its grid."""
MAX_DRAWING_LETTERS = 600
"""A drawing with more letters on it is text in frames."""
MIN_DRAWING_FIELDS = 4
"""Fields from which on an empty lattice is a drawing."""
REFINED = 0.95
"""Soundness of a table whose missing lines were filled in from the alignment of its words."""
LOOSE = 0.9
"""Soundness of a table with words that lie in none of its cells."""
MIN_STACKED_ROWS = 2
MAX_LETTERS_PER_STACKED_CELL = 120
"""A single column of so many rows, closed on both sides, is a table while its cells are short; with more letters a
cell, on average, it is prose in frames."""
FULL_SHARE = 0.8
"""Share of the column's width that a line of prose reaches."""
MAX_LETTERS_PER_CELL = 1500
MAX_LETTERS_IN_ONE_ROW = 150
"""A cell with more letters, on average, is a column of prose in a frame; where only one row holds text, sooner."""


def find_ruled_tables(rulings: Sequence[Ruling], words: Sequence[Word]) -> tuple[list[FoundTable], list[Box]]:
    """The tables that rulings show, top to bottom, and the boxes of drawings such as charts.

    No word is given to two tables.
    """
    found: list[FoundTable] = []
    drawings: list[Box] = []
    free = list(words)
    for lattice in sorted(find_lattices(rulings), key=lambda one: one.box.area):
        frame = lattice.box
        inside = [word for word in free if frame.holds_center_of(word.box)]
        held = _by_area(lattice, inside)
        if _is_drawing(lattice, held, inside):
            drawings.append(lattice.box)
        elif _is_table(held, inside) or _is_stack(lattice, held, inside):
            found.append(_table(lattice, held, inside))
            taken = set(map(id, inside))
            free = [word for word in free if id(word) not in taken]
    tables = sorted(found, key=lambda one: (one.box.y0, one.box.x0))
    return tables, [box for box in drawings if not any(one.box.share_inside(box) > 0 for one in tables)]


def _table(lattice: Lattice, held: dict[Area, list[Word]], inside: Sequence[Word]) -> FoundTable:
    refined = refine(lattice, held)
    if refined is not None:
        return FoundTable(refined, lattice.box, tuple(inside), REFINED)
    cells, bold_rows = _cells(lattice, held)
    rows, columns = len(lattice.ys) - 1, len(lattice.xs) - 1
    header = count_header_rows(cells, rows, columns, bold_rows)
    table = without_empty_edges(Table(rows, columns, tuple(cells), header, ruled=True))
    soundness = 1.0 if sum(map(len, held.values())) == len(inside) else LOOSE
    return FoundTable(table, lattice.box, tuple(inside), soundness)


def _by_area(lattice: Lattice, words: Sequence[Word]) -> dict[Area, list[Word]]:
    """The words of each area, by where the middle of a word lies."""
    held: dict[Area, list[Word]] = {area: [] for area in lattice.areas}
    owner = {
        (row, column): area
        for area in lattice.areas
        for row in range(area.row, area.row + area.row_span)
        for column in range(area.column, area.column + area.column_span)
    }
    for word in words:
        row = bisect_right(lattice.ys, word.box.center_y) - 1
        column = bisect_right(lattice.xs, word.box.center_x) - 1
        held[owner[row, column]].append(word)
    return held


def _is_drawing(lattice: Lattice, held: Mapping[Area, Sequence[Word]], inside: Sequence[Word]) -> bool:
    """A chart's grid: labels stand on its lines, or hardly a field of it holds text."""
    if sum(len(word.text) for word in inside) > MAX_DRAWING_LETTERS:
        return False
    struck = sum(1 for word in inside if lattice.strikes(word.box))
    if inside and struck > MAX_STRUCK_SHARE * len(inside):
        return True
    filled = sum(1 for words in held.values() if words)
    stepped = sum(1 for area in held if area.row_span > 1 or area.column_span > 1)
    if stepped * 2 > len(held) and filled * 2 < len(held):
        return True
    return len(held) >= MIN_DRAWING_FIELDS and filled < MIN_FILLED_SHARE * len(held)


def _is_table(held: Mapping[Area, Sequence[Word]], inside: Sequence[Word]) -> bool:
    filled = [area for area, words in held.items() if words]
    if len(filled) < MIN_FILLED_CELLS or len(filled) < MIN_FILLED_SHARE * len(held):
        return False
    letters = sum(len(word.text) for word in inside)
    columns = len({area.column for area in filled})
    if len({area.row for area in filled}) == 1:
        return columns >= MIN_FILLED_CELLS and letters <= MAX_LETTERS_IN_ONE_ROW * columns
    return columns > 1 and letters <= MAX_LETTERS_PER_CELL * len(filled)


def _is_stack(lattice: Lattice, held: Mapping[Area, Sequence[Word]], inside: Sequence[Word]) -> bool:
    """A single column of short cells under each other, each closed on all sides and filled.

    Phrases side by side in a cell say that the frame is drawn around something of another shape; cells that
    are full from side to side are lines of prose; labels with colons are a form.
    """
    if len(lattice.xs) != 2 or len(held) < MIN_STACKED_ROWS or not all(held.values()):  # noqa: PLR2004  (left, right)
        return False
    if any(side_by_side(with_markers(phrases_of(words))) for words in held.values()):
        return False
    labelled = sum(1 for words in held.values() if any(word.text.endswith(":") for word in words))
    if labelled * 2 >= len(held):
        return False
    width = lattice.box.width
    full = sum(1 for words in held.values() if around(word.box for word in words).width > FULL_SHARE * width)
    if full * 2 > len(held):
        return False
    closed = all(lattice.has_side(at) for at in lattice.xs)
    letters = sum(len(word.text) for word in inside)
    return closed and letters <= MAX_LETTERS_PER_STACKED_CELL * len(held)


def _cells(lattice: Lattice, held: dict[Area, list[Word]]) -> tuple[list[Cell], set[int]]:
    """The cells as drawn, and the rows whose words are all bold."""
    cells: list[Cell] = []
    bold: dict[int, bool] = {}
    for area in lattice.areas:
        words = held[area]
        box = lattice.box_of(area)
        cells.append(Cell(area.row, area.column, cell_text(words), box, area.row_span, area.column_span))
        if words:
            bold[area.row] = bold.get(area.row, True) and all(word.bold for word in words)
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return cells, {row for row, is_bold in bold.items() if is_bold}
