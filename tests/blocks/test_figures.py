from documents.layouts import HEIGHT, WIDTH, lines, page, words
from recto.blocks.figures import find_figures
from recto.document.geometry import Box

PICTURE = Box(100, 100, 300, 250)


def test_words_on_a_picture_are_its_text():
    figures, left = find_figures(
        page(pictures=[PICTURE]), [*words("Fig. label", 150, 150), *words("outside", 72, 400)], [], []
    )
    assert [(figure.type, figure.text) for figure in figures] == [("Figure", "Fig. label")]
    assert [word.text for word in left] == ["outside"]


def test_specks_are_no_figures():
    assert find_figures(page(pictures=[Box(10, 10, 20, 20)]), [], [], [])[0] == []


def test_bands_of_one_picture_are_one_figure():
    bands = [Box(100, 100 + 20 * i, 300, 120 + 20 * i) for i in range(5)]
    assert [figure.box for figure in find_figures(page(pictures=bands), [], [], [])[0]] == [
        Box(100, 100, 300, 200)
    ]


def test_a_scan_is_the_page_and_no_figure_once_it_has_words():
    scan = page(pictures=[Box(0, 0, WIDTH, HEIGHT)])
    text = lines(["some recognised words"], 72, 100)
    assert find_figures(scan, text, [], []) == ([], text)
    assert len(find_figures(scan, [], [], [])[0]) == 1


def test_a_picture_in_a_table_cell_is_no_figure():
    assert find_figures(page(pictures=[PICTURE]), [], [Box(50, 50, 400, 400)], [])[0] == []


def test_a_drawing_takes_the_numbers_of_its_scale():
    every = [*words("50", 86, 120), *words("Caption", 100, 270)]
    figures, left = find_figures(page(), every, [], [PICTURE])
    assert figures[0].text == "50"
    assert [word.text for word in left] == ["Caption"]
