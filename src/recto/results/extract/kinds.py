"""A schema field in, the kind of value it asks for out: what reader its candidates go through.

Decided from the JSON type, the format and the enum first, then from the words of the name and title. A kind says
how a value is printed (a date, an amount, an identifier), never what it means.
"""

from typing import Literal

from recto.document.schema import SchemaField
from recto.results.extract.lexicon import word_set
from recto.results.extract.names import name_words

Kind = Literal[
    "date", "datetime", "amount", "integer", "boolean", "choice", "identifier", "email", "phone", "url", "iban",
    "bic", "vat", "currency", "country", "zip", "percent", "address", "name", "duration", "text",
]  # fmt: skip

FORMATS: dict[str, Kind] = {
    "date": "date",
    "date-time": "datetime",
    "email": "email",
    "idn-email": "email",
    "uri": "url",
    "url": "url",
    "uri-reference": "url",
    "phone": "phone",
    "duration": "duration",
}

BY_WORD: dict[str, Kind] = {
    "date": "date", "birthdate": "date", "email": "email", "phone": "phone", "fax": "phone", "website": "url",
    "url": "url", "iban": "iban", "bic": "bic", "swift": "bic", "vat": "vat", "gstin": "vat", "currency": "currency",
    "country": "country", "zip": "zip", "postcode": "zip", "address": "address", "number": "identifier",
    "id": "identifier", "code": "identifier", "reference": "identifier", "sku": "identifier", "ssn": "identifier",
    "siren": "identifier", "siret": "identifier", "cin": "identifier", "coc": "identifier", "kvk": "identifier",
    "ein": "identifier", "tin": "identifier", "serial": "identifier", "amount": "amount", "price": "amount",
    "total": "amount", "subtotal": "amount", "balance": "amount", "cost": "amount", "fee": "amount",
    "tax": "amount", "name": "name", "percent": "percent", "duration": "duration", "term": "duration",
}  # fmt: skip
"""What the words of a text field's name say about its values; the last such word counts."""

NAMED = word_set(
    "company vendor issuer supplier seller merchant buyer customer client advertiser registrant signer employer party"
    " payee recipient sender store signatory landlord tenant lender borrower"
)
"""Words that ask for the name of somebody."""


SHARES = word_set("tax vat gst sst interest commission discount")
"""Things whose rate is a percentage."""


def kind_of(field: SchemaField) -> Kind:
    """The kind of one scalar field."""
    if field.enum:
        return "choice"
    if field.type == "boolean":
        return "boolean"
    words = (*name_words(field.name), *name_words(field.title))
    if field.type == "number":
        return "percent" if "percent" in words or ("rate" in words and SHARES & set(words)) else "amount"
    if field.type == "integer":
        return "integer"
    if field.format in FORMATS:
        return FORMATS[field.format]
    return _kind_of_text(name_words(field.name) or name_words(field.title))


def _kind_of_text(words: tuple[str, ...]) -> Kind:
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        if word == "code" and at and words[at - 1] in ("country", "currency", "zip"):
            continue
        if word in ("number", "id") and at and words[at - 1] in ("phone", "fax", "vat", "iban", "gst", "tax"):
            return "vat" if words[at - 1] in ("vat", "gst", "tax") else BY_WORD[words[at - 1]]
        if word == "postal":
            return "zip"
        kind = BY_WORD.get(word)
        if kind is not None:
            return kind
        if word in NAMED and at == len(words) - 1:
            return "name"
    return "text"
