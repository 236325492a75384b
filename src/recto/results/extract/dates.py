"""Text in, the dates it says out: every usual way to write one, in the languages of MONTH_LANGUAGES.

Month names are the Unicode consortium's, by Babel. A date of numbers only may be read two ways; which one is meant
is decided once for a document, by `day_first`, from dates that can only be read one way and from signs of the
country. Never guesses a missing year.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale

MONTH_LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "sv",
    "da",
    "nb",
    "fi",
    "pl",
    "cs",
    "ro",
    "tr",
    "id",
)
"""Languages whose month names are known."""
CENTURY_TURN = 70
"""Years of two digits from here on are of the twentieth century."""
EARLIEST, LATEST = 1800, 2199
"""Years outside of these are other numbers."""
MONTHS = 12

_YEAR = r"(?P<year>\d{4}|['’]?\d{2})(?![\d])"
_DAY = r"(?P<day>\d{1,2})"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_JOIN = r"[\s.,/\-–]{0,3}"
_PATTERNS = (
    re.compile(
        r"(?<![\d./-])(?P<year>\d{4})\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})(?![\d])"
    ),
    re.compile(r"(?<![\d./])(?P<one>\d{1,2})\s?(?P<sign>[-/.])\s?(?P<two>\d{1,2})\s?(?P=sign)\s?" + _YEAR),
    re.compile(
        rf"(?<![\d./]){_DAY}\s?(?:st|nd|rd|th|er|ème|º|°|\.)?(?:\s*day)?(?:\s+(?:of|de|du|del))?{_JOIN}{_MONTH}"
        rf"(?:\s+(?:of|de|del))?{_JOIN}{_YEAR}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![^\W\d_]){_MONTH}{_JOIN}{_DAY}(?:\s?(?:st|nd|rd|th))?[\s.,/\-–]{{1,3}}{_YEAR}", re.IGNORECASE
    ),
)
_SPAN_START = re.compile(
    r"(?<![\d./,-])(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?\s*(?:-|–|to|au|bis|tot|until|al)\s*$", re.IGNORECASE
)
_US_SIGNS = re.compile(
    r"\b[A-Z]{2}\.?,? \d{5}(?:-\d{4})?\b|\(\d{3}\)\s?\d{3}-\d{4}|\bUnited States\b|\bU\.S\.A?\."
)


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date and where the text says it; `either` when day and month could be the other way round."""

    day: date
    start: int
    end: int
    either: bool = False


def dates_in(text: str, *, day_first: bool = True) -> list[DateFound]:
    """The dates of a text in its order, none inside another.

    >>> [found.day.isoformat() for found in dates_in("from 1 May 2020 to 31/05/2020")]
    ['2020-05-01', '2020-05-31']
    """
    found: list[DateFound] = []
    for one in sorted(_all(text, day_first), key=lambda one: (one.start, -one.end)):
        if not found or one.start >= found[-1].end:
            first = _first_of_span(text, one)
            if first is not None and (not found or first.start >= found[-1].end):
                found.append(first)
            found.append(one)
    return found


def _first_of_span(text: str, last: DateFound) -> DateFound | None:
    """The first day of a span that says month and year once: "1 - 31 July 2015"."""
    if not text[last.start : last.start + 1].isdigit() or not any(
        letter.isalpha() for letter in text[last.start : last.end]
    ):
        return None
    match = _SPAN_START.search(text, 0, last.start)
    day = _date(last.day.year, last.day.month, int(match["day"])) if match else None
    return DateFound(day, match.start("day"), match.end("day")) if match and day and day < last.day else None


def _all(text: str, day_first: bool) -> Iterator[DateFound]:
    if not any(letter.isdigit() for letter in text):
        return
    for pattern in _PATTERNS:
        at = 0
        while match := pattern.search(text, at):
            found = _read(match, day_first)
            if found is not None:
                yield found
            at = match.end() if found is not None else match.start() + 1


def _read(match: re.Match[str], day_first: bool) -> DateFound | None:
    parts = match.groupdict()
    year = _year(parts["year"])
    if year is None:
        return None
    if "one" not in parts:
        month = _month(parts["month"])
        day = _date(year, month, int(parts["day"])) if month else None
        return DateFound(day, *match.span()) if day else None
    one, two = int(parts["one"]), int(parts["two"])
    usual, other = _date(year, two, one), _date(year, one, two)
    first, second = (usual, other) if day_first else (other, usual)
    day = first or second
    return DateFound(day, *match.span(), either=bool(usual and other and one != two)) if day else None


def _year(text: str) -> int | None:
    year = int(text.strip("'’"))
    if len(text.strip("'’")) == 2:  # noqa: PLR2004  (digits)
        year += 1900 if year >= CENTURY_TURN else 2000
    return year if EARLIEST <= year <= LATEST else None


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text) if 1 <= int(text) <= MONTHS else None
    return month_names().get(folded(text))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def folded(text: str) -> str:
    """The text in lower case without accents.

    >>> folded("Août")
    'aout'
    """
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).lower()


@cache
def month_names() -> dict[str, int]:
    """Month numbers by folded name and abbreviation; a name that two languages use differently is left out."""
    found: dict[str, set[int]] = {"sept": {9}}
    for language in MONTH_LANGUAGES:
        for context in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context[width].items():
                    found.setdefault(folded(name).strip(". "), set()).add(number)
    return {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}


def day_first(texts: Iterable[str]) -> bool:
    """Whether dates like 03/04/2020 mean the third of April in this document.

    Dates that can be read one way only decide; without any, signs of the United States mean month first.
    """
    days = months = 0
    american = False
    for text in texts:
        for match in _PATTERNS[1].finditer(text):
            days += int(match["one"]) > MONTHS >= int(match["two"])
            months += int(match["two"]) > MONTHS >= int(match["one"])
        american = american or _US_SIGNS.search(text) is not None
    return days > months if days != months else not american
