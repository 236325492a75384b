import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.extraction import Source
from recto.document.geometry import Box
from recto.document.schema import SchemaField
from recto.results.extract.verify import says, verification_of

TEXT = SchemaField("x", "x", "string")
NUMBER = SchemaField("x", "x", "number")
DAY = SchemaField("x", "x", "string", format="date")
TERM = SchemaField("term", "term", "string")


@pytest.mark.parametrize(
    ("text", "value", "field"),
    [
        ("$1,200.00", 1200.0, NUMBER),
        ("1.200,00 €", 1200, NUMBER),
        ("14 May 2021", "2021-05-14", DAY),
        ("14/05/21", "2021-05-14", DAY),
        ("Müller & Co.", "MULLER & CO", TEXT),
        ("two (2) years", "2 years", TERM),
    ],
)
def test_what_the_words_say(text: str, value, field: SchemaField):
    assert says(text, value, field)


@pytest.mark.parametrize(
    ("text", "value", "field"),
    [
        ("$1,200.00", 1200.5, NUMBER),
        ("12 of 1,200.00", 1200.0, NUMBER),
        ("14 May 2021", "2021-05-15", DAY),
        ("14 May 2021 to 15 May 2021", "2021-05-14", DAY),
        ("Muller", "Miller", TEXT),
        ("the company", "company", TEXT),
        ("[x] Yes", True, SchemaField("x", "x", "boolean")),
        ("...", "", TEXT),
        ("x", None, TEXT),
    ],
)
def test_what_they_do_not(text: str, value, field: SchemaField):
    assert not says(text, value, field)


@given(st.text(), st.text())
def test_texts_that_differ_in_a_letter_are_never_verified(text: str, more: str):
    assert (
        not says(text + "q", text + more + "zq", TEXT) or (text + "q").lower() == (text + more + "zq").lower()
    )


def test_no_source_verifies_nothing():
    assert verification_of("x", TEXT, ()) == "unverified"
    assert verification_of("x", TEXT, (Source(0, 1, Box(0, 0, 1, 1), "y"),)) == "unverified"


def test_parts_are_read_as_one():
    parts = (Source(0, 1, Box(0, 0, 1, 1), "Old"), Source(0, 2, Box(0, 0, 1, 1), "Bridges"))
    assert verification_of("Old Bridges", TEXT, parts) == "verified"
