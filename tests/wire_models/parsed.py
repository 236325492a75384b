"""Parsed documents as values: small results that wire tests turn into bodies."""

from recto.document.block import Block, Cell, Table
from recto.document.geometry import Box
from recto.document.result import Chunk, PageInfo, ParseResult, RecognisedText

LETTER = (612.0, 792.0)
BLOCK_BOX = Box(61.2, 79.2, 306.0, 396.0)
WORD_BOX = Box(61.2, 79.2, 122.4, 95.04)


def page_info(number=1, index=1, **changes):
    given = {"width": LETTER[0], "height": LETTER[1], "route": "digital", "reason": "sound text layer"}
    return PageInfo(number=number, index=index, **{**given, **changes})


def block(kind="Text", page=1, text="Hello", box=BLOCK_BOX, **changes):
    return Block(type=kind, page=page, box=box, text=text, **changes)


def chunk(*blocks):
    contents = tuple(one.text for one in blocks)
    joined = "\n\n".join(contents)
    return Chunk(content=joined, embed=joined, blocks=blocks, contents=contents)


def table_block(page=1, row_span=1, **changes):
    cells = (
        Cell(0, 0, "Item", Box(10, 10, 50, 20), row_span=row_span),
        Cell(0, 1, "Price", Box(50, 10, 90, 20)),
    )
    return block("Table", page, "Item\tPrice", table=Table(rows=2, columns=2, cells=cells), **changes)


def parsed(*blocks, pages=None, **changes):
    """A result with one chunk of the given blocks on the given pages (by default page 1)."""
    every = blocks or (block("Title", text="Report"), block(text="Body"))
    return ParseResult(chunks=(chunk(*every),), pages=tuple(pages or [page_info()]), **changes)


def word(text="Hello", page=1, box=WORD_BOX, **changes):
    return RecognisedText(text=text, page=page, box=box, **changes)
