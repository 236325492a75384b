import pytest

from recto.document.geometry import Box
from recto.document.page import Word
from recto.pages.ocr.agreement import agreed, settled


def word(text: str, x0: float, confidence: float, wide: float = 30) -> Word:
    return Word(text, Box(x0, 10, x0 + wide, 20), 10, confidence=confidence)


def test_agreement_makes_surer():
    (found,) = agreed([word("total", 0, 0.6)], [word("Total", 1, 0.9)])
    assert found.text == "Total"
    assert found.confidence == pytest.approx(0.96)


def test_disagreement_makes_less_sure_and_the_second_stands():
    (found,) = agreed([word("tota1", 0, 0.95)], [word("total", 1, 0.9)])
    assert found.text == "total"
    assert found.confidence == pytest.approx(0.81)


def test_accents_that_only_the_second_sees_are_dropped():
    (found,) = agreed([word("superior", 0, 0.7)], [word("superíor", 0, 0.9)])
    assert found.text == "superior"
    (kept,) = agreed([word("sup3rior", 0, 0.7)], [word("superíor", 0, 0.9)])
    assert kept.text == "superíor"


def test_words_that_the_second_left_out_are_added_when_sure():
    second = [word("seen", 0, 0.9)]
    added = agreed([word("missed", 100, 0.95), word("speck", 200, 0.5), word("x", 300, 0.95)], second)
    assert [found.text for found in added] == ["seen", "missed"]


def test_words_that_are_parts_of_others_are_not_added():
    second = [word("phone number", 0, 0.9, wide=80)]
    assert [found.text for found in agreed([word("phone", 0, 0.95), word("number", 42, 0.95)], second)] == [
        "phone number"
    ]


def test_one_empty_reading_leaves_the_other():
    assert agreed([], [word("a", 0, 0.9)]) == [word("a", 0, 0.9)]
    assert agreed([word("a", 0, 0.2)], []) == [word("a", 0, 0.2)]


def test_a_line_is_settled_when_all_of_it_was_read_and_is_sure():
    line = Box(0, 8, 100, 22)
    whole = [word("half", 2, 0.95, wide=45), word("other", 52, 0.96, wide=45)]
    assert settled(line, whole)
    assert not settled(line, whole[:1])
    assert not settled(line, [whole[0], word("0ther", 52, 0.8, wide=45)])
    assert not settled(line, [])
    assert not settled(Box(0, 30, 100, 44), whole)
