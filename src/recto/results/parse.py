"""The flow of a parse on one screen: a file in, pages, blocks, chunks, a result out.

Four steps, each one call in a child process, each leaving a file behind, so that any of them can be repeated
alone: `look_at` the document, `read_range` some pages, `recognise_range` the pages that need it, `assemble`.
Between reading and assembling a range travels as a file of `kept`, which also keeps it for later steps.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recto.blocks.document import settle
from recto.blocks.lines import text_lines
from recto.blocks.page import lay_out
from recto.chunks.chunking import chunk_blocks
from recto.document.block import PageLayout
from recto.document.geometry import around
from recto.document.options import ParseOptions
from recto.document.page import Page, Word
from recto.document.result import PageInfo, ParseResult, RecognisedText
from recto.intake.filetype import FileType
from recto.pages import reading
from recto.pages.detect.port import LayoutDetector
from recto.pages.detect.rapid import chosen_detector
from recto.pages.ocr.both import default_reader
from recto.pages.ocr.port import OcrReader
from recto.results.kept import (
    PageReading,
    keep,
    reading_layouts,
    reading_pages,
    reading_words,
    write_reading,
)
from recto.results.pictures import FOLDER, with_pictures
from recto.results.recognised import Placed


@dataclass(frozen=True, slots=True)
class Document:
    """A file to be read and what is needed to open it."""

    path: Path
    type: FileType
    password: str | None = None


@dataclass(frozen=True, slots=True)
class RangeRead:
    """How reading a range went: pages done, pages that must be recognised, bytes written."""

    done: tuple[int, ...]
    needs_ocr: tuple[int, ...] = ()


def look_at(document: Document, scratch: Path) -> reading.Inspection:
    """Open a document and count its pages; see pages.reading.inspect for what is raised."""
    return reading.inspect(document.path, document.type, document.password, scratch)


def read_range(document: Document, numbers: Sequence[int], options: ParseOptions, out: Path) -> RangeRead:
    """Read pages (numbers from 1) by their text layer into the file `out`; pictures beside it."""
    done: list[PageReading] = []
    words: dict[int, tuple[Word, ...]] = {}
    needs_ocr: list[int] = []
    mode = options.read.extraction_mode
    for page in reading.read(document.path, document.type, numbers, document.password, mode):
        if page.route == "ocr":
            needs_ocr.append(page.number)
        else:
            done.append(_laid_out(document, page, options, out))
            words[page.number] = page.words
    write_reading(out, done, words)
    return RangeRead(tuple(one.layout.number for one in done), tuple(needs_ocr))


def recognise_range(
    document: Document,
    numbers: Sequence[int],
    options: ParseOptions,
    out: Path,
    layout_model: str | None = None,
) -> RangeRead:
    """Read pages by optical recognition into the file `out`; `layout_model` is the setting of that name."""
    reader, detector = _reader(), _detector(layout_model)
    done: list[PageReading] = []
    words: dict[int, tuple[Word, ...]] = {}
    for page in _to_recognise(document, numbers, options):
        recognised = reading.recognise(
            document.path, document.type, page, document.password, reader, detector
        )
        done.append(_laid_out(document, recognised, options, out))
        words[page.number] = recognised.words
    write_reading(out, done, words)
    return RangeRead(tuple(numbers))


def _to_recognise(document: Document, numbers: Sequence[int], options: ParseOptions) -> Iterator[Page]:
    """The pages with the reason why they are to be recognised, which says what of their text layer stands.

    A page that is here because reading it failed is recognised whole.
    """
    mode = options.read.extraction_mode
    for page in reading.read(document.path, document.type, numbers, document.password, mode):
        if page.route == "ocr":
            yield page
        else:
            yield from reading.read(document.path, document.type, [page.number], document.password, "ocr")


def assemble(
    readings: Sequence[Path],
    options: ParseOptions,
    order: Sequence[int],
    warnings: Sequence[str],
    kept: Path | None = None,
) -> ParseResult:
    """Put the ranges of a document together: rules that need every page, then chunks.

    `order` lists the pages that were asked for; pages that could not be read are simply not there. With `kept`
    the reading is written there, for the steps that follow a parse (see `results.kept`).
    """
    by_file = {path: reading_layouts(path) for path in readings}
    read = sorted(
        ((layout, path) for path, some in by_file.items() for layout in some), key=lambda one: one[0].number
    )
    layouts = [layout for layout, _ in read]
    places = [(layout.number, path) for layout, path in read]
    index = {number: place for place, number in enumerate(sorted(order), start=1)}
    blocks = settle(layouts, merge_tables=options.formats.merge_tables)
    sizes = {layout.number: (layout.width, layout.height) for layout in layouts}
    chunks = chunk_blocks(blocks, options.chunks, options.formats, sizes)
    infos = tuple(_info(layout, index[layout.number]) for layout in layouts)
    if kept is not None:
        numbers = {path: [layout.number for layout in some] for path, some in by_file.items()}
        keep(kept, numbers, infos, blocks)
    return ParseResult(
        chunks=chunks,
        pages=infos,
        words=Placed(lambda: _words(places), chunks) if options.read.ocr_data else None,
        lines=Placed(lambda: _lines(places), chunks) if options.read.ocr_data else None,
        warnings=(*warnings, *(w for layout in layouts for w in layout.warnings)),
    )


def parse_file(
    document: Document,
    options: ParseOptions,
    numbers: Sequence[int],
    scratch: Path,
    layout_model: str | None = None,
    kept: Path | None = None,
) -> ParseResult:
    """All steps at once in this process, for the command line; `kept` as in `assemble`."""
    out, recognised = scratch / "read", scratch / "recognised"
    outcome = read_range(document, numbers, options, out)
    files = [out]
    if outcome.needs_ocr:
        recognise_range(document, outcome.needs_ocr, options, recognised, layout_model)
        files.append(recognised)
    return assemble(files, options, numbers, (), kept)


def _laid_out(document: Document, page: Page, options: ParseOptions, out: Path) -> PageReading:
    layout = lay_out(page, options.read.include)
    if options.read.images:
        draw = functools.partial(
            reading.render,
            document.path,
            document.type,
            layout.number,
            password=document.password,
            rotation=layout.rotation,
        )
        layout = with_pictures(layout, options.read.images, draw, out.parent / FOLDER)
    if not options.read.ocr_data:
        return PageReading(layout)
    seen = [word for word in page.words if not word.hidden]
    return PageReading(layout, tuple(_line(page.number, line.words) for line in text_lines(seen)))


def _words(places: Sequence[tuple[int, Path]]) -> Iterator[RecognisedText]:
    """Words page by page, two ranges in memory at most: pages read by recognition lie between others."""
    load = functools.lru_cache(maxsize=2)(reading_words)
    for number, path in places:
        yield from (_word(number, word) for word in load(path)[number] if not word.hidden)


def _lines(places: Sequence[tuple[int, Path]]) -> Iterator[RecognisedText]:
    """Lines page by page, as `_words`."""
    load = functools.lru_cache(maxsize=2)(_lines_by_number)
    for number, path in places:
        yield from load(path)[number]


def _lines_by_number(path: Path) -> dict[int, tuple[RecognisedText, ...]]:
    return {page.layout.number: page.lines for page in reading_pages(path)}


def _word(number: int, word: Word) -> RecognisedText:
    return RecognisedText(word.text, number, word.box, word.confidence, rotation=word.rotation)


def _line(number: int, words: Sequence[Word]) -> RecognisedText:
    known = [word.confidence for word in words if word.confidence is not None]
    return RecognisedText(
        " ".join(word.text for word in words),
        number,
        around(word.box for word in words),
        min(known) if known else None,
        rotation=words[0].rotation,
    )


def _info(layout: PageLayout, index: int) -> PageInfo:
    return PageInfo(
        layout.number,
        index,
        layout.width,
        layout.height,
        layout.route,
        layout.reason,
        layout.rotation,
        layout.image,
    )


@functools.cache
def _reader() -> OcrReader:
    """The reader of this child process, with its models loaded once."""
    return default_reader()


@functools.cache
def _detector(layout_model: str | None) -> LayoutDetector | None:
    """The detector of this child process, with its model loaded once."""
    return chosen_detector(layout_model)
