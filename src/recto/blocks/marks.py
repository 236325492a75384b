"""What lies over a page's text, put into its text when asked for: links, highlights, comments, signatures.

Marks and words in, words and regions out; `include` of the options says what is wanted. Links become Markdown,
highlighted words stand between <mark> and </mark>, comments and signature fields become blocks of their own.
Watermarks, which are wanted unless the options say otherwise, are known by their size and slant. Nothing here
changes a page of which nothing was asked.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from recto.blocks.lines import text_lines, turn_of
from recto.blocks.region import Region
from recto.document.geometry import Box, around
from recto.document.page import FormField, Mark, Page, Word

WELL_INSIDE = 0.5
"""Share of a word's area under a mark that makes it marked."""
MOSTLY = 0.7
"""Share of a picture inside a signature field that makes it the signature."""
WATERMARK_SIZE = 2.5
"""A watermark's letters are at least so many times as large as the page's median."""
WATERMARK_LEAST_PT = 24.0
"""And at least so large."""
SIGNED, NOT_SIGNED = "signed", "not signed"

_HARMLESS = re.compile(r"^(?:(?:https?|ftps?|mailto|tel):|(?![^/?#]*:))", re.IGNORECASE)
"""Addresses that may become links: of these schemes, or without one. Scripts and local files may not."""


def with_links(page: Page, words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with every link written as Markdown, line by line."""
    wrapped: dict[int, Word] = {}
    for mark in page.marks:
        if mark.kind == "link" and _HARMLESS.match(mark.text):
            address = mark.text.replace("(", "%28").replace(")", "%29")
            _wrap(mark, words, wrapped, "[", f"]({address})")
    return tuple(wrapped.get(id(word), word) for word in words)


def with_highlights(page: Page, words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with highlighted runs between <mark> and </mark>, line by line."""
    wrapped: dict[int, Word] = {}
    for mark in page.marks:
        if mark.kind == "highlight":
            _wrap(mark, words, wrapped, "<mark>", "</mark>")
    return tuple(wrapped.get(id(word), word) for word in words)


def without_watermarks(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words but for large ones that lie askew."""
    if not words:
        return ()
    least = max(WATERMARK_LEAST_PT, WATERMARK_SIZE * median(word.font_size for word in words))
    return tuple(word for word in words if word.font_size < least or turn_of(word) in {0, 90, 180, 270})


def without_shown_comments(page: Page, words: Sequence[Word]) -> tuple[Word, ...]:
    """The words but for those that comments draw on the page; the comments say them."""
    left = list(words)
    for mark in page.marks:
        if mark.kind == "comment" and mark.shown:
            letters = _letters(mark.text)
            left = [
                word
                for word in left
                if not (
                    word.box.share_inside(mark.boxes[0]) >= WELL_INSIDE and _letters(word.text) in letters
                )
            ]
    return tuple(left)


def with_comments(page: Page, regions: Sequence[Region]) -> list[Region]:
    """The regions, each followed by the comments that stand on or beside it."""
    after: dict[int, list[Region]] = {}
    for mark in page.marks:
        if mark.kind == "comment":
            box = around(mark.boxes)
            comment = Region("Comment", box, text=mark.text, author=mark.author)
            after.setdefault(_nearest(box, regions), []).append(comment)
    found = after.get(-1, [])
    for index, region in enumerate(regions):
        found.extend((region, *after.get(index, ())))
    return found


def take_signed(
    page: Page, words: Sequence[Word], regions: Sequence[Region]
) -> tuple[list[Region], tuple[Word, ...]]:
    """The regions with one for each signature field, and the words left over."""
    found, left = list(regions), tuple(words)
    for field in page.fields:
        if field.kind != "signature":
            continue
        drawn = [one for one in found if one.type == "Figure" and one.box.share_inside(field.box) >= MOSTLY]
        inside = [word for word in left if word.box.share_inside(field.box) >= WELL_INSIDE]
        ids = {id(word) for word in inside}
        left = tuple(word for word in left if id(word) not in ids)
        found = [one for one in found if not any(one is other for other in drawn)]
        found.append(_signature(field, (*inside, *(word for one in drawn for word in one.every_word))))
    return found, left


def _signature(field: FormField, words: tuple[Word, ...]) -> Region:
    text = "\n".join(line.text for line in text_lines(words)) or (SIGNED if field.checked else NOT_SIGNED)
    box = around((field.box, *(word.box for word in words)))
    return Region("Signature", box, text=text, words=words, fields=(field,))


def _wrap(mark: Mark, words: Sequence[Word], wrapped: dict[int, Word], before: str, after: str) -> None:
    for box in mark.boxes:
        inside = [word for word in words if word.box.share_inside(box) >= WELL_INSIDE]
        inside = [word for word in inside if id(word) not in wrapped]
        for line in text_lines(inside):
            ids = [id(word) for word in line.words]
            first, last = line.words[0], line.words[-1]
            if not set(ids) <= {id(word) for word in inside}:
                continue  # an initial was joined to its line: it is not the page's word any more
            for word in line.words:
                wrapped[id(word)] = word
            wrapped[id(first)] = replace(first, text=before + first.text)
            wrapped[id(last)] = replace(wrapped[id(last)], text=wrapped[id(last)].text + after)


def _nearest(box: Box, regions: Sequence[Region]) -> int:
    """The region a comment belongs to: -1 where it stands before all of them."""
    if not regions or all(region.box.y0 > box.y1 for region in regions):
        return -1
    return min(range(len(regions)), key=lambda index: _distance(box, regions[index].box))


def _distance(box: Box, other: Box) -> tuple[float, float]:
    down = max(0.0, other.y0 - box.center_y, box.center_y - other.y1)
    across = max(0.0, other.x0 - box.center_x, box.center_x - other.x1)
    return down * down + across * across, other.area


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()
