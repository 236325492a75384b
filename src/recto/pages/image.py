"""Pictures as pages: one per frame of a TIFF, one for any other picture. Opens and checks; recognises nothing.

The header is checked before a pixel is decoded, so that a small file cannot claim a huge picture and get it.
A page's size in points comes from the picture's own resolution where that makes a plausible sheet of paper.
"""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from recto.errors import DocumentCorrupt, ImageTooLarge, ImageTooSmall

MOST_PIXELS = 50_000_000  # of one frame; the wire contract's limit
LONGEST_SIDE = 15_000  # pixels; the wire contract's limit
SHORTEST_SIDE = 10  # pixels: less cannot hold a line of text (a guess)
PLAUSIBLE_SIDE = (216.0, 1728.0)  # points, 3 to 24 inches: the longer side of a sheet that people scan
USUAL_SIDE = 792.0  # points: the longer side given to a picture without a plausible resolution
FORMATS = (
    "PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "PSD", "PCX", "DCX", "CUR", "FTEX", "PIXAR",
)  # fmt: skip
_PAGED = frozenset(
    ("TIFF", "DCX")
)  # formats whose frames are pages; frames of others are animation or previews
_DEEP_GREY = frozenset(("I", "I;16", "I;16B", "I;16L", "F"))


def frame_count(path: Path) -> int:
    """Number of pages; every frame's header is checked. Raises ImageTooLarge, ImageTooSmall, DocumentCorrupt."""
    with _opened(path) as image:
        count = _pages(image)
        for frame in range(count):
            _sought(image, frame)
        return count


def frame(path: Path, number: int) -> tuple[Image.Image, float]:
    """Page `number` (from 1) upright in RGB or grey on white, and its pixels per inch; raises as frame_count."""
    with _opened(path) as image:
        if number > _pages(image):
            raise DocumentCorrupt(f"The image has {_pages(image)} pages; page {number} is missing.")
        _sought(image, number - 1)
        try:
            image.load()
        except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as error:
            raise DocumentCorrupt(f"Page {number} of the image is damaged: {error}.") from error
        dpi = _dpi(image)
        upright = ImageOps.exif_transpose(image)
        return _on_white(upright), dpi


def points(pixels: int, dpi: float) -> float:
    """A length in points."""
    return round(pixels * 72 / dpi, 3)


@contextmanager
def _opened(path: Path) -> Generator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limits are stricter
            image = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(
            f"The image has more than {MOST_PIXELS:,} pixels. Send it at a lower resolution."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DocumentCorrupt(
            "The image is damaged or its format is not known: it cannot be opened."
        ) from error
    with image:
        yield image


def _pages(image: Image.Image) -> int:
    if image.format not in _PAGED:
        return 1
    return int(getattr(image, "n_frames", 1))


def _sought(image: Image.Image, frame: int) -> None:
    try:
        if frame:
            image.seek(frame)
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        raise DocumentCorrupt(f"Page {frame + 1} of the image is damaged: {error}.") from error
    width, height = image.size
    size = f"{width:,} x {height:,} pixels"
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise ImageTooLarge(
            f"The image has {size}; at most {LONGEST_SIDE:,} on a side and {MOST_PIXELS:,} in all can be read. "
            "Send it at a lower resolution."
        )
    if min(width, height) < SHORTEST_SIDE:
        raise ImageTooSmall(f"The image has only {size}: too few to hold text.")


def _dpi(image: Image.Image) -> float:
    longest = max(image.size)
    try:
        stated = float(max(image.info.get("dpi", (0, 0))))
    except (TypeError, ValueError, ZeroDivisionError):
        stated = 0.0
    low, high = PLAUSIBLE_SIDE
    if stated > 0 and low <= longest * 72 / stated <= high:
        return round(stated) if abs(stated - round(stated)) < 0.1 else stated  # noqa: PLR2004 - dots per metre
    return longest * 72 / USUAL_SIDE


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"1", "L"} and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in _DEEP_GREY:
        levels = np.asarray(image, np.float64)
        span = max(1.0, float(np.ptp(levels)))
        return Image.fromarray(((levels - levels.min()) * 255 / span).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image.convert("RGB")
