"""All blocks of a document in, the same with Title and Section Header typed and ranked.

A heading is a short block that is larger, or bolder, than the body of the whole document. Styles (size, weight)
are ranked over the document, the largest first; the title is the largest heading at the document's start.
A number such as "2.1" deepens the level within one style. Never looks at what a heading says otherwise.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recto.blocks.lists import is_bullet
from recto.blocks.region import READ_FROM_FILE
from recto.document.block import Block, BlockType

LARGER = 1.12
"""A heading by size is so many times as large as the body. Origin: 10 pt text with 11.5 pt headings."""
SLIGHTLY_LARGER = 1.05
"""A size from this multiple of the body's on may be a heading's, where only short lines have it."""
ENDS_OF_PROSE = (".", ",", ";", ":")
LINES_OF_AN_ADDRESS = 3
"""Lines ended by hand from which on bold text or capitals are an address and no heading."""
MAX_HEADING_LETTERS = 160
MAX_HEADING_LINES = 3.3
"""Longer blocks, in letters or lines, are prose in large type."""
LINE_PER_SIZE = 1.2
"""Height of a line in font sizes, to count lines by the box; two lines set wide count as three."""
DEEPEST_LEVEL = 6
"""Markdown knows six levels."""
TITLE_REACH = 8
"""The title is among the first so many blocks of the first page."""
SAME_SIZE_PT = 0.6
"""Sizes this near, in points, are one style."""
MIN_LETTERS = 2
"""A heading has letters: figures alone are no heading."""

BODY_TYPES = ("Text", "List Item", "Key Value", "Table")
SHORT_LETTERS = 80
SHORT_WEIGHT = 0.3
"""Blocks of up to so many letters, and tables, count this much for the body's style: they may be headings."""
CAPITALS_SHARE = 0.3
"""Share of the text in capitals above which capitals do not make a heading."""
STYLED_HEADINGS = 3
"""Headings by size or weight from which on a document is taken to set all its headings so."""
MAX_CAPITALS_LETTERS = 80
MIN_CAPITALS = 4
MIN_LETTER_SHARE = 0.6
"""A line in capitals with so many letters, making up this share of its signs, is a heading."""

_OUTLINE = re.compile(r"^(\d{1,2}(?:\.\d{1,2})*)[.)]?\s")
_CAPTION = re.compile(r"^(table|tab\.|figure|fig\.|chart)\s+(\d|[A-Z]{1,3}[-.]\d)", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool


def rank_headings(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks, headings typed; the Title has level 1, Section Headers levels from 2."""
    body = _body_style(blocks)
    if body is None:
        return list(blocks)
    capitals = _capitals_that_count(blocks, body)
    set_apart = _sizes_of_short_lines(blocks, body)
    places = [
        i
        for i, block in enumerate(blocks)
        if block.type == "Section Header"
        or _is_heading(block, body, capitals)
        or (block.font_size in set_apart and _may_head(block) and _heads(blocks, i))
    ]
    places = [i for i in _without_runs(places, blocks) if not _continues(blocks, i)]
    title = _title(places, blocks, body)
    places = _without_line_over_title(places, blocks, title)
    styles = _ranks([blocks[i] for i in places if i != title], body)
    ranks = {i: _rank_of(blocks[i], styles) for i in places if i != title}
    shallowest = _shallowest(blocks, ranks)
    found = list(blocks)
    for i in places:
        text = _whole(blocks[i])
        if i == title:
            found[i] = replace(blocks[i], type="Title", text=text, marker="", level=1)
        else:
            deeper = max(0, _outline_depth(text) - shallowest.get(ranks[i], 0))
            level = min(2 + ranks[i] + deeper, DEEPEST_LEVEL)
            found[i] = replace(blocks[i], type="Section Header", text=text, marker="", level=level)
    return found


def _continues(blocks: Sequence[Block], at: int) -> bool:
    """Whether the block goes on with the sentence of the one before, set in the same large type."""
    if not at or not blocks[at].text[:1].islower():
        return False
    before = blocks[at - 1]
    alike = abs(before.font_size - blocks[at].font_size) <= SAME_SIZE_PT
    return alike and before.type == "Text" and not before.text.rstrip().endswith(ENDS_OF_PROSE)


def _capitals_that_count(blocks: Sequence[Block], body: _Style) -> tuple[BlockType, ...]:
    """The types of blocks in which a line in capitals is a heading by that alone.

    None where much is in capitals. Not list items where the document sets its headings in a type of their own.
    """
    if _shouts(blocks):
        return ()
    styled = sum(1 for block in blocks if _is_heading(block, body, ()))
    return ("Text",) if styled >= STYLED_HEADINGS else ("Text", "List Item")


def _shallowest(blocks: Sequence[Block], ranks: Mapping[int, int]) -> dict[int, int]:
    """For each style the least depth of the numbers its headings carry."""
    found: dict[int, int] = {}
    for i, rank in ranks.items():
        text = _whole(blocks[i])
        if _OUTLINE.match(text):
            depth = _outline_depth(text)
            found[rank] = min(found.get(rank, depth), depth)
    return found


def _shouts(blocks: Sequence[Block]) -> bool:
    """Whether much of the text is in capitals, so that capitals mean nothing."""
    letters = sum(len(block.text) for block in blocks if block.type == "Text")
    capitals = sum(len(block.text) for block in blocks if block.type == "Text" and block.text.isupper())
    return capitals > CAPITALS_SHARE * letters


def _whole(block: Block) -> str:
    """The text on one line, with the number that was taken for a list marker."""
    return " ".join(f"{block.marker} {block.text}".split())


def _body_style(blocks: Sequence[Block]) -> _Style | None:
    """Size and weight of most letters; running text counts fully, short lines and tables less."""
    letters: Counter[_Style] = Counter()
    for block in blocks:
        if block.type in BODY_TYPES and block.font_size:
            running = block.table is None and len(block.text) > SHORT_LETTERS
            weight = 1.0 if running else SHORT_WEIGHT
            letters[_Style(block.font_size, block.bold)] += int(1 + weight * len(block.text))
    if not letters:
        return None
    size = max(letters, key=lambda style: letters[style]).size
    return _Style(size, letters[_Style(size, bold=True)] > letters[_Style(size, bold=False)])


def _is_heading(block: Block, body: _Style, capitals: Sequence[BlockType]) -> bool:
    if not _may_head(block):
        return False
    if block.font_size >= LARGER * body.size:
        return not block.text.endswith((",", ";")) or block.font_size >= LARGER * LARGER * body.size
    if block.font_size < body.size - SAME_SIZE_PT or block.text.rstrip().endswith(ENDS_OF_PROSE):
        return False
    if block.text[:1].islower() or block.text.count("\n") >= LINES_OF_AN_ADDRESS - 1:
        return False
    return (block.bold and not body.bold) or (block.type in capitals and _in_capitals(block.text))


def _sizes_of_short_lines(blocks: Sequence[Block], body: _Style) -> set[float]:
    """Sizes a little larger than the body's that only short lines without a full stop are set in.

    Sizes read from the file are exact, so even half a point is a style; recognised ones are not.
    """
    found: dict[float, bool] = {}
    for block in blocks:
        if block.type in ("Text", "List Item") and SLIGHTLY_LARGER * body.size <= block.font_size:
            exact = block.confidence >= READ_FROM_FILE
            short = _may_head(block) and not block.text.rstrip().endswith(ENDS_OF_PROSE)
            found[block.font_size] = found.get(block.font_size, True) and exact and short
    return {size for size, only_short in found.items() if only_short}


def _heads(blocks: Sequence[Block], at: int) -> bool:
    """Whether running text in smaller type follows on the page."""
    if at + 1 == len(blocks):
        return False
    block, after = blocks[at], blocks[at + 1]
    running = len(after.text) > SHORT_LETTERS or after.type in ("List Item", "Table")
    return after.page == block.page and running and after.font_size < block.font_size


def _in_capitals(text: str) -> bool:
    """A short line of capital words; codes such as account numbers are more figures than letters."""
    letters = sum(letter.isupper() for letter in text)  # Chinese and Arabic letters have no capitals
    words = letters >= MIN_CAPITALS and letters >= MIN_LETTER_SHARE * len(text.replace(" ", ""))
    return text.isupper() and words and len(text) <= MAX_CAPITALS_LETTERS


def _may_head(block: Block) -> bool:
    """A short block of text with letters in it, no bullet and no caption."""
    bulleted = block.type == "List Item" and is_bullet(block.marker)
    if (
        bulleted
        or block.caption_of is not None
        or _CAPTION.match(block.text)
        or block.type not in ("Text", "List Item")
        or len(block.text) > MAX_HEADING_LETTERS
    ):
        return False
    lines = block.box.height / max(1.0, LINE_PER_SIZE * block.font_size)
    return len(_LETTERS.findall(block.text)) >= MIN_LETTERS and lines <= MAX_HEADING_LINES


def _without_runs(places: Sequence[int], blocks: Sequence[Block]) -> list[int]:
    """Many headings in a row with nothing between them, in body size, are labels of a form, not headings."""
    kept: list[int] = []
    run: list[int] = []
    for i in places:
        if run and i == run[-1] + 1 and blocks[i].page == blocks[run[-1]].page:
            run.append(i)
        else:
            kept.extend(run if len(run) <= MAX_RUN else [])
            run = [i]
    return [*kept, *(run if len(run) <= MAX_RUN else [])]


MAX_RUN = 5
"""Headings that may follow each other directly: title, subtitle, part, chapter, section."""


def _title(places: Sequence[int], blocks: Sequence[Block], body: _Style) -> int | None:
    """Place of the document's title: the largest heading at its start, larger than all that follow."""
    if not places or not blocks:
        return None
    first_page = blocks[0].page
    early = [
        i
        for i in places
        if i < TITLE_REACH and blocks[i].page == first_page and not _OUTLINE.match(_whole(blocks[i]))
    ]
    if not early:
        return None
    best = max(early, key=lambda i: (blocks[i].font_size, -i))
    largest = max(blocks[i].font_size for i in places)
    if blocks[best].font_size < max(largest - SAME_SIZE_PT, LARGER * body.size):
        return None
    same = sum(1 for i in places if blocks[i].font_size >= blocks[best].font_size - SAME_SIZE_PT)
    return best if same == 1 or best == places[0] else None


def _without_line_over_title(places: Sequence[int], blocks: Sequence[Block], title: int | None) -> list[int]:
    """What stands right over the title in smaller type (a journal, a series, a motto) heads no section."""
    if title is None:
        return list(places)
    first = title
    while first - 1 in places and blocks[first - 1].font_size <= blocks[title].font_size - SAME_SIZE_PT:
        first -= 1
    return [i for i in places if not first <= i < title]


def _ranks(headings: Sequence[Block], body: _Style) -> list[_Style]:
    """Heading styles, the most prominent first; near sizes count as one."""
    styles: list[_Style] = []
    for block in sorted(headings, key=lambda b: (-b.font_size, not b.bold)):
        near = [s for s in styles if abs(s.size - block.font_size) <= SAME_SIZE_PT]
        weighs = block.font_size < LARGER * body.size
        if not near or (weighs and all(s.bold != block.bold for s in near)):
            styles.append(_Style(block.font_size, block.bold))
    return styles


def _rank_of(block: Block, styles: Sequence[_Style]) -> int:
    near = [
        (abs(style.size - block.font_size), style.bold != block.bold, rank)
        for rank, style in enumerate(styles)
    ]
    return min(near)[2]


def _outline_depth(text: str) -> int:
    found = _OUTLINE.match(text)
    return found.group(1).count(".") if found else 0
