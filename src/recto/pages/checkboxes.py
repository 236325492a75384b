"""Boxes to be marked that are only drawn, not fields of the file: marked or not.

Rulings, words and a picture of the page in, `FormField` values without a name out. Careful rather than complete:
a square counts when it stands alone, has text beside it, nothing but a tick inside, and when its picture leaves
no doubt; combs, grids, bullets, keys of charts and boxed letters are none. On scans the squares are looked for in
the picture (`scanned_boxes`), elsewhere among the rulings (`squares`, then `drawn_boxes`). Never opens a file.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recto.document.geometry import Box
from recto.document.page import FormField, Ruling, Word

# Lengths in points; from looking at the development forms, whose boxes measure 6 to 12.
SMALLEST, LARGEST = 5.0, 16.0  # side of a box
SIDE_SLACK = 1.0  # between the four corners of one box
SQUARE_SLACK = 0.2  # share of a side by which width and height may differ
CLEAR = 1.2  # no other line comes nearer than this
TEXT_REACH = 20.0  # how far the text of a box stands from it
MOST_SQUARES = 400  # per page: more are a pattern
RIM = 0.22  # share of a side that may be the border itself, on each side
EMPTY_INK, MARK_INK, SOLID_INK = 0.02, 0.08, 0.85  # shares of dark pixels inside: below, above, above
INK_OFF_PAPER = 60  # grey levels (0..255)
TINT = 8  # grey levels darker than the paper: an empty box is as light as the paper, or lighter
LINED_UP = 2.0  # between the middles of two squares in one row or column
ROW_REACH, COLUMN_REACH = 150.0, 40.0  # between two keys of one chart
SCAN_EMPTY_INK, SCAN_MARK_INK = 0.05, 0.12  # the same on scans, where specks lie in empty boxes
FEWEST_PX = 12  # side of a box in a picture: smaller ones cannot be told from letters
BAND_PX = 3  # pixels to each side of where a side is looked for: scans are a little askew
WHOLE_SIDE, STRAIGHT_SIDE = 0.9, 0.7  # shares of a side with ink in its band, and in one row of the band
RING_PX, RING_INK = 5, 0.12  # around the box: how wide, and how much of it may be ink
MOST_SCANNED = 60  # per page: more are a pattern
TICKS = frozenset("xX\u2713\u2714\u2715\u2716\u2717\u2718\u00d7\u2022\u25cf\u25a0\u2611\u2612\u221a")
"""Signs that people put into a box."""


def squares(rulings: Sequence[Ruling], words: Sequence[Word]) -> list[Box]:
    """Squares that may be boxes to be marked, by their place and surroundings alone."""
    short = [ruling for ruling in rulings if _is_side(ruling)]
    across = [ruling.box for ruling in short if ruling.horizontal]
    down = [ruling.box for ruling in short if not ruling.horizontal]
    found: list[Box] = []
    for top in across:
        for bottom in across:
            box = Box(top.x0, top.center_y, top.x1, bottom.center_y)
            if _is_square(box, bottom) and _has_sides(box, down):
                found.append(box)
    if len(found) > MOST_SQUARES:
        return []
    return [box for box in dict.fromkeys(found) if _alone(box, rulings) and _labelled(box, words)]


def drawn_boxes(boxes: Sequence[Box], grey: NDArray[np.int16], scale: float) -> tuple[FormField, ...]:
    """Those of the squares whose picture is clear; `grey` is the page with `scale` pixels per point.

    A square in a row or a column with one that is tinted or solid is a key of a chart like that one.
    """
    paper = int(np.median(grey))
    return _clear([(box, _is_marked(_inner(box, grey, scale), paper)) for box in boxes])


def _clear(states: Sequence[tuple[Box, bool | None]]) -> tuple[FormField, ...]:
    unclear = [box for box, state in states if state is None]
    return tuple(
        FormField("", "checkbox", box, checked=state)
        for box, state in states
        if state is not None and not any(_alike(box, other) for other in unclear)
    )


def scanned_boxes(picture: Image.Image, dpi: float, words: Sequence[Word]) -> tuple[FormField, ...]:
    """Boxes printed on a picture with so many pixels per inch; `words` are those recognised on it.

    A square inside a word of several letters is a letter.
    """
    scale = dpi / 72
    smallest, largest = round(SMALLEST * scale), round(LARGEST * scale)
    if smallest < FEWEST_PX:
        return ()
    grey = np.asarray(picture.convert("L")).astype(np.int16)
    paper = int(np.median(grey))
    ink = paper - grey > INK_OFF_PAPER
    states: list[tuple[Box, bool | None]] = []
    for row, column, width, height in _frames(ink, smallest, largest):
        box = Box(column / scale, row / scale, (column + width) / scale, (row + height) / scale)
        if any(box.intersection(other).area > 0 for other, _ in states) or not _is_labelled_scan(box, words):
            continue
        share = float(np.mean(paper - _inner(box, grey, scale) > INK_OFF_PAPER))
        clear = share <= SCAN_EMPTY_INK or SCAN_MARK_INK <= share <= SOLID_INK
        states.append((box, share >= SCAN_MARK_INK if clear else None))
    return _clear(states) if len(states) <= MOST_SCANNED else ()


def _frames(ink: NDArray[np.bool_], smallest: int, largest: int) -> Iterator[tuple[int, int, int, int]]:
    """Row, column, width and height of squares whose four sides are dark and whose surroundings are not."""
    downwards: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for column, row, length in _runs(ink.T, smallest, largest):
        downwards.setdefault((row // BAND_PX, column // BAND_PX), []).append((row, column, length))
    for row, column, width in _runs(ink, smallest, largest):
        for near in _neighbours(row // BAND_PX, column // BAND_PX):
            for begun, left, height in downwards.get(near, ()):
                corner = abs(begun - row) <= BAND_PX and abs(left - column) <= BAND_PX
                square = abs(height - width) <= SQUARE_SLACK * width
                if corner and square and _is_frame(ink, row, column, width, height):
                    yield row, column, width, height


def _neighbours(row: int, column: int) -> Iterator[tuple[int, int]]:
    return ((row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1))


def _runs(ink: NDArray[np.bool_], shortest: int, longest: int) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of every maximal dark run within the bounds."""
    padded = np.zeros((ink.shape[0], ink.shape[1] + 2), np.int8)
    padded[:, 1:-1] = ink
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    lengths = np.nonzero(change == -1)[1] - starts
    kept = (lengths >= shortest) & (lengths <= longest)
    return zip(rows[kept].tolist(), starts[kept].tolist(), lengths[kept].tolist(), strict=True)


def _is_frame(ink: NDArray[np.bool_], row: int, column: int, width: int, height: int) -> bool:
    bottom, right = row + height, column + width
    if row < RING_PX or column < RING_PX or bottom + RING_PX > ink.shape[0] or right + RING_PX > ink.shape[1]:
        return False
    sides = (
        ink[row:bottom, right - BAND_PX - 1 : right + BAND_PX],
        ink[bottom - BAND_PX - 1 : bottom + BAND_PX, column:right].T,
    )
    for side in sides:
        if side.any(axis=1).mean() < WHOLE_SIDE or side.mean(axis=0).max() < STRAIGHT_SIDE:
            return False
    around = ink[row - RING_PX : bottom + RING_PX, column - RING_PX : right + RING_PX]
    within = ink[row - BAND_PX : bottom + BAND_PX, column - BAND_PX : right + BAND_PX]
    ring = np.count_nonzero(around) - np.count_nonzero(within)
    return bool(ring <= RING_INK * (around.size - within.size))


def _is_labelled_scan(box: Box, words: Sequence[Word]) -> bool:
    beside = False
    for word in words:
        if box.intersection(word.box).area > 0.5 * box.area and sum(map(str.isalnum, word.text)) > 1:
            return False
        apart = max(word.box.x0 - box.x1, box.x0 - word.box.x1)
        beside |= 0 <= apart <= TEXT_REACH and word.box.overlap_y(box) > box.height / 3
    return beside


def _inner(box: Box, grey: NDArray[np.int16], scale: float) -> NDArray[np.int16]:
    rim = RIM * min(box.width, box.height)
    rows = slice(max(0, round((box.y0 + rim) * scale)), max(1, round((box.y1 - rim) * scale)))
    columns = slice(max(0, round((box.x0 + rim) * scale)), max(1, round((box.x1 - rim) * scale)))
    return grey[rows, columns]


def _is_marked(inner: NDArray[np.int16], paper: int) -> bool | None:
    if not inner.size:
        return None
    ink = float(np.mean(np.abs(inner - paper) > INK_OFF_PAPER))
    tint = float(np.mean((paper - inner > TINT) & (paper - inner <= INK_OFF_PAPER)))
    if ink <= EMPTY_INK:
        return False if tint <= EMPTY_INK else None
    return True if MARK_INK <= ink <= SOLID_INK else None


def _alike(box: Box, other: Box) -> bool:
    across, down = abs(box.center_x - other.center_x), abs(box.center_y - other.center_y)
    in_row = down <= LINED_UP and across <= ROW_REACH
    in_column = across <= LINED_UP and down <= COLUMN_REACH
    return abs(box.width - other.width) <= SIDE_SLACK and (in_row or in_column)


def _is_side(ruling: Ruling) -> bool:
    length = ruling.box.width if ruling.horizontal else ruling.box.height
    return SMALLEST <= length <= LARGEST and ruling.thickness > 0


def _is_square(box: Box, bottom: Box) -> bool:
    if box.y1 <= box.y0 or abs(bottom.x0 - box.x0) > SIDE_SLACK or abs(bottom.x1 - box.x1) > SIDE_SLACK:
        return False
    return abs(box.width - box.height) <= SQUARE_SLACK * box.width


def _has_sides(box: Box, down: Sequence[Box]) -> bool:
    def at(x: float) -> bool:
        return any(
            abs(side.center_x - x) <= SIDE_SLACK
            and abs(side.y0 - box.y0) <= SIDE_SLACK
            and abs(side.y1 - box.y1) <= SIDE_SLACK
            for side in down
        )

    return at(box.x0) and at(box.x1)


def _alone(box: Box, rulings: Sequence[Ruling]) -> bool:
    """Whether no line beside its own four touches the square."""
    near, own = box.grown(CLEAR), box.grown(SIDE_SLACK + LARGEST / 8)
    for ruling in rulings:
        line = ruling.box
        meets = line.x0 < near.x1 and line.x1 > near.x0 and line.y0 < near.y1 and line.y1 > near.y0
        if meets and line.intersection(own) != line:
            return False
    return True


def _labelled(box: Box, words: Sequence[Word]) -> bool:
    """Whether text stands beside the square and nothing but a tick in it."""
    beside = False
    for word in words:
        if box.holds_center_of(word.box) and word.text not in TICKS:
            return False
        apart = max(word.box.x0 - box.x1, box.x0 - word.box.x1)
        beside |= 0 <= apart <= TEXT_REACH and word.box.overlap_y(box) > box.height / 3
    return beside
