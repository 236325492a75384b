"""The inner result of a parse on the wire: chunks, blocks, boxes and recognised text.

A `ParseResult` in, JSON out, either as values or written to a file piece by piece, so that a document of ten
thousand pages is never held as JSON. Here, and only here, boxes in points become shares of the page. It
decides nothing about content.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Literal

import msgspec
from pydantic import Field

from recto.document.block import Block, BlockType
from recto.document.geometry import Box
from recto.document.page import FormField
from recto.document.result import Chunk, PageInfo, ParseResult, RecognisedText
from recto.errors import Internal
from recto.wire.image_links import named
from recto.wire.model import RequestModel, WireModel, without_null

HIGH_CONFIDENCE = 0.9
"""Confidence (0..1) from which a block counts as high; contract, choice 32."""
BOX_DIGITS = 6
"""Decimals of a share of the page: a millionth of a page is far below a printer's dot."""
CONFIDENCE_DIGITS = 4
"""Decimals of a confidence: more would claim what no engine measures."""
BATCH = 500
"""Blocks or words encoded at once: some hundred kilobytes, so memory stays flat and calls stay few."""


class BoundingBox(RequestModel):
    """A box in shares (0..1) of the page, origin top left; also sent by callers, in edit form schemas."""

    left: float = Field(description="Left edge, 0..1. Rule: none yet (refused)")
    top: float = Field(description="Top edge, 0..1. Rule: none yet (refused)")
    width: float = Field(description="Width, 0..1. Rule: none yet (refused)")
    height: float = Field(description="Height, 0..1. Rule: none yet (refused)")
    page: int = Field(description="Page among those processed, from 1. Rule: none yet (refused)")
    original_page: int | None = Field(
        json_schema_extra=without_null,
        default=None,
        description="Page of the source document, from 1. Rule: none yet (refused)",
    )


class GranularConfidence(WireModel):
    extract_confidence: float | None = None
    parse_confidence: float | None = None


class MergedTable(WireModel):
    content: str
    bbox: BoundingBox
    image_url: str | None = None


class ParseBlock(WireModel):
    type: BlockType
    bbox: BoundingBox
    content: str
    image_url: str | None = None
    chart_data: list[str] | None = None
    confidence: str | None = "low"
    granular_confidence: GranularConfidence | None = None
    merged_tables: list[MergedTable] | None = None
    extra: dict[str, Any] | None = None


class ParseChunk(WireModel):
    content: str
    embed: str
    enriched: str | None
    enrichment_success: bool = False
    blocks: list[ParseBlock]


class OCRWord(WireModel):
    text: str
    bbox: BoundingBox
    confidence: float | None = None
    chunk_index: int | None = None
    rotation: int | None = None


class OCRLine(WireModel):
    text: str
    bbox: BoundingBox
    confidence: float | None = None
    chunk_index: int | None = None
    rotation: int | None = None


class OCRResult(WireModel):
    words: list[OCRWord]
    lines: list[OCRLine]


class FullResult(WireModel):
    type: Literal["full"]
    chunks: list[ParseChunk]
    ocr: OCRResult | None = None
    custom: Any | None = None


class UrlResult(WireModel):
    type: Literal["url"]
    url: str
    result_id: str


def plain_text(fragment: Block) -> str:
    """A table fragment as it stands in its block: cells by tab, rows by line."""
    return fragment.text


def full_result(
    result: ParseResult, fragment_text: Callable[[Block], str] = plain_text, image_prefix: str = ""
) -> dict[str, Any]:
    """The FullResult of a parse as JSON values, with one extra key, `pages`: size and route of each page.

    Boxes are shares (0..1) of their page, clamped to it; `page` counts among the pages asked for and
    `original_page` in the source document, both from 1. `fragment_text` prints the parts a table was merged
    from. `image_prefix` is where the pictures are stored; without it none is named. Raises Internal for content
    on a page the result does not list.
    """
    pages = _by_number(result)
    ocr = _recognised(result, pages)
    printer = _Printer(pages, fragment_text, image_prefix)
    return {
        "type": "full",
        "chunks": [{**_chunk_head(chunk), "blocks": list(printer.blocks(chunk))} for chunk in result.chunks],
        "ocr": None if ocr is None else {name: list(found) for name, found in ocr.items()},
        "custom": None,
        "pages": [printer.page(page) for page in result.pages],
    }


def write_full_result(
    result: ParseResult,
    file: BinaryIO,
    fragment_text: Callable[[Block], str] = plain_text,
    image_prefix: str = "",
) -> int:
    """Write the JSON of `full_result` to a binary file, piece by piece; returns the number of bytes."""
    written = 0
    printer = _Printer(_by_number(result), fragment_text, image_prefix)
    for piece in _pieces(result, printer):
        file.write(piece)
        written += len(piece)
    return written


def _pieces(result: ParseResult, printer: "_Printer") -> Iterator[bytes]:
    yield b'{"type":"full","chunks":['
    for index, chunk in enumerate(result.chunks):
        head = msgspec.json.encode(_chunk_head(chunk))
        yield b"," * bool(index) + head[:-1] + b',"blocks":['
        yield from _encoded(printer.blocks(chunk))
        yield b"]}"
    yield b'],"ocr":'
    ocr = _recognised(result, printer.pages)
    if ocr is None:
        yield b"null"
    else:
        yield b'{"words":['
        yield from _encoded(ocr["words"])
        yield b'],"lines":['
        yield from _encoded(ocr["lines"])
        yield b"]}"
    yield b',"custom":null,"pages":['
    yield from _encoded(printer.page(page) for page in result.pages)
    yield b"]}"


def _encoded(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The elements of a JSON array, without its brackets, in batches."""
    encoder = msgspec.json.Encoder()
    remaining = iter(values)
    separator = b""
    while some := list(islice(remaining, BATCH)):
        yield separator + encoder.encode(some)[1:-1]
        separator = b","


def _by_number(result: ParseResult) -> dict[int, PageInfo]:
    return {page.number: page for page in result.pages}


def _chunk_head(chunk: Chunk) -> dict[str, Any]:
    return {
        "content": sound_text(chunk.content),
        "embed": sound_text(chunk.embed),
        "enriched": None,
        "enrichment_success": False,
    }


@dataclass(frozen=True, slots=True)
class _Printer:
    """What is needed to put blocks and pages on the wire."""

    pages: Mapping[int, PageInfo]
    fragment_text: Callable[[Block], str]
    image_prefix: str

    def page(self, page: PageInfo) -> dict[str, Any]:
        told = {
            "page": page.index,
            "original_page": page.number,
            "width": round(page.width, 2),
            "height": round(page.height, 2),
            "rotation": page.rotation,
            "route": page.route,
            "reason": sound_text(page.reason),
        }
        return told | ({"image_url": self._image(page.image)} if page.image else {})

    def blocks(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        for block, content in zip(chunk.blocks, chunk.contents, strict=True):
            yield {
                "type": block.type,
                "bbox": bounding_box(block.box, block.page, self.pages),
                "content": sound_text(content),
                "image_url": self._image(block.image),
                "chart_data": None,
                "confidence": "high" if block.confidence >= HIGH_CONFIDENCE else "low",
                "granular_confidence": {
                    "extract_confidence": None,
                    "parse_confidence": _confidence(block.confidence),
                },
                "merged_tables": [self._fragment(part) for part in block.fragments] or None,
            } | _extra(block, self.pages)

    def _fragment(self, fragment: Block) -> dict[str, Any]:
        return {
            "content": sound_text(self.fragment_text(fragment)),
            "bbox": bounding_box(fragment.box, fragment.page, self.pages),
            "image_url": self._image(fragment.image),
        }

    def _image(self, name: str) -> str | None:
        return named(self.image_prefix + name) if name and self.image_prefix else None


def _extra(block: Block, pages: Mapping[int, PageInfo]) -> dict[str, Any]:
    """The key `extra`, or nothing for a block of which there is nothing more to say."""
    parts = block.fragments or (block,)
    told = {
        "form_fields": [_form_field(field, part.page, pages) for part in parts for field in part.fields],
        "author": sound_text(block.author),
        "hidden_text": sound_text(block.hidden_text),
        "caption": sound_text(block.caption),
        "caption_of": _captioned(block, pages),
        "findings": [
            {"kind": finding.kind, "agrees": finding.agrees, "text": sound_text(finding.text)}
            for finding in block.findings
        ],
    }
    extra = {key: value for key, value in told.items() if value}
    return {"extra": extra} if extra else {}


def _captioned(block: Block, pages: Mapping[int, PageInfo]) -> dict[str, Any] | None:
    about = block.caption_of
    if about is None:
        return None
    return {"type": about.type, "bbox": bounding_box(about.box, block.page, pages)}


def _form_field(field: FormField, page: int, pages: Mapping[int, PageInfo]) -> dict[str, Any]:
    return {
        "name": sound_text(field.name),
        "label": sound_text(field.label) or None,
        "type": field.kind,
        "value": sound_text(field.value),
        "checked": field.checked,
        "options": [sound_text(option) for option in field.options] or None,
        "bbox": bounding_box(field.box, page, pages),
    }


def _recognised(
    result: ParseResult, pages: Mapping[int, PageInfo]
) -> dict[str, Iterator[dict[str, Any]]] | None:
    """Words and lines for the caller, or None when they were not asked for.

    The published client builds its pages from blocks alone and fails on a word of a page without one, so
    what was recognised on such a page is left out.
    """
    if result.words is None and result.lines is None:
        return None
    with_blocks = {block.page for chunk in result.chunks for block in chunk.blocks}

    def entries(found: Iterable[RecognisedText] | None) -> Iterator[dict[str, Any]]:
        for entry in found or ():
            if entry.page in with_blocks:
                yield _ocr_entry(entry, pages)

    return {"words": entries(result.words), "lines": entries(result.lines)}


def _ocr_entry(entry: RecognisedText, pages: Mapping[int, PageInfo]) -> dict[str, Any]:
    return {
        "text": sound_text(entry.text),
        "bbox": bounding_box(entry.box, entry.page, pages),
        "confidence": None if entry.confidence is None else _confidence(entry.confidence),
        "chunk_index": entry.chunk_index,
        "rotation": None if entry.rotation is None else entry.rotation % 360,
    }


def bounding_box(box: Box, number: int, pages: Mapping[int, PageInfo]) -> dict[str, Any]:
    """A box in points on the source page `number` as shares of that page, clamped to it."""
    page = pages.get(number)
    if page is None:
        raise Internal(f"The result holds content of page {number}, which was not among the pages read.")
    left, right = _share(box.x0, page.width), _share(box.x1, page.width)
    top, bottom = _share(box.y0, page.height), _share(box.y1, page.height)
    return {
        "left": left,
        "top": top,
        "width": round(max(0.0, right - left), BOX_DIGITS),
        "height": round(max(0.0, bottom - top), BOX_DIGITS),
        "page": page.index,
        "original_page": page.number,
    }


def _share(position: float, extent: float) -> float:
    """A position in points as a share (0..1) of the extent; 0 where there is no extent or no number."""
    share = position / extent if extent > 0 else 0.0
    return 0.0 if math.isnan(share) else round(min(1.0, max(0.0, share)), BOX_DIGITS)


def _confidence(value: float) -> float:
    return round(min(1.0, max(0.0, value)), CONFIDENCE_DIGITS)


def sound_text(text: str) -> str:
    """Text that can be encoded: halves of surrogate pairs, which broken fonts yield, become U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
