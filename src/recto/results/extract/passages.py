"""A read document in, its text as passages out: rows, phrases and blocks whose letters know their words.

Whatever a rule finds in a passage's text by offsets is at once a set of words with boxes, so that every value can
be cited. Phrases are runs of words on one baseline without a wide gap: forms and headers of invoices are read by
them. Running text is read by whole blocks. Never decides what a passage means.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from recto.blocks.lines import Line, baselines, cut_lines
from recto.document.block import Block
from recto.document.extraction import ReadDocument, Source
from recto.document.geometry import Box, around
from recto.document.page import Word

PHRASE_GAP_EM = 1.0
"""White space, in font sizes, that parts two phrases: three or four word spaces, less than between columns."""
SAME_ROW_SHARE = 0.5
"""Share of the lower phrase's height that two phrases of one row have in common."""
LETTERS_HEIGHT, USUAL_SIZE = 0.8, 10.0
"""Share of a line's height that its letters are high, and font size in points, where a page has no words."""
SURE_READING = 1.0
"""Confidence of a word that was read from the file and not recognised."""


class Passage:
    """Words of one page that are read as one text; `text` joins them with blanks where the page has any.

    `block` is the block they stand in, `page` counts from 1 and `document` from 0.
    """

    __slots__ = ("_box", "block", "document", "page", "place", "starts", "text", "words")

    def __init__(self, words: Sequence[Word], document: int, page: int, block: Block | None = None) -> None:
        self.words = tuple(words)
        self.document = document
        self.page = page
        self.block = block
        self.place = 0
        starts: list[int] = []
        parts: list[str] = []
        length = 0
        for word in self.words:
            if parts and word.space_before:
                parts.append(" ")
                length += 1
            starts.append(length)
            parts.append(word.text)
            length += len(word.text)
        self.text = "".join(parts)
        self.starts = starts
        self._box: Box | None = None

    @property
    def box(self) -> Box:
        """Around all words, in points."""
        if self._box is None:
            self._box = around(word.box for word in self.words)
        return self._box

    @property
    def size(self) -> float:
        """Font size of the first word, in points."""
        return max(self.words[0].font_size, 1.0)

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that letters start..end of the text belong to, those cut in two included."""
        if end <= start:
            return ()
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, end - 1)
        return self.words[max(first, 0) : last]

    def source(self, start: int, end: int) -> Source | None:
        """The place of letters start..end, None when they are no word."""
        return source_of(self.words_between(start, end), self.document, self.page, self.block)


def source_of(words: Sequence[Word], document: int, page: int, block: Block | None) -> Source | None:
    """Words of one page as a source; None for no words."""
    if not words:
        return None
    sure = [SURE_READING if word.confidence is None else word.confidence for word in words]
    return Source(
        document=document,
        page=page,
        box=around(word.box for word in words),
        text=" ".join(word.text for word in words),
        block=block,
        confidence=min(sure),
    )


@dataclass(frozen=True)
class PageText:
    """One page: `phrases` in reading order of rows, `rows` the same grouped by baseline, left to right."""

    number: int
    phrases: tuple[Passage, ...]
    rows: tuple[tuple[Passage, ...], ...]


@dataclass(frozen=True)
class DocumentText:
    """One document as passages. Everything is made when it is first asked for."""

    index: int
    read: ReadDocument
    _by_page: dict[int, list[Block]] = field(default_factory=dict)

    @cached_property
    def pages(self) -> tuple[PageText, ...]:
        """The pages that have words, in their order."""
        return tuple(self._page(number) for number in sorted(self.words) if self.words[number])

    @cached_property
    def words(self) -> Mapping[int, tuple[Word, ...]]:
        """The words by page; those of a page that has none but has blocks, as a spreadsheet's, are its blocks' text."""
        bare = [number for number in self._blocks if not self.read.words.get(number)]
        return {**self.read.words, **{number: _words_of_blocks(self._blocks[number]) for number in bare}}

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every block with words of its own as one passage, in reading order."""
        found = [
            Passage(words, self.index, block.page, block)
            for block, words in self.words_of_blocks
            if words and block.table is None
        ]
        return tuple(found)

    @cached_property
    def lines(self) -> dict[int, tuple[Passage, ...]]:
        """Lines of every page from top to bottom, each with the block it stands in."""
        found: dict[int, list[Passage]] = {}
        for block, words in self.words_of_blocks:
            for line in block_lines(words):
                found.setdefault(block.page, []).append(Passage(line.words, self.index, block.page, block))
        return {
            page: tuple(sorted(lines, key=lambda one: (one.box.y0, one.box.x0)))
            for page, lines in found.items()
        }

    @cached_property
    def words_of_blocks(self) -> tuple[tuple[Block, tuple[Word, ...]], ...]:
        """Every block with the words in it, line by line; a word belongs to the smallest block around it."""
        found: list[tuple[Block, tuple[Word, ...]]] = []
        for number, blocks in self._blocks.items():
            kept = _shared_out(self.words.get(number, ()), blocks)
            for block, words in zip(blocks, kept, strict=True):
                rows = [word for row in baselines(words) for word in row]
                found.append((block, tuple(rows)))
        return tuple(found)

    @cached_property
    def _blocks(self) -> dict[int, list[Block]]:
        pages: dict[int, list[Block]] = {}
        for block in self.read.blocks:
            for part in block.fragments or (block,):
                pages.setdefault(part.page, []).append(part)
        return pages

    def _page(self, number: int) -> PageText:
        words = self.words[number]
        lines = cut_lines(baselines(words), (), PHRASE_GAP_EM)
        blocks = self._blocks.get(number, [])
        phrases = [Passage(line.words, self.index, number, _block_at(line.box, blocks)) for line in lines]
        rows = _rows(phrases)
        return PageText(number, tuple(phrase for row in rows for phrase in row), rows)


def _words_of_blocks(blocks: Sequence[Block]) -> tuple[Word, ...]:
    """The text of blocks and of their cells as words, spread over the boxes it stands in."""
    found: list[Word] = []
    for block in blocks:
        cells = (
            [(cell.text, cell.box) for cell in block.table.cells]
            if block.table is not None
            else [(block.text, block.box)]
        )
        for text, box in cells:
            lines = [line for line in text.split("\n") if line.strip()]
            for at, line in enumerate(lines):
                height = box.height / len(lines)
                found.extend(
                    _spread(line, Box(box.x0, box.y0 + at * height, box.x1, box.y0 + (at + 1) * height))
                )
    return tuple(found)


def _spread(line: str, box: Box) -> Iterator[Word]:
    """The words of a line side by side, each as wide as its letters, within a box."""
    size = max(1.0, min(box.height * LETTERS_HEIGHT, USUAL_SIZE))
    letter = min(size / 2, box.width / max(1, len(line)))
    at = 0
    for part in line.split():
        at = line.index(part, at)
        yield Word(part, Box(box.x0 + at * letter, box.y0, box.x0 + (at + len(part)) * letter, box.y1), size)
        at += len(part)


def block_lines(words: Sequence[Word]) -> list[Line]:
    """The lines of a block's words, from top to bottom."""
    return cut_lines(baselines(words), (), PHRASE_GAP_EM * 3) if words else []


def _rows(phrases: Sequence[Passage]) -> tuple[tuple[Passage, ...], ...]:
    rows: list[list[Passage]] = []
    for phrase in sorted(phrases, key=lambda one: one.box.center_y):
        first = rows[-1][0] if rows else None
        if first is not None and _beside(first.box, phrase.box):
            rows[-1].append(phrase)
        else:
            rows.append([phrase])
    place = 0
    for row in rows:
        row.sort(key=lambda one: one.box.x0)
        for phrase in row:
            phrase.place = place
            place += 1
    return tuple(tuple(row) for row in rows)


def _beside(box: Box, other: Box) -> bool:
    return box.overlap_y(other) >= SAME_ROW_SHARE * min(box.height, other.height)


def _block_at(box: Box, blocks: Sequence[Block]) -> Block | None:
    around_it = [block for block in blocks if block.box.holds_center_of(box)]
    return min(around_it, key=lambda block: block.box.area) if around_it else None


def _shared_out(words: Sequence[Word], blocks: Sequence[Block]) -> list[list[Word]]:
    """The words of each block; a word goes to the smallest block that holds its middle."""
    kept: list[list[Word]] = [[] for _ in blocks]
    by_size = sorted(range(len(blocks)), key=lambda at: blocks[at].box.area)
    for word in words:
        x, y = word.box.center_x, word.box.center_y
        for at in by_size:
            box = blocks[at].box
            if box.x0 - 1 <= x <= box.x1 + 1 and box.y0 - 1 <= y <= box.y1 + 1:
                kept[at].append(word)
                break
    return kept


def joined(passages: Sequence[Passage]) -> Passage:
    """Passages of one page as one, in the given order; raises ValueError for none."""
    if not passages:
        raise ValueError("joined() needs at least one passage")
    first = passages[0]
    words = [word for one in passages for word in one.words]
    return Passage(words, first.document, first.page, first.block)


def gap_between(left: Box, right: Box) -> float:
    """White space in points from one box to the next on its row."""
    return right.x0 - left.x1
