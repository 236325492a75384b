import pytest

from documents.layouts import TABLE_ROWS, table_of, texts_of, words
from recto.blocks.tables.captions import is_caption, without_captions
from recto.blocks.tables.cells import (
    FoundTable,
    cell_text,
    filled,
    plain_text,
    unsaid,
    weighed,
    without_empty_edges,
)
from recto.blocks.tables.header import count_header_rows, is_figure
from recto.blocks.tables.stacking import stacked_headings
from recto.document.block import Cell, Table
from recto.document.geometry import Box

BOX = Box(0, 0, 10, 10)


def test_turned_words_in_a_cell_are_read_in_their_direction():
    up = [*words("two", 20, 50, rotation=90), *words("one", 20, 80, rotation=90)]
    assert cell_text(up) == "one two"


def test_empty_rims_are_cut_off():
    rows = [["", "", ""], ["", "a", ""], ["", "", ""], ["", "b", "c"]]
    table = without_empty_edges(table_of(rows, 0))
    assert texts_of(table) == [["a", ""], ["", ""], ["b", "c"]]


def test_plain_text_parts_cells_by_tabs_and_rows_by_lines():
    assert plain_text(table_of([["a", "b"], ["c", ""]])) == "a\tb\nc\t"
    assert filled(table_of([["a", "b"], ["c", ""]]).cells) == 3


@pytest.mark.parametrize(
    "text", ["12", "1,204.50", "-3.2", "$49,497", "47.3%", "(1.2)", "\u2014", "n/a", "12.5*"]
)
def test_figures(text):
    assert is_figure(text)


@pytest.mark.parametrize("text", ["1997", "2008\u201309", "May 3", "Total", "3-year-olds", ""])
def test_not_figures(text):
    assert not is_figure(text)


@pytest.mark.parametrize(
    ("rows", "bold", "count"),
    [
        (TABLE_ROWS, (), 1),
        ([["", "Rain"], ["Station", "mm"], ["Oslo", "1.5"]], (), 2),
        ([["Name:", "Ada"], ["Born:", "London"]], (), 0),
        ([["Word", "Sense"], ["red", "stop"]], (0,), 1),
        ([["Oslo", "1.5"], ["Roros", "2.5"]], (), 1),
        ([["only", "row"]], (), 0),
        ([["Kind", ""], ["No", "Rule"], ["1", "open"], ["", "shut"], ["2", "4.5"]], (), 2),
    ],
)
def test_header_rows(rows, bold, count):
    if rows[0][0] == "Oslo":
        count = 1 if all(rows[0]) else 0  # nothing tells a first row of data from headings when both are full
    cells = table_of(rows).cells
    assert count_header_rows(cells, len(rows), len(rows[0]), bold) == count


def test_a_caption_drawn_as_the_first_row_is_taken_out():
    rows = [["Table 1: Rain", "", "", ""], *TABLE_ROWS]
    table = table_of(rows)
    every = tuple(words("Table 1: Rain", 2, 1, 8)) + tuple(words("Oslo", 2, 22, 8))
    found = without_captions(FoundTable(table, Box(0, 0, 200, 60), every, 1.0))
    assert texts_of(found.table) == [list(row) for row in TABLE_ROWS]
    assert [word.text for word in found.words] == ["Oslo"]
    assert found.box == Box(0, 10, 200, 60)


def test_a_table_that_only_mentions_tables_is_left_alone():
    found = FoundTable(table_of([["Tables are", "furniture"], ["a", "b"], ["c", "d"]]), BOX, (), 1.0)
    assert without_captions(found) == found
    assert is_caption("Exhibit 2. Prices")
    assert not is_caption("Tables are read by row")


def test_headings_over_several_rows_are_one_cell():
    cells = (
        Cell(0, 0, "Age", BOX),
        Cell(0, 1, "Women", BOX, 1, 2),
        Cell(1, 0, "(yrs)", BOX),
        Cell(1, 1, "No.", BOX),
        Cell(1, 2, "Rate", BOX),
        *(Cell(2, c, str(c), BOX) for c in range(3)),
    )
    found = stacked_headings(Table(3, 3, cells, 2))
    assert [(c.text, c.row, c.column, c.row_span, c.column_span) for c in found.cells][:4] == [
        ("Age (yrs)", 0, 0, 2, 1),
        ("Women", 0, 1, 1, 2),
        ("No.", 1, 1, 1, 1),
        ("Rate", 1, 2, 1, 1),
    ]
    assert found.header_rows == 2


def test_heading_rows_without_headings_of_their_own_vanish():
    cells = (
        Cell(0, 0, "Age", BOX),
        Cell(0, 1, "", BOX),
        Cell(1, 0, "", BOX),
        Cell(1, 1, "No.", BOX),
        Cell(2, 0, "7", BOX),
        Cell(2, 1, "8", BOX),
    )
    found = stacked_headings(Table(3, 2, cells, 2))
    assert (found.rows, found.header_rows) == (2, 1)
    assert texts_of(found) == [["Age", "No."], ["7", "8"]]


def test_a_table_whose_cells_leave_words_out_is_less_sound():
    whole = FoundTable(table_of([["ab", "cd"]]), BOX, tuple(words("ab cd", 0, 0)), 0.9)
    assert unsaid(whole) == ""
    assert weighed(whole) is whole
    lacking = FoundTable(table_of([["ab", "x"]]), BOX, tuple(words("ab cd", 0, 0)), 0.9)
    assert unsaid(lacking) == "cd"
    assert weighed(lacking).soundness == pytest.approx(0.45)
