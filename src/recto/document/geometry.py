"""Boxes on a page. Pure values, no page content.

One convention everywhere: points (1/72 inch), origin top left, y grows downwards, page as seen after its
rotation and cropped to its crop box. Boxes are half-open: [x0, x1) by [y0, y1). Conversion to the wire's
relative left/top/width/height happens in wire/parse only.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points: left x0, top y0, right x1, bottom y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return max(0.0, self.x1 - self.x0)

    @property
    def height(self) -> float:
        return max(0.0, self.y1 - self.y0)

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center_x(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def center_y(self) -> float:
        return (self.y0 + self.y1) / 2

    def intersection(self, other: "Box") -> "Box":
        """The shared rectangle; empty (area 0) where there is none."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def holds_center_of(self, other: "Box") -> bool:
        """Whether the middle of the other box lies in this one."""
        return self.x0 <= other.center_x < self.x1 and self.y0 <= other.center_y < self.y1

    def share_inside(self, other: "Box") -> float:
        """Share (0..1) of this box's area that lies in the other; 0 for an empty box."""
        return self.intersection(other).area / self.area if self.area else 0.0

    def overlap_x(self, other: "Box") -> float:
        """Length in points of the shared horizontal extent, 0 when apart."""
        return max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))

    def overlap_y(self, other: "Box") -> float:
        """Length in points of the shared vertical extent, 0 when apart."""
        return max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))

    def grown(self, by: float) -> "Box":
        """The box with each side moved outwards by so many points."""
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all; raises ValueError when there is none."""
    every = list(boxes)
    if not every:
        raise ValueError("around() needs at least one box")
    if len(every) == 1:
        return every[0]
    return Box(
        min([b.x0 for b in every]),
        min([b.y0 for b in every]),
        max([b.x1 for b in every]),
        max([b.y1 for b in every]),
    )
