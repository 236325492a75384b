"""Pages that a range leaves to recognition: what is sound in their text layer stands."""

import pytest

from documents import pdfs
from recto.document.options import ParseOptions, ReadOptions
from recto.intake.filetype import detect
from recto.results.parse import Document, assemble, recognise_range


def recognised(folder, content: bytes, options: ParseOptions):
    path = folder / "document.pdf"
    path.write_bytes(content)
    document = Document(path, detect(path))
    recognise_range(document, [1], options, folder / "out")
    return assemble([folder / "out"], options, [1], ())


def text_of(result) -> str:
    return " ".join(block.text for chunk in result.chunks for block in chunk.blocks)


def test_a_page_with_a_few_broken_words_keeps_its_text_layer(tmp_path):
    result = recognised(tmp_path, pdfs.unmapped_ligature_pdf(lines=2), ParseOptions())
    (page,) = result.pages
    assert "letters without Unicode in 4 words read by" in page.reason
    assert text_of(result).count("defined") == 2


def test_a_stamp_over_a_scan_stands(tmp_path):
    result = recognised(tmp_path, pdfs.stamped_scan_pdf("Kopie-7"), ParseOptions())
    assert "Kopie-7" in text_of(result)
    assert "Delivery" in text_of(result)


@pytest.mark.parametrize("mode", ["ocr", "hybrid"])
def test_a_sound_page_is_recognised_whole_when_asked_or_after_reading_failed(tmp_path, mode):
    options = ParseOptions(read=ReadOptions(extraction_mode=mode))
    (page,) = recognised(tmp_path, pdfs.report_pdf(), options).pages
    assert page.reason.startswith("extraction_mode ocr was asked for; read by")
