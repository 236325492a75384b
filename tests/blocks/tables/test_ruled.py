from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import (
    SENTENCES,
    TABLE_ROWS,
    across,
    grid_rulings,
    grid_words,
    lines,
    page,
    texts_of,
    upright,
    words,
    wrapped,
)
from recto.blocks.page import lay_out
from recto.blocks.tables.lattice import drawn, find_lattices, whole_lines
from recto.blocks.tables.ruled import find_ruled_tables
from recto.document.geometry import Box


def tables(rulings, every):
    return find_ruled_tables(rulings, every)[0]


def test_a_full_grid():
    found = tables(grid_rulings(5, 4, 72, 200), grid_words(TABLE_ROWS, 72, 200))
    assert len(found) == 1
    assert texts_of(found[0].table) == [list(row) for row in TABLE_ROWS]
    assert (found[0].table.header_rows, found[0].table.ruled, found[0].soundness) == (1, True, 1.0)
    assert found[0].box == Box(72, 200, 432, 280)


def test_cells_have_their_boxes():
    cell = tables(grid_rulings(5, 4, 72, 200), grid_words(TABLE_ROWS, 72, 200))[0].table.cells[5]
    assert (cell.row, cell.column, cell.text, cell.box) == (1, 1, "190.1", Box(162, 216, 252, 232))


def test_missing_lines_are_spans():
    rulings = [
        *(across(72, 252, y) for y in (200, 216, 232)),
        upright(72, 200, 232),
        upright(252, 200, 232),
        upright(162, 216, 232),
    ]
    every = [*words("both columns", 120, 203), *words("left", 76, 219), *words("right", 166, 219)]
    table = tables(rulings, every)[0].table
    assert [(c.row, c.column, c.column_span, c.text) for c in table.cells] == [
        (0, 0, 2, "both columns"),
        (1, 0, 1, "left"),
        (1, 1, 1, "right"),
    ]


def test_cells_of_several_lines_are_joined():
    rulings = grid_rulings(2, 2, 72, 200, row=40)
    every = [
        *lines(["Grain and", "tim-", "ber"], 76, 203),
        *words("one", 166, 203),
        *words("two", 76, 243),
        *words("3", 166, 243),
    ]
    assert texts_of(tables(rulings, every)[0].table) == [["Grain and timber", "one"], ["two", "3"]]


def test_a_frame_around_text_is_no_table():
    box = [across(72, 400, 200), across(72, 400, 300), upright(72, 200, 300), upright(400, 200, 300)]
    assert tables(box, lines(["some framed text", "of two lines"], 80, 210)) == []


def test_the_grid_of_a_chart_is_a_drawing():
    rulings = grid_rulings(4, 4, 100, 200, column=60, row=30)
    labels = [word for i in range(5) for word in words(str(10 * i), 110, 195 + 30 * i)]
    found, drawings = find_ruled_tables(rulings, labels)
    assert found == []
    assert drawings == [Box(100, 200, 340, 320)]


def test_columns_without_lines_are_found_in_a_frame():
    frame = [
        *(across(72, 432, y) for y in (200, 216, 280)),
        upright(72, 200, 280),
        upright(432, 200, 280),
    ]
    (found,) = lay_out(page(grid_words(TABLE_ROWS, 72, 200), frame)).blocks
    assert texts_of(found.table) == [list(row) for row in TABLE_ROWS]


def test_rows_without_lines_are_found_where_figures_are_stacked():
    rulings = [
        *(across(72, 432, y) for y in (200, 216, 280)),
        *(upright(72 + 90 * i, 200, 280) for i in range(5)),
    ]
    table = tables(rulings, grid_words(TABLE_ROWS, 72, 200))[0].table
    assert texts_of(table) == [list(row) for row in TABLE_ROWS]


def test_dashed_and_double_lines_are_one_line():
    dashes = [across(72 + 10 * i, 80 + 10 * i, 200) for i in range(20)]
    assert [(line.start, line.end) for line in whole_lines(dashes, horizontal=True)] == [(72, 270)]
    double = [across(72, 270, 200), across(72, 270, 201.5)]
    assert len(whole_lines(double, horizontal=True)) == 1


def test_borders_of_shaded_areas_are_hints_only():
    assert drawn([across(72, 270, 200, thickness=0.0), across(72, 270, 220)]) == [across(72, 270, 220)]


SEGMENTS = st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(10, 300), st.booleans())


@given(st.lists(SEGMENTS, max_size=30))
def test_areas_of_a_lattice_cover_it_once(drawn_lines):
    rulings = [across(x, x + n, y) if flat else upright(x, y, y + n) for x, y, n, flat in drawn_lines]
    for lattice in find_lattices(rulings):
        seen = [
            (r, c)
            for area in lattice.areas
            for r in range(area.row, area.row + area.row_span)
            for c in range(area.column, area.column + area.column_span)
        ]
        assert len(seen) == len(set(seen)) == (len(lattice.xs) - 1) * (len(lattice.ys) - 1)


def test_one_row_of_short_cells_is_a_table_and_columns_of_prose_in_frames_are_not():
    heads = grid_words([("Name", "Date", "Signature")], 72, 200)
    assert texts_of(tables(grid_rulings(2, 3, 72, 200), heads)[0].table) == [["Name", "Date", "Signature"]]
    prose = [
        word
        for c in range(3)
        for word in lines(["words that go on and on"] * 40, 76 + 150 * c, 204, 6.0, 7.0)
    ]
    assert tables(grid_rulings(1, 3, 72, 200, column=150, row=300), prose) == []


def test_a_table_inside_a_cell_is_text_of_that_cell():
    inner = [*(across(76, 158, y) for y in (220, 236, 252)), *(upright(x, 220, 252) for x in (76, 117, 158))]
    every = [
        *words("left", 80, 203),
        *words("right", 180, 203),
        *words("a", 90, 223),
        *words("b", 130, 223),
        *words("1", 90, 239),
        *words("2", 130, 239),
        *words("beside", 180, 223),
    ]
    outer = [
        *(across(72, 252, y) for y in (200, 216, 260)),
        *(upright(x, 200, 260) for x in (72, 162, 252)),
    ]
    (found,) = tables([*outer, *inner], every)
    assert texts_of(found.table) == [["left", "right"], ["a b 1 2", "beside"]]


def test_lists_inside_cells_make_no_columns():
    every = [
        word
        for c in range(2)
        for r in range(2)
        for i in range(2)
        for word in (
            *words("\u2022", 76 + 150 * c, 203 + 30 * r + 13 * i),
            *words(f"item {i} of {r}{c}", 92 + 150 * c, 203 + 30 * r + 13 * i),
        )
    ]
    (found,) = tables(grid_rulings(2, 2, 72, 200, column=150, row=30), every)
    assert texts_of(found.table) == [
        ["\u2022 item 0 of 00 \u2022 item 1 of 00", "\u2022 item 0 of 01 \u2022 item 1 of 01"],
        ["\u2022 item 0 of 10 \u2022 item 1 of 10", "\u2022 item 0 of 11 \u2022 item 1 of 11"],
    ]


def test_short_cells_under_each_other_are_a_table_of_one_column():
    every = [*words("first of three", 76, 203), *words("second", 76, 219), *words("third", 76, 235)]
    (found,) = tables(grid_rulings(3, 1, 72, 200, column=200), every)
    assert texts_of(found.table) == [["first of three"], ["second"], ["third"]]


def test_framed_lines_of_prose_and_framed_labels_are_no_table_of_one_column():
    texts = wrapped(SENTENCES[0], 38)
    every = [word for i, text in enumerate(texts) for word in words(text, 76, 203 + 16 * i)]
    assert tables(grid_rulings(len(texts), 1, 72, 200, column=180), every) == []
    form = [*words("Name: Ingrid", 76, 203), *words("Place:", 76, 219), *words("third", 76, 235)]
    assert tables(grid_rulings(3, 1, 72, 200, column=200), form) == []
    side_by_side = [*words("one", 76, 203), *words("far", 200, 203), *words("two", 76, 219)]
    assert tables(grid_rulings(2, 1, 72, 200, column=200), side_by_side) == []
