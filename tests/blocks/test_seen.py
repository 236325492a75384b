from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.layouts import HEIGHT, SENTENCES, TABLE_ROWS, grid_words, lines, page, words, wrapped
from recto.blocks.document import settle
from recto.blocks.page import lay_out
from recto.document.geometry import Box
from recto.document.page import Ruling, SeenRegion

PROSE = wrapped(" ".join(SENTENCES), 40)


def seen(kind, x0, y0, x1, y1, score=0.95):
    return SeenRegion(Box(x0, y0, x1, y1), kind, score)


def recognised(every):
    return [replace(word, confidence=0.95) for word in every]


def scan(every, *regions, rulings=()):
    return replace(page(recognised(every), rulings), route="ocr", regions=regions)


def blocks_of(scanned):
    return [(block.type, block.text) for block in settle([lay_out(scanned)])]


def types_of(scanned):
    return [kind for kind, _ in blocks_of(scanned)]


def test_two_paragraphs_without_space_between_are_parted_where_two_parts_meet():
    every = lines(["one column of text that goes on", "and on, with no end", "of its sentence"], 72, 100)
    together = scan(every, seen("text", 70, 98, 260, 136))
    parted = scan(every, seen("text", 70, 98, 260, 111), seen("text", 70, 111, 260, 136))
    assert len(blocks_of(together)) == 1
    assert [text for _, text in blocks_of(parted)] == [
        "one column of text that goes on",
        "and on, with no end of its sentence",
    ]


def test_a_line_astride_two_columns_is_cut_between_them():
    gap = 8.0  # points: less than what cuts a line by itself, over too few lines for a gutter
    left, right = lines(PROSE[:2], 72, 100), lines(PROSE[3:5], 72 + 40 * 5.0 + gap, 100)
    start = min(word.box.x0 for word in right)
    scanned = scan(
        [*left, *right], seen("text", 70, 98, start - 1, 124), seen("text", start - 1, 98, 500, 124)
    )
    assert [text for _, text in blocks_of(scanned)] == [" ".join(PROSE[:2]), " ".join(PROSE[3:5])]


def test_a_title_is_a_heading_although_its_letters_are_no_larger():
    every = [*lines(["The mill and the river"], 72, 86), *lines(PROSE, 72, 100)]
    scanned = scan(every, seen("title", 70, 84, 190, 97), seen("text", 70, 98, 290, 240))
    found = blocks_of(scanned)
    assert found[0] == ("Section Header", "The mill and the river")
    assert types_of(replace(scanned, regions=()))[0] == "Text"


def test_a_long_text_is_no_heading_whatever_the_model_says():
    every = lines(PROSE, 72, 100)
    assert types_of(scan(every, seen("title", 70, 98, 290, 240))) == ["Text"]


def test_large_letters_in_running_text_are_noise():
    every = [*lines(PROSE, 72, 100), *lines(["a line that was measured too large"], 72, 300, 13.0)]
    assert "Section Header" in types_of(scan(every)) or "Title" in types_of(scan(every))
    scanned = scan(every, seen("text", 70, 98, 290, 240), seen("text", 70, 298, 290, 313))
    assert types_of(scanned) == ["Text", "Text"]


def test_a_heading_that_only_its_early_end_shows():
    heading = ["Conclusion", "The proposed method finds its words in the dark", "of the night."]
    every = lines(["Nothing else was found in that year of rain.", *heading], 72, 100)
    found = blocks_of(scan(every, seen("text", 70, 98, 330, 150)))
    assert ("Section Header", "Conclusion") in found
    assert found[-1] == ("Text", "The proposed method finds its words in the dark of the night.")


def test_running_heads_and_numbers_are_told_apart():
    every = [*words("Annals of Rivers", 72, 40), *words("17", 500, 40), *lines(PROSE, 72, 100)]
    scanned = scan(
        every,
        seen("header", 70, 38, 160, 52),
        seen("header", 498, 38, 514, 52),
        seen("text", 70, 98, 290, 240),
    )
    assert types_of(scanned) == ["Header", "Page Number", "Text"]


def test_a_header_in_the_middle_of_the_page_is_text():
    every = [*lines(PROSE, 72, 100), *words("In the margin", 72, 400)]
    assert "Header" not in types_of(scan(every, seen("header", 70, 398, 160, 412)))


def test_a_foot_stands_at_the_bottom():
    every = [*lines(PROSE, 72, 100), *words("All rights reserved", 72, HEIGHT - 40)]
    assert types_of(scan(every, seen("footer", 70, HEIGHT - 42, 300, HEIGHT - 28)))[-1] == "Footer"


def test_a_table_is_found_where_it_was_seen_and_takes_its_outer_lines():
    rows = [("Method", "We went by boat"), ("Crew", "Four men and a dog"), ("Result", "No river was found")]
    every = _two_columns(rows)
    assert "Table" not in types_of(scan(every))
    scanned = scan(every, seen("table", 70, 198, 330, 240))
    table = next(block for block in lay_out(scanned).blocks if block.type == "Table")
    assert table.table is not None
    assert [cell.text for cell in table.table.cells] == [text for row in rows for text in row]
    closed = replace(scanned, rulings=(Ruling(Box(72, 194, 330, 194.5), True, 0.5),))
    head = scan([*words("What", 72, 180), *words("How", 200, 180), *every], *scanned.regions)
    topped = replace(head, rulings=(Ruling(Box(72, 176, 330, 176.5), True, 0.5),))
    assert lay_out(closed).blocks[0].table.rows == 3
    taller = next(block for block in lay_out(topped).blocks if block.type == "Table")
    assert taller.table is not None
    assert taller.table.rows == 4


def _two_columns(rows):
    every = []
    for number, (label, said) in enumerate(rows):
        every += [*words(label, 72, 200 + 14 * number), *words(said, 200, 200 + 14 * number)]
    return every


def test_an_unsure_table_is_not_looked_for():
    every = _two_columns([("Method", "We went by boat"), ("Crew", "Four men and a dog")])
    assert "Table" not in types_of(scan(every, seen("table", 70, 198, 330, 230, score=0.5)))


def test_a_table_over_a_figure_and_columns_is_none():
    every = [*grid_words(TABLE_ROWS, 72, 200)]
    assert types_of(scan(every)) == ["Table"]
    extent = lay_out(scan(every)).blocks[0].box
    prose = seen("text", extent.x0, extent.y0, extent.x1, extent.y1, score=0.9)
    assert "Table" not in types_of(scan(every, prose))
    assert "Table" in types_of(scan(every, replace(prose, score=0.6)))


def test_a_figure_keeps_its_labels_and_leaves_its_caption():
    caption = lines(["Figure 1: The river and its mill, drawn from the hill above it."], 72, 386)
    every = [*words("mill", 150, 200), *words("river", 220, 300), *caption, *lines(PROSE, 72, 500)]
    scanned = scan(every, seen("figure", 72, 150, 400, 392), seen("caption", 70, 384, 400, 398, score=0.7))
    found = {block.type: block for block in lay_out(scanned).blocks[:1]}
    assert found["Figure"].text == "mill\nriver"
    assert found["Figure"].box == Box(72, 150, 400, 384)
    assert any(text.startswith("Figure 1") for kind, text in blocks_of(scanned) if kind == "Text")


def test_a_written_page_is_no_figure():
    every = lines(wrapped(" ".join(SENTENCES * 4), 60), 72, 100)
    scanned = scan(every, seen("figure", 60, 90, 400, 380))
    assert "Figure" not in types_of(scanned)


def test_a_framed_form_is_no_figure():
    labels = [(name, 72, 160 + 40 * row) for row, name in enumerate(("NAME:", "STREET:", "TOWN:", "DATE:"))]
    every = [word for label in labels for word in words(*label)]
    form = scan(every, seen("figure", 60, 150, 400, 400))
    assert "Figure" not in types_of(form)
    legend = scan(every[:2], seen("figure", 60, 150, 400, 400))
    assert "Figure" in types_of(legend)


def test_references_are_list_items_when_the_model_is_sure():
    first = [
        *lines(["Brook, A. Rivers of the north, their"], 72, 100),
        *lines(["mills and ferries."], 92, 112),
    ]
    second = [*lines(["Mill, B. Mills of the south, with a"], 72, 124), *lines(["map."], 92, 136)]
    part = seen("reference", 70, 98, 300, 150)
    assert blocks_of(scan([*first, *second], part)) == [
        ("List Item", "Brook, A. Rivers of the north, their mills and ferries."),
        ("List Item", "Mill, B. Mills of the south, with a map."),
    ]
    assert "List Item" not in types_of(scan([*first, *second], replace(part, score=0.7)))


def test_a_table_over_the_edge_of_a_column_of_text_is_none():
    every = grid_words(TABLE_ROWS, 72, 200)
    extent = lay_out(scan(every)).blocks[0].box
    half = seen("text", extent.x0, extent.y0 - 50, extent.center_x, extent.y1 + 50, score=0.7)
    assert "Table" not in types_of(scan(every, half))
    agreed = seen("table", extent.x0, extent.y0, extent.x1, extent.y1, score=0.7)
    assert "Table" in types_of(scan(every, half, agreed))


def test_two_columns_of_chinese_prose_are_no_table():
    prose = "美人蕉植株高度及开花数见表实验发现美人蕉最终高度"
    every = [*lines([prose] * 6, 72, 100), *lines([prose] * 6, 340, 100)]
    assert types_of(scan(every)) == ["Text", "Text"]


def test_a_part_of_text_is_read_in_one_go():
    column = [*lines(["First part of the", "column."], 72, 100), *lines(["Second part."], 72, 200)]
    scanned = scan([*column, *words("A note", 200, 100)], seen("text", 70, 95, 170, 230))
    assert [text for _, text in blocks_of(scanned)] == ["First part of the column.", "Second part.", "A note"]
    torn = replace(scanned, regions=())  # far below, and alone: something new
    assert [text for _, text in blocks_of(torn)] == ["First part of the column.", "A note", "Second part."]


def test_something_else_inside_a_part_keeps_its_place():
    every = [*lines(["Above the picture."], 72, 100), *lines(["Below the picture."], 72, 300)]
    scanned = scan(every, seen("text", 70, 95, 300, 315), seen("figure", 72, 130, 290, 280))
    assert types_of(scanned) == ["Text", "Figure", "Text"]


def test_the_number_of_a_section_begins_a_paragraph_of_text():
    every = lines(["3.4. Blood counts were also compared between", "the groups of that year."], 72, 100)
    assert types_of(scan(every)) == ["List Item"]
    assert blocks_of(scan(every, seen("text", 70, 98, 330, 126))) == [
        ("Text", "3.4. Blood counts were also compared between the groups of that year.")
    ]


KINDS = ("text", "title", "list", "figure", "table", "caption", "header", "footer", "reference", "equation")
CORNERS = st.tuples(st.integers(0, 500), st.integers(0, 800), st.integers(5, 500), st.integers(5, 700))
PARTS = st.lists(st.tuples(st.sampled_from(KINDS), CORNERS, st.floats(0.4, 1.0)), min_size=1, max_size=12)
EVERYTHING = [
    *words("Annals", 72, 40),
    *lines(PROSE, 72, 100),
    *lines(PROSE, 320, 100),
    *_two_columns([("Method", "by boat"), ("Crew", "four men")]),
    *grid_words(TABLE_ROWS, 72, 400),
    *lines(["1. one item", "2. another item"], 72, 600),
    *words("17", 300, HEIGHT - 40),
]


@settings(max_examples=40, deadline=None)
@given(PARTS)
def test_whatever_the_model_sees_no_word_is_lost_or_doubled(parts):
    regions = [seen(kind, x, y, x + w, y + h, score) for kind, (x, y, w, h), score in parts]
    blocks = lay_out(scan(EVERYTHING, *regions)).blocks
    said = " ".join(f"{block.marker} {block.text}" for block in blocks).split()
    assert sorted(said) == sorted(word.text for word in EVERYTHING)


def test_a_model_says_nothing_about_a_page_without_parts():
    every = [*words("Annals", 72, 40), *lines(PROSE, 72, 100)]
    digital = page(every)
    assert lay_out(digital) == lay_out(replace(digital, regions=()))
