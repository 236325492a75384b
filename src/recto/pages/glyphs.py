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
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from recto.document.page import Word
from recto.pages import pdfium
from recto.pages.frame import Boxes, Frame, as_box

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
    index = range(count)
    codes = np.fromiter(map(pdfium.char_unicode, repeat(text_page), index), np.uint32, count)
    failed = np.fromiter(map(pdfium.char_is_unmapped, repeat(text_page), index), np.int32, count) == 1
    objects = np.fromiter(
        (owner or 0 for owner in map(pdfium.char_object, repeat(text_page), index)), np.uint64, count
    )
    style_of, styles = _styles(text_page, objects)
    codes, unmapped = _mapped(text_page, codes, failed, style_of, styles)
    boxes = _boxes(text_page, count, style_of, styles)
    white = np.isin(codes, _WHITE) | (style_of < 0)
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
    fonts: dict[int, _Font] = {}
    numbers: dict[Style, int] = {}
    run_styles = np.empty(len(starts), np.int32)
    matrix, size = (ctypes.c_float * 6)(), ctypes.c_float()
    matrix_at, size_at = ctypes.addressof(matrix), ctypes.addressof(size)
    for run, (start, owner) in enumerate(zip(starts.tolist(), objects[starts].tolist(), strict=True)):
        if not owner:
            run_styles[run] = -1  # a space or line end that pdfium made up
            continue
        pdfium.char_matrix(text_page, start, matrix_at)
        pdfium.text_size(owner, size_at)
        address = pdfium.text_font(owner) or 0
        font = fonts.get(address) or fonts.setdefault(address, _font(address))
        mode = pdfium.text_mode(owner)
        colour = _colour(owner) if mode in _MODES_FILL else ""
        style = _style(font, size.value, tuple(matrix), mode, colour)
        run_styles[run] = numbers.setdefault(style, len(numbers))
    return np.repeat(run_styles, lengths), tuple(numbers)


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
    a, b, c, d = matrix[:4]
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
    for index in np.flatnonzero(np.isin(codes, _HYPHENS)).tolist():
        if pdfium.char_is_hyphen(text_page, index) == 1:
            codes[index] = ord("-")
    symbol = np.array([*(style.symbol for style in styles), False])[style_of]
    private = _within(codes, _PRIVATE)
    bullets = np.isin(codes, list(_BULLETS))
    letters = ~symbol & _within(codes, _SYMBOL_ASCII) & ~bullets
    codes[letters] -= _SYMBOL_OFFSET  # a symbol-encoded text font: the low byte is the letter
    control = (codes < _FIRST_VISIBLE) & ~np.isin(codes, _WHITE)
    none = _within(codes, _NO_CHARACTERS)
    unmapped = control | none | failed | (private & ~symbol & ~letters & ~bullets)
    starts = unmapped & _alone_on_line_start(codes)
    codes[control | none] = ord(REPLACEMENT)
    codes[starts] = ord("\u2022")
    return codes, unmapped & ~starts


def _alone_on_line_start(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    # An unknown sign before a space at the start of a line is a bullet, whatever its font calls it.
    before, after = np.roll(codes, 1), np.roll(codes, -1)
    before[:1], after[-1:] = ord("\n"), 0
    return np.isin(before, (0xA, 0xD)) & np.isin(after, (0x9, 0x20, 0xA0))


def _boxes(text_page: int, count: int, style_of: NDArray[np.int32], styles: tuple[Style, ...]) -> Boxes:
    # Boxes from font metrics line up, so they are preferred; pdfium makes them for upright text only.
    loose = np.zeros((count, 4), np.float32)  # left, top, right, bottom
    start = loose.ctypes.data
    addresses = range(start, start + count * 16, 16)
    deque(map(pdfium.char_loose_box, repeat(text_page), range(count), addresses), maxlen=0)
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
    sides = np.concatenate((low, high), axis=1)
    ends = [*starts[1:].tolist(), len(codes)]
    angles = [frame.angle(style.angle_deg) for style in styles]
    tiny = min(TINY_PT, TINY_SHARE * max(frame.width, frame.height))
    words: list[Word] = []
    for row, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        number = int(style_of[start])
        style = styles[number]
        words.append(
            Word(
                text=_readable(text[start:end]),
                box=as_box(sides[row]),
                font_size=style.size,
                bold=style.bold,
                italic=style.italic,
                font=style.font,
                rotation=angles[number],
                hidden=style.hidden or (style.size < tiny and _is_speck(sides[row], end - start, tiny)),
                space_before=bool(apart[start]),
            )
        )
    return words


def _is_speck(sides: NDArray[np.float64], letters: int, tiny: float) -> bool:
    # The ink must be as small as the size says: fonts made of pictures have sizes of their own.
    return float(max(sides[2] - sides[0], sides[3] - sides[1])) < tiny * letters + tiny


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


def printed_once(words: Iterable[Word]) -> tuple[Word, ...]:
    """The words without those printed again a hair apart; seen and hidden ones do not stand in for each other."""
    # Two grids, half a cell apart in each direction: words nearer than half a cell share a cell of one of them.
    seen: set[tuple[str, bool, int, int, int]] = set()
    kept: list[Word] = []
    for word in words:
        cell = max(0.1, 2 * OVERPRINT_SHIFT * word.font_size)
        x, y = word.box.x0 / cell, word.box.y0 / cell
        keys = {
            (word.text, word.hidden, grid, int(x + dx), int(y + dy))
            for grid, (dx, dy) in enumerate(((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5)))
        }
        if seen.isdisjoint(keys):
            kept.append(word)
        seen |= keys
    return tuple(kept)
