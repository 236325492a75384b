import csv
import io
import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import TABLE_ROWS, table_of
from recto.chunks.tables_out import grid_of, table_sentences, table_text
from recto.document.block import Cell, Table
from recto.document.geometry import Box

BOX = Box(59.5, 84.2, 119.0, 168.4)
SPANNED = Table(
    2,
    3,
    (
        Cell(0, 0, "Rain", BOX, 2, 1),
        Cell(0, 1, "Winter & <ice>", BOX, 1, 2),
        Cell(1, 1, "1|2", BOX),
        Cell(1, 2, "3", BOX),
    ),
    1,
)


class Reader(HTMLParser):
    """Reads a table back: (text, rowspan, colspan, tag) by row."""

    def __init__(self):
        super().__init__()
        self.rows, self.open = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            spans = dict(attrs)
            self.rows[-1].append(["", int(spans.get("rowspan", 1)), int(spans.get("colspan", 1)), tag])
            self.open = True
        elif tag == "br":
            self.rows[-1][-1][0] += "\n"

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1][0] += data


def read_html(text):
    reader = Reader()
    reader.feed(text)
    return reader.rows


def read_pipes(text):
    rows = []
    for line in text.splitlines():
        cells, cell, escaped = [], "", False
        for letter in line[1:]:
            if escaped or letter not in "\\|":
                cell += letter
                escaped = False
            elif letter == "\\":
                escaped = True
            else:
                cells.append(cell.strip())
                cell = ""
        rows.append(cells)
    return [rows[0], *rows[2:]]


def test_html_says_spans_and_headings_and_escapes():
    assert read_html(table_text(SPANNED, "html")) == [
        [["Rain", 2, 1, "th"], ["Winter & <ice>", 1, 2, "th"]],
        [["1|2", 1, 1, "td"], ["3", 1, 1, "td"]],
    ]
    assert "&lt;ice&gt;" in table_text(SPANNED, "html")


def test_md_is_a_pipe_table_with_spans_said_once():
    assert table_text(SPANNED, "md").splitlines() == [
        "| Rain | Winter & <ice> |  |",
        "| --- | --- | --- |",
        "|  | 1\\|2 | 3 |",
    ]


def test_json_is_nested_arrays():
    assert json.loads(table_text(SPANNED, "json")) == [["Rain", "Winter & <ice>", ""], ["", "1|2", "3"]]


def test_jsonbbox_has_boxes_as_shares_of_the_page():
    cells = json.loads(table_text(SPANNED, "jsonbbox", (595.0, 842.0)))
    assert cells[0][0] == {"text": "Rain", "bbox": {"left": 0.1, "top": 0.1, "width": 0.1, "height": 0.1}}
    assert cells[0][2] is None


def test_csv_quotes():
    table = table_of([["a, b", 'say "hi"'], ["line\nbreak", ""]])
    assert list(csv.reader(io.StringIO(table_text(table, "csv")))) == [
        ["a, b", 'say "hi"'],
        ["line\nbreak", ""],
    ]


@pytest.mark.parametrize(
    ("rows", "columns", "merged", "starts"),
    [(5, 6, 0, "|"), (31, 1, 0, "<table>"), (5, 6, 4, "|"), (5, 6, 5, "<table>")],
)
def test_dynamic_chooses_by_size_and_spans(rows, columns, merged, starts):
    cells = [Cell(r, c, "x", BOX) for r in range(rows) for c in range(columns)]
    for i in range(merged):
        cells[i * columns] = Cell(i, 0, "x", BOX, 1, 2)
        cells.remove(Cell(i, 1, "x", BOX)) if Cell(i, 1, "x", BOX) in cells else None
    assert table_text(Table(rows, columns, tuple(cells)), "dynamic").startswith(starts)


def test_sentences_say_headings_with_values():
    assert table_sentences(table_of(TABLE_ROWS)).splitlines()[0] == (
        "Station: Bergen; January: 190.1; February: 152.7; March: 170.3."
    )
    assert table_sentences(table_of([["a", "b"]], 0)) == "a; b."
    assert table_sentences(table_of([["only", "headings"]], 1)) == "only. headings"


TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), max_size=8
)
GRIDS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n), min_size=1, max_size=5)
)


@given(GRIDS)
def test_every_format_gives_the_texts_back(rows):
    table = table_of(rows)
    assert [[cell[0] for cell in row] for row in read_html(table_text(table, "html"))] == rows
    assert read_pipes(table_text(table, "md")) == rows
    assert json.loads(table_text(table, "json")) == rows
    assert [[c["text"] for c in row] for row in json.loads(table_text(table, "jsonbbox", (10, 10)))] == rows
    assert grid_of(table) == rows
