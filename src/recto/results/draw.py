"""A page picture and its blocks in, the picture with boxes drawn out: how a person checks a layout.

Works on a copy. Boxes are in points of a page whose size is given; the picture may have any resolution. Never
decides anything.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from recto.document.block import Block, BlockType
from recto.document.geometry import Box

COLOURS: dict[BlockType, str] = {
    "Title": "#c2185b",
    "Section Header": "#d84315",
    "Text": "#1565c0",
    "List Item": "#00838f",
    "Table": "#2e7d32",
    "Figure": "#6a1b9a",
    "Key Value": "#9e6b00",
    "Header": "#757575",
    "Footer": "#757575",
    "Page Number": "#757575",
    "Comment": "#ad1457",
    "Signature": "#4527a0",
}
"""One colour per block type, dark enough to be read on white."""
LABEL_POINTS = 7.0
"""Height of the label in points of the page: 10 pixels at 100 dpi."""
MIN_LABEL_PX = 10
"""Smaller letters cannot be read on a screen."""


def draw_blocks(image: Image.Image, layout_blocks: Sequence[Block], page: tuple[float, float]) -> Image.Image:
    """A copy of the picture with each block's box, place in the order and type; page is (width, height) in points."""
    drawn = image.convert("RGB")
    scale_x, scale_y = drawn.width / page[0], drawn.height / page[1]
    pen = ImageDraw.Draw(drawn, "RGBA")
    font = ImageFont.load_default(size=max(MIN_LABEL_PX, LABEL_POINTS * scale_y))
    for order, block in enumerate(layout_blocks, 1):
        colour = COLOURS[block.type]
        if block.table is not None:
            for cell in block.table.cells:
                pen.rectangle(_pixels(cell.box, scale_x, scale_y), outline=f"{colour}90", width=1)
        pen.rectangle(_pixels(block.box, scale_x, scale_y), outline=colour, fill=f"{colour}14", width=2)
        _label(pen, font, _pixels(block.box, scale_x, scale_y), _name(order, block), colour)
    return drawn


def _pixels(box: Box, scale_x: float, scale_y: float) -> tuple[float, float, float, float]:
    left, top = box.x0 * scale_x, box.y0 * scale_y
    return left, top, max(left, box.x1 * scale_x), max(top, box.y1 * scale_y)


def _name(order: int, block: Block) -> str:
    level = f" {block.level}" if block.level else ""
    return f"{order} {block.type}{level}"


def _label(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    box: tuple[float, float, float, float],
    text: str,
    colour: str,
) -> None:
    """The label above the box, or inside it at the page's upper edge."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    height = bottom - top + 2
    at = (box[0], box[1] - height if box[1] >= height else box[1])
    pen.rectangle((at[0], at[1], at[0] + right - left + 4, at[1] + height), fill=colour)
    pen.text((at[0] + 2 - left, at[1] + 1 - top), text, fill="white", font=font)
