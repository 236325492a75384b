import re

import pytest
from PIL import Image

from documents.images import SCAN_LINES, text_image
from recto.pages.ocr.rapid import RapidReader


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def test_lines_where_bands_meet_are_read_once(reader):
    lines = SCAN_LINES * 4
    words = reader.read(text_image(lines, size_points=13), 200)
    seen = "".join(
        word.text for word in sorted(words, key=lambda word: (round(word.box.y0 / 13), word.box.x0))
    )
    assert re.sub(r"\W", "", seen) == re.sub(r"\W", "", "".join(lines))


def test_small_letters_are_found_at_low_resolution(reader):
    words = reader.read(text_image(SCAN_LINES, dpi=72, size_points=10), 72)
    assert {"Delivery", "Bristol", "warehouse"} <= {word.text.strip(",.") for word in words}


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_note_along_the_margin_is_read_in_its_direction(reader, rotation):
    page = text_image(dpi=100)
    note = text_image(("Received in the office 1998",), dpi=100).crop((90, 90, 420, 130))
    page.paste(note.rotate(rotation, expand=True), (40, 500))
    words = [word for word in reader.read(page, 100) if word.rotation == rotation]
    assert "".join(word.text for word in words).replace(" ", "") == "Receivedintheoffice1998"
    begin, end = words[0].box, words[-1].box
    assert (begin.y0 > end.y0) == (rotation == 90)


def test_a_single_narrow_letter_is_not_laid_on_its_side(reader):
    page = Image.new("L", (600, 400), 255)
    for x in (100, 300, 500):
        digit = text_image(("7",), dpi=150).crop((140, 140, 180, 195))
        page.paste(digit, (x, 150))
    assert [word.text for word in reader.read(page, 150) if word.rotation == 0] == ["7", "7", "7"]


def test_a_line_reads_the_same_alone_as_among_others(reader):
    page = text_image()
    whole = reader.read(page, 200)
    alone = reader.read_where(page, 200, lambda line: line.y0 < 90)
    assert [word.text for word in alone]
    assert alone == [word for word in whole if word.box.y0 < 90]


def test_a_strip_of_a_page_is_read(reader):
    strip = text_image(dpi=100).crop((90, 90, 560, 125))
    assert "Delivery" in [word.text for word in reader.read(strip, 100)]
