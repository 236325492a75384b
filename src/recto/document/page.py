"""What a reader saw on one page, before anything was decided about it.

`pages` makes these values (PDF objects, OCR), `blocks` consumes them. Frozen, so they can be stored as they
are between the two. All boxes are in points as `document.geometry` says.
"""

from dataclasses import dataclass
from typing import Literal

from recto.document.geometry import Box

Route = Literal["digital", "ocr", "vision", "text"]
"""How a page was read: its own text layer, optical recognition, a vision model, or plain text."""


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space.

    rotation is in degrees counter-clockwise (0, 90, 180, 270 or any skew); confidence is 0..1, or None when
    the text was not recognised but read from the file. `space_before` is False when the word touches the one
    before it on its line (a change of font inside a word).
    """

    text: str
    box: Box
    font_size: float
    bold: bool = False
    italic: bool = False
    font: str = ""
    rotation: int = 0
    confidence: float | None = None
    hidden: bool = False
    space_before: bool = True


@dataclass(frozen=True, slots=True)
class Ruling:
    """A straight drawn line, horizontal or vertical, as a thin box; `thickness` in points."""

    box: Box
    horizontal: bool
    thickness: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster image placed on the page."""

    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """One page as gathered.

    number counts from 1 in the source document; width and height are points after rotation; `reason` says in
    words why this route was taken; `warnings` are sentences for the user.
    """

    number: int
    width: float
    height: float
    route: Route
    reason: str
    words: tuple[Word, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    pictures: tuple[Picture, ...] = ()
    rotation: int = 0
    warnings: tuple[str, ...] = ()
