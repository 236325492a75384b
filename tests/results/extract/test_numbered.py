from documents.readings import read
from recto.document.geometry import Box
from recto.document.page import FormField
from recto.results.extract.numbered import read_lines


def texts(*pages):
    return [line.text for line in read_lines([read(*pages)])]


def test_lines_go_in_reading_order_and_columns_are_parted():
    lines = [(60, 40, "Invoice date:"), (300, 40, "14 May 2021"), (60, 60, "Total due"), (300, 60, "20.00")]
    assert texts(lines, [(60, 40, "Second page")]) == [
        "Invoice date: | 14 May 2021",
        "Total due | 20.00",
        "Second page",
    ]


def test_every_word_is_in_one_line():
    pages = [[(60, 40 + 13 * at, f"word{at} and {at}") for at in range(40)]]
    document = read(*pages)
    words = [word for line in read_lines([document]) for word in line.words]
    assert sorted(map(id, words)) == sorted(id(word) for word in document.words[1])


def test_prices_stand_on_the_rows_of_their_articles():
    articles = ["Bread and butter", "Green tea", "Olive oil", "Brown rice"]
    prices = ["2.20 A", "5.70 A", "11.00 B", "0.95 A"]
    lines = [(60, 100 + 12 * at, text) for at, text in enumerate(articles)]
    lines += [(330, 100 + 12 * at, text) for at, text in enumerate(prices)]
    found = texts(lines)
    for article, price in zip(articles, prices, strict=True):
        assert f"{article} | {price}" in found


def test_a_place_in_a_line_is_its_words():
    (line,) = read_lines([read([(60, 40, "Place: Hamburg harbour")])])
    source = line.source(7, 14)
    assert (source.text, source.page, source.document) == ("Hamburg", 1, 0)
    assert source.block is not None
    assert source.box.x0 > 60
    assert line.source(0, 0) is None


def test_what_is_filled_in_and_ticked_is_shown():
    fields = [
        FormField("place", "text", Box(160, 38, 300, 52), label="Place", value="Hamburg"),
        FormField("new", "checkbox", Box(160, 60, 170, 70), label="New customer", value="Yes", checked=True),
        FormField("old", "checkbox", Box(160, 80, 170, 90), label="Old customer", value="Yes", checked=False),
    ]
    lines = [(60, 40, "Place:"), (180, 60, "New customer"), (180, 80, "Old customer")]
    found = read_lines([read(lines, fields=fields)])
    told = " ".join(line.text for line in found)
    assert "Place: | Hamburg" in told
    assert "[x] New customer" in told
    assert "[ ] Old customer" in told
    (line,) = [line for line in found if "Hamburg" in line.text]
    start = line.text.index("Hamburg")
    assert line.source(start, start + 7).box.x0 >= 160
