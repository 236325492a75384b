"""A settled table in, the same with what its own figures say about it, out: sums, counts, running numbers.

Tables often carry their own proof: a total below a column, numbers that run down the first column, a count of the
rows. Where they agree, the table was read whole; where they do not, a row may be missing or a figure misread (or
the document be wrong), so the finding says so and the block's confidence falls. A disagreement is stated only where
the row is surely a total: most of its columns add up, or its label says nothing but "total". Never changes a cell.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from recto.document.block import Block, Finding, Table

DOUBT = 0.9
"""Factor on the confidence of a table that contradicts itself: enough to make it low."""
LONGEST_LABEL = 60
"""Letters of a total's label; longer texts are notes."""
MIN_ADDENDS = 2
"""Figures that make a sum."""
FAR_OFF = Decimal("0.4")
"""Share of a total by which its rows may miss it and still be meant to add up; of-which rows double it."""
MIN_NUMBERED = 5
"""Rows from which numbers in the first column count the rows."""
JUMPS_SHARE = 0.25
"""Share of the steps that may be jumps in numbers that still count the rows."""
LARGEST_STEP = 3
"""Numbers that skip more than two are codes."""
YEARS = range(1800, 2101)
"""Numbers that are years count nothing."""

_TOTAL = re.compile(
    r"\b(grand |sub-?)?totals?\b|\btotaux\b|\btotale?s?\b|\btotaal\b|\b(end|zwischen)?summe\b|\bgesamt\b"
    r"|\binsgesamt\b|\bsum\b|\bsuma\b|\bsomme\b|\bитого\b|\bвсего\b|合\s*计|总\s*计|小\s*计|合\s*計|總\s*計",
    re.IGNORECASE,
)
_PLAIN_TOTAL = re.compile(
    r"^(the )?(grand |sub-?|overall )?(totals?|summe|gesamt|insgesamt|totale|totaal|sum|suma|итого|合\s*计|总\s*计)"
    r"( \([^)]*\))?:?$",
    re.IGNORECASE,
)
_NO_SUM = re.compile(
    r"average|mean\b|median|percent|%|\bper\b|\brate\b|share|durchschnitt|moyenne", re.IGNORECASE
)
_COUNT = re.compile(r"^(number of|no\. of|count\b|anzahl\b|nombre de)", re.IGNORECASE)
_NOTHING = re.compile(r"^[-–—−.…*]*$|^n/?a$|^nil$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"^(?P<open>\()?\s*(?P<sign>[-−–+])?\s*(?:[$€£¥]|[A-Z]{3}\s)?\s*(?P<sign2>[-−–])?"
    r"(?P<digits>\d[\d.,\s'’]*)\s*(?:[$€£¥]|\s[A-Z]{3})?\s*(?P<close>\))?\s*[*†‡]*$"
)
_RUNNING = re.compile(r"^(?:no\.?\s*)?(\d{1,5})[.)]?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The texts of a table by row and column, "" where nothing stands, and which rows are totals."""

    texts: tuple[tuple[str, ...], ...]
    first: int
    totals: tuple[int, ...]

    def label(self, row: int) -> str:
        return next((text for text in self.texts[row] if text), "")


def checked(block: Block) -> Block:
    """The block with its findings added; not a table, or a table without proof of itself: the same block."""
    if block.table is None:
        return block
    findings = findings_of(block.table)
    if not findings:
        return block
    doubt = 1.0 if all(finding.agrees for finding in findings) else DOUBT
    return replace(
        block,
        findings=(*block.findings, *findings),
        confidence=round(block.confidence * doubt, 4),
    )


def findings_of(table: Table) -> tuple[Finding, ...]:
    """What the figures of a table say about it; rows and columns are counted from 1, heading rows included."""
    rows = _rows(table)
    found = [finding for total in rows.totals for finding in _sums(rows, total)]
    return (*found, *_running(rows), *_counts(rows))


def _rows(table: Table) -> _Rows:
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text.strip()
    texts = tuple(map(tuple, grid))
    first = min(table.header_rows, table.rows)
    totals = (row for row in range(first, table.rows) if _is_total(next(filter(None, texts[row]), "")))
    return _Rows(texts, first, tuple(totals))


def _is_total(label: str) -> bool:
    return len(label) <= LONGEST_LABEL and bool(_TOTAL.search(label)) and not _NO_SUM.search(label)


def _sums(rows: _Rows, total: int) -> Iterator[Finding]:
    """One finding for the columns that add up, and one for each that surely should but does not."""
    agreeing: list[int] = []
    differing: list[tuple[int, Decimal]] = []
    for column in range(1, len(rows.texts[total])):
        stated = amount(rows.texts[total][column])
        sums = _possible_sums(rows, total, column) if stated else []
        if stated is None or not sums:
            continue
        if any(abs(stated - added) <= slack for added, slack in sums):
            agreeing.append(column)
        elif abs(stated - sums[0][0]) <= FAR_OFF * abs(stated):
            differing.append((column, sums[0][0]))
    name = f"Row {total + 1} ({rows.label(total)})"
    if agreeing:
        yield Finding("column_sum", True, f"{name} is the sum of the rows above it in {_listed(agreeing)}.")
    if len(agreeing) > len(differing) or (
        not agreeing and len(rows.totals) == 1 and _PLAIN_TOTAL.match(rows.label(total))
    ):
        for column, added in differing:
            says = rows.texts[total][column]
            text = f"{name} says {says} in column {column + 1}, but the rows above it add up to {added:,}."
            yield Finding("column_sum", False, text)


def _listed(columns: Sequence[int]) -> str:
    names = [str(column + 1) for column in columns]
    if len(names) == 1:
        return f"column {names[0]}"
    return f"columns {', '.join(names[:-1])} and {names[-1]}"


def _possible_sums(rows: _Rows, total: int, column: int) -> list[tuple[Decimal, Decimal]]:
    """What the total may add up, each with the slack of its rounding: its section, all rows, or all totals above."""
    before = [row for row in rows.totals if row < total]
    section = range(before[-1] + 1 if before else rows.first, total)
    plain = [row for row in range(rows.first, total) if row not in before]
    running = [before[-1], *section] if before else []
    found = []
    for addends in (section, plain, before, running):
        added = _added(rows, addends, column)
        if added is not None and added not in found:
            found.append(added)
    return found


def _added(rows: _Rows, addends: Sequence[int], column: int) -> tuple[Decimal, Decimal] | None:
    """The sum of a column over some rows and half a unit of its last place a figure; None if they are no figures."""
    values: list[Decimal] = []
    for row in addends:
        text = rows.texts[row][column]
        if _NOTHING.match(text):
            continue
        value = amount(text)
        if value is None:
            return None
        values.append(value)
    if len(values) < MIN_ADDENDS:
        return None
    places = min(-_places(value) for value in values)
    unit = Decimal(1).scaleb(places)
    slack = unit * (len(values) + 1) / 2 if places < 0 else Decimal(0)
    return sum(values, Decimal(0)), slack


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def amount(text: str) -> Decimal | None:
    """The number a cell holds, None when it holds something else; the last of two kinds of marks is the decimal one.

    >>> amount("1.204,50"), amount("$ (1,204)"), amount("12 %")
    (Decimal('1204.50'), None, None)
    >>> amount("(1,204)"), amount("1 204"), amount("3.5")
    (Decimal('-1204'), Decimal('1204'), Decimal('3.5'))
    """
    if not text or not any(letter.isdigit() for letter in text):
        return None
    match = _AMOUNT.match(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    digits = re.sub(r"[\s'’]", "", match["digits"]).rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point:
        grouped = re.fullmatch(r"\d{1,3}(,\d{3})+", digits)
        digits = digits.replace(",", "") if grouped else digits.replace(".", "").replace(",", ".")
    else:
        grouped = re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", digits)
        digits = digits.replace(".", "") if grouped else digits.replace(",", "")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    return -value if match["open"] or match["sign"] in {"-", "−", "–"} or match["sign2"] else value


def _running(rows: _Rows) -> Iterator[Finding]:
    """Whether the numbers of the first column count its rows without a gap."""
    numbered = [
        (row, int(match[1]))
        for row in range(rows.first, len(rows.texts))
        if rows.texts[row] and (match := _RUNNING.match(rows.texts[row][0]))
    ]
    if len(numbered) < MIN_NUMBERED or numbered[0][1] not in {0, 1}:
        return
    if any(number in YEARS for _, number in numbered):
        return
    steps = [(after, after[1] - before[1]) for before, after in pairwise(numbered)]
    jumps = [(row, number, step) for (row, number), step in steps if step != 1]
    if not jumps:
        last = numbered[-1][1]
        yield Finding("row_numbers", True, f"The numbers of column 1 run from {numbered[0][1]} to {last}.")
    elif len(jumps) <= JUMPS_SHARE * len(steps) and all(1 < step <= LARGEST_STEP for _, _, step in jumps):
        for row, number, step in jumps:
            text = f"The numbers of column 1 jump from {number - step} to {number} at row {row + 1}."
            yield Finding("row_numbers", False, text)


def _counts(rows: _Rows) -> Iterator[Finding]:
    """A last row that says how many rows there are."""
    last = len(rows.texts) - 1
    label = rows.label(last) if last > rows.first else ""
    if not _COUNT.match(label) or len(label) > LONGEST_LABEL:
        return
    stated = [amount(text) for text in rows.texts[last][1:] if text]
    above = last - rows.first
    if len(stated) == 1 and stated[0] == above:
        yield Finding("row_count", True, f"Row {last + 1} ({label}) counts the {above} rows above it.")
