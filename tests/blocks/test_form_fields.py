from dataclasses import replace

from documents import forms
from documents.layouts import grid_rulings, grid_words, lines, page, words, wrapped
from recto.blocks.form_fields import MARKED, UNMARKED, fill_in, pair_up
from recto.blocks.page import lay_out
from recto.document.geometry import Box
from recto.document.page import FormField, Page, Ruling
from recto.pages import pdf


def text_field(name: str, x: float, y: float, value: str = "", width: float = 120, **more) -> FormField:
    return FormField(name, "text", Box(x, y - 2, x + width, y + 12), value=value, **more)


def box_field(name: str, x: float, y: float, *, checked: bool, kind="checkbox") -> FormField:
    return FormField(name, kind, Box(x, y, x + 10, y + 10), value="Yes", checked=checked)


def with_fields(some_page: Page, *fields: FormField) -> Page:
    return replace(some_page, fields=fields)


def told(some_page: Page) -> list[tuple[str, str]]:
    return [(block.type, block.text) for block in lay_out(some_page).blocks]


def read(folder, content: bytes) -> Page:
    path = folder / "document.pdf"
    path.write_bytes(content)
    with pdf.opened(path) as document:
        return pdf.read_page(document, 1).page


def test_the_entry_form_says_every_value_once(tmp_path):
    blocks = lay_out(read(tmp_path, forms.entry_form_pdf())).blocks
    assert [(block.type, line) for block in blocks for line in block.text.splitlines()] == [
        ("Key Value", f"Name: {forms.NAME}"),
        ("Key Value", f"City of birth: {forms.CITY}"),
        ("Key Value", "Country: Norway"),
        ("Key Value", "[x] Express delivery"),
        ("Key Value", "[ ] With insurance"),
        ("Key Value", "[ ] By road"),
        ("Key Value", "[x] By sea"),
        ("Text", "We shall deliver 12 crates before the end of the month of May."),
    ]
    names = sorted(field.name for block in blocks for field in block.fields)
    assert names == ["city", "count", "country", "empty", "express", "insured", "person.name", "way", "way"]


def test_values_in_a_table_stay_in_their_cells(tmp_path):
    (table,) = lay_out(read(tmp_path, forms.table_form_pdf())).blocks
    assert table.text == "Ships\t212\nTonnes\t148020\nIdle hours\t1904"
    assert [field.name for field in table.fields] == ["Ships", "Tonnes", "Idle hours"]


def test_a_value_that_is_not_drawn_becomes_text_line_by_line(tmp_path):
    (block,) = lay_out(read(tmp_path, forms.unseen_values_pdf())).blocks
    assert (block.type, block.text) == ("Key Value", f"Cargo: {forms.NOTES}")


def test_letters_of_a_comb_are_one_word():
    spaced = [word for at, letter in enumerate("5630") for word in words(letter, 132 + 20 * at, 100)]
    found = told(with_fields(page([*words("Number:", 72, 100), *spaced]), text_field("n", 130, 100, "5630")))
    assert found == [("Key Value", "Number: 5630")]


def test_a_field_without_a_printed_label_is_called_by_its_tooltip_then_by_its_name():
    field = text_field("f1_01", 130, 100, "Ada", label="Given name")
    assert told(with_fields(page(words("Ada", 132, 100)), field)) == [("Key Value", "Given name: Ada")]
    assert told(with_fields(page(words("Ada", 132, 100)), replace(field, label=""))) == [
        ("Key Value", "f1_01: Ada")
    ]


def test_lone_boxes_are_called_by_name_with_what_they_stand_for():
    some = with_fields(
        page(), box_field("male", 72, 100, checked=True), box_field("female", 72, 130, checked=False)
    )
    assert [text for _, text in told(some)] == ["male: [x] Yes", "female: [ ] Yes"]


def test_the_printed_line_under_a_value_is_dropped_and_what_follows_it_stays():
    every = [*words("Signed on ______________, in the harbour office", 72, 100)]
    blank = next(word for word in every if "_" in word.text)
    field = FormField("d", "text", Box(blank.box.x0, 98, blank.box.x1 - 4, 112), value="4 May")
    assert told(with_fields(page(every), field)) == [("Text", "Signed on 4 May , in the harbour office")]


def test_a_recognised_value_is_put_right_by_the_file():
    every = [*words("Name:", 72, 100), *words("Ada L0velacc", 132, 100, confidence=0.4)]
    field = text_field("n", 130, 100, "Ada Lovelace")
    assert told(with_fields(page(every), field)) == [("Key Value", "Name: Ada Lovelace")]


def test_other_words_in_a_field_are_kept():
    every = [*words("Fee:", 72, 100), *words("EUR", 210, 100), *words("12", 132, 100)]
    found = told(with_fields(page(every), text_field("fee", 130, 100, "12")))
    assert sorted(" ".join(text for _, text in found).split()) == ["12", "EUR", "Fee:"]


def test_ballot_signs_are_boxes():
    found = fill_in(page(), [*words("\u2612 paid", 72, 100), *words("\u2610 open", 72, 120)])
    assert [word.text for word in found] == [MARKED, "paid", UNMARKED, "open"]


def test_words_outside_of_fields_are_left_as_they_are():
    every = lines(wrapped("The tide tables are published every year in October by the port.", 30), 72, 100)
    field = text_field("x", 300, 400, "value")
    found = fill_in(with_fields(page(every), field), every)
    assert all(any(word is one for one in found) for word in every)
    assert [word.text for word in found[len(every) :]] == ["value"]


def test_an_empty_field_is_tied_to_the_text_before_it_and_changes_nothing():
    every = words("Signature of the captain", 72, 100)
    plain = lay_out(page(every)).blocks
    (block,) = lay_out(with_fields(page(every), text_field("sig", 250, 100))).blocks
    assert (block.text, block.type) == (plain[0].text, plain[0].type)
    assert [field.name for field in block.fields] == ["sig"]


def test_an_empty_field_far_from_all_text_is_a_block_of_its_own():
    found = told(with_fields(page(words("Title", 72, 100)), text_field("lone", 300, 600)))
    assert ("Key Value", "lone:") in found


def test_a_row_of_fields_under_headings_is_no_run_of_pairs():
    every = grid_words((("Berth", "Ships", "Tonnes"), ("North", "12", "480"), ("South", "7", "95")), 72, 200)
    numbers = [word for word in every if word.text.isdigit()]
    fields = [
        FormField(f"f{at}", "text", word.box.grown(2), value=word.text) for at, word in enumerate(numbers)
    ]
    (block,) = lay_out(with_fields(page(every, grid_rulings(3, 3, 72, 200)), *fields)).blocks
    assert block.type == "Table"
    assert len(block.fields) == len(fields)


def boxed(field: FormField, by: float = 3.0) -> list[Ruling]:
    """A rectangle printed around a field."""
    box = field.box.grown(by)
    return [
        Ruling(Box(box.x0, box.y0, box.x1, box.y0 + 1), horizontal=True, thickness=1.0),
        Ruling(Box(box.x0, box.y1 - 1, box.x1, box.y1), horizontal=True, thickness=1.0),
        Ruling(Box(box.x0, box.y0, box.x0 + 1, box.y1), horizontal=False, thickness=1.0),
        Ruling(Box(box.x1 - 1, box.y0, box.x1, box.y1), horizontal=False, thickness=1.0),
    ]


def test_boxes_printed_around_fields_make_no_table():
    name, born = text_field("n", 160, 100, "Lovelace"), text_field("b", 160, 130, "1815")
    every = [
        *words("Surname", 72, 100),
        *words("Lovelace", 162, 100),
        *words("Year of birth", 72, 130),
        *words("1815", 162, 130),
    ]
    some = with_fields(page(every, [*boxed(name), *boxed(born)]), name, born)
    assert told(some) == [("Key Value", "Surname: Lovelace"), ("Key Value", "Year of birth: 1815")]


def test_adjoining_fields_of_one_width_are_cells_not_pairs():
    rows = [("Rent", "900"), ("Heating", "80"), ("Water", "35")]
    fields = [
        FormField(label, "text", Box(160, 100 + 16 * at, 280, 116 + 16 * at), value=value)
        for at, (label, value) in enumerate(rows)
    ]
    every = [
        word
        for at, (label, value) in enumerate(rows)
        for word in (*words(label, 72, 103 + 16 * at), *words(value, 162, 103 + 16 * at))
    ]
    regions, left = pair_up(with_fields(page(every), *fields), every, beside_only=True)
    assert (regions, list(left)) == ([], every)


def test_a_line_that_goes_on_beyond_the_field_parts_it_from_its_label():
    field = text_field("n", 160, 100, "Lovelace")
    every = [*words("Surname", 72, 100), *words("Lovelace", 162, 100)]
    line = Ruling(Box(150, 60, 151, 200), horizontal=False, thickness=1.0)
    for rulings, count in (([], 1), ([line], 0)):
        regions, _ = pair_up(with_fields(page(every, rulings), field), every, beside_only=True)
        assert len(regions) == count


def test_a_gap_in_a_sentence_is_no_pair():
    field = text_field("n", 90, 100, "Ada", width=50)
    every = [*words("I,", 72, 100), *words("Ada", 102, 100), *words(", master of the vessel,", 142, 100)]
    assert told(with_fields(page(every), field)) == [("Text", "I, Ada , master of the vessel,")]
