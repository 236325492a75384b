from pathlib import Path

import pytest

from documents import pdfs
from documents.images import SCAN_LINES
from recto.errors import DocumentCorrupt, DocumentLocked
from recto.pages import pdf
from recto.pages.glyphs import REPLACEMENT


def page_of(folder: Path, content: bytes, number: int = 1, mode="hybrid") -> pdf.PdfPage:
    path = folder / "document.pdf"
    path.write_bytes(content)
    with pdf.opened(path) as document:
        return pdf.read_page(document, number, mode)


def said(found: pdf.PdfPage) -> str:
    return " ".join(word.text for word in found.page.words)


def test_report_words_styles_and_places(tmp_path):
    page = page_of(tmp_path, pdfs.report_pdf()).page
    assert (page.width, page.height, page.route, page.rotation) == (612, 792, "digital", 0)
    title = [word for word in page.words if word.font_size == 22]
    assert [word.text for word in title] == pdfs.REPORT_TITLE.split()
    assert all(word.bold and word.font == "Helvetica-Bold" for word in title)
    assert title[0].box.x0 == pytest.approx(72, abs=0.5)
    baseline = 792 - 710
    assert title[0].box.y0 < baseline < title[0].box.y1
    body = [word for word in page.words if word.font_size == 10]
    assert not any(word.bold for word in body)


def test_ruled_table_gives_all_its_lines(tmp_path):
    page = page_of(tmp_path, pdfs.report_pdf(), 2).page
    across = [line for line in page.rulings if line.horizontal]
    down = [line for line in page.rulings if not line.horizontal]
    assert (len(across), len(down)) == (6, 5)
    assert {round(line.box.center_x) for line in down} == {72, 182, 272, 382, 492}
    assert all(line.thickness == pytest.approx(0.75) for line in page.rulings)


def test_size_comes_from_the_text_matrix(tmp_path):
    words = page_of(tmp_path, pdfs.matrix_scaled_pdf(18)).page.words
    assert {word.font_size for word in words} == {18}


def test_text_outside_the_crop_box_is_dropped_and_the_rest_moved(tmp_path):
    found = page_of(tmp_path, pdfs.cropped_pdf())
    assert "outside" not in said(found)
    assert (found.page.width, found.page.height) == (412, 500)
    assert found.page.words[0].box.x0 == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_rotated_pages_come_upright(tmp_path, angle):
    page = page_of(tmp_path, pdfs.rotated_pdf(angle)).page
    assert (page.width, page.height) == ((792, 612) if angle in {90, 270} else (612, 792))
    first = page.words[0]
    assert first.text == "TOP"
    assert first.rotation == 0
    assert first.box.x0 == pytest.approx(72, abs=1)
    assert first.box.y0 < 72 < first.box.y1
    (line,) = page.rulings
    assert line.horizontal
    assert line.box.center_y == pytest.approx(80, abs=0.5)


def test_sideways_text_without_rotate_turns_the_page(tmp_path):
    content = "BT /F1 12 Tf 0 1 -1 0 300 100 Tm (A wide table was printed sideways here) Tj ET"
    page = page_of(tmp_path, pdfs.content_pdf(content)).page
    assert (page.width, page.height, page.rotation) == (792, 612, 90)
    assert [word.text for word in page.words][:3] == ["A", "wide", "table"]
    assert page.words[0].box.x0 < page.words[1].box.x0
    assert {word.rotation for word in page.words} == {0}
    assert page.words[0].box.height == pytest.approx(12 * 1.15, abs=2)


def test_a_sideways_remark_keeps_its_direction(tmp_path):
    content = (
        "BT /F1 12 Tf 72 700 Td (Most of the text on this page runs straight as usual) Tj ET "
        "BT /F1 8 Tf 0 1 -1 0 40 300 Tm (margin) Tj ET"
    )
    page = page_of(tmp_path, pdfs.content_pdf(content)).page
    assert page.rotation == 0
    (remark,) = [word for word in page.words if word.text == "margin"]
    assert remark.rotation == 90
    assert remark.box.height > remark.box.width


def test_text_set_with_a_negative_size_is_upside_down(tmp_path):
    content = "BT /F1 -12 Tf 300 400 Td (turned) Tj ET BT /F1 12 Tf 72 700 Td (straight words prevail) Tj ET"
    words = page_of(tmp_path, pdfs.content_pdf(content)).page.words
    assert [(word.text, word.rotation) for word in words if word.rotation] == [("turned", 180)]


def test_overprinted_words_come_once(tmp_path):
    assert said(page_of(tmp_path, pdfs.overprinted_pdf())) == "Printed twice to look bold on paper"


def test_same_word_elsewhere_is_kept(tmp_path):
    content = "BT /F1 12 Tf 72 700 Td (same) Tj 0 -4 Td (other) Tj 40 0 Td (same) Tj ET"
    assert said(page_of(tmp_path, pdfs.content_pdf(content))).count("same") == 2


def test_hyphen_at_the_end_of_a_line_is_a_hyphen(tmp_path):
    words = said(page_of(tmp_path, pdfs.hyphen_pdf())).split()
    assert "recon-" in words
    assert "sideration" in words


def test_unmapped_ligature_sends_the_words_to_recognition(tmp_path):
    found = page_of(tmp_path, pdfs.unmapped_ligature_pdf())
    assert found.decision.route == "ocr"
    assert len(found.decision.regions) == 2
    broken = [word.text for word in found.page.words if word.box in found.decision.regions]
    assert broken == [f"de{REPLACEMENT}ned", f"{REPLACEMENT}nal"]


def test_unknown_sign_at_the_start_of_a_line_is_a_bullet(tmp_path):
    content = "BT /F1 12 Tf 72 700 Td (List of things) Tj 0 -20 Td (\\001 first thing) Tj ET"
    found = page_of(tmp_path, pdfs.content_pdf(content))
    assert found.decision.route == "digital"
    assert "\u2022 first" in said(found)


def test_invisible_text_is_marked(tmp_path):
    words = page_of(tmp_path, pdfs.invisible_and_visible_pdf()).page.words
    hidden = " ".join(word.text for word in words if word.hidden)
    assert hidden == pdfs.HIDDEN_SENTENCE


def test_change_of_font_inside_a_word_touches(tmp_path):
    content = "BT /F1 12 Tf 72 700 Td (foot) Tj /F1 8 Tf (note and more) Tj ET"
    first, second, third, _ = page_of(tmp_path, pdfs.content_pdf(content)).page.words
    assert (first.text, second.text, second.space_before, third.space_before) == ("foot", "note", False, True)


def test_every_way_to_draw_a_line(tmp_path):
    rulings = page_of(tmp_path, pdfs.rulings_pdf()).page.rulings
    places = sorted(round(line.box.center_y) for line in rulings if line.horizontal)
    assert places == [92, 142, 192, 292, 392]
    assert sorted(round(line.box.center_x) for line in rulings if not line.horizontal) == [100, 300]


def test_shaded_area_lends_its_borders_with_no_thickness(tmp_path):
    page = page_of(tmp_path, pdfs.content_pdf("0.8 g 100 500 200 40 re f 1 g 100 300 200 40 re f")).page
    assert len(page.rulings) == 4
    assert {line.thickness for line in page.rulings} == {0}


def test_two_lines_in_one_path_stay_two(tmp_path):
    content = "100 700 m 200 700 l 300 700 m 400 700 l 450 700 m 500 700 l S"
    assert len(page_of(tmp_path, pdfs.content_pdf(content)).page.rulings) == 3


def test_curves_are_shapes_not_lines(tmp_path):
    content = "100 500 m 150 600 250 600 300 500 c 300 400 150 380 100 500 c f"
    assert page_of(tmp_path, pdfs.content_pdf(content)).page.rulings == ()


def test_form_values_are_words(tmp_path):
    assert "Ada Lovelace" in said(page_of(tmp_path, pdfs.form_pdf("Ada Lovelace")))


def test_form_that_draws_itself_ends(tmp_path):
    assert page_of(tmp_path, pdfs.self_referencing_form_pdf()).page.words == ()


def test_scan_and_its_picture(tmp_path):
    found = page_of(tmp_path, pdfs.scanned_pdf())
    assert found.decision.route == "ocr"
    (picture,) = found.page.pictures
    assert picture.box.area == pytest.approx(612 * 792, rel=0.01)


def test_right_text_layer_under_a_scan_is_read_as_text(tmp_path):
    found = page_of(tmp_path, pdfs.hidden_text_pdf())
    assert found.decision.route == "digital"
    assert said(found) == " ".join(SCAN_LINES)
    assert not any(word.hidden for word in found.page.words)


def test_wrong_text_layer_under_a_scan_is_not_trusted(tmp_path):
    found = page_of(
        tmp_path, pdfs.hidden_text_pdf(("", "", "", "", "", "", "", "nothing is printed here at all"))
    )
    assert found.decision.route == "ocr"


def test_mixed_document_has_a_route_per_page(tmp_path):
    path = tmp_path / "mixed.pdf"
    path.write_bytes(pdfs.mixed_pdf())
    with pdf.opened(path) as document:
        routes = [pdf.read_page(document, number).decision.route for number in (1, 2, 3)]
    assert routes == ["digital", "ocr", "digital"]


def test_render_is_upright_and_draws_form_values(tmp_path):
    path = tmp_path / "form.pdf"
    path.write_bytes(pdfs.form_pdf("Ada Lovelace"))
    with pdf.opened(path) as document:
        picture, dpi = pdf.render_page(document, 1, 72)
    assert dpi == pytest.approx(72)
    assert picture.size == (612, 792)
    low, _ = picture.crop((220, 792 - 714, 420, 792 - 690)).convert("L").getextrema()
    assert low < 100


def test_huge_sheets_are_drawn_smaller(tmp_path):
    path = tmp_path / "poster.pdf"
    sheet = pdfs.content_pdf("0 0 100 100 re f").replace(b"[0 0 612 792]", b"[0 0 9000 9000]")
    path.write_bytes(sheet)
    with pdf.opened(path) as document:
        picture, dpi = pdf.render_page(document, 1, 300)
    assert picture.width * picture.height <= pdf.MOST_RENDERED_PX * 1.01
    assert dpi < 300


def test_properties(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdfs.report_pdf())
    with pdf.opened(path) as document:
        properties = pdf.properties(document)
    assert properties.title == pdfs.REPORT_TITLE
    assert properties.author == "Port Office"
    assert properties.keywords is None
    assert properties.created_at == "2000-01-01T00:00:00+00:00"


def test_properties_hold_only_what_can_be_stored(tmp_path):
    path = tmp_path / "odd.pdf"
    path.write_bytes(pdfs.odd_properties_pdf())
    with pdf.opened(path) as document:
        properties = pdf.properties(document)
    assert properties.title == "Tide tables"
    assert properties.author in {None, "\ufffdAda"}


@pytest.mark.parametrize(("password", "what"), [(None, "protected"), ("guess", "wrong")])
def test_locked(tmp_path, password, what):
    path = tmp_path / "locked.pdf"
    path.write_bytes(pdfs.locked_pdf("secret"))
    with pytest.raises(DocumentLocked, match=what), pdf.opened(path, password):
        pass


def test_right_password_opens(tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(pdfs.locked_pdf("secret"))
    with pdf.opened(path, "secret") as document:
        assert pdf.page_count(document) == 1


def test_page_that_does_not_exist(tmp_path):
    with pytest.raises(DocumentCorrupt, match="Page 7"):
        page_of(tmp_path, pdfs.pages_pdf(2), 7)
