"""Words of a text layer that may not show on the page in, those that do not show out. Judges by a picture.

Text in the colour of its paper, or in the dark under a black bar, is in the file and on nobody's eyes. Most pages
hold no word that might be such: only near-white words off a dark area and dark words on one are doubtful, and only
for them is the page drawn (small, in grey) and looked at. Never looks at letters: a word is unseen when the
picture is flat where it stands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recto.document.geometry import Box
from recto.document.page import Word
from recto.pages.drawing import Drawing

DARK_GREY, LIGHT_GREY = 60, 200
"""Grey levels (0 black to 255 white): on darker areas dark text drowns, on lighter ones near-white text does."""
SEEN_CONTRAST = 16
"""Grey levels between the lightest and the darkest dot of a word that shows; print noise stays below."""
BAND = (0.25, 0.75)
"""Part of a word's height that is looked at: lines and letters of its neighbours reach into the rest."""
MOST_AREAS = 2_000
"""Areas of each kind that are compared with the words; a page of more is a pattern."""

Grey = NDArray[np.int16]


def doubtful(words: Sequence[Word], pale: Sequence[Word], drawn: Drawing) -> list[Word]:
    """The words that may not show: `pale` are the near-white ones among `words`."""
    dark_areas = [box for box, grey in drawn.fills if grey < DARK_GREY][:MOST_AREAS]
    if not pale and not dark_areas:
        return []
    light = {id(word) for word in pale}
    is_light = np.array([id(word) in light for word in words], np.bool_)
    centres = np.array([(word.box.center_x, word.box.center_y) for word in words]).reshape(-1, 2)
    doubt = ~is_light & _inside(centres, dark_areas)
    if pale:
        under = [box for box, grey in drawn.fills if grey <= LIGHT_GREY][:MOST_AREAS]
        over = [box for box, grey in drawn.fills if grey > LIGHT_GREY][:MOST_AREAS]
        doubt |= is_light & (_inside(centres, over) | ~_inside(centres, under))
    return [words[place] for place in np.flatnonzero(doubt).tolist() if not words[place].hidden]


def unseen(words: Sequence[Word], picture: Grey, scale: float) -> list[Word]:
    """Those of the words that the picture of the page, `scale` dots to the point, does not show."""
    return [word for word in words if _is_flat(word.box, picture, scale)]


def _inside(centres: NDArray[np.float64], areas: Sequence[Box]) -> NDArray[np.bool_]:
    # Which of the points lie in one of the areas.
    found = np.zeros(len(centres), np.bool_)
    x, y = centres.T
    for area in areas:
        found |= (x >= area.x0) & (x < area.x1) & (y >= area.y0) & (y < area.y1)
    return found


def _is_flat(box: Box, picture: Grey, scale: float) -> bool:
    top, bottom = (box.y0 + share * box.height for share in BAND)
    rows = slice(max(0, int(top * scale)), int(bottom * scale) + 1)
    columns = slice(max(0, int(box.x0 * scale)), int(box.x1 * scale) + 1)
    dots = picture[rows, columns]
    return bool(dots.size) and int(dots.max()) - int(dots.min()) < SEEN_CONTRAST
