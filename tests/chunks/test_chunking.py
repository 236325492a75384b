import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import TABLE_ROWS, block, table_of
from recto.chunks.chunking import chunk_blocks
from recto.document.options import ChunkOptions, FormatOptions

MODES = ("disabled", "variable", "section", "page", "block", "page_sections")
SIZES = {1: (595.0, 842.0), 2: (595.0, 842.0)}

DOCUMENT = (
    block("Rivers", "Title", 1, 70, level=1),
    block("About water.", page_number=1, y=100),
    block("Floods", "Section Header", 1, 130, level=2),
    block("rope", "List Item", 1, 160, marker="1."),
    block("boat", "List Item", 1, 175, marker="2."),
    block("Water rises.", page_number=2, y=70),
    block("Ice", "Section Header", 2, 100, level=2),
    block("t", "Table", 2, 130, table=table_of(TABLE_ROWS)),
    block("2", "Page Number", 2, 800),
)


def chunked(blocks=DOCUMENT, mode="disabled", size=None, overlap=0, **formats):
    return chunk_blocks(blocks, ChunkOptions(mode, size, overlap), FormatOptions(**formats), SIZES)


def groups(mode, **how):
    return [[b.text for b in chunk.blocks] for chunk in chunked(mode=mode, **how)]


def test_disabled_is_one_chunk_of_the_whole_document():
    (chunk,) = chunked(DOCUMENT[:6])
    assert chunk.content == "# Rivers\n\nAbout water.\n\n## Floods\n\n1. rope\n2. boat\n\nWater rises."
    assert chunk.embed == chunk.content
    assert chunk.contents[3] == "1. rope"


def test_block_page_section_and_both():
    assert groups("block") == [[b.text] for b in DOCUMENT]
    assert [len(group) for group in groups("page")] == [5, 4]
    assert [group[0] for group in groups("section")] == ["Rivers", "Floods", "Ice"]
    assert [group[0] for group in groups("page_sections")] == ["Rivers", "Floods", "Water rises.", "Ice"]


def test_filtered_types_leave_content_and_embed_but_not_blocks():
    (chunk,) = chunked(filter_blocks=("Page Number", "Table"))
    assert not chunk.content.endswith("2")
    assert "Bergen" not in chunk.embed
    assert len(chunk.blocks) == len(DOCUMENT)
    assert "Bergen" in chunk.contents[7]


def test_page_markers_stand_in_content_only():
    first, second = chunked(mode="page", page_markers=True)
    assert first.content.startswith("[[PAGE 1 BEGINS HERE]]\n\n# Rivers")
    assert first.content.endswith("2. boat\n\n[[PAGE 1 ENDS HERE]]")
    assert second.content.startswith("[[PAGE 2 BEGINS HERE]]")
    assert len(first.blocks) == 5


def test_overlap_repeats_the_end_of_the_chunk_before():
    chunks = chunked(mode="section", overlap=8)
    assert chunks[0].content.startswith("# Rivers")
    assert chunks[1].content.startswith("water.\n## Floods")
    assert chunks[1].blocks[0].text == "Floods"


def test_embedding_optimised_tables_are_sentences_in_embed_only():
    chunk = chunked(mode="section", embedding_optimized=True)[2]
    assert "Station: Oslo; January: 54.2" in chunk.embed
    assert "| Oslo |" in chunk.content


def test_a_document_without_blocks():
    assert [chunk.content for chunk in chunked(())] == [""]
    assert all(chunked((), mode=mode) == () for mode in MODES if mode != "disabled")


def prose(count, letters=200, start=0):
    return [block("x" * letters, y=100 + 20 * i, page_number=1 + (start + i) // 30) for i in range(count)]


def test_variable_chunks_lie_in_the_window():
    chunks = chunked(prose(40), mode="variable", size=1000)
    lengths = [len(chunk.content) for chunk in chunks]
    assert all(750 <= length <= 1250 for length in lengths[:-1])
    assert lengths[-1] <= 1250


def test_variable_without_a_size_keeps_the_hard_bounds():
    lengths = [len(chunk.content) for chunk in chunked(prose(40), mode="variable")]
    assert all(250 <= length <= 1500 for length in lengths)


def test_variable_keeps_headings_lists_and_captions_together():
    blocks = [
        *prose(5),
        block("Heading", "Section Header", y=210, level=2),
        *prose(1, 900, 6),
        block("figure", "Figure", y=260),
        block("Figure 2. A boat", y=280),
        *(block("item " * 20, "List Item", y=300 + 15 * i, marker="-") for i in range(12)),
    ]
    for chunk in chunked(blocks, mode="variable", size=600):
        kinds = [b.type for b in chunk.blocks]
        assert kinds[-1] != "Section Header"
        if "Figure" in kinds:
            assert chunk.blocks[kinds.index("Figure") + 1].text == "Figure 2. A boat"
    with_items = [
        c for c in chunked(blocks, mode="variable", size=600) if any(b.type == "List Item" for b in c.blocks)
    ]
    assert len(with_items) == 1


def test_variable_splits_at_the_widest_gap_near_the_target():
    blocks = [block("x" * 300, y=y) for y in (100, 115, 130, 190, 205, 220)]
    assert [len(chunk.blocks) for chunk in chunked(blocks, mode="variable", size=1000)] == [3, 3]


KINDS = st.sampled_from(["Text", "Title", "Section Header", "List Item", "Header", "Figure"])
BLOCKS = st.lists(st.tuples(KINDS, st.integers(1, 3), st.integers(1, 400)), max_size=25).map(
    lambda parts: [
        block(f"b{i:03}" + "y" * letters, kind, page, 50 + 20 * i, level=2 if kind == "Section Header" else 0)
        for i, (kind, page, letters) in enumerate(sorted(parts, key=lambda part: part[1]))
    ]
)


@pytest.mark.parametrize("mode", MODES)
@given(blocks=BLOCKS, size=st.one_of(st.none(), st.integers(50, 2000)))
def test_no_block_is_lost_or_doubled_in_any_mode(mode, blocks, size):
    chunks = chunked(blocks, mode=mode, size=size)
    assert [b for chunk in chunks for b in chunk.blocks] == blocks
    joined = "".join(chunk.content for chunk in chunks)
    assert "".join(joined.split()) == "".join(
        "".join(text.split()) for chunk in chunks for text in chunk.contents
    )
    for found in blocks:
        assert joined.count(found.text) == 1


def test_a_long_section_without_headings_is_cut_in_no_time():
    start = time.process_time()
    chunks = chunked(prose(9000, 150), mode="variable")
    assert time.process_time() - start < 3
    assert all(len(chunk.content) <= 1500 for chunk in chunks)
