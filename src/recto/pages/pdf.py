"""A PDF document opened, its pages read and drawn. The only module that opens and closes pdfium's objects.

In: a path, a password, page numbers from 1. Out: a `Page` with words, rulings and pictures and the decision how
to read it, or a picture of the page. Recognises nothing; see reading. Everything opened is closed in order
before a function returns.
"""

import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from pypdfium2 import raw

from recto.document.characters import storable
from recto.document.geometry import Box
from recto.document.options import ExtractionMode
from recto.document.page import FormField, Page, Picture, Word
from recto.document.result import DocumentProperties
from recto.errors import DocumentCorrupt, DocumentLocked, DocumentUnsupported
from recto.pages import annotations, checkboxes, concealed, drawing, glyphs, pdfium, route
from recto.pages.drawing import Drawing
from recto.pages.frame import Frame
from recto.pages.glyphs import TextLayer

LOOK_SIDE_PX = 900  # the longer side of the small picture that shows whether and where a page has ink
INK_OFF_PAPER = (
    50  # grey levels (0..255) between ink and paper (the median); ink may be the lighter of the two
)
INK_PIXELS = 10  # of the small picture: fewer are dust
BOX_DPI = (
    150.0  # pixels per inch of the picture in which drawn boxes are looked at: 12 pixels a side at least
)
MOST_RENDERED_PX = 40_000_000  # of one drawn page: larger sheets are drawn at a lower resolution
LARGEST_SHEET = 14_400.0  # points, 200 inches: PDF 1.7, annex C
USUAL_SHEET = (612.0, 792.0)  # points: for pages whose own size is absurd

# It reports on the log what is no news here: XFA forms are read through their ordinary form values.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page as gathered and the decision how to read it; `page.words` are those of the text layer."""

    page: Page
    decision: route.Decision


@contextmanager
def opened(path: Path, password: str | None = None) -> Generator[pypdfium2.PdfDocument]:
    """The open document; raises DocumentLocked, DocumentUnsupported (its encryption) or DocumentCorrupt."""
    try:
        document = pypdfium2.PdfDocument(path, password=password or None)
    except (pypdfium2.PdfiumError, OSError) as error:
        raise _translated(error, password) from error
    try:
        if document.get_formtype() != raw.FORMTYPE_NONE:
            _init_forms(document)
        yield document
    finally:
        document.close()


def page_count(document: pypdfium2.PdfDocument) -> int:
    """Number of pages."""
    return max(0, len(document))


def opens_ends(document: pypdfium2.PdfDocument) -> bool:
    """Whether the first and the last page can be opened: a cheap sign that the page tree is whole."""
    try:
        for index in {0, page_count(document) - 1}:
            document.get_page_size(index)  # pdfium opens a page where it finds it; what is on it may wait
    except pypdfium2.PdfiumError:
        return False
    return True


def read_page(document: pypdfium2.PdfDocument, number: int, mode: ExtractionMode = "hybrid") -> PdfPage:
    """Words, rulings and pictures of a page, and its route; raises DocumentCorrupt when it cannot be opened."""
    over, bare = annotations.Found(), ()

    def look_over(page: Any) -> None:
        nonlocal over, bare
        over = annotations.gather(document, page)
        if over.fields:
            bare = drawing.drawing_of(pdfium.handle(page.raw), _frame(page)).rulings

    with _loaded(document, number, look_over) as page:
        frame, layer = _text(page)
        drawn = drawing.drawing_of(pdfium.handle(page.raw), frame)
        facts = _facts(frame, layer, drawn)
        if route.needs_look(facts):
            facts = _looked(page, frame, layer, facts)
        decision = route.route_page(facts, mode)
        drawn_squares = checkboxes.squares(drawn.rulings, layer.words) if decision.route == "digital" else []
        boxes = _drawn_boxes(page, frame, drawn_squares)
        words = _seen_or_hidden(page, frame, layer, drawn) if decision.route == "digital" else layer.words
        turned = (frame.turn - page.get_rotation()) % 360
    if decision.trust_hidden:
        words = glyphs.printed_once([replace(word, hidden=False) for word in words])
    fields = annotations.fields_on(over, frame)
    notes = ("The page holds more drawn objects than are read; some lines may be missing.",)
    gathered = Page(
        number=number,
        width=round(frame.width, 3),
        height=round(frame.height, 3),
        route=decision.route,
        reason=decision.reason,
        words=words,
        rulings=annotations.without_borders(drawn.rulings, fields, bare) if turned == 0 else drawn.rulings,
        pictures=drawn.pictures,
        rotation=turned,
        warnings=notes if drawn.cut_off else (),
        fields=(*fields, *(box for box in boxes if not any(f.box.holds_center_of(box.box) for f in fields))),
        marks=annotations.marks_on(over, frame),
        shapes=drawn.curves,
    )
    return PdfPage(gathered, decision)


def render_page(
    document: pypdfium2.PdfDocument, number: int, dpi: float, rotation: int = 0
) -> tuple[Image.Image, float]:
    """The page in RGB with form values drawn, and the resolution used (lower than asked on huge sheets).

    `rotation` is `Page.rotation`: the page is turned clockwise by so many degrees beyond its own /Rotate.
    """
    with _loaded(document, number) as page:
        width, height = page.get_size()
        scale = _scale(width, height, dpi / 72)
        bitmap = page.render(scale=scale, rotation=rotation % 360, rev_byteorder=True)
        try:
            return bitmap.to_pil().convert("RGB").copy(), scale * 72
        finally:
            bitmap.close()


def properties(document: pypdfium2.PdfDocument) -> DocumentProperties:
    """What the document says about itself; missing and unreadable entries are None."""

    def said(key: str) -> str | None:
        try:
            text = document.get_metadata_value(key)
        except (UnicodeDecodeError, ValueError):
            return None
        return storable(text).strip() or None

    return DocumentProperties(
        title=said("Title"),
        author=said("Author"),
        subject=said("Subject"),
        keywords=said("Keywords"),
        creator=said("Creator"),
        producer=said("Producer"),
        created_at=_iso_date(said("CreationDate")),
        modified_at=_iso_date(said("ModDate")),
    )


def _init_forms(document: pypdfium2.PdfDocument) -> None:
    # Without a form environment the values of form fields are neither drawn nor put into the page.
    try:
        document.init_forms()
    except pypdfium2.PdfiumError:
        return  # a broken form: the page is read without its values


def _translated(error: Exception, password: str | None) -> Exception:
    code = getattr(error, "err_code", None)
    if code == raw.FPDF_ERR_PASSWORD:
        if password:
            return DocumentLocked(
                "The password is wrong: settings.document_password does not open this document."
            )
        return DocumentLocked(
            "The document is protected by a password: pass it as settings.document_password."
        )
    if code == raw.FPDF_ERR_SECURITY:
        return DocumentUnsupported("The document is encrypted in a way that this server does not know.")
    return DocumentCorrupt("The PDF is damaged: it cannot be opened.")


@contextmanager
def _loaded(
    document: pypdfium2.PdfDocument, number: int, look_over: Callable[[Any], None] | None = None
) -> Generator[Any]:
    # `look_over` sees the page with its annotations, which become part of the page afterwards.
    try:
        page = document[number - 1]
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise DocumentCorrupt(f"Page {number} of the PDF is damaged: it cannot be opened.") from error
    try:
        if raw.FPDFPage_GetAnnotCount(page.raw) > 0:
            if look_over:
                look_over(page)
            if _flattened(page):
                page.close()
                page = document[number - 1]
        yield page
    finally:
        page.close()


def _flattened(page: Any) -> bool:
    # Form values and stamps live in annotations; flattening (in memory only) makes them part of the page.
    return raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS


def _frame(page: Any) -> Frame:
    left, bottom, right, top = page.get_bbox()
    if not (0 < right - left <= LARGEST_SHEET and 0 < top - bottom <= LARGEST_SHEET):
        left, bottom, right, top = 0.0, 0.0, *USUAL_SHEET
    return Frame(left, bottom, right, top, page.get_rotation())


def _text(page: Any) -> tuple[Frame, TextLayer]:
    frame = _frame(page)
    try:
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return frame, TextLayer()
    try:
        characters = glyphs.gather(pdfium.handle(text_page.raw), max(0, text_page.count_chars()))
    finally:
        text_page.close()
    frame = frame.turned(glyphs.dominant_rotation(characters, frame))
    return frame, glyphs.words_of(characters, frame)


def _facts(frame: Frame, layer: TextLayer, drawn: Drawing) -> route.Facts:
    broken = tuple(word.box for word in layer.broken)
    return route.Facts(
        characters=layer.characters,
        hidden=layer.hidden,
        unmapped=layer.unmapped,
        text_height=_covered_height(layer.words, frame.height),
        picture_share=_picture_share(drawn.pictures, frame) if drawn.pictures else 0.0,
        shapes=drawn.shapes,
        objects=drawn.objects,
        broken=broken,
    )


def _covered_height(words: tuple[Word, ...], height: float) -> float:
    # Share of the page's height in which some visible word stands.
    rows = bytearray(max(1, int(height)) + 1)
    spans = {(int(word.box.y0), int(word.box.y1) + 1) for word in words if not word.hidden}
    for top, bottom in spans:
        rows[top:bottom] = bytes(max(0, min(bottom, len(rows)) - top)).replace(b"\0", b"\1")
    return rows.count(1) / len(rows)


def _picture_share(pictures: tuple[Picture, ...], frame: Frame) -> float:
    # Pictures overlap and come in strips, so count the cells of a grid whose centre lies in one.
    cells = 50
    xs = (np.arange(cells) + 0.5) * frame.width / cells
    ys = (np.arange(cells) + 0.5) * frame.height / cells
    grid = np.zeros((cells, cells), np.bool_)
    for picture in pictures:
        box = picture.box
        grid |= ((ys >= box.y0) & (ys < box.y1))[:, None] & ((xs >= box.x0) & (xs < box.x1))[None, :]
    return float(grid.mean())


def _seen_or_hidden(page: Any, frame: Frame, layer: TextLayer, drawn: Drawing) -> tuple[Word, ...]:
    # Words that the page does not show are hidden, however they are set.
    doubtful = concealed.doubtful(layer.words, layer.pale, drawn)
    if not doubtful:
        return layer.words
    grey, scale = _glance(page, frame)
    unseen = {id(word) for word in concealed.unseen(doubtful, grey, scale)}
    return tuple(replace(word, hidden=True) if id(word) in unseen else word for word in layer.words)


def _glance(page: Any, frame: Frame) -> tuple[NDArray[np.int16], float]:
    # The upright page as a small grey picture, and its dots to the point.
    width, height = page.get_size()
    scale = LOOK_SIDE_PX / max(width, height, 1.0)
    turn = (frame.turn - page.get_rotation()) % 360
    bitmap = page.render(scale=scale, rotation=turn, grayscale=True)
    grey: NDArray[np.int16] = bitmap.to_numpy().reshape(bitmap.height, -1).astype(np.int16)
    bitmap.close()
    return grey, scale


def _looked(page: Any, frame: Frame, layer: TextLayer, facts: route.Facts) -> route.Facts:
    grey, scale = _glance(page, frame)
    ink = np.abs(grey - int(np.median(grey))) > INK_OFF_PAPER
    agreement = _agreement(ink, scale, layer.words) if layer.characters else None
    return replace(facts, ink=bool(np.count_nonzero(ink) >= INK_PIXELS), agreement=agreement)


def _drawn_boxes(page: Any, frame: Frame, squares: list[Box]) -> tuple[FormField, ...]:
    if not squares:
        return ()
    width, height = page.get_size()
    scale = _scale(width, height, BOX_DPI / 72)
    turn = (frame.turn - page.get_rotation()) % 360
    bitmap = page.render(scale=scale, rotation=turn, grayscale=True)
    grey: NDArray[np.int16] = bitmap.to_numpy().reshape(bitmap.height, -1).astype(np.int16)
    bitmap.close()
    return checkboxes.drawn_boxes(squares, grey, scale)


def _agreement(ink: NDArray[np.bool_], scale: float, words: tuple[Word, ...]) -> route.InkAgreement:
    covered = np.zeros_like(ink)
    on_ink = hidden = 0
    for word in words:
        if not word.hidden:
            continue
        box = word.box
        rows = slice(max(0, int(box.y0 * scale)), int(box.y1 * scale) + 1)
        columns = slice(max(0, int(box.x0 * scale)), int(box.x1 * scale) + 1)
        hidden += 1
        on_ink += bool(ink[rows, columns].any())
        covered[rows, columns] = True
    total = np.count_nonzero(ink)
    return route.InkAgreement(
        words_on_ink=on_ink / max(1, hidden),
        ink_in_words=float(np.count_nonzero(ink & covered)) / max(1, total),
    )


def _scale(width: float, height: float, wanted: float) -> float:
    pixels = max(1.0, width * height) * wanted * wanted
    return wanted if pixels <= MOST_RENDERED_PX else wanted * (MOST_RENDERED_PX / pixels) ** 0.5


_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([Zz+-])(?:(\d\d)'?)?(?:(\d\d)'?)?)?"
)


def _iso_date(stated: str | None) -> str | None:
    # PDF 32000-1, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm'; everything after the year may be missing.
    match = _DATE.match(stated or "")
    if match is None:
        return None
    year, month, day, hour, minute, second, sign, off_hour, off_minute = match.groups()
    offset = "+00:00" if sign in {None, "Z", "z"} else f"{sign}{off_hour or '00'}:{off_minute or '00'}"
    return f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}"
