"""`recto parse`: reads a document in this process, prints Markdown or JSON, draws page pictures on request.

The pictures show the blocks of the result, and, with `steps`, what each step of the layout made of the page.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from PIL import Image

from recto.document.options import PageSpan, ParseOptions
from recto.document.page import Page
from recto.document.result import ParseResult
from recto.errors import InvalidPageRange
from recto.intake.filetype import detect
from recto.jobs.advance import chosen_pages
from recto.pages import reading
from recto.pages.detect.rapid import chosen_detector
from recto.pages.ocr.both import default_reader
from recto.results.draw import draw_blocks
from recto.results.parse import Document, look_at, parse_file
from recto.results.steps import STEP_NAMES, step_pictures
from recto.wire.parse_result import write_full_result

_SPAN = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class ParseCommand:
    """What the command line asked for; `steps` wants pictures of every step beside those of the blocks."""

    file: Path
    output: Literal["json", "markdown"]
    draw: Path | None
    pages: str
    password: str | None
    dpi: int
    layout_model: str | None = None
    steps: bool = False


def run_parse(command: ParseCommand, out: TextIO) -> None:
    """Parse the file and print it.

    Raises:
        RectoError: the document cannot be read, for one of the reasons of recto.errors.
    """
    with tempfile.TemporaryDirectory(prefix="recto-") as folder:
        scratch = Path(folder)
        document = Document(command.file, detect(command.file, command.file.name), command.password)
        inspection = look_at(document, scratch)
        if inspection.readable is not None:
            document = Document(inspection.readable, document.type, command.password)
        numbers = chosen_pages(page_spans(command.pages), inspection.pages)
        result = parse_file(document, ParseOptions(), numbers, scratch, command.layout_model)
        if command.draw is not None:
            _draw(command.draw, document, result, command.dpi)
        if command.draw is not None and command.steps:
            _draw_steps(
                command.draw, _gathered(document, numbers, command.layout_model), document, command.dpi
            )
        _print(command, result, scratch, out)


def page_spans(text: str) -> tuple[PageSpan, ...]:
    """The spans of a text such as "1-3,7"; InvalidPageRange for any other.

    >>> page_spans("2-4")
    (PageSpan(start=2, end=4),)
    """
    spans: list[PageSpan] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = _SPAN.fullmatch(part)
        if not found:
            raise InvalidPageRange(f"{part!r} is no page range; write pages like 1-3,7.")
        spans.append(PageSpan(int(found[1]), int(found[2] or found[1])))
    return tuple(spans)


def _print(command: ParseCommand, result: ParseResult, scratch: Path, out: TextIO) -> None:
    if command.output == "markdown":
        out.write("\n\n".join(chunk.content for chunk in result.chunks) + "\n")
        return
    path = scratch / "result.json"
    with path.open("wb") as file:
        write_full_result(result, file)
    out.write(path.read_text(encoding="utf-8") + "\n")


def _draw(folder: Path, document: Document, result: ParseResult, dpi: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [block for chunk in result.chunks for block in chunk.blocks]
    for page in result.pages:
        picture = _picture(document, page.number, dpi, page.rotation)
        on_page = [block for block in blocks if block.page == page.number]
        drawn = draw_blocks(picture, on_page, (page.width, page.height))
        drawn.save(folder / f"page-{page.number:04}.png")


def _draw_steps(folder: Path, pages: Iterator[Page], document: Document, dpi: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        picture = _picture(document, page.number, dpi, page.rotation)
        for step, drawn in step_pictures(page, picture):
            place = STEP_NAMES.index(step) + 1
            drawn.save(folder / f"page-{page.number:04}-{place}-{step}.png")


def _gathered(document: Document, numbers: Sequence[int], layout_model: str | None) -> Iterator[Page]:
    """The pages as they are before their layout: read, and recognised where that is needed, a second time."""
    path, kind, password = document.path, document.type, document.password
    reader, detector = default_reader(), chosen_detector(layout_model)
    for page in reading.read(path, kind, numbers, password):
        if page.route == "ocr":
            yield reading.recognise(path, kind, page, password, reader, detector)
        else:
            yield page


def _picture(document: Document, number: int, dpi: int, rotation: int) -> Image.Image:
    return reading.render(document.path, document.type, number, dpi, document.password, rotation)
