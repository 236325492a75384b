from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.layouts import across, page, words
from recto.blocks.fields import mark_pairs
from recto.blocks.forms import is_form, take_pairs
from recto.blocks.region import as_block
from recto.document.block import Cell, Table
from recto.document.geometry import Box


def table_of(*rows):
    box = Box(72, 100, 172, 112)
    cells = tuple(
        Cell(row, column, text, box)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    )
    return Table(len(rows), max(len(texts) for texts in rows), cells)


def test_a_table_of_labels_and_values_is_a_form():
    form = (("TO:", "A. Sparrow", "BRAND: Camel"), ("FROM:", "R. Ryan", ""), ("", "", "see overleaf"))
    assert is_form(table_of(*form))
    assert not is_form(replace(table_of(*form), ruled=True))


def test_a_table_of_figures_is_no_form():
    assert not is_form(table_of(("Station", "May", "June"), ("Note: mean", "12", "13"), ("Oslo", "8", "9")))


def form():
    return [
        *words("TO:", 72, 100),
        *words("George Baroody", 180, 100),
        *words("COUNSEL:", 72, 130),
        *words("Wartnick & Tigerman", 180, 130),
        *words("101 California Street", 180, 142),
        *words("Pages: 3", 72, 160),
        *words("Some prose that stands on the form and is not labelled", 72, 300),
    ]


def said(found):
    return [line for part in found for line in as_block(part, 1).text.split("\n")]


def test_pairs_are_taken_from_a_form_with_the_lines_that_go_on():
    every = form()
    regions, rest = take_pairs(page(every), every)
    assert said(regions) == [
        "TO: George Baroody",
        "COUNSEL: Wartnick & Tigerman 101 California Street",
        "Pages: 3",
    ]
    assert {part.type for part in regions} == {"Key Value"}
    assert " ".join(word.text for word in rest).startswith("Some prose")
    taken = [word for part in regions for word in part.every_word]
    assert len(taken) + len(rest) == len(every)


def test_a_single_label_on_a_page_is_left_alone():
    every = [*words("TO:", 72, 100), *words("George", 180, 100), *words("Prose without labels", 72, 130)]
    assert take_pairs(page(every), every) == ([], tuple(every))


def test_what_is_certainly_a_form_may_have_a_single_label():
    every = [*words("TO:", 72, 100), *words("George", 180, 100)]
    regions, rest = take_pairs(page(every), every, certain=True)
    assert (said(regions), rest) == (["TO: George"], ())


def test_a_value_does_not_go_on_into_the_next_row():
    every = [
        *words("TO:", 72, 100),
        *words("George", 180, 100),
        *words("Copy", 72, 112),
        *words("Susan", 180, 112),
        *words("DATE:", 72, 124),
        *words("5 May", 180, 124),
    ]
    regions, rest = take_pairs(page(every), every)
    assert [as_block(part, 1).text for part in regions] == ["TO: George\nDATE: 5 May"]
    assert [word.text for word in rest] == ["Copy", "Susan"]


def test_labels_in_two_columns_are_two_regions():
    every = [
        *(word for y in (100, 114) for word in (*words("NAME:", 72, y), *words(f"Ada{y}", 150, y))),
        *(word for y in (100, 114) for word in (*words("BORN:", 300, y), *words(f"18{y}", 380, y))),
    ]
    regions, _ = take_pairs(page(every), every)
    assert [as_block(part, 1).text for part in regions] == [
        "NAME: Ada100\nNAME: Ada114",
        "BORN: 18100\nBORN: 18114",
    ]


def test_a_label_without_colon_gets_one_and_its_pair_stays_a_pair():
    every = [*words("DEPARTMENT NAME", 72, 100), *words("Botany", 200, 100), *words("TO:", 72, 140)]
    every += [*words("George", 180, 140), *words("FROM:", 72, 160), *words("Susan", 180, 160)]
    written = page(every, [across(160, 400, 112)])
    regions, rest = take_pairs(written, every)
    assert said(mark_pairs(regions)) == ["DEPARTMENT NAME: Botany", "TO: George", "FROM: Susan"]
    assert {part.type for part in mark_pairs(regions)} == {"Key Value"}
    assert rest == ()


def test_a_word_that_ends_a_label_and_begins_its_value_is_whole_or_not_at_all():
    every = [*words("PHONE NUMBER:335-7363", 72, 100), *words("TO:", 72, 120), *words("Ada", 180, 120)]
    every += [*words("FROM:", 72, 140), *words("Eve", 180, 140), *words("see part 4:12 of the book", 72, 300)]
    regions, rest = take_pairs(page(every), every)
    assert said(regions)[0] == "PHONE NUMBER: 335-7363"
    assert [word.text for word in rest] == ["see", "part", "4:12", "of", "the", "book"]


TOKENS = st.sampled_from(("Name:", "TO:", "Ada", "X", "No.", "12", "DATE:5", "Place", "(a)", "and", "b:c"))
SPOTS = st.tuples(TOKENS, st.integers(0, 9), st.integers(0, 15))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(SPOTS, max_size=40, unique_by=lambda spot: spot[1:]), st.lists(st.integers(0, 15), max_size=4)
)
def test_no_letter_is_lost_or_said_twice(spots, lines):
    every = [word for text, column, row in spots for word in words(text, 40 + 48 * column, 60 + 14 * row)]
    ruled = page(every, [across(60, 300, 71 + 14 * row) for row in lines])
    regions, rest = take_pairs(ruled, every, certain=True)
    letters = Counter("".join(said(regions)) + "".join(word.text for word in rest))
    truth = Counter("".join(word.text for word in every))
    for sign in set(truth) | set(letters) - {" ", ":"}:
        assert sign == ":" or letters[sign] == truth[sign]
