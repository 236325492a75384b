"""RapidOCR (PP-OCR models in onnxruntime) as a recogniser: robust on noise and photos, five times the cost.

Its models come in its wheel, so it works without network. Its classifier of upside-down lines is off: on upright
pages it turned good lines into garbage.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from recto.document.geometry import Box
from recto.document.page import Word

THREADS = 2  # of one reader; several readers run beside each other
FONT_SHARE = (
    0.85  # of a line's box height: its boxes have some air around the letters (measured on test pages)
)
SIDEWAYS = 1.5  # a line at least so many times higher than wide runs sideways


class RapidReader:
    """RapidOCR, loaded at the first page."""

    name = "rapidocr"

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._engine: Any = None

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        """See the port."""
        if self._engine is None:
            self._engine = _engine(self._threads)
        pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]  # the models were trained on BGR
        found = self._engine(np.ascontiguousarray(pixels), use_cls=False, return_word_box=True)
        if found is None or found.boxes is None or not found.txts:
            return []
        return [
            word
            for line, box in zip(found.word_results, found.boxes, strict=False)
            for word in _words(line, np.asarray(box, np.float64), 72 / dpi)
        ]


def _engine(threads: int) -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 - loads onnxruntime and OpenCV: a second and 80 MB

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )


def _words(line: Any, corners: np.ndarray[Any, np.dtype[np.float64]], scale: float) -> Iterator[Word]:
    wide, high = np.ptp(corners[:, 0]), np.ptp(corners[:, 1])
    sideways = high > SIDEWAYS * wide and len(line) > 0 and sum(len(text) for text, _, _ in line) > 1
    size = float(wide if sideways else np.linalg.norm(corners[3] - corners[0])) * FONT_SHARE * scale
    for text, confidence, outline in line:
        if not text.strip():
            continue
        points = np.asarray(outline, np.float64) * scale
        x0, y0 = points.min(axis=0)
        x1, y1 = points.max(axis=0)
        yield Word(
            text=text.strip(),
            box=Box(round(float(x0), 3), round(float(y0), 3), round(float(x1), 3), round(float(y1), 3)),
            font_size=round(size, 1),
            rotation=270 if sideways else 0,
            confidence=round(float(confidence), 3),
        )
