"""Documents of labelled values, made by code: what extractions are asked about."""

import io
from collections.abc import Mapping, Sequence

from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

NOTE = {"Reference": "AB-2041", "Place": "Hamburg", "Total": "1204.50"}
"""What the ordinary labelled page says."""

NOTE_SCHEMA = {
    "type": "object",
    "properties": {
        "reference": {"type": "string"},
        "place": {"type": "string"},
        "total": {"type": "number"},
        "telephone": {"type": "string"},
    },
    "required": ["reference", "total"],
}
"""A schema for it, with one value that it does not hold."""


def labelled_pdf(*pages: Mapping[str, str]) -> bytes:
    """A page for each mapping, with lines `label: value` under a title; without any, the page of NOTE."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    for page in pages or (NOTE,):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 720, "Delivery note")
        canvas.setFont("Helvetica", 11)
        for place, (label, value) in enumerate(page.items()):
            canvas.drawString(72, 680 - 22 * place, f"{label}: {value}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def labelled_text(pages: int, pairs: Mapping[str, str], at: int) -> str:
    """A plain text of so many short pages; the pairs stand on page `at`, counted from 1."""
    lines: Sequence[str] = [f"{label}: {value}" for label, value in pairs.items()]
    return "\f".join(
        "\n".join(lines) if number == at else f"Sheet {number}" for number in range(1, pages + 1)
    )
