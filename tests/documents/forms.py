"""PDF forms and marked-up pages made by code; each function returns bytes, the same on every run.

`FIELDS` says what the entry form holds: its name, tooltip and value.
"""

import io
from collections.abc import Callable

import pikepdf
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

NAME, CITY, NOTES = "Ada Lovelace", "Bergen", "Two crates\nof machine parts"
LINK = "https://example.org/tides(2026)"
HEIGHT = LETTER[1]


def drawn(draw: Callable[[Canvas], None]) -> bytes:
    """One Letter page, drawn by the function given."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    canvas.setFont("Helvetica", 11)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def entry_form_pdf() -> bytes:
    """Labels left of and above their fields, a choice, boxes, radio buttons, a sentence with a gap."""

    def draw(canvas: Canvas) -> None:
        form = canvas.acroForm
        look = {"borderWidth": 0, "fontSize": 11, "height": 18}
        canvas.drawString(72, 700, "Name:")
        form.textfield(name="person.name", tooltip="Full name", value=NAME, x=130, y=695, width=200, **look)
        canvas.drawString(72, 660, "City of birth")
        form.textfield(name="city", value=CITY, x=72, y=638, width=200, **look)
        canvas.drawString(72, 600, "Country:")
        form.choice(
            name="country", value="Norway", options=["Norway", "Sweden"], x=130, y=595, width=120, **look
        )
        for at, (name, checked, text) in enumerate(
            (("express", True, "Express delivery"), ("insured", False, "With insurance"))
        ):
            form.checkbox(name=name, checked=checked, x=72, y=560 - 22 * at, size=12, buttonStyle="check")
            canvas.drawString(90, 562 - 22 * at, text)
        for at, (value, text) in enumerate((("road", "By road"), ("sea", "By sea"))):
            form.radio(name="way", value=value, selected=value == "sea", x=72 + 100 * at, y=500, size=12)
            canvas.drawString(90 + 100 * at, 502, text)
        canvas.drawString(72, 460, "We shall deliver")
        form.textfield(name="count", value="12", x=156, y=455, width=30, **look)
        canvas.drawString(190, 460, "crates before the end of the month of May.")
        form.textfield(name="empty", tooltip="Stamp", value="", x=400, y=695, width=100, **look)

    return drawn(draw)


ORDER_HEAD = (
    ("Order No.:", "Product:", "Estimate:"),
    ("4711", "Lamps", "12.50"),
    ("Agency:", "Buyer:", "Contact:"),
    ("Harbour Board", "Ada Moe", "Eve Lund"),
    ("Region: North", "Office: Bergen", "Type: Cash"),
    ("Revision: 3", "Market: Oslo", "Station: East"),
)
"""What `order_head_pdf` says, row by row: labels over their values, then pairs in each cell."""


def order_head_pdf() -> bytes:
    """The head of an order, in three columns without lines and without form fields."""

    def draw(canvas: Canvas) -> None:
        for row, texts in enumerate(ORDER_HEAD):
            for column, text in enumerate(texts):
                canvas.drawString(72 + 150 * column, 700 - 16 * row, text)

    return drawn(draw)


def table_form_pdf() -> bytes:
    """A ruled table of three rows whose second column are fields."""

    def draw(canvas: Canvas) -> None:
        for y in (700, 670, 640, 610):
            canvas.line(72, y, 372, y)
        for x in (72, 222, 372):
            canvas.line(x, 610, x, 700)
        for at, (label, value) in enumerate((("Ships", "212"), ("Tonnes", "148020"), ("Idle hours", "1904"))):
            canvas.drawString(78, 681 - 30 * at, label)
            canvas.acroForm.textfield(
                name=label,
                value=value,
                x=226,
                y=675 - 30 * at,
                width=140,
                height=20,
                borderWidth=0,
                fontSize=11,
            )

    return drawn(draw)


def unseen_values_pdf() -> bytes:
    """A field whose value is in the file but not drawn, and one of several lines."""
    with pikepdf.open(io.BytesIO(drawn(lambda canvas: canvas.drawString(72, 700, "Cargo:")))) as pdf:
        page = pdf.pages[0]
        plain = pdf.make_stream(
            b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 200, 40]
        )
        fields = [
            _widget(pdf, T="cargo", V=NOTES, Rect=[130, 680, 330, 720], AP={"/N": plain}, Ff=1 << 12),
            _widget(pdf, T="hidden", V="never seen", Rect=[130, 600, 330, 620], F=2),
        ]
        page.Annots = pdf.make_indirect(pikepdf.Array(fields))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(fields))
        return _saved(pdf)


def xfa_form_pdf(data: bytes) -> bytes:
    """A form whose fields have no values, with the XFA data packet given."""
    with pikepdf.open(io.BytesIO(entry_form_pdf())) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get("/FT") in {"/Tx", "/Ch"}:
                field.V = pikepdf.String("")
                del field["/AP"]
        packets = pikepdf.Array([pikepdf.String("datasets"), pdf.make_stream(data)])
        pdf.Root.AcroForm.XFA = packets
        return _saved(pdf)


def marked_up_pdf() -> bytes:
    """A page with a link, a highlight, a sticky note, a typed note, a signature field and a watermark."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The tide tables are published every year in October.")
        canvas.drawString(72, 600, "Masters must read the safety rules before they enter the basin.")
        canvas.drawString(72, 500, "Port captain")
        canvas.saveState()
        canvas.setFont("Helvetica", 60)
        canvas.setFillGray(0.8)
        canvas.translate(200, 250)
        canvas.rotate(45)
        canvas.drawString(0, 0, "DRAFT")
        canvas.restoreState()
        start = 72 + canvas.stringWidth("The ", "Helvetica", 11)
        width = canvas.stringWidth("tide tables", "Helvetica", 11)
        canvas.linkURL(LINK, (start, 696, start + width, 710))
        canvas.linkURL("javascript:alert(1)", (72, 596, 120, 610))

    with pikepdf.open(io.BytesIO(drawn(draw))) as pdf:
        marks = [
            _mark(
                pdf,
                "Highlight",
                [186, 596, 260, 610],
                QuadPoints=[186, 610, 260, 610, 186, 596, 260, 596],
                Contents="New since May",
                T="Grace",
            ),
            _mark(pdf, "Text", [400, 690, 418, 708], Contents="Check the date", T="Ada"),
            _free_text(pdf, "Ask the pilot", [72, 560, 200, 576]),
            _mark(pdf, "Text", [400, 400, 418, 418], Contents="Nobody sees this", F=2),
        ]
        signature = _widget(pdf, T="captain", FT=pikepdf.Name.Sig, Rect=[160, 490, 300, 520])
        pdf.pages[0].Annots.extend([*marks, signature])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([signature]), SigFlags=1)
        return _saved(pdf)


def drawn_boxes_pdf() -> bytes:
    """Printed boxes: crossed, ticked by a letter, empty; then a comb, a bullet and the keys of a chart."""

    def draw(canvas: Canvas) -> None:
        for at, text in enumerate(("Crossed by pen", "Ticked by type", "Left empty")):
            canvas.rect(72, 700 - 24 * at, 9, 9)
            canvas.drawString(88, 700 - 24 * at, text)
        canvas.line(73, 701, 80, 708)
        canvas.line(73, 708, 80, 701)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(74, 678, "X")
        for at in range(6):
            canvas.rect(72 + 10 * at, 600, 10, 10)
        canvas.drawString(140, 602, "a comb for six letters")
        canvas.rect(72, 560, 9, 9, fill=1)
        canvas.drawString(88, 561, "solid")
        canvas.rect(72, 540, 9, 9)
        canvas.drawString(88, 541, "its neighbour in the key")
        canvas.rect(300, 560, 9, 9)
        canvas.drawString(302, 562, "7")
        canvas.drawString(314, 562, "boxed number")
        canvas.rect(300, 500, 9, 9)

    return drawn(draw)


def _widget(pdf: pikepdf.Pdf, **entries: object) -> pikepdf.Object:
    return _annotation(pdf, Subtype=pikepdf.Name.Widget, **({"FT": pikepdf.Name.Tx, "F": 4} | entries))


def _mark(pdf: pikepdf.Pdf, subtype: str, rect: list[float], **entries: object) -> pikepdf.Object:
    return _annotation(pdf, Subtype=pikepdf.Name("/" + subtype), Rect=rect, **({"F": 4} | entries))


def _free_text(pdf: pikepdf.Pdf, text: str, rect: list[float]) -> pikepdf.Object:
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    shown = pdf.make_stream(
        f"BT /F 11 Tf 2 4 Td ({text}) Tj ET".encode(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, rect[2] - rect[0], rect[3] - rect[1]],
        Resources={"/Font": {"/F": font}},
    )
    return _mark(pdf, "FreeText", rect, Contents=text, DA="/F 11 Tf 0 g", AP={"/N": shown}, T="Ada")


def _annotation(pdf: pikepdf.Pdf, **entries: object) -> pikepdf.Object:
    made = {
        f"/{key}": pikepdf.String(value)
        if isinstance(value, str) and not isinstance(value, pikepdf.Name)
        else value
        for key, value in entries.items()
    }
    return pdf.make_indirect(pikepdf.Dictionary({"/Type": pikepdf.Name.Annot, **made}))


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()
