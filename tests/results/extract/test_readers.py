import time

import pytest

from recto.document.schema import SchemaField
from recto.results.extract.kinds import Kind, kind_of
from recto.results.extract.readers import readings, typed

TEXT = SchemaField("x", "x", "string")


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("identifier", "No. INV-2021/007 of today", ["INV-2021/007"]),
        ("identifier", "# 421 938 861 RCS", ["421 938 861"]),
        ("identifier", "dated 4 May 2021", []),
        ("identifier", "£2,410.22 due", []),
        ("identifier", "4711, 4712", ["4711", "4712"]),
        ("amount", "30 days, EUR 4 and 12 months", [4]),
        ("identifier", "VAT 20%", []),
        ("percent", "Tax 8.875% 1.66, fee EUR 3", [8.875, 1.66]),
        ("vat", "CIF: B-47123456", ["B-47123456"]),
        ("email", "write to jane.doe@example.org.", ["jane.doe@example.org"]),
        ("url", "see www.example.org/terms, or call", ["www.example.org/terms"]),
        ("phone", "Tel +44 20 7946 0958 or 12", ["+44 20 7946 0958"]),
        ("iban", "IBAN NL91 ABNA 0417 1643 00 BIC", ["NL91ABNA0417164300"]),
        ("iban", "IBAN NL92 ABNA 0417 1643 00", []),
        ("bic", "BIC ABNANL2A", ["ABNANL2A"]),
        ("percent", "VAT 21% on 100", [21, 100]),
        ("amount", "on 4 May 2021: 12.50", [12.5]),
        ("integer", "3 pieces at 2.50", [3]),
        ("duration", "for two (2) years and 18 months", ["2 years", "18 months"]),
        ("country", "8 rue X, 75008 Paris, France", ["France"]),
        ("currency", "all amounts in CHF", ["CHF"]),
        ("zip", "1025 RX Amsterdam", ["1025 RX"]),
        ("vat", "VAT NL810433941B01", ["NL810433941B01"]),
        ("name", ": Jane Doe ", ["Jane Doe"]),
        ("name", "12345", []),
        ("text", " ____ ", []),
    ],
)
def test_values_of_a_kind(kind: Kind, text: str, values: list):
    assert [one.value for one in readings(kind, text, TEXT, day_first=True)] == values


def test_choices_are_members():
    field = SchemaField("status", "status", "string", enum=("in_progress", "done"))
    assert [one.value for one in readings("choice", "Status: In progress", field, day_first=True)] == [
        "in_progress"
    ]


def test_moments():
    field = SchemaField("at", "at", "string", format="date-time")
    values = [one.value for one in readings("datetime", "4 May 2021 1:05 pm", field, day_first=True)]
    assert values == ["2021-05-04T13:05:00"]


@pytest.mark.parametrize(
    ("name", "type_", "format_", "kind"),
    [
        ("invoiceDate", "string", "", "date"),
        ("due", "string", "date", "date"),
        ("total_amount", "number", "", "amount"),
        ("tax_percent", "number", "", "percent"),
        ("quantity", "integer", "", "integer"),
        ("customer_phone_number", "string", "", "phone"),
        ("country_code", "string", "", "country"),
        ("order_no", "string", "", "identifier"),
        ("vat_id", "string", "", "vat"),
        ("tax_id", "string", "", "vat"),
        ("tax_rate", "number", "", "percent"),
        ("hourly_rate", "number", "", "amount"),
        ("vendor", "string", "", "name"),
        ("remarks", "string", "", "text"),
        ("is_paid", "boolean", "", "boolean"),
    ],
)
def test_kinds_of_fields(name: str, type_: str, format_: str, kind: Kind):
    assert kind_of(SchemaField(name, name, type_, format=format_)) == kind


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        (12.0, SchemaField("n", "n", "integer"), 12),
        (12.5, SchemaField("n", "n", "integer"), None),
        (True, SchemaField("n", "n", "number"), None),
        ("a", SchemaField("n", "n", "number"), None),
        (12.5, SchemaField("n", "n", "string"), "12.5"),
        ("c", SchemaField("n", "n", "string", enum=("a", "b")), None),
        ("AB1", SchemaField("n", "n", "string", pattern="^[0-9]+$"), None),
        ("yes", SchemaField("n", "n", "boolean"), None),
    ],
)
def test_values_are_of_the_schemas_type(value, field: SchemaField, expected):
    assert typed(value, field) == expected


KINDS: tuple[Kind, ...] = (
    *(
        "date",
        "datetime",
        "amount",
        "integer",
        "percent",
        "identifier",
        "email",
        "phone",
        "url",
        "iban",
        "bic",
        "vat",
    ),
    *("zip", "currency", "country", "text", "name", "address", "duration", "boolean"),
)


@pytest.mark.parametrize(
    "text",
    ["-" * 5000, "_" * 5000, "a." * 2500, "1 " * 2500, "9" * 5000, "A1-" * 1700, "(" * 5000, "x@" * 2500],
)
def test_no_text_holds_a_reader_up(text: str):
    begun = time.process_time()
    for kind in KINDS:
        readings(kind, text, TEXT, day_first=True)
    assert time.process_time() - begun < 4
