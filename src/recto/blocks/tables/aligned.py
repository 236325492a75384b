"""Words in, tables without drawn columns out: the second table reader.

Lines are cut into phrases at gaps of about one font size; runs of rows with several phrases are candidates;
white stripes through a run are its columns. A candidate becomes a table only with evidence: enough rows, few
words to a cell, figures, or lines drawn across it. Conservative: prose, contents lists and lists are refused.
How the words fall into rows and cells is decided in grid.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from recto.blocks.joining import count_words
from recto.blocks.lines import turn_of
from recto.blocks.lists import marker_of
from recto.blocks.tables.captions import is_caption
from recto.blocks.tables.cells import FoundTable, filled
from recto.blocks.tables.grid import VisualRow, build_table, phrases_of, reach_of_rules, visual_rows
from recto.blocks.tables.header import is_figure
from recto.blocks.tables.lattice import Segment, drawn, whole_lines
from recto.blocks.tables.stripes import find_columns
from recto.blocks.tables.zones import zones_of
from recto.document.geometry import Box, around
from recto.document.page import Page, Word

MAX_ROW_GAP_EM = 3.2
"""White space between rows of one table, in font sizes, at most."""
MAX_SINGLES = 2
"""Rows of one phrase in a row (section labels, wrapped cells) that do not end a table."""
PROSE_WORDS = 9
"""A single phrase of so many words that is as wide as the table is prose."""
MIN_ROWS = 3
"""Rows with several phrases that make a table without drawn lines."""
FIGURES_SHARE = 0.3
"""Share of phrases right of the first column that are figures in a table of several columns."""
TWO_COLUMN_FIGURES = 0.6
"""The same in a table of two columns, which prose imitates most easily."""
FEW_WORDS = 3.5
"""Mean words of a phrase in a table of words."""
MANY_WORDS = 9.0
"""Mean words of a phrase above which rows are prose whatever else they look like."""
MIN_FILLED = 0.4
"""Share of places with text."""
LEADER_SHARE = 0.3
"""Share of rows with dot leaders that makes two columns a table of contents."""
RULE_SHARE = 0.5
"""Share of a table's width that a line drawn across must cover."""
UNBROKEN_PT = 0.5
"""Pieces this near, in points, are one line; a wider break parts the lines below two headings."""
MAX_TAKEN_IN = 3
"""Rows above or below a run that its outer lines may take in."""
MAX_RULED_HEADS = 2
"""Heading rows with lines drawn between them that may stand above where a table was said to be."""
MIN_SCALE = 4
"""Numbers at even steps that make a scale."""
MAX_CHART_FILLED = 0.5
"""Share of rows with text beside the scale, below which it is a chart's."""
MAX_CHART_PHRASES = 2.75
"""Mean phrases of a row between two scales; a table of figures has more columns."""
MAX_SPLITS = 4
"""How often a run that is no table is cut at its widest gap and looked at again."""


_PLAIN_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def find_aligned_tables(page: Page, words: Sequence[Word]) -> list[FoundTable]:
    """The tables of a page that alignment shows, top to bottom; no word is given to two of them."""
    upright = [word for word in words if turn_of(word) == 0]
    rules = whole_lines(drawn(page.rulings), horizontal=True, join=UNBROKEN_PT)
    found: list[FoundTable] = []
    for zone in zones_of(upright):
        rows = visual_rows(phrases_of(zone))
        for run in _runs(rows):
            found.extend(_tables(run, rows, rules, MAX_SPLITS))
    return sorted(found, key=lambda one: (one.box.y0, one.box.x0))


def table_among(page: Page, words: Sequence[Word], place: Box) -> FoundTable | None:
    """The table at a place of which something else than alignment says that it is one.

    `words` are the upright words there, above and below: rows up to the table's outer lines are taken in. None
    when there are fewer than two rows or columns.
    """
    rows = visual_rows(phrases_of(words))
    run = [row for row in rows if place.y0 <= row.box.center_y <= place.y1]
    if sum(len(row.phrases) > 1 for row in run) < 2:  # noqa: PLR2004  (one row is no table)
        return None
    columns = find_columns(run)
    if len(columns) < 2:  # noqa: PLR2004  (one column is no table)
        return None
    rules = whole_lines(drawn(page.rulings), horizontal=True, join=UNBROKEN_PT)
    for _ in range(MAX_RULED_HEADS):
        run = _up_to_rules(run, rows, rules)
    box = around(row.box for row in run)
    across = _rules_across(box, rules, run[0].size)
    table = build_table(run, columns, across, reach_of_rules(run, rules, box))
    every = tuple(word for row in run for phrase in row.phrases for word in phrase.words)
    return FoundTable(table, box, every, 0.93)


def _runs(rows: Sequence[VisualRow]) -> list[list[VisualRow]]:
    """Neighbouring rows of several phrases, with single phrases between them."""
    runs: list[list[VisualRow]] = []
    run: list[VisualRow] = []
    singles = 0
    for row in rows:
        far = run and row.box.y0 - run[-1].box.y1 > MAX_ROW_GAP_EM * row.size
        single = len(row.phrases) == 1
        if far or (single and run and (singles >= MAX_SINGLES or _is_prose(row, run))):
            runs.append(run)
            run = []
        if _begins_caption(row):
            runs.append(run)
            run = []
            continue
        if single and not run:
            continue
        singles = singles + 1 if single else 0
        run.append(row)
    runs.append(run)
    return [trimmed for trimmed in map(_without_tail, runs) if len(trimmed) > 1]


def _without_tail(run: list[VisualRow]) -> list[VisualRow]:
    """A run ends with its last row of several phrases."""
    end = len(run)
    while end and len(run[end - 1].phrases) == 1:
        end -= 1
    return run[:end]


def _begins_caption(row: VisualRow) -> bool:
    return is_caption(row.phrases[0].text)


def _is_prose(row: VisualRow, run: Sequence[VisualRow]) -> bool:
    width = max(one.box.x1 for one in run) - min(one.box.x0 for one in run)
    return count_words(row.phrases[0].words) >= PROSE_WORDS and row.box.width > 0.6 * width


def _tables(
    run: list[VisualRow], rows: Sequence[VisualRow], rules: Sequence[Segment], splits: int
) -> list[FoundTable]:
    run = _without_tail(run)
    while run and len(run[0].phrases) == 1:
        run = run[1:]
    if len(run) < 2 or _is_chart(run):  # noqa: PLR2004  (one row is no table)
        return []
    table = _table(run, rows, rules)
    if table is not None:
        return [table]
    if not splits:
        return []
    cut = _widest_gap(run)
    return [*_tables(run[:cut], rows, rules, splits - 1), *_tables(run[cut:], rows, rules, splits - 1)]


def _widest_gap(run: Sequence[VisualRow]) -> int:
    gaps = [(below.box.y0 - above.box.y1, i) for i, (above, below) in enumerate(pairwise(run), 1)]
    return max(gaps, key=lambda gap: (gap[0], -abs(gap[1] - len(run) / 2)))[1]


def _table(
    run: Sequence[VisualRow], rows: Sequence[VisualRow], rules: Sequence[Segment]
) -> FoundTable | None:
    columns = find_columns(run)
    box = around(row.box for row in run)
    across = _rules_across(box, rules, run[0].size)
    if len(columns) < 2 or not _has_evidence(run, columns, len(across)):  # noqa: PLR2004  (one column is no table)
        return None
    run = _up_to_rules(run, rows, rules)
    box = around(row.box for row in run)
    across = _rules_across(box, rules, run[0].size)
    table = build_table(run, columns, across, reach_of_rules(run, rules, box))
    if filled(table.cells) < MIN_FILLED * len(table.cells):
        return None
    words = tuple(word for row in run for phrase in row.phrases for word in phrase.words)
    return FoundTable(table, box, words, 0.97 if across else 0.93)


def _is_chart(run: Sequence[VisualRow]) -> bool:
    """Numbers at even steps down the left side, and down the right one or with little beside them: its scales."""
    body = run[:-1] if len(run[-1].phrases) > MAX_CHART_PHRASES else run
    if not _is_scale([row.phrases[0].text for row in body]):
        return False
    several = [row for row in body if len(row.phrases) > 1]
    if len(several) < MAX_CHART_FILLED * len(body):
        return True
    phrases = sum(len(row.phrases) for row in several)
    return phrases < MAX_CHART_PHRASES * len(several) and _is_scale([row.phrases[-1].text for row in several])


def _is_scale(texts: Sequence[str]) -> bool:
    values = [
        float(text) for text in (t.strip("%$ ").replace(",", "") for t in texts) if _PLAIN_NUMBER.match(text)
    ]
    said = sum(1 for text in texts if text)
    if len(values) < MIN_SCALE or len(values) < said - 1:
        return False
    steps = [round(below - above, 6) for above, below in pairwise(values)]
    smallest = min(steps, key=abs)
    return smallest != 0 and all(_is_multiple(step / smallest) for step in steps)


def _is_multiple(ratio: float) -> bool:
    """A step of the scale, or of two or three where a mark has no number."""
    return round(ratio) in (1, 2, 3) and abs(ratio - round(ratio)) < 1e-3  # noqa: PLR2004  (rounding of decimals)


def _up_to_rules(
    run: Sequence[VisualRow], rows: Sequence[VisualRow], rules: Sequence[Segment]
) -> list[VisualRow]:
    """The run with the rows just above and below it that the table's outer lines take in."""
    first, last = rows.index(run[0]), rows.index(run[-1])
    above = _taken_in(run, rows[:first][::-1], rules, upwards=True)
    below = _taken_in(run, rows[last + 1 :], rules, upwards=False)
    return [*above[::-1], *run, *below]


def _taken_in(
    run: Sequence[VisualRow], beyond: Sequence[VisualRow], rules: Sequence[Segment], upwards: bool
) -> list[VisualRow]:
    """The rows beyond the run, nearest first, as far as a line that closes the table; none without one."""
    table = around(row.box for row in run)
    for count, row in enumerate(beyond[:MAX_TAKEN_IN], 1):
        if not _lies_within(row.box, table, row.size) or _is_prose(row, run) or _begins_caption(row):
            return []
        table = table.union(row.box)
        after = beyond[count] if count < len(beyond) else None
        if _closed_by_rule(row, after, rules, table, upwards):
            return list(beyond[:count])
    return []


def _lies_within(box: Box, table: Box, size: float) -> bool:
    near = max(table.y0 - box.y1, box.y0 - table.y1) <= MAX_ROW_GAP_EM * size
    return near and box.x0 >= table.x0 - size and box.x1 <= table.x1 + size


def _closed_by_rule(
    row: VisualRow, after: VisualRow | None, rules: Sequence[Segment], table: Box, upwards: bool
) -> bool:
    """Whether a line over half of the table is drawn right beyond this row, before the next."""
    reach = 1.5 * row.size
    edge = row.box.y0 if upwards else row.box.y1
    limit = after.box.center_y if after is not None else edge - reach if upwards else edge + reach
    low, high = sorted((row.box.center_y, limit))
    return any(low < at < high and abs(at - edge) <= reach for at in _rules_across(table, rules, row.size))


def _rules_across(box: Box, rules: Sequence[Segment], size: float) -> list[float]:
    """Heights of lines drawn over at least half of the table, from just above to just below it."""
    heights: dict[float, float] = {}
    for rule in rules:
        if box.y0 - 1.5 * size <= rule.at <= box.y1 + 1.5 * size:
            shared = min(rule.end, box.x1) - max(rule.start, box.x0)
            if shared > 0:
                at = round(rule.at, 1)
                heights[at] = heights.get(at, 0.0) + shared
    return sorted(at for at, length in heights.items() if length >= RULE_SHARE * box.width)


def _has_evidence(run: Sequence[VisualRow], columns: Sequence[tuple[float, float]], rules: int) -> bool:
    several = [row for row in run if len(row.phrases) > 1]
    phrases = [phrase for row in several for phrase in row.phrases]
    words = sum(count_words(phrase.words) for phrase in phrases) / len(phrases)
    drawn = rules > 1
    if len(several) < (2 if drawn else MIN_ROWS) or words > MANY_WORDS:
        return False
    if len(columns) == 2 and _is_list_or_contents(several):  # noqa: PLR2004  (marker and text, title and page)
        return False
    right = [p.text for row in several for p in row.phrases[1:]]
    figures = sum(map(is_figure, right)) / len(right)
    if len(columns) == 2:  # noqa: PLR2004  (prose in two columns)
        return figures >= TWO_COLUMN_FIGURES or (drawn and words <= MANY_WORDS / 2)
    return drawn or figures >= FIGURES_SHARE or words <= FEW_WORDS


def _is_list_or_contents(rows: Sequence[VisualRow]) -> bool:
    markers = sum(
        1 for row in rows if marker_of(f"{row.phrases[0].text} X") and len(row.phrases[0].words) == 1
    )
    leaders = sum(1 for row in rows if any("...." in phrase.text for phrase in row.phrases))
    return markers * 2 > len(rows) or leaders >= LEADER_SHARE * len(rows)
