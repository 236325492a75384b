from documents.layouts import words
from recto.blocks.fields import mark_pairs
from recto.blocks.lines import line_of
from recto.blocks.region import Region, as_block
from recto.document.geometry import around


def region(*texts, y=100.0):
    found = tuple(line_of(words(text, 72, y + 12 * i)) for i, text in enumerate(texts))
    return Region("Text", around(line.box for line in found), found)


def kinds(*regions):
    return [(block.type, block.text) for block in (as_block(r, 1) for r in mark_pairs(regions))]


def test_labelled_lines_are_kept_line_by_line():
    assert kinds(region("Name: Ada", "Born: 1815")) == [("Key Value", "Name: Ada\nBorn: 1815")]


def test_neighbouring_labelled_lines_are_taken_together():
    assert kinds(region("Name: Ada"), region("Born: 1815", y=116)) == [("Key Value", "Name: Ada\nBorn: 1815")]


def test_lines_far_apart_are_not():
    assert kinds(region("Name: Ada"), region("Born: 1815", y=300)) == [
        ("Text", "Name: Ada"),
        ("Text", "Born: 1815"),
    ]


def test_prose_with_a_colon_stays_prose():
    prose = (
        "He said: this is a sentence that goes on for quite a while and does not",
        "stop before the end: never.",
    )
    assert kinds(region(*prose))[0][0] == "Text"


def test_an_address_on_the_web_is_no_label():
    assert kinds(region("https://example.org/a", "http://example.org/b"))[0][0] == "Text"


def text_at(text, x, y):
    line = line_of(words(text, x, y))
    return Region("Text", line.box, (line,))


def test_a_label_is_joined_with_the_value_that_stands_apart():
    assert kinds(text_at("TO:", 72, 100), text_at("George Baroody", 180, 100)) == [
        ("Key Value", "TO: George Baroody")
    ]


def test_columns_of_labels_and_values_are_read_across():
    labels = region("TO:", "FAX NUMBER:", "DATE:")
    lines = [
        line_of(words(text, 200, 100 + 12 * i)) for i, text in enumerate(("George", "335-7392", "12/10/98"))
    ]
    values = Region("Text", around(line.box for line in lines), tuple(lines))
    assert kinds(labels, values) == [("Key Value", "TO: George\nFAX NUMBER: 335-7392\nDATE: 12/10/98")]


def test_every_word_is_kept_when_values_leave_their_paragraph():
    lines = [line_of(words(text, 200, 100 + 12 * i)) for i, text in enumerate(("George", "a note below"))]
    beside = Region("Text", around(line.box for line in lines), tuple(lines))
    found = mark_pairs([text_at("TO:", 72, 100), beside])
    assert [(part.type, as_block(part, 1).text) for part in found] == [
        ("Key Value", "TO: George"),
        ("Text", "a note below"),
    ]
    assert found[1].box == lines[1].box


def test_two_labels_beside_each_other_are_no_pair():
    assert [kind for kind, _ in kinds(text_at("FROM:", 72, 100), text_at("TO:", 180, 100))] == [
        "Text",
        "Text",
    ]


def test_a_line_on_another_row_or_far_away_is_no_value():
    assert [kind for kind, _ in kinds(text_at("TO:", 72, 100), text_at("George", 180, 130))] == [
        "Text",
        "Text",
    ]
    assert [kind for kind, _ in kinds(text_at("TO:", 72, 100), text_at("George", 400, 100))] == [
        "Text",
        "Text",
    ]
