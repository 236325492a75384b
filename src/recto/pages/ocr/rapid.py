"""RapidOCR (PP-OCR models in onnxruntime) as a recogniser: robust on noise, photos and Chinese, five times the cost.

In: a picture of a page. Out: its words in points. Lines are found and read by the library; where words begin, how
sure each is and where it stands is worked out here and in line. Its models come in its wheel, so it works without
network. Its classifier of upside-down lines is off: on upright pages it turned good lines into garbage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recto.document.page import Word
from recto.pages.ocr.bands import Band, Corners, bands_of, joined
from recto.pages.ocr.line import Letter, ReadLine, words_of

THREADS = 1  # of one reader; several readers run beside each other and share the cores
SMALL_SIDE_PX = (
    1200  # a picture whose longer side is shorter is enlarged: lines of 10 px letters are not found else
)
ENLARGED = 2
# Of the picture in which lines are looked for: the letters of a page at 200 dpi (3.7 million) are still found at
# the lower resolution, and time goes with the pixels.
MOST_PIXELS = 3_100_000
LEAST_CONFIDENCE = (
    0.6  # of a line: below are handwriting, specks and pieces of pictures (24 forms, 12 receipts)
)
TALL = 1.5  # a line at least so many times higher than wide runs sideways, or is a single narrow letter


class RapidReader:
    """RapidOCR, loaded at the first page."""

    name = "rapidocr"

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._engine: Any = None

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        """See the port."""
        factor = _factor(image)
        pixels = _pixels(image, factor)
        lines = self._lines(pixels, self._found(pixels))
        return [word for line in lines for word in words_of(line, 72 / (dpi * factor))]

    def _found(self, pixels: NDArray[np.uint8]) -> list[Corners]:
        # The four corners of every line.
        if self._engine is None:
            self._engine = _engine(self._threads)
        bands: list[Band] = []
        for band in bands_of(*pixels.shape[:2]):
            rows = pixels[band.top : band.bottom]
            found = self._engine(rows, use_det=True, use_cls=False, use_rec=False)
            boxes = [] if found is None or found.boxes is None else found.boxes
            shift = np.array([0.0, band.top])
            lines = tuple(np.asarray(box, np.float64) + shift for box in boxes)
            bands.append(replace(band, lines=lines))
        return joined(bands)

    def _lines(self, pixels: NDArray[np.uint8], corners: Sequence[Corners]) -> Iterator[ReadLine]:
        if not corners:
            return
        crops = self._engine.crop_text_regions(pixels, [box.astype(np.float32) for box in corners])
        for line, crop in zip(self._read_crops(crops, corners), crops, strict=True):
            best = self._best_way_round(line, crop) if _is_tall(line.corners) else line
            if best.confidence >= LEAST_CONFIDENCE:
                yield best

    def _best_way_round(self, line: ReadLine, crop: NDArray[np.uint8]) -> ReadLine:
        # The library turns tall crops as if their text ran down. It may also run up, or be one narrow letter.
        around = line.corners
        (upright,) = self._read_crops([np.rot90(crop, -1)], [around])
        (upwards,) = self._read_crops([np.rot90(crop, 2)], [np.roll(around, 1, axis=0)])
        downwards = replace(line, corners=np.roll(around, -1, axis=0), rotation=270)
        sideways = [way for way in (downwards, replace(upwards, rotation=90)) if len(way.letters) > 1]
        return max((upright, *sideways), key=lambda way: way.confidence)

    def _read_crops(self, crops: Sequence[NDArray[np.uint8]], corners: Sequence[Corners]) -> list[ReadLine]:
        self._engine.return_word_box = True  # else it does not tell where the letters stand
        found = self._engine.recognize_txt([np.ascontiguousarray(crop) for crop in crops])
        told = zip(found.txts, found.word_results, crops, corners, strict=True)
        return [
            ReadLine(_letters(text, places), crop[:, :, 1], around) for text, places, crop, around in told
        ]


def _engine(threads: int) -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 - loads onnxruntime and OpenCV: a second and 80 MB

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _factor(image: Image.Image) -> float:
    pixels = image.width * image.height
    if max(image.size) < SMALL_SIDE_PX:
        return min(ENLARGED, (MOST_PIXELS / pixels) ** 0.5)
    return min(1.0, (MOST_PIXELS / pixels) ** 0.5)


def _pixels(image: Image.Image, factor: float) -> NDArray[np.uint8]:
    coloured = image.convert("RGB")
    if factor != 1:
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        how = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.LANCZOS
        coloured = coloured.resize(size, how)
    return np.ascontiguousarray(np.asarray(coloured)[:, :, ::-1])  # the models were trained on BGR


def _is_tall(corners: Corners) -> bool:
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    return float(np.linalg.norm(corners[3] - corners[0])) >= TALL * max(1.0, wide)


def _letters(text: str, told: Any) -> tuple[Letter, ...]:
    # The library tells a confidence for every letter and space, and for every letter the column of its output.
    if not text.strip() or not told.line_txt_len:
        return ()
    columns = iter([column for group in told.word_cols for column in group])
    found: list[Letter] = []
    spaced = False
    for letter, sure in zip(text, told.confs, strict=False):
        if letter.isspace():
            spaced = bool(found)
            continue
        middle = min(1.0, (next(columns, told.line_txt_len) + 0.5) / told.line_txt_len)
        found.append(Letter(letter, middle, spaced, sure))
        spaced = False
    return tuple(found)
