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


FieldKind = Literal["text", "checkbox", "radio", "choice", "signature"]
"""What a form field is; push buttons hold nothing and are no fields here."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One place of a form to be filled in, on its page.

    `name` is the field's full name, empty for a box that is only drawn; `label` is the tooltip. `value` is the
    text or the choice, for a box or radio button what it stands for when marked (its export value); several
    choices are parted by line breaks. `checked` is None for fields that are no boxes; for a signature it says
    whether the field is signed.
    """

    name: str
    kind: FieldKind
    box: Box
    label: str = ""
    value: str = ""
    checked: bool | None = None
    options: tuple[str, ...] = ()


MarkKind = Literal["link", "highlight", "comment"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something laid over the page's text: a link (`text` is its address), a highlight, a comment.

    `boxes` are the lines it covers, at least one. `shown` says that a comment's text is drawn on the page too.
    """

    kind: MarkKind
    boxes: tuple[Box, ...]
    text: str = ""
    author: str = ""
    shown: bool = False


RegionKind = Literal[
    "text", "title", "list", "figure", "table", "caption", "header", "footer", "reference", "equation"
]
"""What a layout model calls a part of a page."""


@dataclass(frozen=True, slots=True)
class SeenRegion:
    """A part of the page as a layout model saw it on the picture: an opinion, with its score 0..1."""

    box: Box
    kind: RegionKind
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page as gathered.

    number counts from 1 in the source document; width and height are points after rotation; `reason` says in
    words why this route was taken; `warnings` are sentences for the user. `regions` is what a layout model saw on
    the picture of a recognised page, empty for all others. `shapes` are the boxes of what is drawn in curves and
    slanted lines: pieces of figures.
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
    fields: tuple[FormField, ...] = ()
    marks: tuple[Mark, ...] = ()
    regions: tuple[SeenRegion, ...] = ()
    shapes: tuple[Box, ...] = ()
