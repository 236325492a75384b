"""PDF documents made by code, one function per kind; each returns bytes and is the same on every run.

`report_pdf` is the ordinary document, the others each hold one difficulty. Texts that tests compare with are
public constants.
"""

import io
from collections.abc import Callable, Sequence

import pikepdf
from PIL import Image
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from documents.images import SCAN_LINES, text_image

REPORT_TITLE = "Annual Harbour Report"
REPORT_HEADINGS = ("1. Summary", "2. Traffic", "3. Outlook")
REPORT_SENTENCE = (
    "The harbour handled more ships than in any year before and the quays were extended twice. "
    "Most of the cargo was grain, followed by timber and machine parts for the inland factories."
)
REPORT_LEFT_COLUMN = (
    "Winter traffic was calm because the",
    "northern route stayed closed until the",
    "end of March and the pilots rested.",
)
REPORT_RIGHT_COLUMN = (
    "Summer traffic doubled and the cranes",
    "worked in three shifts so that no ship",
    "had to wait longer than two days.",
)
REPORT_TABLE = (
    ("Quarter", "Ships", "Tonnes", "Revenue"),
    ("First", "112", "48,300", "1,204.50"),
    ("Second", "187", "80,100", "2,310.75"),
    ("Third", "241", "99,870", "2,998.00"),
    ("Fourth", "163", "71,420", "1,877.25"),
)
DIGITAL_SENTENCE = "This page has an ordinary text layer that can be read without looking at pixels."
HIDDEN_SENTENCE = "Invisible words under the picture"
WORDS = (
    "harbour",
    "crane",
    "vessel",
    "cargo",
    "pilot",
    "anchor",
    "timber",
    "grain",
    "signal",
    "current",
    "bridge",
    "channel",
    "ledger",
    "invoice",
    "customs",
    "officer",
    "morning",
    "weather",
    "report",
    "captain",
)


def report_pdf() -> bytes:
    """Two pages: title, three headings, paragraphs, two columns, a ruled table, page header and footer."""
    return _drawn(_report_first_page, _report_second_page, title=REPORT_TITLE, author="Port Office")


def pages_pdf(pages: int, words_per_page: int = 60) -> bytes:
    """That many pages; page k starts with `Page k` and holds so many known words."""

    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, 740, f"Page {number}")
            words = [WORDS[(number + k) % len(WORDS)] for k in range(words_per_page)]
            for line, start in enumerate(range(0, len(words), 12)):
                canvas.drawString(72, 715 - (line % 48) * 14, " ".join(words[start : start + 12]))

        return draw

    return _drawn(*(page(number) for number in range(1, pages + 1)))


def blank_pages_pdf(pages: int) -> bytes:
    """So many empty Letter pages, written directly: 10,001 of them in well under a second."""
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = " ".join(f"{number} 0 R" for number in range(3, pages + 3))
    bodies[1] = f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>"
    bodies += ["<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"] * pages
    return raw_pdf(bodies)


def empty_pdf() -> bytes:
    """A well-formed PDF without a page."""
    return blank_pages_pdf(0)


def locked_pdf(password: str = "secret", pages: int = 1) -> bytes:
    """Encrypted (AES 256): cannot be opened without the password."""
    with pikepdf.open(io.BytesIO(pages_pdf(pages))) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner-" + password, user=password))
        return out.getvalue()


def owner_locked_pdf() -> bytes:
    """Encrypted with an owner password only: everybody may open it."""
    with pikepdf.open(io.BytesIO(pages_pdf(1))) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user=""))
        return out.getvalue()


def scanned_pdf(pages: Sequence[Sequence[str]] = (SCAN_LINES,), dpi: int = 200) -> bytes:
    """Pages that are nothing but a picture of text."""
    return _drawn(*(_scan(text_image(lines, dpi)) for lines in pages))


def mixed_pdf(dpi: int = 200) -> bytes:
    """Page 1 has text, page 2 is a scan, page 3 has text again."""
    return _drawn(
        _sentence(DIGITAL_SENTENCE), _scan(text_image(SCAN_LINES, dpi)), _sentence(DIGITAL_SENTENCE)
    )


def hidden_text_pdf(layer: Sequence[str] = SCAN_LINES, dpi: int = 200) -> bytes:
    """A scan with an invisible text layer, as OCR software makes it; by default the layer is right."""

    def draw(canvas: Canvas) -> None:
        _scan(text_image(SCAN_LINES, dpi))(canvas)
        for index, line in enumerate(layer):
            text = canvas.beginText(72, 792 - 72 - index * 28 - 11)
            text.setFont("Helvetica", 14)
            text.setTextRenderMode(3)
            text.textOut(line)
            canvas.drawText(text)

    return _drawn(draw)


def stamped_scan_pdf(stamp: str = "Copy 7", dpi: int = 200) -> bytes:
    """A scan over which a program printed a short visible line (at 72, 30 points from the top left)."""

    def draw(canvas: Canvas) -> None:
        _scan(text_image(SCAN_LINES, dpi))(canvas)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 792 - 34, stamp)

    return _drawn(draw)


def invisible_and_visible_pdf() -> bytes:
    """Ordinary visible text plus one invisible sentence, and no picture."""

    def draw(canvas: Canvas) -> None:
        _sentence(DIGITAL_SENTENCE)(canvas)
        text = canvas.beginText(72, 500)
        text.setFont("Helvetica", 12)
        text.setTextRenderMode(3)
        text.textOut(HIDDEN_SENTENCE)
        canvas.drawText(text)

    return _drawn(draw)


def concealed_pdf() -> bytes:
    """Text that shows (white in a dark bar, dark on grey) and, below, text that does not, one way a line.

    The lines say how: white on paper, white in a white box, tiny, clear, invisible, black under black; two words each.
    """

    def line(canvas: Canvas, y: float, text: str, size: float = 12, grey: float = 0.0, **colour) -> None:
        canvas.setFont("Helvetica", size)
        canvas.setFillGray(grey, **colour)
        canvas.drawString(80, y, text)

    def box(canvas: Canvas, y: float, grey: float) -> None:
        canvas.setFillGray(grey)
        canvas.rect(72, y - 6, 300, 20, stroke=0, fill=1)

    def draw(canvas: Canvas) -> None:
        line(canvas, 725, DIGITAL_SENTENCE)
        box(canvas, 700, 0.1)
        line(canvas, 700, "Bright heading", grey=1)
        box(canvas, 670, 0.8)
        line(canvas, 670, "Grey row")
        line(canvas, 600, "white paper", grey=1)
        box(canvas, 570, 0.1)
        box(canvas, 570, 1)
        line(canvas, 570, "white box", grey=1)
        line(canvas, 540, "tiny letters", size=0.8)
        line(canvas, 510, "clear ink", alpha=0)
        canvas.setFillAlpha(1)
        text = canvas.beginText(80, 480)
        text.setFont("Helvetica", 12)
        text.setFillGray(0)
        text.setTextRenderMode(3)
        text.textOut("invisible mode")
        canvas.drawText(text)
        line(canvas, 450, "black bar")
        box(canvas, 450, 0)
        text = canvas.beginText(80, -20)
        text.setTextRenderMode(0)
        text.textOut("off page")
        canvas.drawText(text)

    return _drawn(draw)


def rotated_pdf(angle_deg: int = 90) -> bytes:
    """A page that /Rotate turns upright: `TOP LEFT` ends near the top left as seen."""
    with pikepdf.open(io.BytesIO(_drawn(_upright_after(angle_deg)))) as pdf:
        pdf.pages[0].obj.Rotate = angle_deg
        return _saved(pdf)


def cropped_pdf() -> bytes:
    """Text inside and outside the crop box; the crop box starts at (100, 200), not at the origin."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(110, 680, "inside the crop box there is enough text to read")
        canvas.drawString(110, 60, "outside below the crop box")
        canvas.drawString(20, 750, "outside above")

    with pikepdf.open(io.BytesIO(_drawn(draw))) as pdf:
        pdf.pages[0].obj.CropBox = pikepdf.Array([100, 200, 512, 700])
        return _saved(pdf)


def matrix_scaled_pdf(size: float = 18.0) -> bytes:
    """Text set with font size 1 and the true size in the text matrix."""
    content = f"BT /F1 1 Tf {size} 0 0 {size} 72 700 Tm (Scaled by the text matrix here) Tj ET"
    return content_pdf(content)


def overprinted_pdf() -> bytes:
    """Every word printed twice a hair apart, which old programs do for bold."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 14)
        for shift in (0.0, 0.25):
            canvas.drawString(72 + shift, 700, "Printed twice to look bold on paper")

    return _drawn(draw)


def unmapped_ligature_pdf(lines: int = 1, *, upwards: bool = False) -> bytes:
    """A font whose character 1, drawn as the ligature fi, has no Unicode: `de<fi>ned` and `<fi>nal` on each line.

    With `upwards` a level line stands above, and these run up the page.
    """
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        "1 beginbfrange <20> <7E> <0020> endbfrange\n"
        "1 beginbfchar <01> <0000> endbfchar\n"
        "endcmap end end"
    )
    font = (
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R /Encoding << /Type /Encoding "
        "/BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >> >>"
    )
    line = "(The well de\\001ned words here are sound but for a few of the \\001nal) Tj 0 -20 Td "
    content = f"BT /F1 14 Tf 72 700 Td {line * lines}ET"
    if upwards:
        level = "(The level text of this page is longer than what is printed in its margin) Tj"
        content = f"BT /F1 14 Tf 72 740 Td {level} ET BT /F1 14 Tf 0 1 -1 0 300 100 Tm {line * lines}ET"
    return content_pdf(content, font, ("", cmap))


HEBREW = "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05db\u05dc"
"""The letters that `leftward_pdf` draws for a to l."""


def leftward_pdf() -> bytes:
    """Two columns of Hebrew, drawn from left to right as programs do, with English words and a number inside.

    The second line of each column reads `ab THE MILL cd 1204 ef`, a for alef and so on.
    """
    columns = [
        f"1 0 0 1 {x} {700 - 14 * row} Tm ({text}) Tj"
        for x, first in ((80, "lkji hgfe dcba lkj fedc ba"), (330, "dcba hgfe lkji lkjihg fedc"))
        for row, text in enumerate((first, "fe 1204 dc THE MILL ba", first, "dcba hgfe", "lkj"))
    ]
    return _lettered(" ".join(columns), HEBREW)


CHINESE = (
    "\u6625\u5929\u6cb3\u6c34\u4e0a\u6da8\u519c\u592b\u8d76\u725b\u5c71\u65e7\u6865\u4e09\u6708\u5173\u95ed"
)
"""The signs that `vertical_pdf` draws for a to q."""


def vertical_pdf() -> bytes:
    """A line of Chinese across, and below it three columns of upright signs, to be read from the right."""
    signs = [
        f"1 0 0 1 {400 - 24 * place} {640 - 14 * row} Tm ({sign}) Tj"
        for place, column in enumerate(("abcdef", "ghijek", "lmnopq"))
        for row, sign in enumerate(column)
    ]
    return _lettered(f"1 0 0 1 72 700 Tm (cdlm) Tj {' '.join(signs)}", CHINESE)


def _lettered(shown: str, letters: str) -> bytes:
    """A page of text in a font whose small letters, from a on, have these for their Unicode."""
    mapped = {97 + place: letter for place, letter in enumerate(letters)}
    mapped |= {code: chr(code) for code in range(0x20, 0x61)}
    rows = "\n".join(f"<{code:02X}> <{ord(letter):04X}>" for code, letter in mapped.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{len(mapped)} beginbfchar\n{rows}\nendbfchar\n"
        "endcmap end end"
    )
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 6 0 R >>"
    return content_pdf(f"BT /F1 12 Tf {shown} ET", font, ("", cmap))


def hyphen_pdf() -> bytes:
    """A word broken over two lines by a hyphen at the line's end."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 12)
        canvas.drawString(72, 700, "The committee asked for a recon-")
        canvas.drawString(72, 685, "sideration of the whole plan.")

    return _drawn(draw)


def rulings_pdf() -> bytes:
    """Lines in every usual way: stroked, thin filled rectangle, stroked rectangle, in a form XObject."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 740, "Lines are drawn below this text in four ways.")
        canvas.setLineWidth(1)
        canvas.line(100, 700, 300, 700)
        canvas.rect(100, 649.5, 200, 1, stroke=0, fill=1)
        canvas.rect(100, 500, 200, 100, stroke=1, fill=0)
        canvas.beginForm("lined")
        canvas.line(0, 0, 150, 0)
        canvas.endForm()
        canvas.saveState()
        canvas.translate(100, 400)
        canvas.doForm("lined")
        canvas.restoreState()

    return _drawn(draw)


def form_pdf(value: str = "Ada Lovelace") -> bytes:
    """A fillable form with a text field that has a value and a ticked check box."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 700, "Name of the applicant")
        canvas.acroForm.textfield(name="name", value=value, x=220, y=690, width=200, height=24)
        canvas.drawString(72, 650, "I agree")
        canvas.acroForm.checkbox(name="agree", checked=True, x=220, y=645, size=18)

    return _drawn(draw)


def odd_properties_pdf() -> bytes:
    """A page whose title holds U+0000 and whose author holds half a character."""
    pdf = pikepdf.open(io.BytesIO(pages_pdf(1)))
    pdf.docinfo["/Title"] = pikepdf.String("Tide\0 tables\0")
    pdf.docinfo["/Author"] = pikepdf.String(b"\xfe\xff\xd8\x00\x00A\x00d\x00a")
    return _saved(pdf)


def truncated_pdf(keep: float = 0.7) -> bytes:
    """The report cut off: no cross-reference table, no trailer."""
    whole = report_pdf()
    return whole[: int(len(whole) * keep)]


def self_referencing_form_pdf() -> bytes:
    """A form XObject that draws itself for ever."""
    resources = "/Resources << /XObject << /X 5 0 R >> >>"
    return raw_pdf(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R {resources} >>",
            "<< /Length 5 >>\nstream\n/X Do\nendstream",
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] {resources} /Length 5 >>\nstream\n/X Do\nendstream",
        ]
    )


def content_pdf(content: str, font: str | None = None, streams: tuple[str, ...] = ()) -> bytes:
    """One Letter page with this content stream and the font /F1 (Helvetica unless given).

    `streams` become objects 5, 6, ...: object 5 is free for any use, 6 is where a font's ToUnicode may point.
    """
    font = font or "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    resources = f"/Resources << /Font << /F1 {font} >> >>"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R {resources} >>",
    ]
    bodies += [
        f"<< /Length {len(stream.encode('latin-1'))} >>\nstream\n{stream}\nendstream"
        for stream in (content, *streams)
    ]
    return raw_pdf(bodies)


def raw_pdf(bodies: Sequence[str]) -> bytes:
    """A PDF file of these objects, numbered from 1; object 1 is the catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def _drawn(*pages: Callable[[Canvas], None], title: str = "", author: str = "") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _scan(image: Image.Image) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(image), 0, 0, width=LETTER[0], height=LETTER[1])

    return draw


def _sentence(text: str) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 700, text)

    return draw


def _upright_after(angle_deg: int) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        width, height = LETTER
        canvas.setFont("Helvetica", 12)
        if angle_deg == 90:
            canvas.translate(width, 0)
        elif angle_deg == 180:
            canvas.translate(width, height)
        elif angle_deg == 270:
            canvas.translate(0, height)
        canvas.rotate(angle_deg)
        seen_height = width if angle_deg in {90, 270} else height
        canvas.drawString(72, seen_height - 72, "TOP LEFT corner of the page as it is seen")
        canvas.line(72, seen_height - 80, 272, seen_height - 80)

    return draw


def _report_first_page(canvas: Canvas) -> None:
    _report_margins(canvas, 1)
    canvas.setFont("Helvetica-Bold", 22)
    canvas.drawString(72, 710, REPORT_TITLE)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(72, 670, REPORT_HEADINGS[0])
    y = _paragraph(canvas, 72, 650, REPORT_SENTENCE, 85)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(72, y - 20, REPORT_HEADINGS[1])
    y -= 40
    canvas.setFont("Helvetica", 10)
    for index, (left, right) in enumerate(zip(REPORT_LEFT_COLUMN, REPORT_RIGHT_COLUMN, strict=True)):
        canvas.drawString(72, y - index * 14, left)
        canvas.drawString(324, y - index * 14, right)


def _report_second_page(canvas: Canvas) -> None:
    _report_margins(canvas, 2)
    _table(canvas, 72, 700, (110, 90, 110, 110), 22, REPORT_TABLE)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(72, 540, REPORT_HEADINGS[2])
    _paragraph(canvas, 72, 520, REPORT_SENTENCE, 85)


def _report_margins(canvas: Canvas, number: int) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(72, 760, "Port Office")
    canvas.drawString(300, 36, f"Page {number} of 2")


def _paragraph(canvas: Canvas, x: float, y: float, text: str, width: int) -> float:
    canvas.setFont("Helvetica", 10)
    line: list[str] = []
    for word in [*text.split(), ""]:
        if word and len(" ".join([*line, word])) <= width:
            line.append(word)
            continue
        canvas.drawString(x, y, " ".join(line))
        y -= 14
        line = [word]
    return y


def _table(
    canvas: Canvas,
    x: float,
    top: float,
    widths: Sequence[float],
    row_height: float,
    rows: Sequence[Sequence[str]],
) -> None:
    right = x + sum(widths)
    canvas.setLineWidth(0.75)
    for index in range(len(rows) + 1):
        canvas.line(x, top - index * row_height, right, top - index * row_height)
    edge = x
    for width in (*widths, 0):
        canvas.line(edge, top, edge, top - len(rows) * row_height)
        edge += width
    for index, row in enumerate(rows):
        canvas.setFont("Helvetica-Bold" if index == 0 else "Helvetica", 10)
        edge = x
        for width, text in zip(widths, row, strict=True):
            canvas.drawString(edge + 5, top - index * row_height - 15, text)
            edge += width
