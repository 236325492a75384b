"""The kept reading: what a parse leaves for the steps that come after it, beside its result.

While a range is read, its pages travel as a `Reading`: layouts in one piece, words in another, each MessagePack
under Zstandard. When the parse is assembled the pieces of words are copied as they are into one file, and after
them the settled blocks, the pages and where each piece lies; so the words of a document are never in memory
together. `load` gives a `ReadDocument` whose words are read page by page when they are asked for. It decides
nothing about content.
"""

import functools
import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from recto.blocks.lines import baselines, visible
from recto.document.block import Block, PageLayout
from recto.document.extraction import ReadDocument
from recto.document.page import Page, Word
from recto.document.result import PageInfo, RecognisedText
from recto.errors import Internal

COMPRESSION = 3  # Zstandard level: the fastest that still halves a page
MARK = b"RECTOKR1"
"""The first bytes of a kept reading; the last is the version of its form."""
PIECES_AT_HAND = 16
"""Pieces of words (a range of pages each, some 2 MB when opened) that are not read again when asked for."""

ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""The first bytes of a reading of version 0.1, which has no size of its layouts before them."""

_OFFSET = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class PageReading:
    """One page read and laid out; `lines` are kept only when the caller wants OCR data."""

    layout: PageLayout
    lines: tuple[RecognisedText, ...] = ()


@dataclass(frozen=True, slots=True)
class _PageLaidOut:
    """A `PageReading` of which only the layout is wanted."""

    layout: PageLayout


@dataclass(frozen=True, slots=True)
class _FormerPage:
    """A page of a reading of version 0.1: its words are there only if the caller wanted them."""

    layout: PageLayout
    words: tuple[RecognisedText, ...] = ()
    lines: tuple[RecognisedText, ...] = ()


@dataclass(frozen=True, slots=True)
class _FormerReading:
    pages: tuple[_FormerPage, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Where the words of some pages lie: bytes from the file's beginning, and how many."""

    offset: int
    size: int
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """Everything of a kept reading but the words."""

    pages: tuple[PageInfo, ...]
    blocks: tuple[Block, ...]
    pieces: tuple[_Piece, ...]


def write_reading(path: Path, pages: Sequence[PageReading], words: Mapping[int, Sequence[Word]]) -> None:
    """Write the reading of some pages; `words` are theirs, by page number."""
    layouts = _packed(tuple(pages))
    with path.open("wb") as file:
        file.write(_OFFSET.pack(len(layouts)))
        file.write(layouts)
        file.write(_packed(words))


def reading_layouts(path: Path) -> tuple[PageLayout, ...]:
    """The layouts of a reading; its lines, far larger when they were asked for, are passed over."""
    if former := _former(path):
        return tuple(page.layout for page in former)
    laid_out = msgspec.msgpack.decode(_packed_pages(path), type=tuple[_PageLaidOut, ...])
    return tuple(page.layout for page in laid_out)


def reading_pages(path: Path) -> tuple[PageReading, ...]:
    """The pages of a reading, without their words."""
    if former := _former(path):
        return tuple(PageReading(page.layout, page.lines) for page in former)
    return msgspec.msgpack.decode(_packed_pages(path), type=tuple[PageReading, ...])


def _packed_pages(path: Path) -> bytes:
    with path.open("rb") as file:
        (size,) = _OFFSET.unpack(file.read(_OFFSET.size))
        return _unpacked(file.read(size))


def reading_words(path: Path) -> dict[int, tuple[Word, ...]]:
    """The words of a reading by page number, all of them, as they were read."""
    if former := _former(path):
        return {page.layout.number: tuple(map(_word_of, page.words)) for page in former}
    with path.open("rb") as file:
        file.seek(_words_at(path))
        return _words(file.read())


def keep(
    out: Path, readings: Mapping[Path, Sequence[int]], pages: Sequence[PageInfo], blocks: Sequence[Block]
) -> None:
    """Write the kept reading of a document: its readings, each with the pages it holds, and what was made of them."""
    pieces: list[_Piece] = []
    with out.open("wb") as file:
        file.write(MARK)
        for path, numbers in readings.items():
            offset = file.tell()
            _copy_words(path, file)
            pieces.append(_Piece(offset, file.tell() - offset, tuple(numbers)))
        head = file.tell()
        file.write(_packed(_Head(tuple(pages), tuple(blocks), tuple(pieces))))
        file.write(_OFFSET.pack(head))


def load(path: Path) -> ReadDocument:
    """The document of a kept reading. Its words are read from the file when they are asked for.

    Raises Internal when the file is no kept reading of a form this version knows.
    """
    with path.open("rb") as file:
        if file.read(len(MARK)) != MARK:
            raise Internal(
                "The kept reading of a parse has a form that this version does not know: parse anew."
            )
        file.seek(-_OFFSET.size, 2)
        end = file.tell()
        (start,) = _OFFSET.unpack(file.read())
        file.seek(start)
        head = msgspec.msgpack.decode(_unpacked(file.read(end - start)), type=_Head)
    return ReadDocument(head.pages, head.blocks, KeptWords(path, head))


def only_pages(document: ReadDocument, numbers: Sequence[int]) -> ReadDocument:
    """The document as if it had these pages only (numbers in the source document)."""
    wanted = frozenset(numbers)
    return ReadDocument(
        pages=tuple(page for page in document.pages if page.number in wanted),
        blocks=tuple(block for block in document.blocks if block.page in wanted),
        words=_Chosen(document.words, wanted),
    )


class KeptWords(Mapping[int, tuple[Word, ...]]):
    """The visible words of each page of a kept reading, in reading order; a page is read when it is asked for."""

    def __init__(self, path: Path, head: _Head) -> None:
        """Read nothing yet."""
        self._path = path
        self._pages = {page.number: page for page in head.pages}
        self._pieces = {number: piece for piece in head.pieces for number in piece.pages}
        self._blocks: dict[int, list[Block]] = {}
        for block in head.blocks:
            for part in block.fragments or (block,):
                self._blocks.setdefault(part.page, []).append(part)
        self._opened = functools.lru_cache(PIECES_AT_HAND)(self._open)

    def __getitem__(self, number: int) -> tuple[Word, ...]:
        """The words of one page; KeyError for a page that was not read."""
        return self._opened(self._pieces[number])[number]

    def __iter__(self) -> Iterator[int]:
        """The numbers of the pages that were read, ascending."""
        return iter(sorted(self._pieces))

    def __len__(self) -> int:
        """How many pages were read."""
        return len(self._pieces)

    def _open(self, piece: _Piece) -> dict[int, tuple[Word, ...]]:
        with self._path.open("rb") as file:
            file.seek(piece.offset)
            found = _words(file.read(piece.size))
        return {number: self._in_order(number, words) for number, words in found.items()}

    def _in_order(self, number: int, words: tuple[Word, ...]) -> tuple[Word, ...]:
        page = self._pages[number]
        seen = visible(Page(number, page.width, page.height, page.route, page.reason, words))
        return in_reading_order(seen, self._blocks.get(number, ()))


class _Chosen(Mapping[int, tuple[Word, ...]]):
    """Some pages of a document's words."""

    def __init__(self, words: Mapping[int, tuple[Word, ...]], wanted: frozenset[int]) -> None:
        self._words = words
        self._wanted = wanted

    def __getitem__(self, number: int) -> tuple[Word, ...]:
        if number not in self._wanted:
            raise KeyError(number)
        return self._words[number]

    def __iter__(self) -> Iterator[int]:
        return (number for number in self._words if number in self._wanted)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def in_reading_order(words: Sequence[Word], blocks: Sequence[Block]) -> tuple[Word, ...]:
    """The words of a page block by block, in each from line to line; those in no block come last."""
    groups: list[list[Word]] = [[] for _ in range(len(blocks) + 1)]
    for word in words:
        at = (place for place, block in enumerate(blocks) if block.box.holds_center_of(word.box))
        groups[next(at, -1)].append(word)
    return tuple(chain.from_iterable(row for group in groups for row in baselines(group)))


def _copy_words(reading: Path, out: BinaryIO) -> None:
    """Write the words of a reading as they are packed; those of a former one packed anew."""
    if _former(reading):
        out.write(_packed(reading_words(reading)))
        return
    with reading.open("rb") as file:
        file.seek(_words_at(reading))
        shutil.copyfileobj(file, out)


def _former(path: Path) -> tuple[_FormerPage, ...] | None:
    """The pages of a reading that a worker of version 0.1 has left to be put together; None for today's form."""
    with path.open("rb") as file:
        if file.read(len(ZSTANDARD)) != ZSTANDARD:
            return None
    return msgspec.msgpack.decode(_unpacked(path.read_bytes()), type=_FormerReading).pages


def _word_of(text: RecognisedText) -> Word:
    return Word(text.text, text.box, text.box.height, rotation=text.rotation or 0, confidence=text.confidence)


def _words_at(path: Path) -> int:
    with path.open("rb") as file:
        return _OFFSET.size + _OFFSET.unpack(file.read(_OFFSET.size))[0]


def _words(packed: bytes) -> dict[int, tuple[Word, ...]]:
    return msgspec.msgpack.decode(_unpacked(packed), type=dict[int, tuple[Word, ...]])


def _packed(value: object) -> bytes:
    return zstandard.ZstdCompressor(level=COMPRESSION).compress(msgspec.msgpack.encode(value))


def _unpacked(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed)
