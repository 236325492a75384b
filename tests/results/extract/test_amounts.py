import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.results.extract.amounts import amounts_in, currency_of, number_of


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("$16,350.00", 16350.0, "USD"),
        ("€ 4.904,94", 4904.94, "EUR"),
        ("29.99 €", 29.99, "EUR"),
        ("RM8.60", 8.6, "MYR"),
        ("Rs 1939", 1939.0, "INR"),
        ("1,27,700.00", 127700.0, ""),
        ("1 234,56", 1234.56, ""),
        ("($780.00)", -780.0, "USD"),
        ("-0.01", -0.01, ""),
        ("2.50-", -2.5, ""),
        ("CHF 1'000.00", 1000.0, "CHF"),
        (".02", 0.02, ""),
    ],
)
def test_printed_amounts(text: str, value: float, currency: str):
    (found,) = amounts_in(text)
    assert (found.value, found.currency) == (value, currency)


@pytest.mark.parametrize("text", ["12:30", "10/27/20", "AB-1234", "v1.2.3", "no figures"])
def test_no_amounts(text: str):
    assert amounts_in(text) == []


def test_percentages_are_marked():
    assert [one.percent for one in amounts_in("21% of 100.00")] == [True, False]


def test_letters_of_the_text_are_named():
    text = "Total due: USD 1,200.50 today"
    (found,) = amounts_in(text)
    assert text[found.start : found.end] == "USD 1,200.50"


@given(st.integers(0, 10**9))
def test_english_and_german_ways_agree(cents: int):
    english = f"{cents / 100:,.2f}"
    german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
    assert number_of(english) == number_of(german) == (pytest.approx(cents / 100), 2)


def test_words_are_no_currencies():
    assert currency_of("TAX") == ""
    assert currency_of("GBP") == "GBP"
