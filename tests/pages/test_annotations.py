import pytest

from documents import forms
from recto.document.geometry import Box
from recto.document.page import FormField, Page, Ruling
from recto.pages import annotations, pdf


def page_of(folder, content: bytes) -> Page:
    path = folder / "document.pdf"
    path.write_bytes(content)
    with pdf.opened(path) as document:
        return pdf.read_page(document, 1).page


def fields_by_name(page: Page) -> dict[str, list[FormField]]:
    found: dict[str, list[FormField]] = {}
    for field in page.fields:
        found.setdefault(field.name, []).append(field)
    return found


def test_every_kind_of_field_with_name_tooltip_value_and_state(tmp_path):
    found = fields_by_name(page_of(tmp_path, forms.entry_form_pdf()))
    (name,) = found["person.name"]
    assert (name.kind, name.label, name.value, name.checked) == ("text", "Full name", forms.NAME, None)
    (country,) = found["country"]
    assert (country.kind, country.value, country.options) == ("choice", "Norway", ("Norway", "Sweden"))
    (express,), (insured,) = found["express"], found["insured"]
    assert (express.kind, express.value, express.checked) == ("checkbox", "Yes", True)
    assert insured.checked is False
    assert [(field.kind, field.value, field.checked) for field in found["way"]] == [
        ("radio", "road", False),
        ("radio", "sea", True),
    ]
    assert found["empty"][0].value == ""


def test_fields_stand_where_they_are_seen(tmp_path):
    page = page_of(tmp_path, forms.entry_form_pdf())
    name = next(field for field in page.fields if field.name == "person.name")
    assert name.box == Box(
        pytest.approx(130, abs=1),
        pytest.approx(forms.HEIGHT - 713, abs=1),
        pytest.approx(330, abs=1),
        pytest.approx(forms.HEIGHT - 695, abs=1),
    )


def test_values_that_are_not_drawn_are_read_and_hidden_fields_are_not(tmp_path):
    page = page_of(tmp_path, forms.unseen_values_pdf())
    assert [(field.name, field.value) for field in page.fields] == [("cargo", forms.NOTES)]


def test_xfa_data_fills_a_form_without_values(tmp_path):
    data = b"<d:datasets xmlns:d='x'><d:data><form><name>Ada</name><city>Oslo</city></form></d:data></d:datasets>"
    found = fields_by_name(page_of(tmp_path, forms.xfa_form_pdf(data)))
    assert found["person.name"][0].value == "Ada"
    assert found["city"][0].value == "Oslo"
    assert found["count"][0].value == ""


def test_links_highlights_and_comments_with_their_places(tmp_path):
    page = page_of(tmp_path, forms.marked_up_pdf())
    links = [mark for mark in page.marks if mark.kind == "link"]
    assert [mark.text for mark in links] == [forms.LINK, "javascript:alert(1)"]
    (highlight,) = [mark for mark in page.marks if mark.kind == "highlight"]
    assert highlight.boxes[0].x0 == pytest.approx(186, abs=0.1)
    assert highlight.boxes[0].y1 == pytest.approx(forms.HEIGHT - 596, abs=0.1)
    comments = [(mark.text, mark.author, mark.shown) for mark in page.marks if mark.kind == "comment"]
    assert comments == [
        ("New since May", "Grace", False),
        ("Check the date", "Ada", False),
        ("Ask the pilot", "Ada", True),
    ]


def test_an_unsigned_signature_field(tmp_path):
    page = page_of(tmp_path, forms.marked_up_pdf())
    (field,) = page.fields
    assert (field.name, field.kind, field.checked) == ("captain", "signature", False)


def test_borders_of_fields_are_no_rulings_but_printed_lines_are():
    field = FormField("a", "text", Box(100, 100, 200, 120))
    border = Ruling(Box(99.5, 119.5, 200.5, 120.5), horizontal=True, thickness=1.0)
    line = Ruling(Box(50, 119.5, 300, 120.5), horizontal=True, thickness=1.0)
    assert annotations.without_borders([border, line], [field], []) == (line,)
    assert annotations.without_borders([border, line], [field], [border]) == (border, line)
