import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.schema import SchemaField
from recto.results.extract.labels import SameWords, likeness, wanted
from recto.results.extract.names import label_tokens, name_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("invoiceNumber", ("invoice", "number")),
        ("invoice_no", ("invoice", "number")),
        ("INVOICE-NR.", ("invoice", "number")),
        ("Qty", ("quantity",)),
        ("PONumber", ("purchase", "order", "number")),
        ("Bénéficiaires", ("beneficiaire",)),
    ],
)
def test_names_in_one_form(name: str, words: tuple[str, ...]):
    assert name_words(name) == words


@given(st.text(max_size=40))
def test_tokens_name_their_letters(text: str):
    for token in label_tokens(text):
        assert 0 <= token.start < token.end <= len(text)


def fit(field: str, printed: str) -> float:
    one = wanted(SchemaField(field, field, "string"))
    words = [token.word for token in label_tokens(printed)]
    same = SameWords({word for phrase in one.phrases for word in phrase.words}, words)
    return max(phrase.weight * likeness(phrase.words, words, same) for phrase in one.phrases)


@pytest.mark.parametrize(
    ("field", "better", "worse"),
    [
        ("total", "Grand Total", "Subtotal"),
        ("total", "Total (incl. GST)", "Total Qty"),
        ("invoice_date", "Date of invoice", "Due date"),
        ("invoice_number", "Invoice No.", "Invoice date"),
        ("customer_name", "Client name", "Vendor name"),
        ("net_amount", "Net amount", "Gross amount"),
        ("order_id", "Order ID", "Order date"),
        ("registrant_name", "Narne of Registrant", "Name of notary"),
    ],
)
def test_what_says_a_field_better(field: str, better: str, worse: str):
    assert fit(field, better) > fit(field, worse)
    assert fit(field, better) > 0.55


def test_description_and_title_name_a_field():
    field = SchemaField("ref", "ref", "string", title="Consignment", description='Printed as "Waybill code"')
    phrases = {phrase.words for phrase in wanted(field).phrases}
    assert ("consignment",) in phrases
    assert ("waybill", "code") in phrases


def test_misread_letters_and_real_words():
    same = SameWords({"registration", "employer"}, {"registratlon", "employee"})
    assert same.are("registration", "registratlon")
    assert not same.are("employer", "employee")
