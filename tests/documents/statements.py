"""Statements of accounts as read documents: many rows over many pages, in several layouts, every row told apart.

A statement is described by a `Layout`; `statement` lays its rows out page by page as words and, where the layout says
so, as table blocks. The rows are returned beside the document, so that a test can compare them one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from recto.document.block import Block, Cell, Table
from recto.document.extraction import ReadDocument
from recto.document.geometry import Box, around
from recto.document.page import Word
from recto.document.result import PageInfo

ROW_HEIGHT, TEXT_HEIGHT, SIZE = 14.0, 9.0, 9.0
TOP, LEFT = 90.0, 40.0
HEADS = {
    "signed": ("Date", "Description", "Reference", "Amount", "Balance"),
    "split": ("Date", "Details", "Reference", "Debit", "Credit", "Balance"),
}
WIDTHS = {"signed": (80, 220, 80, 80, 80), "split": (70, 190, 80, 65, 65, 70)}
WORDS = (
    *("card", "payment", "rent", "salary", "transfer", "refund", "groceries"),
    *("fuel", "ticket", "insurance", "interest", "fee", "invoice", "dinner"),
)


@dataclass(frozen=True)
class Layout:
    """How a statement looks: columns, rows on a page, and what makes its rows hard to count."""

    columns: str = "signed"
    rows_per_page: int = 40
    tables: bool = True
    head_on_every_page: bool = True
    carried: bool = False
    subtotal_every: int = 0
    wrapped_every: int = 0
    broken_over_pages: bool = False


@dataclass
class _Sheet:
    number: int
    lines: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One row as a test expects it."""

    day: str
    text: str
    reference: str
    amount: float
    balance: float


def entries(count: int) -> list[Entry]:
    """So many different rows; every reference and nearly every amount is the only one of its kind."""
    found: list[Entry] = []
    balance = 5000.0
    for at in range(count):
        amount = round((at * 37 % 9973) / 100 + 1.11, 2) * (-1 if at % 3 else 1)
        balance = round(balance + amount, 2)
        day = (date(2021, 1, 4) + timedelta(days=at // 4)).isoformat()
        text = (
            f"{WORDS[at % len(WORDS)]} {WORDS[(at * 5 + 3) % len(WORDS)]} {WORDS[(at * 3 + 1) % len(WORDS)]}"
        )
        found.append(Entry(day, text, f"R{100000 + at}", amount, balance))
    return found


def statement(count: int, layout: Layout) -> tuple[ReadDocument, list[Entry]]:
    """A statement of so many rows, and the rows."""
    rows = entries(count)
    sheets = list(_sheets(rows, layout))
    blocks: list[Block] = []
    words: dict[int, tuple[Word, ...]] = {}
    for sheet in sheets:
        made, cells = _printed(sheet, layout)
        words[sheet.number] = tuple(made)
        if layout.tables:
            blocks.append(_block(sheet, cells, layout))
    pages = tuple(PageInfo(one.number, one.number, 612, 792, "digital", "text layer") for one in sheets)
    return ReadDocument(pages, tuple(blocks), words), rows


def _sheets(rows: list[Entry], layout: Layout) -> Iterator[_Sheet]:
    sheet = _Sheet(1, [HEADS[layout.columns]])
    for at, row in enumerate(rows):
        lines = _lines(row, at, layout)
        if layout.subtotal_every and at and at % layout.subtotal_every == 0:
            lines.insert(0, _sum("Subtotal", rows[at - 1].balance, layout))
        full = len(sheet.lines) + len(lines) > layout.rows_per_page
        if full:
            first, rest = (
                (lines[:1], lines[1:]) if layout.broken_over_pages and len(lines) > 1 else ([], lines)
            )
            sheet.lines.extend(first)
            if layout.carried:
                sheet.lines.append(_sum("Balance carried forward", rows[at - 1].balance, layout))
            yield sheet
            sheet = _Sheet(sheet.number + 1, [HEADS[layout.columns]] if layout.head_on_every_page else [])
            if layout.carried:
                sheet.lines.append(_sum("Balance brought forward", rows[at - 1].balance, layout))
            lines = rest
        sheet.lines.extend(lines)
    sheet.lines.append(_sum("Total", rows[-1].balance, layout))
    yield sheet


def _lines(row: Entry, at: int, layout: Layout) -> list[tuple[str, ...]]:
    amounts = (
        (f"{row.amount:,.2f}",)
        if layout.columns == "signed"
        else (f"{-row.amount:,.2f}" if row.amount < 0 else "", f"{row.amount:,.2f}" if row.amount > 0 else "")
    )
    lines = [(row.day, row.text, row.reference, *amounts, f"{row.balance:,.2f}")]
    if layout.wrapped_every and at % layout.wrapped_every == 0:
        lines.append(("", "continued over the line", "", *("" for _ in amounts), ""))
    return lines


def _sum(text: str, value: float, layout: Layout) -> tuple[str, ...]:
    between = len(HEADS[layout.columns]) - 3
    return ("", text, *("" for _ in range(between)), f"{value:,.2f}")


def _printed(sheet: _Sheet, layout: Layout) -> tuple[list[Word], list[Cell]]:
    words: list[Word] = []
    cells: list[Cell] = []
    for at, line in enumerate(sheet.lines):
        y0 = TOP + at * (ROW_HEIGHT * 40 / max(40, layout.rows_per_page))
        x0 = LEFT
        for column, text in enumerate(line):
            width = WIDTHS[layout.columns][column]
            place = x0
            for part in text.split():
                wide = 4.5 * len(part)
                words.append(Word(part, Box(place, y0, place + wide, y0 + TEXT_HEIGHT), SIZE))
                place += wide + 2.5
            cells.append(Cell(at, column, text, Box(x0, y0 - 1, x0 + width, y0 + ROW_HEIGHT - 2)))
            x0 += width
    return words, cells


def _block(sheet: _Sheet, cells: list[Cell], layout: Layout) -> Block:
    columns = len(HEADS[layout.columns])
    table = Table(len(sheet.lines), columns, tuple(cells), header_rows=1)
    text = "\n".join("\t".join(line) for line in sheet.lines)
    return Block("Table", sheet.number, around(cell.box for cell in cells), text, table=table)
