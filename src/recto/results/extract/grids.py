"""A read document in, its grids out: rows of cells whose text knows its words.

A grid is a table block cut into its cells, or rows of phrases below a row that reads like the head of a table, for
tables that the layout did not see. Both are one form here, so that rows are read one way. Never decides what a
column means; see tables.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recto.blocks.lines import baselines
from recto.document.block import Block, Cell
from recto.document.geometry import Box
from recto.document.page import Word
from recto.results.extract.passages import DocumentText, Passage

LEAST_CUT = 2
"""Cells of a top row that have a head and a value below it, from which it is two rows."""

GridRow = tuple[Passage | None, ...]


@dataclass(frozen=True)
class Grid:
    """Rows of cells on one page. `edges` are left and right of each column in points."""

    document: int
    page: int
    rows: tuple[GridRow, ...]
    edges: tuple[tuple[float, float], ...]


def table_grids(text: DocumentText) -> Iterator[Grid]:
    """The grids of all table blocks, in reading order; a table merged from parts gives one for each part."""
    for block in text.read.blocks:
        for part in block.fragments or (block,):
            if part.table is not None and part.table.cells:
                yield _of_table(text, part, block)


def _of_table(text: DocumentText, part: Block, whole: Block) -> Grid:
    table = part.table
    assert table is not None
    by_cell = _words_by_cell(text.words.get(part.page, ()), part, table.cells)
    rows: list[list[Passage | None]] = [[None] * table.columns for _ in range(table.rows)]
    left, right = [float("inf")] * table.columns, [0.0] * table.columns
    for at, cell in enumerate(table.cells):
        words = by_cell[at] or _words_of(cell)
        if cell.column_span == 1:
            left[cell.column] = min(left[cell.column], cell.box.x0)
            right[cell.column] = max(right[cell.column], cell.box.x1)
        if words:
            rows[cell.row][cell.column] = Passage(words, text.index, part.page, whole)
    edges = tuple((x0 if x0 < float("inf") else x1, x1) for x0, x1 in zip(left, right, strict=True))
    made = [tuple(row) for row in rows]
    return Grid(text.index, part.page, (*_head_and_row(made[:1]), *made[1:]), edges)


def _head_and_row(first: Sequence[GridRow]) -> Iterator[GridRow]:
    """The top row of a table; as two where the layout took the head and the row below it for one."""
    for row in first:
        cut = [_lines_of(cell) for cell in row]
        low = [lines[1] for lines in cut if len(lines) == 2]  # noqa: PLR2004  (a head and what is below it)
        if len(low) < LEAST_CUT or any(len(lines) > 2 for lines in cut):  # noqa: PLR2004
            yield row
            continue
        edge = min(line.box.center_y for line in low) - low[0].size / 2
        parts = [[line for line in lines if line.box.center_y < edge] for lines in cut]
        rest = [[line for line in lines if line.box.center_y >= edge] for lines in cut]
        upper = tuple(lines[0] if lines else None for lines in parts)
        lower = tuple(lines[0] if lines else None for lines in rest)
        figures = sum(_has_figure(cell) for cell in lower)
        apart = all(len(lines) < 2 for lines in (*parts, *rest))  # noqa: PLR2004
        if apart and figures >= LEAST_CUT and not any(map(_has_figure, upper)):
            yield upper
            yield lower
        else:
            yield row


def _lines_of(cell: Passage | None) -> list[Passage]:
    if cell is None:
        return []
    return [Passage(words, cell.document, cell.page, cell.block) for words in baselines(cell.words)]


def _has_figure(cell: Passage | None) -> bool:
    return cell is not None and any(letter.isdigit() for letter in cell.text)


def _words_by_cell(words: Sequence[Word], part: Block, cells: Sequence[Cell]) -> list[list[Word]]:
    """The page's words in each cell, line by line."""
    found: list[list[Word]] = [[] for _ in cells]
    by_top = sorted(range(len(cells)), key=lambda at: cells[at].box.y0)
    tops = [cells[at].box.y0 for at in by_top]
    tallest = max((cell.box.height for cell in cells), default=0.0)
    for word in words:
        if not part.box.holds_center_of(word.box):
            continue
        at = _cell_around(word.box, cells, by_top, tops, tallest)
        if at is not None:
            found[at].append(word)
    return [_in_lines(inside) for inside in found]


def _cell_around(
    box: Box, cells: Sequence[Cell], by_top: Sequence[int], tops: Sequence[float], tallest: float
) -> int | None:
    place = bisect_right(tops, box.center_y) - 1
    while place >= 0 and tops[place] >= box.center_y - tallest:
        at = by_top[place]
        if cells[at].text and cells[at].box.holds_center_of(box):
            return at
        place -= 1
    return None


def _in_lines(words: list[Word]) -> list[Word]:
    if len(words) < 2:  # noqa: PLR2004  (nothing to order)
        return words
    return [word for row in baselines(words) for word in row]


def _words_of(cell: Cell) -> list[Word]:
    """A cell's text as words where the page has none, as in spreadsheets."""
    return [Word(text=part, box=cell.box, font_size=max(cell.box.height, 1.0)) for part in cell.text.split()]


def phrase_grid(
    text: DocumentText, page: int, rows: Sequence[Sequence[Passage]], head: Sequence[Passage]
) -> Grid:
    """Rows of phrases as a grid whose columns are those of a head: each phrase goes to the column it overlaps most."""
    edges = _spread([(one.box.x0, one.box.x1) for one in head])
    made: list[GridRow] = [tuple(head)]
    for row in rows:
        cells: list[Passage | None] = [None] * len(edges)
        for phrase in row:
            at = max(range(len(edges)), key=lambda place: _shared(edges[place], phrase))
            before = cells[at]
            words = (*before.words, *phrase.words) if before is not None else phrase.words
            cells[at] = Passage(words, text.index, page, phrase.block)
        made.append(tuple(cells))
    return Grid(text.index, page, tuple(made), tuple(edges))


def _spread(edges: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Columns widened to the middle of the gaps between their heads."""
    found: list[tuple[float, float]] = []
    for at, (x0, x1) in enumerate(edges):
        left = (edges[at - 1][1] + x0) / 2 if at else float("-inf")
        right = (x1 + edges[at + 1][0]) / 2 if at + 1 < len(edges) else float("inf")
        found.append((left, right))
    return found


def _shared(edges: tuple[float, float], phrase: Passage) -> float:
    return min(edges[1], phrase.box.x1) - max(edges[0], phrase.box.x0)
