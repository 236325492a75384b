"""Pictures and words in, figure regions out.

Pictures that overlap are one figure; specks and page backgrounds are none. Words on a picture belong to the
figure, unless the picture is the page itself (a scan) or a backdrop under the text. Never looks into pixels.
"""

from collections.abc import Sequence

from recto.blocks.region import Region
from recto.blocks.tables.cells import cell_lines
from recto.document.geometry import Box, around
from recto.document.page import Page, Word

MIN_SIDE_PT = 16.0
"""Shorter side, in points, below which a picture is a bullet, a rule or an icon."""
MIN_AREA_SHARE = 0.004
"""Share of the page's area below which a picture is no figure."""
BACKDROP_SHARE = 0.6
"""Share of the page's area above which a picture with text on it is the page itself."""
BACKDROP_WORDS = 60
"""Words on a picture above which it is a backdrop under running text, whatever its size."""
LABEL_REACH_PT = 24.0
"""How far, in points, the numbers of a scale stand from a drawing."""
LABEL_GAP_EM = 0.6
"""White space, in font sizes, between words of one line; a wider gap leaves a number alone."""
MOSTLY = 0.5
"""Share of a box that makes it lie mostly in another."""
TOUCHING_PT = 2.0
"""Pictures closer than this, in points, are pieces of one: programs cut pictures into bands."""


def find_figures(
    page: Page, words: Sequence[Word], tables: Sequence[Box], drawings: Sequence[Box]
) -> tuple[list[Region], list[Word]]:
    """Figures of a page and the words left over; boxes in points.

    `tables` are no figures again; `drawings` are figures made of lines, with the numbers right beside them.
    """
    figures: list[Region] = []
    free = list(words)
    whole = Box(0.0, 0.0, page.width, page.height)
    placed = [picture.box.intersection(whole) for picture in page.pictures]
    for box in _merged([*placed, *drawings]):
        drawn = any(drawing.share_inside(box) > MOSTLY for drawing in drawings)
        inside = [
            word for word in free if box.holds_center_of(word.box) or (drawn and _labels(word, box, free))
        ]
        if not _is_figure(box, whole) or _belongs_elsewhere(box, whole, tables, len(inside)):
            continue
        figures.append(_figure(box, inside))
        gone = set(map(id, inside))
        free = [word for word in free if id(word) not in gone]
    return figures, free


def as_figures(boxes: Sequence[Box], words: Sequence[Word]) -> tuple[list[Region], list[Word]]:
    """A figure for each box with the words in it, and the words left over."""
    figures: list[Region] = []
    free = list(words)
    for box in boxes:
        inside = [word for word in free if box.holds_center_of(word.box)]
        figures.append(_figure(box, inside))
        gone = set(map(id, inside))
        free = [word for word in free if id(word) not in gone]
    return figures, free


def _figure(box: Box, inside: Sequence[Word]) -> Region:
    text = "\n".join(line.text for line in cell_lines(inside)) if inside else ""
    extent = around((box, *(word.box for word in inside)))
    return Region("Figure", extent, text=text, words=tuple(inside))


def _belongs_elsewhere(box: Box, page: Box, tables: Sequence[Box], words: int) -> bool:
    """A picture in or under a table, or a backdrop under running text."""
    if any(box.share_inside(table) > MOSTLY or table.share_inside(box) > MOSTLY for table in tables):
        return True
    return words > 0 and (box.area > BACKDROP_SHARE * page.area or words > BACKDROP_WORDS)


def _labels(word: Word, box: Box, words: Sequence[Word]) -> bool:
    """Whether the word is a lone number at the rim of a drawing: the scale of its axis, not a caption's number."""
    if not word.text[:1].isdigit() or not box.grown(LABEL_REACH_PT).holds_center_of(word.box):
        return False
    beside = word.box.grown(LABEL_GAP_EM * word.font_size)
    level = (other for other in words if other is not word and other.box.overlap_y(word.box) > 0)
    return not any(other.box.overlap_x(beside) > 0 and not other.text[:1].isdigit() for other in level)


def _is_figure(box: Box, page: Box) -> bool:
    return min(box.width, box.height) >= MIN_SIDE_PT and box.area >= MIN_AREA_SHARE * page.area


def _merged(boxes: Sequence[Box]) -> list[Box]:
    merged: list[Box] = []
    for box in sorted(boxes, key=lambda one: (one.y0, one.x0)):
        if not box.area:
            continue
        grown = box
        near = _touching(grown, merged)
        while near:
            for other in near:
                merged.remove(other)
                grown = grown.union(other)
            near = _touching(grown, merged)
        merged.append(grown)
    return merged


def _touching(box: Box, others: Sequence[Box]) -> list[Box]:
    return [other for other in others if box.grown(TOUCHING_PT).intersection(other).area > 0]
