from pathlib import Path

import pytest
from PIL import Image

from documents.pdfs import report_pdf
from recto.document.options import ParseOptions, ReadOptions
from recto.intake.filetype import FileType
from recto.results.parse import Document, assemble, read_range
from recto.results.pictures import FOLDER, MARGIN_PT, PICTURE_DPI

PDF = FileType(kind="pdf", extension=".pdf", mime="application/pdf")
SCALE = PICTURE_DPI / 72


def read_with(folder: Path, *images):
    path = folder / "document.pdf"
    path.write_bytes(report_pdf())
    options = ParseOptions(read=ReadOptions(images=images))
    read_range(Document(path, PDF), [1, 2], options, folder / "reading")
    return assemble([folder / "reading"], options, [1, 2], ())


def saved(folder: Path) -> set[str]:
    return {path.name for path in (folder / FOLDER).glob("*")}


def test_a_table_has_its_picture_cut_out_of_the_page(tmp_path):
    result = read_with(tmp_path, "table")
    (table,) = [block for block in result.chunks[0].blocks if block.type == "Table"]
    assert saved(tmp_path) == {table.image}
    assert all(not block.image for block in result.chunks[0].blocks if block is not table)
    assert all(not page.image for page in result.pages)
    with Image.open(tmp_path / FOLDER / table.image) as picture:
        assert picture.width == pytest.approx((table.box.width + 2 * MARGIN_PT) * SCALE, abs=2)
        assert picture.height == pytest.approx((table.box.height + 2 * MARGIN_PT) * SCALE, abs=2)
        # The frame of the table is drawn all around, MARGIN_PT from the edge.
        row = [sum(picture.getpixel((picture.width // 2, y))) for y in range(int(2 * MARGIN_PT * SCALE))]
        assert min(row) < 300 < max(row)


def test_whole_pages(tmp_path):
    result = read_with(tmp_path, "page")
    assert [page.image for page in result.pages] == ["1.png", "2.png"]
    assert saved(tmp_path) == {"1.png", "2.png"}
    with Image.open(tmp_path / FOLDER / "1.png") as picture:
        assert picture.size == (pytest.approx(1275, abs=1), pytest.approx(1650, abs=1))


def test_nothing_is_drawn_unless_it_is_asked_for(tmp_path):
    read_with(tmp_path)
    assert not (tmp_path / FOLDER).exists()
    read_with(tmp_path, "figure")  # the report has none
    assert not (tmp_path / FOLDER).exists()
