"""Blocks of a document in, chunks out. Pure; grouping never changes a block.

Six modes (contract 4.8). A chunk's content is its blocks as printed, parted by an empty line, list items of one
list by a line break; filtered block types are left out of content and embed but stay in `blocks`. Page markers
and overlap are in content and embed only. A document without blocks is one empty chunk in mode `disabled` and
no chunk in the others.

Overlap: each chunk's content begins with the last characters of the chunk before it, cut at a word, parted by a
line break; `blocks` are not repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recto.chunks.markdown import block_text, embed_text
from recto.chunks.sizing import sized
from recto.document.block import Block
from recto.document.options import ChunkOptions, FormatOptions
from recto.document.result import Chunk

PageSizes = Mapping[int, tuple[float, float]]
NO_SIZE = (1.0, 1.0)
"""Stands in for the size of a page nobody told us about: boxes then stay in points."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A block with its printed forms and whether they are shown."""

    block: Block
    content: str
    embed: str
    shown: bool


def chunk_blocks(
    blocks: Sequence[Block], chunking: ChunkOptions, formats: FormatOptions, page_sizes: PageSizes
) -> tuple[Chunk, ...]:
    """The chunks of a document; page_sizes are width and height in points by page number."""
    printed = [_print(block, formats, page_sizes) for block in blocks]
    groups = _groups(printed, chunking)
    marks = _Marks(blocks) if formats.page_markers else None
    chunks: list[Chunk] = []
    before = ""
    for group in groups:
        content = _joined(group, embed=False, marks=marks)
        embed = _joined(group, embed=True, marks=marks) if formats.embedding_optimized else content
        lead = _tail(before, chunking.overlap)
        chunks.append(
            Chunk(
                content=_led(lead, content),
                embed=_led(lead, embed),
                blocks=tuple(one.block for one in group),
                contents=tuple(one.content for one in group),
            )
        )
        before = content
    return tuple(chunks)


def _print(block: Block, formats: FormatOptions, page_sizes: PageSizes) -> Printed:
    size = page_sizes.get(block.page, NO_SIZE)
    content = block_text(block, formats, size)
    embed = embed_text(block, formats, size) if formats.embedding_optimized else content
    return Printed(block, content, embed, block.type not in formats.filter_blocks)


def _groups(printed: list[Printed], chunking: ChunkOptions) -> list[list[Printed]]:
    if chunking.mode == "disabled":
        return [printed]
    if chunking.mode == "block":
        return [[one] for one in printed]
    if chunking.mode == "page":
        return _by_page(printed)
    if chunking.mode == "section":
        return _by_section(printed)
    if chunking.mode == "page_sections":
        return [section for page in _by_page(printed) for section in _by_section(page)]
    return sized(_by_section(printed), chunking.size)


def _by_page(printed: Sequence[Printed]) -> list[list[Printed]]:
    groups: list[list[Printed]] = []
    for one in printed:
        if not groups or groups[-1][-1].block.page != one.block.page:
            groups.append([])
        groups[-1].append(one)
    return groups


def _by_section(printed: Sequence[Printed]) -> list[list[Printed]]:
    groups: list[list[Printed]] = []
    for one in printed:
        if not groups or one.block.type in ("Title", "Section Header"):
            groups.append([])
        groups[-1].append(one)
    return groups


def _joined(group: Sequence[Printed], embed: bool, marks: "_Marks | None") -> str:
    parts: list[str] = []
    before: Block | None = None
    for one in group:
        text = one.embed if embed else one.content
        shown = [text] if one.shown and text else []
        if marks is not None:
            shown = [*marks.before(one.block), *shown, *marks.after(one.block)]
        for piece in shown:
            if parts:
                parts.append(_between(before, one.block) if piece is text else "\n\n")
            parts.append(piece)
            before = one.block if piece is text else None
    return "".join(parts)


def _between(before: Block | None, block: Block) -> str:
    both = before is not None and before.type == "List Item" and block.type == "List Item"
    return "\n" if both else "\n\n"


class _Marks:
    """Which block begins and which ends a page."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        for block in blocks:
            self._first.setdefault(block.page, id(block))
            self._last[block.page] = id(block)

    def before(self, block: Block) -> list[str]:
        return [f"[[PAGE {block.page} BEGINS HERE]]"] if self._first[block.page] == id(block) else []

    def after(self, block: Block) -> list[str]:
        return [f"[[PAGE {block.page} ENDS HERE]]"] if self._last[block.page] == id(block) else []


def _tail(content: str, overlap: int) -> str:
    """The last `overlap` characters at most, from the start of a word where there is one."""
    if overlap <= 0 or not content:
        return ""
    tail = content[-overlap:]
    if len(tail) < len(content) and not content[-overlap - 1].isspace():
        cut = next((i for i, letter in enumerate(tail) if letter.isspace()), None)
        tail = tail[cut:] if cut is not None else tail
    return tail.strip()


def _led(lead: str, content: str) -> str:
    return f"{lead}\n{content}" if lead and content else content
