"""Pictures of text, made by code: what a scanner, a phone or a fax would send. Deterministic; returns bytes.

The text of every picture is known, so a test can compare what was read with what was drawn.
"""

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

LETTER_POINTS = (612, 792)
SCAN_LINES = (
    "Delivery note 4711",
    "Harbour Street 12, Bristol",
    "The goods were received in good order",
    "on the morning of the third of March.",
    "Total amount due: 1,284.50",
    "Signed by the warehouse keeper",
)
"""What `text_image` and `scanned_pdf` draw when no lines are given."""


def text_image(lines: Sequence[str] = SCAN_LINES, dpi: int = 200, size_points: float = 14) -> Image.Image:
    """A Letter page in grey, lines drawn from one inch below the top, as a scanner at `dpi` sees it."""
    scale = dpi / 72
    image = Image.new("L", (round(LETTER_POINTS[0] * scale), round(LETTER_POINTS[1] * scale)), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size_points * scale)
    for index, line in enumerate(lines):
        draw.text((72 * scale, (72 + index * size_points * 2) * scale), line, fill=0, font=font)
    return image


def image_bytes(image: Image.Image, kind: str = "PNG", dpi: int = 200) -> bytes:
    """The picture as a file of the given Pillow format."""
    out = io.BytesIO()
    image.save(out, kind, dpi=(dpi, dpi))
    return out.getvalue()


def text_png(lines: Sequence[str] = SCAN_LINES, dpi: int = 200) -> bytes:
    """A PNG of a Letter page with those lines."""
    return image_bytes(text_image(lines, dpi), "PNG", dpi)


def text_jpeg(lines: Sequence[str] = SCAN_LINES, dpi: int = 200) -> bytes:
    """The same as a JPEG."""
    return image_bytes(text_image(lines, dpi), "JPEG", dpi)


def text_tiff(pages: Sequence[Sequence[str]] = (SCAN_LINES, ("Second page",)), dpi: int = 150) -> bytes:
    """A TIFF of several pages, each with its own lines."""
    first, *rest = [text_image(lines, dpi) for lines in pages]
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=rest, dpi=(dpi, dpi), compression="tiff_deflate")
    return out.getvalue()


FORM_TEXTS = (
    ("HARBOUR BOARD CREW FORM", 72, 60),
    ("Date:", 72, 110),
    ("3 May 1998", 160, 110),
    ("Phone Number:", 320, 110),
    ("335 7363", 440, 110),
    ("Remarks:", 72, 150),
    ("Sails with the morning tide", 72, 170),
    ("DEPARTMENT", 72, 215),
    ("Pilots", 230, 215),
    ("Anna Lind", 90, 270),
    ("NAME", 72, 288),
    ("Bristol", 330, 270),
    ("TOWN", 312, 288),
)
"""What `scanned_form_png` says, and where: left and upper edge in points."""
FORM_LINES = ((165, 420, 231), (72, 250, 286), (312, 500, 286))
"""Its lines to be written on: left, right and height in points."""


def scanned_form_png(dpi: int = 200) -> bytes:
    """A filled in form: values right of labels, below one, and on lines with their labels before or below them."""
    scale = dpi / 72
    image = text_image((), dpi)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(12 * scale)
    for text, x, y in FORM_TEXTS:
        draw.text((x * scale, y * scale), text, fill=0, font=font)
    for left, right, y in FORM_LINES:
        draw.line((left * scale, y * scale, right * scale, y * scale), fill=0, width=round(scale))
    return image_bytes(image, "PNG", dpi)


def skewed_png(angle_deg: float = 3.0, dpi: int = 200) -> bytes:
    """The page turned a little counter-clockwise, as it comes out of a document feeder."""
    turned = text_image(dpi=dpi).rotate(angle_deg, resample=Image.Resampling.BICUBIC, fillcolor=255)
    return image_bytes(turned, "PNG", dpi)


def sideways_png(angle_deg: int = 90, dpi: int = 200) -> bytes:
    """The page turned by a multiple of 90 degrees counter-clockwise."""
    return image_bytes(text_image(dpi=dpi).rotate(angle_deg, expand=True), "PNG", dpi)


def exif_turned_jpeg(dpi: int = 200) -> bytes:
    """A page stored lying on its side, with the camera's note (EXIF 6) that it must be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    text_image(dpi=dpi).rotate(90, expand=True).save(out, "JPEG", dpi=(dpi, dpi), exif=exif)
    return out.getvalue()


def tiny_png(side: int = 4) -> bytes:
    """A picture of so few pixels that no text fits in."""
    return image_bytes(Image.new("L", (side, side), 255))


def claimed_png(width: int = 20_000, height: int = 20_000) -> bytes:
    """A tiny PNG file whose header claims that many pixels: a decompression bomb without the payload."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_part(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + _png_part(b"IDAT", zlib.compress(b"\x00" * 64))
        + _png_part(b"IEND", b"")
    )


def _png_part(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
