from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import page, words
from recto.blocks.page import lay_out
from recto.blocks.vertical import vertical_regions
from recto.document.geometry import Box
from recto.document.page import Word


def column(signs, x, y, size=12.0, step=14.0):
    return [
        Word(sign, Box(x, y + step * row, x + size, y + step * row + size), size)
        for row, sign in enumerate(signs)
    ]


def test_columns_are_read_from_right_to_left():
    every = [*column("一二三四", 300, 100), *column("五六七八", 280, 100)]
    assert [b.text for b in lay_out(page(every)).blocks] == ["一二三四五六七八"]


def test_columns_far_apart_are_two_texts():
    every = [*column("一二三四", 300, 100), *column("五六七八", 100, 100)]
    assert len(vertical_regions(every)[0]) == 2


def test_few_signs_letters_and_lines_across_are_not_vertical():
    every = [*column("一二三", 300, 100), *column("abcd", 200, 100), *words("一二三四 五六七八", 72, 300)]
    assert vertical_regions(every) == ([], every)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from("一二あ가ab")), max_size=60)
)
def test_no_sign_is_lost_or_doubled(places):
    every = [Word(sign, Box(12 * x, 13 * y, 12 * x + 12, 13 * y + 12), 12.0) for x, y, sign in places]
    once = list({(word.box, word.text): word for word in every}.values())
    regions, rest = vertical_regions(once)
    signs = [word.text for region in regions for word in region.words] + [word.text for word in rest]
    assert sorted(signs) == sorted(word.text for word in once)
