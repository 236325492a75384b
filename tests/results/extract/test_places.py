import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.schema import SchemaField
from recto.results.extract.places import place_of

LINES = [
    "Bill to: Alder & Sons,",
    "4 Mill Lane, Leeds",
    "Total due | £1,208.80",
    "Dated 14 May 2021",
    "Items | 12 | 10.50 | 126.00",
    "Hinges | 40 | 1.20 | 48.00",
    "Paid: yes",
    "",
]


def text_of(number):
    return LINES[number - 1] if 1 <= number <= len(LINES) else ""


def place(value, lines, kind="string", form=""):
    return place_of(value, SchemaField("x", "x", kind, format=form), lines, text_of)


def said(found):
    return [text_of(line)[start:end] for line, start, end in found.spans]


@pytest.mark.parametrize(
    ("value", "lines", "kind", "words"),
    [
        ("Alder & Sons", [1], "string", ["Alder & Sons"]),
        ("alder and sons", [1], "string", None),
        ("ALDER  SONS", [1], "string", ["Alder & Sons"]),
        ("Alder & Sons, 4 Mill Lane", [1, 2], "string", ["Alder & Sons", "4 Mill Lane"]),
        ("Alder & Sons, 4 Mill Lane", [1], "string", ["Alder & Sons", "4 Mill Lane"]),
        (1208.8, [3], "number", ["£1,208.80"]),
        (1208.8, [4], "number", ["£1,208.80"]),
        (1208.8, [1], "number", None),
        ("2021-05-14", [4], "string", ["14 May 2021"]),
        ("2021-05-15", [4], "string", None),
        ("ill", [2], "string", None),
        ("Alder", [7], "string", None),
        ("Alder", [99], "string", None),
        (None, [1], "string", None),
        ("&&", [1], "string", None),
    ],
)
def test_where_lines_state_a_value(value, lines, kind, words):
    found = place(value, lines, kind)
    assert (None if found is None else said(found)) == words
    assert found is None or found.how == "stated"


@pytest.mark.parametrize(
    ("value", "lines", "kind", "words"),
    [
        (174, [5, 6], "number", ["126.00", "48.00"]),
        (True, [7], "boolean", ["yes"]),
        ("Leeds Alder", [1, 2], "string", ["Leeds", "Alder"]),
    ],
)
def test_what_follows_from_lines_is_told_as_such(value, lines, kind, words):
    found = place(value, lines, kind)
    assert (found.how, said(found)) == ("follows", words)


def test_a_mark_against_the_value_proves_nothing():
    assert place(False, [7], "boolean") is None


@given(
    st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.integers(-3, 12), max_size=4),
)
def test_a_place_is_always_letters_of_a_line(value, lines):
    found = place(value, lines, "string" if isinstance(value, str) else "number")
    if found is not None:
        assert all(part for part in said(found))


@given(st.sampled_from([line for line in LINES if line]), st.data())
def test_whole_words_of_a_line_are_found_in_it(line, data):
    words = line.split()
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    value = " ".join(words[first : last + 1])
    found = place(value, [LINES.index(line) + 1])
    assert found is not None or not any(letter.isalnum() for letter in value)
