"""Laid out pages in, the document's blocks out: the rules that need all pages.

Furniture first (it must not count as text), then headings, then continued tables, last what whole tables prove
of themselves. Blocks stay in the order of
their pages and, on a page, in reading order.
"""

from collections.abc import Sequence

from recto.blocks.furniture import mark_furniture
from recto.blocks.headings import rank_headings
from recto.blocks.tables.checks import checked
from recto.blocks.tables.continued import merge_continued
from recto.document.block import Block, PageLayout


def settle(layouts: Sequence[PageLayout], merge_tables: bool = False) -> tuple[Block, ...]:
    """All blocks of a document, typed for good; layouts come in page order. Raises nothing."""
    pages = mark_furniture(layouts, [layout.blocks for layout in layouts])
    blocks = rank_headings([block for page in pages for block in page])
    return tuple(map(checked, merge_continued(blocks) if merge_tables else blocks))
