"""Regions in reading order in, the same with each caption tied to its figure or table, and read next to it, out.

A caption says that it is one: by its first words ("Figure 3:") or because a layout model saw one there. It belongs
to the nearest figure or table above, below or beside it, a table's to a table where there is one. A figure that the
order has put elsewhere moves to its caption (it says little itself), a caption moves to its table. A permutation:
nothing is lost or changed but the ties.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recto.blocks.region import Region, text_of_region
from recto.document.block import Captioned
from recto.document.geometry import Box
from recto.document.page import Page

REACH_PT = 40.0
"""White space, in points, between a caption and what it is about: three lines of text."""
UNDER_SHARE = 0.5
"""Share of the narrower of both that must stand over or under the other."""
LONGEST = 1_500
"""Letters; a longer text tells a story. The longest captions of scientific journals have about 1,000."""
SURE_CAPTION = 0.5
"""Score from which a layout model's caption is one."""
MOSTLY = 0.5
"""Share of a region's area that must lie in what the model saw."""
OTHER_KIND_PT = 20.0
"""Points by which a figure must be nearer than a table to have a caption that speaks of a table."""

_TABLE = r"table|tab\.|exhibit|tabelle|tableau|tabla|tabella|tabel|таблица|表"
_FIGURE = r"figure|fig\.|chart|plate|scheme|photo|abbildung|abb\.|figura|illustration|рис\.|рисунок|图|圖|図"
_NUMBERED = re.compile(rf"(?i:{_TABLE}|{_FIGURE})\s*(?:[A-Z]?[\d.\-–]*\d|[IVXL]+\b|[一二三四五六七八九十]+)")
_OF_TABLE = re.compile(rf"(?i:{_TABLE})")
_STOPS = ".:–—-|"
"""Signs that part the number of a caption from its words."""


@dataclass(frozen=True, slots=True)
class _Tie:
    caption: int
    target: int
    distance: float


def says_caption(text: str) -> bool:
    """Whether a text begins as a caption does, and not as a sentence about a figure.

    >>> says_caption("Fig. 2. The weir"), says_caption("Figure 2 shows the weir"), says_caption("表1 流量")
    (True, False, True)
    """
    numbered = _NUMBERED.match(text)
    if numbered is None or len(text) > LONGEST:
        return False
    rest = text[numbered.end() :].lstrip()
    return not rest or rest[0] in _STOPS or (rest[0] != "," and not rest.lstrip("(")[:1].islower())


def tied(page: Page, regions: Sequence[Region]) -> list[Region]:
    """The regions, captions and what they are about tied to each other and next to each other."""
    targets = [place for place, region in enumerate(regions) if region.type in ("Figure", "Table")]
    if not targets:
        return list(regions)
    captions = [place for place, region in enumerate(regions) if _is_caption(region, page)]
    ties = _settled([tie for place in captions for tie in _ties(place, targets, regions)])
    if not ties:
        return list(regions)
    marked = list(regions)
    for tie in ties:
        target, caption = marked[tie.target], marked[tie.caption]
        marked[tie.target] = replace(target, caption=text_of_region(caption))
        marked[tie.caption] = replace(caption, caption_of=Captioned(target.type, target.box))
    return _together(marked, ties)


def _is_caption(region: Region, page: Page) -> bool:
    if region.type != "Text" or region.marker:
        return False
    seen = any(
        part.kind == "caption" and part.score >= SURE_CAPTION and region.box.share_inside(part.box) > MOSTLY
        for part in page.regions
    )
    return seen or says_caption(text_of_region(region))


def _ties(place: int, targets: Sequence[int], regions: Sequence[Region]) -> list[_Tie]:
    """What the caption may be about, with how far it is: points, more for the wrong kind and for one beside."""
    caption = regions[place]
    of_table = bool(_OF_TABLE.match(text_of_region(caption)))
    found: list[_Tie] = []
    for target in targets:
        distance = _distance(caption.box, regions[target].box)
        if distance is not None:
            alike = (regions[target].type == "Table") == of_table
            found.append(_Tie(place, target, distance if alike else distance + OTHER_KIND_PT))
    return found


def _distance(caption: Box, target: Box) -> float | None:
    gap_y = max(target.y0 - caption.y1, caption.y0 - target.y1)
    gap_x = max(target.x0 - caption.x1, caption.x0 - target.x1)
    narrower, lower = min(caption.width, target.width), min(caption.height, target.height)
    if gap_y <= REACH_PT and caption.overlap_x(target) >= UNDER_SHARE * narrower:
        return max(0.0, gap_y)
    if gap_x <= REACH_PT and caption.overlap_y(target) >= UNDER_SHARE * lower:
        return max(0.0, gap_x) + REACH_PT
    return None


def _settled(ties: Sequence[_Tie]) -> list[_Tie]:
    """One figure or table to a caption and one caption to each, the nearest first."""
    chosen: list[_Tie] = []
    for tie in sorted(ties, key=lambda one: (one.distance, one.caption, one.target)):
        if not any(tie.caption == other.caption or tie.target == other.target for other in chosen):
            chosen.append(tie)
    return chosen


def _together(regions: Sequence[Region], ties: Sequence[_Tie]) -> list[Region]:
    order = list(range(len(regions)))
    for tie in ties:
        above = regions[tie.caption].box.center_y < regions[tie.target].box.center_y
        if abs(order.index(tie.caption) - order.index(tie.target)) == 1:
            continue
        is_figure = regions[tie.target].type == "Figure"
        moved, kept = (tie.target, tie.caption) if is_figure else (tie.caption, tie.target)
        order.remove(moved)
        after = above == is_figure  # the caption above: it stands before, what it is about after
        order.insert(order.index(kept) + after, moved)
    return [regions[place] for place in order]
