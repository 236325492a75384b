"""A block in, its printed text out. Pure.

Titles and headings as Markdown headings, list items with their number or a dash and two spaces per level,
labelled values line by line, figures as the text on them, tables as `tables_out` prints them.
"""

from recto.chunks.tables_out import table_sentences, table_text
from recto.document.block import Block
from recto.document.options import FormatOptions

DEEPEST_LEVEL = 6
"""Markdown knows six levels of headings."""
INDENT = "  "


def block_text(block: Block, formats: FormatOptions, page_size: tuple[float, float]) -> str:
    """How a block is printed in content; page_size is its page's width and height in points."""
    if block.type == "Title":
        return f"# {_one_line(block.text)}"
    if block.type == "Section Header":
        return f"{'#' * min(max(block.level, 2), DEEPEST_LEVEL)} {_one_line(block.text)}"
    if block.type == "List Item":
        return f"{INDENT * block.level}{_printed_marker(block.marker)} {block.text}"
    if block.table is not None:
        return table_text(block.table, formats.table_format, page_size)
    return block.text


def embed_text(block: Block, formats: FormatOptions, page_size: tuple[float, float]) -> str:
    """How a block is printed for embedding: tables as sentences, everything else as in content."""
    if block.table is not None:
        return table_sentences(block.table)
    return block_text(block, formats, page_size)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _printed_marker(marker: str) -> str:
    """Numbers and letters stay; bullets of all kinds are printed as a dash."""
    return marker if any(letter.isalnum() for letter in marker) and marker != "o" else "-"
