"""Pictures and words in, figure regions out.

Pictures that overlap are one figure; specks and page backgrounds are none. Words on a picture belong to the
figure, unless the picture is the page itself (a scan) or a backdrop under the text. Never looks into pixels.
"""

from collections.abc import Sequence

from recto.blocks.lines import baselines, cut_lines
from recto.blocks.region import Region
from recto.document.geometry import Box
from recto.document.page import Page, Word

MIN_SIDE_PT = 16.0
"""Shorter side, in points, below which a picture is a bullet, a rule or an icon."""
MIN_AREA_SHARE = 0.004
"""Share of the page's area below which a picture is no figure."""
BACKDROP_SHARE = 0.6
"""Share of the page's area above which a picture with text on it is the page itself."""
BACKDROP_WORDS = 60
"""Words on a picture above which it is a backdrop under running text, whatever its size."""
TOUCHING_PT = 2.0
"""Pictures closer than this, in points, are pieces of one: programs cut pictures into bands."""


def find_figures(page: Page, words: Sequence[Word], taken: Sequence[Box]) -> tuple[list[Region], list[Word]]:
    """Figures of a page and the words left over; boxes in `taken` (tables) are not figures again."""
    figures: list[Region] = []
    free = list(words)
    whole = Box(0.0, 0.0, page.width, page.height)
    for box in _merged([picture.box.intersection(whole) for picture in page.pictures]):
        if not _is_figure(box, whole) or any(box.share_inside(table) > 0.5 for table in taken):  # noqa: PLR2004  (mostly inside)
            continue
        inside = [word for word in free if box.holds_center_of(word.box)]
        if inside and (box.area > BACKDROP_SHARE * whole.area or len(inside) > BACKDROP_WORDS):
            continue
        if any(table.share_inside(box) > 0.5 for table in taken):  # noqa: PLR2004  (a backdrop under a table)
            continue
        lines = tuple(cut_lines(baselines(inside), ())) if inside else ()
        text = "\n".join(line.text for line in lines)
        figures.append(Region("Figure", box, lines, text=text))
        gone = set(map(id, inside))
        free = [word for word in free if id(word) not in gone]
    return figures, free


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
