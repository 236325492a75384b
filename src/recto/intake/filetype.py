"""What kind of file came in, from its content first and its name second. Reads the head of the file only.

In: a path and what the caller called the file. Out: a `FileType` that `pages` can read, or an error that says
what the file is instead. Opens no document: a PDF named here may still be damaged or locked.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recto.errors import DocumentEmpty, DocumentUnsupported

if TYPE_CHECKING:
    from magika import Magika

Kind = Literal["pdf", "image", "text"]

IMAGE_MIMES = {
    "png": "image/png",
    "apng": "image/apng",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "ppm": "image/x-portable-pixmap",
    "pgm": "image/x-portable-graymap",
    "pbm": "image/x-portable-bitmap",
    "psd": "image/vnd.adobe.photoshop",
    "pcx": "image/x-pcx",
    "dcx": "image/x-dcx",
    "cur": "image/x-icon",
    "ftex": "image/x-ftex",
    "pxr": "image/x-pixar",
}
"""Extension to MIME type of the pictures that can be read; the first extension of a MIME type is its own."""

TEXT_MIMES = {
    "txt": "text/plain",
    "text": "text/plain",
    "log": "text/plain",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
READABLE = "PDF, images (PNG, JPEG, TIFF, GIF, BMP, WebP, PSD, PCX, PPM) and plain text (TXT, MD, CSV, TSV)"
"""What a message names as the choice."""

PDF_HEADER_WITHIN = 1024  # bytes: readers accept junk before the header (PDF 1.7, implementation note 13)
_HEAD = 65_536  # bytes looked at to tell text from the rest

_IMAGE_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"8BPS", "psd"),
    (b"\x80\xe8\x00\x00", "pxr"),
    (b"FTEX", "ftex"),
    (b"\xb1\x68\xde\x3a", "dcx"),
    (b"\x00\x00\x02\x00", "cur"),
)
_PORTABLE_MAPS = {b"P1": "pbm", b"P2": "pgm", b"P3": "ppm", b"P4": "pbm", b"P5": "pgm", b"P6": "ppm"}
_BMP_HEADERS = frozenset(bytes((size,)) for size in (12, 40, 52, 56, 64, 108, 124))  # of its second header
_PCX_HEADER, _PCX_VERSIONS, _PCX_BITS = 128, (0, 2, 3, 4, 5), (1, 2, 4, 8)
ASCII_SHARE = 0.7  # of the bytes of 8-bit Western text: accents are the smaller part (a guess)
_LAST_ASCII = 0x7F
_RECOGNISED = {  # labels of the content model that are ours to read
    "pdf": "pdf", "png": "png", "jpeg": "jpg", "gif": "gif", "bmp": "bmp", "tiff": "tiff", "webp": "webp",
    "txt": "txt", "markdown": "md", "csv": "csv", "tsv": "tsv",
}  # fmt: skip
_TEXT_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\r\f\x1b")


@dataclass(frozen=True, slots=True)
class FileType:
    """kind says which reader; extension is lower case without a dot."""

    kind: Kind
    extension: str
    mime: str


def detect(path: Path, name: str | None = None, force_extension: str | None = None) -> FileType:
    """The type of a file.

    `name` is what the caller called it (the path's own name otherwise). `force_extension` (".png" or "png") wins
    over everything. Raises DocumentEmpty for a file without bytes and DocumentUnsupported for a type that cannot
    be read, naming it.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise DocumentEmpty("The document is empty: the file has 0 bytes. Send the file again.")
    if force_extension is not None:
        return _forced(force_extension)
    extension = Path(name or path.name).suffix.lower().lstrip(".")
    found = _by_signature(head) or (extension if extension in TEXT_MIMES and is_text(head) else None)
    if found is None:
        found = _by_content(path, head)
    file_type = _file_type(found)
    if file_type.kind == "text" and extension in TEXT_MIMES:
        return _file_type(extension)
    return file_type


def is_text(head: bytes) -> bool:
    """Whether bytes from the start of a file are text in UTF-8, UTF-16 with a mark, or an 8-bit encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return b"\x00\x00\x00" not in head
    if not _TEXT_CONTROLS.isdisjoint(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = len(head) == _HEAD and error.start >= len(head) - 3  # inside a character
        return cut_off or sum(byte <= _LAST_ASCII for byte in head) > ASCII_SHARE * len(head)
    return True


def _forced(extension: str) -> FileType:
    wanted = extension.strip().lower().lstrip(".")
    if wanted != "pdf" and wanted not in IMAGE_MIMES and wanted not in TEXT_MIMES:
        raise DocumentUnsupported(
            f"force_file_extension is {extension!r}, but this server reads only {READABLE}."
        )
    return _file_type(wanted)


def _file_type(extension: str) -> FileType:
    if extension == "pdf":
        return FileType("pdf", "pdf", "application/pdf")
    if extension in IMAGE_MIMES:
        return FileType("image", extension, IMAGE_MIMES[extension])
    return FileType("text", extension, TEXT_MIMES[extension])


def _by_signature(head: bytes) -> str | None:
    for start, extension in _IMAGE_STARTS:
        if head.startswith(start):
            return extension
    if b"%PDF-" in head[: PDF_HEADER_WITHIN + 5]:
        return "pdf"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] in _PORTABLE_MAPS and head[2:3].isspace():
        return _PORTABLE_MAPS[head[:2]]
    return _by_weak_signature(head)


def _by_weak_signature(head: bytes) -> str | None:
    # One or two bytes are not enough: the fields after them must make sense too.
    if head.startswith(b"BM") and head[14:15] in _BMP_HEADERS:
        return "bmp"
    if head.startswith(b"\n") and len(head) > _PCX_HEADER:
        version, encoding, bits = head[1:4]
        if version in _PCX_VERSIONS and encoding == 1 and bits in _PCX_BITS:
            return "pcx"
    return None


def _by_content(path: Path, head: bytes) -> str:
    guess = _model().identify_path(path).output
    extension = _RECOGNISED.get(guess.label)
    if extension is not None and extension in TEXT_MIMES and not is_text(head):
        extension = None
    if extension is None:
        what = f"{guess.description} ({guess.label})" if guess.label != "unknown" else "of an unknown type"
        raise DocumentUnsupported(f"The file is {what}. This server reads {READABLE}.")
    return extension


@cache
def _model() -> "Magika":
    from magika import Magika  # noqa: PLC0415 - half a second and 80 MB: only when a signature was not enough

    return Magika()
