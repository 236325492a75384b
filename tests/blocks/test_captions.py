from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import SENTENCES, grid_rulings, grid_words, lines, page, words, wrapped
from recto.blocks.captions import says_caption, tied
from recto.blocks.page import lay_out
from recto.blocks.region import Region
from recto.document.block import Captioned
from recto.document.geometry import Box
from recto.document.page import SeenRegion

ROWS = (("Station", "June", "July"), ("Bergen", "1.5", "2.5"), ("Oslo", "3.5", "4.5"))


@pytest.mark.parametrize(
    "text",
    ["Figure 3: The weir", "FIG. 2. The weir", "Table A-2. Loads", "Table IV", "表1 流量", "Abb. 4 Das Wehr"],
)
def test_captions(text):
    assert says_caption(text)


@pytest.mark.parametrize(
    "text", ["Figure 2 shows the weir", "Table 1, which is new", "Figure 2 (left) shows", "Tables", "Chart"]
)
def test_sentences_about_figures_are_no_captions(text):
    assert not says_caption(text)


def test_a_caption_below_a_picture_and_one_above_a_table_are_tied():
    every = [
        *words("Figure 1. The mill", 100, 305),
        *words("Table 1. Rain", 72, 485),
        *grid_words(ROWS, 72, 500),
    ]
    found = lay_out(page(every, grid_rulings(3, 3, 72, 500), [Box(100, 100, 400, 300)])).blocks
    assert [(b.type, b.caption) for b in found] == [
        ("Figure", "Figure 1. The mill"),
        ("Text", ""),
        ("Text", ""),
        ("Table", "Table 1. Rain"),
    ]
    assert [b.caption_of and b.caption_of.type for b in found] == [None, "Figure", "Table", None]
    assert found[1].caption_of == Captioned("Figure", found[0].box)


def test_a_caption_between_a_figure_and_a_table_goes_to_its_own_kind():
    every = [*words("Table 1. Rain", 100, 305), *grid_words(ROWS, 100, 325)]
    found = lay_out(page(every, grid_rulings(3, 3, 100, 325), [Box(100, 100, 370, 300)])).blocks
    assert {b.type: b.caption for b in found if b.type != "Text"} == {"Figure": "", "Table": "Table 1. Rain"}


def test_a_figure_beside_text_is_read_next_to_its_caption():
    regions = [
        Region("Figure", Box(300, 100, 500, 200)),
        Region("Text", Box(72, 100, 280, 300), text="prose"),
        Region("Text", Box(300, 205, 500, 220), text="Figure 1. The mill"),
        Region("Text", Box(72, 310, 280, 400), text="more prose"),
    ]
    found = tied(page(), regions)
    assert [region.type if region.text is None else region.text for region in found] == [
        "prose",
        "Figure",
        "Figure 1. The mill",
        "more prose",
    ]


def test_what_the_layout_model_saw_as_a_caption_is_one_whatever_it_says():
    every = [*lines(wrapped(SENTENCES[0], 60), 100, 305)]
    seen = SeenRegion(Box(95, 300, 420, 335), "caption", 0.9)
    plain = page(every, (), [Box(100, 100, 400, 300)])
    assert all(b.caption == "" for b in lay_out(plain).blocks)
    figure = lay_out(replace(plain, route="ocr", regions=(seen,))).blocks[0]
    assert (figure.type, figure.caption) == ("Figure", SENTENCES[0])


def test_a_caption_far_from_everything_is_tied_to_nothing():
    found = lay_out(page(words("Figure 1. The mill", 100, 600), (), [Box(100, 100, 400, 300)])).blocks
    assert not any(b.caption or b.caption_of for b in found)


BOXES = st.builds(
    lambda x, y, wide, high: Box(x, y, x + wide, y + high),
    st.integers(0, 400),
    st.integers(0, 700),
    st.integers(10, 190),
    st.integers(10, 140),
)
KINDS = st.sampled_from(
    [("Figure", ""), ("Table", ""), ("Text", "Figure 1. A"), ("Text", "Table 2"), ("Text", "a")]
)


@given(st.lists(st.tuples(BOXES, KINDS), max_size=15))
def test_tying_is_a_permutation_and_ties_are_mutual(drawn):
    regions = [Region(kind, box, text=f"{text} {i}x") for i, (box, (kind, text)) in enumerate(drawn)]
    found = tied(page(), regions)
    assert sorted(region.text or "" for region in found) == sorted(region.text or "" for region in regions)
    captions = [region for region in found if region.caption_of]
    assert sorted(region.text or "" for region in captions) == sorted(r.caption for r in found if r.caption)
    order = {id(region): place for place, region in enumerate(found)}
    for caption in captions:
        about = [r for r in found if r.caption == caption.text and r.caption]
        assert len(about) == 1
        assert caption.caption_of == Captioned(about[0].type, about[0].box)
    assert len(order) == len(found)
