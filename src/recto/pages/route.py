"""Which way a page is read, and why: facts in, decision out. Pure; opens nothing and reads nothing.

The reason is a sentence part that users see in the result. No page is given up: a page without text but with
something printed on it goes to recognition; only a page without text and without ink is empty.
"""

from dataclasses import dataclass

from recto.document.geometry import Box
from recto.document.options import ExtractionMode
from recto.document.page import Route

# Shares are 0..1; origins: looking at the development files.
PAGE_PICTURE = 0.75  # of the page: a picture (or its strips) covering more makes it a scan or a photo
FEW_CHARACTERS = (
    200  # visible characters over a page-size picture that may be a stamp, a fax line, page numbers
)
STAMP_HEIGHT = 0.15  # of the page height: lines of such a stamp together
UNMAPPED_PAGE = 0.1  # of the characters: more without Unicode and the whole layer is not to be trusted
HIDDEN_LAYER = 0.9  # of the characters: invisible text this dominant is an OCR layer
LAYER_ON_INK = 0.8  # of the hidden words must lie on something dark
INK_IN_LAYER = (
    0.4  # of the dark dots must lie in some hidden word: right layers have 0.5 to 0.8, wrong ones 0.04 to 0.2
)
OUTLINES = 150  # drawn shapes on a page with next to no text: letters drawn as curves
OUTLINE_CHARACTERS = 50  # next to no text


@dataclass(frozen=True, slots=True)
class InkAgreement:
    """How an invisible text layer fits the picture: share of its words on ink, share of the ink in its words."""

    words_on_ink: float
    ink_in_words: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What was counted on a page. Characters are those inside the crop box that are not white space.

    `text_height` is the share of the page's height that visible lines cover; `picture_share` the share of its
    area under pictures; `shapes` and `objects` are drawn curves and everything drawn that is not text; `ink` is
    whether anything is seen at all (None: not looked at); `broken` are the boxes of words with unknown letters.
    """

    characters: int
    hidden: int
    unmapped: int
    text_height: float
    picture_share: float
    shapes: int
    objects: int
    ink: bool | None = None
    agreement: InkAgreement | None = None
    broken: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The route and its reason. `regions` limits recognition to these boxes; empty means the whole page.

    `trust_hidden`: the invisible words are what the picture shows, so they count as seen. `keeps_layer`: the
    visible words of the text layer are sound and stay beside the recognised ones.
    """

    route: Route
    reason: str
    regions: tuple[Box, ...] = ()
    trust_hidden: bool = False
    keeps_layer: bool = False


def needs_look(facts: Facts) -> bool:
    """Whether the page must be drawn once, small, before a route can be chosen (ink or agreement unknown)."""
    return facts.objects + facts.shapes > 0 and (facts.characters == 0 or _is_ocr_layer(facts))


def route_page(facts: Facts, mode: ExtractionMode = "hybrid") -> Decision:
    """Choose how to read a page."""
    blank = facts.characters == 0 and (facts.objects + facts.shapes == 0 or facts.ink is False)
    if blank:
        return Decision("digital", "blank page: no text and nothing printed")
    if mode == "ocr":
        return Decision("ocr", "extraction_mode ocr was asked for")
    return _without_text(facts) or _broken_text(facts) or _over_picture(facts) or _sound(facts)


def _without_text(facts: Facts) -> Decision | None:
    if facts.characters == 0:
        return Decision("ocr", f"no text layer; pictures cover {facts.picture_share:.0%} of the page")
    visible = facts.characters - facts.hidden
    if visible < OUTLINE_CHARACTERS and facts.shapes > OUTLINES and facts.hidden == 0:
        reason = f"only {visible} characters of text beside {facts.shapes} drawn shapes"
        return Decision("ocr", reason, keeps_layer=True)
    return None


def _broken_text(facts: Facts) -> Decision | None:
    if facts.unmapped > UNMAPPED_PAGE * facts.characters:
        return Decision(
            "ocr", f"{facts.unmapped} of {facts.characters} characters of the text layer have no Unicode"
        )
    return None


def _over_picture(facts: Facts) -> Decision | None:
    if facts.picture_share < PAGE_PICTURE:
        return None
    visible = facts.characters - facts.hidden
    if _is_ocr_layer(facts):
        fit = facts.agreement
        if fit and fit.words_on_ink >= LAYER_ON_INK and fit.ink_in_words >= INK_IN_LAYER:
            return Decision("digital", "invisible text layer that fits the picture", trust_hidden=True)
        return Decision("ocr", "invisible text layer that does not fit the picture")
    if visible < FEW_CHARACTERS and facts.text_height < STAMP_HEIGHT:
        return Decision(
            "ocr",
            f"only {visible} characters of text over pictures that cover {facts.picture_share:.0%} of the page",
            keeps_layer=True,
        )
    return None


def _sound(facts: Facts) -> Decision:
    if facts.broken:
        count = len(facts.broken)
        words = "1 word has" if count == 1 else f"{count} words have"
        return Decision("ocr", f"text layer, but {words} letters without Unicode", regions=facts.broken)
    return Decision("digital", "sound text layer")


def _is_ocr_layer(facts: Facts) -> bool:
    return facts.picture_share >= PAGE_PICTURE and facts.hidden >= HIDDEN_LAYER * max(1, facts.characters)
