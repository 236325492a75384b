import pytest
from PIL import Image, ImageDraw

from documents.images import text_image
from recto.document.geometry import Box
from recto.document.page import Ruling, Word
from recto.pages.scan import rulings_in, without_line_letters, without_underlines


def paper() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (850, 1100), 250)
    return image, ImageDraw.Draw(image)


def test_grid_gives_every_line_in_points():
    image, draw = paper()
    for x in (100, 300, 500):
        draw.line((x, 200, x, 400), fill=0, width=2)
    for y in (200, 300, 400):
        draw.line((100, y, 500, y), fill=0, width=2)
    found = rulings_in(image, 100)
    across = sorted((line for line in found if line.horizontal), key=lambda line: line.box.y0)
    down = sorted((line for line in found if not line.horizontal), key=lambda line: line.box.x0)
    assert [line.box.center_y / 0.72 for line in across] == pytest.approx([200, 300, 400], abs=1.5)
    assert [line.box.center_x / 0.72 for line in down] == pytest.approx([100, 300, 500], abs=1.5)
    assert all(line.thickness == pytest.approx(1.44, abs=0.8) for line in found)
    assert across[0].box.x0 == pytest.approx(72, abs=2)
    assert across[0].box.x1 == pytest.approx(360, abs=2)


def test_slanted_line_is_one():
    image, draw = paper()
    draw.line((100, 500, 700, 512), fill=0, width=3)
    (line,) = rulings_in(image, 100)
    assert line.horizontal
    assert line.box.width == pytest.approx(432, abs=4)


def test_interrupted_line_is_joined():
    image, draw = paper()
    for x in (100, 210, 320):
        draw.line((x, 500, x + 100, 500), fill=0, width=2)
    (line,) = rulings_in(image, 100)
    assert line.box.width == pytest.approx(230, abs=3)


def test_two_lines_beside_each_other_stay_two():
    image, draw = paper()
    draw.line((100, 500, 300, 500), fill=0, width=2)
    draw.line((400, 500, 700, 500), fill=0, width=2)
    assert len(rulings_in(image, 100)) == 2


def test_text_and_black_areas_are_no_lines():
    assert rulings_in(text_image(dpi=150), 150) == ()
    image, draw = paper()
    draw.rectangle((100, 100, 500, 400), fill=0)
    assert rulings_in(image, 100) == ()


def test_noise_ends():
    assert rulings_in(Image.effect_noise((850, 1100), 200), 100) == ()


def test_letters_made_of_lines_go_and_real_ones_stay():
    ruling = Ruling(Box(100, 0, 101, 300), horizontal=False, thickness=1)
    bar = Word("|", Box(99, 40, 102, 60), 12)
    elsewhere = Word("|", Box(200, 40, 203, 60), 12)
    crossing = Word("total", Box(95, 80, 125, 92), 12)
    assert without_line_letters([bar, elsewhere, crossing], [ruling]) == [elsewhere, crossing]


def test_underscores_over_a_printed_line_are_the_line():
    line = Ruling(Box(90, 110, 300, 111), horizontal=True, thickness=1)
    name = Word("_611_3rd_floor_", Box(100, 100, 175, 112), 10, confidence=0.9)
    parts = without_underlines([name, Word("____", Box(200, 100, 240, 112), 10)], [line])
    assert [(part.text, part.box.x0, part.box.x1) for part in parts] == [
        ("611", 105, 120),
        ("3rd", 125, 140),
        ("floor", 145, 170),
    ]


def test_underscores_elsewhere_are_letters():
    file = Word("file_name", Box(100, 100, 145, 112), 10)
    above = Ruling(Box(90, 98, 300, 99), horizontal=True, thickness=1)
    far_below = Ruling(Box(90, 120, 300, 121), horizontal=True, thickness=1)
    assert without_underlines([file], [above, far_below]) == [file]
