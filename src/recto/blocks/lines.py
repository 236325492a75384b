"""Words in, lines out: the first step of the layout.

A line is a run of words on one baseline inside one column, left to right. Lines are cut at wide gaps and at
gutters (see columns). Hidden words never become part of a line. Rotated words are laid flat by `flattened`
and read like any other, in their own group. Never joins lines into paragraphs (see paragraphs) and never
orders anything but the words of one line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from recto.blocks.columns import Gutter
from recto.document.geometry import Box, around
from recto.document.page import Page, Word

SAME_BASELINE_EM = 0.3
"""Bottoms of words on one baseline differ by no more than this, in font sizes: the depth of a descender where
boxes are tight."""

SAME_LINE_OVERLAP = 0.6
"""Share of the smaller height two pieces must share to be one line. Superscripts pass, the next line of
single-spaced text (share below 0.2) does not."""

TOUCHING_EM = 1.0
"""White space, in font sizes, over which a raised or lowered piece still belongs to the line beside it."""

BAND_PT = 16.0
"""Height, in points, of the bands in which the other half of a line is looked for."""

COLUMN_GAP_EM = 1.7
"""Gap, in font sizes, that always cuts a line. Justified prose stays below 1.5 on the development pages."""

ASCENDING = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZbdfhkl0123456789")
SIZE_TO_HEIGHT = 1.3
SMALLEST_RATIO, LARGEST_RATIO = 0.5, 1.8
"""Font size over the height of a recognised word with a tall letter: usual, and the bounds of belief."""

WORD_SPACE_EM = 0.4
"""Gap in font sizes that never cuts: a plain word space, narrower than any gutter."""

UPRIGHT_TOLERANCE_DEG = 8
"""A word turned by no more than this is read as upright: scans are skewed by a few degrees."""

SLANTED_HEIGHT_EM = 1.6
"""Height, in font sizes, up to which a word whose letters are turned runs level all the same."""

DROP_CAP_RATIO = 1.8
"""A letter at least this many times as large as the text beside it is an initial."""

UNLIKE_RATIO = 3.0
"""Sizes further apart than this ratio are never one line; raised signs are about 0.6 of their line."""

FULL_TURN_DEG = 360

RTL_FIRST, RTL_LAST = "\u0590", "\u08ff"
"""Hebrew, Arabic, Syriac and their neighbours: letters written from right to left."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one baseline and one column, in reading order. Box in points, size in points."""

    words: tuple[Word, ...]
    box: Box
    size: float
    bold: bool

    @property
    def text(self) -> str:
        return text_of(self.words)


def text_of(words: Sequence[Word]) -> str:
    """The words as they are read; no space before a word that touches the one before it."""
    parts: list[str] = []
    for word in words:
        if parts and word.space_before:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def line_of(words: Sequence[Word]) -> Line:
    """The line of words that are already in order; size and weight are those of most characters."""
    if len(words) == 1:
        word = words[0]
        return Line(tuple(words), word.box, word.font_size, word.bold)
    letters: dict[float, int] = {}
    bold_letters = total = 0
    for word in words:
        count = len(word.text)
        letters[word.font_size] = letters.get(word.font_size, 0) + count
        total += count
        bold_letters += count if word.bold else 0
    size = max(letters, key=lambda key: (letters[key], key)) if len(letters) > 1 else words[0].font_size
    return Line(tuple(words), around([word.box for word in words]), size, bold_letters * 2 > total)


def visible(page: Page) -> tuple[Word, ...]:
    """The words a reader sees: not hidden, not blank; sizes of recognised words made to fit their boxes."""
    seen = tuple(word for word in page.words if not word.hidden and word.text.strip())
    return _calibrated(seen)


def _calibrated(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Recognisers guess font sizes from a resolution they do not know; the boxes show the true scale."""
    tall = [
        word.font_size / word.box.height
        for word in words
        if word.confidence is not None
        and word.box.height > 0
        and turn_of(word) in (0, 180)
        and not ASCENDING.isdisjoint(word.text)
    ]
    if not tall:
        return words
    ratio = median(tall)
    if SMALLEST_RATIO <= ratio <= LARGEST_RATIO:
        return words
    scale = SIZE_TO_HEIGHT / max(ratio, 0.01)
    return tuple(
        word if word.confidence is None else replace(word, font_size=max(1.0, word.font_size * scale))
        for word in words
    )


def turn_of(word: Word) -> int:
    """The nearest of 0, 90, 180, 270 degrees, or the angle itself when the word lies askew.

    A slanted font is not askew: its letters lean, but the word is no taller than its font.
    """
    angle = word.rotation % FULL_TURN_DEG
    for quarter in (0, 90, 180, 270, FULL_TURN_DEG):
        if abs(angle - quarter) <= UPRIGHT_TOLERANCE_DEG:
            return quarter % FULL_TURN_DEG
    return 0 if word.box.height <= SLANTED_HEIGHT_EM * word.font_size else angle


def flattened(words: Iterable[Word], turn: int) -> tuple[Word, ...]:
    """Words of a quarter turn in a frame where they run left to right; coordinates of that frame only."""
    return tuple(replace(word, box=_laid_flat(word.box, turn)) for word in words)


def _laid_flat(box: Box, turn: int) -> Box:
    if turn == 90:  # noqa: PLR2004  (degrees: the text runs upwards)
        return Box(-box.y1, box.x0, -box.y0, box.x1)
    if turn == 270:  # noqa: PLR2004  (degrees: the text runs downwards)
        return Box(box.y0, -box.x1, box.y1, -box.x0)
    if turn == 180:  # noqa: PLR2004  (degrees: upside down)
        return Box(-box.x1, -box.y1, -box.x0, -box.y0)
    return box


def baselines(words: Sequence[Word]) -> list[list[Word]]:
    """Words grouped by baseline over the whole width, top to bottom, each group left to right.

    Groups are tight: they never grow by neighbours of neighbours, so that columns whose lines are offset do
    not run into each other. Raised and lowered signs may form groups of their own; see mended.
    """
    rows: list[list[Word]] = []
    lowest = 0.0
    for word in sorted(words, key=_bottom):
        if not rows or word.box.y1 > lowest:
            rows.append([])
            lowest = word.box.y1 + SAME_BASELINE_EM * max(word.font_size, 1.0)
        rows[-1].append(word)
    for row in rows:
        row.sort(key=_left)
    return rows


def text_lines(words: Sequence[Word]) -> list[Line]:
    """The lines of words that stand in one column, such as a cell, however wide their gaps."""
    if len(words) == 1:
        return [line_of(words)]
    return mended([line_of(_reading_order(row)) for row in baselines(words)], ())


def _bottom(word: Word) -> float:
    return word.box.y1


def _left(word: Word) -> float:
    return word.box.x0


def cut_lines(
    rows: Sequence[Sequence[Word]], gutters: Sequence[Gutter], gap_em: float = COLUMN_GAP_EM
) -> list[Line]:
    """Lines of all baselines, cut at gaps wider than gap_em font sizes and at gutters; top to bottom."""
    lines: list[Line] = []
    for row in rows:
        run: list[Word] = [row[0]]
        right = row[0].box.x1
        for word in row[1:]:
            box = word.box
            if _parted(run[-1], right, word, gutters, gap_em):
                lines.append(line_of(_reading_order(run)))
                run = []
                right = box.x1
            run.append(word)
            right = max(right, box.x1)
        lines.append(line_of(_reading_order(run)))
    return mended(lines, gutters, min(gap_em, TOUCHING_EM))


def mended(lines: Sequence[Line], gutters: Sequence[Gutter], touching_em: float = TOUCHING_EM) -> list[Line]:
    """Lines with raised, lowered and slightly offset pieces put back where they belong, top to bottom."""
    if len(lines) == 1:
        return list(lines)
    bands: dict[int, list[Line]] = {}
    for line in sorted(lines, key=_largest_first):
        whole = line
        half = _other_half(whole, bands, gutters, touching_em)
        while half is not None:
            _leave(half, bands)
            whole = line_of(_reading_order(sorted((*half.words, *whole.words), key=_left)))
            half = _other_half(whole, bands, gutters, touching_em)
        for band in _bands(whole.box):
            bands.setdefault(band, []).append(whole)
    found = {id(line): line for band in bands.values() for line in band}
    return _with_initials(sorted(found.values(), key=_bottom_of_line))


def _largest_first(line: Line) -> tuple[float, float, float]:
    return (-line.size, -line.box.width, line.box.y0)


def _bottom_of_line(line: Line) -> tuple[float, float]:
    return (line.box.y1, line.box.x0)


def _bands(box: Box) -> range:
    return range(int(box.y0 // BAND_PT), int(box.y1 // BAND_PT) + 1)


def _leave(line: Line, bands: dict[int, list[Line]]) -> None:
    for band in _bands(line.box):
        bands[band].remove(line)


def _other_half(
    line: Line, bands: dict[int, list[Line]], gutters: Sequence[Gutter], touching_em: float
) -> Line | None:
    best: Line | None = None
    best_share = SAME_LINE_OVERLAP
    reach = touching_em * line.size + 1.0
    left, right = line.box.x0 - reach, line.box.x1 + reach
    top, bottom = line.box.y0, line.box.y1
    for band in _bands(line.box):
        for other in bands.get(band, ()):
            box = other.box
            if box.x0 > right or box.x1 < left or box.y0 >= bottom or box.y1 <= top:
                continue  # most of a band: too far to touch
            share = _shared_height(line.box, box)
            if share >= best_share and _touch(line, other, gutters, touching_em):
                best, best_share = other, share
    return best


def _shared_height(box: Box, other: Box) -> float:
    smaller = min(box.y1 - box.y0, other.y1 - other.y0)
    return (min(box.y1, other.y1) - max(box.y0, other.y0)) / smaller if smaller > 0 else 0.0


def _touch(line: Line, other: Line, gutters: Sequence[Gutter], touching_em: float) -> bool:
    left, right = (other, line) if other.box.x0 <= line.box.x0 else (line, other)
    if right.box.x0 - left.box.x1 > touching_em * min(left.size, right.size):
        return False
    if _is_initial(left.words[-1], right.words[0]) or _unlike(line.size, other.size):
        return False
    return not any(gutter.parts(left.box.x1, right.box) for gutter in gutters)


def _unlike(size: float, other: float) -> bool:
    """Sizes that never stand on one line: a watermark across the text, a price tag's large figure."""
    return max(size, other) > UNLIKE_RATIO * max(min(size, other), 1.0)


def _is_initial(word: Word, beside: Word) -> bool:
    return len(word.text) == 1 and word.font_size >= DROP_CAP_RATIO * beside.font_size and word.text.isalpha()


def _with_initials(lines: list[Line]) -> list[Line]:
    """Give an initial that is several lines tall to the first line beside it."""
    for cap in [line for line in lines if _is_lone_letter(line)]:
        first = next((line for line in lines if line is not cap and _begins_with(cap, line)), None)
        if first is not None:
            rest = replace(first.words[0], space_before=False)
            whole = Line((cap.words[0], rest, *first.words[1:]), first.box, first.size, first.bold)
            lines[lines.index(first)] = whole
            lines.remove(cap)
    return lines


def _is_lone_letter(line: Line) -> bool:
    return len(line.words) == 1 and len(line.words[0].text) == 1 and line.words[0].text.isalpha()


def _begins_with(cap: Line, line: Line) -> bool:
    gap = line.box.x0 - cap.box.x1
    beside = -line.size < gap < TOUCHING_EM * line.size
    return beside and _is_initial(cap.words[0], line.words[0]) and cap.box.overlap_y(line.box) > 0


def _parted(before: Word, right: float, word: Word, gutters: Sequence[Gutter], gap_em: float) -> bool:
    if before.font_size != word.font_size and (
        _is_initial(before, word) or _unlike(before.font_size, word.font_size)
    ):
        return True
    gap = word.box.x0 - right
    if gap <= WORD_SPACE_EM * word.font_size:
        return False
    if gap > gap_em * max(before.font_size, word.font_size, 1.0):
        return True
    return any(gutter.parts(right, word.box) for gutter in gutters)


def _reading_order(run: list[Word]) -> list[Word]:
    """Words from left to right put in the order they are read in; most lines stay as they are."""
    if all(word.text.isascii() for word in run):
        return run
    leftward = [_is_leftward(word.text) for word in run]
    if not any(leftward):
        return run
    return _both_ways(run, leftward)


def _is_leftward(text: str) -> bool:
    return not text.isascii() and any(RTL_FIRST <= letter <= RTL_LAST for letter in text)


def runs_leftward(words: Iterable[Word]) -> bool:
    """Whether most of the text is Hebrew or Arabic, so that the page is read from the right.

    >>> runs_leftward([])
    False
    """
    leftward = others = 0
    for word in words:
        if _is_leftward(word.text):
            leftward += len(word.text)
        else:
            others += len(word.text)
    return leftward > others


def _both_ways(run: list[Word], leftward: list[bool]) -> list[Word]:
    """The line from its own side, and what runs against it in its own direction.

    Numbers have no direction of their own: after a foreign word they go with it, else with the line. The rules
    are those of Unicode's annex 9, for words.
    """
    rightward = [
        not left and any(letter.isalpha() for letter in word.text)
        for word, left in zip(run, leftward, strict=True)
    ]
    from_right = sum(leftward) > sum(rightward) or (sum(leftward) == sum(rightward) and leftward[-1])
    foreign, own = (rightward, leftward) if from_right else (leftward, rightward)
    found: list[Word] = []
    place = 0
    while place < len(run):
        end = place + 1
        if foreign[place]:
            while end < len(run) and not own[end]:
                end += 1
            while not from_right and not foreign[end - 1]:
                end -= 1
            found.extend(run[place:end][::-1])
        else:
            found.append(run[place])
        place = end
    return found[::-1] if from_right else found


def typical_leading(lines: Sequence[Line]) -> float:
    """Distance from line to line as a multiple of the font size, the median over the page; 1.2 if unknown.

    Only below long lines does text surely run on. Where there are none, as among lone short lines, the distance
    is taken to be no more than that of text set one and a half lines wide.
    """
    seen: list[float] = []
    below_long: list[float] = []
    for above, below in pairwise(lines):
        if above.box.overlap_x(below.box) <= 0:
            continue
        ratio = (below.box.y1 - above.box.y1) / max(above.size, below.size, 1.0)
        if MIN_LEADING < ratio < MAX_LEADING:
            seen.append(ratio)
            if len(above.words) >= LONG_LINE_WORDS or above.words[0].confidence is not None:
                below_long.append(ratio)
    if below_long:
        return median(below_long)
    return min(median(seen), WIDE_LEADING) if seen else USUAL_LEADING


LONG_LINE_WORDS = 5
"""A line of so many words is taken to run on; a recognised one always, for the sizes it is measured by are rough."""
WIDE_LEADING = 1.6
USUAL_LEADING = 1.2
"""Baseline distance in font sizes of single-spaced text."""
MIN_LEADING, MAX_LEADING = 0.8, 2.6
"""Bounds, in font sizes, of distances that count as line spacing: overprinted to double-spaced."""
