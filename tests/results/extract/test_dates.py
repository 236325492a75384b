from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.results.extract.dates import dates_in, day_first, month_names


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-03-04", "2021-03-04"),
        ("4 March 2021", "2021-03-04"),
        ("March 4, 2021", "2021-03-04"),
        ("4th day of March, 2021", "2021-03-04"),
        ("04-MAR-21", "2021-03-04"),
        ("4. März 2021", "2021-03-04"),
        ("le 4 août 2021", "2021-08-04"),
        ("4 de marzo de 2021", "2021-03-04"),
        ("4 maart 2021", "2021-03-04"),
        ("Sept. 4, 2021", "2021-09-04"),
        ("Date:04/03/2021 12:30", "2021-03-04"),
        ("31.12.1998", "1998-12-31"),
        ("12/31/98", "1998-12-31"),
    ],
)
def test_usual_ways_to_write_a_day(text: str, day: str):
    assert [one.day.isoformat() for one in dates_in(text, day_first=True)] == [day]


@pytest.mark.parametrize(
    "text", ["12:30:45", "1234-5678", "32/13/2020", "version 1.2.3.4", "30 February 2020", ""]
)
def test_no_day(text: str):
    assert dates_in(text) == []


@given(st.dates(date(1950, 1, 1), date(2069, 12, 31)))
def test_numbers_come_back(day: date):
    assert [one.day for one in dates_in(f"on {day:%d/%m/%Y}.", day_first=True)] == [day]
    assert [one.day for one in dates_in(f"on {day:%m/%d/%Y}.", day_first=False)] == [day]
    assert [one.day for one in dates_in(day.strftime("%d %b %y"))] == [
        day if 1970 <= day.year < 2070 else day.replace(year=day.year + 100)
    ]


def test_spans():
    found = dates_in("du 1er au 31 juillet 2015")
    assert [one.day.isoformat() for one in found] == ["2015-07-01", "2015-07-31"]
    assert [one.day.isoformat() for one in dates_in("04/20/20-05/11/20", day_first=False)] == [
        "2020-04-20",
        "2020-05-11",
    ]


def test_either_way_is_said():
    assert dates_in("03/04/2020")[0].either
    assert not dates_in("13/04/2020")[0].either


def test_order_of_a_document():
    assert day_first(["25/12/2020", "01/02/2020"])
    assert not day_first(["12/25/2020", "01/02/2020"])
    assert not day_first(["Springfield, IL 62704", "01/02/2020"])
    assert day_first(["01/02/2020"])


def test_month_names_of_many_languages():
    names = month_names()
    assert names["mai"] == 5
    assert names["dezember"] == 12
