import time

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.readings import DATE, leaves, paragraph, plain, read, schema
from recto.document.extraction import Leaf
from recto.document.schema import SchemaField
from recto.results.extract.rules import extract

INVOICE = [
    (60, 40, "Northwind Supplies Ltd."),
    (60, 54, "12 Harbour Street"),
    (60, 68, "Bristol BS1 4ST"),
    (400, 40, "INVOICE"),
    (60, 110, "Invoice No.:"),
    (160, 110, "NW-2021-118"),
    (60, 126, "Invoice date:"),
    (160, 126, "14 May 2021"),
    (60, 142, "Due date:"),
    (160, 142, "13 June 2021"),
    (60, 158, "Customer no."),
    (160, 158, "C-4471"),
    (320, 110, "Bill to"),
    (320, 124, "Alder & Sons"),
    (320, 138, "4 Mill Lane"),
    (320, 152, "Leeds LS1 2AB"),
    (60, 220, "Item"),
    (260, 220, "Quantity"),
    (340, 220, "Unit price"),
    (440, 220, "Amount"),
    (60, 236, "Oak board"),
    (260, 236, "12"),
    (340, 236, "10.50"),
    (440, 236, "126.00"),
    (60, 252, "Brass hinge"),
    (260, 252, "40"),
    (340, 252, "1.20"),
    (440, 252, "48.00"),
    (340, 290, "Subtotal"),
    (440, 290, "174.00"),
    (340, 306, "VAT 20%"),
    (440, 306, "34.80"),
    (340, 322, "Total due"),
    (440, 322, "£208.80"),
]


def test_an_invoice():
    wanted = schema(
        invoice_number="string",
        invoice_date=DATE,
        due_date=DATE,
        customer_number="string",
        vendor_name="string",
        vendor_address="string",
        customer_name="string",
        subtotal="number",
        total="number",
        currency="string",
        purchase_order="string",
        line_items=[
            {"description": "string", "quantity": "integer", "unit_price": "number", "amount": "number"}
        ],
    )
    assert plain(extract([read(INVOICE)], wanted)) == {
        "invoice_number": "NW-2021-118",
        "invoice_date": "2021-05-14",
        "due_date": "2021-06-13",
        "customer_number": "C-4471",
        "vendor_name": "Northwind Supplies Ltd.",
        "vendor_address": "12 Harbour Street Bristol BS1 4ST",
        "customer_name": "Alder & Sons",
        "subtotal": 174.0,
        "total": 208.8,
        "currency": "GBP",
        "purchase_order": None,
        "line_items": [
            {"description": "Oak board", "quantity": 12, "unit_price": 10.5, "amount": 126.0},
            {"description": "Brass hinge", "quantity": 40, "unit_price": 1.2, "amount": 48.0},
        ],
    }


def test_every_value_cites_its_words():
    wanted = schema(invoice_number="string", invoice_date=DATE, total="number", customer_name="string")
    found = extract([read(INVOICE)], wanted)
    for leaf in leaves(found):
        assert leaf.verification == "verified"
        assert leaf.sources[0].page == 1
        assert leaf.sources[0].block is not None
        assert 0.5 < leaf.confidence <= 1.0
        assert leaf.reason
    root = found.root
    assert isinstance(root, dict)
    total = root["total"]
    assert isinstance(total, Leaf)
    assert total.sources[0].text == "£208.80"
    assert total.sources[0].box.x0 == 440


def test_what_is_not_there_is_none():
    wanted = schema(
        iban="string",
        date_of_birth=DATE,
        policy_number="string",
        is_married="boolean",
        interest_rate="number",
        passport_number="string",
        parties=["string"],
        transactions=[{"booking_date": DATE, "debit": "number"}],
        employer={"name": "string", "phone": "string"},
    )
    found = extract([read(INVOICE)], wanted)
    assert all(leaf.value is None and not leaf.sources for leaf in leaves(found))
    assert plain(found)["parties"] == []


def test_an_empty_document():
    wanted = schema(total="number", items=[{"name": "string", "price": "number"}])
    assert plain(extract([read([])], wanted)) == {"total": None, "items": []}
    assert plain(extract([], wanted)) == {"total": None, "items": []}


def test_several_documents():
    first = read([(60, 100, "Order number: A-100"), (60, 120, "Order date: 3 May 2021")])
    second = read([(60, 100, "Tracking number: T-900"), (60, 120, "Weight: 12.5")])
    root = extract(
        [first, second], schema(order_number="string", tracking_number="string", weight="number")
    ).root
    assert plain(root) == {"order_number": "A-100", "tracking_number": "T-900", "weight": 12.5}
    assert isinstance(root, dict)
    assert [leaf.sources[0].document for leaf in leaves(root)] == [0, 1, 1]


def test_an_e_mail():
    mail = read(
        [
            (60, 60, "From: Jane Doe <jane@example.org>"),
            (60, 76, "To: office@example.com"),
            (60, 92, "Subject: Delivery of the new desks"),
            (60, 108, "Date: Tue, 4 May 2021 10:15"),
            *paragraph("Dear all, the desks come on Friday. Please clear the rooms.", 150),
        ]
    )
    wanted = schema(
        subject="string",
        sender_email=("string", "email"),
        recipient_email=("string", "email"),
        sent_date=DATE,
    )
    assert plain(extract([mail], wanted)) == {
        "subject": "Delivery of the new desks",
        "sender_email": "jane@example.org",
        "recipient_email": "office@example.com",
        "sent_date": "2021-05-04",
    }


def test_doubtful_reading_lowers_confidence():
    lines = [(60.0, 100.0, "Order number: A-100")]
    sure = leaves(extract([read(lines)], schema(order_number="string")))[0]
    doubtful = leaves(extract([read(lines, confidence=0.4)], schema(order_number="string")))[0]
    assert doubtful.value == sure.value == "A-100"
    assert doubtful.confidence < sure.confidence


def wide(fields: int) -> SchemaField:
    """A schema of so many scalar fields, nested three deep, with arrays among them."""
    kinds = ("string", "number", DATE, "boolean", "integer")
    groups = {
        f"section_{at}": {
            f"part_{part}": {f"value_{part}_{one}": kinds[one % len(kinds)] for one in range(4)}
            for part in range(2)
        }
        | {"rows": [{"code": "string", "amount": "number"}]}
        for at in range(fields // 10)
    }
    return schema(**groups, **{f"extra_{at}": "string" for at in range(fields % 10)})


def test_a_schema_of_369_fields():
    wanted = wide(369)
    assert sum(1 for _ in wanted.leaves()) == 369
    begun = time.process_time()
    answer = plain(extract([read(INVOICE)], wanted))
    assert time.process_time() - begun < 5
    assert set(answer) == {field.name for field in wanted.properties}
    assert answer["section_3"]["part_1"]["value_1_2"] is None
    assert answer["section_3"]["rows"] == []


def test_ten_pages_are_quick():
    page = [
        *INVOICE,
        *paragraph("All goods remain ours until they are paid for in full and on time. " * 30, 400),
    ]
    document = read(*[page] * 10)
    wanted = schema(
        invoice_number="string",
        invoice_date=DATE,
        total="number",
        vendor_name="string",
        iban="string",
        vat_id="string",
    )
    extract([document], wanted)
    fresh = read(*[page] * 10)
    begun = time.process_time()
    extract([fresh], wanted)
    assert time.process_time() - begun < 0.6  # 0.06 to 0.1 s on the machine it was measured on


EVERYTHING = schema(
    date=DATE,
    sent_at=("string", "date-time"),
    total="number",
    count="integer",
    is_open="boolean",
    company="string",
    address="string",
    term="string",
    signer_name="string",
    effective_date=DATE,
    currency="string",
    country="string",
    email="string",
    phone="string",
    iban="string",
    flight_from=DATE,
    party=["string"],
    rows=[{"date": DATE, "amount": "number", "name": "string"}],
)
SCRAPS = st.sampled_from(
    [
        "Total:",
        "Date",
        "Amount",
        "Name",
        "12.50",
        "€",
        "4",
        "May",
        "2021",
        "Agreement",
        "between",
        "by",
        "and",
        "(“",
        "”",
        "Inc.",
        "[x]",
        "Yes",
        "No",
        "[",
        "]",
        "#",
        "|",
        "-",
        "_",
        "/s/",
        "By:",
        "Ltd.",
        ",",
        ".",
        "GST",
        "summary",
        "signature",
        "this",
        "day",
        "of",
        "rounding",
        "cash",
        "change",
        "99%",
        "٣",
        "½",
        "1,000",
        "-",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(20, 560), st.integers(20, 760), st.lists(SCRAPS | st.text(max_size=6), max_size=12)
        )
    )
)
def test_any_page_has_an_answer(lines):
    document = read([(float(left), float(top), " ".join(parts)) for left, top, parts in lines])
    answer = extract([document], EVERYTHING)
    assert set(plain(answer)) == {field.name for field in EVERYTHING.properties}
    for leaf in leaves(answer):
        assert 0.0 <= leaf.confidence <= 1.0
        assert leaf.verification == "unverified" or leaf.sources
    for ledger in answer.ledgers:
        assert ledger.seen == ledger.returned + len(ledger.left_out)
