from collections.abc import Callable, Sequence

import pytest
from PIL import Image

from documents.images import SCAN_LINES, text_image
from recto.document.geometry import Box
from recto.document.page import Word
from recto.pages.ocr.both import BothReaders, default_reader, quarter_turned, skew_deg
from recto.pages.ocr.tesseract import TesseractReader

needs_data = pytest.mark.skipif(
    not TesseractReader.available(), reason="Tesseract's language data is not installed"
)


class Scripted:
    """A reader with a fixed answer that counts its calls."""

    name = "scripted"

    def __init__(self, *words: Word) -> None:
        self.words = list(words)
        self.calls = 0

    def read(self, image: Image.Image, dpi: float) -> list[Word]:
        self.calls += 1
        return self.words

    def read_where(self, image: Image.Image, dpi: float, wanted: Callable[[Box], bool]) -> list[Word]:
        self.calls += 1
        self.read_words = [word for word in self.words if wanted(word.box.grown(1))]
        return self.read_words

    def read_lines(self, image: Image.Image, dpi: float, lines: Sequence[Box]) -> list[list[Word]]:
        self.calls += 1
        return [[word for word in self.words if line.holds_center_of(word.box)] for line in lines]

    def rotation(self, image: Image.Image, dpi: float) -> int:
        return 0


def word(text: str, confidence: float, y: float = 1) -> Word:
    return Word(text, Box(1, y, 60, y + 10), 10, confidence=confidence)


def test_sure_first_reader_is_not_doubted():
    quick, thorough = Scripted(word("certainly", 0.97)), Scripted(word("second", 0.99))
    words = BothReaders(quick, thorough).read(text_image(dpi=50), 50)
    assert [found.text for found in words] == ["certainly"]
    assert thorough.calls == 0


def test_unsure_first_reader_is_replaced():
    quick, thorough = Scripted(word("unce1ta1n", 0.5)), Scripted(word("uncertain", 0.98))
    words = BothReaders(quick, thorough).read(text_image(dpi=50), 50)
    assert [found.text for found in words] == ["uncertain"]


def test_only_lines_in_doubt_are_read_again():
    quick = Scripted(word("certainly", 0.97), word("unce1ta1n", 0.5, y=50))
    thorough = Scripted(word("certa1nly", 0.9), word("uncertain", 0.98, y=50), word("missed", 0.9, y=100))
    words = BothReaders(quick, thorough).read(text_image(dpi=50), 50)
    assert [found.text for found in words] == ["certainly", "uncertain", "missed"]
    assert [found.text for found in thorough.read_words] == ["uncertain", "missed"]


def test_given_lines_are_read_again_where_in_doubt():
    quick = Scripted(word("certainly", 0.97), word("unce1ta1n", 0.5, y=50))
    thorough = Scripted(word("certa1nly", 0.9), word("uncertain", 0.98, y=50))
    lines = [Box(0, 48, 90, 64), Box(0, 0, 90, 14), Box(0, 80, 90, 95)]
    read = BothReaders(quick, thorough).read_lines(text_image(dpi=50), 50, lines)
    assert [[found.text for found in words] for words in read] == [["uncertain"], ["certainly"], []]


def test_second_reader_that_sees_less_does_not_replace_the_first():
    quick, thorough = Scripted(word("much-more-text-was-found", 0.7)), Scripted(word("less", 0.99))
    words = BothReaders(quick, thorough).read(text_image(dpi=50), 50)
    assert [found.text for found in words] == ["much-more-text-was-found"]


@pytest.mark.parametrize("angle", [-5.0, -1.0, 0.0, 2.0, 6.5])
def test_skew_is_measured(angle):
    page = text_image(SCAN_LINES * 3, 100).rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    assert skew_deg(page) == pytest.approx(angle, abs=0.3)


def test_empty_and_dark_pictures_have_no_skew():
    assert skew_deg(Image.new("L", (600, 800), 255)) == 0
    assert skew_deg(Image.effect_noise((600, 800), 120)) == 0


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turning_there_and_back(rotation):
    box, sheet = Box(10, 20, 40, 30), (100.0, 200.0)
    turned = quarter_turned(box, rotation, *sheet)
    size = sheet if rotation % 180 == 0 else sheet[::-1]
    assert quarter_turned(turned, -rotation, *size) == box


def test_turning_follows_the_picture():
    picture = Image.new("L", (100, 200), 255)
    picture.paste(0, (10, 20, 40, 30))
    for rotation in (90, 180, 270):
        turned = picture.rotate(rotation, expand=True).point(lambda value: 255 - value)
        box = quarter_turned(Box(10, 20, 40, 30), rotation, 100, 200)
        assert turned.getbbox() == (box.x0, box.y0, box.x1, box.y1)


@needs_data
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pages_on_their_side_are_read(rotation):
    page = text_image(SCAN_LINES * 2, 150)
    turned = page.rotate(rotation, expand=True)
    words = default_reader().read(turned, 150)
    assert {found.rotation for found in words} == {rotation}
    (first, *_) = [found for found in words if found.text == "Delivery"]
    expected = quarter_turned(Box(72, 72, 125, 90), rotation, 612, 792)
    assert expected.grown(6).share_inside(first.box.grown(20)) > 0.5


@needs_data
def test_skewed_page_is_read_and_its_boxes_lie_on_the_picture():
    page = text_image(SCAN_LINES * 2, 150)
    turned = page.rotate(4, resample=Image.Resampling.BICUBIC, fillcolor=255)
    words = default_reader().read(turned, 150)
    (first, *_) = [found for found in words if found.text == "Delivery"]
    scale = 150 / 72
    box = first.box
    ink = turned.crop((int(box.x0 * scale), int(box.y0 * scale), int(box.x1 * scale), int(box.y1 * scale)))
    dark = sum(ink.histogram()[:128]) / (ink.width * ink.height)
    assert dark > 0.08
    assert first.rotation == 4
