import pytest

from recto.blocks.labels import is_caption, is_heading_label, is_label, is_titled, names_number


@pytest.mark.parametrize("text", ["To:", "FAX #:", "# Pages:", "Client No.:", "(incl. tax):"])
def test_short_texts_that_end_in_a_colon_are_labels(text):
    assert is_label(text)


@pytest.mark.parametrize(
    "text",
    ["To", "12:", "(a) Ada Lovelace:", "a: b:", "What we say about the value below here is:", "x" * 40 + ":"],
)
def test_other_texts_are_not(text):
    assert not is_label(text)


def test_a_label_over_its_value_is_written_as_titles_are():
    assert is_heading_label("Reason for Contact:")
    assert not is_heading_label("We will bring the following:")


def test_a_label_in_capitals_may_be_long():
    assert is_heading_label("BOXES SENT TO THE STORE AND COUNTED BY THE KEEPER:")
    assert not is_heading_label("Boxes Sent To The Store And Counted By The Keeper:")


def test_small_words_do_not_make_a_title_small():
    assert is_titled("Number of Stores in the Town")
    assert not is_titled("12 / 3")


def test_a_caption_is_mostly_letters():
    assert is_caption("Telephone #")
    assert not is_caption("A 12-4711-99")


def test_only_names_of_numbers_are_followed_by_one():
    assert names_number("Order No.", "12")
    assert not names_number("Order No.", "none")
    assert not names_number("see the page", "12")
