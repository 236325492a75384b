from documents.layouts import across, page, upright, words
from recto.blocks.blanks import find_blanks


def blanks(every, *rulings):
    return [" ".join(word.text for word in blank.words) for blank in find_blanks(page(every, rulings), every)]


def test_text_on_a_line_longer_than_it_is_written_there():
    assert blanks(words("Ada Lovelace", 110, 100), across(100, 300, 112)) == ["Ada Lovelace"]


def test_a_line_as_long_as_its_text_underlines_it():
    assert blanks(words("Ada Lovelace", 100, 100), across(99, 160, 112)) == []


def test_a_line_across_the_page_parts_what_is_above_from_what_is_below():
    assert blanks(words("Ada Lovelace", 110, 100), across(20, 580, 112)) == []


def test_a_line_of_a_frame_is_no_blank():
    assert blanks(words("Ada Lovelace", 110, 100), across(100, 300, 112), upright(300, 60, 113)) == []


def test_two_phrases_far_apart_stand_in_a_table():
    assert blanks([*words("Oslo", 110, 100), *words("12", 250, 100)], across(100, 300, 112)) == []


def test_a_phrase_that_only_begins_on_the_line_is_not_written_there():
    assert blanks(words("signed by Ada Lovelace today", 60, 100), across(100, 300, 112)) == []
    assert blanks(words("signed by Ada Lovelace today", 110, 100), across(100, 190, 112)) == []


def test_a_label_on_the_line_makes_it_no_blank():
    assert blanks(words("Name: Ada", 110, 100), across(100, 300, 112)) == []


def test_text_above_or_below_a_line_is_not_on_it():
    assert blanks(words("Ada", 110, 60), across(100, 300, 112)) == []
    assert blanks(words("Ada", 110, 114), across(100, 300, 112)) == []


def test_letters_of_entries_part_a_line_into_blanks():
    every = [*words("Ada", 112, 100), *words("(B)", 180, 100), *words("Paris", 200, 100)]
    found = find_blanks(page(every, [across(110, 300, 112)]), every)
    assert [(blank.words[0].text, blank.line.x0, blank.line.x1) for blank in found] == [
        ("Ada", 110.0, 180.0),
        ("Paris", 195.0, 300.0),
    ]
