"""Damaged PDF files made readable, once, before anything else looks at them. File in, repaired copy out.

qpdf rebuilds the cross-reference table and drops what it cannot parse; that brings back about a third of the
files that pdfium refuses. Reads no page.
"""

from pathlib import Path

import pikepdf

from recto.errors import DocumentCorrupt, DocumentEmpty, DocumentLocked

_DAMAGED = "The PDF is damaged and could not be repaired. Export or scan the document again."


def repaired(path: Path, password: str | None, scratch: Path) -> Path:
    """A rebuilt copy without encryption in the scratch folder.

    Raises DocumentEmpty when an undamaged file has no pages, DocumentLocked when it needs another password, and
    DocumentCorrupt when nothing can be done.
    """
    target = scratch / "repaired.pdf"
    try:
        with pikepdf.open(path, password=password or "", suppress_warnings=True) as document:
            if len(document.pages) == 0:
                if document.get_warnings():
                    raise DocumentCorrupt(_DAMAGED)
                raise DocumentEmpty("The document is empty: the PDF has no pages.")
            document.save(target)
    except pikepdf.PasswordError as error:
        state = "is wrong" if password else "is missing"
        raise DocumentLocked(
            f"The document is protected and its password {state}: pass the right one as settings.document_password."
        ) from error
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, OSError, ValueError, RuntimeError) as error:
        raise DocumentCorrupt(_DAMAGED) from error
    return target


def is_locked(path: Path) -> bool:
    """Whether the file asks for a password; False for one that cannot be opened for another reason."""
    try:
        with pikepdf.open(path, suppress_warnings=True):
            return False
    except pikepdf.PasswordError:
        return True
    except (pikepdf.PdfError, OSError, ValueError, RuntimeError):
        return False
