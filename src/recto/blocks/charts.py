"""Words and rulings in, the boxes of charts out: found by the scale of their upright axis.

A chart's scale is a stack of lone numbers, flush on one side, evenly spaced, that fall evenly from top to bottom,
with lines drawn beside it and hardly a word at the height of its marks. (Numbers in a table's first column
rise, or have cells beside them.) Never looks at curves; charts without a scale stay unknown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recto.blocks.lines import Line
from recto.document.geometry import Box, around
from recto.document.page import Page, Word

MIN_MARKS = 5
"""Numbers that make a scale."""
FLUSH_PT = 2.0
"""Edges of the numbers differ by no more than this, in points."""
EVEN_SHARE = 0.12
"""Distances between marks differ by no more than this share."""
NEAR_PT = 30.0
"""How far, in points, the drawn lines may begin from the numbers."""
BESIDE_SHARE = 0.4
"""Share of the marks that may have words beside them: legends stand inside charts."""
LABELS_EM = 2.5
"""Height below the scale, in font sizes, in which the labels of the level axis stand."""

_NUMBER = re.compile(r"^[-−]?[$€£]?\d{1,3}(?:,?\d{3})*(?:\.\d+)?\s?%?$")
_PART = re.compile(r"[-−$€£\d,.%]+")
"""A word that may be a part of such a number, or all of it."""
_NOT_DIGITS = re.compile(r"[^\d.]")


@dataclass(frozen=True, slots=True)
class _Mark:
    line: Line
    value: float


def may_hold_charts(page: Page, words: Sequence[Word]) -> bool:
    """A quick look: lines, and numbers enough for one scale, flush on one side."""
    if not page.rulings:
        return False
    if sum(1 for word in words if word.text[-1].isdigit() or word.text[-1] == "%") < MIN_MARKS:
        return False
    parts = [word.box for word in words if _PART.fullmatch(word.text)]
    return _some_flush([box.x1 for box in parts]) or _some_flush([box.x0 for box in parts])


def _some_flush(edges: list[float]) -> bool:
    """Whether so many edges as a scale has marks stand at one place."""
    edges.sort()
    return any(last - first <= FLUSH_PT for first, last in zip(edges, edges[MIN_MARKS - 1 :], strict=False))


def find_charts(page: Page, phrases: Sequence[Line]) -> list[Box]:
    """Boxes of charts, in points, the largest first; none overlaps another by more than a rim."""
    marks = [_Mark(one, _value(one.text)) for one in phrases if _NUMBER.match(one.text)]
    if len(marks) < MIN_MARKS or not page.rulings:
        return []
    found: list[Box] = []
    for scale in (*_scales(marks, right=True), *_scales(marks, right=False)):
        box = _plot(page, scale, phrases)
        if box is not None:
            found.append(box)
    return _without_overlap(found)


def _value(text: str) -> float:
    digits = float(_NOT_DIGITS.sub("", text))
    return -digits if text[0] in "-−" else digits


def _scales(marks: Sequence[_Mark], right: bool) -> list[list[_Mark]]:
    """Runs of numbers flush on one side that fall evenly."""
    edge = {id(mark): mark.line.box.x1 if right else mark.line.box.x0 for mark in marks}
    groups: list[list[_Mark]] = []
    for mark in sorted(marks, key=lambda one: edge[id(one)]):
        if groups and edge[id(mark)] - edge[id(groups[-1][0])] <= FLUSH_PT:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [run for group in groups for run in _even_runs(group)]


def _even_runs(group: Sequence[_Mark]) -> list[list[_Mark]]:
    runs: list[list[_Mark]] = []
    for mark in sorted(group, key=lambda one: one.line.box.y0):
        if runs and _goes_on(runs[-1], mark):
            runs[-1].append(mark)
        elif runs and len(runs[-1]) > 1:
            runs.append([runs[-1][-1], mark] if _falls(runs[-1][-1], mark) else [mark])
        else:
            runs.append([mark])
    return [run for run in runs if len(run) >= MIN_MARKS]


def _falls(above: _Mark, below: _Mark) -> bool:
    return below.value < above.value and below.line.box.y0 > above.line.box.y1


def _goes_on(run: Sequence[_Mark], mark: _Mark) -> bool:
    if not _falls(run[-1], mark):
        return False
    if len(run) == 1:
        return True
    distance, step = _pace(run[-2], run[-1])
    next_distance, next_step = _pace(run[-1], mark)
    return abs(next_distance - distance) <= EVEN_SHARE * distance and abs(next_step - step) <= 1e-3 * step


def _pace(above: _Mark, below: _Mark) -> tuple[float, float]:
    return below.line.box.y0 - above.line.box.y0, above.value - below.value


def _plot(page: Page, scale: Sequence[_Mark], phrases: Sequence[Line]) -> Box | None:
    """The chart a scale belongs to: as far as the lines drawn beside it reach."""
    numbers = around(mark.line.box for mark in scale)
    beside = [
        ruling.box
        for ruling in page.rulings
        if ruling.box.y1 >= numbers.y0 - FLUSH_PT
        and ruling.box.y0 <= numbers.y1 + FLUSH_PT
        and numbers.x0 - FLUSH_PT <= ruling.box.x0 <= numbers.x1 + NEAR_PT
    ]
    right = max((box.x1 for box in beside), default=numbers.x1)
    if right - numbers.x1 < numbers.height / 4:
        return None
    box = Box(numbers.x0, numbers.y0, right, numbers.y1)
    inside = [one.box for one in phrases if box.holds_center_of(one.box) and one.box.x0 > numbers.x1]
    busy = sum(1 for mark in scale if any(mark.line.box.overlap_y(other) > 1 for other in inside))
    if busy > BESIDE_SHARE * len(scale):
        return None
    low = box.y1 + LABELS_EM * scale[0].line.size
    labels = [
        one.box for one in phrases if box.y1 - 1 <= one.box.y0 and one.box.y1 <= low and _under(one.box, box)
    ]
    second = [one.box for one in phrases if _NUMBER.match(one.text) and _right_of(one.box, box)]
    return around((box, *labels, *second))


def _under(label: Box, box: Box) -> bool:
    """Short labels below the chart, not the caption that runs under it."""
    return box.x0 - NEAR_PT <= label.x0 and label.x1 <= box.x1 + NEAR_PT and label.width < box.width / 4


def _right_of(number: Box, chart: Box) -> bool:
    """A number of a second scale, on the other side of the chart."""
    return (
        chart.x1 - FLUSH_PT <= number.x0 <= chart.x1 + NEAR_PT
        and chart.y0 - 1 <= number.center_y <= chart.y1 + 1
    )


def _without_overlap(boxes: Sequence[Box]) -> list[Box]:
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda one: -one.area):
        if not any(box.share_inside(other) > BESIDE_SHARE for other in kept):
            kept.append(box)
    return kept
