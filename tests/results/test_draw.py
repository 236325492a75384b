from PIL import Image, ImageColor

from documents.layouts import HEIGHT, TABLE_ROWS, WIDTH, block, table_of
from recto.document.geometry import Box
from recto.results.draw import COLOURS, draw_blocks


def test_each_block_is_framed_in_its_colour_and_the_picture_is_left_alone():
    paper = Image.new("RGB", (826, 1169), "white")
    found = block("Rivers", "Title", y=100)
    drawn = draw_blocks(paper, [found], (WIDTH, HEIGHT))
    scale = 826 / WIDTH
    assert drawn.size == paper.size
    assert drawn.getpixel(
        (round(found.box.x1 * scale) - 8, round(found.box.y1 * scale))
    ) == ImageColor.getrgb(COLOURS["Title"])
    assert paper.getcolors() == [(826 * 1169, (255, 255, 255))]
    assert drawn.getpixel((5, 1160)) == (255, 255, 255)


def test_cells_are_drawn_and_every_type_has_a_colour():
    paper = Image.new("L", (200, 200), 255)
    table = block("t", "Table", table=table_of(TABLE_ROWS), y=500)
    drawn = draw_blocks(paper, [table], (200.0, 200.0))
    assert drawn.getpixel((50, 25)) != (255, 255, 255)
    for kind in COLOURS:
        draw_blocks(paper, [block("x", kind)], (200.0, 200.0))


def test_boxes_off_the_page_do_no_harm():
    odd = block("x")
    for box in (Box(-50, -50, 10, 10), Box(5, 5, 5, 5), Box(9, 9, 3, 3)):
        draw_blocks(Image.new("RGB", (50, 50)), [type(odd)("Text", 1, box, "x")], (100.0, 100.0))
