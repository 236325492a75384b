"""PDF files made to harm a reader: loops where trees should be, numbers without measure, streams that swell."""

import zlib

from documents.pdfs import raw_pdf, self_referencing_form_pdf

BILLION = 1_000_000_000
CATALOG = "<< /Type /Catalog /Pages 2 0 R >>"
TREE = "<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
LEAF = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"


def endless_tree_pdf() -> bytes:
    """A page tree whose only branch is itself."""
    return raw_pdf([CATALOG, "<< /Type /Pages /Count 1 /Kids [2 0 R] >>"])


def circular_tree_pdf() -> bytes:
    """Two branches of a page tree that hold each other."""
    return raw_pdf(
        [
            CATALOG,
            "<< /Type /Pages /Count 2 /Kids [3 0 R] >>",
            "<< /Type /Pages /Parent 2 0 R /Count 2 /Kids [2 0 R 3 0 R] >>",
        ]
    )


def claimed_pages_pdf() -> bytes:
    """A page tree that says it has 10^9 pages, and has one."""
    return raw_pdf([CATALOG, f"<< /Type /Pages /Count {BILLION} /Kids [3 0 R] >>", LEAF])


def claimed_objects_pdf() -> bytes:
    """A file that says it has 10^9 objects, in its trailer and in its cross-reference table."""
    true = raw_pdf([CATALOG, TREE, LEAF])
    return true.replace(b"/Size 4 ", b"/Size %d " % BILLION).replace(
        b"xref\n0 4\n", b"xref\n0 %d\n" % BILLION
    )


def claimed_object_stream_pdf() -> bytes:
    """An object stream that says it holds 10^9 objects."""
    stream = f"<< /Type /ObjStm /N {BILLION} /First 10 /Length 4 >>\nstream\n1 0 \nendstream"
    return raw_pdf([CATALOG, TREE, LEAF, stream])


def endless_sheet_pdf() -> bytes:
    """A page of 10^9 points a side, with a dot on it."""
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {BILLION} {BILLION}] /Contents 4 0 R >>"
    return raw_pdf([CATALOG, TREE, page, "<< /Length 12 >>\nstream\n0 0 9 9 re f\nendstream"])


def picture_bomb_pdf(width: int = 20_000, height: int = 20_000) -> bytes:
    """A picture over the whole page that is a thousand times larger unpacked than in the file."""
    packed = zlib.compress(bytes(width) * height, 1)
    picture = f"/Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return raw_pdf(
        [
            CATALOG,
            TREE,
            LEAF[:-2] + "/Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
            "<< /Length 27 >>\nstream\n612 0 0 792 0 0 cm /X Do  \nendstream",
            f"<< /Type /XObject {picture} {_flate(packed)}",
        ]
    )


def content_bomb_pdf(states: int = 20_000_000) -> bytes:
    """A page that saves its graphics state so many times: some 40 KB in the file, gigabytes in a reader."""
    packed = zlib.compress(b"q " * states)
    return raw_pdf([CATALOG, TREE, LEAF[:-2] + "/Contents 4 0 R >>", f"<< {_flate(packed)}"])


HARMLESS = {
    "a page of 10^9 points": endless_sheet_pdf,
    "10^9 pages claimed": claimed_pages_pdf,
    "10^9 objects claimed": claimed_objects_pdf,
    "10^9 objects in a stream": claimed_object_stream_pdf,
    "a form that draws itself": self_referencing_form_pdf,
    "a picture of 400 megapixels": picture_bomb_pdf,
}
"""One page each, which can be read: nothing of what the file claims is believed."""

HOPELESS = {
    "a page tree that is its own branch": endless_tree_pdf,
    "branches that hold each other": circular_tree_pdf,
}
"""No page can be reached."""


def _flate(packed: bytes) -> str:
    return f"/Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed.decode('latin-1')}\nendstream"
