"""Recognised regions in, the same with the sizes of their letters made even, out.

A recogniser takes the size of letters from boxes of few pixels: lines of one paragraph differ by a fifth. What
type size means (a heading, a running head) can only be told once that noise is gone: a region has one size, and
sizes near that of the page's running text are that size. Text read from the file is never touched.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from recto.blocks.lines import Line
from recto.blocks.region import Region

NOISE = 0.2
"""Share of the text's size by which a recognised size says nothing. Origin: 9 journal pages of 72 dpi; page
pictures of higher resolution have less."""
NOISE_IN_TEXT = 0.35
"""The same where something else than its size shows that a region is running text or a caption."""
MIN_LETTERS = 200
"""Letters that a page must have for its running text to have a size."""


def even_sizes(regions: Sequence[Region], in_text: Collection[int] = ()) -> list[Region]:
    """The regions of a page; tables and figures stay as they are.

    `in_text` are the places of regions that something else than their size shows to be text or captions.
    """
    sizes = [_size_of(region.lines) if _is_recognised_text(region) else 0.0 for region in regions]
    weighed = [
        (size, _letters(region)) for size, region in zip(sizes, regions, strict=True) if size and region.lines
    ]
    if sum(letters for _, letters in weighed) < MIN_LETTERS:
        return list(regions)
    body = _middle(weighed)
    settled: list[Region] = []
    for place, (size, region) in enumerate(zip(sizes, regions, strict=True)):
        noise = NOISE_IN_TEXT if place in in_text else NOISE
        near = abs(size - body) <= noise * body
        settled.append(_resized(region, body if near else size) if size else region)
    return settled


def _is_recognised_text(region: Region) -> bool:
    lines = region.table is None and region.type != "Figure" and region.lines
    return bool(lines) and all(word.confidence is not None for line in region.lines for word in line.words)


def _letters(region: Region) -> int:
    return sum(len(word.text) for line in region.lines for word in line.words)


def _size_of(lines: Iterable[Line]) -> float:
    return _middle([(line.size, sum(len(word.text) for word in line.words)) for line in lines])


def _middle(weighed: Sequence[tuple[float, int]]) -> float:
    """The median of values with a weight each."""
    half, so_far = sum(weight for _, weight in weighed) / 2, 0
    for value, weight in sorted(weighed):
        so_far += weight
        if so_far >= half:
            return value
    return 0.0


def _resized(region: Region, size: float) -> Region:
    lines = tuple(
        Line(tuple(replace(word, font_size=size) for word in line.words), line.box, size, line.bold)
        for line in region.lines
    )
    return replace(region, lines=lines, words=())
