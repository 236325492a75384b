from pathlib import Path

import pytest
from PIL import Image

from documents.images import claimed_png, text_image, text_jpeg, text_png, text_tiff
from documents.pdfs import pages_pdf
from recto.errors import DocumentEmpty, DocumentUnsupported
from recto.intake.filetype import FileType, detect, is_text


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_pdf_by_its_header_even_after_junk(tmp_path):
    plain = written(tmp_path, "a.pdf", pages_pdf(1))
    late = written(tmp_path, "b.pdf", b"\r\n" * 400 + pages_pdf(1))
    assert detect(plain) == detect(late) == FileType("pdf", "pdf", "application/pdf")


def test_pdf_header_beyond_the_first_kilobyte_does_not_count(tmp_path):
    path = written(tmp_path, "notes.txt", b"word " * 300 + b"%PDF-1.7")
    assert detect(path).kind == "text"


@pytest.mark.parametrize(
    ("content", "extension"),
    [(text_png(), "png"), (text_jpeg(), "jpg"), (text_tiff(), "tiff"), (claimed_png(), "png")],
)
def test_images_by_signature(tmp_path, content, extension):
    found = detect(written(tmp_path, "x", content))
    assert (found.kind, found.extension) == ("image", extension)


@pytest.mark.parametrize(
    ("pillow", "extension"),
    [("GIF", "gif"), ("BMP", "bmp"), ("WEBP", "webp"), ("PPM", "pgm"), ("PCX", "pcx"), ("PNG", "png")],
)
def test_every_common_format_that_pillow_writes(tmp_path, pillow, extension):
    path = tmp_path / "picture"
    text_image(dpi=50).save(path, pillow)
    assert detect(path).extension == extension


def test_content_beats_a_wrong_name(tmp_path):
    assert detect(written(tmp_path, "scan.pdf", text_png())).extension == "png"
    assert detect(written(tmp_path, "report.png", pages_pdf(1))).kind == "pdf"


def test_name_given_by_the_caller_counts_not_the_one_on_disk(tmp_path):
    path = written(tmp_path, "upload-1", b"a;b\n1;2\n")
    assert detect(path, "table.csv") == FileType("text", "csv", "text/csv")


def test_force_extension_wins_over_content(tmp_path):
    path = written(tmp_path, "x.pdf", pages_pdf(1))
    assert detect(path, force_extension=".PNG").kind == "image"
    assert detect(path, force_extension="md").kind == "text"


def test_force_extension_that_nobody_reads_is_refused_with_its_value(tmp_path):
    path = written(tmp_path, "x.pdf", pages_pdf(1))
    with pytest.raises(DocumentUnsupported, match=r"\.docx.*PDF"):
        detect(path, force_extension=".docx")


def test_empty_file(tmp_path):
    with pytest.raises(DocumentEmpty, match="0 bytes"):
        detect(written(tmp_path, "x.pdf", b""))


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + b"\x00" * 60, b"MZ" + b"\x00\x01" * 400, b"\x7fELF" + b"\x00" * 400]
)
def test_binary_files_are_refused_even_under_a_text_name(tmp_path, content):
    with pytest.raises(DocumentUnsupported, match="This server reads PDF"):
        detect(written(tmp_path, "x.txt", content))


def test_text_is_found_without_a_name(tmp_path):
    sentences = b"The harbour master wrote a long letter about the weather.\nHe sent it on Monday.\n" * 5
    assert detect(written(tmp_path, "upload", sentences)).kind == "text"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"plain", True),
        ("Größe".encode(), True),
        ("Größe der Kähne".encode("cp1252"), True),
        ("words".encode("utf-16"), True),
        (b"nul \x00 byte", False),
        (bytes(range(128, 256)), False),
        (b"a" * 65_535 + "é".encode()[:1], True),
    ],
)
def test_is_text(content, expected):
    assert is_text(content) is expected


def test_a_rare_picture_is_a_picture(tmp_path):
    Image.new("RGB", (40, 30), "white").save(tmp_path / "x", "TIFF")
    assert detect(tmp_path / "x").mime == "image/tiff"
