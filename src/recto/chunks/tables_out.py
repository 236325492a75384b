"""A table in, its text in one of the wire's formats out. Pure; never looks at a page.

Choices the contract leaves open: in `json` and `csv` a spanning cell is said once, at its top left corner, and
the places it covers are empty strings; in `md` likewise, and line breaks in a cell become spaces; `jsonbbox` is
the same grid with an object of text and bbox (left, top, width, height as shares of the page, as everywhere on
the wire) for each cell and null where a spanning cell covers. The first row is the header of a pipe table
whether or not the table has heading rows, since the format knows no table without one.
"""

import csv
import html
import io
import json
from collections.abc import Sequence

from recto.document.block import Cell, Table
from recto.document.options import TableFormat

DYNAMIC_MAX_CELLS = 30
DYNAMIC_MAX_MERGED = 4
"""Up to so many cells, and so many merged ones, `dynamic` prints a pipe table, otherwise HTML (contract 4.9)."""


def table_text(table: Table, fmt: TableFormat, page_size: tuple[float, float] = (1.0, 1.0)) -> str:
    """The table in the format asked for; page_size is the page's width and height in points (jsonbbox only)."""
    if fmt == "dynamic":
        fmt = _dynamic(table)
    if fmt == "html":
        return _html(table)
    if fmt == "md":
        return _pipe(table)
    if fmt == "csv":
        return _csv(table)
    if fmt == "json":
        return json.dumps(grid_of(table), ensure_ascii=False)
    return json.dumps(_with_boxes(table, page_size), ensure_ascii=False)


def grid_of(table: Table) -> list[list[str]]:
    """The texts as rows x columns; places covered by a span are empty."""
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def _dynamic(table: Table) -> TableFormat:
    merged = sum(1 for cell in table.cells if _is_merged(cell))
    small = table.rows * table.columns <= DYNAMIC_MAX_CELLS
    return "md" if small and merged <= DYNAMIC_MAX_MERGED else "html"


def _is_merged(cell: Cell) -> bool:
    return cell.row_span > 1 or cell.column_span > 1


def _html(table: Table) -> str:
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell)
    lines = ["<table>"]
    for row, cells in enumerate(rows):
        tag = "th" if row < table.header_rows else "td"
        inner = "".join(_html_cell(cell, tag) for cell in sorted(cells, key=lambda one: one.column))
        lines.append(f"<tr>{inner}</tr>")
    lines.append("</table>")
    return "\n".join(lines)


def _html_cell(cell: Cell, tag: str) -> str:
    rows = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
    columns = f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
    text = html.escape(cell.text, quote=False).replace("\n", "<br>")
    text = text.replace("&lt;mark&gt;", "<mark>").replace("&lt;/mark&gt;", "</mark>")  # highlights
    return f"<{tag}{rows}{columns}>{text}</{tag}>"


def _pipe(table: Table) -> str:
    grid = grid_of(table)
    if not grid or not table.columns:
        return ""
    lines = [_pipe_row(grid[0]), "|" + " --- |" * table.columns, *(_pipe_row(row) for row in grid[1:])]
    return "\n".join(lines)


def _pipe_row(row: Sequence[str]) -> str:
    return "| " + " | ".join(_pipe_cell(text) for text in row) + " |"


def _pipe_cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def _csv(table: Table) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(grid_of(table))
    return out.getvalue().rstrip("\n")


def _with_boxes(table: Table, page_size: tuple[float, float]) -> list[list[dict[str, object] | None]]:
    width, height = (max(side, 1e-9) for side in page_size)
    grid: list[list[dict[str, object] | None]] = [[None] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        box = {
            "left": round(cell.box.x0 / width, 6),
            "top": round(cell.box.y0 / height, 6),
            "width": round(cell.box.width / width, 6),
            "height": round(cell.box.height / height, 6),
        }
        grid[cell.row][cell.column] = {"text": cell.text, "bbox": box}
    return grid


def table_sentences(table: Table) -> str:
    """The table as one line per row, "heading: value" pairs parted by semicolons, for embedding.

    A row without headings above it is its values; heading rows are not said again.
    """
    grid = grid_of(table)
    names = _column_names(table)
    lines: list[str] = []
    for row in grid[table.header_rows :]:
        said = [
            f"{name}: {text}" if name else text
            for name, text in zip(names, (" ".join(text.split()) for text in row), strict=True)
            if text
        ]
        if said:
            lines.append("; ".join(said) + ".")
    if not lines:
        return ". ".join(" ".join(text.split()) for row in grid for text in row if text)
    return "\n".join(lines)


def _column_names(table: Table) -> list[str]:
    """Headings of each column, those of spanning cells included, from the top down."""
    names: list[list[str]] = [[] for _ in range(table.columns)]
    for cell in sorted(table.cells, key=lambda one: (one.row, one.column)):
        if cell.row < table.header_rows and cell.text:
            for column in range(cell.column, cell.column + cell.column_span):
                names[column].append(" ".join(cell.text.split()))
    return [" ".join(parts) for parts in names]
