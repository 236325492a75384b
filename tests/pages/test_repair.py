import pypdfium2
import pytest

from documents import pdfs
from recto.errors import DocumentCorrupt, DocumentEmpty, DocumentLocked
from recto.pages.repair import repaired


def written(folder, content: bytes):
    path = folder / "document.pdf"
    path.write_bytes(content)
    return path


def test_truncated_file_is_readable_again(tmp_path):
    path = written(tmp_path, pdfs.truncated_pdf())
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(path)
    with pypdfium2.PdfDocument(repaired(path, None, tmp_path)) as document:
        assert pdfs.REPORT_TITLE in document[0].get_textpage().get_text_range()


def test_no_pages(tmp_path):
    with pytest.raises(DocumentEmpty):
        repaired(written(tmp_path, pdfs.empty_pdf()), None, tmp_path)


def test_hopeless(tmp_path):
    with pytest.raises(DocumentCorrupt, match="Export or scan"):
        repaired(written(tmp_path, b"%PDF-1.4 nothing more"), None, tmp_path)


@pytest.mark.parametrize(("password", "state"), [(None, "missing"), ("x", "wrong")])
def test_locked(tmp_path, password, state):
    with pytest.raises(DocumentLocked, match=state):
        repaired(written(tmp_path, pdfs.locked_pdf()), password, tmp_path)


def test_copy_needs_no_password(tmp_path):
    copy = repaired(written(tmp_path, pdfs.locked_pdf("secret")), "secret", tmp_path)
    with pypdfium2.PdfDocument(copy) as document:
        assert len(document) == 1
