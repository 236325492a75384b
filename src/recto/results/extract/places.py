"""A value, the lines that are to state it, and their texts in; where exactly they state it, and how, out.

The lines are read anew and know nothing of how the value was found. A place is told only when the letters there,
normalised, are the value (as `verify` compares them); a value that follows from its lines (a sum, parts joined, a
mark) is told as such. A neighbour of a named line counts too: values break over lines.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from recto.document.extraction import Scalar
from recto.document.schema import SchemaField
from recto.results.extract.amounts import amounts_in
from recto.results.extract.coerce import NO
from recto.results.extract.dates import dates_in
from recto.results.extract.readers import readings
from recto.results.extract.verify import plain_letters

Span = tuple[int, int, int]
"""Number of a line (from 1), first letter, end."""

TextOf = Callable[[int], str]
"""The text of the line with a number; empty for numbers that are none."""

_TICKED = re.compile(r"\[[xX✓✔]\](?:\s*(?P<word>\w+))?")
_EMPTY_BOX = re.compile(r"\[ ?\](?:\s*(?P<word>\w+))?")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SAME_NUMBER = 1e-9
"""Difference below which two numbers are one: less than any printed decimal."""
MOST_LINES = 60
"""Named lines of one value that are read: whole passages are quoted by fewer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stated, and whether the letters are the value or it follows from them."""

    spans: tuple[Span, ...]
    how: Literal["stated", "follows"] = "stated"


def place_of(value: Scalar, field: SchemaField, lines: Sequence[int], text_of: TextOf) -> Place | None:
    """Where the named lines, or those next to them, state a value; None when they do not."""
    if value is None or not lines:
        return None
    named = sorted(set(lines))[:MOST_LINES]
    near = sorted({other for line in named for other in (line - 1, line, line + 1) if text_of(other)})
    for numbers in (named, near):
        found = _stated(value, numbers, text_of)
        if found:
            return Place(found)
    follows = _follows(value, field, named, text_of)
    return Place(follows, "follows") if follows else None


def _stated(value: Scalar, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    if isinstance(value, bool):
        return ()
    if isinstance(value, int | float):
        return next(_numbers(float(value), numbers, text_of), ())
    found = _letters(str(value), numbers, text_of)
    if not found and ISO_DATE.match(str(value)):
        found = next(_dates(str(value), numbers, text_of), ())
    return found


def _numbers(value: float, numbers: Sequence[int], text_of: TextOf) -> Iterator[tuple[Span, ...]]:
    for number in numbers:
        for one in amounts_in(text_of(number)):
            if abs(one.value - value) < SAME_NUMBER:
                yield ((number, one.start, one.end),)


def _dates(value: str, numbers: Sequence[int], text_of: TextOf) -> Iterator[tuple[Span, ...]]:
    for number in numbers:
        for day_first in (True, False):
            for one in dates_in(text_of(number), day_first=day_first):
                if one.day.isoformat() == value[:10]:
                    yield ((number, one.start, one.end),)


def _letters(value: str, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    """The letters of a text, within a line or over lines that follow one another."""
    wanted = plain_letters(value)
    if not wanted:
        return ()
    for run in [[number] for number in numbers] + _runs(numbers):
        found = _letters_in(wanted, run, text_of)
        if found:
            return found
    return ()


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Named lines that follow one another; and all together, for columns."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    several = [run for run in runs if len(run) > 1]
    return several if len(runs) == 1 else [*several, list(numbers)]


def _letters_in(wanted: str, run: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    told = [(number, *_plain(text_of(number))) for number in run]
    joined = "".join(letters for _, letters, _ in told)
    if wanted not in joined:
        return ()
    owners = [(number, at) for number, _, places in told for at in places]
    start = joined.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if _is_whole(owners[start], owners[end - 1], text_of):
            return _spans(owners[start:end])
        start = joined.find(wanted, start + 1)
    return ()


def _is_whole(first: tuple[int, int], last: tuple[int, int], text_of: TextOf) -> bool:
    """Whether the letters are not cut out of longer words."""
    before, after = text_of(first[0]), text_of(last[0])
    cut_left = first[1] > 0 and before[first[1] - 1].isalnum()
    cut_right = last[1] + 1 < len(after) and after[last[1] + 1].isalnum()
    return not cut_left and not cut_right


def _spans(owners: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    bounds: dict[int, tuple[int, int]] = {}
    for number, at in owners:
        low, high = bounds.get(number, (at, at))
        bounds[number] = (min(low, at), max(high, at))
    return tuple((number, low, high + 1) for number, (low, high) in bounds.items())


@lru_cache(maxsize=4096)
def _plain(text: str) -> tuple[str, tuple[int, ...]]:
    """The letters and figures of a text as they are compared, and where each stands."""
    letters: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        for letter in plain_letters(sign):
            letters.append(letter)
            places.append(at)
    return "".join(letters), tuple(places)


def _follows(value: Scalar, field: SchemaField, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    """Where a value follows from: a mark, the last amounts of lines that add up to it, its words over lines."""
    if isinstance(value, bool):
        return _marked(value, field, numbers, text_of)
    if isinstance(value, int | float):
        return _adding_up(float(value), numbers, text_of)
    return _in_pieces(str(value), numbers, text_of)


def _marked(value: bool, field: SchemaField, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    for number in numbers:
        text = text_of(number)
        found = _ticks(text)
        if not found and "[" not in text:
            told = readings("boolean", text, field, day_first=True)
            found = [(one.value is True, one.start, one.end) for one in told]
        if found and all(mark is value for mark, _, _ in found):
            _, start, end = found[0]
            return ((number, start, end),)
    return ()


def _ticks(text: str) -> list[tuple[bool, int, int]]:
    """What ticked boxes say: yes, or the yes or no they stand before; an empty box alone says no."""
    found = [
        (match["word"] is None or match["word"].lower() not in NO, match.start(), match.end())
        for match in _TICKED.finditer(text)
    ]
    empty = list(_EMPTY_BOX.finditer(text))
    if not found and len(empty) == 1 and (empty[0]["word"] or "").lower() not in NO:
        return [(False, empty[0].start(), empty[0].end())]
    return found


def _adding_up(value: float, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    last = [(number, found[-1]) for number in numbers if (found := amounts_in(text_of(number)))]
    total = sum(one.value for _, one in last)
    if len(last) < 2 or abs(total - value) >= 0.005:  # noqa: PLR2004  (a sum has two parts; half a cent)
        return ()
    return tuple((number, one.start, one.end) for number, one in last)


def _in_pieces(value: str, numbers: Sequence[int], text_of: TextOf) -> tuple[Span, ...]:
    """All words of a text, each whole on one of the lines, when one line alone does not have them."""
    words = [word for word in value.split() if plain_letters(word)]
    if len(words) < 2 or len(numbers) < 2:  # noqa: PLR2004
        return ()
    spans: list[Span] = []
    for word in words:
        found = next(
            (hit for number in numbers if (hit := _letters_in(plain_letters(word), [number], text_of))), ()
        )
        if not found:
            return ()
        spans.extend(found)
    return tuple(dict.fromkeys(spans))
