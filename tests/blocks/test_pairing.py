from documents.layouts import SENTENCES, across, page, words, wrapped
from recto.blocks.blanks import find_blanks
from recto.blocks.labelled_phrases import cut_phrases
from recto.blocks.pairing import pair_phrases


def pairs(*texts, rulings=(), certain=True):
    """The pairs among texts at places, as "label | value"."""
    every = [word for text, x, y in texts for word in words(text, x, y)]
    blanks = find_blanks(page(every, rulings), every)
    blank_of = {id(word): place for place, blank in enumerate(blanks) for word in blank.words}
    phrases = cut_phrases(every, blank_of)
    on = {
        id(line): blanks[blank_of[id(phrases.home[id(line.words[0])])]]
        for line in phrases.lines
        if id(phrases.home[id(line.words[0])]) in blank_of
    }
    return [
        f"{' '.join(line.text for line in pair.label)} | {' '.join(line.text for line in pair.value)}"
        for pair in pair_phrases(phrases.lines, on, certain=certain)
    ]


def test_the_nearest_phrase_to_the_right_is_the_value():
    assert pairs(("To:", 72, 100), ("Ada", 140, 100), ("Eve", 200, 100)) == ["To: | Ada"]


def test_an_amount_in_a_column_of_its_own_follows_its_currency():
    assert pairs(("Total:", 72, 100), ("RM", 180, 100), ("12.50", 240, 100)) == ["Total: | RM 12.50"]
    assert pairs(("Town:", 72, 100), ("NY", 180, 100), ("Eve", 240, 100)) == ["Town: | NY"]


def test_a_label_takes_no_other_label():
    assert pairs(("To:", 72, 100), ("From:", 140, 100), ("Eve", 200, 100)) == ["From: | Eve"]


def test_a_value_may_stand_below_its_label():
    assert pairs(("Remarks:", 72, 100), ("none", 74, 114), ("that matter", 74, 126)) == [
        "Remarks: | none that matter"
    ]


def test_labels_in_a_row_have_their_values_below():
    texts = (("Item:", 72, 100), ("Size:", 160, 100), ("Date:", 250, 100))
    assert pairs(*texts, ("Lamp", 72, 114), ("Large", 160, 114), ("June", 250, 114)) == [
        "Item: | Lamp",
        "Size: | Large",
        "Date: | June",
    ]


def test_an_empty_label_takes_nothing_from_afar_or_from_beside():
    assert pairs(("Judge:", 72, 100), ("Some note", 72, 160)) == []
    assert pairs(("Judge:", 72, 100), ("Some note", 180, 114)) == []
    assert pairs(("Judge:", 72, 100), ("Trial Date:", 72, 114)) == []


def test_a_sentence_with_a_colon_has_no_value_below():
    assert pairs(("As promised, here are:", 72, 100), ("two lists", 72, 114)) == []


def test_what_is_written_on_a_blank_belongs_to_the_label_before_it():
    assert pairs(("COST CENTER", 72, 100), ("141", 200, 100), rulings=[across(140, 300, 112)]) == [
        "COST CENTER | 141"
    ]


def test_or_to_the_label_below_it_where_several_have_theirs_there():
    on = [across(72, 250, 112), across(300, 480, 112)]
    texts = (("Ada Lovelace", 80, 100), ("NAME", 72, 115), ("Oslo", 310, 100), ("TOWN", 300, 115))
    assert pairs(*texts, rulings=on) == ["NAME | Ada Lovelace", "TOWN | Oslo"]
    assert pairs(*texts[:2], rulings=on) == []


def test_the_letter_of_an_entry_is_part_of_the_label_below():
    on = [across(90, 250, 112), across(90, 250, 152)]
    first = (("(A)", 72, 100), ("Ada Lovelace", 94, 100), ("NAME", 72, 115))
    second = (("(B)", 72, 140), ("Oslo", 94, 140), ("TOWN", 72, 155))
    assert pairs(*first, *second, rulings=on) == ["(A) NAME | Ada Lovelace", "(B) TOWN | Oslo"]


def test_a_label_with_a_blank_below_may_stand_further_above():
    on = [across(72, 300, 142)]
    assert pairs(("CHECKED BY:", 72, 100), ("Eve", 120, 130), rulings=on) == ["CHECKED BY: | Eve"]
    assert pairs(("CHECKED BY:", 72, 100), ("Eve", 120, 140)) == []


def test_a_heading_on_a_line_is_no_value_of_the_text_below():
    assert pairs(("LISTS", 80, 100), ("Oslo", 72, 115), rulings=[across(72, 250, 112)]) == []


def test_the_number_after_the_name_of_a_number():
    assert pairs(("FAX NO. (614) 466", 72, 100)) == ["FAX NO. | (614) 466"]
    assert pairs(("FAX NO.", 72, 100), ("614", 160, 100)) == ["FAX NO. | 614"]
    assert pairs(("Chapter 7", 72, 100)) == []


def test_a_mark_belongs_to_the_choice_beside_it():
    assert pairs(("JUNE 30", 72, 100), ("X", 130, 100), ("AUG 11", 200, 100)) == ["JUNE 30 | X"]
    assert pairs(("JUNE 30", 72, 100), ("X", 300, 100)) == []


def test_a_sentence_goes_on_under_its_label():
    texts = (("NOTE: the ferry does not go on days with", 72, 100), ("much wind from the", 72, 111))
    assert pairs(*texts) == ["NOTE: | the ferry does not go on days with much wind from the"]
    assert pairs(("NOTE: 3 May", 72, 100), ("Dear Ada", 72, 111)) == ["NOTE: | 3 May"]
    assert pairs(("NOTE: it is only here and not there.", 72, 100), ("Dear Ada", 72, 111)) == [
        "NOTE: | it is only here and not there."
    ]


def test_a_label_may_have_two_lines():
    texts = (("HARBOUR", 72, 100), ("BOARD:", 72, 112), ("Eve", 180, 112))
    assert pairs(*texts) == ["HARBOUR BOARD: | Eve"]
    assert pairs(*texts, ("12", 180, 100)) == ["BOARD: | Eve"]


def test_a_page_with_one_label_is_no_form():
    assert pairs(("To:", 72, 100), ("Ada", 140, 100), certain=False) == []


def test_labels_that_touch_their_values_make_a_form_where_there_are_several():
    texts = [
        (f"{name}: {12 + place}", 72, 100 + 14 * place)
        for place, name in enumerate(("Total", "Cash", "Change"))
    ]
    assert pairs(*texts, certain=False) == ["Total: | 12", "Cash: | 13", "Change: | 14"]
    assert pairs(*texts[:2], certain=False) == []


def test_abbreviations_in_prose_make_none():
    prose = [(line, 72, 300 + 12 * place) for place, line in enumerate(wrapped(" ".join(SENTENCES), 80))]
    meanings = (
        ("SF: single fraction;", 72, 100),
        ("QA: quality assurance;", 72, 114),
        ("HF: high flood;", 72, 128),
    )
    captions = (("Figure 1: The mill", 72, 150), ("Table 2: Rain", 72, 164), ("Table 3: Snow", 72, 178))
    assert pairs(*prose, *meanings, *captions, certain=False) == []


def test_no_word_is_in_two_pairs():
    texts = (("To:", 72, 100), ("X", 110, 100), ("Remarks:", 72, 114), ("X", 80, 128))
    assert pairs(*texts) == ["To: | X", "Remarks: | X"]
