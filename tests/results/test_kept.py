"""What a parse keeps for later steps: its blocks and pages, and each page's visible words in reading order."""

import dataclasses
import tracemalloc
from pathlib import Path

import msgspec
import pytest
import zstandard

from documents.pdfs import report_pdf
from recto.document.block import Block, PageLayout
from recto.document.geometry import Box
from recto.document.options import ParseOptions
from recto.document.page import Word
from recto.document.result import PageInfo, RecognisedText
from recto.errors import Internal
from recto.intake.filetype import detect
from recto.results import kept
from recto.results.kept import (
    PageReading,
    in_reading_order,
    keep,
    load,
    only_pages,
    reading_pages,
    write_reading,
)
from recto.results.parse import Document, parse_file


def word(text, x, y, **more):
    return Word(text, Box(x, y, x + 6 * len(text), y + 10), 10.0, **more)


def layout(number):
    return PageLayout(
        number, 600, 800, "digital", "text layer", (Block("Text", number, Box(0, 0, 1, 1), "t"),)
    )


def info(number):
    return PageInfo(number, number, 600, 800, "digital", "text layer")


def write(folder, name, words):
    """A reading with these words by page."""
    path = folder / name
    write_reading(path, [PageReading(layout(number)) for number in words], words)
    return path


@pytest.fixture
def two_ranges(tmp_path):
    """A kept reading of pages 1, 2 and 5, read in two ranges."""
    first = {1: (word("b", 90, 10), word("a", 10, 10)), 2: (word("gone", 10, 10, hidden=True),)}
    second = {5: (word("five", 10, 10, confidence=0.5),)}
    readings = {write(tmp_path, "second", second): [5], write(tmp_path, "first", first): [1, 2]}
    blocks = [Block("Text", number, Box(0, 0, 600, 800), f"page {number}") for number in (1, 2, 5)]
    keep(tmp_path / "kept", readings, [info(1), info(2), info(5)], blocks)
    return tmp_path / "kept"


def test_words_come_back_by_page_without_the_hidden_ones(two_ranges):
    document = load(two_ranges)
    assert list(document.words) == [1, 2, 5]
    assert len(document.words) == 3
    assert {number: [one.text for one in words] for number, words in document.words.items()} == {
        1: ["a", "b"],
        2: [],
        5: ["five"],
    }
    assert document.words[5][0].confidence == 0.5
    assert [page.number for page in document.pages] == [1, 2, 5]
    assert [block.text for block in document.blocks] == ["page 1", "page 2", "page 5"]
    with pytest.raises(KeyError):
        document.words[3]


def test_only_some_pages(two_ranges):
    document = only_pages(load(two_ranges), [2, 5, 9])
    assert [page.number for page in document.pages] == [2, 5]
    assert [block.page for block in document.blocks] == [2, 5]
    assert list(document.words) == [2, 5]
    assert len(document.words) == 2
    assert document.words[5][0].text == "five"
    with pytest.raises(KeyError):
        document.words[1]


def test_reading_order_is_that_of_the_blocks_and_their_lines():
    left, right = Block("Text", 1, Box(0, 0, 100, 100), ""), Block("Text", 1, Box(100, 0, 200, 100), "")
    words = [
        word(text, *at) for text, at in {"r": (110, 5), "l2": (5, 30), "l1": (5, 5), "off": (300, 5)}.items()
    ]
    found = in_reading_order(words, [left, right])
    assert [one.text for one in found] == ["l1", "l2", "r", "off"]
    assert [one.text for one in in_reading_order(words, [right, left])] == ["r", "l1", "l2", "off"]


def test_a_real_parse_keeps_every_word_of_its_text(tmp_path):
    file = tmp_path / "report.pdf"
    file.write_bytes(report_pdf())
    document = Document(file, detect(file, file.name))
    result = parse_file(document, ParseOptions(), [1, 2], tmp_path, kept=tmp_path / "kept")
    found = load(tmp_path / "kept")
    assert found.pages == result.pages
    assert list(found.blocks) == [block for chunk in result.chunks for block in chunk.blocks]
    said = " ".join(one.text for words in found.words.values() for one in words).split()
    written = " ".join(block.text for block in found.blocks).split()
    assert sorted(said) == sorted(written)
    for block in found.blocks:
        if block.type == "Text":
            inside = [one.text for one in found.words[block.page] if block.box.holds_center_of(one.box)]
            assert inside == block.text.split()


def test_readings_are_the_same_for_a_parse_whatever_words_it_wants(tmp_path):
    path = write(tmp_path, "one", {1: (word("a", 1, 1),)})
    assert reading_pages(path) == (PageReading(layout(1)),)
    assert kept.reading_words(path) == {1: (word("a", 1, 1),)}


def test_a_reading_of_an_older_worker_is_put_together_too(tmp_path):
    """Units done before an upgrade are assembled after it."""
    text = RecognisedText("old", 4, Box(10, 10, 40, 20), 0.8, rotation=0)
    former = {"pages": [{"layout": layout(4), "words": [text], "lines": [text]}]}
    path = tmp_path / "former"
    path.write_bytes(zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(former)))
    assert reading_pages(path) == (PageReading(layout(4), (text,)),)
    keep(tmp_path / "kept", {path: [4]}, [info(4)], [])
    (word,) = load(tmp_path / "kept").words[4]
    assert (word.text, word.box, word.confidence) == ("old", text.box, 0.8)


def test_what_is_no_kept_reading_is_refused(tmp_path):
    (tmp_path / "old").write_bytes(b"RECTOKR0" + bytes(50))
    with pytest.raises(Internal, match="parse anew"):
        load(tmp_path / "old")


def test_a_long_document_is_never_in_memory_as_a_whole(tmp_path: Path):
    """Three thousand pages, of which only the pieces at hand are held."""
    line = tuple(word(f"w{place}", 10 + place % 40 * 14, 20 + place // 40 * 14) for place in range(60))
    readings = {
        write(tmp_path, f"r{at}", dict.fromkeys(range(at, at + 10), line)): range(at, at + 10)
        for at in range(1, 3001, 10)
    }
    keep(tmp_path / "kept", readings, [info(number) for number in range(1, 3001)], [])
    tracemalloc.start()
    try:
        document = load(tmp_path / "kept")
        assert sum(len(words) for words in document.words.values()) == 3000 * 60
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    whole = 3000 * 60 * 250  # bytes that so many words take at the least, with their boxes
    assert peak < whole / 3
    assert dataclasses.is_dataclass(document)
