"""Characters of a PDF page in, words out: the digital half of reading. Draws nothing, decides no route.

`gather` asks pdfium for every character once, in bulk; `words_of` splits them at white space, at gaps and at
changes of style. What real files do, and what is done about it:

- the size is 1 and the scale is in the text matrix: sizes are multiplied by the matrix;
- base-14 fonts say weight 0: bold comes from name, flags and stroke as well;
- the hyphen at a line's end arrives as U+0002, a ligature without Unicode as U+0000;
- text lies outside the crop box, or is printed twice a hair apart: dropped;
- invisible text (render modes 3 and 7, no colour, or too small to read) arrives like any other: marked hidden;
- nearly white text is hidden or not by what lies under it: told, and judged in concealed.
"""

import ctypes
import math
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from recto.document.geometry import Box
from recto.document.page import Word
from recto.pages import pdfium
from recto.pages.frame import Boxes, Frame, as_boxes

# Sizes are shares of the font size unless said otherwise; all from looking at the development files.
WORD_GAP = 0.6  # wider than this between two characters is a new word even where pdfium saw no space
BACKWARD_JUMP = (
    0.6  # the next character starts this far before the end of the last: another place on the page
)
SAME_PLACE = 0.02  # two characters whose sides differ by less come from one glyph
LINE_STEP = 0.5  # centre of the next character this far off the line: another line (or a raised index)
LOOSE_HEIGHT = (0.5, 1.9)  # height of a box from font metrics; outside of it the metrics are wrong
USUAL_ASCENT, USUAL_DESCENT = 0.8, -0.2  # of fonts whose own metrics are wrong or missing
SKEW_DEG = (
    3.0  # text this far from a multiple of 90 degrees has no boxes that line up; only far jumps split it
)
SKEWED_JUMP = 2.0  # such a jump
OVERPRINT_SHIFT = 0.15  # the same word this near again is the same ink twice
BOLD_WEIGHT = 600  # CSS weight
DOMINANT_TURN = 0.6  # share of characters that must run sideways for the page to be turned
TINY_PT = 1.5  # points: letters smaller than this are specks in print (micro print has 1.4 at least, notes 5)
TINY_SHARE = 0.003  # of the page's longer side: on tiny labels small letters are large
PALE = 240  # 0..255: text whose channels are all at least this is not seen on paper
CLEAR = 12  # 0..255: alpha below is not seen
MAX_CHARACTERS = 500_000  # per page; a page of dense print has 10,000: beyond is an attack or a defect

_FLAG_ITALIC = 1 << 6  # PDF 32000-1, table 123
_FLAG_FORCE_BOLD = 1 << 18
_MODES_HIDDEN = frozenset((3, 7))  # neither fill nor stroke; clip only
_MODES_FILL = frozenset((0, 4))  # fill only, with or without clip
_MODE_FILL_STROKE = 2  # how many programs fake bold
_BOLD_NAME = re.compile(r"bold|black|heavy|demi(?!l)|semibd|cmbx|cmb\d|[-,]bd\b", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"ital|obli|slanted|cmti|cmsl|[-,]it\b", re.IGNORECASE)
_LIGHT_NAME = re.compile(r"regular|roman|book|light|medium|thin", re.IGNORECASE)
_SYMBOL_NAME = re.compile(r"symbol|dingbat|webding|wingding|marlett", re.IGNORECASE)

_WHITE = np.array(
    [
        *(0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF),
        *range(0x2000, 0x200C),
    ],
    dtype=np.uint32,
)
_WHITE_BELOW = np.zeros(0x10000, np.bool_)  # by code; the last stands for every code above
_WHITE_BELOW[_WHITE] = True
_FIRST_VISIBLE = 0x20  # codes below are controls
_PRIVATE = (0xE000, 0xF8FF)  # first and last code that each font uses as it likes
_SYMBOL_ASCII = (0xF020, 0xF07E)  # where symbol-encoded fonts put ASCII
_SYMBOL_OFFSET = 0xF000
_NO_CHARACTERS = (0xFFFD, 0xFFFF)  # the replacement character and two codes that are none
_RIGHT_TO_LEFT = ((0x590, 0x8FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFE))  # Hebrew, Arabic, presentation forms
LAST_CODE = 0x10FFFF  # of Unicode; pdfium hands out larger numbers for some damaged maps
_HYPHENS = (0x02, 0xFFFE)
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_BULLETS = {  # private codes of the symbol fonts that office programs use for lists and check marks
    0xF0B7: "\u2022", 0xF0A7: "\u25aa", 0xF0D8: "\u27a2", 0xF0FC: "\u2713", 0xF0FB: "\u2717", 0xF06F: "\u25a1",
    0xF0A8: "\u25fb", 0xF0FE: "\u2612", 0xF0E0: "\u2192", 0xF076: "\u2756", 0xF02D: "-", 0xF0BE: "\u2014",
}  # fmt: skip
_TRANSLATION = {**_LIGATURES, **_BULLETS, 0xAD: "-"}
REPLACEMENT = "\ufffd"
"""Stands in a word for a character whose Unicode nobody knows."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of characters is set.

    `angle_deg` is counter-clockwise in page space; size in points; ascent and descent are shares of the size.
    """

    font: str
    size: float
    bold: bool
    italic: bool
    angle_deg: float
    hidden: bool
    symbol: bool = False
    ascent: float = USUAL_ASCENT
    descent: float = USUAL_DESCENT
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Characters:
    """Every character of a page: codes (n), boxes (n x 4, page space), the style each is set in.

    `unmapped` marks characters whose Unicode is not known; `white` those that only separate.
    """

    codes: NDArray[np.uint32]
    boxes: Boxes
    style_of: NDArray[np.int32]
    styles: tuple[Style, ...]
    unmapped: NDArray[np.bool_]
    white: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The words of a page and what must be known to trust them.

    The counts are of characters inside the page that are not white. `broken` are the words with a character
    whose Unicode is not known, `pale` the very words of `words` that are nearly white.
    """

    words: tuple[Word, ...] = ()
    characters: int = 0
    hidden: int = 0
    unmapped: int = 0
    broken: tuple[Word, ...] = ()
    pale: tuple[Word, ...] = ()


def gather(text_page: int, count: int) -> Characters:
    """All characters of a text page (a pdfium handle and its number of characters); raises nothing."""
    count = min(count, MAX_CHARACTERS)
    index, pages = range(count), repeat(ctypes.c_void_p(text_page))
    codes = np.fromiter(map(pdfium.every_unicode, pages, index), np.uint32, count)
    failed = np.fromiter(map(pdfium.every_is_unmapped, pages, index), np.int32, count) == 1
    objects = np.fromiter(map(pdfium.every_object, pages, index), np.uint64, count)
    style_of, styles = _styles(text_page, objects)
    codes, unmapped = _mapped(text_page, codes, failed, style_of, styles)
    boxes = _boxes(text_page, count, style_of, styles)
    white = _is_white(codes) | (style_of < 0)
    return Characters(codes, boxes, style_of, styles, unmapped & ~white, white)


def dominant_rotation(characters: Characters, frame: Frame) -> int:
    """The direction (0, 90, 180, 270 counter-clockwise, as seen) that most of the text runs in."""
    if not characters.styles:
        return 0
    angles = np.array([round(frame.angle(style.angle_deg) / 90) * 90 % 360 for style in characters.styles])
    seen = angles[characters.style_of[~characters.white]]
    for rotation in (90, 180, 270):
        if len(seen) and np.count_nonzero(seen == rotation) > DOMINANT_TURN * len(seen):
            return rotation
    return 0


def words_of(characters: Characters, frame: Frame) -> TextLayer:
    """Split into words inside the frame, in the file's own order (not yet reading order)."""
    if not len(characters.codes) or not characters.styles:
        return TextLayer()
    boxes = frame.upright(characters.boxes)
    centre_x, centre_y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside = (centre_x >= 0) & (centre_x < frame.width) & (centre_y >= 0) & (centre_y < frame.height)
    kept = np.flatnonzero(~characters.white & inside)
    if not len(kept):
        return TextLayer()
    codes, style_of = characters.codes[kept], characters.style_of[kept]
    # A new word touches the last one only when no white character lay between and geometry goes on.
    apart = np.diff(kept, prepend=-2) != 1
    apart[1:] |= _jumps(codes, frame.clipped(boxes[kept]), style_of, characters.styles, frame)
    starts = np.flatnonzero(apart | np.concatenate(([True], style_of[1:] != style_of[:-1])))
    words = _built(codes, frame.clipped(boxes[kept]), style_of, characters.styles, starts, apart, frame)
    unmapped = characters.unmapped[kept]
    broken = np.flatnonzero(np.add.reduceat(unmapped, starts, dtype=np.int32)).tolist()
    hidden_styles = np.array([style.hidden for style in characters.styles])
    return TextLayer(
        words=printed_once(words),
        characters=len(kept),
        hidden=int(np.count_nonzero(hidden_styles[style_of])),
        unmapped=int(np.count_nonzero(unmapped)),
        broken=tuple(words[row] for row in broken),
        pale=_pale(words, style_of[starts], characters.styles),
    )


def _styles(text_page: int, objects: NDArray[np.uint64]) -> tuple[NDArray[np.int32], tuple[Style, ...]]:
    # One text object has one style; pdfium hands its characters out next to each other, so look at runs.
    if not len(objects):
        return np.zeros(0, np.int32), ()
    starts = np.flatnonzero(np.concatenate(([True], objects[1:] != objects[:-1])))
    lengths = np.diff(np.append(starts, len(objects)))
    owned = np.flatnonzero(objects[starts])  # the others are spaces and line ends that pdfium made up
    looks = _looks(text_page, starts[owned].tolist(), objects[starts[owned]].tolist())
    fonts: dict[int, _Font] = {}
    numbers: dict[Style, int] = {}
    number_of: dict[_Look, int] = {}
    for look in dict.fromkeys(looks):
        address, size, mode, colour, *matrix = look
        font = fonts.get(address) or fonts.setdefault(address, _font(address))
        style = _style(font, size, tuple(matrix), mode, colour)
        number_of[look] = numbers.setdefault(style, len(numbers))
    run_styles = np.full(len(starts), -1, np.int32)
    run_styles[owned] = np.fromiter(map(number_of.__getitem__, looks), np.int32, len(looks))
    return np.repeat(run_styles, lengths), tuple(numbers)


_Look = tuple[int, float, int, str, float, float, float, float]
"""A text object's font, size, render mode, colour (as `_colour` says) and the turning part of its matrix: all that its
style follows from."""


def _looks(text_page: int, starts: list[int], owners: list[int]) -> list[_Look]:
    count = len(owners)
    matrices, sizes = np.zeros((count, 6), np.float32), np.zeros(count, np.float32)
    at = matrices.ctypes.data
    deque(map(pdfium.char_matrix, repeat(text_page), starts, range(at, at + count * 24, 24)), maxlen=0)
    at = sizes.ctypes.data
    handles = list(map(ctypes.c_void_p, owners))
    deque(map(pdfium.every_size, handles, map(ctypes.c_void_p, range(at, at + count * 4, 4))), maxlen=0)
    fonts, modes = map(pdfium.every_font, handles), list(map(pdfium.every_mode, handles))
    colours = [_colour(one) if mode in _MODES_FILL else "" for one, mode in zip(owners, modes, strict=True)]
    return list(zip(fonts, sizes.tolist(), modes, colours, *matrices[:, :4].T.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Font:
    name: str
    bold: bool
    italic: bool
    symbol: bool
    ascent: float = USUAL_ASCENT
    descent: float = USUAL_DESCENT


def _font(address: int) -> _Font:
    if not address:
        return _Font("", bold=False, italic=False, symbol=False)
    needed = pdfium.font_name(address, None, 0)
    buffer = ctypes.create_string_buffer(max(1, needed))
    pdfium.font_name(address, ctypes.addressof(buffer), needed)
    name = re.sub(r"^[A-Z]{6}\+", "", buffer.value.decode("utf-8", "replace"))
    flags = max(0, pdfium.font_flags(address))
    angle = ctypes.c_int()
    pdfium.font_italic_angle(address, ctypes.addressof(angle))
    height = ctypes.c_float(), ctypes.c_float()
    pdfium.font_ascent(address, 1.0, ctypes.addressof(height[0]))
    pdfium.font_descent(address, 1.0, ctypes.addressof(height[1]))
    ascent, descent = round(height[0].value, 3), round(height[1].value, 3)
    if not LOOSE_HEIGHT[0] <= ascent - descent <= LOOSE_HEIGHT[1]:
        ascent, descent = USUAL_ASCENT, USUAL_DESCENT
    heavy = pdfium.font_weight(address) >= BOLD_WEIGHT and not _LIGHT_NAME.search(name)
    return _Font(
        name=name,
        bold=bool(_BOLD_NAME.search(name)) or bool(flags & _FLAG_FORCE_BOLD) or heavy,
        italic=bool(_ITALIC_NAME.search(name)) or bool(flags & _FLAG_ITALIC) or angle.value != 0,
        symbol=bool(_SYMBOL_NAME.search(name)),
        ascent=ascent,
        descent=descent,
    )


def _colour(owner: int) -> str:
    # What matters of a text's colour: "clear", "pale", or "" for all that is seen on paper.
    parts = (ctypes.c_uint * 4)()
    start = ctypes.addressof(parts)
    if not pdfium.object_fill_color(owner, start, start + 4, start + 8, start + 12):
        return ""
    if parts[3] <= CLEAR:
        return "clear"
    return "pale" if min(parts[:3]) >= PALE else ""


def _style(font: _Font, size: float, matrix: tuple[float, ...], mode: int, colour: str) -> Style:
    a, b, c, d = matrix
    return Style(
        font=font.name,
        size=round(abs(size) * math.hypot(c, d), 2),
        bold=font.bold or mode == _MODE_FILL_STROKE,
        italic=font.italic or (b == 0 and abs(c) > 0.1 * abs(d)),
        angle_deg=round(math.degrees(math.atan2(b * size, a * size)), 1)
        + 0.0,  # a negative size turns by 180
        hidden=mode in _MODES_HIDDEN or colour == "clear",
        symbol=font.symbol,
        ascent=font.ascent,
        descent=font.descent,
        pale=colour == "pale",
    )


def _mapped(
    text_page: int,
    codes: NDArray[np.uint32],
    failed: NDArray[np.bool_],
    style_of: NDArray[np.int32],
    styles: tuple[Style, ...],
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    # Codes as they should be read, and which of them nobody can read.
    codes = codes.copy()
    codes[codes > LAST_CODE] = 0
    for index in np.flatnonzero((codes == _HYPHENS[0]) | (codes == _HYPHENS[1])).tolist():
        if pdfium.char_is_hyphen(text_page, index) == 1:
            codes[index] = ord("-")
    symbol = np.array([*(style.symbol for style in styles), False])[style_of]
    private = _within(codes, _PRIVATE)
    bullets = np.isin(codes, list(_BULLETS)) if private.any() else private
    letters = ~symbol & _within(codes, _SYMBOL_ASCII) & ~bullets
    codes[letters] -= _SYMBOL_OFFSET  # a symbol-encoded text font: the low byte is the letter
    control = (codes < _FIRST_VISIBLE) & ~_is_white(codes)
    none = _within(codes, _NO_CHARACTERS)
    unmapped = control | none | failed | (private & ~symbol & ~letters & ~bullets)
    starts = unmapped & _alone_on_line_start(codes)
    codes[control | none] = ord(REPLACEMENT)
    codes[starts] = ord("\u2022")
    return codes, unmapped & ~starts


def _is_white(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    # One look into a table, as every white character lies below its end.
    return _WHITE_BELOW[np.minimum(codes, len(_WHITE_BELOW) - 1)]


def _alone_on_line_start(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    # An unknown sign before a space at the start of a line is a bullet, whatever its font calls it.
    before, after = np.roll(codes, 1), np.roll(codes, -1)
    before[:1], after[-1:] = ord("\n"), 0
    return ((before == 0xA) | (before == 0xD)) & ((after == 0x9) | (after == 0x20) | (after == 0xA0))  # noqa: PLR2004 - white


def _boxes(text_page: int, count: int, style_of: NDArray[np.int32], styles: tuple[Style, ...]) -> Boxes:
    # Boxes from font metrics line up, so they are preferred; pdfium makes them for upright text only.
    loose = np.zeros((count, 4), np.float32)  # left, top, right, bottom
    start = loose.ctypes.data
    addresses = range(start, start + count * 16, 16)
    pages, places = repeat(ctypes.c_void_p(text_page)), map(ctypes.c_void_p, addresses)
    deque(map(pdfium.every_loose_box, pages, range(count), places), maxlen=0)
    boxes = loose.astype(np.float64)[:, [0, 3, 2, 1]]
    sizes = np.array([*(style.size for style in styles), 0.0])[style_of]
    turned = np.array([*(abs(style.angle_deg) > SKEW_DEG for style in styles), False])[style_of]
    heights = boxes[:, 3] - boxes[:, 1]
    wrong = (heights < LOOSE_HEIGHT[0] * sizes) | (heights > LOOSE_HEIGHT[1] * sizes) | turned
    found = (ctypes.c_double * 6)()  # ink left, right, bottom, top; origin x, y
    at = [ctypes.addressof(found) + 8 * side for side in range(6)]
    for index in np.flatnonzero(wrong & (style_of >= 0)).tolist():
        if pdfium.char_box(text_page, index, *at[:4]) and pdfium.char_origin(text_page, index, *at[4:]):
            boxes[index] = _metric_box(tuple(found), styles[style_of[index]])
    return boxes


def _metric_box(found: tuple[float, ...], style: Style) -> tuple[float, float, float, float]:
    # Along the line the ink, across it the font's own height; plain ink where the line is skewed.
    left, right, bottom, top, x, y = found
    quarter = round(style.angle_deg / 90)
    if abs(style.angle_deg - 90 * quarter) > SKEW_DEG:
        return left, bottom, right, top
    up, down = style.ascent * style.size, style.descent * style.size
    return {
        0: (left, y + down, right, y + up),
        1: (x - up, bottom, x - down, top),
        2: (left, y - up, right, y - down),
        3: (x + down, bottom, x + up, top),
    }[quarter % 4]


def _jumps(
    codes: NDArray[np.uint32],
    boxes: Boxes,
    style_of: NDArray[np.int32],
    styles: tuple[Style, ...],
    frame: Frame,
) -> NDArray[np.bool_]:
    # Whether character i + 1 does not simply follow character i on its line.
    size = np.maximum(np.array([style.size for style in styles])[style_of], 0.1)
    size = np.maximum(size[1:], size[:-1])
    angle = np.array([frame.angle(style.angle_deg) for style in styles], np.float64)[style_of][1:]
    quarter = np.round(angle / 90).astype(np.int32) % 4
    x0, y0, x1, y1 = boxes.T
    # Along the line, in reading direction, and across it; one row per quarter turn counter-clockwise.
    begin = np.choose(quarter, (x0[1:], -y1[1:], -x1[1:], y0[1:]))
    begin_last = np.choose(quarter, (x0[:-1], -y1[:-1], -x1[:-1], y0[:-1]))
    end = np.choose(quarter, (x1[1:], -y0[1:], -x0[1:], y1[1:]))
    end_last = np.choose(quarter, (x1[:-1], -y0[:-1], -x0[:-1], y1[:-1]))
    step_x, step_y = np.diff(x0 + x1) / 2, np.diff(y0 + y1) / 2
    across = np.abs(np.where(quarter % 2 == 0, step_y, step_x))
    leftward = _right_to_left(codes[1:]) & _right_to_left(codes[:-1])
    gap = np.where(leftward, begin_last - end, begin - end_last)
    # The letters of a ligature all have the box of the whole ligature.
    ligature = (np.abs(begin - begin_last) < SAME_PLACE * size) & (np.abs(end - end_last) < SAME_PLACE * size)
    split = (gap > WORD_GAP * size) | (gap < -BACKWARD_JUMP * size) & ~ligature | (across > LINE_STEP * size)
    skewed = np.abs(angle - np.round(angle / 90) * 90) > SKEW_DEG
    far = np.hypot(step_x, step_y) > SKEWED_JUMP * size
    return np.where(skewed, far, split)


def _right_to_left(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    first, second, third = _RIGHT_TO_LEFT
    return _within(codes, first) | _within(codes, second) | _within(codes, third)


def _within(codes: NDArray[np.uint32], span: tuple[int, int]) -> NDArray[np.bool_]:
    return (codes >= span[0]) & (codes <= span[1])


def _built(
    codes: NDArray[np.uint32],
    boxes: Boxes,
    style_of: NDArray[np.int32],
    styles: tuple[Style, ...],
    starts: NDArray[np.intp],
    apart: NDArray[np.bool_],
    frame: Frame,
) -> list[Word]:
    text = "".join(map(chr, codes.tolist()))
    low = np.minimum.reduceat(boxes[:, :2], starts, axis=0)
    high = np.maximum.reduceat(boxes[:, 2:], starts, axis=0)
    places = as_boxes(np.concatenate((low, high), axis=1))
    angles = [frame.angle(style.angle_deg) for style in styles]
    tiny = min(TINY_PT, TINY_SHARE * max(frame.width, frame.height))
    first = starts.tolist()
    plain = text.isascii()
    words: list[Word] = []
    for box, start, end, number, spaced in zip(
        places, first, [*first[1:], len(text)], style_of[starts].tolist(), apart[starts].tolist(), strict=True
    ):
        style = styles[number]
        words.append(
            Word(
                text=text[start:end] if plain else _readable(text[start:end]),
                box=box,
                font_size=style.size,
                bold=style.bold,
                italic=style.italic,
                font=style.font,
                rotation=angles[number],
                hidden=style.hidden or (style.size < tiny and _is_speck(box, end - start, tiny)),
                space_before=spaced,
            )
        )
    return words


def _is_speck(box: Box, letters: int, tiny: float) -> bool:
    # The ink must be as small as the size says: fonts made of pictures have sizes of their own.
    return max(box.width, box.height) < tiny * letters + tiny


def _pale(words: list[Word], style_of: NDArray[np.int32], styles: tuple[Style, ...]) -> tuple[Word, ...]:
    if not any(style.pale for style in styles):
        return ()
    return tuple(word for word, style in zip(words, style_of.tolist(), strict=True) if styles[style].pale)


def _readable(text: str) -> str:
    if text.isascii():
        return text
    text = text.translate(_TRANSLATION)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def printed_once(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words without those printed again a hair apart; seen and hidden ones do not stand in for each other."""
    # Two grids, half a cell apart in each direction: words nearer than half a cell share a cell of one of them.
    # A word goes when one before it has its text and a cell of its own.
    if not words:
        return ()
    numbers: dict[tuple[str, bool], int] = {}
    texts = np.array([numbers.setdefault((word.text, word.hidden), len(numbers)) for word in words], np.int64)
    places = np.array([(word.box.x0, word.box.y0, word.font_size) for word in words])
    cells = places[:, :2] / np.maximum(0.1, 2 * OVERPRINT_SHIFT * places[:, 2])[:, None]
    again = np.zeros(len(words), np.bool_)
    for shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
        x, y = (cells + shift).astype(np.int64).T
        _, first, same = np.unique((texts << 40) | (x << 20) | y, return_index=True, return_inverse=True)
        again |= first[same] != np.arange(len(words))
    if not again.any():
        return tuple(words)
    return tuple(word for word, repeated in zip(words, again.tolist(), strict=True) if not repeated)
