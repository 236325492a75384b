"""Regions in, the same regions in reading order out.

Recursive cuts: a set is cut into strips, strips that one gutter runs through are taken together as a zone, and
zones are read downwards; a zone is read column by column. A stripe
counts only when text stands on both sides of it at one height (the column test), so that a figure beside a
list does not make two columns. Running heads and feet are read first and last. Never changes a region.

References: G. Nagy and S. Seth, XY-cut (1984); the column test answers the failures collected in T11.
"""

from collections.abc import Sequence

from recto.blocks.region import Region
from recto.document.geometry import Box, around

MIN_COLUMN_GAP_PT = 4.0
"""White stripe, in points, that parts columns."""
MARGIN_SHARE = 0.07
"""Share of the page's height at top and bottom where running heads and feet stand."""
STRIP_OVERLAP_PT = 1.5
"""Regions that reach into each other by no more than this, in points, lie in different strips."""
FAR_PT = 40.0
"""White band, in points, that ends columns when only one of them goes on below it."""
MAX_DEPTH = 40
"""Nested cuts after which the plain order is taken."""


def reading_order(regions: Sequence[Region], height: float, leftward: bool = False) -> list[Region]:
    """A permutation of the regions of a page of this height in points; `leftward` pages are read from the right."""
    boxes = [_mirrored(region.box) if leftward else region.box for region in regions]
    head = [i for i, box in enumerate(boxes) if box.y1 <= MARGIN_SHARE * height]
    foot = [i for i, box in enumerate(boxes) if box.y0 >= (1 - MARGIN_SHARE) * height]
    rest = sorted(set(range(len(boxes))) - set(head) - set(foot))
    order = [*_plain(head, boxes), *_ordered(rest, boxes, 0), *_plain(foot, boxes)]
    return [regions[i] for i in order]


def _mirrored(box: Box) -> Box:
    return Box(-box.x1, box.y0, -box.x0, box.y1)


def _plain(some: Sequence[int], boxes: Sequence[Box]) -> list[int]:
    """Line by line, as the eye goes over a list of single lines."""
    return sorted(some, key=lambda i: (round(boxes[i].y0 / 4), boxes[i].x0, boxes[i].y0))


def _ordered(some: list[int], boxes: Sequence[Box], depth: int) -> list[int]:
    if len(some) < 2 or depth > MAX_DEPTH:  # noqa: PLR2004  (one region is in order)
        return _plain(some, boxes)
    zones = _zones(_strips(some, boxes), boxes)
    if len(zones) > 1:
        return [i for zone in zones for i in _ordered(zone, boxes, depth + 1)]
    columns = _columns(some, boxes)
    if len(columns) > 1 and _side_by_side(columns, boxes):
        return [i for column in columns for i in _ordered(column, boxes, depth + 1)]
    strips = _strips(some, boxes)
    if len(strips) == 1:
        return _untangled(some, boxes)
    return [i for strip in strips for i in _ordered(strip, boxes, depth + 1)]


def _columns(some: Sequence[int], boxes: Sequence[Box]) -> list[list[int]]:
    """Groups parted by white stripes over the whole set, left to right."""
    groups: list[list[int]] = []
    right = 0.0
    for i in sorted(some, key=lambda one: boxes[one].x0):
        if not groups or boxes[i].x0 - right >= MIN_COLUMN_GAP_PT:
            groups.append([])
            right = boxes[i].x1
        groups[-1].append(i)
        right = max(right, boxes[i].x1)
    return groups


def _side_by_side(columns: Sequence[Sequence[int]], boxes: Sequence[Box]) -> bool:
    """The column test: some region has a neighbour at its height in another column."""
    return any(
        boxes[i].overlap_y(boxes[j]) > STRIP_OVERLAP_PT
        for place, column in enumerate(columns)
        for i in column
        for other in columns[place + 1 :]
        for j in other
    )


def _strips(some: Sequence[int], boxes: Sequence[Box]) -> list[list[int]]:
    """Groups parted by white bands over the whole width, top to bottom."""
    groups: list[list[int]] = []
    bottom = 0.0
    for i in sorted(some, key=lambda one: boxes[one].y0):
        if not groups or boxes[i].y0 >= bottom - STRIP_OVERLAP_PT:
            groups.append([])
            bottom = boxes[i].y1
        groups[-1].append(i)
        bottom = max(bottom, boxes[i].y1)
    return groups


def _zones(strips: Sequence[list[int]], boxes: Sequence[Box]) -> list[list[int]]:
    """Neighbouring strips that one gutter runs through, taken together."""
    zones: list[list[int]] = []
    zone = list(strips[0])
    for strip in strips[1:]:
        both = [*zone, *strip]
        columns = _columns(both, boxes)
        if (
            len(columns) > 1
            and _worth_joining(zone, strip, columns, boxes)
            and not _far_below(zone, strip, boxes)
        ):
            zone = both
        else:
            zones.append(zone)
            zone = list(strip)
    return [*zones, zone]


def _worth_joining(
    zone: Sequence[int], strip: Sequence[int], columns: Sequence[list[int]], boxes: Sequence[Box]
) -> bool:
    """A strip goes on with the columns above unless it stands right of all that is left of them."""
    if not _side_by_side(columns, boxes):
        return len(columns) > 1 and _same_edges(zone, strip, boxes)
    return True


def _far_below(zone: Sequence[int], strip: Sequence[int], boxes: Sequence[Box]) -> bool:
    """A lone column far below columns side by side begins something new."""
    one_column = len(_columns(strip, boxes)) == 1 and len(_columns(zone, boxes)) > 1
    return one_column and min(boxes[i].y0 for i in strip) - max(boxes[i].y1 for i in zone) > FAR_PT


def _same_edges(zone: Sequence[int], strip: Sequence[int], boxes: Sequence[Box]) -> bool:
    """A strip of one column above its columns: kept only where it lies within the leftmost column's edges."""
    above = around(boxes[i] for i in zone)
    below = around(boxes[i] for i in strip)
    return below.x0 >= above.x0 - MIN_COLUMN_GAP_PT and below.x1 <= above.x1 + MIN_COLUMN_GAP_PT


def _untangled(some: Sequence[int], boxes: Sequence[Box]) -> list[int]:
    """No cut is possible: read a region once everything above it, or left of it at its height, is read."""
    left = _plain(some, boxes)
    order: list[int] = []
    while left:
        first = next(
            (i for i in left if not any(_before(boxes[j], boxes[i]) for j in left if j != i)), left[0]
        )
        order.append(first)
        left.remove(first)
    return order


def _before(a: Box, b: Box) -> bool:
    if a.overlap_x(b) > MIN_COLUMN_GAP_PT:
        return a.center_y < b.center_y
    return a.overlap_y(b) > STRIP_OVERLAP_PT and a.center_x < b.center_x
