"""A layout model of the PP-Layout family in an ONNX file as a detector: picture in, parts in points out.

The file says itself what its classes are called (metadata `character`, a line each). Nothing is downloaded.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from recto.document.geometry import Box
from recto.document.page import RegionKind, SeenRegion
from recto.errors import InvalidConfig
from recto.pages.detect.heads import STEPS_PX, decoded

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LEAST_SCORE = 0.4  # parts less sure are left out: best box F1 of 0.3, 0.4 and 0.5 on 9 journal pages
WIDEST = 1.0  # width over height of the widest picture shown as it is; landscape pages and cut-outs are wider
CHANNEL_MEAN = np.array(
    (0.485, 0.456, 0.406), np.float32
)  # of the pictures these models were trained on (ImageNet), 0..1
CHANNEL_SPREAD = np.array((0.229, 0.224, 0.225), np.float32)

KINDS: dict[str, RegionKind] = {
    "text": "text",
    "plain text": "text",
    "abstract": "text",
    "paragraph": "text",
    "content": "text",
    "title": "title",
    "doc_title": "title",
    "paragraph_title": "title",
    "list": "list",
    "figure": "figure",
    "image": "figure",
    "chart": "figure",
    "table": "table",
    "caption": "caption",
    "figure_caption": "caption",
    "table_caption": "caption",
    "figure_title": "caption",
    "table_title": "caption",
    "chart_title": "caption",
    "header": "header",
    "footer": "footer",
    "reference": "reference",
    "equation": "equation",
    "formula": "equation",
}
"""What the models call the parts; parts of other names are passed over."""


class OnnxDetector:
    """A model file, loaded at the first page. Raises InvalidConfig when it is no model of this family."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        self._threads = threads
        self._session: InferenceSession | None = None
        self._size = (0, 0)
        self._labels: list[str] = []

    @property
    def name(self) -> str:
        """See the port."""
        return self._path.stem

    def detect(self, image: Image.Image, dpi: float) -> tuple[SeenRegion, ...]:
        """See the port."""
        if self._session is None:
            self._session = self._load()
        whole = _page_shaped(image)
        pixels = _as_input(whole, self._size)
        outputs: Any = self._session.run(None, {self._session.get_inputs()[0].name: pixels})
        arrays = [np.asarray(output, np.float32)[0] for output in outputs]
        found = decoded(arrays[: len(STEPS_PX)], arrays[len(STEPS_PX) :], self._size, LEAST_SCORE)
        across, down = whole.width / self._size[1], whole.height / self._size[0]
        sheet = Box(0.0, 0.0, image.width * 72 / dpi, image.height * 72 / dpi)
        seen: list[SeenRegion] = []
        for one in found:
            kind = KINDS.get(self._labels[one.label].lower())
            x0, y0, x1, y1 = one.box
            scaled = Box(x0 * across, y0 * down, x1 * across, y1 * down)
            box = _in_points(scaled, dpi).intersection(sheet)
            if kind is not None and box.area > 0:
                seen.append(SeenRegion(box, kind, round(one.score, 3)))
        return tuple(seen)

    def _load(self) -> "InferenceSession":
        import onnxruntime  # noqa: PLC0415 - loads a native library; pages with a text layer need none

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(self._path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own error classes share no base that it exports
            raise InvalidConfig(
                f"The layout model {self._path} cannot be loaded: {' '.join(str(error).split())}"
            ) from error
        shape: list[Any] = session.get_inputs()[0].shape
        labels: str = session.get_modelmeta().custom_metadata_map.get("character", "")
        fixed = len(shape) == 4 and all(isinstance(side, int) for side in shape[2:])  # noqa: PLR2004  (n, c, h, w)
        if not fixed or len(session.get_outputs()) != 2 * len(STEPS_PX) or not labels:
            raise InvalidConfig(
                f"The layout model {self._path} is not of the PP-Layout family: it needs one input of fixed size, "
                f"{2 * len(STEPS_PX)} outputs and the names of its classes in its metadata ('character'). "
                "Set RECTO_LAYOUT_MODEL to such a file, or to off."
            )
        self._size = (int(shape[2]), int(shape[3]))
        self._labels = labels.splitlines()
        return session


def _page_shaped(image: Image.Image) -> Image.Image:
    """A picture wider than high on white paper below: the model knows pages, and would be shown a stretched one."""
    if image.width <= WIDEST * image.height:
        return image.convert("RGB")
    paper = Image.new("RGB", (image.width, round(image.width / WIDEST)), "white")
    paper.paste(image, (0, 0))
    return paper


def _as_input(image: Image.Image, size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    height, width = size
    small = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(small, np.float32)[:, :, ::-1] / 255  # trained on BGR, normalised in this order
    normal = (pixels - CHANNEL_MEAN) / CHANNEL_SPREAD
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)


def _in_points(box: Box, dpi: float) -> Box:
    scale = 72 / dpi
    return Box(
        round(box.x0 * scale, 2), round(box.y0 * scale, 2), round(box.x1 * scale, 2), round(box.y1 * scale, 2)
    )
