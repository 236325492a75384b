"""Hidden words of a page and its regions in, the regions with the hidden text that stands in or near them, out.

Text that a file holds but no reader of the page sees (invisible, in the colour of the paper, too small) must reach
nobody as if it stood on the page: models would obey it. It is kept apart, with the region that holds it or, where
none does, with the nearest. Decides nothing about what is hidden (see pages.glyphs and pages.concealed) and never
touches a region's own text.
"""

from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.lines import Line, baselines, cut_lines
from recto.blocks.region import Region
from recto.document.geometry import Box
from recto.document.page import Page


def hidden_lines(page: Page) -> list[Line]:
    """The lines that the page's hidden words make, top to bottom."""
    words = [word for word in page.words if word.hidden and word.text.strip()]
    return cut_lines(baselines(words), ()) if words else []


def with_hidden(lines: Sequence[Line], regions: Sequence[Region]) -> list[Region]:
    """The same regions in the same order, each with its hidden lines; without regions the lines have no home."""
    found: dict[int, list[Line]] = {}
    for line in lines if regions else ():
        found.setdefault(_home(line.box, regions), []).append(line)
    return [
        replace(region, hidden=tuple(found[place])) if place in found else region
        for place, region in enumerate(regions)
    ]


def _home(box: Box, regions: Sequence[Region]) -> int:
    """The smallest region around the middle of the box, or the nearest one."""
    return min(
        range(len(regions)),
        key=lambda place: (_distance(box, regions[place].box), regions[place].box.area),
    )


def _distance(line: Box, region: Box) -> float:
    """Points from the middle of a line to a region, 0 inside of it."""
    beside = max(region.x0 - line.center_x, line.center_x - region.x1, 0.0)
    above = max(region.y0 - line.center_y, line.center_y - region.y1, 0.0)
    return (beside * beside + above * above) ** 0.5
