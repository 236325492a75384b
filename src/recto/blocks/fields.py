"""Paragraphs in, the same with runs of labelled values marked as Key Value.

A paragraph whose lines nearly all read "Label: value" is a set of labelled values, kept line by line; single
lines of that kind that stand below each other are taken together. Conservative: two lines at least, short
labels, values that are no sentences. Never reads form fields of the file (pages does).
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.region import Region
from recto.document.geometry import around

MIN_PAIRS = 2
"""Fewer labelled lines than this are prose that happens to hold a colon."""
LABELLED_SHARE = 0.8
"""Share of a paragraph's lines that must be labelled."""
NEAR_EM = 1.6
"""White space between two labelled lines, in font sizes, at most."""
SAME_EDGE_PT = 3.0
"""Left edges of labelled lines differ by no more than this, in points."""

_PAIR = re.compile(r"^(?![•\-–*])[^\W\d_][^:.!?;]{0,38}:(?!//)\s*\S.{0,90}$")
_SENTENCE = re.compile(
    r"\w{3,}[.!?]\s+\w|\b\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\s+\w+\b"
)


def is_pair(text: str) -> bool:
    """Whether a line reads "Label: value".

    >>> is_pair("Invoice date: 3 May 2024"), is_pair("He said: go on with it, and do not stop until it is done.")
    (True, False)
    """
    return bool(_PAIR.match(text)) and not _SENTENCE.search(text) and len(text.split(":", 1)[0].split()) <= 6  # noqa: PLR2004  (words of a label)


def mark_pairs(regions: Sequence[Region]) -> list[Region]:
    """Regions with labelled values marked; neighbouring ones are taken together. Order is kept."""
    found: list[Region] = []
    for region in regions:
        if not _labelled(region):
            found.append(region)
        elif found and found[-1].apart and _goes_on(found[-1], region):
            before = found[-1]
            found[-1] = replace(
                before, box=around((before.box, region.box)), lines=(*before.lines, *region.lines)
            )
        else:
            found.append(replace(region, type="Key Value", apart=True))
    return [_settled(region) for region in found]


def _labelled(region: Region) -> bool:
    if region.type != "Text" or region.text is not None or not region.lines:
        return False
    pairs = sum(1 for line in region.lines if is_pair(line.text))
    return pairs >= LABELLED_SHARE * len(region.lines)


def _goes_on(before: Region, region: Region) -> bool:
    gap = region.box.y0 - before.box.y1
    near = gap <= NEAR_EM * max(region.lines[0].size, 1.0)
    return near and abs(region.box.x0 - before.box.x0) <= SAME_EDGE_PT


def _settled(region: Region) -> Region:
    """A single labelled line is prose again."""
    if region.type == "Key Value" and len(region.lines) < MIN_PAIRS:
        return replace(region, type="Text", apart=False)
    return region
