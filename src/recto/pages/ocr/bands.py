"""A large picture cut into overlapping bands, and the lines found in each put together again. Pure arithmetic.

Looking for lines in a whole page at once takes more memory than a child process may have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BAND_PIXELS = 1_600_000  # of one band; memory goes with it: 3.1 million at once take 1.2 GB at the peak
OVERLAP_PX = 128  # of two bands: higher than a line of text at 200 dpi, headlines of 40 points included
EDGE_PX = 4  # a line that ends so near to the edge of a band is cut by it
SAME_LINE = 0.5  # share of the narrower piece's width, or of the smaller one's area, that two pieces share

Corners = NDArray[np.float64]
"""Four points (x, y) in pixels."""


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `top` to `bottom` of a picture, and the corners of the lines found in them, in the whole picture."""

    top: int
    bottom: int
    lines: tuple[Corners, ...] = ()


def bands_of(height: int, width: int) -> list[Band]:
    """The bands of a picture from top to bottom, without lines yet.

    >>> [(band.top, band.bottom) for band in bands_of(2000, 1500)]
    [(0, 1064), (936, 2000)]
    """
    count = max(1, math.ceil(height * width / BAND_PIXELS))
    rows = math.ceil((height + (count - 1) * OVERLAP_PX) / count)
    tops = [index * (rows - OVERLAP_PX) for index in range(count)]
    return [Band(top, min(height, top + rows)) for top in tops]


def joined(bands: Sequence[Band]) -> list[Corners]:
    """Every line once: seen whole in two bands it counts in one, and pieces of a line down the page are joined."""
    whole: list[Corners] = []
    pieces: list[Corners] = []
    for index, band in enumerate(bands):
        last = index + 1 == len(bands)
        for line in band.lines:
            top, bottom = float(line[:, 1].min()), float(line[:, 1].max())
            if (index > 0 and top <= band.top + EDGE_PX) or (not last and bottom >= band.bottom - EDGE_PX):
                pieces.append(line)
            elif _is_own(float(line[:, 1].mean()), band, first=index == 0, last=last):
                whole.append(line)
    return whole + [piece for piece in _joined_pieces(pieces) if not _is_among(piece, whole)]


def _is_own(middle: float, band: Band, *, first: bool, last: bool) -> bool:
    after_top = first or middle >= band.top + OVERLAP_PX / 2
    return after_top and (last or middle < band.bottom - OVERLAP_PX / 2)


def _joined_pieces(pieces: Sequence[Corners]) -> list[Corners]:
    lines: list[Corners] = []
    for piece in pieces:
        for index, line in enumerate(lines):
            wide, high = _shared(piece, line)
            if high >= 0 and wide >= SAME_LINE * min(np.ptp(piece[:, 0]), np.ptp(line[:, 0])):
                lines[index] = _around(piece, line)
                break
        else:
            lines.append(piece)
    return lines


def _is_among(piece: Corners, lines: Sequence[Corners]) -> bool:
    area = float(np.ptp(piece[:, 0]) * np.ptp(piece[:, 1]))
    for line in lines:
        wide, high = _shared(piece, line)
        if wide > 0 and high > 0 and wide * high >= SAME_LINE * area:
            return True
    return False


def _shared(one: Corners, other: Corners) -> tuple[float, float]:
    # Width and height that two lines share; negative where they are apart.
    low = np.minimum(one.max(axis=0), other.max(axis=0))
    wide, high = (low - np.maximum(one.min(axis=0), other.min(axis=0))).tolist()
    return wide, high


def _around(one: Corners, other: Corners) -> Corners:
    both = np.concatenate((one, other))
    (x0, y0), (x1, y1) = both.min(axis=0).tolist(), both.max(axis=0).tolist()
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
