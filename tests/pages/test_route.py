from dataclasses import replace

import pytest

from recto.document.geometry import Box
from recto.pages.route import Facts, InkAgreement, needs_look, route_page

SOUND = Facts(characters=900, hidden=0, unmapped=0, text_height=0.5, picture_share=0.0, shapes=0, objects=3)
SCAN = Facts(
    characters=0, hidden=0, unmapped=0, text_height=0.0, picture_share=1.0, shapes=0, objects=1, ink=True
)
LAYERED = replace(SCAN, characters=900, hidden=900, agreement=InkAgreement(0.95, 0.8))


def test_sound_text_is_digital():
    assert route_page(SOUND).route == "digital"


def test_one_word_is_enough_when_nothing_else_is_there():
    assert route_page(replace(SOUND, characters=2, objects=0)).route == "digital"


def test_scan_is_recognised_and_says_how_much_the_pictures_cover():
    decision = route_page(SCAN)
    assert decision.route == "ocr"
    assert "100%" in decision.reason


@pytest.mark.parametrize("mode", ["hybrid", "ocr"])
def test_blank_page_is_digital_in_every_mode(mode):
    nothing = replace(SCAN, picture_share=0.0, objects=0, ink=None)
    assert "blank" in route_page(nothing, mode).reason
    assert "blank" in route_page(replace(SCAN, ink=False), mode).reason


def test_mode_ocr_overrides_sound_text():
    assert route_page(SOUND, "ocr").route == "ocr"


def test_invisible_layer_that_fits_is_trusted():
    decision = route_page(LAYERED)
    assert decision.route == "digital"
    assert decision.trust_hidden


@pytest.mark.parametrize("agreement", [None, InkAgreement(0.2, 0.8), InkAgreement(0.95, 0.1)])
def test_invisible_layer_that_does_not_fit_is_recognised_again(agreement):
    decision = route_page(replace(LAYERED, agreement=agreement))
    assert decision.route == "ocr"
    assert not decision.keeps_layer


def test_stamp_over_a_scan_does_not_hide_the_scan():
    stamped = replace(SCAN, characters=40, text_height=0.02)
    decision = route_page(stamped)
    assert decision.route == "ocr"
    assert decision.keeps_layer
    assert "40 characters" in decision.reason


def test_full_text_over_a_background_picture_is_digital():
    assert route_page(replace(SOUND, picture_share=1.0)).route == "digital"


def test_many_unmapped_characters_distrust_the_layer():
    decision = route_page(replace(SOUND, unmapped=300))
    assert decision.route == "ocr"
    assert not decision.regions
    assert "300 of 900" in decision.reason


def test_few_broken_words_are_read_alone():
    box = Box(1, 2, 3, 4)
    decision = route_page(replace(SOUND, unmapped=1, broken=(box,)))
    assert decision.route == "ocr"
    assert decision.regions == (box,)


def test_letters_drawn_as_curves_are_recognised():
    assert route_page(replace(SOUND, characters=3, shapes=800)).route == "ocr"


def test_only_pages_in_doubt_are_drawn():
    assert not needs_look(SOUND)
    assert not needs_look(replace(SOUND, characters=0, objects=0))
    assert needs_look(SCAN)
    assert needs_look(LAYERED)
