"""Grids and an array of objects in, its items out, with an account of every row.

The head of a table is matched to the item's fields; each row below is one item, over all pages on which the table
goes on, with its head repeated or without. Rows that hold no item (heads, subtotals, carried balances) are left out
and named in the ledger; a row broken over lines or pages is put together again. Rows seen are always rows returned
plus rows left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from recto.results.extract.amounts import amounts_in
from recto.results.extract.evidence import Evidence, tokens_of
from recto.results.extract.grids import Grid, GridRow, phrase_grid, table_grids
from recto.results.extract.kinds import Kind
from recto.results.extract.labels import SameWords, Wanted, likeness
from recto.results.extract.passages import DocumentText, Passage, joined
from recto.results.extract.readers import readings

LEAST_FIT = 0.5
"""A column's head is at least this like the field."""
HEAD_ROWS = 4
"""Rows at the top of a table in which its head stands."""
SURE_FIT = 0.8
"""A table whose head is this like every field needs no other to be compared with."""
LEAST_COLUMNS = 2
"""Columns that must be matched for a table to be the array's, where the items have so many fields."""
SAME_EDGE_PT = 18.0
"""Columns of a table that goes on begin no further apart than this, in points."""
ANCHOR_SHARE = 0.6
"""A column that so many rows fill says where a row begins."""
TEXT_KINDS: frozenset[Kind] = frozenset(("text", "name", "address"))
ROWS_BELOW_HEAD = 400
SUM_CELLS = 2
"""A row of a sum has no more cells than this, or lacks what every item has, or says nothing but its name."""
KIND_ROWS = 12
"""Rows by which the kind of a column is told."""
KIND_SHARE, TELLING_SHARE = 0.3, 0.8
"""Share of a column's cells that must read as its field; and as an amount or percentage, where no head says so."""

_SUBTOTAL = re.compile(
    r"^\W*(?:sub-?\s?total|(?:[^\W\d_]+ )?totals?\b|summe|zwischensumme|gesamt(?:betrag|summe)\b|totaal|subtotaal"
    r"|(?:balance |amount )?(?:brought|carried)\s?(?:forward|over|down)?|[bc]/f\b|b/fwd|c/fwd"
    r"|(?:opening|closing|previous|beginning|ending) balance|übertrag|report à nouveau"
    r"|(?:vat|tax|gst|btw|tva|mwst|sales tax|discount|shipping|freight|delivery|rounding|amount due|balance due)\b"
    r"|continued(?:\s+(?:on|from|overleaf)\b.*)?$|page \d+\b)",
    re.IGNORECASE,
)
_BALANCE = re.compile(
    r"^\W*(?:(?:opening|closing|starting|final|previous|beginning|ending) balance"
    r"|(?:balance |amount )?(?:brought|carried) (?:forward|over|down)|(?:grand |sub-?)?totals?)\W*$",
    re.IGNORECASE,
)
"""The whole text of a cell, wherever it stands, whose row sums up others."""
_CARRIED = re.compile(r"\b(?:carried|brought)\b|[bc]/f(?:wd)?\b|continued|übertrag", re.IGNORECASE)


@dataclass
class Row:
    """One item of an array: the passage of each field's column, and the page it began on."""

    page: int
    document: int
    cells: dict[str, Passage]

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells.values())


@dataclass
class ArrayRows:
    """The rows of an array, and what was left out, in words."""

    rows: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    fit: float = 0.0


@dataclass(frozen=True)
class Head:
    """Which column holds which field (paths), down to which row the head reaches, and how well it fits."""

    columns: dict[int, str]
    last_row: int
    fit: float


def rows_of_array(evidence: Evidence, items: Sequence[Wanted]) -> ArrayRows:
    """The rows of the table that fits the items' fields best, on all its pages; empty where none does."""
    grids = [_with_heads(evidence, items, list(table_grids(text))) for text in evidence.documents]
    from_blocks = _best(items, grids)
    if from_blocks.fit >= SURE_FIT * len(items):
        return from_blocks
    grids = [
        _with_heads(evidence, items, list(_phrase_grids(evidence, text, items)))
        for text in evidence.documents
    ]
    from_rows = _best(items, grids)
    return max((from_blocks, from_rows), key=lambda one: (round(one.fit, 1), one is from_blocks))


def _with_heads(
    evidence: Evidence, items: Sequence[Wanted], grids: list[Grid]
) -> list[tuple[Grid, Head | None]]:
    return [(grid, head_of(grid, items, evidence.same)) for grid in grids]


def _best(items: Sequence[Wanted], documents: Sequence[list[tuple[Grid, Head | None]]]) -> ArrayRows:
    heads = [head for found in documents for _, head in found if head is not None]
    if not heads:
        return ArrayRows()
    best = max(heads, key=lambda one: one.fit)
    made = ArrayRows(columns=tuple(best.columns.values()), fit=best.fit)
    for found in documents:
        _read_document(made, found, set(best.columns.values()), items)
    return made


def head_of(grid: Grid, items: Sequence[Wanted], same: SameWords) -> Head | None:
    """The head of a grid that names the items' fields; None when it has none."""
    best: Head | None = None
    for last in range(min(HEAD_ROWS, len(grid.rows))):
        for first in range(last, max(-1, last - 2), -1):
            columns, fit = _matched(grid.rows[first : last + 1], items, same)
            enough = len(columns) >= min(LEAST_COLUMNS, len(items))
            if enough and (best is None or fit > best.fit + 0.01):
                best = Head(columns, last, fit)
    return None if best is None else _settled(grid, best, items)


def _settled(grid: Grid, head: Head, items: Sequence[Wanted]) -> Head:
    """The head without columns whose cells are of another kind than their field, and with those only cells tell.

    A column of percentages, or one of amounts without a head of its own, goes to the one field left of that kind.
    """
    kinds = {item.path: item for item in items}
    below = grid.rows[head.last_row + 1 :][:KIND_ROWS]
    columns = {at: path for at, path in head.columns.items() if _of_kind(below, at, kinds[path])}
    for kind in ("percent", "amount"):
        left = [item for item in items if item.kind == kind and item.path not in columns.values()]
        free = [at for at in range(len(grid.edges)) if at not in columns and _telling(below, at, kind)]
        headless = kind == "percent" or all(
            grid.rows[row][at] is None for at in free for row in range(head.last_row + 1)
        )
        if len(left) == 1 and len(free) == 1 and headless:
            columns[free[0]] = left[0].path
    return Head(columns, head.last_row, head.fit) if columns else head


def _of_kind(rows: Sequence[GridRow], at: int, item: Wanted) -> bool:
    if item.kind in TEXT_KINDS or item.kind in ("choice", "boolean"):
        return True
    cells = [cell.text for row in rows if (cell := row[at]) is not None]
    read = sum(bool(readings(item.kind, text, item.field, day_first=True)) for text in cells)
    return not cells or read >= KIND_SHARE * len(cells)


def _telling(rows: Sequence[GridRow], at: int, kind: Kind) -> bool:
    cells = [cell.text for row in rows if (cell := row[at]) is not None]
    found = [amounts_in(text) for text in cells]
    said = sum(
        any(one.percent if kind == "percent" else bool(one.decimals) for one in each) for each in found
    )
    return len(cells) > 1 and said >= TELLING_SHARE * len(cells)


def _matched(
    rows: Sequence[GridRow], items: Sequence[Wanted], same: SameWords
) -> tuple[dict[int, str], float]:
    """The best field of each column, each field once."""
    scored: list[tuple[float, int, str]] = []
    for at in range(len(rows[0])):
        printed = [token.word for row in rows if (cell := row[at]) is not None for token in tokens_of(cell)]
        if not printed or len(printed) > 8 or any(word.isdigit() for word in printed):  # noqa: PLR2004
            continue
        for item in items:
            fit = max((one.weight * likeness(one.words, printed, same) for one in item.phrases), default=0.0)
            if fit >= LEAST_FIT:
                scored.append((fit, at, item.path))
    columns: dict[int, str] = {}
    total = 0.0
    for fit, at, path in sorted(scored, key=lambda one: -one[0]):
        if at not in columns and path not in columns.values():
            columns[at] = path
            total += fit
    return columns, total


def _read_document(
    made: ArrayRows, found: Sequence[tuple[Grid, Head | None]], wanted: set[str], items: Sequence[Wanted]
) -> None:
    """Rows of one document's grids that belong to the array, one after the other."""
    current: tuple[Grid, dict[int, str]] | None = None
    first = True
    raw: list[tuple[Row, bool]] = []
    for grid, head in found:
        if head is not None and _same_fields(set(head.columns.values()), wanted):
            columns, start = head.columns, head.last_row + 1
            if not first:
                made.left_out.append(f"page {grid.page}: the head of the table, repeated")
            first = False
        elif current is not None and head is None and _goes_on(current[0], grid):
            columns, start = _moved(current, grid), 0
        else:
            if head is not None:
                current = None
            continue
        current = (grid, columns)
        raw.extend((row, row_at == 0) for row_at, row in enumerate(_rows(grid, columns, start)))
    _put_together(made, [row for row, _ in raw], items)


def _same_fields(mine: set[str], wanted: set[str]) -> bool:
    return len(mine & wanted) >= max(1, round(0.7 * len(wanted)))


def _goes_on(before: Grid, grid: Grid) -> bool:
    """Whether a grid without a head is the same table, further down or on a later page."""
    if grid.document != before.document or not 0 <= grid.page - before.page <= 1:
        return False
    if len(grid.edges) == len(before.edges):
        near = [
            abs(one[0] - other[0]) <= SAME_EDGE_PT or abs(one[1] - other[1]) <= SAME_EDGE_PT
            for one, other in zip(grid.edges, before.edges, strict=True)
        ]
        return sum(near) >= 0.7 * len(near)
    return (
        abs(grid.edges[0][0] - before.edges[0][0]) <= SAME_EDGE_PT
        and abs(grid.edges[-1][1] - before.edges[-1][1]) <= SAME_EDGE_PT
    )


def _moved(current: tuple[Grid, dict[int, str]], grid: Grid) -> dict[int, str]:
    """The columns of the table in a grid that goes on: by number, or by place when there are more or fewer."""
    before, columns = current
    if len(before.edges) == len(grid.edges):
        return columns
    found: dict[int, str] = {}
    for at, path in columns.items():
        x0, x1 = before.edges[at]
        shared = [min(x1, right) - max(x0, left) for left, right in grid.edges]
        best = max(range(len(shared)), key=shared.__getitem__)
        if shared[best] > 0:
            found.setdefault(best, path)
    return found


def _rows(grid: Grid, columns: dict[int, str], start: int) -> Iterator[Row]:
    for cells in grid.rows[start:]:
        kept = {path: cell for at, path in columns.items() if (cell := cells[at]) is not None}
        others = [cell for at, cell in enumerate(cells) if cell is not None and at not in columns]
        if kept:
            yield Row(grid.page, grid.document, kept)
        elif others:
            yield Row(grid.page, grid.document, {"": joined(others)})


def _put_together(made: ArrayRows, raw: list[Row], items: Sequence[Wanted]) -> None:
    """Rows sorted into items, parts of items, and what is none."""
    kinds: dict[str, Kind] = {item.path: item.kind for item in items}
    raw = [row for row in raw if row.cells]
    anchors = _anchors(raw, kinds)
    open_row: Row | None = None
    for row in raw:
        subtotal = _subtotal(row, anchors)
        if subtotal:
            made.left_out.append(f"page {row.page}: “{row.text[:60]}” is {subtotal}")
            open_row = open_row if _CARRIED.search(row.text) else None
        elif "" in row.cells:
            made.left_out.append(f"page {row.page}: “{row.text[:60]}” stands in no column of the schema")
        elif open_row is not None and _is_part(row, open_row, anchors, kinds):
            _merge(open_row, row)
            made.left_out.append(f"page {row.page}: “{row.text[:60]}” goes on with the row above")
        elif open_row is None and anchors and made.rows and not anchors & set(row.cells):
            made.left_out.append(
                f"page {row.page}: “{row.text[:60]}” has none of the values that every row has"
            )
        else:
            made.rows.append(row)
            open_row = row


def _anchors(rows: Sequence[Row], kinds: Mapping[str, Kind]) -> set[str]:
    """Columns of a special form that nearly every row fills."""
    whole = [row for row in rows if len(row.cells) > 1 and "" not in row.cells]
    counts = {
        path: sum(path in row.cells for row in whole)
        for path, kind in kinds.items()
        if kind not in TEXT_KINDS
    }
    return {path for path, count in counts.items() if whole and count >= ANCHOR_SHARE * len(whole)}


def _subtotal(row: Row, anchors: set[str]) -> str:
    """What a row is that sums up others, empty for an item."""
    first = min(row.cells.values(), key=lambda cell: cell.box.x0)
    candidates = [first, *(cell for cell in row.cells.values() if not cell.text[:1].isdigit())]
    if any(_BALANCE.match(cell.text) for cell in candidates):
        return "a subtotal or a balance carried over"
    if not any(_SUBTOTAL.match(cell.text) for cell in candidates):
        return ""
    alone = _SUBTOTAL.sub("", first.text).strip(" :.") == ""
    short = len(row.cells) <= SUM_CELLS or bool(anchors - set(row.cells))
    return "a subtotal or a balance carried over" if short or alone else ""


def _is_part(row: Row, before: Row, anchors: set[str], kinds: Mapping[str, Kind]) -> bool:
    """Whether a row only goes on with the one before: text alone, or just the columns that one lacks."""
    special = {path for path in row.cells if kinds.get(path) not in TEXT_KINDS}
    if anchors and not special & anchors and not special:
        return True
    lacking = anchors - set(before.cells)
    return bool(lacking) and bool(special) and special <= lacking and special != anchors


def _merge(row: Row, more: Row) -> None:
    for path, cell in more.cells.items():
        before = row.cells.get(path)
        same_page = before is not None and before.page == cell.page
        if before is None:
            row.cells[path] = cell
        elif same_page:
            row.cells[path] = joined([before, cell])
        else:
            row.cells[path] = Continued(before, cell)


class Continued(Passage):
    """A cell's text that goes on at the top of the next page; it cites both parts."""

    __slots__ = ("parts",)

    def __init__(self, first: Passage, second: Passage) -> None:
        super().__init__((*first.words, *second.words), first.document, first.page, first.block)
        self.parts = (first, second)


def _phrase_grids(evidence: Evidence, text: DocumentText, items: Sequence[Wanted]) -> Iterator[Grid]:
    """Rows of phrases below every row that reads like the head of the array's table."""
    for page in text.pages:
        at = 0
        while at < len(page.rows):
            head = page.rows[at]
            if len(head) >= LEAST_COLUMNS and len(_matched([tuple(head)], items, evidence.same)[0]) >= min(
                LEAST_COLUMNS, len(items)
            ):
                end = _end_of_rows(page.rows, at)
                yield phrase_grid(text, page.number, page.rows[at + 1 : end], head)
                at = end
            else:
                at += 1


def _end_of_rows(rows: Sequence[Sequence[Passage]], at: int) -> int:
    """The row after the last one of a table without lines: a wide gap or a total ends it."""
    end = at + 1
    while end < len(rows) and end - at <= ROWS_BELOW_HEAD:
        gap = rows[end][0].box.y0 - rows[end - 1][0].box.y1
        if gap > 4 * rows[end][0].size:
            break
        end += 1
        if _SUBTOTAL.match(rows[end - 1][0].text) and not _rows_follow(rows, end, len(rows[at])):
            break
    return end


def _rows_follow(rows: Sequence[Sequence[Passage]], at: int, columns: int) -> bool:
    """Whether full rows come soon: then a sum was a subtotal."""
    return any(len(row) >= max(LEAST_COLUMNS, columns - 2) for row in rows[at : at + 2])
