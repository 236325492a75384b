"""Lines in, running text out: line ends become spaces, words broken at a line end are made whole.

A hyphen at the end of a line is dropped when letters stand before it and a small letter follows; a compound
broken at its own hyphen thus loses it, which is the rarer case. Never looks at boxes.
"""

from collections.abc import Iterable

from recto.blocks.lines import Line

SOFT_HYPHEN = "\u00ad"
HYPHENS = ("-", "\u2010", "\u2011", SOFT_HYPHEN)


def joined(lines: Iterable[Line]) -> str:
    """The text of lines that run on, on one line."""
    text = ""
    for line in lines:
        text = _append(text, line.text)
    return text.rstrip(SOFT_HYPHEN)


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
