"""Numbered lines in, the stretches of them that a model is shown at once out. Pure.

A window has at most so many pages and so many tokens; the next begins with the last page of the one before, so that a
row broken over a page end is whole in one of them. A page too long for a window is cut between lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from recto.inference.cost import estimated_tokens
from recto.results.extract.numbered import NumberedLine

WINDOW_PAGES, OVERLAP_PAGES = 10, 1
"""Pages of a window for lists, and how many of them the window before had too; contract, section 5.4."""
LINE_TOKENS = 4
"""Tokens of a line's number and brackets."""
SMALLEST_LINES = 12
"""Lines below which a window is not cut any further: what does not fit then never will."""


@dataclass(frozen=True, slots=True)
class Window:
    """Lines first..last, both included, by their numbers."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many lines it has."""
        return self.last - self.first + 1

    def halves(self) -> tuple["Window", "Window"]:
        """The window in two, cut in its middle; raises ValueError for a single line."""
        if self.size == 1:
            raise ValueError("a window of one line has no halves")
        middle = (self.first + self.last) // 2
        return Window(self.first, middle), Window(middle + 1, self.last)


def windows(lines: Sequence[NumberedLine], tokens: int, pages: int | None = None) -> list[Window]:
    """Windows over all lines, of at most so many tokens (and pages, where a number is given) each."""
    pieces = [piece for page in _pages(lines) for piece in _cut(lines, page, tokens)]
    sizes = [_tokens(lines, piece) for piece in pieces]
    found: list[Window] = []
    start = 0
    while start < len(pieces):
        end, used = start + 1, sizes[start]
        while end < len(pieces) and used + sizes[end] <= tokens and (pages is None or end - start < pages):
            used += sizes[end]
            end += 1
        found.append(Window(pieces[start].first, pieces[end - 1].last))
        if end == len(pieces):
            break
        again = end - OVERLAP_PAGES
        # The page that is shown twice must leave room for the next one, or nothing would be gained.
        start = again if again > start and sizes[again] + sizes[end] <= tokens else end
    return found


def _pages(lines: Sequence[NumberedLine]) -> list[Window]:
    found: list[Window] = []
    numbered = enumerate(lines, start=1)
    for _, group in groupby(numbered, key=lambda one: (one[1].document, one[1].page)):
        numbers = [number for number, _ in group]
        found.append(Window(numbers[0], numbers[-1]))
    return found


def _cut(lines: Sequence[NumberedLine], piece: Window, tokens: int) -> list[Window]:
    if piece.size < 2 * SMALLEST_LINES or _tokens(lines, piece) <= tokens:
        return [piece]
    return [inner for half in piece.halves() for inner in _cut(lines, half, tokens)]


def _tokens(lines: Sequence[NumberedLine], piece: Window) -> int:
    return sum(estimated_tokens(line.text) + LINE_TOKENS for line in lines[piece.first - 1 : piece.last])
