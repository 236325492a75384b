"""Raw outputs of a layout model in, boxes with a class and a score out. Pure arithmetic on arrays.

The models of the PP-Layout family (PicoDet) look at the page in grids of several steps. For every place of a
grid they give a score for each class and, for each side of a box, a distribution of its distance in steps; its
mean is where the side lies (generalised focal loss, X. Li et al. 2020). Boxes that mean the same part are then
reduced to the surest. Never looks at the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STEPS_PX = (8, 16, 32, 64)  # grid steps of the PP-Layout models, in pixels of their input
SAME_PART = 0.5  # intersection over union from which two boxes mean one part
WITHIN = 0.85  # share of a box inside a surer one of its class that makes it a piece of that one
MOST_PARTS = 300  # surest candidates compared: a page has fewer parts than that


@dataclass(frozen=True, slots=True)
class Found:
    """A box x0, y0, x1, y1 in pixels of the model's input, its class by number, and the score 0..1."""

    box: tuple[float, float, float, float]
    label: int
    score: float


def decoded(
    scores: Sequence[Floats], distances: Sequence[Floats], size: tuple[int, int], least: float
) -> list[Found]:
    """Parts of one page, the surest first.

    `scores` has an array (places, classes) for each step of STEPS_PX, `distances` one of (places, 4 x bins);
    `size` is height and width of the input in pixels; scores below `least` count as nothing.
    """
    candidates: list[Found] = []
    for step, score, distance in zip(STEPS_PX, scores, distances, strict=True):
        label, best = score.argmax(axis=1), score.max(axis=1)
        sure = best >= least
        boxes = _boxes(step, distance, size)[sure]
        candidates += [
            Found((float(x0), float(y0), float(x1), float(y1)), int(one), float(value))
            for (x0, y0, x1, y1), one, value in zip(boxes, label[sure], best[sure], strict=True)
        ]
    candidates.sort(key=lambda found: -found.score)
    return surest(candidates[:MOST_PARTS])


def surest(candidates: Sequence[Found]) -> list[Found]:
    """Of boxes that mean the same part the first; candidates come the surest first."""
    kept: list[Found] = []
    for found in candidates:
        if not any(_same_part(found, other) for other in kept):
            kept.append(found)
    return kept


def _boxes(step: int, distance: Floats, size: tuple[int, int]) -> Floats:
    rows, columns = -(-size[0] // step), -(-size[1] // step)
    y, x = np.mgrid[:rows, :columns].reshape(2, -1) + 0.5
    bins = distance.shape[1] // 4
    power = np.exp(distance.reshape(-1, 4, bins) - distance.max())
    mean = (power * np.arange(bins)).sum(axis=2) / power.sum(axis=2)
    left, top, right, bottom = mean.T
    return np.stack((x - left, y - top, x + right, y + bottom), axis=1) * step


def _same_part(found: Found, other: Found) -> bool:
    width = min(found.box[2], other.box[2]) - max(found.box[0], other.box[0])
    height = min(found.box[3], other.box[3]) - max(found.box[1], other.box[1])
    if width <= 0 or height <= 0:
        return False
    shared, own, others = width * height, _area(found), _area(other)
    if found.label == other.label and shared >= WITHIN * own:
        return True
    return shared >= SAME_PART * (own + others - shared)


def _area(found: Found) -> float:
    x0, y0, x1, y1 = found.box
    return (x1 - x0) * (y1 - y0)
