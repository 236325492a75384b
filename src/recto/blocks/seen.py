"""What a layout model saw on a page and the page's words in; tables, figures and text grouped by it out.

The model's parts are votes. They say where a table, a figure or a column of text lies, which recognised words
alone say badly; what the words themselves show (paragraphs, rows, cells, order) is decided by the same rules as
on any page. A vote without words to bear it out is dropped. Pages without parts never come here.
"""

from collections.abc import Sequence
from dataclasses import replace

from recto.blocks.furniture import is_page_number
from recto.blocks.lines import Line, line_of, turn_of
from recto.blocks.paragraphs import group_paragraphs
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
SURE_TITLE = 0.5
"""Score from which a short text is a heading."""
SURE_CONTRADICTION = 0.8
"""Score from which a part speaks against a table found there."""
CONTRADICTING: tuple[RegionKind, ...] = ("figure", "text", "reference", "list")
OTHER_SHARE = 0.3
"""Share of a table's area in such parts from which on it is none: a cell or two may look like text."""
MOSTLY = 0.5
"""Share of a box that makes it lie mostly in another."""
MIN_FIGURE_SIDE_PT = 16.0
"""Shorter side, in points, below which a picture is an icon; the same as for pictures of a file."""
ASTRIDE = 0.2
"""Share of a line's width in each of two parts side by side from which on the line is cut between them."""
ALIKE = 0.9
"""Shares of a line inside two parts that differ by less than a tenth are the same."""
MAX_TITLE_LINES = 4
MAX_TITLE_LETTERS = 160
"""A heading has no more lines and letters than this; the same letters as in headings."""
MARGIN_SHARE = 0.12
"""Share of the page's height at top and bottom where running heads and feet may stand; as in furniture."""
PIECE_GAP_EM = 3.0
"""White space, in font sizes, over which pieces at one height in one part are still one line."""

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
    within = [part for part in page.regions if part.score >= SURE_CONTRADICTION]
    if any(part.kind == "table" and part.box.share_inside(table) > MOSTLY for part in within):
        alike = (part.box for part in within if part.kind == "table")
        return not any(table.share_inside(box) > MOSTLY for box in alike) and _other_share(within, table)
    return _other_share(within, table)


def _other_share(parts: Sequence[SeenRegion], table: Box) -> bool:
    others = (part.box for part in parts if part.kind in CONTRADICTING)
    covered = sum(box.intersection(table).area for box in others if box.share_inside(table) > MOSTLY)
    return covered > OTHER_SHARE * table.area


def tables_seen(page: Page, words: Sequence[Word], found: Sequence[Region]) -> list[FoundTable]:
    """Tables where the model saw them, from the words there; none where a table has been found already."""
    tables: list[FoundTable] = []
    for part in page.regions:
        if part.kind != "table" or part.score < SURE_TABLE:
            continue
        known = (region.box for region in found if region.type == "Table")
        if any(box.share_inside(part.box) > MOSTLY or part.box.share_inside(box) > MOSTLY for box in known):
            continue
        inside = [word for word in words if part.box.holds_center_of(word.box) and turn_of(word) == 0]
        table = table_among(page, inside)
        if table is not None:
            tables.append(replace(table, box=table.box.union(part.box)))
    return tables


def figures_seen(
    page: Page, words: Sequence[Word], found: Sequence[Region]
) -> tuple[list[Region], list[Word]]:
    """All regions, with the figures the model saw, and the words left over.

    A figure takes in the pieces of it that were found before; where a table was found it is no figure.
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
        inside = [word for word in free if part.box.holds_center_of(word.box)]
        gone = {id(word) for word in inside}
        free = [word for word in free if id(word) not in gone]
        regions = [region for region in regions if region not in pieces]
        regions.append(_figure(part.box, pieces, inside))
    return regions, free


def grouped_by_parts(page: Page, lines: Sequence[Line]) -> list[Region]:
    """Paragraphs, list items, headings, running heads and feet of the lines, none of them over two parts."""
    parts = [part for part in page.regions if part.kind in FLOWING]
    homes: dict[int, list[Line]] = {}
    for line in lines:
        for piece, home in _homes(line, parts):
            homes.setdefault(home, []).append(piece)
    regions: list[Region] = []
    for home, some in homes.items():
        if home < 0:
            regions.extend(group_paragraphs(some))
        else:
            regions.extend(_regions_of(parts[home], _joined_pieces(some), page.height))
    return regions


def _figure(box: Box, pieces: Sequence[Region], inside: Sequence[Word]) -> Region:
    every = (*(word for piece in pieces for word in piece.every_word), *inside)
    text = "\n".join(line.text for line in cell_lines(every)) if every else ""
    extent = around((box, *(piece.box for piece in pieces)))
    return Region("Figure", extent, text=text, words=every)


def _homes(line: Line, parts: Sequence[SeenRegion]) -> list[tuple[Line, int]]:
    """The part a line lies in, by place (-1: none); a line astride two parts side by side is cut."""
    shares = [(part.box.intersection(line.box).area, place) for place, part in enumerate(parts)]
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
    found = group_paragraphs(lines)
    running = _running_type(part, height)
    if running is not None:
        return [_running(region, running) for region in found]
    if part.kind == "title" and part.score >= SURE_TITLE and _is_short(lines):
        box = around(line.box for line in lines)
        return [Region("Section Header", box, lines=tuple(lines), level=2)]
    return found


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
