import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import lines, page, words
from recto.blocks.columns import Gutter, find_gutters
from recto.blocks.lines import baselines, cut_lines, text_lines, turn_of, typical_leading, visible
from recto.document.geometry import Box
from recto.document.page import Word


def cut(every, gutters=()):
    return cut_lines(baselines(every), gutters)


def texts(every, gutters=()):
    return [line.text for line in cut(every, gutters)]


def test_words_of_one_baseline_are_one_line_left_to_right():
    assert texts(list(reversed(words("the quick brown fox", 72, 100)))) == ["the quick brown fox"]


def test_a_wide_gap_cuts_a_line():
    assert texts([*words("left", 72, 100), *words("right", 300, 100)]) == ["left", "right"]


def test_a_gutter_cuts_where_the_gap_is_small():
    every = [*words("left", 72, 100), *words("right", 100, 100)]
    assert texts(every) == ["left right"]
    assert texts(every, [Gutter(92.5, 99.5, 90, 120)]) == ["left", "right"]


def test_a_raised_sign_stays_in_its_line():
    raised = words("2", 93, 98, 6)
    assert texts([*words("area", 72, 100), *raised, *words("of land", 98, 100)]) == ["area 2 of land"]


def test_columns_whose_lines_are_offset_do_not_mix():
    left = lines(["one two", "three four", "five six"], 72, 100)
    right = lines(["seven eight", "nine ten", "eleven twelve"], 300, 104)
    assert sorted(texts([*left, *right])) == sorted(
        ["one two", "three four", "five six", "seven eight", "nine ten", "eleven twelve"]
    )


def test_an_initial_of_several_lines_belongs_to_the_first():
    cap = Word("O", Box(72, 100, 92, 124), 24.0)
    body = lines(["ver the years", "the pressure grew"], 94, 100)
    assert texts([cap, *body])[0] == "Over the years"


def test_hebrew_is_read_from_the_right():
    assert texts(words("\u05d0\u05d1 \u05d2\u05d3", 72, 100)) == ["\u05d2\u05d3 \u05d0\u05d1"]


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("\u05d0\u05d1 1204 \u05d2\u05d3", "\u05d2\u05d3 1204 \u05d0\u05d1"),
        ("\u05d0\u05d1 North Gate 12 \u05d2\u05d3 \u05d4", "\u05d4 \u05d2\u05d3 North Gate 12 \u05d0\u05d1"),
        ("the word \u05d0\u05d1 \u05d2\u05d3 means", "the word \u05d2\u05d3 \u05d0\u05d1 means"),
        ("said \u0628\u0627\u0628 3 times", "said \u0628\u0627\u0628 3 times"),
        ("\u0628\u0627\u0628 3 - 4", "4 - 3 \u0628\u0627\u0628"),
    ],
    ids=["number", "latin", "hebrew_in_english", "number_after_one_word", "range"],
)
def test_words_that_run_against_their_line_keep_their_order(seen, read):
    assert texts(words(seen, 72, 100)) == [read]


@given(st.lists(st.sampled_from(["a1", "\u05d0\u05d1", "12", "\u0628", "b", "-", "\u4e00"]), max_size=12))
def test_the_order_of_a_line_is_a_permutation(tokens):
    every = words(" ".join(tokens), 10, 100)
    assert sorted(word.text for line in cut(every) for word in line.words) == sorted(tokens)


def test_hidden_and_blank_words_are_not_visible():
    every = [
        *words("seen", 72, 100),
        *words("unseen", 72, 120, hidden=True),
        Word(" ", Box(0, 0, 1, 1), 10.0),
    ]
    assert [word.text for word in visible(page(every))] == ["seen"]


def test_a_slanted_font_is_not_askew():
    slanted = words("Background:", 72, 100, rotation=343)[0]
    watermark = Word("DRAFT", Box(100, 100, 300, 300), 60.0, rotation=45)
    assert turn_of(slanted) == 0
    assert turn_of(watermark) == 45
    assert turn_of(words("up", 0, 0, rotation=92)[0]) == 90


def test_typical_leading_is_a_multiple_of_the_size():
    assert typical_leading(cut(lines(["a b", "c d", "e f"], 72, 100, 10, 15))) == 1.5
    assert typical_leading([]) == 1.2


def test_lone_short_lines_far_apart_say_nothing_about_the_leading():
    assert typical_leading(cut(lines(["a b", "c d", "e f"], 72, 100, 10, 24))) == 1.6
    assert typical_leading(cut(lines(["a b c d e", "f g h i j", "k l"], 72, 100, 10, 24))) == 2.4


def test_gutters_need_words_on_both_sides_over_several_lines():
    two = [
        word
        for i in range(5)
        for word in (*words("some words here", 72, 100 + 12 * i), *words("more words", 170, 100 + 12 * i))
    ]
    found = find_gutters(baselines(two))
    assert len(found) == 1
    assert 140 < found[0].x0 < found[0].x1 <= 170
    assert find_gutters(baselines(two[:5])) == ()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 500), st.integers(0, 700), st.sampled_from([6, 8, 10, 12, 24]), st.integers(1, 12)
        ),
        max_size=40,
    )
)
def test_every_word_is_in_exactly_one_line(places):
    every = [
        Word(f"w{i}", Box(x, y, x + 0.5 * size * length, y + size), float(size))
        for i, (x, y, size, length) in enumerate(places)
    ]
    for found in (cut(every), text_lines(every)):
        assert sorted(word.text for line in found for word in line.words) == sorted(w.text for w in every)


def test_a_watermark_does_not_join_the_line_it_crosses():
    mark = Word("DRAFT", Box(150, 70, 400, 130), 60.0)
    assert sorted(texts([*words("left of it", 72, 100), mark, *words("right of it", 300, 100)])) == [
        "DRAFT",
        "left of it",
        "right of it",
    ]


def test_sizes_of_recognised_words_are_made_to_fit_their_boxes():
    def seen(size, confidence):
        return visible(page([Word("Harbour", Box(72, 100, 100, 107), size, confidence=confidence)]))[
            0
        ].font_size

    assert round(seen(20.0, 0.9), 3) == 9.1
    assert seen(9.0, 0.9) == 9.0
    assert seen(20.0, None) == 20.0
