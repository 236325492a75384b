"""Regions in, the same with labelled values marked as Key Value.

A paragraph whose lines nearly all read "Label: value" is a set of labelled values, kept line by line; single
lines of that kind that stand below each other are taken together. On forms a label stands apart from its value,
so a line that ends in a colon is joined with the line to its right. Conservative: two lines at least where label
and value touch, short labels, values that are no sentences. Never pairs by more than the row (see forms), never
reads form fields of the file (see form_fields).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise

from recto.blocks.labels import is_label, is_pair
from recto.blocks.lines import Line, line_of
from recto.blocks.pairing import MIN_PAIRS, SAME_EDGE_PT, WIDE_GAP_EM, beside
from recto.blocks.region import Region
from recto.document.geometry import around

LABELLED_SHARE = 0.8
"""Share of a paragraph's lines that must be labelled."""
NEAR_EM = 1.6
"""White space between two labelled lines, in font sizes, at most."""


def mark_pairs(regions: Sequence[Region]) -> list[Region]:
    """Regions with labelled values marked; neighbouring ones are taken together. Order is kept."""
    found: list[Region] = []
    for region in _with_values(regions):
        marked = replace(region, type="Key Value", apart=True) if _labelled(region) else region
        if found and _is_run(marked) and _is_run(found[-1]) and _goes_on(found[-1], marked):
            before = found[-1]
            box = around((before.box, marked.box))
            found[-1] = replace(before, box=box, lines=(*before.lines, *marked.lines))
        else:
            found.append(marked)
    return [_settled(region) for region in found]


def _is_run(region: Region) -> bool:
    return region.type == "Key Value" and region.apart and bool(region.lines) and region.text is None


def _with_values(regions: Sequence[Region]) -> list[Region]:
    """Labels that stand alone, joined with the line to their right; each pair becomes a region's own run."""
    values = _values([line for region in regions if _is_text(region) for line in region.lines])
    if not values:
        return list(regions)
    taken = {id(value) for value in values.values()}
    return [part for region in regions for part in _parts(region, values, taken)]


def _values(lines: Sequence[Line]) -> dict[int, Line]:
    """The value of each label that stands apart from it, by the label's identity."""
    values: dict[int, Line] = {}
    taken: set[int] = set()
    for label in lines:
        value = beside(label, lines) if is_label(label.text) else None
        if value is not None and id(value) not in taken:
            values[id(label)] = value
            taken.add(id(value))
    return values


def _is_text(region: Region) -> bool:
    return region.type == "Text" and region.text is None


def _parts(region: Region, values: Mapping[int, Line], taken: AbstractSet[int]) -> list[Region]:
    """A region without the values that went elsewhere, cut where labels with values begin and end."""
    if not _is_text(region) or all(id(line) not in values and id(line) not in taken for line in region.lines):
        return [region]
    parts: list[Region] = []
    for line in region.lines:
        if id(line) in taken:
            continue
        value = values.get(id(line))
        whole = line if value is None else line_of((*line.words, *value.words))
        paired = value is not None or (bool(parts) and _is_run(parts[-1]) and is_pair(line.text))
        kind = "Key Value" if paired else region.type
        if parts and parts[-1].type == kind:
            before = parts[-1]
            parts[-1] = replace(before, box=around((before.box, whole.box)), lines=(*before.lines, whole))
        else:
            apart = paired or region.apart
            parts.append(replace(region, type=kind, box=whole.box, lines=(whole,), apart=apart))
    return parts


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
    """A single labelled line whose value follows at once is prose again."""
    if _is_run(region) and len(region.lines) < MIN_PAIRS and not _is_apart(region):
        return replace(region, type="Text", apart=False)
    return region


def _is_apart(region: Region) -> bool:
    return any(
        before.text.endswith(":") and after.box.x0 - before.box.x1 > WIDE_GAP_EM * before.font_size
        for line in region.lines
        for before, after in pairwise(line.words)
    )
