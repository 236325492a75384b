"""Regions in, the same with labelled values marked as Key Value.

A paragraph whose lines nearly all read "Label: value" is a set of labelled values, kept line by line; single
lines of that kind that stand below each other are taken together. On forms a label stands apart from its value,
so a line that ends in a colon is joined with the line to its right; and a table without lines whose cells are
labels and values by turns is no table. Conservative: two lines at least where label and value touch, short
labels, values that are no sentences. Never reads form fields of the file (see form_fields).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise

from recto.blocks.blanks import find_blanks
from recto.blocks.labelled_phrases import Phrases, cut_phrases
from recto.blocks.labels import is_label, is_pair
from recto.blocks.lines import Line, line_of, turn_of
from recto.blocks.pairing import Pair, pair_phrases
from recto.blocks.region import Region
from recto.document.block import Table
from recto.document.geometry import around
from recto.document.page import Page, Word

MIN_PAIRS = 2
"""Fewer labelled lines than this are prose that happens to hold a colon."""
LABELLED_SHARE = 0.8
"""Share of a paragraph's lines that must be labelled."""
NEAR_EM = 1.6
"""White space between two labelled lines, in font sizes, at most."""
SAME_EDGE_PT = 3.0
"""Left edges of labelled lines differ by no more than this, in points."""

SAME_ROW_SHARE = 0.5
"""Share of the lower line's height that label and value must have in common to stand side by side."""
FARTHEST_PT = 220.0
"""White space between a label and its value, in points, at most: a third of a page, as on forms with tab stops."""
WIDE_GAP_EM = 1.7
"""White space, in font sizes, after a colon that only forms have: the gap at which lines are cut."""
PAIRED_SHARE = 0.5
"""Share of a table's filled cells that must be a label or its value for it to be a form: forms leave blanks."""


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


def is_form(table: Table) -> bool:
    """Whether a table without lines is a form: labels, each with its value to the right or below, in several rows."""
    if table.ruled:
        return False
    texts = {(cell.row, cell.column): cell.text for cell in table.cells if cell.text}
    paired: set[tuple[int, int]] = set()
    labelled: set[int] = set()
    for place, text in sorted(texts.items()):
        value = _place_of_value(place, texts)
        if is_pair(text) or value is not None:
            paired.update({place, value or place})
            labelled.add(place[0])
    return len(labelled) >= MIN_PAIRS and len(paired) >= PAIRED_SHARE * len(texts)


def _place_of_value(place: tuple[int, int], texts: Mapping[tuple[int, int], str]) -> tuple[int, int] | None:
    """Row and column of the cell that holds the value of the label at `place`; None where there is none."""
    if not is_label(texts[place]):
        return None
    row, column = place
    right = [other for other in texts if other[0] == row and other[1] > column]
    for value in (*sorted(right)[:1], (row + 1, column)):
        if value in texts and not is_label(texts[value]) and not is_pair(texts[value]):
            return value
    return None


def take_pairs(
    page: Page, words: Sequence[Word], *, certain: bool = False
) -> tuple[list[Region], tuple[Word, ...]]:
    """Labels and values that stand apart on a form, as regions, and the words left over.

    For recognised pages, before tables are looked for: what stands in columns there is a form more often than a
    table. `certain` says that the words are known to be those of a form.
    """
    upright = [word for word in words if turn_of(word) == 0]
    blanks = find_blanks(page, upright)
    blank_of = {id(word): place for place, blank in enumerate(blanks) for word in blank.words}
    phrases = cut_phrases(upright, blank_of)
    on = {
        id(line): blanks[blank_of[id(phrases.home[id(line.words[0])])]]
        for line in phrases.lines
        if id(phrases.home[id(line.words[0])]) in blank_of
    }
    pairs = _unbroken(pair_phrases(phrases.lines, on, certain=certain), phrases)
    taken = {id(phrases.home[id(word)]) for pair in pairs for word in _words_of(pair)}
    return _runs(pairs), tuple(word for word in words if id(word) not in taken)


def _words_of(pair: Pair) -> list[Word]:
    return [word for line in (*pair.label, *pair.value) for word in line.words]


def _unbroken(pairs: Sequence[Pair], phrases: Phrases) -> list[Pair]:
    """The pairs without those that hold only a piece of a word."""
    pieces = Counter(id(word) for word in phrases.home.values())
    held = Counter(id(phrases.home[id(word)]) for pair in pairs for word in _words_of(pair))
    return [
        pair
        for pair in pairs
        if all(held[id(home)] == pieces[id(home)] for home in (phrases.home[id(w)] for w in _words_of(pair)))
    ]


def _runs(pairs: Sequence[Pair]) -> list[Region]:
    """The pairs as regions, those whose labels stand below each other in one."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        run = next((run for run in runs if _stands_below(run[-1], pair)), None)
        if run is None:
            runs.append([pair])
        else:
            run.append(pair)
    return [_region(run) for run in runs]


def _stands_below(before: Pair, pair: Pair) -> bool:
    """Whether a pair follows another in one column: near, and with an edge of the labels or values in common."""
    gap = pair.box.y0 - before.box.y1
    if not -pair.label[0].size <= gap <= NEAR_EM * max(pair.label[0].size, 1.0):
        return False
    edges = zip(_edges(before), _edges(pair), strict=True)
    return any(abs(above - below) <= SAME_EDGE_PT for above, below in edges)


def _edges(pair: Pair) -> tuple[float, float, float]:
    value = pair.value[0].box
    return pair.label[0].box.x0, value.x0, value.x1


def _region(run: Sequence[Pair]) -> Region:
    lines = tuple(_line(pair) for pair in run)
    text = "\n".join(line.text for line in lines)
    return Region("Key Value", around(pair.box for pair in run), lines, text=text, apart=True)


def _line(pair: Pair) -> Line:
    """A pair as one line that reads "label: value", with the colon that forms leave to their lines and boxes."""
    label = [word for line in pair.label for word in line.words]
    if not label[-1].text.endswith(":"):
        label[-1] = replace(label[-1], text=f"{label[-1].text}:")
    value = [word for line in pair.value for word in line.words]
    return line_of((*label, replace(value[0], space_before=True), *value[1:]))


def _is_labelled(text: str) -> bool:
    return is_label(text) or is_pair(text)


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
        value = _beside(label, lines) if is_label(label.text) else None
        if value is not None and id(value) not in taken:
            values[id(label)] = value
            taken.add(id(value))
    return values


def _is_text(region: Region) -> bool:
    return region.type == "Text" and region.text is None


def _beside(label: Line, lines: Sequence[Line]) -> Line | None:
    """The nearest line to the right on the same row, unless it is a label or a pair itself."""
    right = [
        line
        for line in lines
        if line is not label
        and line.box.x0 >= label.box.x1 - 1
        and line.box.x0 - label.box.x1 <= FARTHEST_PT
        and _same_row(line, label)
    ]
    nearest = min(right, key=lambda line: line.box.x0, default=None)
    return None if nearest is None or _is_labelled(nearest.text) else nearest


def _same_row(line: Line, other: Line) -> bool:
    return line.box.overlap_y(other.box) >= SAME_ROW_SHARE * min(line.box.height, other.box.height)


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
