"""What is drawn on a PDF page beside its text: rulings and pictures. Reads objects, never characters.

A table's line comes as a stroked segment, a thin filled rectangle, one side of a stroked rectangle, the border
of a shaded area or a thin picture; all become the same `Ruling`. The borders of shaded areas have thickness 0,
so that later rules can trust them less. Hostile files end: form XObjects are followed to a fixed depth, objects
and segments are counted against a budget.
"""

import ctypes
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, repeat, takewhile

import numpy as np

from recto.document.geometry import Box
from recto.document.page import Picture, Ruling
from recto.pages import pdfium
from recto.pages.frame import Boxes, Frame, as_boxes, thousandths

# Lengths in points; seen on the development files unless another origin is given.
THICKEST = 4.0  # a filled shape thinner than this is a line, not an area
SHORTEST = 4.0  # drawn pieces shorter than this are dots, dashes and parts of letters
SLANT = 0.7  # a line may leave the axis by this much over its length and still count as straight
LONG = 3.0  # a line is at least so many times longer than thick
PAGE_SHARE = 0.9  # share of the page: a shaded area this large is the paper, not a table
WHITE = 250  # 0..255: a fill whose channels are all above is not seen on paper
PAPER_INK = 12  # 0..255: alpha below is not seen
DEEPEST = 8  # form XObjects inside form XObjects
MOST_OBJECTS = 50_000  # per page; a dense map has 20,000
MOST_CURVES = 4_000  # per page: kept as pieces of figures; a dense chart has some hundreds
MOST_SEGMENTS = 200_000  # per page
_SIMPLE_PATH = 5  # segments of a line (2) or a rectangle (5): its bounds say everything when it is thin
_RECTANGLE_SIDES = 4
_STRAIGHT = frozenset((pdfium.SEGMENT_MOVE, pdfium.SEGMENT_LINE))

_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_Point = tuple[float, float]
_Sides = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Rulings and pictures of the upright page; `shapes` counts drawn paths that are neither lines nor areas.

    `curves` are the boxes of paths with curves or slanted lines, neither letters nor specks in size.
    `fills` are the filled rectangles, each with its grey level (0 black to 255), in the order they are painted.
    `objects` counts everything painted that is not text; `cut_off` says that a budget ended the search.
    """

    rulings: tuple[Ruling, ...]
    pictures: tuple[Picture, ...]
    shapes: int
    objects: int
    cut_off: bool
    fills: tuple[tuple[Box, int], ...] = ()
    curves: tuple[Box, ...] = ()


@dataclass(slots=True)
class _Found:
    # Everything in page space: left, bottom, right, top.
    lines: list[_Sides] = field(default_factory=list)
    thicknesses: list[float] = field(default_factory=list)
    pictures: list[_Sides] = field(default_factory=list)
    fills: list[_Sides] = field(default_factory=list)
    curves: list[_Sides] = field(default_factory=list)
    greys: list[int] = field(default_factory=list)
    shapes: int = 0
    objects: int = 0
    seen: int = 0
    segments: int = 0

    @property
    def spent(self) -> bool:
        return self.seen >= MOST_OBJECTS or self.segments >= MOST_SEGMENTS

    def add_line(self, sides: _Sides, thickness: float) -> None:
        self.lines.append(sides)
        self.thicknesses.append(thickness)


class _Scratch:
    # Buffers that pdfium writes into; one set per page, so that no call allocates.
    def __init__(self) -> None:
        self.floats = (ctypes.c_float * 8)()
        self.points = (ctypes.c_float * 64)()
        self.ints = (ctypes.c_int * 4)()
        start = ctypes.addressof(self.floats)
        self.at = [start + 4 * index for index in range(8)]
        ints = ctypes.addressof(self.ints)
        self.int_at = [ints + 4 * index for index in range(4)]

    def bounds(self, owner: int) -> _Sides | None:
        at = self.at
        if not pdfium.object_bounds(owner, at[0], at[1], at[2], at[3]):
            return None
        left, bottom, right, top = self.floats[:4]
        return left, bottom, right, top

    def matrix(self, owner: int) -> _Matrix:
        if not pdfium.object_matrix(owner, self.at[0]):
            return _IDENTITY
        a, b, c, d, e, f = self.floats[:6]
        return a, b, c, d, e, f

    def corners(self, segments: list[int]) -> tuple[list[float], list[float]]:
        count = len(segments)
        if 2 * count > len(self.points):
            self.points = (ctypes.c_float * (2 * count))()
        start = ctypes.addressof(self.points)
        xs, ys = range(start, start + 8 * count, 8), range(start + 4, start + 4 + 8 * count, 8)
        deque(map(pdfium.segment_point, segments, xs, ys), maxlen=0)
        flat = self.points[: 2 * count]
        return flat[::2], flat[1::2]


def drawing_of(page: int, frame: Frame) -> Drawing:
    """Rulings and pictures of a page (a pdfium handle), in points of the upright page; raises nothing."""
    found, scratch = _Found(), _Scratch()
    count = max(0, pdfium.page_object_count(page))
    children = map(pdfium.page_object, repeat(page), range(min(count, MOST_OBJECTS)))
    _walk(children, _IDENTITY, 0, frame, found, scratch)
    return Drawing(
        rulings=_rulings(found, frame),
        pictures=_pictures(found, frame),
        shapes=found.shapes,
        objects=found.objects,
        cut_off=found.spent,
        curves=_boxes(found.curves, frame),
        fills=tuple(zip(as_boxes(frame.clipped(_upright(found.fills, frame))), found.greys, strict=True)),
    )


def _walk(
    owners: Iterator[int | None], matrix: _Matrix, depth: int, frame: Frame, found: _Found, scratch: _Scratch
) -> None:
    object_type = pdfium.object_type
    for owner in owners:
        if owner is None or found.seen >= MOST_OBJECTS or found.segments >= MOST_SEGMENTS:
            return
        found.seen += 1
        kind = object_type(owner)
        if kind == pdfium.OBJECT_TEXT:
            continue
        if kind == pdfium.OBJECT_PATH:
            _path(owner, matrix, frame, found, scratch)
        elif kind == pdfium.OBJECT_IMAGE:
            _image(owner, matrix, found, scratch)
        elif kind == pdfium.OBJECT_FORM and depth < DEEPEST:
            inner = _times(scratch.matrix(owner), matrix)
            count = min(max(0, pdfium.form_object_count(owner)), MOST_OBJECTS)
            children = map(pdfium.form_object, repeat(owner), range(count))
            _walk(children, inner, depth + 1, frame, found, scratch)
        else:
            found.objects += 1  # a shading


def _image(owner: int, matrix: _Matrix, found: _Found, scratch: _Scratch) -> None:
    bounds = scratch.bounds(owner)
    if bounds is None:
        return
    found.objects += 1
    sides = _placed(bounds, matrix)
    if _is_line(sides, THICKEST):
        found.add_line(sides, min(sides[2] - sides[0], sides[3] - sides[1]))
    else:
        found.pictures.append(sides)


def _path(owner: int, matrix: _Matrix, frame: Frame, found: _Found, scratch: _Scratch) -> None:
    bounds = scratch.bounds(owner)
    if bounds is None or not pdfium.path_draw_mode(owner, scratch.int_at[0], scratch.int_at[1]):
        return
    filled, stroked = scratch.ints[0] != 0, scratch.ints[1] != 0
    if not filled and not stroked:
        return
    sides = _placed(bounds, matrix)
    if max(sides[2] - sides[0], sides[3] - sides[1]) < SHORTEST:
        found.shapes += 1
        return
    found.objects += 1
    count = pdfium.path_segment_count(owner)
    width = _stroke_width(owner, matrix, scratch) if stroked else 0.0
    if count <= _SIMPLE_PATH and _is_line(sides, max(THICKEST, 1.5 * width)):
        thickness = min(sides[2] - sides[0], sides[3] - sides[1])
        found.add_line(sides, width or thickness)
        return
    grey = _grey(owner) if filled and not stroked else None
    full = _times(scratch.matrix(owner), matrix)
    found.segments += count
    straight, slanted = True, False
    for points, closed in _subpaths(owner, min(count, MOST_SEGMENTS), full, scratch):
        straight &= points is not None
        if points is None:
            continue
        if stroked:
            slanted |= not _add_segments(points, closed, width, found)
        else:
            straight &= _add_area(points, grey, frame, found)
    found.shapes += not straight
    if (
        (slanted or not straight)
        and len(found.curves) < MOST_CURVES
        and (stroked or (grey is not None and grey < WHITE))
    ):
        found.curves.append(sides)


def _stroke_width(owner: int, matrix: _Matrix, scratch: _Scratch) -> float:
    if not pdfium.object_stroke_width(owner, scratch.at[0]):
        return 0.0
    width = scratch.floats[0]
    a, b, c, d = _times(scratch.matrix(owner), matrix)[:4]
    return width * abs(a * d - b * c) ** 0.5


def _grey(owner: int) -> int | None:
    # Grey level of a fill, black for a pattern, None for one that is as good as clear. Coloured paper is not white.
    colours = (ctypes.c_uint * 4)()
    start = ctypes.addressof(colours)
    if not pdfium.object_fill_color(owner, start, start + 4, start + 8, start + 12):
        return 0
    red, green, blue, alpha = colours
    if alpha <= PAPER_INK:
        return None
    return (
        min(red, green, blue) if min(red, green, blue) >= WHITE else min(WHITE - 1, _luma(red, green, blue))
    )


def _luma(red: int, green: int, blue: int) -> int:
    return (299 * red + 587 * green + 114 * blue) // 1000  # ITU-R BT.601


def _subpaths(
    owner: int, count: int, matrix: _Matrix, scratch: _Scratch
) -> Iterator[tuple[list[_Point] | None, bool]]:
    # Corner points of each piece in page space and whether it is closed; None for a piece with curves.
    a, b, c, d, e, f = matrix
    segments = list(takewhile(bool, map(pdfium.path_segment, repeat(owner), range(count))))
    xs, ys = scratch.corners(segments)
    closes = map(pdfium.segment_closes, segments)
    points: list[_Point] = []
    curved = closed = False
    for kind, x, y, closing in zip(map(pdfium.segment_type, segments), xs, ys, closes, strict=True):
        if kind == pdfium.SEGMENT_MOVE and points:
            yield (None if curved else points), closed
            points, curved, closed = [], False, False
        curved |= kind not in _STRAIGHT
        closed |= bool(closing)
        points.append((a * x + c * y + e, b * x + d * y + f))
    if points:
        yield (None if curved else points), closed


def _add_segments(points: list[_Point], closed: bool, width: float, found: _Found) -> bool:
    # Whether all of them run along an axis.
    level = True
    ring = [*points, points[0]] if closed and points[0] != points[-1] else points
    for (ax, ay), (bx, by) in pairwise(ring):
        wide, high = abs(bx - ax), abs(by - ay)
        if min(wide, high) > SLANT:
            level = False
        elif max(wide, high) >= SHORTEST:
            found.add_line((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), width)
    return level


def _add_area(points: list[_Point], grey: int | None, frame: Frame, found: _Found) -> bool:
    # Whether the filled piece was a rectangle; a thin one is a line, a visible wide one lends its borders.
    corners = points[:-1] if points[0] == points[-1] else points
    xs, ys = {round(x, 1) for x, _ in corners}, {round(y, 1) for _, y in corners}
    if len(corners) != _RECTANGLE_SIDES or len(xs) > 2 or len(ys) > 2:  # noqa: PLR2004 - two sides per axis
        return False
    sides = (
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )
    wide, high = sides[2] - sides[0], sides[3] - sides[1]
    if _is_line(sides, THICKEST):
        found.add_line(sides, min(wide, high))
        return True
    if grey is not None:
        found.fills.append(sides)
        found.greys.append(grey)
    shown = grey is not None and grey < WHITE
    if shown and wide * high < PAGE_SHARE * frame.width * frame.height and min(wide, high) > THICKEST:
        left, bottom, right, top = sides
        for edge in ((left, bottom, right, bottom), (left, top, right, top)):
            found.add_line(edge, 0.0)
        for edge in ((left, bottom, left, top), (right, bottom, right, top)):
            found.add_line(edge, 0.0)
    return True


def _is_line(sides: _Sides, thickest: float) -> bool:
    short, long = sorted((sides[2] - sides[0], sides[3] - sides[1]))
    return short <= thickest and long >= SHORTEST and long >= LONG * short


def _placed(sides: _Sides, matrix: _Matrix) -> _Sides:
    if matrix is _IDENTITY:
        return sides
    a, b, c, d, e, f = matrix
    corners = [
        (a * x + c * y + e, b * x + d * y + f) for x in (sides[0], sides[2]) for y in (sides[1], sides[3])
    ]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _times(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _upright(sides: list[_Sides], frame: Frame) -> Boxes:
    return frame.upright(np.array(sides, np.float64).reshape(-1, 4))


def _rulings(found: _Found, frame: Frame) -> tuple[Ruling, ...]:
    boxes = _upright(found.lines, frame)
    thickness = np.array(found.thicknesses)
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    horizontal = wide >= high
    # As drawn, not as bounded: the middle line, half the thickness to each side.
    half = np.maximum(thickness, 0.1) / 2
    middle_x, middle_y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    boxes[:, 0] = np.where(horizontal, boxes[:, 0], middle_x - half)
    boxes[:, 2] = np.where(horizontal, boxes[:, 2], middle_x + half)
    boxes[:, 1] = np.where(horizontal, middle_y - half, boxes[:, 1])
    boxes[:, 3] = np.where(horizontal, middle_y + half, boxes[:, 3])
    outside = (middle_y < 0) | (middle_y > frame.height) | (middle_x < 0) | (middle_x > frame.width)
    boxes = frame.clipped(boxes)
    long = np.where(horizontal, boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) >= SHORTEST
    kept = long & ~outside
    rounded = [round(one, 2) for one in thickness[kept].tolist()]
    every = zip(*thousandths(boxes[kept]).T.tolist(), horizontal[kept].tolist(), rounded, strict=True)
    return tuple(
        Ruling(Box(x0, y0, x1, y1), level, thick) for x0, y0, x1, y1, level, thick in dict.fromkeys(every)
    )


def _boxes(sides: list[_Sides], frame: Frame) -> tuple[Box, ...]:
    boxes = frame.clipped(_upright(sides, frame))
    return tuple(as_boxes(boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]))


def _pictures(found: _Found, frame: Frame) -> tuple[Picture, ...]:
    return tuple(dict.fromkeys(map(Picture, _boxes(found.pictures, frame))))
