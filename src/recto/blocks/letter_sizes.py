"""Recognised regions in, the same with the sizes of their letters made even, out.

A recogniser takes the size of letters from boxes of few pixels: lines of one paragraph differ by a fifth. What
type size means (a heading, a running head) can only be told once that noise is gone: a region has one size, and
sizes near that of the page's running text are that size. Text read from the file is never touched.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from statistics import median

from recto.blocks.lines import ASCENDING, Line
from recto.blocks.region import Region

NOISE = 0.2
"""Share of the text's size by which a recognised size says nothing. Origin: 9 journal pages of 72 dpi; page
pictures of higher resolution have less."""
NOISE_IN_TEXT = 0.35
"""The same where something else than its size shows that a region is running text or a caption."""
BELOW_BASELINE = frozenset("gjpqyQ,;()[]{}|/@$")
"""Signs that reach below the baseline."""
MISREAD = 0.2
"""Share by which a recognised size is off that is an error, not noise. Origin: Tesseract's height of a row lies up
to a third off where a row is short or runs on beside another column."""
MIN_TALL_WORDS = 2
"""Words of full height that show the size of a line."""
MIN_LETTERS = 200
"""Letters that a page must have for its running text to have a size."""


def without_misread_sizes(lines: Sequence[Line]) -> list[Line]:
    """Lines whose recognised size their words' heights belie, with the size that these show, where that is usual.

    A word with a tall letter and nothing below the baseline is always the same share of its size high. Lines with
    too few such words, and text read from the file, keep their size.
    """
    heights = [_tall_height(line) for line in lines]
    measured = [(line, height) for line, height in zip(lines, heights, strict=True) if height]
    if not measured:
        return list(lines)
    ratio = _middle([(line.size / height, len(line.words)) for line, height in measured])
    usual = _middle([(line.size, len(line.words)) for line, _ in measured])
    return [
        _line_of_size(line, round(ratio * height, 1))
        if height and _nearer(ratio * height, line, usual)
        else line
        for line, height in zip(lines, heights, strict=True)
    ]


def _nearer(size: float, line: Line, usual: float) -> bool:
    """Of two measures that disagree the one nearer to the page's usual size: errors are commoner than sizes."""
    disagree = abs(line.size - size) > MISREAD * size
    return disagree and abs(size - usual) < abs(line.size - usual)


def _tall_height(line: Line) -> float:
    """The middle height of the words that reach from the baseline to the top, 0 where they are too few."""
    tall = [
        word.box.height
        for word in line.words
        if word.confidence is not None
        and not ASCENDING.isdisjoint(word.text)
        and BELOW_BASELINE.isdisjoint(word.text)
    ]
    return median(tall) if len(tall) >= MIN_TALL_WORDS else 0.0


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
    return replace(region, lines=tuple(_line_of_size(line, size) for line in region.lines), words=())


def _line_of_size(line: Line, size: float) -> Line:
    return Line(tuple(replace(word, font_size=size) for word in line.words), line.box, size, line.bold)
