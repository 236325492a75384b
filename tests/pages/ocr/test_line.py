"""Lines drawn letter by letter, so that where each letter and each gap stands is known."""

import numpy as np
import pytest

from recto.pages.ocr.line import Letter, ReadLine, words_of

HEIGHT = 40


def line_of(
    text: str, gap: int = 2, space: int = 16, lost: str = "|", wide: int = 12, rotation: int = 0
) -> ReadLine:
    """A line of strokes for letters; a space is a gap that was read, `lost` is one that the recogniser missed."""
    at, spaced = 4, False
    letters: list[tuple[str, int, bool]] = []
    for letter in text:
        if letter in {" ", lost}:
            at += space - gap
            spaced = letter == " "
            continue
        letters.append((letter, at, spaced))
        at, spaced = at + wide + gap, False
    width = at + 4
    picture = np.full((HEIGHT, width), 255, np.uint8)
    for _, left, _ in letters:
        for step in range(wide):  # a stroke that falls from left to right
            picture[10 + step : 14 + step, left + step] = 0
    corners = np.array([[0, 0], [width, 0], [width, HEIGHT], [0, HEIGHT]], np.float64)
    told = tuple(Letter(letter, (left + wide / 2) / width, is_new, 0.9) for letter, left, is_new in letters)
    return ReadLine(told, picture, corners, rotation)


def texts(line: ReadLine) -> list[str]:
    return [word.text for word in words_of(line, 1.0)]


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        ("Fax number", ["Fax", "number"]),
        ("phone|number of|esu", ["phone", "number", "of", "esu"]),
        ("of|account", ["of", "account"]),
        ("Suite|12", ["Suite", "12"]),
        ("From:|Rick", ["From:", "Rick"]),
        ("1,|284.|50", ["1,284.50"]),
        ("well-|known", ["well-known"]),
    ],
)
def test_lost_spaces_are_put_back_but_not_at_stops(drawn, words):
    assert texts(line_of(drawn)) == words


def test_widely_set_letters_stay_together():
    assert texts(line_of("INVOICE", gap=13)) == ["INVOICE"]


def test_a_gap_must_be_like_the_other_spaces_of_its_line():
    assert texts(line_of("one two th|ree", space=30)) == ["one", "two", "th", "ree"]
    narrow = line_of("one two three", space=30)
    picture = narrow.picture
    ends = int(narrow.letters[7].middle * picture.shape[1]) - 6
    picture[:, ends - 8 : ends] = 255  # a gap of a quarter of the line's height, a third of its spaces
    assert texts(narrow) == ["one", "two", "three"]


def test_very_wide_gap_parts_even_figures():
    assert texts(line_of("12.|50", space=40)) == ["12.", "50"]


def test_chinese_stays_in_one_piece():
    assert texts(line_of("文|档处理")) == ["文档处理"]
    assert texts(line_of("文|档处理", space=40)) == ["文", "档处理"]


def test_boxes_end_where_the_ink_ends():
    line = line_of("ab cd")
    first, second = words_of(line, 0.5)
    assert (first.box.x0, first.box.x1) == (2.0, 15.0)
    assert (second.box.x0, second.box.x1) == (23.0, 36.0)
    assert first.font_size == pytest.approx(HEIGHT * 0.85 * 0.5, abs=0.05)


def test_a_printed_rule_under_the_text_hides_no_gap():
    line = line_of("of|account")
    line.picture[36:38, :] = 0
    assert texts(line) == ["of", "account"]


def test_sideways_lines_keep_their_direction_and_place():
    line = line_of("ab cd", rotation=90)
    width = line.picture.shape[1]
    corners = np.array([[0, width], [0, 0], [HEIGHT, 0], [HEIGHT, width]], np.float64)
    upwards = ReadLine(line.letters, line.picture, corners, 90)
    first, second = words_of(upwards, 1.0)
    assert (first.rotation, second.rotation) == (90, 90)
    assert first.box.y0 > second.box.y1
    assert (first.box.x0, first.box.x1) == (0, HEIGHT)


def test_confidence_is_that_of_the_own_letters():
    line = line_of("ab cd")
    letters = tuple(
        Letter(letter.text, letter.middle, letter.spaced, 0.5 if letter.text in "cd" else 1.0)
        for letter in line.letters
    )
    mixed = ReadLine(letters, line.picture, line.corners)
    assert [word.confidence for word in words_of(mixed, 1.0)] == [1.0, 0.5]
    assert mixed.confidence == 0.75


def test_nothing_read_and_nothing_printed():
    empty = np.full((20, 60), 255, np.uint8)
    corners = np.array([[0, 0], [60, 0], [60, 20], [0, 20]], np.float64)
    assert words_of(ReadLine((), empty, corners), 1.0) == []
    (word,) = words_of(ReadLine((Letter("x", 0.5, False, 0.7),), empty, corners), 1.0)
    assert (word.box.x0, word.box.x1) == (0, 60)
