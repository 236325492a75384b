"""The page of the README's picture: one page with every kind of block that the rules know. The same on every run."""

import io

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

LEFT_COLUMN = (
    "The quay walls were surveyed in May, after",
    "the winter storms had passed. Divers found",
    "two loose stones below the waterline near",
    "berth 4; both were fixed the same week.",
)
RIGHT_COLUMN = (
    "Traffic grew in every quarter. The new",
    "crane at berth 2 has halved the time that",
    "a coaster needs to unload, and no ship",
    "waited for longer than nine hours.",
)
POINTS = ("Renew the fenders of berths 1 to 3", "Dredge the southern basin", "Light the eastern mole")
TRAFFIC = (
    ("Berth", "Ships", "Tonnes", "Hours idle"),
    ("1 North", "212", "148,020", "1,904"),
    ("2 Crane", "340", "402,771", "611"),
    ("3 Mole", "97", "55,390", "3,120"),
    ("Total", "649", "606,181", "5,635"),
)
FIELDS = (("Surveyor", "Ada Lovelace"), ("Date", "14 May 2026"), ("Report no.", "2026-017"))
WIDTH, LEFT, RIGHT = 468, 72, 318


def harbour_pdf() -> bytes:
    """A one-page report: header, title, labelled values, headings, two columns, a list, a ruled table, a footer."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=letter, invariant=1)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(LEFT, 756, "Port Office of Recto Bay")
    canvas.drawString(300, 34, "1")
    _title_and_fields(canvas)
    _heading(canvas, 600, "1. State of the walls")
    canvas.setFont("Helvetica", 10.5)
    for index, (left, right) in enumerate(zip(LEFT_COLUMN, RIGHT_COLUMN, strict=True)):
        canvas.drawString(LEFT, 578 - index * 14, left)
        canvas.drawString(RIGHT, 578 - index * 14, right)
    _heading(canvas, 490, "2. Traffic, cargo and waiting times by berth")
    _table(canvas, 470)
    canvas.setFont("Helvetica-Oblique", 9)
    canvas.drawString(LEFT, 332, "Table 1: The year 2025, as counted by the harbour master.")
    _heading(canvas, 296, "3. What is to be done")
    canvas.setFont("Helvetica", 10.5)
    for index, point in enumerate(POINTS, 1):
        canvas.drawString(LEFT + 12, 274 - (index - 1) * 24, f"{index}. {point}")
    canvas.drawString(
        LEFT, 194, "The works cost 1.2 million in all and are paid from the harbour dues of two years."
    )
    canvas.drawString(LEFT, 180, "Nothing has to be closed: the berths are renewed one after the other.")
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _title_and_fields(canvas: Canvas) -> None:
    canvas.setFont("Helvetica-Bold", 22)
    canvas.drawString(LEFT, 712, "Harbour Report 2026")
    for index, (label, value) in enumerate(FIELDS):
        y = 680 - index * 15
        canvas.setFont("Helvetica", 10)
        canvas.drawString(LEFT, y, f"{label}: {value}")


def _heading(canvas: Canvas, y: float, text: str) -> None:
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(LEFT, y, text)


def _table(canvas: Canvas, top: float) -> None:
    height, column = 24, WIDTH / len(TRAFFIC[0])
    for row, cells in enumerate(TRAFFIC):
        canvas.setFont("Helvetica-Bold" if row == 0 else "Helvetica", 10)
        for index, text in enumerate(cells):
            x = LEFT + index * column
            canvas.rect(x, top - (row + 1) * height, column, height)
            if index == 0:
                canvas.drawString(x + 6, top - row * height - 16, text)
            else:
                canvas.drawRightString(x + column - 6, top - row * height - 16, text)
