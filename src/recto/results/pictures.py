"""Pictures of pages and of their figures and tables, made while the document is open: the part of a parse that draws.

A laid out page in; PNG files in a folder, and the same page with their names, out. Names are made of page number
and place, so that a repeated unit overwrites its own pictures. Storing and linking them is the jobs' and the
API's business.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from recto.document.block import Block, PageLayout
from recto.document.geometry import Box
from recto.document.options import ImageKind

PICTURE_DPI = 150.0  # pixels per inch: small print stays readable, a page is some 300 kB
MARGIN_PT = 4.0  # points around a figure or table, so that no border is cut off
MOST_PICTURES = (
    200  # figures and tables per page: a page of more is a pattern, and each is an object to store
)
FOLDER = "images"
"""Name of the folder, beside a unit's file and in the storage."""


def with_pictures(
    layout: PageLayout, wanted: Sequence[ImageKind], draw: Callable[[float], Image.Image], folder: Path
) -> PageLayout:
    """Save the pictures that are wanted of a page; `draw` makes a picture of it with so many pixels per inch.

    Raises what `draw` raises.
    """
    pictured = [block for block in layout.blocks if block.type.lower() in wanted][:MOST_PICTURES]
    if not pictured and "page" not in wanted:
        return layout
    folder.mkdir(exist_ok=True)
    drawn = draw(PICTURE_DPI)
    image = ""
    if "page" in wanted:
        image = f"{layout.number}.png"
        drawn.save(folder / image)
    blocks = tuple(
        _pictured(block, place, layout, drawn, folder) if block in pictured else block
        for place, block in enumerate(layout.blocks)
    )
    return replace(layout, blocks=blocks, image=image)


def _pictured(block: Block, place: int, layout: PageLayout, drawn: Image.Image, folder: Path) -> Block:
    # Huge sheets are drawn smaller than asked, so the scale is taken from the picture itself.
    across, down = drawn.width / layout.width, drawn.height / layout.height
    box = block.box.grown(MARGIN_PT).intersection(Box(0.0, 0.0, layout.width, layout.height))
    corners = (int(box.x0 * across), int(box.y0 * down), int(box.x1 * across + 1), int(box.y1 * down + 1))
    if not box.area:
        return block
    name = f"{layout.number}-{place}.png"
    drawn.crop(corners).save(folder / name)
    return replace(block, image=name)
