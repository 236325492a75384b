"""A page picture and what was found on it in, the picture with boxes drawn out: how a person checks a layout.

One function a step of the reading: words, lines, drawings, cells, blocks. Each works on a copy and takes plain
values. Boxes are in points of a page whose size is given as (width, height); the picture may have any resolution.
Never reads a file and never decides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from recto.blocks.columns import Gutter
from recto.blocks.lines import Line
from recto.document.block import Block, BlockType
from recto.document.geometry import Box
from recto.document.page import Page, Word

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
SMALL_LABEL_POINTS = 5.0
"""Height of labels that stand on single words and cells, in points of the page."""
MIN_LABEL_PX = 10
MIN_SMALL_LABEL_PX = 8
"""Smaller letters cannot be read on a screen."""

READ, SURE, DOUBTFUL, TURNED, HIDDEN = "#1565c0", "#2e7d32", "#c62828", "#e65100", "#9e9e9e"
EVEN_LINE, ODD_LINE, GUTTER = "#1565c0", "#00838f", "#f9a825"
ACROSS, UPRIGHT, BORDER, RASTER, FIELD, MARK, SEEN = (
    "#c62828",
    "#1565c0",
    "#f9a825",
    "#6a1b9a",
    "#2e7d32",
    "#ad1457",
    "#00838f",
)
HEADING_CELL, CELL, SPANNING_CELL = "#d84315", "#2e7d32", "#6a1b9a"
ORDER = "#c62828"

SURE_FROM = 0.9
"""Confidence (0..1) from which a word is drawn as sure: that of a block called high on the wire."""
THIN_PT = 1.5
"""Half the height, in points, of the band drawn around a ruling, so that a hair line can be seen."""
LEGEND_PX = 14
"""Height of the legend's letters in pixels of the picture."""

Legend = Sequence[tuple[str, str]]
"""Colours and what they mean."""


def draw_blocks(image: Image.Image, layout_blocks: Sequence[Block], page: tuple[float, float]) -> Image.Image:
    """A copy of the picture with each block's box, place in the order and type."""
    sheet = _Sheet.over(image, page)
    for order, block in enumerate(layout_blocks, 1):
        colour = COLOURS[block.type]
        if block.table is not None:
            for cell in block.table.cells:
                sheet.frame(cell.box, f"{colour}90", thickness=1)
        sheet.frame(block.box, colour, fill=f"{colour}14")
        sheet.label(block.box, _name(order, block), colour)
    return sheet.image


def draw_order(image: Image.Image, layout_blocks: Sequence[Block], page: tuple[float, float]) -> Image.Image:
    """The blocks with their confidence, and a line from each to the next."""
    sheet = _Sheet.over(image, page)
    for order, block in enumerate(layout_blocks, 1):
        colour = COLOURS[block.type]
        sheet.frame(block.box, colour, fill=f"{colour}14")
        sheet.label(block.box, f"{_name(order, block)} {block.confidence:.2f}", colour)
    for one, following in pairwise(layout_blocks):
        sheet.arrow(one.box, following.box, ORDER)
    there = {block.type for block in layout_blocks}
    return with_legend(
        sheet.image,
        "blocks of the page alone: place, type, level, confidence",
        [*((colour, kind) for kind, colour in COLOURS.items() if kind in there), (ORDER, "reading order")],
    )


def draw_words(image: Image.Image, words: Sequence[Word], page: tuple[float, float]) -> Image.Image:
    """Each word's box by where it comes from; its angle when turned, its confidence when doubtful."""
    sheet = _Sheet.over(image, page)
    for word in words:
        colour = _colour_of(word)
        sheet.frame(word.box, colour, fill=f"{colour}20", thickness=1)
        told = _doubt(word)
        if told:
            sheet.label(word.box, told, colour, small=True)
    return with_legend(
        sheet.image,
        f"words: {len(words)}",
        (
            (READ, "from the file"),
            (SURE, f"recognised, {SURE_FROM} or more"),
            (DOUBTFUL, "recognised, less"),
            (TURNED, "turned (degrees)"),
            (HIDDEN, "hidden: in no block"),
        ),
    )


def draw_lines(
    image: Image.Image, lines: Sequence[Line], gutters: Sequence[Gutter], page: tuple[float, float]
) -> Image.Image:
    """Lines, numbered from the top, in two colours by turns, and the gutters they were cut at."""
    sheet = _Sheet.over(image, page)
    for gutter in gutters:
        sheet.frame(Box(gutter.x0, gutter.y0, gutter.x1, gutter.y1), GUTTER, fill=f"{GUTTER}60", thickness=1)
    for number, line in enumerate(lines, 1):
        colour = ODD_LINE if number % 2 else EVEN_LINE
        sheet.frame(line.box, colour, fill=f"{colour}20", thickness=2 if line.bold else 1)
        sheet.label(line.box, f"{number}: {line.size:.0f}", colour, small=True, beside=True)
    return with_legend(
        sheet.image,
        f"lines outside tables and figures: {len(lines)}, each with its number: size in points; thick frame: bold",
        ((ODD_LINE, "odd"), (EVEN_LINE, "even"), (GUTTER, "gutter")),
    )


def draw_drawings(image: Image.Image, found: Page) -> Image.Image:
    """All that is on the page but words: rulings, pictures, fields, marks, parts a model saw."""
    sheet = _Sheet.over(image, (found.width, found.height))
    for region in found.regions:
        sheet.frame(region.box, SEEN)
        sheet.label(region.box, f"{region.kind} {region.score:.2f}", SEEN, small=True)
    for picture in found.pictures:
        sheet.frame(picture.box, RASTER, fill=f"{RASTER}10")
    for field in found.fields:
        sheet.frame(field.box, FIELD, fill=f"{FIELD}20")
        sheet.label(field.box, field.name or field.kind, FIELD, small=True)
    for box in (box for mark in found.marks for box in mark.boxes):
        sheet.frame(box, MARK)
    for ruling in found.rulings:
        colour = BORDER if not ruling.thickness else ACROSS if ruling.horizontal else UPRIGHT
        sheet.frame(ruling.box.grown(THIN_PT), f"{colour}a0", fill=f"{colour}60", thickness=1)
    return with_legend(
        sheet.image,
        f"rulings: {len(found.rulings)}, pictures: {len(found.pictures)}, fields: {len(found.fields)}",
        (
            (ACROSS, "ruling across"),
            (UPRIGHT, "ruling upright"),
            (BORDER, "border of a shade"),
            (RASTER, "picture"),
            (FIELD, "field"),
            (MARK, "link, highlight, comment"),
            (SEEN, "part seen by the model"),
        ),
    )


def draw_cells(image: Image.Image, layout_blocks: Sequence[Block], page: tuple[float, float]) -> Image.Image:
    """The tables' cells with row and column from 0; spans after an x."""
    sheet = _Sheet.over(image, page)
    tables = [block.table for block in layout_blocks if block.table is not None]
    for table in tables:
        for cell in table.cells:
            spans = cell.row_span > 1 or cell.column_span > 1
            colour = SPANNING_CELL if spans else HEADING_CELL if cell.row < table.header_rows else CELL
            sheet.frame(cell.box, colour, fill=f"{colour}14", thickness=1)
            spanned = f" x {cell.row_span},{cell.column_span}" if spans else ""
            sheet.label(cell.box, f"{cell.row},{cell.column}{spanned}", colour, small=True, on_edge=True)
    return with_legend(
        sheet.image,
        f"tables: {len(tables)}; cells as row,column from 0",
        (
            (HEADING_CELL, "heading row"),
            (CELL, "cell"),
            (SPANNING_CELL, "spans x rows,columns"),
        ),
    )


def with_legend(image: Image.Image, title: str, legend: Legend) -> Image.Image:
    """The picture on top of a white strip that says what its colours mean; as wide as it was."""
    font = ImageFont.load_default(size=LEGEND_PX)
    measure = ImageDraw.Draw(image)
    placed: list[tuple[float, float, str, str]] = []
    x, y, step = float(LEGEND_PX), LEGEND_PX / 2, LEGEND_PX * 1.5
    for colour, text in (("", title), *legend):
        wide = measure.textlength(text, font=font) + (2.5 if colour else 1.0) * LEGEND_PX
        if placed and x + wide > image.width:
            x, y = float(LEGEND_PX), y + step
        placed.append((x, y, colour, text))
        x += wide
    whole = Image.new("RGB", (image.width, image.height + round(y + step)), "white")
    whole.paste(image, (0, 0))
    pen = ImageDraw.Draw(whole)
    for left, top, colour, text in placed:
        at = top + image.height
        if colour:
            pen.rectangle((left, at + 1, left + LEGEND_PX, at + LEGEND_PX), fill=colour)
        pen.text((left + (1.4 * LEGEND_PX if colour else 0), at - 1), text, fill="black", font=font)
    return whole


def _colour_of(word: Word) -> str:
    if word.hidden:
        return HIDDEN
    if word.confidence is not None and word.confidence < SURE_FROM:
        return DOUBTFUL
    if word.rotation % 360:
        return TURNED
    return READ if word.confidence is None else SURE


def _doubt(word: Word) -> str:
    """What is to be said of a word: its angle, its confidence in hundredths, or nothing."""
    parts: list[str] = []
    if word.rotation % 360:
        parts.append(f"{word.rotation % 360}°")
    if word.confidence is not None and word.confidence < SURE_FROM:
        parts.append(f".{min(99, round(word.confidence * 100)):02}")
    return " ".join(parts)


def _name(order: int, block: Block) -> str:
    level = f" {block.level}" if block.level else ""
    return f"{order} {block.type}{level}"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A copy of a page picture to draw on, in points of the page."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    scale_x: float
    scale_y: float

    @classmethod
    def over(cls, image: Image.Image, page: tuple[float, float]) -> "_Sheet":
        drawn = image.convert("RGB")
        if drawn is image:
            drawn = image.copy()
        return cls(drawn, ImageDraw.Draw(drawn, "RGBA"), drawn.width / page[0], drawn.height / page[1])

    def frame(self, box: Box, colour: str, *, fill: str | None = None, thickness: int = 2) -> None:
        self.pen.rectangle(self._pixels(box), outline=colour, fill=fill, width=thickness)

    def label(
        self,
        box: Box,
        text: str,
        colour: str,
        *,
        small: bool = False,
        beside: bool = False,
        on_edge: bool = False,
    ) -> None:
        """The label above the box, to its left or on its upper edge; inside it at the top of the page."""
        size = (
            max(MIN_SMALL_LABEL_PX, SMALL_LABEL_POINTS * self.scale_y)
            if small
            else max(MIN_LABEL_PX, LABEL_POINTS * self.scale_y)
        )
        font = ImageFont.load_default(size=size)
        left, top, right, bottom = self.pen.textbbox((0, 0), text, font=font)
        width, height = right - left + 4, bottom - top + 2
        x, y, _, _ = self._pixels(box)
        if beside:
            x = max(0.0, x - width)
        elif y >= height:
            y -= height / 2 if on_edge else height
        self.pen.rectangle((x, y, x + width, y + height), fill=colour)
        self.pen.text((x + 2 - left, y + 1 - top), text, fill="white", font=font)

    def arrow(self, start: Box, end: Box, colour: str) -> None:
        """A line from middle to middle, with a dot at its end."""
        x0, y0 = start.center_x * self.scale_x, start.center_y * self.scale_y
        x1, y1 = end.center_x * self.scale_x, end.center_y * self.scale_y
        self.pen.line((x0, y0, x1, y1), fill=f"{colour}b0", width=2)
        self.pen.ellipse((x1 - 4, y1 - 4, x1 + 4, y1 + 4), fill=colour)

    def _pixels(self, box: Box) -> tuple[float, float, float, float]:
        left, top = box.x0 * self.scale_x, box.y0 * self.scale_y
        return left, top, max(left, box.x1 * self.scale_x), max(top, box.y1 * self.scale_y)
