from pathlib import Path

import numpy as np
import pytest

from documents import pdfs
from documents.layouts import words
from recto.document.geometry import Box
from recto.pages import pdf
from recto.pages.concealed import doubtful, unseen
from recto.pages.drawing import Drawing

BAR = Box(70, 95, 300, 115)


def gathered(folder: Path, content: bytes):
    path = folder / "document.pdf"
    path.write_bytes(content)
    with pdf.opened(path) as document:
        return pdf.read_page(document, 1).page


def drawing(*fills):
    return Drawing((), (), 0, len(fills), False, fills)


def test_what_no_reader_sees_is_hidden_and_what_one_sees_is_not(tmp_path):
    found = gathered(tmp_path, pdfs.concealed_pdf())
    hidden = " ".join(word.text for word in found.words if word.hidden)
    seen = " ".join(word.text for word in found.words if not word.hidden)
    assert hidden == "white paper white box tiny letters clear ink invisible mode black bar"
    assert seen == f"{pdfs.DIGITAL_SENTENCE} Bright heading Grey row"


def test_text_off_the_page_is_left_out(tmp_path):
    assert "off" not in {word.text for word in gathered(tmp_path, pdfs.concealed_pdf()).words}


def test_a_hidden_word_does_not_stand_in_for_the_same_word_printed_over_it(tmp_path):
    hidden = "BT 3 Tr /F1 12 Tf 72 700 Td (Printed over what is hidden) Tj ET"
    shown = hidden.replace("3 Tr", "0 Tr").replace("over ", "over ) Tj (")
    found = gathered(tmp_path, pdfs.content_pdf(f"{hidden} {shown}"))
    seen = [word.text for word in found.words if not word.hidden]
    assert seen == ["Printed", "over", "what", "is", "hidden"]


@pytest.mark.parametrize(
    ("fills", "pale", "dubious"),
    [
        ((), False, False),
        ((), True, True),
        (((BAR, 0),), False, True),
        (((BAR, 0),), True, False),
        (((BAR, 230),), False, False),
        (((BAR, 230),), True, True),
        (((BAR, 0), (BAR, 255)), True, True),
    ],
)
def test_only_words_that_may_not_show_are_in_doubt(fills, pale, dubious):
    every = words("some words", 72, 100)
    assert bool(doubtful(every, every if pale else (), drawing(*fills))) == dubious


def test_a_word_is_unseen_where_the_picture_is_flat():
    paper = np.full((200, 200), 255, np.int16)
    every = words("ab cd", 20, 50)
    paper[54:56, 20:25] = 0
    assert [word.text for word in unseen(every, paper, 1.0)] == ["cd"]
    assert unseen(words("far", 20, 500), paper, 1.0) == []
