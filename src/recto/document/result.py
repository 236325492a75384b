"""What a parse produced, before it is put on the wire. Pure values."""

from collections.abc import Iterable
from dataclasses import dataclass

from recto.document.block import Block
from recto.document.geometry import Box
from recto.document.page import Route


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Size in points and the way one page was read; `number` is the page in the source document.

    `index` is the page's place, from 1, among the pages that were asked for; `image` names its picture among
    those of the job, empty when there is none.
    """

    number: int
    index: int
    width: float
    height: float
    route: Route
    reason: str
    rotation: int = 0
    image: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Blocks that belong together. `contents[i]` is how `blocks[i]` is printed."""

    content: str
    embed: str
    blocks: tuple[Block, ...]
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecognisedText:
    """A word or a line for `return_ocr_data`; rotation in degrees counter-clockwise, confidence 0..1 or None."""

    text: str
    page: int
    box: Box
    confidence: float | None = None
    chunk_index: int | None = None
    rotation: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentProperties:
    """What the file says about itself; dates as ISO 8601 with offset."""

    title: str | None = None
    author: str | None = None
    subject: str | None = None
    keywords: str | None = None
    creator: str | None = None
    producer: str | None = None
    last_modified_by: str | None = None
    created_at: str | None = None
    modified_at: str | None = None


@dataclass(frozen=True, slots=True)
class ParseResult:
    """A parsed document: chunks, how each page was read, and what the user should know.

    `words` and `lines` can be gone through again and again, and need not all be in memory.
    """

    chunks: tuple[Chunk, ...]
    pages: tuple[PageInfo, ...]
    words: Iterable[RecognisedText] | None = None
    lines: Iterable[RecognisedText] | None = None
    warnings: tuple[str, ...] = ()
