"""Blocks of a document in, the same with tables that go on over a page break made one.

Two tables are one when the second is the first thing on the next page and the first the last thing on its
page (furniture aside), and their columns agree in number and, roughly, in place. A heading row said again is
dropped. The merged block lies where the first part lies and keeps the parts as fragments. Rows in equal rows
out, but for repeated headings.
"""

from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.tables.cells import plain_text
from recto.document.block import Block, Cell, Table

SAME_EDGE_SHARE = 0.06
"""Left and right edges of the parts may differ by this share of the table's width."""
FURNITURE = ("Header", "Footer", "Page Number")


def merge_continued(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in page order with continued tables merged."""
    found: list[Block] = []
    skipped: list[Block] = []
    for block in blocks:
        if found and block.type == "Table" and _goes_on(found[-1], block):
            found[-1] = _merged(found[-1], block)
        elif found and found[-1].type == "Table" and block.type in FURNITURE:
            skipped.append(block)
        else:
            found.extend(skipped)
            skipped = []
            found.append(block)
    return _in_page_order([*found, *skipped])


def _in_page_order(blocks: list[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: block.page)


def _goes_on(above: Block, below: Block) -> bool:
    if above.type != "Table" or above.table is None or below.table is None:
        return False
    last = above.fragments[-1] if above.fragments else above
    if below.page != last.page + 1 or above.table.columns != below.table.columns:
        return False
    slack = SAME_EDGE_SHARE * max(last.box.width, 1.0)
    return abs(last.box.x0 - below.box.x0) <= slack and abs(last.box.x1 - below.box.x1) <= slack


def _merged(above: Block, below: Block) -> Block:
    assert above.table is not None
    assert below.table is not None
    repeated = _repeated_rows(above.table, below.table)
    shift = above.table.rows - repeated
    cells = (
        *above.table.cells,
        *(_lowered(cell, shift) for cell in below.table.cells if cell.row >= repeated),
    )
    table = Table(
        above.table.rows + below.table.rows - repeated,
        above.table.columns,
        cells,
        above.table.header_rows,
        above.table.ruled and below.table.ruled,
    )
    return replace(
        above,
        table=table,
        text=plain_text(table),
        confidence=min(above.confidence, below.confidence),
        fragments=(*(above.fragments or (above,)), below),
        hidden_text="\n".join(text for text in (above.hidden_text, below.hidden_text) if text),
        caption=above.caption or below.caption,
        findings=(*above.findings, *below.findings),
    )


def _lowered(cell: Cell, by: int) -> Cell:
    return replace(cell, row=cell.row + by)


def _repeated_rows(above: Table, below: Table) -> int:
    """How many leading rows of the second part say the first part's heading again."""
    count = 0
    for row in range(min(max(above.header_rows, 1), below.rows - 1)):
        if _row(above, row) != _row(below, row) or not any(text for _, text in _row(below, row)):
            break
        count = row + 1
    return count


def _row(table: Table, row: int) -> list[tuple[int, str]]:
    return sorted(
        (cell.column, " ".join(cell.text.split()).lower()) for cell in table.cells if cell.row == row
    )
