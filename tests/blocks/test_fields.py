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
