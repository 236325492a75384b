"""RapidOCR (PP-OCR models in onnxruntime) as a recogniser: robust on noise, photos and Chinese, five times the cost.

In: a picture of a page. Out: its words in points. Lines are found and read by the library; where words begin, how
sure each is and where it stands is worked out here and in line. Its models come in its wheel, so it works without
network. Its classifier of upside-down lines is off: on upright pages it turned good lines into garbage.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recto.document.geometry import Box
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
THIN_PX = (
    160  # shorter side of a picture that is a strip of a page: as it is, its lines cost as much as a page's
)
PADDED_PX = 320
# Lines are read one at a time: together they are padded to the longest, which costs a fifth more and makes what is
# read of a line depend on its neighbours. Shorter ones are padded to this width, at 48 pixels of height: the library's
# 320 costs a third more where lines are short, and reads them worse (24 forms, 35 receipts).
LINES_AT_ONCE = 1
LEAST_WIDTH_PX = 160
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
        return self.read_where(image, dpi, lambda _: True)

    def read_where(self, image: Image.Image, dpi: float, wanted: Callable[[Box], bool]) -> list[Word]:
        """See the port."""
        factor = _factor(image)
        pixels, scale = _pixels(image, factor), 72 / (dpi * factor)
        found = [corners for corners in self._found(pixels) if wanted(_around(corners, scale))]
        return [word for line in self._lines(pixels, found) for word in words_of(line, scale)]

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        """See the port."""
        self._load()
        pixels, scale = _pixels(image, 1.0), 72 / dpi
        inside = [box.intersection(_sheet(image, scale)) for box in lines]
        crops = [_cut(pixels, box, scale) for box in inside]
        readable = [index for index, crop in enumerate(crops) if min(crop.shape[:2]) > 1]
        answers: list[list[Word]] = [[] for _ in lines]
        read = self._read_crops(
            [crops[at] for at in readable], [_corners(inside[at], scale) for at in readable]
        )
        for index, line in zip(readable, read, strict=True):
            if line.confidence >= LEAST_CONFIDENCE:
                answers[index] = words_of(line, scale)
        return answers

    def _load(self) -> None:
        if self._engine is None:
            self._engine = _engine(self._threads)

    def _found(self, pixels: NDArray[np.uint8]) -> list[Corners]:
        # The four corners of every line.
        self._load()
        bands: list[Band] = []
        for band in bands_of(*pixels.shape[:2]):
            rows = _not_thin(pixels[band.top : band.bottom])
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
        if not crops:
            return []
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
            "Rec.rec_batch_num": LINES_AT_ONCE,
            "Rec.rec_img_shape": [3, 48, LEAST_WIDTH_PX],
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


def _not_thin(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # White space to the right and below a strip: the library would enlarge it until its short side has 736 pixels.
    high, wide = pixels.shape[:2]
    if min(high, wide) >= THIN_PX:
        return pixels
    paper = np.median(pixels, axis=(0, 1)).astype(np.uint8)
    padded = np.full((max(high, PADDED_PX), max(wide, PADDED_PX), pixels.shape[2]), paper, np.uint8)
    padded[:high, :wide] = pixels
    return padded


def _around(corners: Corners, scale: float) -> Box:
    (x0, y0), (x1, y1) = (corners.min(axis=0) * scale).tolist(), (corners.max(axis=0) * scale).tolist()
    return Box(x0, y0, x1, y1)


def _sheet(image: Image.Image, scale: float) -> Box:
    return Box(0.0, 0.0, image.width * scale, image.height * scale)


def _corners(box: Box, scale: float) -> Corners:
    sides = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    return np.rint(np.array(sides) / scale)


def _cut(pixels: NDArray[np.uint8], box: Box, scale: float) -> NDArray[np.uint8]:
    (x0, y0), _, (x1, y1), _ = _corners(box, scale).astype(int).tolist()
    return pixels[y0:y1, x0:x1]


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
