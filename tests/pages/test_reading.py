from collections.abc import Sequence

import pytest
from PIL import Image

from documents import images, pdfs
from recto.document.geometry import Box
from recto.document.page import SeenRegion, Word
from recto.errors import DocumentCorrupt, DocumentEmpty, DocumentLocked, DocumentTooLarge, ImageTooLarge
from recto.intake.filetype import detect
from recto.pages import reading
from recto.pages.ocr.both import default_reader


class Teller:
    """A reader that says the same words about every picture, and remembers the pictures."""

    name = "teller"

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = list(words)
        self.seen: list[tuple[tuple[int, int], float]] = []
        self.lines: list[Box] = []

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        self.seen.append((image.size, dpi))
        return self.words

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        self.lines += lines
        return [[word for word in self.words if line.holds_center_of(word.box)] for line in lines]


class Watcher:
    """A detector that sees one part on every picture, and remembers the pictures."""

    name = "watcher"
    part = SeenRegion(Box(10, 20, 30, 40), "text", 0.9)

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def detect(self, image: Image.Image, dpi: float) -> tuple[SeenRegion, ...]:
        self.seen.append((round(image.width * 72 / dpi), round(image.height * 72 / dpi)))
        return (self.part,)


def written(folder, content: bytes, name: str = "document"):
    path = folder / name
    path.write_bytes(content)
    return path, detect(path)


def inspected(folder, content: bytes, password: str | None = None, name: str = "document"):
    path, file_type = written(folder, content, name)
    return reading.inspect(path, file_type, password, folder)


def test_a_page_tree_that_promises_more_pages_than_it_has_is_rebuilt(tmp_path):
    whole = pdfs.pages_pdf(2)
    assert inspected(tmp_path, whole).readable is None
    found = inspected(tmp_path, whole.replace(b"/Count 2", b"/Count 5"))
    assert found.readable is not None
    assert found.pages == 2


def test_inspect_counts_pages_of_each_kind(tmp_path):
    assert inspected(tmp_path, pdfs.pages_pdf(7)).pages == 7
    assert inspected(tmp_path, images.text_tiff()).pages == 2
    assert inspected(tmp_path, images.text_png()).pages == 1
    assert inspected(tmp_path, b"line\n" * 61, name="a.txt").pages == 2


def test_inspect_of_a_sound_file_repairs_nothing(tmp_path):
    found = inspected(tmp_path, pdfs.report_pdf())
    assert (found.readable, found.warnings) == (None, ())
    assert found.properties.title == pdfs.REPORT_TITLE


def test_inspect_repairs_once_and_says_so(tmp_path):
    found = inspected(tmp_path, pdfs.truncated_pdf())
    assert found.pages == 2
    assert found.readable is not None
    assert found.readable.parent == tmp_path
    assert found.warnings == (reading.REPAIRED,)
    (page,) = reading.read(found.readable, detect(found.readable), [1])
    assert pdfs.REPORT_TITLE in " ".join(word.text for word in page.words)


@pytest.mark.parametrize(
    ("content", "password", "error", "message"),
    [
        (pdfs.empty_pdf(), None, DocumentEmpty, "no pages"),
        (pdfs.locked_pdf(), None, DocumentLocked, "pass it as"),
        (pdfs.locked_pdf(), "guess", DocumentLocked, "wrong"),
        (pdfs.blank_pages_pdf(10_001), None, DocumentTooLarge, "10,001"),
        (b"%PDF-1.4 nothing more", None, DocumentCorrupt, "damaged"),
        (images.claimed_png(), None, ImageTooLarge, "lower resolution"),
    ],
)
def test_inspect_refuses(tmp_path, content, password, error, message):
    with pytest.raises(error, match=message):
        inspected(tmp_path, content, password)


def test_inspect_accepts_the_largest_document_and_the_right_password(tmp_path):
    assert inspected(tmp_path, pdfs.blank_pages_pdf(10_000)).pages == 10_000
    assert inspected(tmp_path, pdfs.locked_pdf("secret"), "secret").pages == 1


def test_pages_come_in_the_order_asked_for(tmp_path):
    path, file_type = written(tmp_path, pdfs.pages_pdf(5))
    pages = list(reading.read(path, file_type, [4, 2]))
    assert [page.number for page in pages] == [4, 2]
    assert [page.words[1].text for page in pages] == ["4", "2"]


def test_mixed_document_is_read_and_recognised_page_by_page(tmp_path):
    path, file_type = written(tmp_path, pdfs.mixed_pdf())
    first, second, third = reading.read(path, file_type, [1, 2, 3])
    assert [page.route for page in (first, second, third)] == ["digital", "ocr", "digital"]
    assert second.words == ()
    assert len(second.pictures) == 1
    teller = Teller([Word("read", Box(1, 2, 3, 4), 10, confidence=0.9)])
    page = reading.recognise(path, file_type, second, None, teller)
    assert [word.text for word in page.words] == ["read"]
    assert page.route == "ocr"
    assert page.reason.endswith("read by teller")
    (((width, height), dpi),) = teller.seen
    assert (width / dpi, height / dpi) == pytest.approx((8.5, 11), rel=0.01)


def test_mode_ocr_replaces_the_text_layer(tmp_path):
    path, file_type = written(tmp_path, pdfs.report_pdf())
    (page,) = reading.read(path, file_type, [1], mode="ocr")
    assert (page.route, page.words) == ("ocr", ())
    page = reading.recognise(path, file_type, page, None, Teller([Word("new", Box(1, 2, 3, 4), 10)]))
    assert [word.text for word in page.words] == ["new"]


def test_stamp_over_a_scan_keeps_its_digital_words(tmp_path):
    path, file_type = written(tmp_path, pdfs.stamped_scan_pdf("Copy 7"))
    (page,) = reading.read(path, file_type, [1])
    assert page.route == "ocr"
    stamp = Box(72, 26, 110, 36)
    teller = Teller([Word("C0py", stamp, 10, confidence=0.5), Word("scan", Box(72, 200, 90, 210), 10)])
    page = reading.recognise(path, file_type, page, None, teller)
    assert [word.text for word in page.words] == ["Copy", "7", "scan"]


def test_only_broken_words_are_recognised(tmp_path):
    path, file_type = written(tmp_path, pdfs.unmapped_ligature_pdf())
    (page,) = reading.read(path, file_type, [1])
    assert page.route == "ocr"
    teller = Teller([])
    page = reading.recognise(path, file_type, page, None, teller)
    (line,) = teller.lines  # both words stand in one
    assert (teller.seen, line.height < 22) == ([], True)
    assert page.route == "digital"
    assert page.warnings == ("2 words have letters that could not be read.",)
    assert {word.text for word in page.words} >= {"The", "well", "sound"}


def test_each_line_with_broken_words_is_read_once(tmp_path):
    path, file_type = written(tmp_path, pdfs.unmapped_ligature_pdf(lines=21))
    (page,) = reading.read(path, file_type, [1])
    (layer,) = reading.recognise(path, file_type, page, None, Teller([])).warnings
    assert layer == "42 words have letters that could not be read."
    broken = next(word for word in pdfs_words(path) if "\ufffd" in word.text)
    teller = Teller([Word("defined", broken.box, 10, confidence=0.9)])
    mended = reading.recognise(path, file_type, page, None, teller)
    assert (len(teller.lines), teller.seen) == (21, [])
    assert "defined" in [word.text for word in mended.words]
    assert mended.warnings == ("41 words have letters that could not be read.",)


def test_broken_words_that_run_up_the_page_are_read_with_what_is_around_them(tmp_path):
    path, file_type = written(tmp_path, pdfs.unmapped_ligature_pdf(upwards=True))
    (page,) = reading.read(path, file_type, [1])
    teller = Teller([])
    reading.recognise(path, file_type, page, None, teller)
    assert teller.lines == []
    assert len(teller.seen) == 2
    assert all(width < height for (width, height), _ in teller.seen)


def test_letters_without_unicode_are_read_from_the_picture(tmp_path):
    path, file_type = written(tmp_path, pdfs.unmapped_ligature_pdf(lines=2))
    (page,) = reading.read(path, file_type, [1])
    mended = reading.recognise(path, file_type, page, None, default_reader())
    assert [word.text for word in mended.words].count("defined") == 2
    assert [word.text for word in mended.words].count("final") == 2
    assert mended.warnings == ()


def pdfs_words(path):
    with reading.pdf.opened(path) as document:
        return reading.pdf.read_page(document, 1).page.words


@pytest.mark.parametrize(
    ("seen", "confidence", "text"),
    [
        ("defined", 0.4, "defined"),
        ("'defined,", 0.9, "defined"),
        ("lefthand", 0.5, "de\ufffdned"),
        ("defmed", 0.95, "defmed"),
        ("", 0.0, "de\ufffdned"),
    ],
)
def test_seen_letters_fill_the_unknown_ones(seen, confidence, text):
    box = Box(0, 0, 10, 10)
    word = Word("de\ufffdned", box, 10)
    assert reading._mended(word, [Word(seen, box, 10, confidence=confidence)] if seen else []).text == text


def test_sideways_page_is_turned_upright(tmp_path):
    path, file_type = written(tmp_path, images.sideways_png(90))
    (page,) = reading.read(path, file_type, [1])
    assert (page.width, page.height) == (792, 612)
    up = Word("up", Box(100, 500, 110, 540), 10, rotation=90)
    page = reading.recognise(path, file_type, page, None, Teller([up]))
    assert (page.width, page.height, page.rotation) == (612, 792, 90)
    assert page.words[0].rotation == 0
    assert page.words[0].box == Box(72, 100, 112, 110)
    assert reading.render(path, file_type, 1, 36, rotation=page.rotation).size == (306, 396)


def test_a_detector_sees_recognised_pages_upright(tmp_path):
    path, file_type = written(tmp_path, images.sideways_png(90))
    (page,) = reading.read(path, file_type, [1])
    assert page.regions == ()
    up = Word("up", Box(100, 500, 110, 540), 10, rotation=90)
    watcher = Watcher()
    page = reading.recognise(path, file_type, page, None, Teller([up]), watcher)
    assert watcher.seen == [(612, 792)]
    assert page.regions == (watcher.part,)


def test_a_detector_does_not_see_pages_whose_text_layer_is_sound(tmp_path):
    path, file_type = written(tmp_path, pdfs.unmapped_ligature_pdf())
    (page,) = reading.read(path, file_type, [1])
    watcher = Watcher()
    page = reading.recognise(path, file_type, page, None, Teller([]), watcher)
    assert (watcher.seen, page.regions) == ([], ())


def test_text_file_reads_and_draws(tmp_path):
    path, file_type = written(tmp_path, b"hello there\n" * 70, "a.txt")
    (page,) = reading.read(path, file_type, [2])
    assert len(page.words) == 20
    assert page.route == "text"
    assert reading.recognise(path, file_type, page, None, Teller([])) is page
    assert reading.render(path, file_type, 2, 72).size == (612, 792)
    with pytest.raises(DocumentCorrupt, match="page 3 is missing"):
        list(reading.read(path, file_type, [3]))


def test_locked_document_reads_and_draws_with_its_password(tmp_path):
    path, file_type = written(tmp_path, pdfs.locked_pdf("secret"))
    (page,) = reading.read(path, file_type, [1], "secret")
    assert page.words
    assert reading.render(path, file_type, 1, 36, "secret").size == (306, 396)
