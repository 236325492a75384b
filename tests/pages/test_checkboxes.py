from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from documents import forms
from documents.images import SCAN_LINES, text_image
from documents.layouts import words
from recto.document.geometry import Box
from recto.document.page import Ruling
from recto.pages import checkboxes, pdf


def square(x: float, y: float, side: float = 9.0, thickness: float = 1.0) -> list[Ruling]:
    half = 0.5
    return [
        Ruling(Box(x, y - half, x + side, y + half), horizontal=True, thickness=thickness),
        Ruling(Box(x, y + side - half, x + side, y + side + half), horizontal=True, thickness=thickness),
        Ruling(Box(x - half, y, x + half, y + side), horizontal=False, thickness=thickness),
        Ruling(Box(x + side - half, y, x + side + half, y + side), horizontal=False, thickness=thickness),
    ]


def test_marked_and_unmarked_boxes_of_a_printed_page(tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(forms.drawn_boxes_pdf())
    with pdf.opened(path) as document:
        found = pdf.read_page(document, 1).page.fields
    assert [(field.kind, field.name, field.checked, round(field.box.y0)) for field in found] == [
        ("checkbox", "", True, 83),
        ("checkbox", "", True, 107),
        ("checkbox", "", False, 131),
    ]


def test_a_square_needs_text_beside_it():
    assert checkboxes.squares(square(72, 100), words("Agreed", 90, 100)) == [Box(72, 100, 81, 109)]
    assert checkboxes.squares(square(72, 100), words("far away", 200, 100)) == []
    assert checkboxes.squares(square(72, 100), words("below", 90, 140)) == []


def test_a_square_of_a_grid_or_with_a_letter_inside_is_none():
    text = words("Agreed", 90, 100)
    longer = Ruling(Box(50, 108.5, 130, 109.5), horizontal=True, thickness=1.0)
    assert checkboxes.squares([*square(72, 100), longer], text) == []
    assert checkboxes.squares([*square(72, 100), *square(81, 100)], text) == []
    assert checkboxes.squares(square(72, 100), [*text, *words("B", 74, 100, 8)]) == []
    assert checkboxes.squares(square(72, 100), [*text, *words("X", 74, 100, 8)]) != []


def test_shaded_areas_are_no_boxes():
    assert checkboxes.squares(square(72, 100, thickness=0.0), words("Agreed", 90, 100)) == []


def test_tinted_and_solid_squares_are_keys_of_a_chart_and_so_is_their_neighbour():
    grey = np.full((200, 400), 255, np.int16)
    grey[20:29, 20:29] = 0  # solid
    grey[60:69, 320:329] = 240  # tinted
    boxes = [Box(20, 20, 29, 29), Box(20, 40, 29, 49), Box(320, 60, 329, 69), Box(320, 120, 329, 129)]
    assert [field.box for field in checkboxes.drawn_boxes(boxes, grey, 1.0)] == [boxes[3]]


def test_a_square_outside_of_the_picture_says_nothing():
    grey = np.full((20, 20), 255, np.int16)
    assert checkboxes.drawn_boxes([Box(30, 30, 39, 39)], grey, 1.0) == ()


def scan_of(content: bytes, dpi: int) -> Image.Image:
    with pypdfium2.PdfDocument(content) as document:
        return document[0].render(scale=dpi / 72).to_pil().convert("RGB")


def labels() -> list:
    texts = ("Crossed by pen", "Ticked by type", "Left empty", "solid", "its neighbour in the key")
    heights = (83, 107, 131, 223, 243)
    return [word for text, y in zip(texts, heights, strict=True) for word in words(text, 88, y)]


@pytest.mark.parametrize("dpi", [200, 300])
def test_boxes_on_a_scan_are_found_in_its_pixels(dpi):
    found = checkboxes.scanned_boxes(scan_of(forms.drawn_boxes_pdf(), dpi), dpi, labels())
    states = {round(field.box.y0 / 12): field.checked for field in found if field.box.x0 < 100}
    assert states == {7: True, 9: True, 11: False}


def test_letters_and_squares_without_text_are_no_boxes():
    picture = scan_of(forms.drawn_boxes_pdf(), 200)
    over = [replace(word, box=Box(70, word.box.y0, 130, word.box.y1)) for word in labels()]
    assert checkboxes.scanned_boxes(picture, 200, over) == ()
    assert checkboxes.scanned_boxes(picture, 200, []) == ()


def test_pictures_too_coarse_to_tell_are_left_alone():
    assert checkboxes.scanned_boxes(scan_of(forms.drawn_boxes_pdf(), 90), 90, labels()) == ()


def test_text_alone_has_no_boxes():
    assert checkboxes.scanned_boxes(text_image(SCAN_LINES, 200), 200, labels()) == ()
