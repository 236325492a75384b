"""Pages made of literal words and lines, and PDFs with one layout each. The same on every run.

Literal words are as wide as half their size per letter: enough for geometry, no font needed.
"""

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from recto.document.block import Block, BlockType, Cell, PageLayout, Table
from recto.document.geometry import Box
from recto.document.page import Page, Picture, Ruling, Word

WIDTH, HEIGHT = 595.0, 842.0
LETTER_EM = 0.5
SPACE_EM = 0.3

SENTENCES = (
    "Every spring the river rises and the meadows below the mill stand under water for a week.",
    "Farmers move their cattle to the upper pastures before the first warm rain melts the snow.",
    "The old bridge was closed in March, and carts took the long way over the northern ford.",
    "Nobody was hurt, but two barns were lost and the road to the station had to be built anew.",
)
TABLE_ROWS = (
    ("Station", "January", "February", "March"),
    ("Bergen", "190.1", "152.7", "170.3"),
    ("Oslo", "54.2", "41.0", "50.8"),
    ("Tromso", "95.6", "87.4", "72.9"),
    ("Roros", "38.0", "31.5", "29.9"),
)


def words(
    text: str,
    x: float,
    y: float,
    size: float = 10.0,
    *,
    bold: bool = False,
    font: str = "Plain",
    confidence: float | None = None,
    rotation: int = 0,
    hidden: bool = False,
) -> list[Word]:
    """One line of words; x is the left edge, y the upper edge of its letters."""
    found = []
    for token in text.split():
        width = LETTER_EM * size * len(token)
        box = Box(x, y, x + width, y + size)
        found.append(Word(token, box, size, bold, False, font, rotation, confidence, hidden))
        x += width + SPACE_EM * size
    return found


def lines(
    texts: Sequence[str], x: float, y: float, size: float = 10.0, leading: float = 12.0, **how
) -> list[Word]:
    """Lines below each other."""
    return [word for i, text in enumerate(texts) for word in words(text, x, y + i * leading, size, **how)]


def wrapped(text: str, letters: int) -> list[str]:
    """The text in lines of at most so many letters."""
    found: list[str] = []
    for token in text.split():
        if found and len(found[-1]) + 1 + len(token) <= letters:
            found[-1] += f" {token}"
        else:
            found.append(token)
    return found


def grid_words(
    rows: Sequence[Sequence[str]],
    x: float,
    y: float,
    column: float = 90.0,
    row: float = 16.0,
    size: float = 10.0,
) -> list[Word]:
    """Cells in columns of equal width."""
    return [
        word
        for r, texts in enumerate(rows)
        for c, text in enumerate(texts)
        for word in words(text, x + c * column + 4, y + r * row + 3, size)
    ]


def grid_rulings(
    rows: int, columns: int, x: float, y: float, column: float = 90.0, row: float = 16.0
) -> list[Ruling]:
    """All lines of a grid."""
    right, bottom = x + columns * column, y + rows * row
    flat = [across(x, right, y + i * row) for i in range(rows + 1)]
    return [*flat, *(upright(x + i * column, y, bottom) for i in range(columns + 1))]


def across(x0: float, x1: float, y: float, thickness: float = 1.0) -> Ruling:
    return Ruling(Box(x0, y - thickness / 2, x1, y + thickness / 2), horizontal=True, thickness=thickness)


def upright(x: float, y0: float, y1: float, thickness: float = 1.0) -> Ruling:
    return Ruling(Box(x - thickness / 2, y0, x + thickness / 2, y1), horizontal=False, thickness=thickness)


def page(
    every_word: Sequence[Word] = (),
    rulings: Sequence[Ruling] = (),
    pictures: Sequence[Box] = (),
    number: int = 1,
    height: float = HEIGHT,
) -> Page:
    placed = tuple(Picture(box) for box in pictures)
    return Page(number, WIDTH, height, "digital", "made by a test", tuple(every_word), tuple(rulings), placed)


def layout(blocks: Sequence[Block], number: int = 1) -> PageLayout:
    return PageLayout(number, WIDTH, HEIGHT, "digital", "made by a test", tuple(blocks))


def block(
    text: str,
    kind: BlockType = "Text",
    page_number: int = 1,
    y: float = 100.0,
    size: float = 10.0,
    *,
    bold: bool = False,
    table: Table | None = None,
    level: int = 0,
    marker: str = "",
    x: float = 72.0,
) -> Block:
    """A block one line tall."""
    box = Box(x, y, x + max(10.0, LETTER_EM * size * len(text)), y + size * 1.2)
    return Block(kind, page_number, box, text, level, marker, table, 0.99, size, bold)


def table_of(rows: Sequence[Sequence[str]], header_rows: int = 1) -> Table:
    """A table without spans; cells 50 x 10 points from the page's corner."""
    cells = tuple(
        Cell(r, c, text, Box(c * 50.0, r * 10.0, c * 50.0 + 50, r * 10.0 + 10))
        for r, texts in enumerate(rows)
        for c, text in enumerate(texts)
    )
    return Table(len(rows), len(rows[0]), cells, header_rows)


def texts_of(table: Table) -> list[list[str]]:
    """The texts as rows x columns, empty where a span covers."""
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def _pdf(*drawings) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for number, draw in enumerate(drawings, 1):
        draw(canvas, number)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _text(
    canvas: Canvas, texts: Sequence[str], x: float, y: float, size: float = 10, font: str = "Helvetica"
) -> float:
    """Lines from y points below the upper edge; returns where the next may begin."""
    canvas.setFont(font, size)
    for text in texts:
        canvas.drawString(x, A4[1] - y - size, text)
        y += size * 1.2
    return y


def two_columns_pdf() -> bytes:
    """Title over two columns of prose, each with a heading, running head and page number on two pages."""

    def draw(canvas: Canvas, number: int) -> None:
        _text(canvas, ["Notes of the River Board"], 72, 30, 8)
        _text(canvas, [str(number)], 290, 800, 8)
        top = 90.0
        if number == 1:
            top = _text(canvas, ["Floods in the Lower Valley"], 72, 70, 20, "Helvetica-Bold") + 14
        for x, heading, turn in ((72, "Causes", 0), (315, "Damage", 2)):
            y = _text(canvas, [f"{heading} in part {number}"], x, top, 13, "Helvetica-Bold") + 6
            for i in range(4):
                y = _text(canvas, wrapped(f"{SENTENCES[(i + turn) % 4]} " * 2, 44), x, y) + 9

    return _pdf(draw, draw)


def tables_pdf() -> bytes:
    """A ruled table with a spanning heading, a table with lines across only, and one without any line."""

    def draw(canvas: Canvas, _: int) -> None:
        _text(canvas, ["Table 1: Rainfall, ruled"], 72, 60)
        _ruled(canvas, 72, 80)
        _text(canvas, ["Table 2: Rainfall, lines across"], 72, 260)
        _across(canvas, 72, 280)
        _text(canvas, ["Table 3: Rainfall, no lines"], 72, 460)
        for r, texts in enumerate(TABLE_ROWS):
            for c, text in enumerate(texts):
                _text(canvas, [text], 72 + 100 * c, 480 + 18 * r)
        _text(canvas, wrapped(SENTENCES[0], 80), 72, 600)

    return _pdf(draw)


def _ruled(canvas: Canvas, x: float, y: float) -> None:
    rows = (("Station", "Millimetres in", "", ""), *TABLE_ROWS)
    for r, texts in enumerate(rows):
        for c, text in enumerate(texts):
            if text and not (r == 1 and c == 0):
                _text(canvas, [text], x + 100 * c + (80 if r == 0 and c == 1 else 4), y + 20 * r + 4)
    height = A4[1]
    for r in range(len(rows) + 1):
        canvas.line(x + (100 if r == 1 else 0), height - y - 20 * r, x + 400, height - y - 20 * r)
    for c in range(5):
        top = 20 if c in (2, 3) else 0
        canvas.line(x + 100 * c, height - y - top, x + 100 * c, height - y - 20 * len(rows))


def _across(canvas: Canvas, x: float, y: float) -> None:
    for r, texts in enumerate(TABLE_ROWS):
        for c, text in enumerate(texts):
            _text(canvas, [text], x + 100 * c, y + 20 * r + 4)
    for r in (0, 1, len(TABLE_ROWS)):
        canvas.line(x, A4[1] - y - 20 * r, x + 380, A4[1] - y - 20 * r)


def lists_pdf() -> bytes:
    """Numbered and nested bulleted lists, labelled values and a paragraph with a broken word."""

    def draw(canvas: Canvas, _: int) -> None:
        y = _text(canvas, ["What to bring"], 72, 70, 16, "Helvetica-Bold") + 8
        y = (
            _text(canvas, ["The walk takes the whole day, so pack light and re-", "member the map."], 72, y)
            + 8
        )
        y = _text(canvas, ["1. Water for six hours", "2. Bread and", "   cheese"], 72, y) + 8
        for indent, text in ((0, "Clothes"), (18, "rain coat"), (18, "boots"), (0, "Tools")):
            y = _text(canvas, [f"\u2022 {text}"], 72 + indent, y) + 2
        _text(canvas, ["Guide: Ingrid Moe", "Meeting point: North Gate", "Time: 7:30"], 72, y + 12)

    return _pdf(draw)


def continued_pdf() -> bytes:
    """A ruled table that goes on over a page break with its heading said again."""

    def draw(canvas: Canvas, number: int) -> None:
        rows = [TABLE_ROWS[0], *((f"Post {number}{i}", f"{i}.1", f"{i}.2", f"{i}.3") for i in range(1, 5))]
        top = 700 if number == 1 else 72
        height = A4[1]
        if number == 1:
            _text(canvas, wrapped(f"{SENTENCES[1]} " * 3, 80), 72, 72)
        for r, texts in enumerate(rows):
            for c, text in enumerate(texts):
                _text(canvas, [text], 72 + 100 * c + 4, top + 18 * r + 4)
        for r in range(len(rows) + 1):
            canvas.line(72, height - top - 18 * r, 472, height - top - 18 * r)
        for c in range(5):
            canvas.line(72 + 100 * c, height - top, 72 + 100 * c, height - top - 18 * len(rows))

    return _pdf(draw, draw)


def typeset_pdf() -> bytes:
    """An article: a series line over its title, an initial, raised and lowered signs, a drawing across both columns
    with its caption, notes below a short line, and in the right column outlined items three deep.
    """

    def draw(canvas: Canvas, _: int) -> None:
        height = A4[1]
        _text(canvas, ["Letters of the River Board"], 72, 40, 11)
        _text(canvas, ["What the Flood Left Behind"], 72, 58, 20, "Helvetica-Bold")
        _text(canvas, ["E"], 72, 94, 26, "Helvetica-Bold")
        beside = wrapped(SENTENCES[0][1:], 38)
        _text(canvas, beside[:2], 94, 96)
        y = _text(canvas, [*beside[2:], *wrapped(SENTENCES[1], 44)], 72, 120) + 9
        _formula(canvas, 72, y)
        _text(canvas, ["Survey"], 315, 94, 11, "Helvetica-Bold")
        _items(canvas, 315, 112)
        canvas.rect(120, height - 400, 355, 130)
        for i in range(6):
            canvas.line(150 + 50 * i, height - 390, 180 + 50 * i, height - 290 + 12 * i)
        _text(canvas, ["Figure 1. The mill at high water, drawn from the bridge."], 150, 408, 9)
        for x, turn in ((72, 2), (315, 3)):
            _text(canvas, wrapped(f"{SENTENCES[turn]} " * 2, 44), x, 440)
        canvas.line(72, height - 700, 172, height - 700)
        _text(canvas, ["1 Measured by the Board.", "* Not counted before 1890."], 72, 704, 8)

    return _pdf(draw)


def drawings_pdf() -> bytes:
    """A pie, a line chart with axes and a scheme of boxes, each with its caption; and text in a rounded frame."""

    def draw(canvas: Canvas, _: int) -> None:
        height = A4[1]
        y = _text(canvas, wrapped(f"{SENTENCES[0]} {SENTENCES[1]}", 80), 72, 60)
        for start, extent, grey in ((0, 130, 0.3), (130, 90, 0.6), (220, 140, 0.8)):
            canvas.setFillGray(grey)
            canvas.wedge(90, height - 230, 210, height - 110, start, extent, stroke=0, fill=1)
        canvas.setFillGray(0)
        _text(canvas, ["Oats"], 110, 150, 8)
        _text(canvas, ["Figure 1: What the lower fields bear"], 72, 240, 9)
        path = canvas.beginPath()
        path.moveTo(320, height - 200)
        for i, fall in enumerate((150, 180, 130, 160, 115)):
            path.lineTo(350 + 35 * i, height - fall)
        canvas.drawPath(path)
        canvas.line(310, height - 220, 310, height - 105)
        canvas.line(310, height - 220, 500, height - 220)
        _text(canvas, ["10"], 296, 110, 8)
        _text(canvas, ["0"], 300, 215, 8)
        _text(canvas, ["Figure 2: Loads over the bridge"], 310, 240, 9)
        y = _text(canvas, wrapped(f"{SENTENCES[2]} {SENTENCES[3]}", 80), 72, 290) + 30
        for i, label in enumerate(("Field", "Mill", "Market")):
            canvas.roundRect(100 + 130 * i, height - y - 50, 90, 50, 8)
            _text(canvas, [label], 125 + 130 * i, y + 18, 9)
            if i:
                canvas.line(60 + 130 * i, height - y - 25, 100 + 130 * i, height - y - 25)
                canvas.line(92 + 130 * i, height - y - 20, 100 + 130 * i, height - y - 25)
                canvas.line(92 + 130 * i, height - y - 30, 100 + 130 * i, height - y - 25)
        y = _text(canvas, ["Figure 3: The way of the grain"], 100, y + 62, 9) + 30
        canvas.roundRect(66, height - y - 46, 460, 52, 10)
        _text(canvas, wrapped(f"{SENTENCES[3]} {SENTENCES[1]}", 85), 76, y)

    return _pdf(draw)


def checked_pdf() -> bytes:
    """Two ruled tables: one whose total adds up, and one whose total and running numbers betray a lost row."""

    def draw(canvas: Canvas, _: int) -> None:
        whole = (("Post", "Loads", "Tonnes"), ("Mill", "1,200", "41.5"), ("Ford", "310", "9.0"))
        _text(canvas, ["Table 1: Loads by post"], 72, 60)
        _grid(canvas, 72, 78, (*whole, ("Total", "1,510", "50.5")))
        numbered = (
            (str(n), name, str(10 * n))
            for n, name in ((1, "Ash"), (2, "Elm"), (3, "Oak"), (5, "Fir"), (6, "Yew"))
        )
        _text(canvas, ["Table 2: Trees"], 72, 200)
        _grid(canvas, 72, 218, (("No", "Tree", "Count"), *numbered, ("Total", "", "210")))

    return _pdf(draw)


def side_notes_pdf() -> bytes:
    """Prose with notes beside it in the outer margin, each at the height of what it is about."""

    def draw(canvas: Canvas, _: int) -> None:
        y = 72.0
        for turn, note in ((0, ["The flood of", "last spring"]), (1, ["Upper", "pastures"])):
            top = y
            texts = wrapped(" ".join(SENTENCES[(turn + i) % 4] for i in range(4)), 62)
            y = _text(canvas, texts, 190, y) + 9
            _text(canvas, note, 72, top + 12, 8)

    return _pdf(draw)


def _grid(canvas: Canvas, x: float, y: float, rows: Sequence[Sequence[str]]) -> None:
    """A table with all its lines, cells 100 x 20 points."""
    for r, texts in enumerate(rows):
        for c, text in enumerate(texts):
            _text(canvas, [text], x + 100 * c + 4, y + 20 * r + 4)
    right, bottom = x + 100 * len(rows[0]), y + 20 * len(rows)
    for r in range(len(rows) + 1):
        canvas.line(x, A4[1] - y - 20 * r, right, A4[1] - y - 20 * r)
    for c in range(len(rows[0]) + 1):
        canvas.line(x + 100 * c, A4[1] - y, x + 100 * c, A4[1] - bottom)


def _formula(canvas: Canvas, x: float, y: float) -> None:
    """A line with a raised reference and a lowered figure."""
    text = canvas.beginText(x, A4[1] - y - 10)
    for part, size, rise in (
        ("The Board", 10, 0),
        ("1", 6, 4),
        (" found H", 10, 0),
        ("2", 6, -2),
        ("O in every cellar.", 10, 0),
    ):
        text.setFont("Helvetica", size)
        text.setRise(rise)
        text.textOut(part)
    canvas.drawText(text)


def _items(canvas: Canvas, x: float, y: float) -> None:
    """Items three deep, each with a hanging indent."""
    for indent, marker, texts in (
        (0, "1.", ["Houses on the lower road, all of", "them near the mill"]),
        (18, "(a)", ["with cellars"]),
        (36, "(i)", ["dry"]),
        (36, "(ii)", ["wet"]),
        (18, "(b)", ["without"]),
        (0, "2.", ["Barns"]),
    ):
        _text(canvas, [marker], x + indent, y)
        y = _text(canvas, texts, x + indent + 18, y) + 2
