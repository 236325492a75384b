"""A gathered page and its picture in, one picture per step of its layout out: the debug view.

The first tool for anyone who changes a rule: it shows what every step saw and what it made of it. Runs the same
steps as a parse, on the page alone. Never writes a file; drawing itself is in draw.
"""

from collections.abc import Iterator

from PIL import Image

from recto.blocks.columns import Gutter, find_gutters
from recto.blocks.lines import Line, baselines, visible
from recto.blocks.page import STEPS, Draft, lay_out
from recto.document.page import Page
from recto.results.draw import draw_cells, draw_drawings, draw_lines, draw_order, draw_words

STEP_NAMES = ("words", "drawings", "lines", "cells", "blocks")
"""The pictures, in the order in which the page is read."""


def step_pictures(page: Page, picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The name and picture of each of STEP_NAMES; `picture` shows the page upright, at any resolution."""
    size = (page.width, page.height)
    lines, gutters = lines_read(page)
    blocks = lay_out(page).blocks
    drawn = (
        draw_words(picture, page.words, size),
        draw_drawings(picture, page),
        draw_lines(picture, lines, gutters, size),
        draw_cells(picture, blocks, size),
        draw_order(picture, blocks, size),
    )
    yield from zip(STEP_NAMES, drawn, strict=True)


def lines_read(page: Page) -> tuple[tuple[Line, ...], tuple[Gutter, ...]]:
    """The lines that the layout makes of the words outside tables and figures, and the gutters between them."""
    draft = Draft(page, visible(page))
    for step in STEPS:
        words = draft.words
        draft = step(draft)
        if draft.lines:
            return draft.lines, find_gutters(baselines(words))
    return (), ()
