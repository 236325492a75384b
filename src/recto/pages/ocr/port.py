"""What every recogniser promises: a picture of a page in, words in points out. No files, no PDF, no layout."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PIL import Image

from recto.document.geometry import Box
from recto.document.page import Word


class OcrReader(Protocol):
    """Reads the text of a picture. One reader serves many pages; it is not safe to share between threads."""

    @property
    def name(self) -> str:
        """How results and logs call this reader."""
        ...

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        """The words of a picture in RGB or grey with so many pixels per inch.

        Boxes are points from the top left of the picture as given, each with a confidence 0..1. A word that
        runs sideways or upside down in the picture has its direction (degrees counter-clockwise) as `rotation`;
        the order of words is the recogniser's own. Raises nothing for a picture without text.
        """
        ...

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        """The words of each of these level lines (points), without looking for lines: much cheaper than `read`.

        The answers come in the order of the lines; their boxes are points from the top left of the picture.
        """
        ...


class ThoroughReader(OcrReader, Protocol):
    """A reader that finds lines first and can be told which of them are worth reading."""

    def read_where(self, image: Image.Image, dpi: float, wanted: Callable[[Box], bool]) -> list[Word]:
        """What `read` gives for the lines whose box (points) is wanted; the others are not read."""
        ...


def mean_confidence(words: Sequence[Word]) -> float:
    """Mean over letters, 0..1; 0 when there are none."""
    letters = sum(len(word.text) for word in words)
    return sum((word.confidence or 0.0) * len(word.text) for word in words) / letters if letters else 0.0
