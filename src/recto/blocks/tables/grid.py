"""Visual rows and column edges in, a table's cells out: how the words of an aligned table fall into rows.

A visual row is what stands at one height; a table row may hold several (wrapped cells, headings of more lines).
Lines drawn across, white space and what the lines say decide together. Every place of the grid gets a cell, so
that the table prints as a rectangle. Where a table lies is decided in aligned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

from recto.blocks.lines import Line, baselines, cut_lines, line_of
from recto.blocks.tables.cells import cell_text
from recto.blocks.tables.header import is_figure
from recto.blocks.tables.lattice import Segment
from recto.blocks.tables.stacking import stacked_headings
from recto.document.block import Cell, Table
from recto.document.geometry import Box, around
from recto.document.page import Word

PHRASE_GAP_EM = 0.85
"""Gap in font sizes that parts phrases; word spaces are 0.25 to 0.4, stretched ones up to 0.8."""
FIGURE_GAP_EM = 0.45
"""Gap in font sizes that parts two figures; the space inside "12 345" is 0.25 to 0.33."""
TIGHT = 1.15
"""Distances up to this multiple of the smallest are the spacing inside a cell, where spacings differ."""
SAME_ROW_EM = 0.85
"""Baselines nearer than this, in font sizes, cannot be two rows: a label of two lines beside one figure."""
WIDE_SHARE = 0.7
"""A phrase that fills this share of its column was wrapped."""
SPAN_SHARE = 0.3
"""Share of a column, or of the phrase, that must be covered for the phrase to span the column."""
RULED_ROWS_SHARE = 0.3
"""Lines drawn across per visual row of the body that make them the row borders."""
CENTRED_EM = 1.2
"""How far, in font sizes, a heading may lie off the middle of what it heads."""
PARTIAL_RULE_SHARE = 0.9
"""Lines shorter than this share of the table's width stand below single headings."""
MAX_HEADER_LINES = 8
"""Visual rows above the first figures that may be headings."""


@dataclass(frozen=True, slots=True)
class VisualRow:
    """Phrases at one height, left to right."""

    phrases: tuple[Line, ...]
    box: Box

    @property
    def size(self) -> float:
        return max(phrase.size for phrase in self.phrases)

    @property
    def bottom(self) -> float:
        """Where its letters stand: recognised boxes are as deep as their letters, so the middle one counts."""
        if self.phrases[0].words[0].confidence is None:
            return self.box.y1
        return median(phrase.box.y1 for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Placed:
    """A phrase and the columns it covers, both ends included."""

    phrase: Line
    first: int
    last: int


PlacedRow = tuple[Placed, ...]


def phrases_of(words: Sequence[Word]) -> list[Line]:
    """The phrases of words that may be a table: parted at gaps, between figures at smaller ones."""
    if len(words) == 1:
        return [line_of(words)]
    found: list[Line] = []
    for line in cut_lines(baselines(words), (), PHRASE_GAP_EM):
        run: list[Word] = []
        for word in line.words:
            if run and _two_figures(run[-1], word):
                found.append(line_of(run))
                run = []
            run.append(word)
        found.append(line_of(run) if len(run) < len(line.words) else line)
    return found


def _two_figures(before: Word, word: Word) -> bool:
    gap = word.box.x0 - before.box.x1
    return gap > FIGURE_GAP_EM * word.font_size and is_figure(before.text) and is_figure(word.text)


def visual_rows(phrases: Sequence[Line]) -> list[VisualRow]:
    """Phrases grouped by height, top to bottom."""
    rows: list[list[Line]] = []
    top = bottom = 0.0
    for phrase in sorted(phrases, key=lambda one: one.box.center_y):
        shared = min(bottom, phrase.box.y1) - max(top, phrase.box.y0)
        if not rows or shared < 0.5 * min(bottom - top, phrase.box.height):
            rows.append([])
            top, bottom = phrase.box.y0, phrase.box.y1
        rows[-1].append(phrase)
    return [
        VisualRow(tuple(sorted(row, key=lambda one: one.box.x0)), around(one.box for one in row))
        for row in rows
    ]


def reach_of_rules(rows: Sequence[VisualRow], rules: Sequence[Segment], table: Box) -> dict[int, Box]:
    """Headings with a line of their own below them reach as far as the line; keyed by id of the phrase."""
    partial = [rule for rule in rules if rule.end - rule.start < PARTIAL_RULE_SHARE * table.width]
    reach: dict[int, Box] = {}
    if not partial:
        return reach
    for row in rows[:MAX_HEADER_LINES]:
        for rule in partial:
            over = [p for p in row.phrases if _underlined(p.box, rule, p.size)]
            if len(over) == 1:
                box = over[0].box
                reach[id(over[0])] = Box(min(box.x0, rule.start), box.y0, max(box.x1, rule.end), box.y1)
    return reach


def _underlined(box: Box, rule: Segment, size: float) -> bool:
    near = box.y1 - 0.3 * size <= rule.at <= box.y1 + size
    return near and rule.start - size <= box.x0 and box.x1 <= rule.end + size


def place(
    row: VisualRow, columns: Sequence[tuple[float, float]], reach: Mapping[int, Box] = MappingProxyType({})
) -> PlacedRow:
    """The columns of each phrase; where two phrases claim one column the narrower keeps it."""
    placed: list[Placed] = []
    for phrase in row.phrases:
        first, last = _covered(reach.get(id(phrase), phrase.box), columns)
        if placed and placed[-1].last >= first and placed[-1].last > placed[-1].first:
            before = placed[-1]
            placed[-1] = Placed(before.phrase, before.first, max(before.first, first - 1))
        elif placed and placed[-1].last >= first and last > first:
            first = min(last, placed[-1].last + 1)
        placed.append(Placed(phrase, first, last))
    return _centred_over_all(tuple(placed), columns)


def _centred_over_all(placed: PlacedRow, columns: Sequence[tuple[float, float]]) -> PlacedRow:
    """A phrase alone (but for the first column) in the middle of all further columns is said of them all."""
    alone = placed[-1] if len(placed) == (2 if placed[0].first == 0 else 1) else None
    if alone is None or alone.first == 0 or len(columns) < 3:  # noqa: PLR2004  (two further columns)
        return placed
    middle = (columns[1][0] + columns[-1][1]) / 2
    own = abs(sum(columns[alone.first]) / 2 - alone.phrase.box.center_x)
    off = abs(middle - alone.phrase.box.center_x)
    if off > CENTRED_EM * alone.phrase.size or (alone.first == alone.last and own < off):
        return placed
    return (*placed[:-1], Placed(alone.phrase, 1, len(columns) - 1))


def _covered(box: Box, columns: Sequence[tuple[float, float]]) -> tuple[int, int]:
    width = max(box.width, 1e-6)
    covered: list[int] = []
    for i, (x0, x1) in enumerate(columns):
        if x0 >= box.x1 or x1 <= box.x0:
            continue
        shared = min(box.x1, x1) - max(box.x0, x0)
        if shared > SPAN_SHARE * min(width, max(x1 - x0, 1e-6)):
            covered.append(i)
    if not covered:
        near = min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - box.center_x))
        return near, near
    return covered[0], covered[-1]


def _evenly_spread(placed: PlacedRow, columns: Sequence[tuple[float, float]]) -> PlacedRow:
    """Few headings over many columns, each in the middle of an equal share of them, are said of their shares."""
    first = 1 if len(columns) % max(1, len(placed)) else 0
    own = [one for one in placed if one.first >= first]
    count = len(columns) - first
    if len(own) < 2 or count % len(own) or count == len(own):  # noqa: PLR2004  (headings to compare)
        return placed
    share = count // len(own)
    spread: list[Placed] = []
    for at, one in enumerate(own):
        left, right = first + at * share, first + (at + 1) * share - 1
        middle = (columns[left][0] + columns[right][1]) / 2
        if abs(middle - one.phrase.box.center_x) > CENTRED_EM * one.phrase.size:
            return placed
        spread.append(Placed(one.phrase, left, right))
    return (*(one for one in placed if one.first < first), *spread)


def build_table(
    rows: Sequence[VisualRow],
    columns: Sequence[tuple[float, float]],
    rules: Sequence[float],
    reach: Mapping[int, Box],
) -> Table:
    """The table of visual rows; columns are (x0, x1) of their text, rules the heights of lines drawn across.

    reach widens phrases (by id) to what a drawn line shows them to cover.
    """
    placed = [place(row, columns, reach) for row in rows]
    head = header_lines(rows, placed, rules)
    placed[:head] = [_evenly_spread(row, columns) for row in placed[:head]]
    groups = [*_head_groups(rows, placed, head, rules), *_body_groups(rows, placed, head, rules)]
    header_rows = sum(1 for group in groups if group[-1] < head)
    edges_x = _between([(x0, x1) for x0, x1 in columns])
    boxes = [around(rows[i].box for i in group) for group in groups]
    edges_y = _between([(box.y0, box.y1) for box in boxes])
    cells: list[Cell] = []
    for at, group in enumerate(groups):
        cells.extend(_row_cells(at, [placed[i] for i in group], edges_x, (edges_y[at], edges_y[at + 1])))
    table = Table(len(groups), len(columns), tuple(cells), header_rows)
    return stacked_headings(table) if header_rows > 1 else table


def _between(spans: Sequence[tuple[float, float]]) -> list[float]:
    """Outer edges and the middles of what lies between."""
    edges = [spans[0][0]]
    edges.extend((spans[i][1] + spans[i + 1][0]) / 2 for i in range(len(spans) - 1))
    return [*edges, spans[-1][1]]


def _row_cells(
    row: int, lines: Sequence[PlacedRow], edges_x: Sequence[float], band: tuple[float, float]
) -> list[Cell]:
    spans = _merged_spans(lines, len(edges_x) - 1)
    cells: list[Cell] = []
    for first, last in spans:
        words: list[Word] = []
        for line in lines:
            for placed in line:
                if first <= placed.first <= last:
                    words.extend(placed.phrase.words)
        box = Box(edges_x[first], band[0], edges_x[last + 1], band[1])
        cells.append(Cell(row, first, cell_text(words), box, 1, last - first + 1))
    return cells


def _merged_spans(lines: Sequence[PlacedRow], columns: int) -> list[tuple[int, int]]:
    """Column spans of one table row: overlapping phrases of its lines taken together, gaps filled."""
    reach = list(range(columns))
    for line in lines:
        for placed in line:
            reach[placed.first] = max(reach[placed.first], placed.last)
    spans: list[tuple[int, int]] = []
    column = 0
    while column < columns:
        last = reach[column]
        inside = column
        while inside <= last:
            last = max(last, reach[inside])
            inside += 1
        spans.append((column, last))
        column = last + 1
    return spans


def is_data(row: PlacedRow) -> bool:
    """Whether most of what stands right of the first column is figures."""
    texts = [placed.phrase.text for placed in row if placed.first > 0]
    return bool(texts) and sum(map(is_figure, texts)) * 2 > len(texts)


def header_lines(rows: Sequence[VisualRow], placed: Sequence[PlacedRow], rules: Sequence[float]) -> int:
    """How many leading visual rows are headings."""
    data = next((i for i, row in enumerate(placed) if is_data(row)), None)
    if data is not None:
        return _without_section_label(placed, data) if data <= MAX_HEADER_LINES else 0
    if len(rows) < 2:  # noqa: PLR2004  (a single row heads nothing)
        return 0
    for i in range(min(len(rows) - 1, 4)):
        if _parted_by_rule(rows[i], rows[i + 1], rules):
            return i + 1
    bold = [all(phrase.bold for phrase in row.phrases) for row in rows]
    return 1 if (bold[0] and not all(bold)) or len(placed[0]) > 1 else 0


def _without_section_label(placed: Sequence[PlacedRow], data: int) -> int:
    """A lone label right above the figures, below other headings, is the first row of the body."""
    while data > 1 and len(placed[data - 1]) == 1 and placed[data - 1][0].last == 0:
        data -= 1
    return data


def _parted_by_rule(above: VisualRow, below: VisualRow, rules: Sequence[float]) -> bool:
    return any(above.box.center_y < rule < below.box.center_y for rule in rules)


def _head_groups(
    rows: Sequence[VisualRow], placed: Sequence[PlacedRow], head: int, rules: Sequence[float]
) -> list[list[int]]:
    """Heading lines without spans that no rule parts are one row; lines with spans are rows of their own."""
    groups: list[list[int]] = []
    spanned_before = False
    for i in range(head):
        spanned = any(one.last > one.first for one in placed[i])
        joins = (
            groups and not spanned and not spanned_before and not _parted_by_rule(rows[i - 1], rows[i], rules)
        )
        if joins:
            groups[-1].append(i)
        else:
            groups.append([i])
        spanned_before = spanned
    return groups


def _body_groups(
    rows: Sequence[VisualRow], placed: Sequence[PlacedRow], head: int, rules: Sequence[float]
) -> list[list[int]]:
    body = range(head, len(rows))
    if not body:
        return []
    inner = [rule for rule in rules if rows[head].box.center_y < rule < rows[-1].box.center_y]
    if len(inner) >= max(1, RULED_ROWS_SHARE * len(body)):
        return _groups_by_rules(rows, placed, body, inner)
    distances = [rows[i].bottom - rows[i - 1].bottom for i in body[1:]]
    smallest = min((d for d in distances if d > SAME_ROW_EM * rows[head].size), default=0.0)
    spread = max(distances, default=0.0) > TIGHT * TIGHT * smallest
    small = _begins_small(placed[head])
    groups: list[list[int]] = [[head]]
    for i in body[1:]:
        distance = rows[i].bottom - rows[i - 1].bottom
        tight = distance <= TIGHT * smallest
        lines = [placed[k] for k in groups[-1]]
        if distance < SAME_ROW_EM * rows[i].size or (tight and _goes_on(lines, placed[i], spread, small)):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _groups_by_rules(
    rows: Sequence[VisualRow], placed: Sequence[PlacedRow], body: range, rules: Sequence[float]
) -> list[list[int]]:
    groups: list[list[int]] = [[body[0]]]
    for i in body[1:]:
        parted = _parted_by_rule(rows[i - 1], rows[i], rules)
        twice = _figures_in(placed[i]) & {c for k in groups[-1] for c in _figures_in(placed[k])}
        if parted or twice:
            groups.append([i])
        else:
            groups[-1].append(i)
    return groups


def _figures_in(row: PlacedRow) -> set[int]:
    return {one.first for one in row if is_figure(one.phrase.text)}


def _begins_small(row: PlacedRow) -> bool:
    return any(one.first == 0 and one.phrase.text[:1].islower() for one in row)


def _goes_on(above: Sequence[PlacedRow], row: PlacedRow, spread: bool, small: bool) -> bool:
    """Whether a visual row continues the table row of the lines above it.

    spread says that line distances differ, small that labels begin with small letters in this table anyway.
    """
    figures = _figures_in(row)
    figures_above = {column for line in above for column in _figures_in(line)}
    if figures & figures_above:
        return False
    filled = {one.first for one in row}
    filled_above = {one.first for line in above for one in line}
    label = next((one.phrase.text for one in row if one.first == 0), None)
    continues = label is not None and not small and (label[:1].islower() or label[:1] in "(&")
    if figures:
        only_label = filled_above == {0}
        return only_label and (continues or label is None)
    if not filled <= filled_above:
        return False
    if label is None:
        return True
    return continues or (spread and bool(figures_above) is False and len(filled) > 1)
