"""Rulings in, lattices out: where drawn lines cross and close cells.

Collinear pieces are joined, crossing lines are grouped, and each group becomes a lattice: the positions of
its lines and the rectangles between them, merged where no line parts them. Never looks at words; whether a
lattice is a table is decided in ruled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from recto.document.geometry import Box
from recto.document.page import Ruling

SNAP_PT = 2.5
"""Lines closer than this, in points, are one (double rules, the two edges of a thin filled rectangle)."""
JOIN_PT = 3.0
"""Largest break, in points, inside one line: dashes and cell-by-cell borders."""
CROSS_PT = 3.0
"""How far, in points, a line may end before the line it meets."""
MIN_LENGTH_PT = 7.0
"""Shorter pieces, in points, are ticks, glyph parts and dots."""
EDGE_SHARE = 0.6
"""Share of a cell's side that a line must cover to part it from its neighbour."""
SIDE_SHARE = 0.9
"""Share of a lattice's height that a line must cover to close its side."""
OVERHANG_PT = 8.0
"""Lines reaching this far, in points, beyond the outermost crossing line show an open outer column or row."""
STRUCK_RIM = 0.2
"""Share of a word's box at each side that a line may touch without running through the word."""
NESTED_INSET_PT = 12.0
"""How far, in points, a table inside a cell stands from the cell's sides, at most: the padding of word processors
is 5.4."""
NESTED_SHORTER_PT = 10.0
"""By how much, in points, the sides of a table inside a cell are shorter than those of the table around it."""
MAX_LINES = 600
"""More joined lines than this on a page are a drawing, not tables."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A whole line: its fixed coordinate and its extent along the other axis, in points."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Area:
    """A closed rectangle of a lattice, in lattice rows and columns."""

    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(frozen=True, slots=True)
class Lattice:
    """Line positions (points, ascending) and the areas between them; every area is a rectangle.

    `nested` are the frames of tables inside its cells.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    areas: tuple[Area, ...]
    flat: tuple[Segment, ...]
    upright: tuple[Segment, ...]
    nested: tuple[Box, ...] = ()

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    def nests(self, area: Area) -> bool:
        """Whether a table stands inside the area."""
        box = self.box_of(area)
        return any(box.holds_center_of(frame) for frame in self.nested)

    def has_side(self, at: float) -> bool:
        """Whether an upright line is drawn here over most of the lattice's height."""
        drawn_length = sum(one.end - one.start for one in self.upright if abs(one.at - at) <= SNAP_PT)
        return drawn_length >= SIDE_SHARE * self.box.height

    def strikes(self, box: Box) -> bool:
        """Whether a drawn line runs through the inner part of the box."""
        across, down = box.width * STRUCK_RIM, box.height * STRUCK_RIM
        return any(
            box.y0 + down < one.at < box.y1 - down and one.start < box.x1 and one.end > box.x0
            for one in self.flat
        ) or any(
            box.x0 + across < one.at < box.x1 - across and one.start < box.y1 and one.end > box.y0
            for one in self.upright
        )

    def box_of(self, area: Area) -> Box:
        return Box(
            self.xs[area.column],
            self.ys[area.row],
            self.xs[area.column + area.column_span],
            self.ys[area.row + area.row_span],
        )


def drawn(rulings: Sequence[Ruling]) -> list[Ruling]:
    """The rulings that are lines; borders of shaded areas (thickness 0) are hints only."""
    return [ruling for ruling in rulings if ruling.thickness > 0]


def whole_lines(rulings: Sequence[Ruling], horizontal: bool, join: float = JOIN_PT) -> list[Segment]:
    """The rulings of one direction, pieces no more than `join` points apart made one, short ones left out."""
    pieces = [_segment(ruling) for ruling in rulings if ruling.horizontal == horizontal]
    pieces.sort(key=lambda piece: piece.at)
    lines: list[Segment] = []
    group: list[Segment] = []
    for piece in pieces:
        if group and piece.at - group[0].at > SNAP_PT:
            lines.extend(_joined(group, join))
            group = []
        group.append(piece)
    lines.extend(_joined(group, join))
    return lines


def _segment(ruling: Ruling) -> Segment:
    box = ruling.box
    if ruling.horizontal:
        return Segment(box.center_y, box.x0, box.x1)
    return Segment(box.center_x, box.y0, box.y1)


def _joined(group: list[Segment], join: float) -> list[Segment]:
    lines: list[Segment] = []
    for piece in sorted(group, key=lambda one: one.start):
        if lines and piece.start - lines[-1].end <= join:
            last = lines[-1]
            lines[-1] = Segment(last.at, last.start, max(last.end, piece.end))
        else:
            lines.append(piece)
    return [line for line in lines if line.end - line.start >= MIN_LENGTH_PT]


def find_lattices(rulings: Sequence[Ruling]) -> list[Lattice]:
    """All lattices of a page with at least two areas, top to bottom."""
    flat, upright = whole_lines(rulings, horizontal=True), whole_lines(rulings, horizontal=False)
    if not flat or not upright or len(flat) + len(upright) > MAX_LINES:
        return []
    nested = _nested_frames(upright)
    flat = [one for one in flat if not any(_lies_in(_flat_box(one), frame) for frame in nested)]
    upright = [one for one in upright if not any(_lies_in(_upright_box(one), frame) for frame in nested)]
    found: list[Lattice] = []
    for flat_group, upright_group in _crossing_groups(flat, upright):
        lattice = _lattice(flat_group, upright_group, nested)
        if lattice is not None and len(lattice.areas) > 1:
            found.append(lattice)
    return sorted(found, key=lambda lattice: (lattice.ys[0], lattice.xs[0]))


def _nested_frames(upright: Sequence[Segment]) -> list[Box]:
    """Frames of tables that stand inside one cell of another table: what is in them is that cell's text."""
    return [
        Box(left.at - SNAP_PT, left.start - SNAP_PT, right.at + SNAP_PT, left.end + SNAP_PT)
        for left, right in _nested_sides(upright)
    ]


def _nested_sides(upright: Sequence[Segment]) -> list[tuple[Segment, Segment]]:
    """Pairs of lines of one height, each right inside a longer line: the sides of a table in a cell."""
    at = np.array([one.at for one in upright])
    insets = at[:, None] - at
    near = np.argwhere((insets > SNAP_PT) & (insets <= NESTED_INSET_PT)).tolist()
    lefts = {i for i, j in near if _is_within(upright[i], upright[j])}
    rights = {j for i, j in near if _is_within(upright[j], upright[i])}
    inner_left, inner_right = [upright[i] for i in sorted(lefts)], [upright[i] for i in sorted(rights)]
    return [
        (left, right)
        for left in inner_left
        for right in inner_right
        if left.at < right.at
        and abs(left.start - right.start) <= SNAP_PT
        and abs(left.end - right.end) <= SNAP_PT
        and not any(_longer_between(left, right, one) for one in upright)
    ]


def _is_within(one: Segment, other: Segment) -> bool:
    within = other.start - SNAP_PT <= one.start and one.end <= other.end + SNAP_PT
    return within and _outreaches(other, one)


def _longer_between(left: Segment, right: Segment, one: Segment) -> bool:
    crosses = one.start < left.end - SNAP_PT and one.end > left.start + SNAP_PT
    return left.at < one.at < right.at and crosses and _outreaches(one, left)


def _outreaches(one: Segment, other: Segment) -> bool:
    return one.end - one.start >= other.end - other.start + NESTED_SHORTER_PT


def _flat_box(one: Segment) -> Box:
    return Box(one.start, one.at, one.end, one.at)


def _upright_box(one: Segment) -> Box:
    return Box(one.at, one.start, one.at, one.end)


def _lies_in(box: Box, frame: Box) -> bool:
    return frame.x0 <= box.x0 and frame.y0 <= box.y0 and box.x1 <= frame.x1 and box.y1 <= frame.y1


def _crossing_groups(
    flat: Sequence[Segment], upright: Sequence[Segment]
) -> list[tuple[list[Segment], list[Segment]]]:
    """Lines grouped by who crosses whom."""
    f = np.array([(one.at, one.start, one.end) for one in flat])
    u = np.array([(one.at, one.start, one.end) for one in upright])
    crossing = (
        (u[None, :, 0] >= f[:, None, 1] - CROSS_PT)
        & (u[None, :, 0] <= f[:, None, 2] + CROSS_PT)
        & (f[:, None, 0] >= u[None, :, 1] - CROSS_PT)
        & (f[:, None, 0] <= u[None, :, 2] + CROSS_PT)
    )
    groups: list[tuple[list[Segment], list[Segment]]] = []
    left = set(range(len(flat)))
    while left:
        rows, columns = _spread(crossing, left.pop())
        left -= rows
        if columns:
            groups.append(([flat[i] for i in sorted(rows)], [upright[i] for i in sorted(columns)]))
    return groups


def _spread(crossing: np.ndarray, start: int) -> tuple[set[int], set[int]]:
    rows, columns = {start}, set[int]()
    fresh = {start}
    while fresh:
        met = {int(i) for row in fresh for i in np.flatnonzero(crossing[row])} - columns
        columns |= met
        fresh = {int(i) for column in met for i in np.flatnonzero(crossing[:, column])} - rows
        rows |= fresh
    return rows, columns


def _lattice(flat: list[Segment], upright: list[Segment], nested: Sequence[Box]) -> Lattice | None:
    xs = _with_overhang(_positions(upright), flat)
    ys = _with_overhang(_positions(flat), upright)
    if len(xs) < 2 or len(ys) < 2:  # noqa: PLR2004  (two lines close one cell)
        return None
    areas = _areas(xs, ys, _with_rim(flat, ys, xs), _with_rim(upright, xs, ys))
    box = Box(xs[0], ys[0], xs[-1], ys[-1])
    inside = tuple(frame for frame in nested if box.holds_center_of(frame))
    return Lattice(tuple(xs), tuple(ys), tuple(areas), tuple(flat), tuple(upright), inside)


def _positions(lines: Sequence[Segment]) -> list[float]:
    """Where the lines stand, near ones taken together."""
    found: list[float] = []
    for at in sorted(line.at for line in lines):
        if not found or at - found[-1] > SNAP_PT:
            found.append(at)
    return found


def _with_overhang(positions: list[float], across: Sequence[Segment]) -> list[float]:
    """Add the ends of the crossing lines where they reach beyond: an outer cell without outer border."""
    start, end = min(one.start for one in across), max(one.end for one in across)
    if positions and positions[0] - start > OVERHANG_PT:
        positions = [start, *positions]
    if positions and end - positions[-1] > OVERHANG_PT:
        positions = [*positions, end]
    return positions


def _with_rim(lines: Sequence[Segment], at: Sequence[float], across: Sequence[float]) -> list[Segment]:
    """The outermost positions close the lattice whether or not a line is drawn there."""
    return [*lines, Segment(at[0], across[0], across[-1]), Segment(at[-1], across[0], across[-1])]


def _areas(
    xs: Sequence[float], ys: Sequence[float], flat: Sequence[Segment], upright: Sequence[Segment]
) -> list[Area]:
    rows, columns = len(ys) - 1, len(xs) - 1
    wall = _walls(xs, ys, upright)
    floor = _walls(ys, xs, flat)
    label = np.arange(rows * columns).reshape(rows, columns)
    for row in range(rows):
        for column in range(columns):
            if column + 1 < columns and not wall[column + 1][row]:
                _merge(label, label[row, column + 1], label[row, column])
            if row + 1 < rows and not floor[row + 1][column]:
                _merge(label, label[row + 1, column], label[row, column])
    names, first, counts = np.unique(label, return_index=True, return_counts=True)
    areas: list[Area] = []
    for name, at, count in zip(names.tolist(), first.tolist(), counts.tolist(), strict=True):
        if count == 1:
            areas.append(Area(at // columns, at % columns, 1, 1))
        else:
            areas.extend(_rectangles(label == name))
    return areas


def _merge(label: np.ndarray, a: int, b: int) -> None:
    if a != b:
        label[label == a] = b


def _walls(at: Sequence[float], along: Sequence[float], lines: Sequence[Segment]) -> list[list[bool]]:
    """For each position and each interval along it: does a drawn line cover enough of the interval?"""
    walls: list[list[bool]] = []
    for place in at:
        near = [(one.start, one.end) for one in lines if abs(one.at - place) <= SNAP_PT]
        walls.append([_covers(near, start, end) for start, end in pairwise(along)])
    return walls


def _covers(near: Sequence[tuple[float, float]], start: float, end: float) -> bool:
    shared = 0.0
    for first, last in near:
        if first < end and last > start:
            shared += min(last, end) - max(first, start)
    return shared >= EDGE_SHARE * (end - start)


def _rectangles(mask: np.ndarray) -> list[Area]:
    """The mask as one rectangle, or, when lines leave an odd shape, as one rectangle per row run."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    row, column = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) - row + 1, int(columns[-1]) - column + 1
    if int(mask.sum()) == height * width:
        return [Area(row, column, height, width)]
    areas: list[Area] = []
    for at in rows:
        full = np.flatnonzero(mask[at])
        runs = np.split(full, np.flatnonzero(np.diff(full) > 1) + 1)
        areas.extend(Area(int(at), int(run[0]), 1, len(run)) for run in runs)
    return areas
