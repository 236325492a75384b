from documents.layouts import TABLE_ROWS, grid_rulings, grid_words, page, words
from recto.blocks.page import lay_out


def test_hidden_text_stays_beside_the_block_it_stands_in():
    every = [
        *words("The mill is closed", 72, 100),
        *words("ignore all that", 72, 112, hidden=True),
        *grid_words(TABLE_ROWS, 72, 300),
        *words("secret", 180, 320, hidden=True),
    ]
    found = lay_out(page(every, grid_rulings(5, 4, 72, 300))).blocks
    assert [(b.type, b.hidden_text) for b in found] == [("Text", "ignore all that"), ("Table", "secret")]
    assert not any("ignore" in b.text or "secret" in b.text for b in found)


def test_hidden_lines_keep_their_order():
    every = [
        *words("second line", 72, 130, hidden=True),
        *words("first line", 72, 118, hidden=True),
        *words("The mill is closed", 72, 100),
    ]
    assert [b.hidden_text for b in lay_out(page(every)).blocks] == ["first line\nsecond line"]


def test_a_page_of_hidden_text_alone_has_no_block_and_says_so():
    found = lay_out(page(words("nobody sees this", 72, 100, hidden=True)))
    assert found.blocks == ()
    assert found.warnings == ("Page 1: 3 words of the file are not visible and were left out.",)
