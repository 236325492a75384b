from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recto.pages.ocr.bands import BAND_PIXELS, OVERLAP_PX, Band, bands_of, joined


def box(x0: float, y0: float, x1: float, y1: float):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def seen(*lines):
    """Bands of a picture of 2000 rows, each with the part of the lines that it shows."""
    found = []
    for band in bands_of(2000, 1500):
        parts = []
        for x0, y0, x1, y1 in lines:
            top, bottom = max(y0, band.top), min(y1, band.bottom)
            if top < bottom:
                parts.append(box(x0, top, x1, bottom))
        found.append(replace(band, lines=tuple(parts)))
    return joined(found)


def sides(lines):
    return sorted((*line.min(axis=0).tolist(), *line.max(axis=0).tolist()) for line in lines)


@pytest.mark.parametrize(("height", "width"), [(10, 10), (2200, 1400), (2900, 930), (1200, 2500)])
def test_bands_cover_the_picture_and_overlap(height, width):
    bands = bands_of(height, width)
    assert (bands[0].top, bands[-1].bottom) == (0, height)
    assert all(before.bottom - after.top >= OVERLAP_PX for before, after in pairwise(bands))
    assert all((band.bottom - band.top - OVERLAP_PX) * width <= BAND_PIXELS for band in bands)


def test_every_line_is_found_once_wherever_it_stands():
    lines = [(100, y, 900, y + 30) for y in range(4, 1960, 37)]
    assert sides(seen(*lines)) == sorted(lines)


def test_line_down_the_page_is_put_together():
    note = (40, 700, 70, 1300)
    assert sides(seen(note)) == [note]
    assert sides(seen(note, (200, 700, 230, 1300))) == [note, (200, 700, 230, 1300)]


def test_tall_line_that_one_band_shows_whole_is_not_doubled():
    tall = (40, 800, 70, 1050)
    assert sides(seen(tall)) == [tall]


def test_single_band_keeps_lines_at_the_edge():
    (band,) = bands_of(500, 500)
    assert sides(joined([Band(band.top, band.bottom, (box(0, 0, 90, 20),))])) == [(0, 0, 90, 20)]
