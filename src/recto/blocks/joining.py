"""Lines in, running text out: line ends become spaces, words broken at a line end are made whole.

A hyphen at the end of a line is dropped when letters stand before it and a small letter follows; a compound
broken at its own hyphen thus loses it, which is the rarer case. Never looks at boxes.
"""

from collections.abc import Iterable

from recto.blocks.lines import Line
from recto.document.page import Word

SOFT_HYPHEN = "\u00ad"
UNSPACED_PER_WORD = 2.0
"""Signs of a Chinese or Japanese word, about."""
HYPHENS = ("-", "\u2010", "\u2011", SOFT_HYPHEN)


def joined(lines: Iterable[Line]) -> str:
    """The text of lines that run on, on one line."""
    text = ""
    for line in lines:
        text = _append(text, line.text)
    return text.rstrip(SOFT_HYPHEN)


def count_words(words: Iterable[Word]) -> float:
    """How many words a reader would count; two signs of Chinese or Japanese, which has no spaces, are one word.

    >>> from recto.document.geometry import Box
    >>> count_words([Word("two", Box(0, 0, 9, 9), 9), Word("words", Box(9, 0, 20, 9), 9)])
    2.0
    """
    count = 0.0
    for word in words:
        unspaced = sum(map(_unspaced, word.text))
        count += max(1.0, unspaced / UNSPACED_PER_WORD)
    return count


def _append(text: str, more: str) -> str:
    if not text:
        return more
    if text.endswith(HYPHENS) and more and len(text) > 1:
        if text[-1] == SOFT_HYPHEN or (text[-2].isalpha() and more[0].islower()):
            return text[:-1] + more
        if text[-2].isalnum():
            return text + more
    if _unspaced(text[-1]) and more and _unspaced(more[0]):
        return text + more
    return f"{text} {more}"


def _unspaced(letter: str) -> bool:
    """Chinese and Japanese are written without spaces."""
    return "\u3040" <= letter <= "\u30ff" or "\u4e00" <= letter <= "\u9fff" or "\u3000" <= letter <= "\u3002"
