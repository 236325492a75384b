import pytest

from documents.readings import DATE, leaves, paragraph, plain, read, schema
from recto.results.extract.rules import extract


def one(document, **field):
    (name,) = field
    return plain(extract([document], schema(**field)))[name]


@pytest.mark.parametrize(
    "lines",
    [
        [(60, 100, "Reference: R-77")],
        [(60, 100, "Reference R-77")],
        [(60, 100, "Reference"), (180, 100, "R-77")],
        [(60, 100, "Reference:"), (60, 114, "R-77")],
        [(60, 100, "Date"), (200, 100, "Reference"), (60, 114, "4 May 2021"), (200, 114, "R-77")],
    ],
)
def test_behind_beside_and_below(lines):
    assert one(read(lines), reference="string") == "R-77"


def test_the_nearer_label_wins():
    document = read(
        [
            (60, 100, "Ship date: 3 May 2021"),
            (60, 116, "Order date: 1 May 2021"),
            (60, 132, "Due date: 9 May 2021"),
        ]
    )
    answer = plain(extract([document], schema(order_date=DATE, due_date=DATE, ship_date=DATE)))
    assert answer == {"order_date": "2021-05-01", "due_date": "2021-05-09", "ship_date": "2021-05-03"}


def test_both_ends_of_a_span():
    document = read(
        [(60, 100, "Flight dates"), (180, 100, "05/25/20 - 06/07/20"), (60, 130, "Springfield, IL 62704")]
    )
    answer = plain(extract([document], schema(flight_from=DATE, flight_to=DATE)))
    assert answer == {"flight_from": "2020-05-25", "flight_to": "2020-06-07"}


def test_the_total_of_a_column():
    document = read(
        [
            *((60, 100, "Month"), (260, 100, "Spots"), (360, 100, "Gross amount")),
            *((60, 114, "May"), (260, 114, "19"), (360, 114, "$11,840.00")),
            *((60, 128, "June"), (260, 128, "21"), (360, 128, "$12,540.00")),
            *((60, 142, "Totals"), (260, 142, "40"), (360, 142, "$24,380.00")),
        ]
    )
    assert one(document, gross_amount="number") == 24380.0


def test_a_name_on_two_lines():
    document = read(
        [
            (60, 100, "1. Name of registrant"),
            (60, 112, "SOCIETY OF FRIENDS"),
            (60, 124, "OF OLD BRIDGES"),
            (60, 170, "2. Purpose:"),
        ]
    )
    assert one(document, registrant_name="string") == "SOCIETY OF FRIENDS OF OLD BRIDGES"


def test_words_of_running_text_are_no_labels():
    text = "The employee shall return all property of the company upon request, in the order and the amount given 12. "
    document = read(paragraph(text * 4))
    assert one(document, employee="string") is None
    assert one(document, total="number") is None


def test_two_fields_do_not_share_one_place():
    document = read([(60, 100, "Account number: 12345678")])
    answer = plain(
        extract([document], schema(account_number="string", policy_number="string", claim_number="string"))
    )
    assert answer == {"account_number": "12345678", "policy_number": None, "claim_number": None}


def test_values_of_the_wrong_kind_are_left_alone():
    document = read([(60, 100, "Invoice date: see below"), (60, 130, "Total: on request")])
    found = extract([document], schema(invoice_date=DATE, total="number"))
    assert [leaf.value for leaf in leaves(found)] == [None, None]


def test_the_beginning_of_an_identifier_is_no_label():
    document = read([(60, 100, "Purchase order"), (180, 100, "PO-7712"), (60, 130, "Invoice INV/2021-4")])
    assert one(document, po_number="string") == "PO-7712"
    assert one(document, invoice_number="string") == "INV/2021-4"


def test_a_date_inside_the_running_text_below_a_title_is_not_its_value():
    text = "This agreement is entered into as of 1 September 2021 by and between the two parties, " * 3
    document = read([(60, 80, "Garden lease"), *paragraph(text, top=94)])
    assert one(document, lease_end=DATE) is None
    assert one(document, lease_start=DATE) is None


def test_periods_are_no_amounts():
    document = read([(60, 100, "Payment terms: 30 days net"), (60, 130, "Deposit: 2 working days before")])
    assert one(document, payment="number") is None
    assert one(document, deposit="number") is None


def test_one_amount_of_a_column_is_not_the_total():
    document = read(
        [
            *((60, 100, "Item"), (200, 100, "Quantity"), (300, 100, "Price"), (400, 100, "Total")),
            *((60, 116, "Desk"), (200, 116, "4"), (300, 116, "20.00"), (400, 116, "80.00")),
            *((60, 132, "Lamp"), (200, 132, "2"), (300, 132, "10.00"), (400, 132, "20.00")),
            (60, 180, "Order total: 100.00"),
        ]
    )
    assert one(document, total_value="number") == 100.0


@pytest.mark.parametrize(
    ("lines", "name", "kind", "value"),
    [
        ([(60, 100, "Nettobetrag: 1.373,00 EUR")], "net", "number", 1373),
        ([(60, 100, "Total factura: 303,71 EUR")], "total_amount", "number", 303.71),
        ([(60, 100, "Forma de pago: Transferencia")], "payment_method", "string", "Transferencia"),
    ],
)
def test_words_of_other_languages(lines, name, kind, value):
    assert one(read(lines), **{name: kind}) == value


def test_any_date_is_not_the_one_asked_for():
    document = read([(60, 100, "Invoice date: 3 April 2024"), (60, 130, "Date: 28 August 2023")])
    wanted = schema(order_date=DATE, expiration_date=DATE, commencement_date=DATE, date=DATE)
    assert plain(extract([document], wanted)) == {
        "order_date": None,
        "expiration_date": None,
        "commencement_date": None,
        "date": "2023-08-28",
    }


def test_the_ends_of_a_span_by_small_words():
    document = read([(60, 100, "From date: 3 April 2024"), (60, 130, "To date: 28 August 2024")])
    assert plain(extract([document], schema(start_date=DATE, end_date=DATE))) == {
        "start_date": "2024-04-03",
        "end_date": "2024-08-28",
    }


def test_what_stands_before_a_comma_is_no_part_of_a_label():
    document = read([(60, 100, "Bank: First Bank, IBAN: NL91 ABNA 0417 1643 00, BIC: ABNANL2A")])
    found = plain(extract([document], schema(iban="string", bic="string")))
    assert found == {"iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}


def test_a_title_is_no_name():
    document = read([(60, 100, "Signature: ______________"), (60, 130, "Title: Property Manager")])
    assert one(document, signatory="string") is None


def test_an_email_address_is_no_label():
    document = read([(60, 100, "accounts@moss.example"), (300, 100, "Payment terms: 30 days")])
    assert one(document, account_number="string") is None


def test_one_date_of_a_column_is_not_the_documents():
    heads = [(60, 100, "Item"), (200, 100, "Quantity"), (300, 100, "Delivery"), (400, 100, "Total")]
    rows = [
        *((60, 116, "Desk"), (200, 116, "4"), (300, 116, "3 May 2021"), (400, 116, "80.00")),
        *((60, 132, "Lamp"), (200, 132, "2"), (300, 132, "9 May 2021"), (400, 132, "20.00")),
    ]
    assert one(read([*heads, *rows]), delivery_date=DATE) is None
