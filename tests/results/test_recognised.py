"""Words and lines beside the result: placed in chunks, in page order, loaded anew whenever they are gone through."""

from hypothesis import given
from hypothesis import strategies as st

from documents.pdfs import pages_pdf
from recto.document.geometry import Box
from recto.document.options import ChunkOptions, ParseOptions, ReadOptions
from recto.document.result import RecognisedText
from recto.intake.filetype import detect
from recto.results.parse import Document, assemble, read_range
from recto.results.recognised import Placed

OPTIONS = ParseOptions(read=ReadOptions(ocr_data=True), chunks=ChunkOptions(mode="page"))


def read_files(folder, ranges):
    path = folder / "document.pdf"
    path.write_bytes(pages_pdf(6, words_per_page=8))
    document = Document(path, detect(path, path.name))
    files = []
    for place, pages in enumerate(ranges):
        files.append(folder / f"reading-{place}")
        read_range(document, pages, OPTIONS, files[-1])
    return files


def test_words_come_in_page_order_whatever_the_order_of_the_ranges(tmp_path):
    files = read_files(tmp_path, [(5, 6), (2,), (1, 3, 4)])  # as pages that were read by another route lie
    result = assemble(files, OPTIONS, range(1, 7), ())
    words = list(result.words)
    assert [word.page for word in words] == sorted(word.page for word in words)
    assert {word.page: word.chunk_index for word in words} == {page: page - 1 for page in range(1, 7)}
    assert [word.text for word in words if word.page == 2][:2] == ["Page", "2"]
    assert list(result.words) == words  # a second time as well
    assert next(iter(result.lines)).text == "Page 1"


def test_without_being_asked_for_there_are_none(tmp_path):
    result = assemble(read_files(tmp_path, [(1,)]), ParseOptions(), (1,), ())
    assert (result.words, result.lines) == (None, None)


@given(st.lists(st.integers(1, 9)))
def test_no_text_is_lost_or_doubled_and_none_is_loaded_before_it_is_needed(pages):
    loaded = []

    def load():
        for page in pages:
            loaded.append(page)
            yield RecognisedText("w", page, Box(0, 0, 1, 1))

    placed = iter(Placed(load, ()))
    for at, page in enumerate(pages, start=1):
        assert next(placed).page == page
        assert len(loaded) == at
    assert next(placed, None) is None
