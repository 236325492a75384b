from documents.layouts import TABLE_ROWS, across, grid_words, page, upright, words
from recto.blocks.charts import find_charts
from recto.blocks.page import lay_out
from recto.blocks.tables.grid import phrases_of

AXES = [upright(100, 195, 300), *(across(100, 300, 200 + 25 * i) for i in range(5))]


def scale(x=80.0, step=-10, first=50, count=5):
    return [word for i in range(count) for word in words(str(first + step * i), x, 195 + 25 * i)]


def charts(every, rulings=AXES):
    found = page(every, rulings)
    return find_charts(found, phrases_of(found.words))


def test_a_falling_scale_with_lines_beside_it_is_a_chart():
    every = [*scale(), *words("Legend", 150, 213), *words("1990", 110, 310), *words("2000", 270, 310)]
    (found,) = charts(every)
    assert (found.x0, found.y0) == (80, 195)
    assert found.x1 == 300
    assert found.y1 == 320


def test_its_words_are_the_figures_text():
    every = [*scale(), *words("Legend", 150, 213), *words("Figure 1. The chart", 80, 350)]
    found = lay_out(page(every, AXES)).blocks
    assert [b.type for b in found] == ["Figure", "Text"]
    assert "Legend" in found[0].text.split()


def test_a_second_scale_belongs_to_the_chart():
    assert charts([*scale(), *scale(x=310)])[0].x1 == 320


def test_numbers_that_rise_or_have_cells_beside_them_are_no_scale():
    assert charts(scale(step=10)) == []
    beside = [word for i in range(5) for word in words("12.5", 200, 195 + 25 * i)]
    assert charts([*scale(), *beside]) == []


def test_numbers_without_lines_beside_them_are_no_chart():
    assert charts(scale(), []) == []
    assert charts(scale(), [across(72, 500, 700)]) == []


def test_uneven_numbers_are_no_scale():
    every = [
        word for i, text in enumerate(("50", "38", "31", "12", "2")) for word in words(text, 80, 195 + 25 * i)
    ]
    assert charts(every) == []


def test_a_table_stays_a_table():
    assert charts(grid_words(TABLE_ROWS, 72, 200), [across(72, 432, 216)]) == []
