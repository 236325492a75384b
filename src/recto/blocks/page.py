"""A gathered page in, its blocks in reading order out: the rules that need no other page.

The steps stand in STEPS and run in that order; each takes what it recognises out of the words left over, so
that every visible word ends in exactly one block. What depends on other pages (headings, running heads, tables
going on) is decided afterwards, in document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recto.blocks.captions import tied
from recto.blocks.charts import find_charts, may_hold_charts
from recto.blocks.columns import find_gutters
from recto.blocks.fields import mark_pairs
from recto.blocks.figures import as_figures, find_figures
from recto.blocks.form_fields import attach, fill_in, pair_up, settle_pairs
from recto.blocks.forms import is_form, take_pairs
from recto.blocks.letter_sizes import even_sizes, without_misread_sizes
from recto.blocks.lines import Line, baselines, cut_lines, flattened, runs_leftward, turn_of, visible
from recto.blocks.lists import nested
from recto.blocks.marks import (
    take_signed,
    with_comments,
    with_highlights,
    with_links,
    without_shown_comments,
    without_watermarks,
)
from recto.blocks.order import reading_order
from recto.blocks.paragraphs import group_paragraphs
from recto.blocks.region import Region, as_block
from recto.blocks.seen import contradicted, figures_seen, grouped_by_parts, ordered_by_parts, tables_seen
from recto.blocks.tables.aligned import find_aligned_tables
from recto.blocks.tables.captions import without_captions
from recto.blocks.tables.cells import FoundTable, plain_text, unsaid, weighed
from recto.blocks.tables.grid import phrases_of
from recto.blocks.tables.lattice import drawn
from recto.blocks.tables.ruled import find_ruled_tables
from recto.blocks.unseen import hidden_lines, with_hidden
from recto.blocks.vectors import find_drawings
from recto.blocks.vertical import vertical_regions
from recto.document.block import Block, Finding, PageLayout
from recto.document.geometry import Box, around
from recto.document.options import Include
from recto.document.page import Page, Word


@dataclass(frozen=True, slots=True)
class Draft:
    """A page half laid out: words nobody has taken yet, the regions found so far, and boxes of drawings.

    `include` is what the caller wants beside the plain text, `warnings` are sentences for the user.
    """

    page: Page
    words: tuple[Word, ...]
    lines: tuple[Line, ...] = ()
    regions: tuple[Region, ...] = ()
    drawings: tuple[Box, ...] = ()
    include: tuple[Include, ...] = ()
    warnings: tuple[str, ...] = ()


def drop_what_is_laid_over(draft: Draft) -> Draft:
    """Words of watermarks and comments, when the caller does not want them in the text."""
    words = draft.words
    if "ignore_watermarks" in draft.include:
        words = without_watermarks(words)
    if "comments" in draft.include:
        words = without_shown_comments(draft.page, words)
    return replace(draft, words=words)


def fill_in_fields(draft: Draft) -> Draft:
    """Values and marks of form fields as words, each once."""
    return replace(draft, words=fill_in(draft.page, draft.words))


def write_marks(draft: Draft) -> Draft:
    """Links and highlights in the words they cover."""
    words = draft.words
    if "hyperlinks" in draft.include:
        words = with_links(draft.page, words)
    if "highlight" in draft.include:
        words = with_highlights(draft.page, words)
    return replace(draft, words=words)


def take_charts(draft: Draft) -> Draft:
    """Charts, known by their scale, and the words on them."""
    if not may_hold_charts(draft.page, draft.words):
        return draft
    charts = find_charts(draft.page, phrases_of(draft.words))
    if not charts:
        return draft
    figures, words = as_figures(charts, draft.words)
    return replace(draft, words=tuple(words), regions=tuple(figures))


def take_ruled_tables(draft: Draft) -> Draft:
    """Tables whose lines are drawn."""
    tables, drawings = find_ruled_tables(drawn(draft.page.rulings), draft.words)
    return replace(_with_tables(draft, tables), drawings=tuple(drawings))


def take_seen_tables(draft: Draft) -> Draft:
    """Tables where a layout model saw them."""
    return _with_tables(draft, tables_seen(draft.page, draft.words, draft.regions))


def take_figures(draft: Draft) -> Draft:
    """Pictures and drawings, and the words on them."""
    tables = [region.box for region in draft.regions]
    drawings = (
        [*draft.drawings, *find_drawings(draft.page, draft.words)] if draft.page.shapes else draft.drawings
    )
    figures, words = find_figures(draft.page, draft.words, tables, drawings)
    return replace(draft, words=tuple(words), regions=(*draft.regions, *figures))


def take_seen_figures(draft: Draft) -> Draft:
    """Figures where a layout model saw them."""
    regions, words = figures_seen(draft.page, draft.words, draft.regions)
    return replace(draft, words=tuple(words), regions=tuple(regions))


def take_turned_text(draft: Draft) -> Draft:
    """Words that do not run from left to right: laid flat, grouped, and put back where they stand."""
    turned = [word for word in draft.words if turn_of(word) != 0]
    if not turned:
        return draft
    upright = tuple(word for word in draft.words if turn_of(word) == 0)
    found: list[Region] = []
    for turn in sorted({turn_of(word) for word in turned}):
        found.extend(_turned_regions([word for word in turned if turn_of(word) == turn], turn))
    return replace(draft, words=upright, regions=(*draft.regions, *found))


def take_vertical_text(draft: Draft) -> Draft:
    """Chinese, Japanese and Korean signs set below each other."""
    regions, words = vertical_regions(draft.words)
    return replace(draft, words=tuple(words), regions=(*draft.regions, *regions)) if regions else draft


def take_labelled_values(draft: Draft) -> Draft:
    """Labels of a recognised form with values that stand apart."""
    if draft.page.route != "ocr":
        return draft
    pairs, words = take_pairs(draft.page, draft.words)
    return replace(draft, words=tuple(words), regions=(*draft.regions, *pairs))


def take_aligned_tables(draft: Draft) -> Draft:
    """Tables that only the alignment of their words shows."""
    return _with_tables(draft, find_aligned_tables(draft.page, draft.words))


def take_shaded_tables(draft: Draft) -> Draft:
    """Tables that only the borders of shaded areas show."""
    if all(ruling.thickness > 0 for ruling in draft.page.rulings):
        return draft
    tables, _ = find_ruled_tables(draft.page.rulings, draft.words)
    return _with_tables(draft, tables)


def take_signatures(draft: Draft) -> Draft:
    """Signature fields and what is drawn in them."""
    if "signatures" not in draft.include:
        return draft
    regions, words = take_signed(draft.page, draft.words, draft.regions)
    return replace(draft, words=words, regions=tuple(regions))


def take_labelled_fields(draft: Draft) -> Draft:
    """Form fields with a value and a label to their left."""
    return _with_pairs(draft, beside_only=True)


def take_other_fields(draft: Draft) -> Draft:
    """Form fields with a value that are no cells of a table."""
    return _with_pairs(draft, beside_only=False)


def read_lines(draft: Draft) -> Draft:
    """Words left over to lines, cut at gutters."""
    rows = baselines(draft.words)
    return replace(draft, lines=tuple(cut_lines(rows, find_gutters(rows))), words=())


def group_lines(draft: Draft) -> Draft:
    """Lines to paragraphs and list items; where a layout model saw the page, none over two of its parts."""
    lines = without_misread_sizes(draft.lines)
    found = grouped_by_parts(draft.page, lines) if draft.page.regions else group_paragraphs(lines)
    return replace(draft, lines=(), regions=(*draft.regions, *found))


def settle_sizes(draft: Draft) -> Draft:
    """One size for the letters of each recognised region."""
    return replace(draft, regions=tuple(even_sizes(draft.regions)))


def tie_fields(draft: Draft) -> Draft:
    """Each form field to the region it stands in."""
    if not draft.page.fields:
        return draft
    return replace(draft, regions=tuple(attach(draft.page, draft.regions)))


def put_in_order(draft: Draft) -> Draft:
    """Reading order over all regions."""
    if draft.page.regions:
        return replace(draft, regions=tuple(ordered_by_parts(draft.page, draft.regions)))
    leftward = runs_leftward(draft.page.words)
    return replace(draft, regions=tuple(reading_order(draft.regions, draft.page.height, leftward=leftward)))


def mark_key_values(draft: Draft) -> Draft:
    """Runs of labelled values."""
    return replace(draft, regions=tuple(mark_pairs(draft.regions)))


def nest_lists(draft: Draft) -> Draft:
    """Levels of list items."""
    return replace(draft, regions=tuple(nested(draft.regions)))


def type_fields(draft: Draft) -> Draft:
    """Regions that are form fields and little else are labelled values."""
    return replace(draft, regions=tuple(settle_pairs(draft.regions)))


def place_comments(draft: Draft) -> Draft:
    """Comments after what they stand on."""
    if "comments" not in draft.include:
        return draft
    return replace(draft, regions=tuple(with_comments(draft.page, draft.regions)))


def tie_captions(draft: Draft) -> Draft:
    """Captions to their figures and tables, and next to them."""
    return replace(draft, regions=tuple(tied(draft.page, draft.regions)))


def note_hidden_text(draft: Draft) -> Draft:
    """Hidden words beside the region they stand in; said in a warning where there is none."""
    lines = hidden_lines(draft.page)
    if not lines:
        return draft
    if not draft.regions:
        count = sum(len(line.words) for line in lines)
        note = f"Page {draft.page.number}: {count} words of the file are not visible and were left out."
        return replace(draft, warnings=(*draft.warnings, note))
    return replace(draft, regions=tuple(with_hidden(lines, draft.regions)))


STEPS: tuple[Callable[[Draft], Draft], ...] = (
    drop_what_is_laid_over,
    fill_in_fields,
    write_marks,
    take_labelled_fields,
    take_charts,
    take_ruled_tables,
    take_seen_tables,
    take_figures,
    take_seen_figures,
    take_turned_text,
    take_vertical_text,
    take_signatures,
    take_labelled_values,
    take_aligned_tables,
    take_shaded_tables,
    take_other_fields,
    read_lines,
    group_lines,
    settle_sizes,
    tie_fields,
    put_in_order,
    tie_captions,
    mark_key_values,
    nest_lists,
    type_fields,
    place_comments,
    note_hidden_text,
)
"""The page-local rules, in order."""


def lay_out(page: Page, include: tuple[Include, ...] = ()) -> PageLayout:
    """The blocks of one page in reading order; boxes in points. Raises nothing: any page has a layout.

    `include` is what the caller wants beside the plain text.
    """
    draft = Draft(page, visible(page), include=include)
    for step in STEPS:
        draft = step(draft)
    whole = Box(0.0, 0.0, page.width, page.height)
    return PageLayout(
        number=page.number,
        width=page.width,
        height=page.height,
        route=page.route,
        reason=page.reason,
        blocks=tuple(_on_page(as_block(region, page.number), whole) for region in draft.regions),
        rotation=page.rotation,
        warnings=(*page.warnings, *draft.warnings),
    )


def _on_page(block: Block, page: Box) -> Block:
    """The block with boxes that reach over the page's edge (lines drawn off the page) cut to it."""
    box = block.box.intersection(page)
    if box == block.box:
        return block
    table = block.table
    if table is not None:
        cells = tuple(replace(cell, box=cell.box.intersection(page)) for cell in table.cells)
        table = replace(table, cells=cells)
    return replace(block, box=box, table=table)


def _with_pairs(draft: Draft, *, beside_only: bool) -> Draft:
    if not draft.page.fields:
        return draft
    pairs, words = pair_up(draft.page, draft.words, beside_only=beside_only)
    return replace(draft, words=words, regions=(*draft.regions, *pairs))


def _with_tables(draft: Draft, tables: list[FoundTable]) -> Draft:
    tables = [found for found in tables if not contradicted(draft.page, found.box)]
    draft = _with_forms(draft, [found for found in tables if is_form(found.table)])
    tables = [found for found in tables if not is_form(found.table)]
    if not tables:
        return draft
    tables = [weighed(without_captions(found)) for found in tables]
    lost = [unsaid(found) for found in tables]
    taken = {id(word) for found in tables for word in found.words}
    regions = tuple(
        Region(
            "Table",
            found.box,
            table=found.table,
            text=plain_text(found.table),
            soundness=found.soundness,
            words=found.words,
            findings=(_unsaid_finding(text),) if text else (),
        )
        for found, text in zip(tables, lost, strict=True)
    )
    words = tuple(word for word in draft.words if id(word) not in taken)
    warnings = (
        f"Page {draft.page.number}: a table's cells leave out {len(text)} of its letters; compare it with the page."
        for text in lost
        if text
    )
    return replace(
        draft,
        words=words,
        regions=(*draft.regions, *regions),
        warnings=(*draft.warnings, *warnings),
    )


def _with_forms(draft: Draft, forms: Sequence[FoundTable]) -> Draft:
    """What looked like a table and is a form: its labelled values, the rest of its words left to the next steps."""
    for form in forms:
        pairs, rest = take_pairs(draft.page, form.words, certain=True)
        gone = {id(word) for word in form.words} - {id(word) for word in rest}
        words = tuple(word for word in draft.words if id(word) not in gone)
        draft = replace(draft, words=words, regions=(*draft.regions, *pairs))
    return draft


def _unsaid_finding(lost: str) -> Finding:
    return Finding(
        "words_in_cells", agrees=False, text=f"The cells leave out {len(lost)} letters of the table."
    )


def _turned_regions(words: list[Word], turn: int) -> list[Region]:
    """Paragraphs of one direction, each with the box it has on the page; askew words form one."""
    if turn not in (90, 180, 270):
        text = " ".join(word.text for word in words)
        return [Region("Text", around(word.box for word in words), text=text, words=tuple(words))]
    flat = flattened(words, turn)
    home = {id(laid): word for laid, word in zip(flat, words, strict=True)}
    found: list[Region] = []
    for region in group_paragraphs(cut_lines(baselines(flat), ())):
        back = tuple(home[id(word)] for line in region.lines for word in line.words)
        found.append(replace(region, box=around(word.box for word in back), words=back))
    return found
