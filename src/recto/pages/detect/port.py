"""What every layout model promises: a picture of a page in, boxes of its parts in points out.

A second opinion beside the rules of `blocks`: never words, never an order, and never the last word.
"""

from typing import Protocol

from PIL import Image

from recto.document.page import SeenRegion


class LayoutDetector(Protocol):
    """Sees the parts of a page. One detector serves many pages; it is not safe to share between threads."""

    @property
    def name(self) -> str:
        """How results and logs call this detector."""
        ...

    def detect(self, image: Image.Image, dpi: float) -> tuple[SeenRegion, ...]:
        """The parts of an upright page with so many pixels per inch, the surest first.

        Boxes are points from the top left of the picture, inside it. Empty for a page without parts.
        """
        ...
