"""Words of a form in, phrases out: each a label, or what may be a value.

A phrase is a run of words on one line. Lines are cut at wide gaps, where a label ends and where the next one
begins, and where a blank to be written on begins or ends. A word such as "Number:12", whose space the recogniser
missed, is cut as well; `home` says which word of the page a piece comes from. Never decides what belongs
together; see pairing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from recto.blocks.labels import is_label
from recto.blocks.lines import Line, baselines, cut_lines, line_of
from recto.document.geometry import Box
from recto.document.page import Word

WIDE_SPACE = 1.5
"""A gap so many times the other gaps of a line parts a value from the next label."""

_GLUED = re.compile(r"^([A-Za-z][^:]*:|[^:]*[A-Za-z)#]:)([^:/\s].*)$")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of a page, top to bottom, and the page's word that each of their words is, or is a piece of."""

    lines: tuple[Line, ...]
    home: Mapping[int, Word]


def cut_phrases(words: Sequence[Word], blank_of: Mapping[int, int]) -> Phrases:
    """The phrases of upright words. `blank_of` names the blank a word stands on, by the word's identity."""
    pieces: list[Word] = []
    home: dict[int, Word] = {}
    blanks: dict[int, int] = {}
    for word in words:
        for piece in _unglued(word):
            pieces.append(piece)
            home[id(piece)] = word
            if id(word) in blank_of:
                blanks[id(piece)] = blank_of[id(word)]
    found: list[Line] = []
    for line in cut_lines(baselines(pieces), ()):
        for part in _cut_at_blanks(line, blanks):
            found.extend([part] if id(part.words[0]) in blanks else _cut_at_labels(part))
    return Phrases(tuple(found), home)


def _unglued(word: Word) -> tuple[Word, ...]:
    """A word, or the label it ends and the value it begins, with a share of its box each."""
    glued = _GLUED.match(word.text)
    if glued is None:
        return (word,)
    label, value = glued.groups()
    box = word.box
    middle = box.x0 + box.width * len(label) / len(word.text)
    return (
        replace(word, text=label, box=Box(box.x0, box.y0, middle, box.y1)),
        replace(word, text=value, box=Box(middle, box.y0, box.x1, box.y1), space_before=True),
    )


def _cut_at_blanks(line: Line, blanks: Mapping[int, int]) -> list[Line]:
    cuts = [
        place
        for place, (before, word) in enumerate(pairwise(line.words), 1)
        if blanks.get(id(before)) != blanks.get(id(word))
    ]
    return _cut(line, cuts)


def _cut_at_labels(line: Line) -> list[Line]:
    """The line cut after each label in it, and before each label that follows a value."""
    cuts: list[int] = []
    begun = 0
    for place, word in enumerate(line.words):
        if not word.text.endswith(":"):
            continue
        start = begun if not cuts else _start_of_label(line.words, begun, place)
        if is_label(line_of(line.words[start : place + 1]).text):
            cuts += [start, place + 1]
            begun = place + 1
    return _cut(line, cuts)


def _start_of_label(words: Sequence[Word], begun: int, end: int) -> int:
    """Where a label begins that ends at `end` and follows the value that begins at `begun`.

    After the widest gap, where one stands out, else at the last word alone: it is the only one that surely is a
    part of the label. Where there is no room for a value, the label begins at once.
    """
    if end <= begun + 1:
        return begun if end == begun else end
    gaps = [words[at].box.x0 - words[at - 1].box.x1 for at in range(begun + 1, end + 1)]
    widest = max(range(len(gaps)), key=lambda at: gaps[at])
    others = gaps[:widest] + gaps[widest + 1 :]
    usual = sum(others) / len(others)
    return begun + 1 + widest if gaps[widest] > WIDE_SPACE * max(usual, 0.0) else end


def _cut(line: Line, cuts: Sequence[int]) -> list[Line]:
    places = sorted({0, *cuts, len(line.words)})
    return [line_of(line.words[start:end]) for start, end in pairwise(places)] if len(places) > 2 else [line]  # noqa: PLR2004  (both ends)
