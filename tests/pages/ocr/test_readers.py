import re

import pytest
from PIL import Image

from documents.images import SCAN_LINES, text_image
from recto.document.geometry import Box
from recto.pages.ocr.both import default_reader
from recto.pages.ocr.port import OcrReader, mean_confidence
from recto.pages.ocr.rapid import RapidReader
from recto.pages.ocr.tesseract import TesseractReader

needs_data = pytest.mark.skipif(
    not TesseractReader.available(), reason="Tesseract's language data is not installed"
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(TesseractReader, id="tesseract", marks=needs_data),
        pytest.param(RapidReader, id="rapid"),
        pytest.param(default_reader, id="default"),
    ],
)
def reader(request) -> OcrReader:
    return request.param()


def letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def test_reads_what_is_printed(reader):
    words = reader.read(text_image(), 200)
    assert letters("".join(word.text for word in words)) == letters("".join(SCAN_LINES))


def test_boxes_are_points_where_the_words_stand(reader):
    words = {word.text: word for word in reader.read(text_image(), 200)}
    first, last = words["Delivery"], words["keeper"]
    assert first.box.x0 == pytest.approx(72, abs=3)
    assert 68 < first.box.y0 < first.box.y1 < 95
    assert last.box.y0 == pytest.approx(first.box.y0 + 5 * 28, abs=6)
    assert first.font_size == pytest.approx(14, rel=0.25)
    assert first.box.x1 < words["note"].box.x0


def test_given_lines_are_read_in_their_order(reader):
    page = text_image()
    lines = [Box(60, 68 + row * 28, 560, 94 + row * 28) for row in (3, 0)]
    third, first = reader.read_lines(page, 200, lines)
    assert letters("".join(word.text for word in third)) == letters(SCAN_LINES[3])
    assert letters("".join(word.text for word in first)) == letters(SCAN_LINES[0])
    assert first[0].box.x0 == pytest.approx(72, abs=3)
    assert 68 <= first[0].box.y0 < first[0].box.y1 <= 94


def test_lines_beside_the_paper_and_without_ink_have_no_words(reader):
    sheet = Image.new("L", (850, 1100), 255)
    lines = [Box(700, 10, 800, 30), Box(10, 10, 10, 30), Box(50, 50, 300, 66)]
    assert reader.read_lines(sheet, 100, lines) == [[], [], []]
    assert reader.read_lines(sheet, 100, []) == []


def test_a_page_is_read_whole_after_single_lines(reader):
    page = text_image(("Pages come after lines", "and lines after pages"), 100)
    reader.read_lines(page, 100, [Box(60, 60, 560, 94)])
    assert len(reader.read(page, 100)) == 8


def test_confidence_is_a_share(reader):
    words = reader.read(text_image(), 200)
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in words)
    assert mean_confidence(words) > 0.9


def test_empty_paper_has_no_words(reader):
    assert reader.read(Image.new("L", (850, 1100), 255), 100) == []


def test_colour_and_grey_are_read_alike(reader):
    grey = text_image(("Colour and grey",), 150).crop((0, 100, 700, 220))
    assert [word.text for word in reader.read(grey.convert("RGB"), 150)] == [
        word.text for word in reader.read(grey, 150)
    ]
