"""Read documents in, their text as numbered lines out, so that a model can name the lines a value stands on.

Lines go in reading order, a table's row as one line with its columns parted. What is filled into form fields stands
in its place, ticks as [x] and [ ]. Each line knows its words, so that what a model names becomes a place on a page
again. Hidden words are never part of a line: a reading keeps none.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from recto.blocks.form_fields import fill_in
from recto.blocks.lines import baselines
from recto.document.block import Block
from recto.document.extraction import ReadDocument, Source
from recto.document.page import Page, Word
from recto.results.extract.passages import SAME_ROW_SHARE, source_of
from recto.results.kept import in_reading_order

COLUMN_GAP_EM = 1.5
"""White space, in font sizes, that is shown as a border between columns: more than the widest word space in justified
prose (1.5 on the development pages of the layout)."""
BORDER = " | "
MOSTLY = 0.7
"""Share of rows that must be amounts, and that must have a text beside them."""
AMOUNT_SHARE = 0.5
"""Share of figures and their signs in the letters of an amount, whose currency or tax sign is the rest."""


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line as a model sees it; its number is its place, from 1. `document` counts from 0, `page` from 1."""

    document: int
    page: int
    text: str


class ReadLine:
    """A line with its words."""

    __slots__ = ("blocks", "document", "page", "starts", "text", "words")

    def __init__(
        self, words: Sequence[Word], document: int, page: int, blocks: Sequence[Block | None]
    ) -> None:
        """`blocks` are those that the words stand in, one for each."""
        self.words, self.blocks = tuple(words), tuple(blocks)
        self.document, self.page = document, page
        self.starts: list[int] = []
        text, before = "", None
        for word in self.words:
            text += _space(before, word)
            self.starts.append(len(text))
            text += " ".join(word.text.split())
            before = word
        self.text = text

    @property
    def numbered(self) -> NumberedLine:
        """The line without its words."""
        return NumberedLine(self.document, self.page, self.text)

    def source(self, start: int, end: int) -> Source | None:
        """The place of letters start..end of the text, None when they are no word."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, end - 1)
        first = max(first, 0)
        return source_of(self.words[first:last], self.document, self.page, self.blocks[first])


def read_lines(documents: Sequence[ReadDocument]) -> list[ReadLine]:
    """All lines of the documents; the line with number n is the entry n - 1. The same documents give the same lines."""
    return [line for at, document in enumerate(documents) for line in _document_lines(at, document)]


def _document_lines(at: int, document: ReadDocument) -> Iterator[ReadLine]:
    blocks: dict[int, list[Block]] = {}
    for block in document.blocks:
        for part in block.fragments or (block,):
            blocks.setdefault(part.page, []).append(part)
    for number in sorted(document.words):
        some = blocks.get(number, [])
        by_size = sorted(some, key=lambda block: block.box.area)
        placed = [(_block_of(word, by_size), word) for word in _words(document, number, some)]
        runs: list[_Run] = []
        for _, group in groupby(placed, key=lambda one: id(one[0])):
            run = list(group)
            rows = [row_of(row) for row in baselines([word for _, word in run])]
            fresh = _Run(run[0][0], rows)
            if runs and _goes_on(runs[-1], fresh):
                runs[-1].rows.extend(rows)
            else:
                runs.append(fresh)
        for run in _with_amounts_beside(runs):
            for row in run.rows:
                yield ReadLine(row, at, number, [_block_of(word, by_size) for word in row])


def _words(document: ReadDocument, number: int, blocks: Sequence[Block]) -> Sequence[Word]:
    """The words of a page in reading order, with the values and marks of its form fields."""
    words = document.words[number]
    fields = tuple(one for block in blocks for one in block.fields)
    if not fields:
        return words
    info = next(page for page in document.pages if page.number == number)
    page = Page(number, info.width, info.height, info.route, info.reason, fields=fields)
    return in_reading_order(fill_in(page, words), blocks)


@dataclass(slots=True)
class _Run:
    """The rows of one block, or of words in none; `block` is the first of several."""

    block: Block | None
    rows: list[list[Word]]


def _goes_on(above: _Run, below: _Run) -> bool:
    """Whether two runs are one column of amounts, each in a block of its own."""
    if any(run.block is not None and run.block.table is not None for run in (above, below)):
        return False
    if not all(_is_amount(row) for row in (*above.rows, *below.rows)):
        return False
    return above.rows[-1][0].box.overlap_x(below.rows[0][0].box) > 0


def row_of(words: Sequence[Word]) -> list[Word]:
    """The words of a row from left to right."""
    return sorted(words, key=lambda word: word.box.x0)


def _with_amounts_beside(runs: list[_Run]) -> list[_Run]:
    """The runs with columns of amounts put to the texts on whose rows they stand, as on receipts.

    Read block by block, all articles would come before all prices, and nobody could tell which belong together.
    """
    kept: list[_Run] = []
    for run in runs:
        other = next((one for one in runs if one is not run and _stand_beside(one, run)), None)
        if other is None:
            kept.append(run)
            continue
        for row in run.rows:
            beside = next((one for one in other.rows if one[0] not in row and _same_row(one, row)), None)
            if beside is None:
                other.rows.append(row)
            else:
                beside.extend(row)
        other.rows.sort(key=lambda one: one[0].box.center_y)
    return kept


def _stand_beside(text: _Run, amounts: _Run) -> bool:
    """Whether a run is a column of amounts whose rows continue those of a text to its left."""
    if amounts.block is not None and amounts.block.table is not None:
        return False
    told = sum(_is_amount(row) for row in amounts.rows)
    if told < MOSTLY * len(amounts.rows) or sum(_is_amount(row) for row in text.rows) > MOSTLY * len(
        text.rows
    ):
        return False
    shared = sum(
        any(_same_row(one, row) and one[-1].box.x1 <= row[0].box.x0 for one in text.rows)
        for row in amounts.rows
    )
    return shared >= MOSTLY * len(amounts.rows)


def _is_amount(row: Sequence[Word]) -> bool:
    letters = "".join(word.text for word in row)
    return sum(letter.isdigit() or letter in ".,-+%()" for letter in letters) >= AMOUNT_SHARE * len(letters)


def _same_row(one: Sequence[Word], other: Sequence[Word]) -> bool:
    left, right = one[-1].box, other[0].box
    return left.overlap_y(right) >= SAME_ROW_SHARE * min(left.height, right.height)


def _block_of(word: Word, by_size: Sequence[Block]) -> Block | None:
    return next((block for block in by_size if block.box.holds_center_of(word.box)), None)


def _space(before: Word | None, word: Word) -> str:
    if before is None:
        return ""
    gap = word.box.x0 - before.box.x1
    if gap > COLUMN_GAP_EM * max(before.font_size, word.font_size, 1.0):
        return BORDER
    return " " if word.space_before else ""
