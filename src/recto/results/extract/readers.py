"""A kind and text in, the values of that kind that the text says out.

Every reader returns all it finds, in the order of the text, with the letters it stands on. A reading holds the value
in plain form (an ISO date, a number, a trimmed text); `typed` turns it into the schema's type. Readers know nothing
of labels. Telephone numbers are found by Google's rules (phonenumbers), names of currencies and countries come from
the Unicode consortium (Babel).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale

from recto.document.extraction import Scalar
from recto.document.schema import SchemaField
from recto.results.extract.amounts import SYMBOLS, amounts_in, currency_codes
from recto.results.extract.dates import dates_in, folded
from recto.results.extract.kinds import Kind
from recto.results.extract.lexicon import word_set
from recto.results.extract.patterns import fits

LONGEST_NAME, LONGEST_TEXT = 90, 300
"""Letters of a name and of a free text on one line, at most."""
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 6, 15
"""Digits of a telephone number; the larger is ITU-T E.164's."""
PLAIN, GOOD, SURE = 0.85, 0.95, 1.0
"""How much the form alone speaks for the kind: any text, a usual form, a form that nothing else has."""
IBAN_REST = 97
"""Rest of a sound IBAN by ISO 13616."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and the letters that say it; `quality` (0..1) is how much its form speaks for the kind."""

    value: Scalar
    start: int
    end: int
    quality: float = PLAIN


_IDENTIFIER = re.compile(
    r"(?<![\w])(?<!\d[.,])[#№]?\s?(?=[\w./_-]*\d)[A-Za-z0-9][\w./_-]*(?!\w|,\d|\s?%)"
    r"(?: \d{3}(?= \d{3}\b)| \d{3}\b(?! ?[%,.]\d))*",
    re.ASCII,
)
_EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"|]+|(?<![@\w.])[\w-]+\.(?:com|org|net|gov|edu|io|co|eu|de|nl|fr|uk|my)(?:\.\w{2})?(?:/\S*)?(?![\w@])"
)
_PHONE = re.compile(r"(?<![\w/.])(?:\+|\()?\d(?:[\d ()./–-]{4,18})\d(?!\w)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_BIC = re.compile(r"(?<!\w)[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?!\w)")
_VAT = re.compile(r"(?<!\w)(?<!\w[-.])(?:[A-Z]{2} ?|[A-Z]-)?[A-Z0-9]{0,3}\d(?:[ .-]?[A-Z0-9]){6,14}(?!\w)")
_ZIP = re.compile(
    r"(?<![\w.,-])(?:\d{5}(?:-\d{4})?|\d{4} ?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{6}"
    r"|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![\w,.-]\d|\w)"
)
_TIME = re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s?([AaPp]\.?[Mm])?\b")
_DURATION = re.compile(
    r"(?:(?<![a-z])(?P<word>[a-z]+(?:-[a-z]+)?)\s{0,3})?\(?(?P<digits>\d{1,3})?\)?[\s-]{0,3}(?P<unit>years?|months?|weeks?|days?|hours?)\b",
    re.IGNORECASE,
)
_TIME_UNIT = re.compile(r"\s?(?:calendar |business |working )?(?:days?|weeks?|months?)\b", re.IGNORECASE)
"""Behind a number: then it is a period, and no amount."""
_COUNTED = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
NUMBER_WORDS = {word: number for number, word in enumerate(_COUNTED)} | {
    "twenty-four": 24,
    "thirty": 30,
    "thirty-six": 36,
    "forty-five": 45,
    "sixty": 60,
    "ninety": 90,
    "a": 1,
    "an": 1,
}
"""Numbers written out, as contracts have them."""
_TRUE = word_set("yes y true x checked on ja oui si 1 ✓ ✔ ☑ ☒ [x]")
_FALSE = word_set("no n false off unchecked nein nee non 0 none ☐ [ ] []")
TICK_BOX = re.compile(r"\[\s?[xX✓✔]?\s?\]|[☐☑☒✓✔]|\([xX ]\)")
"""A box that is drawn in the text, ticked or not."""
_EDGE = " \t:;,|=_*•·"
_BLANK = re.compile(r"[_.\-–—\s:]*$")


def readings(kind: Kind, text: str, field: SchemaField, *, day_first: bool) -> list[Reading]:
    """The values of a kind in a text."""
    if kind in ("date", "datetime"):
        return _dates(text, field, kind, day_first=day_first)
    if kind == "choice":
        return list(_choices(text, field))
    return list(_READERS[kind](text))


def _dates(text: str, field: SchemaField, kind: Kind, *, day_first: bool) -> list[Reading]:
    found: list[Reading] = []
    for one in dates_in(text, day_first=day_first):
        value, end = one.day.isoformat(), one.end
        if kind == "datetime":
            clock = _TIME.search(text, one.end)
            value += "T00:00:00" if clock is None else f"T{_clock(clock)}"
            end = one.end if clock is None else clock.end()
        elif field.format != "date":
            value = text[one.start : one.end]
        found.append(Reading(value, one.start, end, SURE))
    return found


def _clock(match: re.Match[str]) -> str:
    hour = int(match[1])
    half = (match[4] or "").lower()
    if half.startswith("p") and hour < 12:  # noqa: PLR2004  (hours of half a day)
        hour += 12
    if half.startswith("a") and hour == 12:  # noqa: PLR2004
        hour = 0
    return f"{hour:02d}:{match[2]}:{match[3] or '00'}"


def _amounts(text: str) -> Iterator[Reading]:
    taken = [(one.start, one.end) for one in dates_in(text)]
    for one in amounts_in(text):
        if one.percent or any(start < one.end and one.start < end for start, end in taken):
            continue
        if not one.currency and _TIME_UNIT.match(text, one.end):
            continue
        value = int(one.value) if one.whole and not one.decimals else one.value
        quality = SURE if one.currency or one.decimals == 2 else PLAIN  # noqa: PLR2004  (cents)
        yield Reading(value, one.start, one.end, quality)


def _integers(text: str) -> Iterator[Reading]:
    for one in amounts_in(text):
        if one.whole and not one.percent and not one.currency:
            yield Reading(int(one.value), one.start, one.end, GOOD if not one.decimals else PLAIN)


def _percents(text: str) -> Iterator[Reading]:
    for one in amounts_in(text):
        if one.currency:
            continue
        value = int(one.value) if one.whole and not one.decimals else one.value
        yield Reading(value, one.start, one.end, SURE if one.percent else PLAIN)


def _identifiers(text: str) -> Iterator[Reading]:
    taken = [(one.start, one.end) for one in dates_in(text)]
    for match in _IDENTIFIER.finditer(text):
        start, end = match.span()
        if any(first < end and start < last for first, last in taken):
            continue
        value = match.group().strip(" ./-_")
        if value and not _TIME_UNIT.match(text, end):
            start += match.group().index(value)
            yield Reading(value.lstrip("#№ "), start, start + len(value), GOOD)


def _emails(text: str) -> Iterator[Reading]:
    for match in _EMAIL.finditer(text):
        yield Reading(match.group().rstrip("."), match.start(), match.end(), SURE)


def _urls(text: str) -> Iterator[Reading]:
    for match in _URL.finditer(text):
        yield Reading(match.group().rstrip(".,;)"), match.start(), match.end(), SURE)


def _phones(text: str) -> Iterator[Reading]:
    taken = [(one.start, one.end) for one in dates_in(text)]
    for match in _PHONE.finditer(text):
        digits = sum(letter.isdigit() for letter in match.group())
        inside = any(start < match.end() and match.start() < end for start, end in taken)
        if MIN_PHONE_DIGITS <= digits <= MAX_PHONE_DIGITS and not inside:
            value = match.group().strip(" .-/")
            yield Reading(value, match.start(), match.start() + len(value), GOOD if _dialled(value) else 0.7)


@lru_cache(maxsize=1024)
def _dialled(text: str) -> bool:
    """Whether it can be dialled as it is written: with a country code, or in one of some large countries."""
    import phonenumbers  # noqa: PLC0415  (large, and seldom needed)

    for region in (None, "US", "GB", "DE", "FR", "NL", "IN", "MY"):
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _ibans(text: str) -> Iterator[Reading]:
    for match in _IBAN.finditer(text):
        value = match.group().replace(" ", "")
        moved = "".join(str(int(letter, 36)) for letter in value[4:] + value[:4])
        if int(moved) % IBAN_REST == 1:
            yield Reading(value, match.start(), match.end(), SURE)


def _bics(text: str) -> Iterator[Reading]:
    for match in _BIC.finditer(text):
        if match.group()[4:6] in _territories("en") and not match.group().isdigit():
            yield Reading(match.group(), match.start(), match.end(), PLAIN)


def _vats(text: str) -> Iterator[Reading]:
    for match in _VAT.finditer(text):
        if sum(letter.isdigit() for letter in match.group()) >= MIN_PHONE_DIGITS:
            yield Reading(match.group(), match.start(), match.end(), GOOD)


def _zips(text: str) -> Iterator[Reading]:
    for match in _ZIP.finditer(text):
        yield Reading(match.group(), match.start(), match.end(), PLAIN)


def _currencies(text: str) -> Iterator[Reading]:
    for match in re.finditer(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text):
        if match.group() in currency_codes():
            yield Reading(match.group(), match.start(), match.end(), GOOD)
    for match in re.finditer(_SIGNS, text):
        yield Reading(SYMBOLS[match.group()], match.start(), match.end(), PLAIN)


_SIGNS = re.compile(
    "|".join(rf"(?<!\w){re.escape(sign)}(?![A-Za-z])" for sign in sorted(SYMBOLS, key=len, reverse=True))
)


@cache
def _territories(language: str) -> dict[str, str]:
    return {code: name for code, name in Locale(language).territories.items() if len(code) == 2}  # noqa: PLR2004


@cache
def country_names() -> dict[str, str]:
    """Codes of countries by folded name, in some languages and their own."""
    found: dict[str, str] = {}
    for language in ("en", "de", "fr", "nl", "es", "it"):
        for code, name in _territories(language).items():
            found.setdefault(folded(name), code)
    return found | {"usa": "US", "uk": "GB", "u.s.a.": "US"}


def _countries(text: str) -> Iterator[Reading]:
    names = country_names()
    for match in re.finditer(r"[^\W\d_][^\W\d_.]*(?: [^\W\d_]+)?", text):
        for part in (match.group(), *match.group().split()):
            if folded(part) in names and len(part) > 3:  # noqa: PLR2004  (letters: not "no" or "de")
                start = match.start() + match.group().index(part)
                yield Reading(part, start, start + len(part), GOOD)
                break


def _texts(text: str) -> Iterator[Reading]:
    value = text.strip(_EDGE)
    if value and len(value) <= LONGEST_TEXT and not _BLANK.match(value):
        start = text.index(value)
        yield Reading(value, start, start + len(value), PLAIN)


def _names(text: str) -> Iterator[Reading]:
    for one in _texts(text):
        value = str(one.value)
        letters = sum(letter.isalpha() for letter in value)
        if len(value) <= LONGEST_NAME and letters >= max(2, len(value) // 3):
            yield one


def _addresses(text: str) -> Iterator[Reading]:
    for one in _texts(text):
        value = str(one.value)
        if any(letter.isalpha() for letter in value):
            yield Reading(value, one.start, one.end, GOOD if any(sign.isdigit() for sign in value) else 0.6)


def _durations(text: str) -> Iterator[Reading]:
    for match in _DURATION.finditer(text):
        number = match["digits"] or NUMBER_WORDS.get((match["word"] or "").lower())
        if number is None:
            continue
        start = (
            match.start("digits")
            if match["word"] and match["word"].lower() not in NUMBER_WORDS
            else match.start()
        )
        count, unit = int(number), match["unit"].lower().rstrip("s")
        yield Reading(f"{count} {unit}{'' if count == 1 else 's'}", start, match.end(), SURE)


def _booleans(text: str) -> Iterator[Reading]:
    for match in re.finditer(r"\[[xX✓ ]?\]|[^\s,;:]+", text):
        word = match.group().lower().strip(".")
        if word in _TRUE or word in _FALSE or match.group() in ("[ ]", "[]"):
            yield Reading(word in _TRUE, match.start(), match.end(), GOOD)


def _choices(text: str, field: SchemaField) -> Iterator[Reading]:
    plain = folded(text)
    members = sorted((str(one) for one in field.enum if one is not None), key=len, reverse=True)
    for member in members:
        match = re.search(rf"(?<!\w){re.escape(folded(member)).replace('_', '[ _-]')}(?!\w)", plain)
        if match is not None and len(plain) == len(text):
            value = next(one for one in field.enum if str(one) == member)
            yield Reading(value, match.start(), match.end(), SURE)


_READERS: dict[Kind, Callable[[str], Iterator[Reading]]] = {
    "amount": _amounts,
    "integer": _integers,
    "percent": _percents,
    "identifier": _identifiers,
    "email": _emails,
    "phone": _phones,
    "url": _urls,
    "iban": _ibans,
    "bic": _bics,
    "vat": _vats,
    "zip": _zips,
    "currency": _currencies,
    "country": _countries,
    "text": _texts,
    "name": _names,
    "address": _addresses,
    "duration": _durations,
    "boolean": _booleans,
}


def typed(value: Scalar, field: SchemaField) -> Scalar:
    """The value in the schema's type; None where it cannot be said in it.

    >>> typed(12.0, SchemaField("n", "n", "integer")), typed(12.5, SchemaField("n", "n", "string"))
    (12, '12.5')
    """
    if value is None or (field.enum and value not in field.enum):
        return None
    if field.enum:
        return value
    if field.type in ("integer", "number"):
        return _number(value, whole=field.type == "integer")
    if field.type == "boolean":
        return value if isinstance(value, bool) else None
    text = str(value) if field.type == "string" else value
    return text if not field.pattern or fits(field.pattern, str(text)) else None


def _number(value: Scalar, *, whole: bool) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not whole:
        return value
    return int(value) if value == int(value) else None
