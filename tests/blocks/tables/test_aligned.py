from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import SENTENCES, TABLE_ROWS, across, grid_words, lines, page, texts_of, words, wrapped
from recto.blocks.tables.aligned import find_aligned_tables
from recto.blocks.tables.grid import phrases_of, visual_rows
from recto.blocks.tables.stripes import find_columns
from recto.blocks.tables.zones import zones_of


def tables(every, rulings=()):
    return find_aligned_tables(page(every, rulings), every)


def grids(every, rulings=()):
    return [texts_of(found.table) for found in tables(every, rulings)]


def test_figures_in_columns_are_a_table():
    found = tables(grid_words(TABLE_ROWS, 72, 200))
    assert [texts_of(one.table) for one in found] == [[list(row) for row in TABLE_ROWS]]
    assert found[0].table.header_rows == 1
    assert not found[0].table.ruled
    assert found[0].soundness < 1.0


def test_prose_around_a_table_stays_outside():
    every = [
        *lines(wrapped(SENTENCES[0], 80), 72, 150),
        *grid_words(TABLE_ROWS, 72, 200),
        *lines(wrapped(SENTENCES[1], 80), 72, 290),
    ]
    assert len(tables(every)) == 1
    assert len(tables(every)[0].words) == 20


def test_two_columns_of_prose_are_no_table():
    left = lines(wrapped(f"{SENTENCES[0]} {SENTENCES[1]}", 40), 72, 100)
    right = lines(wrapped(f"{SENTENCES[2]} {SENTENCES[3]}", 40), 320, 100)
    assert tables([*left, *right]) == []
    assert len(zones_of([*left, *right])) == 2


def test_a_contents_list_is_no_table():
    rows = [(f"Chapter {i} ......", str(10 * i)) for i in range(1, 8)]
    assert tables(grid_words(rows, 72, 200, column=200)) == []


def test_a_bulleted_list_is_no_table():
    rows = [("\u2022", f"item {letter}") for letter in "abcdef"]
    assert tables(grid_words(rows, 72, 200, column=30)) == []


def test_two_columns_of_words_need_lines_across():
    rows = (("Colour", "Meaning"), ("red", "danger ahead"), ("green", "free way"), ("white", "clear sky"))
    every = grid_words(rows, 72, 200, column=120)
    assert tables(every) == []
    across_it = [across(72, 300, y) for y in (200, 216, 264)]
    assert grids(every, across_it) == [[list(row) for row in rows]]


def test_wrapped_labels_are_one_row():
    every = [
        *grid_words(
            (("Station", "Rain"), ("Weather post at the", ""), ("northern lake", "54.2"), ("Oslo", "41.0")),
            72,
            200,
            150,
        ),
        *words("Bergen", 76, 267),
        *words("190.1", 226, 267),
    ]
    assert grids(every) == [
        [
            ["Station", "Rain"],
            ["Weather post at the northern lake", "54.2"],
            ["Oslo", "41.0"],
            ["Bergen", "190.1"],
        ]
    ]


def test_headings_above_a_partial_line_span_what_the_line_covers():
    rows = (
        ("", "", "Winter", "", "Spring"),
        ("Station", "Jan", "Feb", "Mar", "Apr"),
        *((name, *("1.5", "2.5", "3.5", "4.5")) for name in ("Oslo", "Roros", "Vardo")),
    )
    every = [
        *words("Winter", 200, 203),
        *words("Spring", 380, 203),
        *grid_words(rows[1:], 72, 216),
    ]
    rulings = [
        across(72, 522, 200),
        across(166, 330, 215),
        across(346, 500, 215),
        across(72, 522, 232),
        across(72, 522, 282),
    ]
    table = tables(every, rulings)[0].table
    spans = [(c.text, c.row, c.column, c.row_span, c.column_span) for c in table.cells if c.row == 0]
    assert ("Winter", 0, 1, 1, 2) in spans
    assert ("Spring", 0, 3, 1, 2) in spans
    assert ("Station", 0, 0, 2, 1) in spans
    assert table.header_rows == 2


def test_the_last_row_before_the_bottom_line_belongs_to_the_table():
    every = [*grid_words(TABLE_ROWS, 72, 200), *words("and all others", 76, 283)]
    rulings = [across(72, 432, y) for y in (198, 217, 298)]
    assert grids(every, rulings)[0][-1][0].endswith("and all others")
    assert "and all others" not in grids(every)[0][-1][0]


def test_the_scale_of_a_chart_is_no_table():
    rows = [(str(50 - 10 * i), "label" if i == 2 else "", f"0.{5 - i}") for i in range(5)]
    assert tables(grid_words(rows, 72, 200)) == []


def test_a_caption_is_no_row():
    every = [
        *words("Table 4:", 76, 186),
        *words("Rainfall by month", 180, 186),
        *grid_words(TABLE_ROWS, 72, 200),
    ]
    assert grids(every) == [[list(row) for row in TABLE_ROWS]]


def test_columns_of_figures_with_narrow_gaps_are_parted():
    every = [
        word
        for i in range(5)
        for word in (*words(f"{i}11", 72, 100 + 14 * i), *words(f"{i}22", 93, 100 + 14 * i))
    ]
    assert len(find_columns(visual_rows(phrases_of(every)))) == 2


@given(st.integers(3, 7), st.integers(3, 5), st.integers(60, 110))
def test_rows_in_are_rows_out(rows, columns, width):
    cells = [[f"{r}{c}.25" for c in range(columns)] for r in range(rows)]
    assert grids(grid_words(cells, 30, 100, column=width)) == [cells]


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 800)), max_size=40))
def test_no_word_is_in_two_tables_and_none_is_lost(places):
    every = [word for x, y in places for word in words("12.5", x, y)]
    found = [id(word) for one in tables(every) for word in one.words]
    assert len(found) == len(set(found))
    for one in tables(every):
        said = " ".join(cell.text for cell in one.table.cells).split()
        assert sorted(said) == sorted(word.text for word in one.words)
