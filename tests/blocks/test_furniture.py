import pytest

from documents.layouts import HEIGHT, block, layout
from recto.blocks.furniture import is_page_number, mark_furniture


def marked(*pages):
    layouts = [layout(blocks, number) for number, blocks in enumerate(pages, 1)]
    return [[found.type for found in blocks] for blocks in mark_furniture(layouts, pages)]


def body(number):
    return block("Some text in the middle of the page. " * 3, page_number=number, y=300)


def test_lines_repeated_at_one_height_are_heads_and_feet():
    pages = [
        [
            block(f"Chapter {n} of the book", page_number=n, y=50),
            body(n),
            block("All rights reserved", page_number=n, y=HEIGHT - 60),
        ]
        for n in (1, 2, 3)
    ]
    assert marked(*pages) == [["Header", "Text", "Footer"]] * 3


def test_numbers_at_the_edge_are_page_numbers_even_on_one_page():
    assert marked([body(1), block("- 8 -", y=HEIGHT - 40)]) == [["Text", "Page Number"]]


def test_text_near_the_edge_that_does_not_repeat_is_text():
    pages = [
        [block(f"A fact about {word} alone", page_number=n, y=70), body(n)]
        for n, word in ((1, "cows"), (2, "oats"))
    ]
    assert marked(*pages) == [["Text", "Text"]] * 2


def test_a_repeated_line_in_the_middle_is_text():
    pages = [[block("See the next page", page_number=n, y=400)] for n in (1, 2, 3)]
    assert marked(*pages) == [["Text"]] * 3


def test_tables_are_never_furniture():
    pages = [[block("x", "Table", page_number=n, y=40)] for n in (1, 2, 3)]
    assert marked(*pages) == [["Table"]] * 3


@pytest.mark.parametrize("text", ["7", "- 8 -", "Page 3 of 9", "xiv", "3/12", "A-4", "[12]"])
def test_page_numbers(text):
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["1984 was a year", "Figure 3", "12.50", "Total 5", ""])
def test_not_page_numbers(text):
    assert not is_page_number(text)


def test_a_decorated_number_below_everything_closes_a_short_page():
    assert marked([body(1), block("- 8 -", y=400)]) == [["Text", "Page Number"]]
    assert marked([body(1), block("8", y=400)]) == [["Text", "Text"]]
    assert marked([block("- 8 -", y=200), body(1)]) == [["Text", "Text"]]


def test_small_lines_beside_a_page_number_are_its_foot():
    texts = [("A Journal of Things", 60), ("7", 300), ("May 2024", 480)]
    foot = [block(text, y=HEIGHT - 40, x=x, bold=True) for text, x in texts]
    assert marked([body(1), *foot]) == [["Text", "Footer", "Page Number", "Footer"]]
