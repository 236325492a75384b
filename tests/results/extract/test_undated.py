from documents.readings import DATE, leaves, plain, read, schema
from recto.results.extract.rules import extract


def test_a_date_that_stands_alone():
    document = read(
        [(60, 60, "24-03-18 18:02"), (60, 90, "Card expiry 30-09-18"), (60, 120, "printed 24-03-18")]
    )
    found = extract([document], schema(date=DATE))
    assert plain(found) == {"date": "2018-03-24"}
    assert leaves(found)[0].confidence < 0.9


def test_a_special_date_is_not_guessed():
    document = read([(60, 60, "24-03-18")])
    assert plain(extract([document], schema(due_date=DATE, hire_date=DATE))) == {
        "due_date": None,
        "hire_date": None,
    }


def test_the_only_span():
    document = read([(60, 60, "Subscription from 1 to 31 July 2015")])
    assert plain(extract([document], schema(date_start=DATE, date_end=DATE))) == {
        "date_start": "2015-07-01",
        "date_end": "2015-07-31",
    }


def test_the_currency_of_the_amounts():
    document = read([(60, 60, "Total € 12,50"), (60, 80, "Tax € 2,50"), (60, 100, "Bank fee $1.00")])
    found = extract([document], schema(currency="string"))
    assert plain(found) == {"currency": "EUR"}
    assert leaves(found)[0].verification == "derived"


def test_no_amounts_have_no_currency():
    assert plain(extract([read([(60, 60, "Hello")])], schema(currency="string"))) == {"currency": None}
