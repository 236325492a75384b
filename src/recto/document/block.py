"""What a page says: typed blocks in reading order, and the tables among them. Pure values."""

from dataclasses import dataclass
from typing import Literal

from recto.document.geometry import Box
from recto.document.page import FormField, Route

BlockType = Literal[
    "Header",
    "Footer",
    "Title",
    "Section Header",
    "Page Number",
    "List Item",
    "Figure",
    "Table",
    "Key Value",
    "Text",
    "Comment",
    "Signature",
]
"""The twelve types of the wire contract; no other is ever made."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell. row and column count from 0 and name its top left corner; spans are at least 1."""

    row: int
    column: int
    text: str
    box: Box
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells; every cell lies inside rows x columns; the first `header_rows` rows are headings."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    header_rows: int = 0
    ruled: bool = False


FindingKind = Literal["column_sum", "row_numbers", "row_count", "words_in_cells"]
"""What was reckoned up on a table: columns against their totals, running numbers, words against cells."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a table by its own figures: what was compared, in words, and whether it agrees."""

    kind: FindingKind
    agrees: bool
    text: str


@dataclass(frozen=True, slots=True)
class Captioned:
    """What a caption is about: the type of that block and its box in points, on the caption's own page."""

    type: BlockType
    box: Box


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page, in points on that page.

    `text` is plain text with single line breaks where the reader should see them (a table's text is its cells,
    tab and newline separated). `level` is the heading level from 1 for Title and Section Header, the nesting
    depth from 0 for List Item. `marker` is a list item's own bullet or number. `confidence` is 0..1.
    `fragments` are the parts a table was merged from. `font_size` is the typical size in points. `fields` are
    the form fields that stand in the block. `author` is who wrote a comment. `image` names the block's picture
    among those of its job, empty when there is none. `hidden_text` is text of the file that stands there but that
    no reader of the page sees; it is never part of `text`. `caption` is what the captions of a figure or table
    say, `caption_of` what this block is the caption of. `findings` are the checks of a table.
    """

    type: BlockType
    page: int
    box: Box
    text: str
    level: int = 0
    marker: str = ""
    table: Table | None = None
    confidence: float = 1.0
    font_size: float = 0.0
    bold: bool = False
    fragments: tuple["Block", ...] = ()
    fields: tuple[FormField, ...] = ()
    author: str = ""
    image: str = ""
    hidden_text: str = ""
    caption: str = ""
    caption_of: Captioned | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page after the rules that need no other page: its blocks in reading order.

    Lighter than a Page (no words), so that a whole document fits in memory for the rules that need all pages.
    """

    number: int
    width: float
    height: float
    route: Route
    reason: str
    blocks: tuple[Block, ...]
    rotation: int = 0
    warnings: tuple[str, ...] = ()
    image: str = ""
