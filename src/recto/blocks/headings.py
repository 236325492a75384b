"""All blocks of a document in, the same with Title and Section Header typed and ranked.

A heading is a short block that is larger, or bolder, than the body of the whole document. Styles (size, weight)
are ranked over the document, the largest first; the title is the largest heading at the document's start.
A number such as "2.1" deepens the level within one style. Never looks at what a heading says otherwise.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recto.blocks.lists import is_bullet
from recto.document.block import Block

LARGER = 1.12
"""A heading by size is so many times as large as the body. Origin: 10 pt text with 11.5 pt headings."""
MAX_HEADING_LETTERS = 160
MAX_HEADING_LINES = 4
"""Longer blocks, in letters or lines, are prose in large type."""
LINE_PER_SIZE = 1.7
"""Height of a line in font sizes at most, to count lines by the box."""
DEEPEST_LEVEL = 6
"""Markdown knows six levels."""
TITLE_REACH = 8
"""The title is among the first so many blocks of the first page."""
SAME_SIZE_PT = 0.6
"""Sizes this near, in points, are one style."""
MIN_LETTERS = 2
"""A heading has letters: figures alone are no heading."""

_OUTLINE = re.compile(r"^(\d{1,2}(?:\.\d{1,2})*)[.)]?\s")
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
    places = [i for i, block in enumerate(blocks) if _is_heading(block, body)]
    places = _without_runs(places, blocks)
    title = _title(places, blocks)
    ranks = _ranks([blocks[i] for i in places if i != title], body)
    shallowest = min(
        (_outline_depth(_whole(blocks[i])) for i in places if _OUTLINE.match(_whole(blocks[i]))), default=0
    )
    found = list(blocks)
    for i in places:
        block = blocks[i]
        text = _whole(block)
        if i == title:
            found[i] = replace(block, type="Title", text=text, marker="", level=1)
        else:
            level = 2 + _rank_of(block, ranks)
            deeper = _outline_depth(text) - shallowest
            found[i] = replace(
                block, type="Section Header", text=text, marker="", level=min(level + deeper, DEEPEST_LEVEL)
            )
    return found


def _whole(block: Block) -> str:
    """The text with the number that was taken for a list marker."""
    return f"{block.marker} {block.text}".strip()


def _body_style(blocks: Sequence[Block]) -> _Style | None:
    """Size and weight of most letters of the text, or of everything but furniture where there is no text."""
    letters: Counter[_Style] = Counter()
    for block in blocks:
        if block.type in ("Text", "List Item", "Key Value") and block.font_size:
            letters[_Style(block.font_size, block.bold)] += len(block.text)
    if not letters:
        return None
    size = max(letters, key=lambda style: letters[style]).size
    bold = letters[_Style(size, True)] > letters[_Style(size, False)]
    return _Style(size, bold)


def _is_heading(block: Block, body: _Style) -> bool:
    if block.type == "List Item" and is_bullet(block.marker):
        return False
    if block.type not in ("Text", "List Item") or not block.text or len(block.text) > MAX_HEADING_LETTERS:
        return False
    if len(_LETTERS.findall(block.text)) < MIN_LETTERS:
        return False
    lines = block.box.height / max(1.0, LINE_PER_SIZE * block.font_size)
    if lines > MAX_HEADING_LINES:
        return False
    if block.font_size >= LARGER * body.size:
        return not block.text.endswith((",", ";")) or block.font_size >= LARGER * LARGER * body.size
    bolder = block.bold and not body.bold and block.font_size >= body.size - SAME_SIZE_PT
    return bolder and not block.text.rstrip().endswith((".", ",", ";", ":"))


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


def _title(places: Sequence[int], blocks: Sequence[Block]) -> int | None:
    """Place of the document's title: the largest heading at its start, larger than all that follow."""
    if not places or not blocks:
        return None
    first_page = blocks[0].page
    early = [i for i in places if i < TITLE_REACH and blocks[i].page == first_page]
    if not early:
        return None
    best = max(early, key=lambda i: (blocks[i].font_size, -i))
    largest = max(blocks[i].font_size for i in places)
    if blocks[best].font_size < largest - SAME_SIZE_PT:
        return None
    same = sum(1 for i in places if blocks[i].font_size >= blocks[best].font_size - SAME_SIZE_PT)
    return best if same == 1 or best == places[0] else None


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
