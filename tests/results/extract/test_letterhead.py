from documents.readings import DATE, plain, read, schema
from recto.results.extract.rules import extract

RECEIPT = [
    (200, 40, "KEDAI BUKU MELATI"),
    (200, 52, "(M) SDN BHD"),
    (200, 64, "(004512-X)"),
    (200, 76, "NO. 7, JALAN MAWAR 3/2,"),
    (200, 88, "40100 SHAH ALAM, SELANGOR"),
    (200, 100, "Tel: 03-5512 0000"),
    (200, 130, "TAX INVOICE"),
    (200, 160, "24-03-18 18:02 T1"),
    (200, 190, "PENCIL 2B"),
    (420, 190, "3.98"),
    (200, 220, "Total Incl. GST"),
    (420, 220, "3.98"),
    (200, 234, "Rounding"),
    (420, 234, "0.02"),
    (200, 248, "Total RM"),
    (420, 248, "4.00"),
    (200, 262, "CASH"),
    (420, 262, "10.00"),
    (200, 276, "CHANGE"),
    (420, 276, "6.00"),
    (200, 300, "GST Summary"),
    (320, 300, "Amount(RM)"),
    (420, 300, "Tax(RM)"),
    (200, 314, "SR"),
    (320, 314, "3.75"),
    (420, 314, "0.23"),
    (200, 328, "Total"),
    (320, 328, "3.75"),
    (420, 328, "0.23"),
]


def test_a_receipt():
    answer = plain(
        extract([read(RECEIPT)], schema(company="string", address="string", date=DATE, total="number"))
    )
    assert answer == {
        "company": "KEDAI BUKU MELATI (M) SDN BHD",
        "address": "NO. 7, JALAN MAWAR 3/2, 40100 SHAH ALAM, SELANGOR",
        "date": "2018-03-24",
        "total": 4.0,
    }


def test_a_name_without_a_legal_form():
    document = read(
        [
            (200, 40, "Corner Bakery"),
            (200, 52, "18 High Street, Oxford OX1 4AB"),
            (200, 90, "Receipt 17"),
            (200, 110, "Total 4.20"),
        ]
    )
    answer = plain(extract([document], schema(store_name="string", total="number")))
    assert answer == {"store_name": "Corner Bakery", "total": 4.2}


def test_parts_of_the_address():
    document = read(
        [
            *(
                (400, 40, "Tulp B.V."),
                (400, 52, "Weg 12"),
                (400, 64, "3012 CN Rotterdam"),
                (400, 76, "Nederland"),
            ),
            *(
                (60, 40, "FACTUUR"),
                (60, 120, "Factuurnummer: 881"),
                (60, 200, "Totaal"),
                (400, 200, "€ 12,10"),
            ),
        ]
    )
    wanted = schema(
        vendor_street="string",
        vendor_zip="string",
        vendor_city="string",
        country_code="string",
        invoice_number="string",
        total="number",
    )
    assert plain(extract([document], wanted)) == {
        "vendor_street": "Weg 12",
        "vendor_zip": "3012 CN",
        "vendor_city": "Rotterdam",
        "country_code": "NL",
        "invoice_number": "881",
        "total": 12.1,
    }


def test_a_page_that_is_about_no_money_has_no_issuer():
    document = read(
        [(60, 40, "Meeting notes Ltd."), (60, 60, "12 Harbour Street, Bristol BS1 4ST"), (60, 90, "We met.")]
    )
    assert plain(extract([document], schema(company="string", vendor_name="string"))) == {
        "company": None,
        "vendor_name": None,
    }


def test_a_person_who_can_be_written_to_may_issue_an_invoice():
    document = read(
        [
            (60, 30, "Ada Lindqvist"),
            (60, 44, "ada@example.org"),
            (400, 30, "INVOICE"),
            (60, 120, "Total: 12.50"),
        ]
    )
    assert plain(extract([document], schema(vendor_name="string")))["vendor_name"] == "Ada Lindqvist"
