import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import DocumentCorrupt
from recto.pages import text


def paged(folder, content: bytes, extension: str = "txt"):
    path = folder / "file"
    path.write_bytes(content)
    return text.paged(path, extension)


def test_sixty_lines_to_a_page(tmp_path):
    assert [len(page) for page in paged(tmp_path, b"line\n" * 130)] == [60, 60, 10]


def test_form_feed_starts_a_page(tmp_path):
    assert paged(tmp_path, b"one\ftwo") == [["one"], ["two"]]


def test_long_lines_break_between_words_and_lose_nothing(tmp_path):
    line = " ".join(f"word{number}" for number in range(60))
    (page,) = paged(tmp_path, line.encode())
    assert max(len(part) for part in page) <= text.COLUMNS
    assert " ".join(page) == line


def test_rows_of_a_table_stay_whole_and_fit_the_page(tmp_path):
    row = ",".join(f"cell{number}" for number in range(60))
    (page,) = paged(tmp_path, row.encode(), "csv")
    assert page == [row]
    words = text.page_of(1, page).words
    assert words[0].box.x1 <= text.WIDTH - text.MARGIN + 0.01
    assert words[0].font_size < text.FONT_SIZE


def test_columns_keep_their_places():
    upper, lower = text.page_of(1, ["ab  cd", "12  34"]).words[1::2]
    assert upper.box.x0 == lower.box.x0
    assert lower.box.y0 - upper.box.y0 == pytest.approx(text.LINE_STEP, abs=0.01)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding):
    assert text.decoded("Größe café".encode(encoding)) == "Größe café"


def test_half_a_utf16_file_is_corrupt():
    with pytest.raises(DocumentCorrupt, match="UTF-16"):
        text.decoded(b"\xff\xfea\x00\x00\xd8")


def test_empty_lines_are_a_blank_page(tmp_path):
    (lines,) = paged(tmp_path, b"\n\n")
    page = text.page_of(1, lines)
    assert page.words == ()
    assert "blank" in page.reason


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=400))
def test_no_letter_is_lost(content):
    lines = text._fitted(content, "txt")
    assert "".join(word.text for word in text.page_of(1, lines).words) == content


def test_drawn_page_has_ink_where_the_words_are():
    picture = text.drawn(["hello"], 100)
    assert picture.size == (850, 1100)
    assert picture.crop((50, 50, 100, 66)).convert("L").getextrema()[0] < 100
