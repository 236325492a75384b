"""`recto parse`: a file in, Markdown, JSON or pictures out, without a server."""

import json

import pytest
from PIL import Image

from documents.images import sideways_png
from documents.pdfs import empty_pdf, locked_pdf, pages_pdf, report_pdf, truncated_pdf
from recto.cli.parsing import page_spans
from recto.document.options import PageSpan
from recto.errors import InvalidPageRange


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(report_pdf())
    return path


def test_markdown_is_the_default(recto, report):
    ended = recto("parse", report)
    assert ended.code == 0, ended.err
    assert ended.err == ""
    assert any(line.startswith("# ") for line in ended.out.splitlines())
    assert recto("parse", report, "--markdown").out == ended.out


def test_json_is_the_whole_result(recto, report):
    result = json.loads(recto("parse", report, "--json").out)
    assert result["type"] == "full"
    blocks = [block for chunk in result["chunks"] for block in chunk["blocks"]]
    assert {block["bbox"]["page"] for block in blocks} == {1, 2}
    for block in blocks:
        assert 0 <= block["bbox"]["left"] <= 1
        assert block["bbox"]["width"] > 0
    assert "Table" in {block["type"] for block in blocks}


def test_pages_chooses_pages(recto, tmp_path):
    path = tmp_path / "five.pdf"
    path.write_bytes(pages_pdf(5))
    result = json.loads(recto("parse", path, "--json", "--pages", "2-3,5").out)
    pages = {block["bbox"]["original_page"] for chunk in result["chunks"] for block in chunk["blocks"]}
    assert pages == {2, 3, 5}


def test_draw_writes_a_picture_of_every_page(recto, report, tmp_path):
    folder = tmp_path / "drawn" / "here"
    assert recto("parse", report, "--draw", folder, "--dpi", "50").code == 0
    pictures = sorted(folder.iterdir())
    assert [picture.name for picture in pictures] == ["page-0001.png", "page-0002.png"]
    with Image.open(pictures[0]) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
        assert image.width < 500
    # Black text on white has no saturated colour; the boxes do.
    assert any(max(colour) - min(colour) > 100 for colour in colours)


def test_steps_adds_a_picture_of_every_step(recto, report, tmp_path):
    folder = tmp_path / "drawn"
    ended = recto("parse", report, "--draw", folder, "--steps", "--dpi", "50", "--pages", "2")
    assert ended.code == 0, ended.err
    names = ["1-words", "2-drawings", "3-lines", "4-cells", "5-blocks"]
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        ["page-0002.png", *(f"page-0002-{name}.png" for name in names)]
    )
    assert len({one.read_bytes() for one in folder.iterdir()}) == 6


def test_a_sideways_scan_is_drawn_as_it_is_read(recto, tmp_path):
    path, folder = tmp_path / "sideways.png", tmp_path / "drawn"
    path.write_bytes(sideways_png(90))
    assert recto("parse", path, "--draw", folder, "--steps", "--dpi", "40").code == 0
    with (
        Image.open(folder / "page-0001.png") as blocks,
        Image.open(folder / "page-0001-1-words.png") as words,
    ):
        assert blocks.width < blocks.height
        assert words.width == blocks.width


def test_steps_without_a_folder_is_refused(recto, report):
    ended = recto("parse", report, "--steps")
    assert ended.code == 2
    assert "--draw" in ended.err


def test_a_protected_file_opens_with_its_password_only(recto, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked_pdf("secret"))
    for words in ((), ("--password", "wrong")):
        ended = recto("parse", path, *words)
        assert ended.code == 1
        assert ended.out == ""
        assert len(ended.err.splitlines()) == 1
        assert "password" in ended.err
    assert recto("parse", path, "--password", "secret").code == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.pdf", b"", "empty"),
        ("no-pages.pdf", empty_pdf(), "page"),
        ("noise.pdf", b"\x00\x01\x02 nothing \xff" * 50, ""),
        ("cut.pdf", truncated_pdf(0.02), ""),
    ],
)
def test_what_is_no_document_is_told_in_one_line(recto, tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    ended = recto("parse", path)
    assert ended.code == 1
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1, ended.err
    assert told in ended.err.lower()


def test_a_file_without_pages_is_not_called_locked_after_one_that_was(recto, tmp_path):
    # pdfium sets no error of its own for such a file, so the error of the file before it shines through.
    locked, empty = tmp_path / "locked.pdf", tmp_path / "empty.pdf"
    locked.write_bytes(locked_pdf("secret"))
    empty.write_bytes(empty_pdf())
    assert "password" in recto("parse", locked).err
    assert "no pages" in recto("parse", empty).err


def test_pages_beyond_the_document_are_refused(recto, report):
    ended = recto("parse", report, "--pages", "7")
    assert ended.code == 1
    assert "the document has 2 pages" in ended.err


@pytest.mark.parametrize("words", [("--json", "--markdown"), ("--dpi", "5"), ("--colour", "red")])
def test_words_that_make_no_sense_end_with_code_2(recto, report, words):
    ended = recto("parse", report, *words)
    assert ended.code == 2
    assert ended.out == ""


def test_a_file_that_is_not_there_is_named(recto, tmp_path):
    ended = recto("parse", tmp_path / "nothing.pdf")
    assert ended.code == 2
    assert "nothing.pdf" in ended.err.replace("\n", "").replace("│", "").replace(" ", "")


def test_page_spans():
    assert page_spans("") == ()
    assert page_spans(" 2-4, 9 ,") == (PageSpan(2, 4), PageSpan(9, 9))
    for wrong in ("a", "1-", "-3", "1-2-3", "1.5"):
        with pytest.raises(InvalidPageRange, match="write pages like 1-3,7"):
            page_spans(wrong)


def test_a_real_process_prints_the_same(recto, recto_process, report):
    assert recto_process("parse", report).out == recto("parse", report).out
