"""Two readings of one picture in, one out: where they agree both are surer, where one saw nothing the other helps.

Pure values; recognises nothing. The second reading is the better one on the whole and stands where they differ,
but for two things that it is known to do: to put accents on English letters, and to leave out lines.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recto.document.geometry import Box
from recto.document.page import Word

SAME_PLACE = 0.5  # share of the smaller word's area under the other: both are readings of one word
TOUCHED = 0.2  # share of a word's area under words of the other reading: more, and it is not missing there
SURE_ALONE = 0.9  # confidence of a word that only the first reading has
SHORTEST_ALONE = 2  # letters of such a word: single ones are specks
DOUBT = 0.9  # what is left of the confidence of a word that the other reading spells differently
"""Origin of the last three: 24 forms and 12 receipts, Tesseract first, RapidOCR second."""
SURE_WORD = 0.93  # confidence that every word of a line must have in the first reading for the line to stand
READ_SHARE = 0.7  # of a line's width that lies under its words: less, and some of it was not read
"""Origin of these two: 24 forms and 35 receipts. What is found does not change; 0.9 loses a third of a percent."""


def settled(line: Box, words: Sequence[Word]) -> bool:
    """Whether a first reading (`words`) has all of this line and is sure of it.

    >>> line, word = Box(0, 0, 60, 10), Word("certain", Box(1, 1, 58, 9), 9.0, confidence=0.96)
    >>> settled(line, [word]), settled(Box(0, 0, 200, 10), [word])
    (True, False)
    """
    inside = [word for word in words if word.box.share_inside(line) > SAME_PLACE]
    return (
        bool(inside)
        and sum(word.box.width for word in inside) >= READ_SHARE * line.width
        and min(word.confidence or 0.0 for word in inside) >= SURE_WORD
    )


def agreed(first: Sequence[Word], second: Sequence[Word]) -> list[Word]:
    """The words of the second reading, their confidence weighed by the first, and those that it left out."""
    if not first or not second:
        return list(second or first)
    shared = _shared(first, second)
    areas = np.array([word.box.area for word in first])
    same = shared >= SAME_PLACE * np.minimum(areas[:, None], [[word.box.area for word in second]])
    weighed = [
        _weighed(word, [first[row] for row in np.nonzero(same[:, column])[0].tolist()])
        for column, word in enumerate(second)
    ]
    missing = [
        word
        for word, under in zip(first, shared.sum(axis=1), strict=True)
        if under <= TOUCHED * word.box.area
        and (word.confidence or 0.0) >= SURE_ALONE
        and len(word.text) >= SHORTEST_ALONE
    ]
    return weighed + missing


def _shared(first: Sequence[Word], second: Sequence[Word]) -> NDArray[np.float64]:
    # Area that each word of one reading shares with each of the other, square points.
    one = np.array([(word.box.x0, word.box.y0, word.box.x1, word.box.y1) for word in first])[:, None, :]
    other = np.array([(word.box.x0, word.box.y0, word.box.x1, word.box.y1) for word in second])[None, :, :]
    wide = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    high = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    return np.clip(wide, 0.0, None) * np.clip(high, 0.0, None)


def _weighed(word: Word, others: Sequence[Word]) -> Word:
    if len(others) != 1:
        return word
    (other,) = others
    mine, theirs = word.confidence or 0.0, other.confidence or 0.0
    if word.text.casefold() == other.text.casefold():
        return replace(word, confidence=round(1 - (1 - mine) * (1 - theirs), 3))
    if _plain(word.text) == other.text:
        return replace(word, text=other.text)
    return replace(word, confidence=round(mine * DOUBT, 3))


def _plain(text: str) -> str:
    # Letters without their accents.
    return "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )
