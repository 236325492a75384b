"""Pages of blocks in, the same with running heads, feet and page numbers typed.

What stands in the margin of several pages, at one height and with the same words (figures aside), is furniture;
so is a lone number at the top or bottom. On a single page only a number, or a small line far from the text at
the very edge, is. Never removes or moves a block.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from recto.document.block import Block, PageLayout

EDGE_SHARE = 0.12
"""Share of the page's height at top and bottom in which repeated lines are furniture."""
OUTER_SHARE = 0.08
"""Share of the page's height in which a lone page number, or a lone small line, may stand."""
SAME_HEIGHT_PT = 6.0
"""Running heads of two pages stand at one height within so many points."""
MAX_LETTERS = 160
"""Longer text than this is content."""
MIN_REPEATS = 2
"""Pages on which a line must stand."""
REPEAT_SHARE = 0.25
"""Share of the pages on which a line must stand; left and right pages may differ, chapters change heads."""
MIN_CLEAR_LINES = 1.6
"""White space between a lone line at the edge and the text, in font sizes."""

_NUMBER = re.compile(
    r"^(?:[-–—\[(|]\s*)?(?:(?:page|p\.|seite|pagina|página)\s*)?"
    r"(?:\d{1,4}|[ivxlc]{1,7}|[A-Z]{1,2}[-–]\d{1,3}|\d{1,2}\s?[-–]\s?\d{1,3})"
    r"(?:\s*(?:of|/|von|de|di|sur)\s*\d{1,4})?(?:\s*[-–—\])|])?$",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\d+")
_SPACES = re.compile(r"\s+")

PageBlocks = list[list[Block]]


def mark_furniture(layouts: Sequence[PageLayout], pages: Sequence[Sequence[Block]]) -> PageBlocks:
    """The blocks of each page, those that are furniture typed Header, Footer or Page Number."""
    repeated = _repeated(layouts, pages)
    return [
        [
            _as(block, "Page Number", _whole(block))
            if _closes(block, blocks)
            else _typed(block, layout, (at, place) in repeated, blocks)
            for place, block in enumerate(blocks)
        ]
        for at, (layout, blocks) in enumerate(zip(layouts, pages, strict=True))
    ]


def _whole(block: Block) -> str:
    return f"{block.marker} {block.text}".strip()


def _closes(block: Block, blocks: Sequence[Block]) -> bool:
    """A decorated number, such as "- 2 -", below everything else: short pages end before the margin."""
    whole = _whole(block)
    return (
        len(blocks) > 1
        and not whole.isalnum()
        and is_page_number(whole)
        and not any(other.box.y1 > block.box.y0 for other in blocks if other is not block)
    )


def is_page_number(text: str) -> bool:
    """Whether a line is nothing but a page number.

    >>> is_page_number("- 8 -"), is_page_number("Page 3 of 9"), is_page_number("1984 was a year")
    (True, True, False)
    """
    return bool(_NUMBER.match(text.strip()))


def _at_top(block: Block, layout: PageLayout, share: float) -> bool:
    return block.box.y1 <= share * layout.height


def _at_bottom(block: Block, layout: PageLayout, share: float) -> bool:
    return block.box.y0 >= (1 - share) * layout.height


def _may_be(block: Block, layout: PageLayout, share: float) -> bool:
    if block.fields or block.type not in ("Text", "List Item", "Key Value") or len(block.text) > MAX_LETTERS:
        return False
    return _at_top(block, layout, share) or _at_bottom(block, layout, share)


def _repeated(layouts: Sequence[PageLayout], pages: Sequence[Sequence[Block]]) -> set[tuple[int, int]]:
    """(page place, block place) of all blocks in the margins that stand on enough pages."""
    groups: dict[tuple[str, bool], list[tuple[int, int, float]]] = {}
    for at, (layout, blocks) in enumerate(zip(layouts, pages, strict=True)):
        for place, block in enumerate(blocks):
            if _may_be(block, layout, EDGE_SHARE):
                top = _at_top(block, layout, EDGE_SHARE)
                groups.setdefault((_pattern(block), top), []).append((at, place, block.box.center_y))
    need = max(MIN_REPEATS, REPEAT_SHARE * min(len(pages), 12))
    found: set[tuple[int, int]] = set()
    for seen in groups.values():
        for at, place, height in seen:
            others = {a for a, _, h in seen if abs(h - height) <= SAME_HEIGHT_PT}
            if len(others) >= need:
                found.add((at, place))
    return found


def _pattern(block: Block) -> str:
    text = f"{block.marker} {block.text}".strip().lower()
    return _SPACES.sub(" ", _FIGURES.sub("#", text))


def _typed(block: Block, layout: PageLayout, repeated: bool, blocks: Sequence[Block]) -> Block:
    if not _may_be(block, layout, EDGE_SHARE):
        return block
    whole = _whole(block)
    outer = _may_be(block, layout, OUTER_SHARE)
    if is_page_number(whole) and (repeated or outer):
        return _as(block, "Page Number", whole)
    if repeated or (outer and (_stands_alone(block, layout, blocks) or _beside_number(block, blocks))):
        return _as(block, "Header" if _at_top(block, layout, EDGE_SHARE) else "Footer", whole)
    return block


def _as(block: Block, kind: str, text: str) -> Block:
    if kind == "Page Number":
        return replace(block, type="Page Number", text=text, marker="", level=0)
    return replace(block, type="Header" if kind == "Header" else "Footer", text=text, marker="", level=0)


def _beside_number(block: Block, blocks: Sequence[Block]) -> bool:
    """A single line that shares its height with a lone page number: the two are set as one foot or head."""
    return block.box.height <= 2 * block.font_size and any(
        is_page_number(_whole(other)) and abs(other.box.center_y - block.box.center_y) <= block.font_size / 2
        for other in blocks
        if other is not block
    )


def _stands_alone(block: Block, layout: PageLayout, blocks: Sequence[Block]) -> bool:
    """A single line, no larger than the page's text, with clear space between it and the rest of the page."""
    if block.box.height > 2 * block.font_size:
        return False
    body = [b for b in blocks if not _may_be(b, layout, OUTER_SHARE) and b.font_size]
    if not body:
        return False
    if block.font_size > _usual_size(body) or block.bold:
        return False
    gap = min(max(b.box.y0 - block.box.y1, block.box.y0 - b.box.y1) for b in body)
    return gap >= MIN_CLEAR_LINES * block.font_size


def _usual_size(body: Sequence[Block]) -> float:
    """The size of letters, in points, that most of the text is set in."""
    letters: dict[float, int] = {}
    for block in body:
        letters[block.font_size] = letters.get(block.font_size, 0) + len(block.text)
    return max(letters, key=letters.__getitem__)
