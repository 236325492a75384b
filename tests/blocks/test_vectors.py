from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import SENTENCES, across, grid_words, lines, page, words, wrapped
from recto.blocks.page import lay_out
from recto.blocks.vectors import find_drawings
from recto.document.geometry import Box, around

SLICES = (Box(100, 100, 160, 160), Box(150, 110, 210, 170), Box(120, 150, 190, 220))


def drawn(shapes, every=(), rulings=()):
    return replace(page(every, rulings), shapes=tuple(shapes))


def figures(some_page):
    return [b for b in lay_out(some_page).blocks if b.type == "Figure"]


def test_curves_close_to_each_other_are_a_figure_with_its_labels():
    (figure,) = figures(drawn(SLICES, words("Oats", 130, 130)))
    assert (figure.box, figure.text) == (around(SLICES), "Oats")


def test_drawings_far_from_each_other_are_two():
    far = [Box(box.x0 + 250, box.y0, box.x1 + 250, box.y1) for box in SLICES]
    assert len(find_drawings(drawn([*SLICES, *far]), ())) == 2


def test_an_axis_that_touches_belongs_to_the_drawing_and_a_rule_across_the_page_does_not():
    found = find_drawings(drawn(SLICES, (), [across(95, 260, 221), across(20, 570, 219)]), ())
    assert [(box.x0, box.x1) for box in found] == [(95, 260)]


def test_short_lines_join_the_boxes_of_a_scheme():
    boxes = [Box(100, 100, 180, 150), Box(230, 100, 310, 150)]
    assert len(find_drawings(drawn(boxes), ())) == 2
    assert len(find_drawings(drawn(boxes, (), [across(180, 230, 125)]), ())) == 1


@pytest.mark.parametrize(
    ("shapes", "every"),
    [
        ([Box(60, 90, 400, 130)], lines(wrapped(SENTENCES[0], 60), 72, 100)),
        (SLICES, lines(["some words run over it", "and others after these"], 170, 130, leading=24)),
        (SLICES, words("Heading", 105, 130, 20)),
        (SLICES, lines(wrapped(SENTENCES[0] * 3, 50), 72, 105)),
        (
            [Box(100 + 40 * i, 100 + 40 * j, 108 + 40 * i, 108 + 40 * j) for i in range(5) for j in range(5)],
            (),
        ),
        ([Box(100 + 8 * i, 100, 107 + 8 * i, 110) for i in range(40)], ()),
        ([Box(0, 0, 590, 800)], ()),
        ((), ()),
    ],
    ids=[
        "frame",
        "seal",
        "banner",
        "emblem_under_prose",
        "marks_in_a_grid",
        "letters",
        "background",
        "nothing",
    ],
)
def test_what_is_no_drawing(shapes, every):
    assert figures(drawn(shapes, every)) == []


def test_a_table_in_a_rounded_frame_stays_a_table():
    rows = (
        ("Station", "June", "July"),
        ("Bergen", "1.5", "2.5"),
        ("Oslo", "3.5", "4.5"),
        ("Voss", "0.5", "0.7"),
    )
    found = lay_out(drawn([Box(66, 95, 350, 180)], grid_words(rows, 72, 100))).blocks
    assert [b.type for b in found] == ["Table"]


def test_the_number_of_a_caption_is_no_label_of_the_drawing():
    every = [*words("10", 85, 110), *words("Figure 2. Loads", 100, 230)]
    found = lay_out(drawn(SLICES, every)).blocks
    assert [(b.type, b.text) for b in found] == [("Figure", "10"), ("Text", "Figure 2. Loads")]
    assert found[0].caption == "Figure 2. Loads"


@given(st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(0.5, 90)] * 2), max_size=40))
def test_each_drawing_is_as_large_as_its_pieces(places):
    shapes = [Box(x, y, x + wide, y + high) for x, y, wide, high in places]
    found = find_drawings(drawn(shapes), ())
    for box in found:
        inside = [shape for shape in shapes if shape.intersection(box) == shape]
        assert around(inside) == box
    assert found == find_drawings(drawn(reversed(shapes)), ())
