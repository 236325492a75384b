from dataclasses import replace

from documents.layouts import SENTENCES, block
from recto.blocks.headings import rank_headings

BODY = [block(text) for text in SENTENCES]


def ranked(*blocks):
    return [(found.type, found.level, found.text) for found in rank_headings(blocks) if found.type != "Text"]


def test_the_largest_heading_at_the_start_is_the_title():
    found = ranked(
        block("Rivers", size=20), *BODY, block("Floods", size=14), *BODY, block("Ice", size=12), *BODY
    )
    assert found == [("Title", 1, "Rivers"), ("Section Header", 2, "Floods"), ("Section Header", 3, "Ice")]


def test_bold_lines_in_body_size_are_headings_below_the_larger_ones():
    found = ranked(
        block("Floods", size=14), *BODY, block("In spring", bold=True), *BODY, block("Ice", size=14), *BODY
    )
    assert [level for _, level, _ in found[1:]] == [3, 2]


def test_a_document_whose_text_is_bold_has_no_bold_headings():
    assert ranked(*(block(text, bold=True) for text in SENTENCES), block("Not a heading", bold=True)) == []


def test_sentences_and_figures_are_no_headings():
    assert ranked(*BODY, block("This is bold but ends.", bold=True), block("1,204", bold=True)) == []


def test_a_numbered_line_in_large_type_is_a_heading_and_keeps_its_number():
    found = ranked(*BODY, block("Floods", "List Item", marker="2.1", size=14), *BODY)
    assert found == [("Section Header", 2, "2.1 Floods")]


def test_numbers_deepen_the_level_within_one_style():
    heads = [block(text, size=14) for text in ("1 Rivers", "1.1 Floods", "1.1.1 Spring")]
    found = ranked(*(part for head in heads for part in (head, *BODY)))
    assert [level for _, level, _ in found] == [2, 3, 4]


def test_bullets_are_no_headings():
    found = ranked(*BODY, block("Large item", "List Item", marker="\u2022", size=14))
    assert found == [("List Item", 0, "Large item")]


def test_lines_in_capitals_are_headings_unless_all_is_in_capitals():
    assert ranked(*BODY, block("THE FLOODS"), *BODY) == [("Section Header", 2, "THE FLOODS")]
    assert ranked(*(block(text.upper()) for text in SENTENCES), block("THE FLOODS")) == []


def test_a_form_full_of_bold_labels_has_no_headings():
    labels = [block(f"Label {letter}", bold=True) for letter in "ABCDEFGH"]
    assert ranked(*BODY, *labels) == []


def test_nothing_is_lost():
    blocks = [block("Rivers", size=20), *BODY, block("x", "Header")]
    assert [b.text for b in rank_headings(blocks)] == [b.text for b in blocks]
    assert rank_headings([]) == []


def test_a_size_hardly_larger_that_only_short_lines_have_is_a_heading():
    assert ranked(*BODY, block("Floods", size=10.8), *BODY) == [("Section Header", 2, "Floods")]


def test_such_a_size_is_no_heading_where_prose_has_it_too_or_where_sizes_were_measured():
    prose = block(SENTENCES[0], size=10.8)
    assert ranked(*BODY, block("Floods", size=10.8), *BODY, prose) == []
    measured = replace(block("Floods", size=10.8), confidence=0.97)
    assert ranked(*BODY, measured, *BODY) == []


def test_small_lines_right_over_the_title_head_nothing():
    found = ranked(block("Letters of the River Board", size=12), block("Rivers", size=20), *BODY)
    assert found == [("Title", 1, "Rivers")]


def test_numbered_capitals_are_items_where_headings_have_a_type_of_their_own():
    item = block("ORCHARD MAP", "List Item", marker="1.")
    assert ("Section Header", 2, "1. ORCHARD MAP") in ranked(*BODY, item, *BODY)
    heads = [part for name in ("Rivers", "Floods", "Ice") for part in (block(name, size=14), *BODY)]
    assert ("List Item", 0, "ORCHARD MAP") in ranked(*heads, item, *BODY)


def test_bold_addresses_and_words_in_small_letters_are_no_headings():
    address = block("Ingrid Moe\nThe Upper Mill\nNorway", bold=True)
    assert ranked(*BODY, address, block("and after", bold=True), *BODY) == []


def test_large_text_that_goes_on_after_a_page_break_heads_nothing():
    first = block("The river rose so fast that nobody could cross " * 5, size=16)
    on = block("the bridge before noon", size=16, page_number=2)
    assert ranked(*BODY, *BODY, first, on) == []


def test_bold_captions_are_no_headings():
    captions = [block(text, bold=True) for text in ("Table 3: Rainfall", "Fig. 2 The mill", "Table ES-1 Ice")]
    assert ranked(*(part for one in captions for part in (one, *BODY))) == []
    assert ranked(*BODY, block("Figures of the year", bold=True), *BODY) != []
