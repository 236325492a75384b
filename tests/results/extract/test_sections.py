from documents.readings import plain, read, schema
from recto.results.extract.rules import extract


def test_fields_of_the_same_name_are_told_apart_by_their_section():
    document = read(
        [
            (60, 100, "Seller"),
            (60, 120, "Name: Reed Ltd."),
            (60, 140, "Phone: 020 7946 0958"),
            (340, 100, "Buyer"),
            (340, 120, "Name: Moss Inc."),
            (340, 140, "Phone: 020 7946 0111"),
        ]
    )
    person = {"name": "string", "phone": "string"}
    assert plain(extract([document], schema(buyer=person, seller=person))) == {
        "buyer": {"name": "Moss Inc.", "phone": "020 7946 0111"},
        "seller": {"name": "Reed Ltd.", "phone": "020 7946 0958"},
    }


def test_sections_below_each_other():
    document = read(
        [
            *((60, 100, "Shipping address"), (60, 116, "City: Leeds"), (60, 132, "Zip: LS1 2AB")),
            *((60, 170, "Billing address"), (60, 186, "City: Bath"), (60, 202, "Zip: BA1 1AA")),
        ]
    )
    place = {"city": "string", "zip": "string"}
    assert plain(extract([document], schema(billing_address=place, shipping_address=place))) == {
        "billing_address": {"city": "Bath", "zip": "BA1 1AA"},
        "shipping_address": {"city": "Leeds", "zip": "LS1 2AB"},
    }
