from dataclasses import replace

import pytest

from documents import forms
from documents.layouts import page, words
from recto.blocks.marks import with_comments, with_links, without_watermarks
from recto.blocks.page import lay_out
from recto.blocks.region import Region
from recto.document.geometry import Box, around
from recto.document.page import Mark, Page, Word
from recto.pages import pdf

SAFE_LINK = "https://example.org/tides%282026%29"


@pytest.fixture
def marked_up(tmp_path) -> Page:
    path = tmp_path / "document.pdf"
    path.write_bytes(forms.marked_up_pdf())
    with pdf.opened(path) as document:
        return pdf.read_page(document, 1).page


def texts(some_page: Page, *include) -> list[str]:
    return [block.text for block in lay_out(some_page, include).blocks]


def test_nothing_appears_unless_it_is_asked_for(marked_up):
    bare = replace(marked_up, marks=(), fields=())
    assert texts(marked_up) == texts(bare)
    assert {block.type for block in lay_out(marked_up).blocks}.isdisjoint({"Comment", "Signature"})


def test_links_become_markdown_and_scripts_do_not(marked_up):
    found = texts(marked_up, "hyperlinks")
    assert f"The [tide tables]({SAFE_LINK}) are published every year in October." in found
    assert "Masters must read the safety rules before they enter the basin." in found


def test_highlighted_words_stand_between_marks(marked_up):
    found = texts(marked_up, "highlight")
    assert "Masters must read the <mark>safety rules before</mark> they enter the basin." in found


def test_a_highlighted_link_keeps_both(marked_up):
    link = next(mark for mark in marked_up.marks if mark.kind == "link")
    both = replace(marked_up, marks=(link, replace(link, kind="highlight")))
    assert f"The <mark>[tide tables]({SAFE_LINK})</mark> are" in texts(both, "hyperlinks", "highlight")[0]


def test_comments_follow_what_they_stand_on(marked_up):
    blocks = lay_out(marked_up, ("comments",)).blocks
    assert [(block.type, block.text.split()[0], block.author) for block in blocks[:5]] == [
        ("Text", "The", ""),
        ("Comment", "Check", "Ada"),
        ("Text", "Masters", ""),
        ("Comment", "New", "Grace"),
        ("Comment", "Ask", "Ada"),
    ]
    assert sum("Ask the pilot" in block.text for block in blocks) == 1


def test_a_signature_field_is_a_block_and_tells_whether_it_is_signed(marked_up):
    (block,) = [b for b in lay_out(marked_up, ("signatures",)).blocks if b.type == "Signature"]
    assert block.text == "not signed"
    signed = replace(marked_up, fields=(replace(marked_up.fields[0], checked=True),))
    (block,) = [b for b in lay_out(signed, ("signatures",)).blocks if b.type == "Signature"]
    assert block.text == "signed"


def test_what_is_written_or_drawn_in_a_signature_field_belongs_to_it(marked_up):
    field = marked_up.fields[0]
    seal = words("Digitally signed by Ada", field.box.x0 + 2, field.box.y0 + 5)
    some = replace(marked_up, words=(*marked_up.words, *seal), fields=(field,))
    (block,) = [b for b in lay_out(some, ("signatures",)).blocks if b.type == "Signature"]
    assert block.text == "Digitally signed by Ada"
    assert "Digitally signed by Ada" in " ".join(texts(some))


def test_watermarks_are_dropped_only_when_asked(marked_up):
    assert "DRAFT" in texts(marked_up)
    assert "DRAFT" not in texts(marked_up, "ignore_watermarks")
    steep = Word("steep", Box(10, 10, 60, 60), 11.0, rotation=45)
    assert without_watermarks([steep, *words("plain words", 72, 300)])[0] is steep
    assert without_watermarks([]) == ()


def test_a_link_over_two_lines_is_written_in_each():
    every = [*words("see the whole", 72, 100), *words("table here", 72, 112)]
    boxes = (around(word.box for word in every[1:3]), every[3].box)
    some = replace(page(every), marks=(Mark("link", boxes, "https://example.org"),))
    assert [word.text for word in with_links(some, every)] == [
        "see",
        "[the",
        "whole](https://example.org)",
        "[table](https://example.org)",
        "here",
    ]


def test_a_link_named_twice_is_written_once():
    every = words("here", 72, 100)
    mark = Mark("link", (every[0].box,), "https://example.org")
    found = with_links(replace(page(every), marks=(mark, mark)), every)
    assert [word.text for word in found] == ["[here](https://example.org)"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/hostname", "data:text/html,x"])
def test_addresses_that_may_do_harm_are_no_links(address):
    every = words("here", 72, 100)
    some = replace(page(every), marks=(Mark("link", (every[0].box,), address),))
    assert with_links(some, every) == tuple(every)


def test_a_comment_above_everything_comes_first():
    regions = [Region("Text", Box(72, 300, 200, 320))]
    some = replace(page(), marks=(Mark("comment", (Box(72, 10, 90, 30),), "first"),))
    assert [region.type for region in with_comments(some, regions)] == ["Comment", "Text"]
    assert [region.type for region in with_comments(some, [])] == ["Comment"]
