"""A value and the words it cites in, how it stands to them out: verified, derived or unverified.

The words are read anew, without knowledge of how the value was found: they verify it only when, normalised, they
equal it. A number is compared as a number, a date as a date, a text letter by letter without case, accents, white
space and punctuation. Nothing that only resembles the value verifies it.
"""

import re

from recto.document.extraction import Scalar, Source, Verification
from recto.document.schema import SchemaField
from recto.results.extract.amounts import amounts_in
from recto.results.extract.dates import dates_in, folded
from recto.results.extract.kinds import kind_of
from recto.results.extract.readers import readings

_LETTERS = re.compile(r"[^\w%]+|_")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def verification_of(value: Scalar, field: SchemaField, sources: tuple[Source, ...]) -> Verification:
    """How a value of a field stands to the words it cites.

    Several sources are read one after the other, as one text.
    """
    if value is None or not sources:
        return "unverified"
    said = " ".join(source.text for source in sources)
    if says(said, value, field):
        return "verified"
    return "unverified"


def says(text: str, value: Scalar, field: SchemaField) -> bool:
    """Whether a text, normalised, is the value and nothing else.

    >>> says("$ 1,200.00", 1200.0, SchemaField("total", "total", "number"))
    True
    """
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        numbers = amounts_in(text)
        return len(numbers) == 1 and numbers[0].value == value
    if plain_letters(text) == plain_letters(value):
        return bool(plain_letters(value))
    if kind_of(field) == "duration":
        found = readings("duration", text, field, day_first=True)
        return len(found) == 1 and found[0].value == value
    dated = kind_of(field) in ("date", "datetime") or _ISO_DATE.match(value) is not None
    return dated and _says_date(text, value)


def plain_letters(text: str) -> str:
    """Letters and figures only, in lower case and without accents.

    >>> plain_letters("Müller & Co. (UK) Ltd.")
    'mullercoukltd'
    """
    return _LETTERS.sub("", folded(text))


def _says_date(text: str, value: str) -> bool:
    days = {one.day.isoformat() for way in (True, False) for one in dates_in(text, day_first=way)}
    found = dates_in(text)
    return len(found) == 1 and value[:10] in days and (len(value) == 10 or value[11:16] in text)  # noqa: PLR2004
