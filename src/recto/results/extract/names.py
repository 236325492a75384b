"""Field names and printed labels in, their words in one common form out.

`invoiceNo`, `invoice_number` and "Invoice No.:" all become ("invoice", "number"), so that a schema and a page can
be compared word by word. Never decides what matches what; see labels.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from recto.results.extract.dates import folded

SHORT = {
    "no": "number", "nr": "number", "num": "number", "nos": "number", "nummer": "number", "n": "number",
    "numero": "number", "nbr": "number", "amt": "amount", "qty": "quantity", "qnty": "quantity", "inv": "invoice",
    "acct": "account", "acc": "account", "tel": "phone", "telephone": "phone", "ph": "phone", "addr": "address",
    "po": "purchase order", "p.o": "purchase order", "ref": "reference", "desc": "description",
    "cust": "customer", "alt": "alternate", "dt": "date", "ordr": "order", "ship": "ship", "pct": "percent",
    "percentage": "percent", "rev": "revision", "dob": "date of birth", "reg": "registration", "info": "information",
    "e-mail": "email", "mfg": "manufacturer", "org": "organisation", "organization": "organisation",
    "co": "company", "est": "estimate", "temp": "temperature", "max": "maximum", "min": "minimum",
    "avg": "average", "incl": "inclusive", "including": "inclusive", "excl": "exclusive", "excluding": "exclusive",
    "included": "inclusive", "nett": "net", "gstin": "gstin", "identifier": "id", "ident": "id",
    "principle": "principal", "subtotal": "subtotal", "sale": "sale", "cheque": "check", "zipcode": "zip code",
    "mobile": "phone", "id": "id", "desk": "desk", "mgr": "manager", "dept": "department", "yr": "year",
}  # fmt: skip
"""Short and other forms of words, in the form used here."""

_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[#№%]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_PLURAL = ("ss", "us", "is", "as")
SHORTEST_PLURAL = 4
"""Letters of a word whose last s is taken for a plural, at least."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a label in the common form, and the letters of the text it stands for."""

    word: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def common_form(word: str) -> str:
    """One word in the common form; the form of an abbreviation may be two words.

    >>> common_form("Nos"), common_form("Amounts"), common_form("Adresse")
    ('number', 'amount', 'adresse')
    """
    word = folded(word)
    if word in ("#", "№"):
        return "number"
    if word in SHORT:
        return SHORT[word]
    if len(word) >= SHORTEST_PLURAL and word.endswith("s") and not word.endswith(_NOT_PLURAL):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return SHORT.get(word, word)


@lru_cache(maxsize=32768)
def label_tokens(text: str) -> tuple[Token, ...]:
    """The words of printed text."""
    found: list[Token] = []
    for match in _PIECE.finditer(text):
        form = common_form(match.group())
        found.extend(Token(word, match.start(), match.end()) for word in form.split())
    return tuple(found)


@lru_cache(maxsize=8192)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a field's name, title or phrase.

    >>> name_words("invoiceNo"), name_words("gross_amount"), name_words("PO Number")
    (('invoice', 'number'), ('gross', 'amount'), ('purchase', 'order', 'number'))
    """
    spread = _CAMEL.sub(" ", name)
    return tuple(token.word for token in label_tokens(spread.replace("_", " ")))
