"""The debug view: every step leaves a picture, and the picture shows what that step decided."""

from dataclasses import replace

import pytest
from PIL import Image, ImageColor

from documents import layouts
from recto.blocks.page import lay_out
from recto.document.page import FormField
from recto.results import draw
from recto.results.steps import STEP_NAMES, lines_read, step_pictures

SCALE = 2
PAPER = (round(layouts.WIDTH) * SCALE, round(layouts.HEIGHT) * SCALE)


@pytest.fixture
def page():
    """A headline, a ruled table, two words that a recogniser doubts, one turned and one hidden."""
    rows = layouts.TABLE_ROWS
    words = [
        *layouts.words("Rain in the north", 60, 60, 18, bold=True),
        *layouts.lines(layouts.SENTENCES, 60, 100),
        *layouts.grid_words(rows, 60, 300),
        *layouts.words("smudged print", 60, 500, confidence=0.42),
        *layouts.words("upwards", 500, 500, rotation=90),
        *layouts.words("unseen", 300, 600, hidden=True),
    ]
    box = layouts.words("field", 60, 650)[0].box
    whole = layouts.page(words, layouts.grid_rulings(len(rows), 4, 60, 300), [box.grown(20)])
    return replace(whole, fields=(FormField("harbour", "text", box),))


def colours_at(image, box):
    """The colours along the box's left and lower edge."""
    left, bottom = round(box.x0 * SCALE), round(box.y1 * SCALE)
    down = [(left, y) for y in range(round(box.y0 * SCALE), bottom)]
    across = [(x, bottom) for x in range(left, round(box.x1 * SCALE))]
    return {image.getpixel(at) for at in (*down, *across)}


def paper():
    return Image.new("RGB", PAPER, "white")


def test_every_step_has_its_own_picture_and_leaves_the_page_alone(page):
    sheet = paper()
    drawn = dict(step_pictures(page, sheet))
    assert tuple(drawn) == STEP_NAMES
    assert len({image.tobytes() for image in drawn.values()}) == len(STEP_NAMES)
    assert sheet.getcolors() == [(PAPER[0] * PAPER[1], (255, 255, 255))]
    for image in drawn.values():
        assert image.width == PAPER[0]
        assert PAPER[1] < image.height < PAPER[1] * 1.2


def test_words_are_coloured_by_where_they_come_from(page):
    image = draw.draw_words(paper(), page.words, (page.width, page.height))
    for text, colour in (
        ("Rain", draw.READ),
        ("smudged", draw.DOUBTFUL),
        ("upwards", draw.TURNED),
        ("unseen", draw.HIDDEN),
    ):
        word = next(word for word in page.words if word.text == text)
        assert ImageColor.getrgb(colour) in colours_at(image, word.box), text


def test_lines_are_those_outside_tables(page):
    lines, gutters = lines_read(page)
    texts = [line.text for line in lines]
    assert "Rain in the north" in texts
    assert list(layouts.SENTENCES) == [text for text in texts if text in layouts.SENTENCES]
    assert not any("Bergen" in text for text in texts)
    assert gutters == ()
    image = draw.draw_lines(paper(), lines, gutters, (page.width, page.height))
    assert ImageColor.getrgb(draw.ODD_LINE) in colours_at(image, lines[0].box)


def test_two_columns_show_their_gutter():
    left = layouts.lines([text[:40] for text in layouts.SENTENCES * 2], 60, 100)
    right = layouts.lines([text[:40] for text in layouts.SENTENCES * 2], 320, 100)
    _, gutters = lines_read(layouts.page([*left, *right]))
    assert any(260 - 30 < gutter.x0 < 320 for gutter in gutters)


def test_drawings_show_rulings_pictures_and_fields(page):
    image = draw.draw_drawings(paper(), page)
    assert ImageColor.getrgb(draw.RASTER) in colours_at(image, page.pictures[0].box)
    assert ImageColor.getrgb(draw.FIELD) in colours_at(image, page.fields[0].box)
    line = next(ruling for ruling in page.rulings if ruling.horizontal).box
    red, green, blue = image.getpixel(
        (round((line.x0 + line.width / 9) * SCALE), round(line.center_y * SCALE))
    )
    assert red > green + 50
    assert red > blue + 50


def test_cells_are_framed_one_by_one(page):
    blocks = lay_out(page).blocks
    (table,) = [block.table for block in blocks if block.table]
    image = draw.draw_cells(paper(), blocks, (page.width, page.height))
    for cell in table.cells:
        wanted = draw.HEADING_CELL if cell.row < table.header_rows else draw.CELL
        assert ImageColor.getrgb(wanted) in colours_at(image, cell.box), cell


def test_order_joins_block_to_block(page):
    blocks = lay_out(page).blocks
    image = draw.draw_order(paper(), blocks, (page.width, page.height))
    for block in blocks[1:]:
        at = round(block.box.center_x * SCALE), round(block.box.center_y * SCALE)
        assert image.getpixel(at) == ImageColor.getrgb(draw.ORDER)


def test_an_empty_page_has_pictures_too():
    assert len(dict(step_pictures(layouts.page([]), paper()))) == len(STEP_NAMES)


def test_the_legend_keeps_to_the_picture_on_narrow_ones():
    image = draw.with_legend(Image.new("RGB", (150, 20), "black"), "a title", [("#ff0000", "red thing")] * 4)
    assert image.width == 150
    assert image.getpixel((149, 100)) == (255, 255, 255)
    assert image.height > 20 + 4 * draw.LEGEND_PX
