"""Plain text files as pages: lines of a fixed-width face on Letter paper. Bytes in, pages out; no layout rules.

Every page has route "text". Prose is wrapped at word boundaries; the rows of CSV and TSV files stay whole, and
the letters get smaller instead. A form feed starts a new page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from recto.document.geometry import Box
from recto.document.page import Page, Word
from recto.errors import DocumentCorrupt, DocumentTooLarge

WIDTH, HEIGHT = 612.0, 792.0  # points: US Letter
MARGIN = 36.0  # points
LINES = 60  # per page
LINE_STEP = (HEIGHT - 2 * MARGIN) / LINES  # points from one baseline to the next
FONT_SIZE = 10.0  # points
ADVANCE = 0.6  # share of the font size from one letter to the next, as in Courier
COLUMNS = int((WIDTH - 2 * MARGIN) / (ADVANCE * FONT_SIZE))
LARGEST = 200_000_000  # bytes decoded at once
TAB = 4  # columns

_TABLES = ("csv", "tsv")


def paged(path: Path, extension: str) -> list[list[str]]:
    """The lines of each page; raises DocumentCorrupt when the bytes are no text."""
    size = path.stat().st_size
    if size > LARGEST:
        raise DocumentTooLarge(f"The text file has {size:,} bytes; at most {LARGEST:,} can be read.")
    pages: list[list[str]] = []
    for sheet in decoded(path.read_bytes()).split("\f"):
        lines = [part for line in sheet.splitlines() for part in _fitted(line, extension)]
        pages += [lines[start : start + LINES] for start in range(0, max(1, len(lines)), LINES)]
    return pages


def decoded(content: bytes) -> str:
    """Text from UTF-8, UTF-16 or UTF-32 with a mark, or Windows-1252; raises DocumentCorrupt for anything else."""
    encodings = ("utf-8-sig", "cp1252", "latin-1")
    if content.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        encodings = ("utf-32",)
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentCorrupt(f"The file is not text: its bytes are not valid {encodings[0].upper()}.")


def page_of(number: int, lines: list[str]) -> Page:
    """A page whose words stand where a typewriter would have put them."""
    longest = max((len(line) for line in lines), default=0)
    size = FONT_SIZE * min(1.0, COLUMNS / max(1, longest))
    reason = "plain text file" if any(line.strip() for line in lines) else "plain text file: blank page"
    return Page(number, WIDTH, HEIGHT, "text", reason, words=tuple(_words(lines, size)))


def drawn(lines: list[str], dpi: float) -> Image.Image:
    """The page as a picture in RGB."""
    scale = dpi / 72
    picture = Image.new("RGB", (round(WIDTH * scale), round(HEIGHT * scale)), "white")
    draw = ImageDraw.Draw(picture)
    for word in page_of(1, lines).words:
        font = ImageFont.load_default(word.font_size * scale)
        draw.text((word.box.x0 * scale, word.box.y0 * scale), word.text, fill="black", font=font)
    return picture


def _fitted(line: str, extension: str) -> list[str]:
    if extension in _TABLES:
        return [line.replace("\t", " " * TAB)]
    line = line.expandtabs(TAB).rstrip()
    if len(line) <= COLUMNS:
        return [line]
    parts: list[str] = []
    while len(line) > COLUMNS:
        cut = line.rfind(" ", 1, COLUMNS + 1)
        cut = cut if line[:cut].strip() and cut > 0 else COLUMNS
        parts.append(line[:cut])
        line = line[cut:].lstrip()
    return [*parts, line]


def _words(lines: list[str], size: float) -> Iterator[Word]:
    advance = ADVANCE * size
    for row, line in enumerate(lines):
        top = MARGIN + row * LINE_STEP + (LINE_STEP - size) / 2
        for match in re.finditer(r"\S+", line):
            left, right = MARGIN + match.start() * advance, MARGIN + match.end() * advance
            box = Box(round(left, 3), round(top, 3), round(right, 3), round(top + size, 3))
            yield Word(match.group(), box, size, font="Courier")
