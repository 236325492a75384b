"""Tesseract as a recogniser: cheap and good on clean pages, with true word boxes. Needs its language data.

The library comes with the package, the data (`eng.traineddata`, `osd.traineddata`) from the system. Without data
`available` is False and this reader is not used.
"""

import math
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from recto.document.geometry import Box
from recto.document.page import Word
from recto.errors import ProcessingFailed

LANGUAGE = "eng"
DATA_FOLDERS = ("/usr/share/tesseract-ocr/*/tessdata", "/opt/homebrew/share/tessdata", "/usr/share/tessdata")
LEAST_CONFIDENCE = 0.1  # of a word: below are specks and pieces of pictures
LEAST_SIDE_PX = 3  # Tesseract refuses smaller rectangles
SURE_TURN = (
    2.0  # Tesseract's own measure of how sure it is of a page's orientation; its documents call 15 certain
)


class TesseractReader:
    """Tesseract with one language, loaded at the first page."""

    name = "tesseract"

    def __init__(self, language: str = LANGUAGE) -> None:
        self._language = language
        self._api: Any = None
        self._orientation: Any = None

    @staticmethod
    def available(language: str = LANGUAGE) -> bool:
        """Whether library and language data are there."""
        return _data_folder(language) is not None and _library() is not None

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        """See the port."""
        api = self._loaded(image, dpi)
        try:
            return list(_words(api.GetIterator(), dpi)) if api.Recognize() else []
        finally:
            api.Clear()

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        """See the port."""
        api, scale = self._loaded(image, dpi), dpi / 72
        sheet = Box(0.0, 0.0, image.width / scale, image.height / scale)
        api.SetPageSegMode(_library().PSM.SINGLE_LINE)
        answers: list[list[Word]] = []
        try:
            for line in lines:
                seen = line.intersection(sheet)
                left, top = round(seen.x0 * scale), round(seen.y0 * scale)
                width, height = round(seen.x1 * scale) - left, round(seen.y1 * scale) - top
                if min(width, height) < LEAST_SIDE_PX:
                    answers.append([])
                    continue
                api.SetRectangle(left, top, width, height)
                answers.append(list(_words(api.GetIterator(), dpi)) if api.Recognize() else [])
        finally:
            api.Clear()
            api.SetPageSegMode(_library().PSM.AUTO)
        return answers

    def _loaded(self, image: Image.Image, dpi: float) -> Any:
        if self._api is None:
            self._api = _engine(self._language, "AUTO")
        self._api.SetImage(image)
        self._api.SetSourceResolution(max(70, round(dpi)))
        return self._api

    def rotation(self, image: Image.Image, dpi: float) -> int:
        """Direction of the text, degrees counter-clockwise (0, 90, 180, 270); 0 when unsure or without data."""
        if _data_folder("osd") is None:
            return 0
        if self._orientation is None:
            self._orientation = _engine("osd", "OSD_ONLY")
        self._orientation.SetImage(image)
        self._orientation.SetSourceResolution(max(70, round(dpi)))
        found = self._orientation.DetectOrientationScript()
        self._orientation.Clear()
        if not found or found["orient_conf"] < SURE_TURN:
            return 0
        return (360 - int(found["orient_deg"])) % 360

    def close(self) -> None:
        """Free the models; the next page loads them again."""
        for engine in (self._api, self._orientation):
            if engine is not None:
                engine.End()
        self._api = self._orientation = None


@cache
def _library() -> Any:
    os.environ.setdefault(
        "OMP_THREAD_LIMIT", "1"
    )  # its threads cost more than they give; processes do better
    try:
        import tesserocr  # noqa: PLC0415 - optional on some systems, and slow to load
    except ImportError:
        return None
    return tesserocr


@cache
def _data_folder(language: str) -> Path | None:
    folders = [Path(prefix) for prefix in (os.environ.get("TESSDATA_PREFIX"),) if prefix]
    folders += [folder / "tessdata" for folder in folders]
    for pattern in DATA_FOLDERS:
        folders += sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    for folder in folders:
        if (folder / f"{language}.traineddata").is_file():
            return folder
    return None


def _engine(language: str, mode: str) -> Any:
    library, folder = _library(), _data_folder(language)
    if library is None or folder is None:
        raise ProcessingFailed(f"Tesseract has no data for {language!r}; install it or set TESSDATA_PREFIX.")
    try:
        return library.PyTessBaseAPI(path=f"{folder}/", lang=language, psm=getattr(library.PSM, mode))
    except RuntimeError as error:
        raise ProcessingFailed(
            f"Tesseract could not load its data for {language!r} from {folder}."
        ) from error


def _words(found: Any, dpi: float) -> Iterator[Word]:
    library = _library()
    if found is None:
        return
    level, scale = library.RIL.WORD, 72 / dpi
    for place in library.iterate_level(found, level):
        try:
            text = place.GetUTF8Text(level).strip()
        except RuntimeError:  # a picture: no text at this place
            continue
        box = place.BoundingBox(level)
        confidence = place.Confidence(level) / 100
        if not text or box is None or confidence < LEAST_CONFIDENCE:
            continue
        x0, y0, x1, y1 = (round(side * scale, 3) for side in box)
        size = place.RowAttributes()["row_height"] * scale
        yield Word(
            text=text,
            box=Box(x0, y0, x1, y1),
            font_size=round(size if size > 0 else y1 - y0, 1),
            rotation=_rotation(place),
            confidence=round(min(1.0, confidence), 3),
        )


def _rotation(place: Any) -> int:
    # The recogniser turns blocks of sideways text by itself; only the line's base then tells their direction.
    base = place.Baseline(_library().RIL.TEXTLINE)
    if base is None:
        return 0
    (x0, y0), (x1, y1) = base
    return round(math.degrees(math.atan2(y0 - y1, x1 - x0)) / 90) * 90 % 360
