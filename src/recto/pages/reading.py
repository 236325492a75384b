"""The one door to reading: inspect a document, read its pages, recognise those that need it, draw one.

In: a path, its type, page numbers from 1. Out: `Page` values. Plain synchronous functions, meant to run inside a
child process; they keep nothing between calls. How a page is read is decided in route, done in pdf, image, text
and ocr.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from recto.document.geometry import Box
from recto.document.options import ExtractionMode
from recto.document.page import FormField, Page, Picture, Word
from recto.document.result import DocumentProperties
from recto.errors import DocumentCorrupt, DocumentEmpty, DocumentLocked, DocumentTooLarge, DocumentUnsupported
from recto.intake.filetype import FileType
from recto.pages import checkboxes, glyphs, pdf, repair, scan, text
from recto.pages import image as images
from recto.pages.detect.port import LayoutDetector
from recto.pages.ocr.both import dominant_rotation, quarter_turned
from recto.pages.ocr.port import OcrReader, mean_confidence

MAX_PAGES = 10_000  # the wire contract's limit
RECOGNITION_DPI = 200.0  # pixels per inch of a page drawn for recognition: measured best for both recognisers
REPAIRED = "The PDF was damaged or unusually encrypted and has been rebuilt before reading."
SURE = 0.85  # confidence of a recognised word that replaces a word of the text layer outright
LIGATURE = r"\S{1,3}"  # the letters one unknown character may stand for, as in ffi
# Around a word with unknown letters, in heights of its box: recognisers need some of the line to read it well.
BESIDE = 12.0
ABOVE = 0.1  # more would take in the feet of the line above
SAME_LINE = 0.5  # share of the lower one's height that two words of a line share
WELL_INSIDE = 0.5  # share of a recognised word under a word of the text layer: then the layer's word stands


@dataclass(frozen=True, slots=True)
class Inspection:
    """What must be known before a document is split into ranges.

    `readable` is a repaired copy in the scratch folder, to be read instead of the original, or None.
    """

    pages: int
    readable: Path | None
    properties: DocumentProperties
    warnings: tuple[str, ...] = ()


def inspect(path: Path, file_type: FileType, password: str | None, scratch: Path) -> Inspection:
    """Count the pages and check that the document can be read.

    Raises DocumentCorrupt, DocumentEmpty (no pages), DocumentLocked (the password is missing or wrong),
    DocumentTooLarge (pages), ImageTooLarge and ImageTooSmall.
    """
    if path.stat().st_size == 0:
        raise DocumentEmpty("The document is empty: the file has 0 bytes. Send the file again.")
    if file_type.kind == "pdf":
        found = _inspect_pdf(path, password, scratch)
    elif file_type.kind == "image":
        found = Inspection(images.frame_count(path), None, DocumentProperties())
    else:
        found = Inspection(len(text.paged(path, file_type.extension)), None, DocumentProperties())
    if found.pages > MAX_PAGES:
        raise DocumentTooLarge(
            f"The document has {found.pages:,} pages; at most {MAX_PAGES:,} can be read. "
            "Split it, or send the part that matters."
        )
    return found


def read(
    path: Path,
    file_type: FileType,
    numbers: Sequence[int],
    password: str | None = None,
    mode: ExtractionMode = "hybrid",
) -> Iterator[Page]:
    """The pages with these numbers (from 1), in this order.

    A page of route "ocr" has no words yet: give it to `recognise`. Raises DocumentCorrupt when a page cannot be
    opened, and what `inspect` raises for the document.
    """
    if file_type.kind == "pdf":
        with pdf.opened(path, password) as document:
            for number in numbers:
                found = pdf.read_page(document, number, mode).page
                yield replace(found, words=()) if found.route == "ocr" else found
    elif file_type.kind == "image":
        for number in numbers:
            yield _image_page(path, number)
    else:
        pages = text.paged(path, file_type.extension)
        for number in numbers:
            if not 1 <= number <= len(pages):
                raise DocumentCorrupt(f"The text has {len(pages)} pages; page {number} is missing.")
            yield text.page_of(number, pages[number - 1])


def recognise(
    path: Path,
    file_type: FileType,
    page: Page,
    password: str | None,
    reader: OcrReader,
    detector: LayoutDetector | None = None,
) -> Page:
    """The page with its words read from its picture; raises what `read` raises.

    Words of a sound, visible text layer are kept where the page has some; recognition fills in the rest. A page
    that lies on its side is turned upright (see `Page.rotation`). A detector says which parts it sees on a page
    that is read from its picture as a whole; it raises InvalidConfig when its model cannot be loaded.
    """
    if file_type.kind == "text":
        return page
    if file_type.kind == "image":
        picture, dpi = images.frame(path, page.number)
        return _with_parts(_whole_read(page, [], picture, dpi, reader), page, picture, dpi, detector)
    with pdf.opened(path, password) as document:
        found = pdf.read_page(document, page.number)
        picture, dpi = pdf.render_page(document, page.number, RECOGNITION_DPI, found.page.rotation)
    if page.route == "ocr" and found.decision.regions and page.reason == found.decision.reason:
        return _regions_read(found, picture, dpi, reader)
    whole = _whole_read(page, _kept_layer(page, found), picture, dpi, reader)
    return _with_parts(whole, page, picture, dpi, detector)


def render(
    path: Path, file_type: FileType, number: int, dpi: float, password: str | None = None, rotation: int = 0
) -> Image.Image:
    """A page as a picture with so many pixels per inch, form values drawn.

    `rotation` is the `Page.rotation` of a page that was turned upright when it was read. Huge sheets come at a
    lower resolution. Raises DocumentCorrupt when the page cannot be opened.
    """
    if file_type.kind == "pdf":
        with pdf.opened(path, password) as document:
            return pdf.render_page(document, number, dpi, rotation)[0]
    if file_type.kind == "image":
        picture, own = images.frame(path, number)
        turned = picture.rotate(-rotation, expand=True) if rotation else picture
        size = max(1, round(turned.width * dpi / own)), max(1, round(turned.height * dpi / own))
        return turned.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return text.drawn(text.paged(path, file_type.extension)[number - 1], dpi)


def _inspect_pdf(path: Path, password: str | None, scratch: Path) -> Inspection:
    try:
        with pdf.opened(path, password) as document:
            count, properties = pdf.page_count(document), pdf.properties(document)
            if count > MAX_PAGES or (count > 0 and pdf.opens_ends(document)):
                return Inspection(count, None, properties)
    except DocumentLocked:
        # qpdf has the last word: it accepts some right passwords that pdfium refuses, and for a file without
        # pages pdfium repeats the error of an earlier file, which may have been a locked one.
        if not password and repair.is_locked(path):
            raise
    except (DocumentCorrupt, DocumentUnsupported):
        pass  # damaged, or encrypted in a way that only qpdf knows
    repaired = repair.repaired(path, password, scratch)
    with pdf.opened(repaired) as document:
        return Inspection(pdf.page_count(document), repaired, pdf.properties(document), (REPAIRED,))


def _image_page(path: Path, number: int) -> Page:
    picture, dpi = images.frame(path, number)
    width, height = images.points(picture.width, dpi), images.points(picture.height, dpi)
    whole = (Picture(Box(0.0, 0.0, width, height)),)
    return Page(number, width, height, "ocr", "the document is an image", pictures=whole)


def _whole_read(page: Page, kept: list[Word], picture: Image.Image, dpi: float, reader: OcrReader) -> Page:
    rulings = page.rulings or scan.rulings_in(picture, dpi)
    words = scan.without_line_letters(reader.read(picture, dpi), rulings)
    words = scan.without_underlines(words, rulings)
    words = [word for word in words if not _known(word, kept)]
    reason = f"{page.reason}; read by {reader.name}"
    boxes = checkboxes.scanned_boxes(picture, dpi, words)
    fields = (*page.fields, *(box for box in boxes if not _in_a_field(box, page.fields)))
    return _upright(replace(page, words=(*kept, *words), rulings=rulings, reason=reason, fields=fields))


def _in_a_field(box: FormField, fields: Sequence[FormField]) -> bool:
    return any(field.box.holds_center_of(box.box) for field in fields)


def _with_parts(
    upright: Page, page: Page, picture: Image.Image, dpi: float, detector: LayoutDetector | None
) -> Page:
    if detector is None:
        return upright
    turn = (upright.rotation - page.rotation) % 360  # what `_upright` has turned the page by
    seen = detector.detect(picture.rotate(-turn, expand=True) if turn else picture, dpi)
    return replace(upright, regions=seen)


def _kept_layer(page: Page, found: pdf.PdfPage) -> list[Word]:
    # When the layer as a whole is distrusted, or recognition was asked for, nothing of it stays.
    if page.reason != found.decision.reason or not found.decision.keeps_layer:
        return []
    return [word for word in found.page.words if not word.hidden]


def _known(word: Word, kept: list[Word]) -> bool:
    return any(word.box.share_inside(other.box) > WELL_INSIDE for other in kept)


def _regions_read(found: pdf.PdfPage, picture: Image.Image, dpi: float, reader: OcrReader) -> Page:
    # The text layer is sound but for a few words: only those are read from the picture.
    page, regions = found.page, set(found.decision.regions)
    broken = [word for word in page.words if word.box in regions]
    strips = _strips([word.box for word in broken if word.rotation == 0])
    read = reader.read_lines(picture, dpi, strips)
    level = [word for words in read for word in words]

    def seen_at(word: Word) -> list[Word]:
        return _seen_at(word.box, picture, dpi, reader) if word.rotation else _inside(word.box, level)

    words = [_mended(word, seen_at(word)) if word.box in regions else word for word in page.words]
    unread = sum(glyphs.REPLACEMENT in word.text for word in words)
    note = (f"{unread} words have letters that could not be read.",) if unread else ()
    return replace(
        page,
        route="digital",
        reason=f"text layer; letters without Unicode in {len(regions)} words read by {reader.name}",
        words=tuple(words),
        warnings=(*page.warnings, *note),
    )


def _strips(boxes: Sequence[Box]) -> list[Box]:
    # The pieces of lines that hold these words, each once: overlapping ones would be read twice.
    strips: list[Box] = []
    for box in sorted(boxes, key=lambda one: (one.x0, one.y0)):
        beside, above = BESIDE * box.height, ABOVE * box.height
        strip = Box(box.x0 - beside, box.y0 - above, box.x1 + beside, box.y1 + above)
        for index, other in enumerate(strips):
            low = min(strip.height, other.height)
            if strip.overlap_x(other) > 0 and strip.overlap_y(other) > SAME_LINE * low:
                strips[index] = strip.union(other)
                break
        else:
            strips.append(strip)
    return strips


def _seen_at(box: Box, picture: Image.Image, dpi: float, reader: OcrReader) -> list[Word]:
    # A word that does not run level: with what is around it.
    scale, sheet = dpi / 72, Box(0, 0, picture.width * 72 / dpi, picture.height * 72 / dpi)
    around = box.grown(min(box.width, box.height) * BESIDE / 2).intersection(sheet)
    corners = (around.x0 * scale, around.y0 * scale, around.x1 * scale, around.y1 * scale)
    seen = reader.read(picture.crop(corners), dpi)
    return _inside(Box(box.x0 - around.x0, box.y0 - around.y0, box.x1 - around.x0, box.y1 - around.y0), seen)


def _inside(box: Box, seen: Sequence[Word]) -> list[Word]:
    return sorted((word for word in seen if box.holds_center_of(word.box)), key=lambda word: word.box.x0)


def _mended(word: Word, seen: list[Word]) -> Word:
    # What was seen fills the unknown letters; where it contradicts the known ones it must be sure of itself.
    text, confidence = "".join(part.text for part in seen), round(mean_confidence(seen), 3)
    known = [re.escape(part) for part in word.text.split(glyphs.REPLACEMENT)]
    match = re.search(LIGATURE.join(known), text) if text else None
    if match and match.group().strip():
        return replace(word, text=match.group(), confidence=confidence)
    return replace(word, text=text, confidence=confidence) if confidence >= SURE else word


def _upright(page: Page) -> Page:
    # A page that lies on its side, as most of its letters say, is turned; slanted words keep their slant.
    rotation = dominant_rotation(page.words)
    if not rotation:
        return page
    back = 360 - rotation

    def turned(box: Box) -> Box:
        return quarter_turned(box, back, page.width, page.height)

    sideways = rotation % 180 != 0
    return replace(
        page,
        width=page.height if sideways else page.width,
        height=page.width if sideways else page.height,
        rotation=(page.rotation + rotation) % 360,
        words=tuple(
            replace(word, box=turned(word.box), rotation=(word.rotation - rotation) % 360)
            for word in page.words
        ),
        rulings=tuple(
            replace(line, box=turned(line.box), horizontal=line.horizontal != sideways)
            for line in page.rulings
        ),
        pictures=tuple(Picture(turned(picture.box)) for picture in page.pictures),
        shapes=tuple(map(turned, page.shapes)),
        fields=tuple(replace(field, box=turned(field.box)) for field in page.fields),
        marks=tuple(replace(mark, boxes=tuple(map(turned, mark.boxes))) for mark in page.marks),
    )
