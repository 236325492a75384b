"""How the space of a PDF page becomes the page as it is seen. Pure arithmetic on boxes and angles.

In: boxes with y growing upwards in the unrotated space of the file. Out: points of the upright page, origin top
left, cropped to the crop box, turned by /Rotate and by the direction its text runs in.
"""

from dataclasses import dataclass
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from recto.document.geometry import Box

Boxes = NDArray[np.float64]
"""n x 4: in page space left, bottom, right, top; on the upright page x0, y0, x1, y1."""

NEAR_TIE = 1e-6
"""Distance from a half, in thousandths of a point, within which a product may have been rounded onto it; the error
of a product below 20,000,000 is at most 2e-9."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The visible rectangle of a page in page space, and the clockwise turn (0, 90, 180, 270) that shows it."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int = 0

    @property
    def width(self) -> float:
        """Width in points as seen."""
        return self.right - self.left if self.turn % 180 == 0 else self.top - self.bottom

    @property
    def height(self) -> float:
        """Height in points as seen."""
        return self.top - self.bottom if self.turn % 180 == 0 else self.right - self.left

    def upright(self, boxes: Boxes) -> Boxes:
        """Boxes of page space (left, bottom, right, top) as x0, y0, x1, y1 of the upright page, unclipped."""
        x0, x1 = boxes[:, 0] - self.left, boxes[:, 2] - self.left
        y0, y1 = self.top - boxes[:, 3], self.top - boxes[:, 1]
        wide, high = self.right - self.left, self.top - self.bottom
        sides = {
            0: (x0, y0, x1, y1),
            90: (high - y1, x0, high - y0, x1),
            180: (wide - x1, high - y1, wide - x0, high - y0),
            270: (y0, wide - x1, y1, wide - x0),
        }[self.turn]
        return np.stack(sides, axis=1)

    def angle(self, angle_deg: float) -> int:
        """Direction of text (degrees counter-clockwise in page space) as seen, 0..359."""
        return round(angle_deg - self.turn) % 360

    def clipped(self, boxes: Boxes) -> Boxes:
        """Upright boxes cut off at the edges of the page."""
        limits = np.array([self.width, self.height, self.width, self.height])
        return np.minimum(np.maximum(boxes, 0.0), limits)

    def turned(self, by: int) -> "Frame":
        """The same rectangle, turned clockwise by so many degrees more."""
        return Frame(self.left, self.bottom, self.right, self.top, (self.turn + by) % 360)


def as_box(row: NDArray[np.float64]) -> Box:
    """One row of an upright array as a Box, to a thousandth of a point."""
    return as_boxes(row[None])[0]


def as_boxes(rows: Boxes) -> list[Box]:
    """The rows of an upright array as boxes, to a thousandth of a point."""
    return list(starmap(Box, thousandths(rows).tolist()))


def thousandths(values: Boxes) -> Boxes:
    """The sides rounded to a thousandth of a point, as Python rounds."""
    # Numpy multiplies first, which can move a value onto a tie: those near one are done singly.
    scaled = values * 1000
    rounded = np.rint(scaled) / 1000
    doubtful = np.abs(scaled - np.floor(scaled) - 0.5) < NEAR_TIE
    rounded[doubtful] = [round(side, 3) for side in values[doubtful].tolist()]
    return rounded
