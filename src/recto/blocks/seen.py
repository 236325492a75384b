"""What a layout model saw on a page and the page's words in; tables, figures and text grouped by it out.

The model's parts are votes. They say where a table, a figure or a column of text lies, which recognised words
alone say badly; what the words themselves show (paragraphs, rows, cells, order) is decided by the same rules as
on any page. A vote without words to bear it out is dropped. Pages without parts never come here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.furniture import is_page_number
from recto.blocks.labels import is_label, is_pair
from recto.blocks.letter_sizes import even_sizes
from recto.blocks.lines import Line, baselines, cut_lines, line_of, turn_of
from recto.blocks.order import reading_order
from recto.blocks.paragraphs import SENTENCE_ENDS, group_paragraphs
from recto.blocks.region import Region
from recto.blocks.tables.aligned import table_among
from recto.blocks.tables.cells import FoundTable, cell_lines
from recto.document.block import BlockType
from recto.document.geometry import Box, around
from recto.document.page import Page, RegionKind, SeenRegion, Word

SURE_TABLE = 0.6
"""Score from which a table is looked for where the model saw one."""
SURE_FIGURE = 0.6
"""Score from which a part is a figure, whatever words stand on it."""
SURE_CAPTION = 0.5
"""Score from which a caption belongs to no figure that reaches over it."""
SURE_TEXT = 0.6
"""Score from which text in larger letters is text all the same."""
SURE_REFERENCES = 0.85
"""Score from which text is a list of references: prose with ragged edges reaches 0.7."""
SURE_TITLE = 0.5
"""Score from which a short text is a heading."""
SURE_CONTRADICTION = 0.8
"""Score from which a part speaks against a table found there."""
CONTRADICTING: tuple[RegionKind, ...] = ("figure", "text", "reference", "list")
OTHER_SHARE = 0.3
"""Share of a table's area in such parts from which on it is none: a cell or two may look like text."""
ASTRIDE_TEXT = (0.2, 0.75)
"""Share of a table's area inside one column of text that shows it to lie over the column's edge."""
MOSTLY = 0.5
"""Share of a box that makes it lie mostly in another."""
WRITTEN_SHARE = 0.1
"""Share of a figure's area under words from which on it is a written page or a table. Origin: 12 figures the model
saw; pictures and diagrams had at most 0.07, coloured, handwritten and tabular pages at least 0.13."""
MIN_FIGURE_SIDE_PT = 16.0
"""Shorter side, in points, below which a picture is an icon; the same as for pictures of a file."""
FORM_LABELS = 4
"""Labels with colons that make of a framed area a form rather than a figure, whose legends have one or two."""
ASTRIDE = 0.2
"""Share of a line's width in each of two parts side by side from which on the line is cut between them."""
EDGE_LINES = 0.5
"""How far, in line heights, the model's upper and lower edges may be off."""
ALIKE = 0.9
"""Shares of a line inside two parts that differ by less than a tenth are the same."""
MAX_TITLE_LINES = 4
MAX_TITLE_LETTERS = 160
"""A heading has no more lines and letters than this; the same letters as in headings."""
HANGING_EM = 0.8
"""Font sizes by which lines of an entry are moved right below its first line; the same as a first-line indent."""
MAX_RAGGED = 0.1
"""Share of a column's width that a full line may leave free at its end."""
MARGIN_SHARE = 0.12
"""Share of the page's height at top and bottom where running heads and feet may stand; as in furniture."""
PIECE_GAP_EM = 3.0
"""White space, in font sizes, over which pieces at one height in one part are still one line."""

SECTION_NUMBER = re.compile(r"\d{1,2}(\.\d{1,2})+\.?")
"""Numbers such as 3.4 begin sections, not list items, where the model saw running text."""

FLOWING: tuple[RegionKind, ...] = (
    "text",
    "title",
    "list",
    "caption",
    "header",
    "footer",
    "reference",
    "equation",
)
"""Parts that hold lines of text."""


def contradicted(page: Page, table: Box) -> bool:
    """Whether the model saw a figure, or columns of text, where a table was found, and no such table."""
    alike = (part for part in page.regions if part.kind == "table" and part.score >= SURE_TABLE)
    if any(table.share_inside(part.box) > MOSTLY and part.box.share_inside(table) > MOSTLY for part in alike):
        return False
    others = [part for part in page.regions if part.kind in CONTRADICTING and part.score >= SURE_TEXT]
    sure = (part.box for part in others if part.score >= SURE_CONTRADICTION)
    covered = sum(box.intersection(table).area for box in sure if box.share_inside(table) > MOSTLY)
    if covered > OTHER_SHARE * table.area:
        return True
    least, most = ASTRIDE_TEXT
    return any(least < table.share_inside(part.box) < most for part in others if part.kind != "figure")


def tables_seen(page: Page, words: Sequence[Word], found: Sequence[Region]) -> list[FoundTable]:
    """Tables where the model saw them, from the words there; none where a table has been found already."""
    tables: list[FoundTable] = []
    free = list(words)
    for part in page.regions:
        if part.kind != "table" or part.score < SURE_TABLE:
            continue
        known = [region.box for region in found if region.type == "Table"] + [one.box for one in tables]
        if any(box.share_inside(part.box) > MOSTLY or part.box.share_inside(box) > MOSTLY for box in known):
            continue
        beside = _stretched(part.box, page.height)
        column = [word for word in free if beside.holds_center_of(word.box) and turn_of(word) == 0]
        table = table_among(page, column, part.box)
        if table is not None:
            tables.append(replace(table, box=table.box.union(part.box)))
            taken = {id(word) for word in table.words}
            free = [word for word in free if id(word) not in taken]
    return tables


def figures_seen(
    page: Page, words: Sequence[Word], found: Sequence[Region]
) -> tuple[list[Region], list[Word]]:
    """All regions, with the figures the model saw, and the words left over.

    A figure takes in the pieces of it that were found before; where a table was found, or a form, it is no figure.
    """
    regions, free = list(found), list(words)
    for part in page.regions:
        if part.kind != "figure" or part.score < SURE_FIGURE:
            continue
        if min(part.box.width, part.box.height) < MIN_FIGURE_SIDE_PT:
            continue
        if any(r.type == "Table" and r.box.share_inside(part.box) > MOSTLY for r in regions):
            continue
        pieces = [r for r in regions if r.type == "Figure" and r.box.share_inside(part.box) > MOSTLY]
        box = _without_captions(part.box, page.regions)
        inside = [word for word in free if box.holds_center_of(word.box)]
        if sum(word.box.area for word in inside) > WRITTEN_SHARE * box.area:
            continue
        if _is_form(inside):
            continue
        gone = {id(word) for word in inside}
        free = [word for word in free if id(word) not in gone]
        regions = [region for region in regions if region not in pieces]
        regions.append(_figure(box, pieces, inside))
    return regions, free


def _is_form(words: Sequence[Word]) -> bool:
    """Whether several lines are labels with colons: a form's frame looks like a figure's."""
    lines = cut_lines(baselines(words), ())
    return sum(is_label(line.text) or is_pair(line.text) for line in lines) >= FORM_LABELS


def grouped_by_parts(page: Page, lines: Sequence[Line]) -> list[Region]:
    """Paragraphs, list items, headings, running heads and feet of the lines, none of them over two parts."""
    parts = [part for part in page.regions if part.kind in FLOWING]
    homes: dict[int, list[Line]] = {}
    for line in lines:
        for piece, home in _homes(line, parts):
            homes.setdefault(home, []).append(piece)
    regions: list[Region] = []
    in_text: set[int] = set()
    for home, some in homes.items():
        if home < 0:
            regions.extend(group_paragraphs(some))
            continue
        part, begun = parts[home], len(regions)
        regions.extend(_regions_of(part, _joined_pieces(some), page.height))
        if part.kind in ("text", "caption") and part.score >= SURE_TEXT:
            in_text.update(range(begun, len(regions)))
    return even_sizes(regions, in_text)


def ordered_by_parts(page: Page, regions: Sequence[Region]) -> list[Region]:
    """The regions in reading order, those of one part of text read in one go.

    A part counts as one where nothing else stands in it: then its neighbours cannot tear it apart.
    """
    units: dict[int, list[Region]] = {}
    texts = [
        part.box for part in page.regions if part.kind in ("text", "reference") and part.score >= SURE_TEXT
    ]
    for place, region in enumerate(regions):
        home = next((at for at, box in enumerate(texts) if region.box.share_inside(box) > MOSTLY), None)
        units.setdefault(-1 - place if home is None else home, []).append(region)
    whole: list[Region] = []
    members: dict[int, list[Region]] = {}
    for unit in units.values():
        box = around(region.box for region in unit)
        alone = not any(box.intersection(other.box).area for other in regions if other not in unit)
        for some in [unit] if alone else [[region] for region in unit]:
            one = Region(some[0].type, around(region.box for region in some))
            members[id(one)] = some
            whole.append(one)
    return [
        region
        for one in reading_order(whole, page.height)
        for region in reading_order(members[id(one)], page.height)
    ]


def _without_captions(figure: Box, parts: Sequence[SeenRegion]) -> Box:
    """The figure's box cut back where a caption reaches into it from above or below."""
    box = figure
    for part in parts:
        if part.kind != "caption" or part.score < SURE_CAPTION or part.box.overlap_x(box) <= 0:
            continue
        if box.center_y < part.box.y0 < box.y1:
            box = Box(box.x0, box.y0, box.x1, part.box.y0)
        elif box.y0 < part.box.y1 < box.center_y:
            box = Box(box.x0, part.box.y1, box.x1, box.y1)
    return box


def _figure(box: Box, pieces: Sequence[Region], inside: Sequence[Word]) -> Region:
    every = (*(word for piece in pieces for word in piece.every_word), *inside)
    text = "\n".join(line.text for line in cell_lines(every)) if every else ""
    extent = around((box, *(piece.box for piece in pieces)))
    return Region("Figure", extent, text=text, words=every)


def _homes(line: Line, parts: Sequence[SeenRegion]) -> list[tuple[Line, int]]:
    """The part a line lies in, by place (-1: none); a line astride two parts side by side is cut."""
    shares = [
        (_stretched(part.box, EDGE_LINES * line.box.height).intersection(line.box).area, place)
        for place, part in enumerate(parts)
    ]
    inside = [(area, place) for area, place in shares if area > 0]
    if not inside:
        return [(line, -1)]
    most = max(inside)[0]  # of parts that hold it alike the smallest: it stands in the larger ones
    best = min((one for one in inside if one[0] >= ALIKE * most), key=lambda one: parts[one[1]].box.area)
    beside = [
        place
        for _, place in inside
        if parts[place].box.overlap_x(line.box) >= ASTRIDE * line.box.width
        and parts[place].box.overlap_y(line.box) > MOSTLY * line.box.height
        and not parts[place].box.overlap_x(parts[best[1]].box)
    ]
    if not beside:
        return [(line, best[1] if best[0] > MOSTLY * MOSTLY * line.box.area else -1)]
    among = [best[1], *beside]
    pieces: dict[int, list[Word]] = {}
    for word in line.words:
        nearest = min(among, key=lambda place: _apart(word.box, parts[place].box))
        pieces.setdefault(nearest, []).append(word)
    return [(line_of(words), place) for place, words in pieces.items()]


def _stretched(box: Box, by: float) -> Box:
    return Box(box.x0, box.y0 - by, box.x1, box.y1 + by)


def _apart(box: Box, other: Box) -> float:
    return max(0.0, other.x0 - box.center_x, box.center_x - other.x1)


def _joined_pieces(lines: Sequence[Line]) -> list[Line]:
    """Pieces of one line that a wide gap had parted, made whole: inside one part there are no columns."""
    whole: list[Line] = []
    for line in sorted(lines, key=lambda one: (one.box.y1, one.box.x0)):
        before = whole[-1] if whole else None
        if before is not None and _one_line(before, line):
            words = sorted((*before.words, *line.words), key=lambda word: word.box.x0)
            whole[-1] = line_of(words)
        else:
            whole.append(line)
    return whole


def _one_line(one: Line, other: Line) -> bool:
    shared = one.box.overlap_y(other.box)
    gap = max(one.box.x0, other.box.x0) - min(one.box.x1, other.box.x1)
    level = shared > MOSTLY * max(one.box.height, other.box.height)
    return level and -1.0 <= gap <= PIECE_GAP_EM * max(one.size, other.size)


def _regions_of(part: SeenRegion, lines: Sequence[Line], height: float) -> list[Region]:
    if part.kind == "text" or (part.kind == "reference" and part.score < SURE_REFERENCES):
        return _with_headings(lines)
    found = group_paragraphs(lines)
    running = _running_type(part, height)
    if running is not None:
        return [_running(region, running) for region in found]
    if part.kind == "title" and part.score >= SURE_TITLE and _is_short(lines):
        return [_heading(lines)]
    if part.kind == "reference":
        return [replace(region, type="List Item") for region in _entries(lines)]
    return found


def _entries(lines: Sequence[Line]) -> list[Region]:
    """The entries of a list of references; lines that hang below the first of their entry go with it."""
    left = min(line.box.x0 for line in lines)
    starts = [at for at, line in enumerate(lines) if line.box.x0 - left < HANGING_EM * max(line.size, 1.0)]
    if len(starts) == len(lines) or starts[0] != 0:
        return group_paragraphs(lines)
    ends = [*starts[1:], len(lines)]
    return [
        region
        for start, end in zip(starts, ends, strict=True)
        for region in group_paragraphs(lines[start:end])
    ]


def _heading(lines: Sequence[Line]) -> Region:
    return Region("Section Header", around(line.box for line in lines), lines=tuple(lines), level=2)


def _with_headings(lines: Sequence[Line]) -> list[Region]:
    """Paragraphs, and the headings of one line between them that only where their line ends shows."""
    regions: list[Region] = []
    begun = 0
    for place, line in enumerate(lines):
        if _heads(lines, place):
            regions.extend(group_paragraphs(lines[begun:place]))
            regions.append(_heading([line]))
            begun = place + 1
    regions.extend(group_paragraphs(lines[begun:]))
    return [_without_section_number(region) for region in regions]


def _without_section_number(region: Region) -> Region:
    """A paragraph that begins with the number of its section is no list item."""
    if region.type == "List Item" and SECTION_NUMBER.fullmatch(region.marker):
        return Region("Text", region.box, lines=region.lines)
    return region


def _heads(lines: Sequence[Line], place: int) -> bool:
    """A short line between the end of a paragraph and a full line, which the next word would still have fitted."""
    if place + 2 >= len(lines):
        return False
    line, below = lines[place], lines[place + 1]
    text, right = line.text, max(one.box.x1 for one in lines)
    width = right - min(one.box.x0 for one in lines)
    follows_end = place == 0 or lines[place - 1].words[-1].text.endswith(SENTENCE_ENDS)
    begins = text[:1].isupper() or text[:1].isdigit()
    ends = text[-1:].isalnum() and len(text) <= MAX_TITLE_LETTERS and any(map(str.isalpha, text))
    room = right - line.box.x1 > below.words[0].box.width + line.size
    full = below.box.x1 >= right - MAX_RAGGED * width and below.text[:1].isupper()
    return follows_end and begins and ends and room and full


def _running_type(part: SeenRegion, height: float) -> BlockType | None:
    if part.kind == "header" and part.box.y1 <= MARGIN_SHARE * height:
        return "Header"
    if part.kind == "footer" and part.box.y0 >= (1 - MARGIN_SHARE) * height:
        return "Footer"
    return None


def _running(region: Region, kind: BlockType) -> Region:
    number = is_page_number(" ".join(line.text for line in region.lines))
    return Region("Page Number" if number else kind, region.box, lines=region.lines)


def _is_short(lines: Sequence[Line]) -> bool:
    text = " ".join(line.text for line in lines)
    return len(lines) <= MAX_TITLE_LINES and len(text) <= MAX_TITLE_LETTERS and any(map(str.isalpha, text))
