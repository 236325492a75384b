"""The text of a line or cell in, whether it is a label, or a label with its value, out.

Only letters and signs are looked at; where labels and values stand is for pairing. Conservative: labels are
short, values are no sentences. A colon is what most labels end in; of those without one only few words count.
"""

import re

LABEL_WORDS = 6
"""A label has no more words than this."""
LABEL_LETTERS = 40
"""Nor more letters, its colon included."""
LONG_LABEL_WORDS = 12
LONG_LABEL_LETTERS = 80
"""The same where a label in capitals has its own line."""
SHORT_WORD = 3
"""Words of so few letters are written small in titles: of, and, the."""
CAPTION_WORDS = 6
"""A label without colon has no more words than this."""
MARKS = frozenset(("x", "X", "[x]", "\u2713", "\u2714", "\u2611", "\u2612"))
"""What marks a box or a line beside a choice."""

_PAIR = re.compile(r"^(?![•\-–*])[^\W\d_][^:.!?;]{0,38}:(?!//)\s*\S.{0,90}$")
_SENTENCE = re.compile(
    r"\w{3,}[.!?]\s+\w|\b\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\b"
)
_NUMBERED = re.compile(
    r"^(?:[A-Z][\w./&'-]*\s+){0,3}(?:no\.?|number|#|date|phone|telephone|tel\.?|fax|facsimile)$",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"^(?:[A-Z]{0,3}[$€£¥]|[A-Z]{2,3})$")
_ENUMERATOR = re.compile(r"^(?:\(?(?:[A-Za-z]|\d{1,2})\)\.?|\d{1,2}\.)$")
_VALUE_OF_NUMBER = re.compile(r"^[#(+]?\d")


def is_pair(text: str) -> bool:
    """Whether a line reads "Label: value".

    >>> is_pair("Invoice date: 3 May 2024"), is_pair("He said: go on with it, and do not stop until it is done.")
    (True, False)
    """
    return (
        bool(_PAIR.match(text))
        and not _SENTENCE.search(text)
        and len(text.split(":", 1)[0].split()) <= LABEL_WORDS
    )


def is_label(text: str) -> bool:
    """Whether a line or cell is a label that waits for its value.

    >>> is_label("Fax number:"), is_label("Fax number: 12"), is_label("12:")
    (True, False, False)
    """
    return _ends_as_label(text) and len(text) <= LABEL_LETTERS and len(text.split()) <= LABEL_WORDS


def is_heading_label(text: str) -> bool:
    """Whether a line is a label with its value below it: one that ends in a colon and is written as titles are.

    >>> is_heading_label("Special Instructions:"), is_heading_label("As promised, here are:")
    (True, False)
    """
    if not _ends_as_label(text) or not is_titled(text):
        return False
    if text.isupper():
        return len(text) <= LONG_LABEL_LETTERS and len(text.split()) <= LONG_LABEL_WORDS
    return is_label(text)


def _ends_as_label(text: str) -> bool:
    begins = text[0].isalpha() or text[0] in "#("
    return (
        begins
        and text.endswith(":")
        and text.count(":") == 1
        and not is_enumerator(text.split(maxsplit=1)[0])
    )


def is_titled(text: str) -> bool:
    """Whether every word but the short ones begins with a capital letter, as in labels and titles.

    >>> is_titled("Name of Account"), is_titled("Sender voice number"), is_titled("COST CENTER")
    (True, False, True)
    """
    words = [word.strip("()[].,:;'\"") for word in text.split()]
    telling = [word for word in words if word[:1].isalpha() and len(word) > SHORT_WORD] or words
    return any(map(str.isalpha, text)) and all(word[:1].isupper() for word in telling if word[:1].isalpha())


def is_caption(text: str) -> bool:
    """Whether a text without colon may name the line or box beside it: a few words, written as titles are.

    >>> is_caption("MAILING ADDRESS"), is_caption("12/31/94"), is_caption("signed by me in the town hall")
    (True, False, False)
    """
    letters = sum(map(str.isalpha, text))
    return (
        len(text.split()) <= CAPTION_WORDS
        and len(text) <= LABEL_LETTERS
        and letters * 2 > len(text.replace(" ", ""))
        and text[0].isalpha()
        and is_titled(text)
    )


def is_enumerator(text: str) -> bool:
    """Whether a text is nothing but the letter or number of an entry.

    >>> is_enumerator("(a)"), is_enumerator("12."), is_enumerator("R.")
    (True, True, False)
    """
    return bool(_ENUMERATOR.match(text))


def is_currency(text: str) -> bool:
    """Whether a text is the sign or letters of a currency, whose amount follows.

    >>> is_currency("RM"), is_currency("$"), is_currency("Ada")
    (True, True, False)
    """
    return bool(_CURRENCY.match(text))


def names_number(label: str, value: str) -> bool:
    """Whether a label without colon names the number that follows it.

    >>> names_number("FAX NO.", "(614) 466"), names_number("PO", "#72"), names_number("Chapter", "7")
    (True, False, False)
    """
    return bool(_NUMBERED.match(label)) and bool(_VALUE_OF_NUMBER.match(value))
