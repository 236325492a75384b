"""Lines printed on a scanned page: a picture in, rulings out. Pure arithmetic on pixels; reads no text.

A scan has no drawn objects, so its tables' lines are found as long dark runs of pixels. Runs of neighbouring
rows that overlap belong to one line, which may slant a little; what is too thick for its length is a picture.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recto.document.geometry import Box
from recto.document.page import Ruling, Word

# Lengths in points, from looking at scanned forms and receipts.
SHORTEST = 30.0  # a shorter dark run may be a letter of a heading
THICKEST = 6.0  # of one line
SLANT = 0.05  # points sideways per point of length: 3 degrees
INK_BELOW_PAPER = 60  # grey levels (0..255) darker than the paper (the median)
GAP_PX = 2  # rows without ink inside one line
JOIN_GAP = 15.0  # between two pieces of a faint line
JOIN_STEP = 2.0  # from the level of one piece to that of the next
MOST_RUNS = 20_000  # in one direction: more and the page is a photo
OVER_LINE = 0.5  # share of a word's box, or of its width, on a ruling
UNDER_WORD = 0.3  # of a word's height: a line no further below it is the one that the word stands on
LINE_LETTERS = frozenset("|_-\u2013\u2014=~.,:;'\"\\/[]()!I l1")  # what recognisers make of pieces of lines

_Run = tuple[int, int, int]
"""Row, first column, column after the last."""


def rulings_in(image: Image.Image, dpi: float) -> tuple[Ruling, ...]:
    """Horizontal and vertical lines of a picture with so many pixels per inch, in points."""
    grey = np.asarray(image.convert("L"))
    ink = grey < int(np.median(grey)) - INK_BELOW_PAPER
    scale = 72 / dpi
    return (*_lines(ink, scale, horizontal=True), *_lines(ink.T, scale, horizontal=False))


def without_line_letters(words: Sequence[Word], rulings: Sequence[Ruling]) -> list[Word]:
    """The words that are not just a piece of a line which the recogniser took for a letter."""
    thin = [ruling.box.grown(2.0) for ruling in rulings]
    return [
        word
        for word in words
        if not (
            LINE_LETTERS.issuperset(word.text) and any(word.box.share_inside(box) > OVER_LINE for box in thin)
        )
    ]


def without_underlines(words: Sequence[Word], rulings: Sequence[Ruling]) -> list[Word]:
    """The words without the underscores that a recogniser reads where they stand on a printed line."""
    lines = [ruling.box for ruling in rulings if ruling.horizontal]
    return [
        part
        for word in words
        for part in (_split_at_underscores(word) if _stands_on(word.box, lines) else (word,))
    ]


def _stands_on(box: Box, lines: Sequence[Box]) -> bool:
    return any(
        box.center_y < line.center_y < box.y1 + UNDER_WORD * box.height
        and line.overlap_x(box) >= OVER_LINE * box.width
        for line in lines
    )


def _split_at_underscores(word: Word) -> Iterator[Word]:
    if "_" not in word.text:
        yield word
        return
    letter = word.box.width / len(word.text)
    for match in re.finditer("[^_]+", word.text):
        x0, x1 = word.box.x0 + match.start() * letter, word.box.x0 + match.end() * letter
        yield replace(word, text=match.group(), box=Box(round(x0, 3), word.box.y0, round(x1, 3), word.box.y1))


def _lines(ink: NDArray[np.bool_], scale: float, *, horizontal: bool) -> list[Ruling]:
    runs = _long_runs(ink, max(2, round(SHORTEST / scale)))
    if len(runs) > MOST_RUNS:
        return []
    found: list[Ruling] = []
    for group in _grouped(runs):
        left, right = min(run[1] for run in group), max(run[2] for run in group)
        top, bottom = group[0][0], group[-1][0] + 1
        length = (right - left) * scale
        thickness = sum(end - start for _, start, end in group) / (right - left) * scale
        if thickness > THICKEST or (bottom - top) * scale > THICKEST + SLANT * length:
            continue
        sides = tuple(round(side * scale, 3) for side in (left, top, right, bottom))
        box = Box(*sides) if horizontal else Box(sides[1], sides[0], sides[3], sides[2])
        found.append(Ruling(box, horizontal, round(thickness, 2)))
    return _joined(found)


def _joined(pieces: list[Ruling]) -> list[Ruling]:
    # Faint lines come in pieces: those that follow each other on the same level are one.
    lines: list[Ruling] = []
    for piece in sorted(pieces, key=lambda line: line.box.x0 if line.horizontal else line.box.y0):
        box = piece.box
        for index, line in enumerate(lines):
            before = line.box
            if piece.horizontal:
                gap, step = box.x0 - before.x1, box.center_y - before.center_y
            else:
                gap, step = box.y0 - before.y1, box.center_x - before.center_x
            if gap <= JOIN_GAP and abs(step) <= JOIN_STEP:
                thickness = max(line.thickness, piece.thickness)
                lines[index] = Ruling(before.union(box), piece.horizontal, thickness)
                break
        else:
            lines.append(piece)
    return sorted(lines, key=lambda line: (line.box.y0, line.box.x0))


def _long_runs(ink: NDArray[np.bool_], shortest: int) -> list[_Run]:
    # Every maximal dark run of at least so many pixels, row by row.
    padded = np.zeros((ink.shape[0], ink.shape[1] + 2), np.int8)
    padded[:, 1:-1] = ink
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    long = ends - starts >= shortest
    return list(zip(rows[long].tolist(), starts[long].tolist(), ends[long].tolist(), strict=True))


def _grouped(runs: list[_Run]) -> list[list[_Run]]:
    # Runs come row by row, so a run can only continue a group that ended a row or two above.
    closed: list[list[_Run]] = []
    growing: list[list[_Run]] = []
    for run in runs:
        row, start, end = run
        still = [group for group in growing if group[-1][0] >= row - GAP_PX]
        closed += [group for group in growing if group[-1][0] < row - GAP_PX]
        growing = still
        for group in growing:
            last = max(earlier[2] for earlier in group[-3:])
            first = min(earlier[1] for earlier in group[-3:])
            if start < last and first < end:
                group.append(run)
                break
        else:
            growing.append([run])
    return closed + growing
