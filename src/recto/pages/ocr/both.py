"""Two recognisers, cheapest first: straighten, read with Tesseract, turn if needed, ask RapidOCR when unsure.

In: the picture of a page. Out: its words in the picture's own coordinates. RapidOCR reads only the lines that
Tesseract did not find or is not sure of, unless the page lies on its side. `default_reader` picks what this machine
has. The arithmetic of straightening and turning is here; recognising is in the two adapters.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recto.document.geometry import Box
from recto.document.page import Word
from recto.pages.ocr.agreement import agreed, settled
from recto.pages.ocr.port import OcrReader, ThoroughReader, mean_confidence
from recto.pages.ocr.rapid import RapidReader
from recto.pages.ocr.tesseract import TesseractReader

# Mean confidence of Tesseract's words below which RapidOCR reads the page again. Clean pages have 0.955 and more; on
# 36 forms and receipts of 0.49 to 0.93 Tesseract found 0.76 and 0.69 of the words (F1), RapidOCR 0.84 and 0.91.
LOW_CONFIDENCE = 0.94
TURN_CONFIDENCE = 0.65  # below, the page may lie on its side: its orientation is looked at
FEW_LETTERS = 8  # so few letters found: perhaps none at all, or the page lies on its side
DOMINANT_TURN = 0.6  # share of the letters that must run sideways for a page to count as lying on its side
UNKNOWN_SCRIPT = 0.1  # share of letters that Tesseract's English does not know: then its words are garbage
LAST_KNOWN = "\u024f"  # the last letter of the Latin alphabets
MUCH_LESS = 0.7  # times the sure letters of the first reading: a second one with fewer has failed
SKEW_RANGE_DEG = 8.0  # how far a page is expected to be turned by a feeder or a hand
SKEW_STEP_DEG = 0.25
SKEW_LEAST_DEG = 0.4  # less does not disturb recognition
SKEW_GAIN = 1.05  # the straightened page must have rows this much sharper, else it stays as it is
SKEW_SIDE_PX = 1000  # the longer side of the picture on which the angle is searched
INK_BELOW_PAPER = 60  # grey levels darker than the paper (the median)
SMALL_SIDE_PX = (
    1200  # a picture whose longer side is shorter is enlarged before reading: letters of 10 px fail
)
ENLARGED = 2


class BothReaders:
    """Tesseract first, RapidOCR where Tesseract is unsure."""

    name = "tesseract+rapidocr"

    def __init__(self, quick: TesseractReader, thorough: ThoroughReader) -> None:
        self._quick = quick
        self._thorough = thorough

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        """See the port."""
        grey = image.convert("L")
        words, rotation = self._upright(grey, dpi)
        if mean_confidence(words) >= LOW_CONFIDENCE and _letters(words) >= FEW_LETTERS:
            return words
        if rotation:
            return self._read_turned(image, dpi, words, rotation)
        stand: list[Word] = []

        def wanted(line: Box) -> bool:
            if not settled(line, words):
                return True
            stand.extend(word for word in words if line.holds_center_of(word.box))
            return False

        second = self._thorough.read_where(image, dpi, wanted)
        kept = {id(word) for word in stand}
        doubted = [word for word in words if id(word) not in kept]
        return [word for word in words if id(word) in kept] + _chosen(doubted, second)

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        """See the port."""
        answers = self._quick.read_lines(image.convert("L"), dpi, lines)
        doubtful = [index for index, words in enumerate(answers) if mean_confidence(words) < LOW_CONFIDENCE]
        second = self._thorough.read_lines(image, dpi, [lines[index] for index in doubtful])
        for index, words in zip(doubtful, second, strict=True):
            answers[index] = _chosen(answers[index], words)
        return answers

    def _read_turned(self, image: Image.Image, dpi: float, words: list[Word], rotation: int) -> list[Word]:
        turned = image.rotate(-rotation, expand=True)
        return _chosen(words, _turned_back(self._thorough.read(turned, dpi), rotation, turned.size, dpi))

    def _upright(self, grey: Image.Image, dpi: float) -> tuple[list[Word], int]:
        words = _straightened(self._quick, grey, dpi)
        if mean_confidence(words) >= TURN_CONFIDENCE and _letters(words) >= FEW_LETTERS:
            return words, dominant_rotation(words)
        rotation = self._quick.rotation(grey, dpi)
        if not rotation:
            return words, 0
        turned = grey.rotate(-rotation, expand=True)
        again = _straightened(self._quick, turned, dpi)
        if _sure_letters(again) <= _sure_letters(words):
            return words, 0
        return _turned_back(again, rotation, turned.size, dpi), rotation


def default_reader() -> OcrReader:
    """Both recognisers where Tesseract's data is installed, RapidOCR alone elsewhere; nothing is loaded yet."""
    if TesseractReader.available():
        return BothReaders(TesseractReader(), RapidReader())
    return RapidReader()


def skew_deg(image: Image.Image) -> float:
    """How far the lines of a grey picture rise to the right, degrees counter-clockwise; 0.0 when level or unclear."""
    small = image.convert("L")
    small.thumbnail((SKEW_SIDE_PX, SKEW_SIDE_PX))
    grey = np.asarray(small)
    rows, columns = np.nonzero(grey < int(np.median(grey)) - INK_BELOW_PAPER)
    if len(rows) < SKEW_SIDE_PX or len(rows) > grey.size // 3:
        return 0.0  # nothing to measure, or a photo
    level = _sharpness(rows, columns, 0.0)
    steps = round(SKEW_RANGE_DEG / SKEW_STEP_DEG)
    coarse = [4 * SKEW_STEP_DEG * step for step in range(-steps // 4, steps // 4 + 1)]
    best = max(coarse, key=lambda angle: _sharpness(rows, columns, angle))
    fine = [best + SKEW_STEP_DEG * step for step in range(-3, 4)]
    best = max(fine, key=lambda angle: _sharpness(rows, columns, angle))
    if abs(best) < SKEW_LEAST_DEG or _sharpness(rows, columns, best) < SKEW_GAIN * level:
        return 0.0
    return best


def _sharpness(rows: NDArray[np.intp], columns: NDArray[np.intp], angle_deg: float) -> float:
    # Lines of text that lie level give rows with much ink and rows with none.
    slope = math.tan(math.radians(angle_deg))
    levels = np.rint(rows + slope * columns).astype(np.int64)
    counts = np.bincount(levels - levels.min()).astype(np.float64)
    return float((counts * counts).sum())


def _straightened(reader: OcrReader, grey: Image.Image, dpi: float) -> list[Word]:
    factor = ENLARGED if max(grey.size) < SMALL_SIDE_PX else 1
    if factor > 1:
        grey = grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.BICUBIC)
    angle = skew_deg(grey)
    if not angle:
        return reader.read(grey, dpi * factor)
    paper = int(np.median(np.asarray(grey)))
    level = grey.rotate(-angle, resample=Image.Resampling.BICUBIC, fillcolor=paper)
    centre_x, centre_y = (side * 36 / (dpi * factor) for side in grey.size)
    return [
        replace(
            word,
            box=_swung(word.box, angle, centre_x, centre_y),
            rotation=(word.rotation + round(angle)) % 360,
        )
        for word in reader.read(level, dpi * factor)
    ]


def _swung(box: Box, angle_deg: float, centre_x: float, centre_y: float) -> Box:
    # The place of a box found on the straightened picture; its own small slant is left out.
    sine, cosine = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    x, y = box.center_x - centre_x, box.center_y - centre_y
    x, y = centre_x + x * cosine + y * sine, centre_y - x * sine + y * cosine
    wide, high = box.width / 2, box.height / 2
    return Box(round(x - wide, 3), round(y - high, 3), round(x + wide, 3), round(y + high, 3))


def _turned_back(words: list[Word], rotation: int, size: tuple[int, int], dpi: float) -> list[Word]:
    # Words of the upright picture (its size given) in the coordinates of the picture as it came.
    if not rotation:
        return words
    width, height = size[0] * 72 / dpi, size[1] * 72 / dpi
    return [
        replace(
            word,
            box=quarter_turned(word.box, rotation, width, height),
            rotation=(word.rotation + rotation) % 360,
        )
        for word in words
    ]


def dominant_rotation(words: Sequence[Word]) -> int:
    """The direction (0, 90, 180 or 270) that most letters run in; 0 when there is no such majority."""
    letters: Counter[int] = Counter()
    for word in words:
        letters[round(word.rotation / 90) * 90 % 360] += len(word.text)
    rotation = max(letters, key=lambda quarter: letters[quarter], default=0)
    return rotation if letters[rotation] > DOMINANT_TURN * letters.total() else 0


def quarter_turned(box: Box, rotation: int, width: float, height: float) -> Box:
    """A box of a sheet (its size given) after the sheet is turned counter-clockwise by 0, 90, 180 or 270."""
    turned = {
        0: (box.x0, box.y0, box.x1, box.y1),
        90: (box.y0, width - box.x1, box.y1, width - box.x0),
        180: (width - box.x1, height - box.y1, width - box.x0, height - box.y0),
        270: (height - box.y1, box.x0, height - box.y0, box.x1),
    }[rotation % 360]
    return Box(*(round(side, 3) for side in turned))


def _chosen(first: list[Word], second: list[Word]) -> list[Word]:
    # What stands of two readings of the same lines.
    if _unknown_letters(second) > UNKNOWN_SCRIPT * _letters(second):
        return second
    return first if _sure_letters(second) < MUCH_LESS * _sure_letters(first) else agreed(first, second)


def _letters(words: list[Word]) -> int:
    return sum(len(word.text) for word in words)


def _unknown_letters(words: list[Word]) -> int:
    return sum(letter.isalpha() and letter > LAST_KNOWN for word in words for letter in word.text)


def _sure_letters(words: list[Word]) -> float:
    return sum(len(word.text) * (word.confidence or 0.0) for word in words)
