"""What the caller asked of a parse or an extraction, as frozen values.

`wire` builds them, everything below obeys them.
"""

from dataclasses import dataclass, field
from typing import Literal

from recto.document.block import BlockType

ChunkMode = Literal["disabled", "variable", "section", "page", "block", "page_sections"]
TableFormat = Literal["dynamic", "html", "md", "json", "jsonbbox", "csv"]
OcrSystem = Literal["standard", "legacy"]
ExtractionMode = Literal["hybrid", "ocr"]
Include = Literal["comments", "highlight", "hyperlinks", "ignore_watermarks", "signatures"]
"""What the caller may want beside the plain text, or, of watermarks, without."""

ImageKind = Literal["figure", "table", "page"]
"""What pictures may be made of."""


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Pages start..end, counted from 1, both ends included; None means the document's own end."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """chunk_size is the target in characters (None: adaptive), chunk_overlap characters from the neighbours."""

    mode: ChunkMode = "disabled"
    size: int | None = None
    overlap: int = 0


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """How block content is printed."""

    table_format: TableFormat = "dynamic"
    merge_tables: bool = False
    page_markers: bool = False
    filter_blocks: tuple[BlockType, ...] = ()
    embedding_optimized: bool = False


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How pages are read. `pages` empty means all; `timeout_s` limits the processing, not the queue."""

    extraction_mode: ExtractionMode = "hybrid"
    ocr_system: OcrSystem = "standard"
    pages: tuple[PageSpan, ...] = ()
    force_extension: str | None = None
    document_properties: bool = False
    ocr_data: bool = False
    include: tuple[Include, ...] = ()
    images: tuple[ImageKind, ...] = ()
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """How the result is handed out and how long it lives."""

    force_url: bool = False
    persist: bool = False


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """All options of one parse. The document password is not here: it is kept apart, encrypted."""

    chunks: ChunkOptions = field(default_factory=ChunkOptions)
    formats: FormatOptions = field(default_factory=FormatOptions)
    read: ReadOptions = field(default_factory=ReadOptions)
    result: ResultOptions = field(default_factory=ResultOptions)


BodyForm = Literal["v3", "v2"]
"""The generation of a request body, which its answer follows."""


@dataclass(frozen=True, slots=True)
class CitationOptions:
    """What to tell of each value's sources; `numerical`: confidences as numbers, `parent_text`: the block's text."""

    enabled: bool = False
    numerical: bool = True
    parent_text: bool = True


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """All options of one extraction. `schema` is JSON text: its order is that of the answer.

    The last four concern a model: show it pictures of the pages, let it check its own answer, ask the fast one once,
    ask for lists window by window.
    """

    schema: str = "{}"
    prompt: str = ""
    pages: tuple[PageSpan, ...] = ()
    citations: CitationOptions = field(default_factory=CitationOptions)
    force_url: bool = False
    form: BodyForm = "v3"
    images: bool = False
    deep: bool = False
    fast: bool = False
    by_windows: bool = False
