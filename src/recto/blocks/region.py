"""The value the page-local rules pass to each other: a part of the page on its way to become a block.

Regions hold lines (so that later rules can look at them); `document.block.Block` holds only text. `as_block`
makes the last step. Nothing here decides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from recto.blocks.joining import joined
from recto.blocks.lines import Line
from recto.document.block import Block, BlockType, Captioned, Finding, Table
from recto.document.geometry import Box
from recto.document.page import FormField, Word

READ_FROM_FILE = 0.99
"""Confidence of text that was not recognised but read from the file: nothing is certain, nothing was measured."""


@dataclass(frozen=True, slots=True)
class Region:
    """Lines that belong together, what they are, and their box in points.

    `apart` keeps the lines as lines in the text (labelled values); otherwise they run on. `soundness` is 0..1.
    `hidden` are lines that
    stand there unseen, none of `lines`.
    """

    type: BlockType
    box: Box
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    text: str | None = None
    level: int = 0
    marker: str = ""
    apart: bool = False
    soundness: float = 1.0
    words: tuple[Word, ...] = field(default=())
    fields: tuple[FormField, ...] = ()
    author: str = ""
    hidden: tuple[Line, ...] = ()
    caption: str = ""
    caption_of: Captioned | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def every_word(self) -> tuple[Word, ...]:
        return self.words or tuple(word for line in self.lines for word in line.words)


def as_block(region: Region, page: int) -> Block:
    """The block a region ends as."""
    words = region.every_word
    size, bold = _type_size(words)
    return Block(
        type=region.type,
        page=page,
        box=region.box,
        text=text_of_region(region),
        level=region.level,
        marker=region.marker,
        table=region.table,
        confidence=round(_certainty(words) * region.soundness, 4),
        font_size=size,
        bold=bold,
        fields=region.fields,
        author=region.author,
        hidden_text="\n".join(line.text for line in region.hidden),
        caption=region.caption,
        caption_of=region.caption_of,
        findings=region.findings,
    )


def text_of_region(region: Region) -> str:
    """What the block of a region will say."""
    if region.text is not None:
        return region.text
    if region.apart:
        return "\n".join(line.text for line in region.lines)
    return joined(region.lines)


def _certainty(words: Sequence[Word]) -> float:
    """Mean confidence of the recognised words, weighted by length."""
    recognised = [(word.confidence, len(word.text)) for word in words if word.confidence is not None]
    letters = sum(count for _, count in recognised)
    if not letters:
        return READ_FROM_FILE
    return sum(confidence * count for confidence, count in recognised) / letters


def _type_size(words: Sequence[Word]) -> tuple[float, bool]:
    """The size of most letters, to half a point, and whether most letters are bold."""
    letters: dict[float, int] = {}
    bold = total = 0
    for word in words:
        count = len(word.text)
        size = round(word.font_size * 2) / 2
        letters[size] = letters.get(size, 0) + count
        total += count
        bold += count if word.bold else 0
    if not total:
        return 0.0, False
    return max(letters, key=lambda size: (letters[size], size)), bold * 2 > total
