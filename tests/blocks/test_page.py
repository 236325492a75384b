import time
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.forms import ORDER_HEAD
from documents.layouts import (
    HEIGHT,
    SENTENCES,
    TABLE_ROWS,
    WIDTH,
    block,
    grid_rulings,
    grid_words,
    layout,
    lines,
    page,
    table_of,
    words,
    wrapped,
)
from recto.blocks import page as layout_steps
from recto.blocks.document import settle
from recto.blocks.page import lay_out
from recto.blocks.tables.ruled import find_ruled_tables
from recto.document.geometry import Box
from recto.document.page import Word


def test_table_figure_list_and_prose_on_one_page():
    every = [
        *lines(wrapped(SENTENCES[0], 60), 72, 100),
        *grid_words(TABLE_ROWS, 72, 200),
        *lines(["1. water", "2. bread"], 72, 320),
        *words("on the picture", 120, 450),
    ]
    found = lay_out(page(every, grid_rulings(5, 4, 72, 200), [Box(72, 400, 300, 550)]))
    assert [b.type for b in found.blocks] == ["Text", "Table", "List Item", "List Item", "Figure"]
    assert found.blocks[1].text.splitlines()[1] == "Bergen\t190.1\t152.7\t170.3"


def test_a_page_without_anything_has_no_blocks():
    assert lay_out(page()).blocks == ()


def test_confidence_is_the_mean_of_the_recognised_words():
    every = [*words("sure", 72, 100, confidence=1.0), *words("hmmm", 95, 100, confidence=0.5)]
    assert lay_out(page(every)).blocks[0].confidence == 0.75
    assert lay_out(page(words("read from the file", 72, 100))).blocks[0].confidence == 0.99


def test_turned_text_is_read_in_its_own_direction():
    def upwards(text, x, y):
        return Word(text, Box(x, y - 30, x + 10, y), 10.0, rotation=90)

    every = [*lines(wrapped(SENTENCES[0], 60), 72, 100), upwards("arXiv", 20, 500), upwards("paper", 20, 465)]
    turned = [b for b in lay_out(page(every)).blocks if "arXiv" in b.text]
    assert [b.text for b in turned] == ["arXiv paper"]
    assert turned[0].box == Box(20, 435, 30, 500)


def test_shaded_areas_show_tables_only_where_nothing_else_does():
    shading = [
        type(ruling)(ruling.box, ruling.horizontal, 0.0)
        for ruling in grid_rulings(3, 2, 72, 200, column=200, row=40)
    ]
    rows = (
        ("A place by the sea", "where gulls cry"),
        ("A hill", "of heather and stone"),
        ("A field", "of rye"),
    )
    found = lay_out(page(grid_words(rows, 72, 200, column=200, row=40), shading))
    assert [b.type for b in found.blocks] == ["Table"]


PLACES = st.tuples(
    st.integers(0, 540),
    st.integers(0, 800),
    st.sampled_from([6.0, 10.0, 10.0, 10.0, 18.0]),
    st.sampled_from([0, 0, 0, 0, 90, 270, 30]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
LINES = st.tuples(st.integers(0, 500), st.integers(0, 800), st.integers(8, 400), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(PLACES, max_size=60), st.lists(LINES, max_size=12))
def test_every_word_is_in_exactly_one_block_a_hidden_one_in_its_hidden_text(places, drawn):
    every = [
        Word(f"w{i:03}x", Box(x, y, x + 2.5 * size, y + size), size, bold, rotation=turn, hidden=hidden)
        for i, (x, y, size, turn, bold, hidden) in enumerate(places)
    ]
    rulings = [
        type(grid_rulings(1, 1, 0, 0)[0])(
            Box(x, y, x + length, y + 1) if flat else Box(x, y, x + 1, y + length), flat, 1.0
        )
        for x, y, length, flat in drawn
    ]
    found = settle([lay_out(page(every, rulings))])
    said = Counter(part for b in found for part in f"{b.marker} {b.text}".split())
    assert said == Counter(word.text for word in every if not word.hidden)
    unseen = Counter(part for b in found for part in b.hidden_text.split())
    assert unseen == Counter(word.text for word in every if word.hidden and found)
    boxes = [b.box for b in found] + [c.box for b in found if b.table for c in b.table.cells]
    assert all(0 <= b.x0 <= b.x1 <= WIDTH and 0 <= b.y0 <= b.y1 <= HEIGHT for b in boxes)
    assert found == settle([lay_out(page(every, rulings))])


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.booleans())
def test_every_word_of_a_grid_is_in_the_table(rows, columns, ruled):
    cells = [[f"{r}{c}.5" for c in range(columns)] for r in range(rows)]
    rulings = grid_rulings(rows, columns, 72, 200) if ruled else []
    found = lay_out(page(grid_words(cells, 72, 200), rulings)).blocks
    said = Counter(part for b in found for part in b.text.split())
    assert said == Counter(text for row in cells for text in row)


def test_columns_of_labels_over_values_are_a_form_and_no_table():
    found = lay_out(page(grid_words(ORDER_HEAD, 72, 200, column=120))).blocks
    assert {block.type for block in found} == {"Key Value"}
    said = {line for block in found for line in block.text.split("\n")}
    assert {"Order No.: 4711", "Buyer: Ada Moe", "Contact: Eve Lund", "Type: Cash"} <= said


def test_a_page_says_that_a_table_leaves_words_out(monkeypatch):
    def lossy(rulings, free):
        found, drawings = find_ruled_tables(rulings, free)
        cells = tuple(replace(cell, text=cell.text.replace("Oslo", "")) for cell in found[0].table.cells)
        return [replace(found[0], table=replace(found[0].table, cells=cells))], drawings

    monkeypatch.setattr(layout_steps, "find_ruled_tables", lossy)
    found = lay_out(page(grid_words(TABLE_ROWS, 72, 200), grid_rulings(5, 4, 72, 200)))
    assert found.warnings == (
        "Page 1: a table's cells leave out 4 of its letters; compare it with the page.",
    )
    assert found.blocks[0].confidence < 0.99


def test_settling_types_furniture_headings_and_merges_tables():
    table = table_of(TABLE_ROWS)
    pages = [
        layout(
            [
                block("The Weather Book", page_number=n, y=40, size=8),
                block(f"Part {n}", page_number=n, y=90, size=16),
                *(block(text, page_number=n, y=120 + 15 * i) for i, text in enumerate(SENTENCES)),
                block("x", "Table", page_number=n, y=500, table=table),
            ],
            n,
        )
        for n in (1, 2)
    ]
    kinds = [b.type for b in settle(pages)]
    assert kinds[0] == "Header"
    assert kinds.count("Title") + kinds.count("Section Header") == 2
    assert [b.page for b in settle(pages)] == sorted(b.page for b in settle(pages))


def test_a_page_of_ordinary_text_takes_a_fraction_of_a_second():
    ordinary = page(lines([SENTENCES[i % 4] for i in range(45)], 72, 80, 9.0, 14.0))
    lay_out(ordinary)
    start = time.process_time()
    for _ in range(5):
        lay_out(ordinary)
    assert (time.process_time() - start) / 5 < 0.1
