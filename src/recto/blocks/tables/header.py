"""A table's cells in, the number of heading rows out.

Rules, in order: a form-like table of two columns whose first column ends in colons has none; rows before the
first row of figures, or before the first that begins with its number, are headings; a bold first row over plain
ones is a heading; otherwise the first row is one when all its cells are filled. Never changes a cell.
"""

import re
from collections.abc import Collection, Sequence

from recto.document.block import Cell

MAX_HEADER_ROWS = 4
"""More rows than this above the first figures are content. Origin: tables of public reports."""
FIGURES_SHARE = 0.5
"""Share of a row's filled cells, the first column left out, that must be figures to make it a row of data."""
LABEL_SHARE = 0.5
"""Share of first-column cells that end in a colon and make the table a form."""

_FIGURE = re.compile(
    r"^[<>~±≈(\[]*[-+−–]?\s*[$€£¥]?\s*\d[\d\s.,:/%‰()*†‡€$£–−-]*[a-z%*)\]]{0,2}$|^[-–—−.…*]+$|^n/?a$",
    re.IGNORECASE,
)
_ROW_NUMBER = re.compile(r"^\d{1,3}[.)]?$")
_YEAR = re.compile(r"^(19|20)\d\d([-–/]\d{2,4})?$")


def is_figure(text: str) -> bool:
    """Whether a cell is a number, an amount, a percentage or the dash that stands for one; not a year."""
    return bool(_FIGURE.match(text)) and not _YEAR.match(text)


def count_header_rows(cells: Sequence[Cell], rows: int, columns: int, bold_rows: Collection[int]) -> int:
    """How many leading rows are headings: 0 to MAX_HEADER_ROWS and always fewer than rows."""
    if rows < 2 or _is_form(cells, columns):  # noqa: PLR2004  (a single row heads nothing)
        return 0
    by_row = _texts(cells, rows)
    for row in range(rows):
        texts = [text for column, text in by_row[row] if column > 0 and text]
        figures = texts and sum(map(is_figure, texts)) >= FIGURES_SHARE * len(texts)
        if figures or (row > 0 and _is_numbered(by_row[row])):
            if 0 < row <= MAX_HEADER_ROWS:
                return _with_spans(cells, row, rows)
            break
    if 0 in bold_rows and not all(row in bold_rows for row in range(rows)):
        return _with_spans(cells, 1, rows)
    named = len([text for _, text in by_row[0] if text])
    spanned = len(by_row[0])
    return _with_spans(cells, 1, rows) if spanned > 1 and named >= spanned - 1 else 0


def _is_numbered(row: Sequence[tuple[int, str]]) -> bool:
    """Whether a row begins with its number."""
    return any(column == 0 and _ROW_NUMBER.match(text) for column, text in row)


def _with_spans(cells: Sequence[Cell], count: int, rows: int) -> int:
    """A heading cell that spans rows takes them all along."""
    deepest = max((cell.row + cell.row_span for cell in cells if cell.row < count), default=count)
    return min(max(count, deepest if deepest <= MAX_HEADER_ROWS else count), rows - 1)


def _is_form(cells: Sequence[Cell], columns: int) -> bool:
    labels = [cell.text for cell in cells if cell.column == 0 and cell.text]
    colons = sum(1 for label in labels if label.endswith(":"))
    return columns == 2 and bool(labels) and colons >= LABEL_SHARE * len(labels)  # noqa: PLR2004  (label and value)


def _texts(cells: Sequence[Cell], rows: int) -> list[list[tuple[int, str]]]:
    by_row: list[list[tuple[int, str]]] = [[] for _ in range(rows)]
    for cell in cells:
        by_row[cell.row].append((cell.column, cell.text))
    return by_row
