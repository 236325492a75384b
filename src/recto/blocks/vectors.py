"""Curves and slanted lines of a page in, the boxes of the drawings they make, out: figures without a raster picture.

Pie charts, line charts, maps, schemes and emblems come as hundreds of small paths. Pieces that stand close to each
other are one drawing. What stands behind text (banners, rounded frames, marks in a table) is none: a drawing is
mostly shapes, holds few words, and none in large type. Never looks at the paths themselves.
"""

from collections.abc import Iterator, Sequence

from recto.document.geometry import Box, around
from recto.document.page import Page, Word

CELL_PT = 12.0
"""Pieces nearer than one to two such cells, in points, belong together: the gap between labels and bars."""
BACKDROP_SHARE = 0.5
"""Share of the page's area above which a shape is its background."""
MIN_SIDE_PT = 36.0
"""Shorter side of a drawing, half an inch: below are icons, bullets and words drawn as curves."""
MIN_PIECE_PT = 24.0
"""Longer side that at least one piece must have; lines of letters and check marks are made of smaller ones."""
MIN_FILLED = 0.25
"""Share of a drawing's cells with a piece in them; marks strewn over a table fill less."""
MIN_CURVES_BEHIND_WORDS = 3
"""Fewer curves with words on them are a frame or a banner."""
MOST_WORDS = 60
"""Words in a drawing above which it stands behind running text; as for pictures."""
MOST_TEXT_SHARE = 0.2
"""Share of a drawing's area that its words may cover."""
WORD_GAP_EM = 0.6
"""White space, in font sizes, between words of one line."""
MIN_CROSSINGS = 2
"""Lines that run over a side of a drawing; the names of an axis may do so once."""
LARGE_TYPE_PT = 16.0
"""Letters of this size are headings on a banner, not labels of a drawing."""
LONGEST_JOINT_PT = 150.0
"""A longer straight line, in points, parts the page and joins no pieces."""
TOUCHING_PT = 2.0
"""White space, in points, between a curve and the axis it begins at."""
LONGEST_AXIS = 2.0
"""Axes and frames reach beyond their curves, but not further than these again; longer lines part the page."""


def find_drawings(page: Page, words: Sequence[Word]) -> list[Box]:
    """Boxes of the drawings of a page, in points, from above; `words` are those nobody has taken yet."""
    limit = BACKDROP_SHARE * page.width * page.height
    pieces = [box for box in page.shapes if box.area < limit]
    if not any(_long_side(box) >= MIN_PIECE_PT for box in pieces):
        return []
    found: list[Box] = []
    curves = set(pieces)
    for group, cells in _groups([*pieces, *_joints(pieces, page)]):
        box = around(group)
        if _is_drawing(box, group, cells) and not _stands_behind(
            box, [piece for piece in group if piece in curves], words
        ):
            found.append(_with_axes(box, page))
    return sorted(found, key=lambda box: (box.y0, box.x0))


def _with_axes(box: Box, page: Page) -> Box:
    """The drawing with the straight lines that touch it and are no longer than they must be to frame it."""
    reach = box.grown(TOUCHING_PT)
    lines = [
        ruling.box
        for ruling in page.rulings
        if (ruling.box.overlap_x(reach) > 0 and ruling.box.overlap_y(reach) > 0)
        and ruling.box.width <= LONGEST_AXIS * box.width
        and ruling.box.height <= LONGEST_AXIS * box.height
    ]
    return around((box, *lines))


def _long_side(box: Box) -> float:
    return max(box.width, box.height)


def _is_drawing(box: Box, pieces: Sequence[Box], cells: int) -> bool:
    if min(box.width, box.height) < MIN_SIDE_PT or max(map(_long_side, pieces)) < MIN_PIECE_PT:
        return False
    return cells >= MIN_FILLED * box.area / (CELL_PT * CELL_PT)


def _stands_behind(box: Box, curves: Sequence[Box], words: Sequence[Word]) -> bool:
    """Whether the drawing is the backdrop of text."""
    inside = [word for word in words if box.holds_center_of(word.box)]
    if not inside:
        return False
    if len(curves) < MIN_CURVES_BEHIND_WORDS or len(inside) > MOST_WORDS:
        return True
    if any(word.font_size >= LARGE_TYPE_PT for word in inside):
        return True
    covered = sum(word.box.area for word in inside)
    return covered > MOST_TEXT_SHARE * box.area or _text_crosses(box, inside, words)


def _text_crosses(box: Box, inside: Sequence[Word], words: Sequence[Word]) -> bool:
    """Whether lines of text, not lone labels and figures, run over a side of the drawing."""
    outside = [
        word
        for word in words
        if word.text[0].isalpha() and word.box.overlap_y(box) > 0 and not box.holds_center_of(word.box)
    ]
    crossing = [
        word
        for word in inside
        if word.text[0].isalpha() and any(_side_by_side(word, other) for other in outside)
    ]
    return len(crossing) >= MIN_CROSSINGS


def _side_by_side(word: Word, other: Word) -> bool:
    reach = word.box.grown(WORD_GAP_EM * word.font_size)
    return other.box.overlap_x(reach) > 0 and other.box.overlap_y(word.box) > word.box.height / 2


def _joints(pieces: Sequence[Box], page: Page) -> list[Box]:
    """Short straight lines that reach into the neighbourhood of a piece: arrows, axes, the sides of boxes."""
    grid = _grid(pieces)
    short = (one.box for one in page.rulings if one.thickness > 0 and _long_side(one.box) <= LONGEST_JOINT_PT)
    return [box for box in short if any(grid.get(row, 0) & bits for row, bits in _cells(box))]


def _groups(pieces: Sequence[Box]) -> list[tuple[list[Box], int]]:
    """The pieces in groups whose cells of a coarse grid touch, each with the number of its cells."""
    rows = _grid(pieces)
    number = _numbered({(row, place) for row, bits in rows.items() for place in _places(bits)})
    groups: dict[int, list[Box]] = {}
    for box in pieces:
        groups.setdefault(number[int(box.y0 // CELL_PT), int(box.x0 // CELL_PT)], []).append(box)
    sizes: dict[int, int] = {}
    for one in number.values():
        sizes[one] = sizes.get(one, 0) + 1
    return [(group, sizes[one]) for one, group in groups.items()]


def _grid(pieces: Sequence[Box]) -> dict[int, int]:
    """The cells with a piece in them: rows of the grid as integers, a cell one bit."""
    rows: dict[int, int] = {}
    for box in pieces:
        for row, bits in _cells(box):
            rows[row] = rows.get(row, 0) | bits
    return rows


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    first, last = int(box.x0 // CELL_PT), int(box.x1 // CELL_PT)
    bits = ((1 << (last - first + 1)) - 1) << first
    for row in range(int(box.y0 // CELL_PT), int(box.y1 // CELL_PT) + 1):
        yield row, bits


def _places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _numbered(cells: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Each cell with the number of the group of touching cells it belongs to."""
    number: dict[tuple[int, int], int] = {}
    for start in sorted(cells):
        waiting = [start] if start not in number else []
        while waiting:
            row, place = waiting.pop()
            if (row, place) in number or (row, place) not in cells:
                continue
            number[row, place] = number[start] if start in number else len(number)
            waiting.extend((row + down, place + right) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return number
