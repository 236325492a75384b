"""What lies over a PDF page: form fields, links, comments, highlights. Reads annotations, never the page.

In: an open document and one of its pages, before its annotations become part of it (see pdf). Out: `Found` in
page space, and from it `FormField` and `Mark` values on the upright page. Hidden annotations are left out, and
so are push buttons, which hold nothing. Hostile files end: annotations, options and letters are counted against
budgets.
"""

import ctypes
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pypdfium2 import raw

from recto.document.geometry import Box
from recto.document.page import FieldKind, FormField, Mark, MarkKind, Ruling
from recto.pages import xfa
from recto.pages.frame import Frame, as_box

BORDER_PT = 2.0  # points: how far the drawn border of a field may lie outside of its box
MOST_ANNOTATIONS = 5_000  # per page; tax forms have 400, maps of links 2,000
MOST_OPTIONS = 1_000  # of a choice; lists of countries have 250
MOST_LETTERS = 100_000  # of one value: longer ones are cut
MOST_QUADS = 500  # lines of one highlight or link

_FLAG_HIDDEN = 1 << 1  # PDF 32000-1, table 165
_FLAG_NO_VIEW = 1 << 5
_FLAG_PASSWORD = 1 << 13  # table 228: what was typed is not to be shown
_KINDS: dict[int, FieldKind] = {
    raw.FPDF_FORMFIELD_TEXTFIELD: "text",
    raw.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    raw.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    raw.FPDF_FORMFIELD_COMBOBOX: "choice",
    raw.FPDF_FORMFIELD_LISTBOX: "choice",
    raw.FPDF_FORMFIELD_SIGNATURE: "signature",
}
_MARKS: dict[int, MarkKind] = {
    raw.FPDF_ANNOT_LINK: "link",
    raw.FPDF_ANNOT_HIGHLIGHT: "highlight",
    raw.FPDF_ANNOT_TEXT: "comment",
    raw.FPDF_ANNOT_FREETEXT: "comment",
    raw.FPDF_ANNOT_UNDERLINE: "comment",
    raw.FPDF_ANNOT_STRIKEOUT: "comment",
    raw.FPDF_ANNOT_SQUIGGLY: "comment",
    raw.FPDF_ANNOT_SQUARE: "comment",
    raw.FPDF_ANNOT_CIRCLE: "comment",
    raw.FPDF_ANNOT_LINE: "comment",
    raw.FPDF_ANNOT_POLYGON: "comment",
    raw.FPDF_ANNOT_POLYLINE: "comment",
    raw.FPDF_ANNOT_INK: "comment",
    raw.FPDF_ANNOT_STAMP: "comment",
    raw.FPDF_ANNOT_CARET: "comment",
}

_Sides = tuple[float, float, float, float]
_NOWHERE = Box(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """Fields and marks with their places in page space (left, bottom, right, top); their boxes are not set."""

    fields: tuple[tuple[FormField, _Sides], ...] = ()
    marks: tuple[tuple[Mark, tuple[_Sides, ...]], ...] = ()


def gather(document: Any, page: Any) -> Found:
    """Everything that lies over a page of an open document; raises nothing."""
    fields: list[tuple[FormField, _Sides]] = []
    marks: list[tuple[Mark, tuple[_Sides, ...]]] = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MOST_ANNOTATIONS)):
        with _annotation(page, index) as annotation:
            if not annotation or raw.FPDFAnnot_GetFlags(annotation) & (_FLAG_HIDDEN | _FLAG_NO_VIEW):
                continue
            subtype = raw.FPDFAnnot_GetSubtype(annotation)
            if subtype == raw.FPDF_ANNOT_WIDGET and document.formenv:
                field = _field(document.formenv.raw, annotation)
                if field is not None:
                    fields.append((field, _rectangle(annotation)))
            elif subtype in _MARKS:
                marks.extend(_marks(document, annotation, subtype))
    return Found(tuple(_with_xfa(document, fields)), tuple(marks))


def fields_on(found: Found, frame: Frame) -> tuple[FormField, ...]:
    """The fields with their boxes on the upright page, those outside of it left out."""
    placed = ((field, _placed(sides, frame)) for field, sides in found.fields)
    return tuple(replace(field, box=box) for field, box in placed if box.area)


def marks_on(found: Found, frame: Frame) -> tuple[Mark, ...]:
    """The marks with their boxes on the upright page, those outside of it left out."""
    marks: list[Mark] = []
    for mark, every in found.marks:
        boxes = tuple(box for sides in every if (box := _placed(sides, frame)).area)
        if boxes:
            marks.append(replace(mark, boxes=boxes))
    return tuple(marks)


def without_borders(
    rulings: Sequence[Ruling], fields: Sequence[FormField], printed: Sequence[Ruling]
) -> tuple[Ruling, ...]:
    """The rulings but for the borders of fields, which are no lines of a table.

    `printed` are the rulings of the page without its annotations: those stay wherever they lie.
    """
    stays = set(printed)
    reach = [field.box.grown(BORDER_PT) for field in fields]
    return tuple(
        ruling
        for ruling in rulings
        if ruling in stays or not any(ruling.box.intersection(box) == ruling.box for box in reach)
    )


@contextmanager
def _annotation(page: Any, index: int) -> Generator[Any]:
    annotation = raw.FPDFPage_GetAnnot(page.raw, index)
    try:
        yield annotation
    finally:
        if annotation:
            raw.FPDFPage_CloseAnnot(annotation)


def _field(form: Any, annotation: Any) -> FormField | None:
    kind = _KINDS.get(raw.FPDFAnnot_GetFormFieldType(form, annotation))
    if kind is None:
        return None

    def said(function: Callable[..., int]) -> str:
        return _wide(lambda buffer, size: function(form, annotation, buffer, size))

    field = FormField(
        name=said(raw.FPDFAnnot_GetFormFieldName),
        kind=kind,
        box=_NOWHERE,
        label=_one_line(said(raw.FPDFAnnot_GetFormFieldAlternateName)),
    )
    if kind in {"checkbox", "radio"}:
        export = said(raw.FPDFAnnot_GetFormFieldExportValue)
        return replace(field, value=export, checked=bool(raw.FPDFAnnot_IsChecked(form, annotation)))
    if kind == "signature":
        return replace(field, checked=bool(raw.FPDFAnnot_HasKey(annotation, b"V")))
    if raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _FLAG_PASSWORD and kind == "text":
        return field
    value = said(raw.FPDFAnnot_GetFormFieldValue)
    if kind == "choice":
        return _choice(form, annotation, field, value)
    return replace(field, value=_lines(value))


def _choice(form: Any, annotation: Any, field: FormField, value: str) -> FormField:
    count = min(max(0, raw.FPDFAnnot_GetOptionCount(form, annotation)), MOST_OPTIONS)
    options = tuple(
        _wide(lambda buffer, size, at=at: raw.FPDFAnnot_GetOptionLabel(form, annotation, at, buffer, size))
        for at in range(count)
    )
    chosen = [
        label for at, label in enumerate(options) if raw.FPDFAnnot_IsOptionSelected(form, annotation, at)
    ]
    return replace(field, value="\n".join(chosen) or _lines(value), options=options)


def _with_xfa(document: Any, fields: list[tuple[FormField, _Sides]]) -> Iterator[tuple[FormField, _Sides]]:
    # Where the ordinary form holds no values at all, those of the XFA data stand for the same fields.
    typed = [field for field, _ in fields if field.kind in {"text", "choice"}]
    if not typed or any(field.value for field in typed):
        yield from fields
        return
    values = xfa.values_of(_xfa_data(document))
    for field, sides in fields:
        if field.kind in {"text", "choice"}:
            yield replace(field, value=_lines(values.get(xfa.short_name(field.name), ""))), sides
        else:
            yield field, sides


def _xfa_data(document: Any) -> bytes:
    for index in range(max(0, raw.FPDF_GetXFAPacketCount(document.raw))):
        name = _narrow(
            lambda buffer, size, at=index: raw.FPDF_GetXFAPacketName(document.raw, at, buffer, size)
        )
        if name != "datasets":
            continue
        needed = ctypes.c_ulong()
        raw.FPDF_GetXFAPacketContent(document.raw, index, None, 0, needed)
        if not 0 < needed.value <= xfa.MOST_BYTES:
            return b""
        buffer = ctypes.create_string_buffer(needed.value)
        raw.FPDF_GetXFAPacketContent(document.raw, index, buffer, needed.value, needed)
        return buffer.raw
    return b""


def _marks(document: Any, annotation: Any, subtype: int) -> Iterator[tuple[Mark, tuple[_Sides, ...]]]:
    if subtype == raw.FPDF_ANNOT_LINK:
        address = _address(document, annotation)
        if address:
            yield Mark("link", (), address), _covered(annotation)
        return
    if subtype == raw.FPDF_ANNOT_HIGHLIGHT:
        yield Mark("highlight", ()), _covered(annotation)
    text = _lines(_text(annotation, b"Contents"))
    if text:
        shown = subtype == raw.FPDF_ANNOT_FREETEXT
        yield Mark("comment", (), text, _one_line(_text(annotation, b"T")), shown), (_rectangle(annotation),)


def _address(document: Any, annotation: Any) -> str:
    link = raw.FPDFAnnot_GetLink(annotation)
    action = raw.FPDFLink_GetAction(link) if link else None
    if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
        return ""
    address = _narrow(lambda buffer, size: raw.FPDFAction_GetURIPath(document.raw, action, buffer, size))
    return "".join(address.split())


def _rectangle(annotation: Any) -> _Sides:
    found = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(annotation, found):
        return 0.0, 0.0, 0.0, 0.0
    left, right = sorted((found.left, found.right))
    bottom, top = sorted((found.bottom, found.top))
    return left, bottom, right, top


def _covered(annotation: Any) -> tuple[_Sides, ...]:
    # The lines an annotation covers; its rectangle where it does not say.
    rectangle = _rectangle(annotation)
    found: list[_Sides] = []
    for index in range(min(raw.FPDFAnnot_CountAttachmentPoints(annotation), MOST_QUADS)):
        quad = raw.FS_QUADPOINTSF()
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, index, quad):
            xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            found.append((min(xs), min(ys), max(xs), max(ys)))
    return tuple(found) or (rectangle,)


def _placed(sides: _Sides, frame: Frame) -> Box:
    if not all(map(np.isfinite, sides)):
        return _NOWHERE
    return as_box(frame.clipped(frame.upright(np.array([sides], np.float64)))[0])


def _text(annotation: Any, key: bytes) -> str:
    return _wide(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _wide(function: Callable[[Any, int], int]) -> str:
    # pdfium tells how many bytes of UTF-16 it needs, its final zero included.
    needed = min(function(None, 0), 2 * MOST_LETTERS)
    if needed <= 2:  # noqa: PLR2004 - only the final zero
        return ""
    buffer = (ctypes.c_ushort * (needed // 2 + 1))()
    function(buffer, needed)
    return bytes(buffer)[:needed].decode("utf-16-le", "replace").split("\x00")[0]


def _narrow(function: Callable[[Any, int], int]) -> str:
    needed = min(function(None, 0), MOST_LETTERS)
    if needed <= 1:
        return ""
    buffer = ctypes.create_string_buffer(needed)
    function(buffer, needed)
    return buffer.value.decode("utf-8", "replace")


def _lines(text: str) -> str:
    return "\n".join(
        line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
