from documents.readings import DATE, plain, read, schema
from recto.document.block import Block, Cell, Table
from recto.document.extraction import ReadDocument
from recto.document.geometry import Box
from recto.results.extract.grids import table_grids
from recto.results.extract.passages import DocumentText
from recto.results.extract.rules import extract

EDGES = (60.0, 160.0, 300.0, 400.0)
MOVES = schema(moves=[{"date": DATE, "description": "string", "amount": "number", "balance": "number"}])


def merged_head(*second: str) -> ReadDocument:
    """A table whose layout took the head and the row below it for one row of cells."""
    rows = [
        ("Date", "Description", "Amount", "Balance"),
        second,
        ("3 May 2021", "Rent of a shed", "40.00", "120.00"),
        ("9 May 2021", "Paint", "20.00", "100.00"),
    ]
    lines = [
        (EDGES[column], 100.0 + 16 * row, text)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    ]
    tall = [(0, 1, 98.0, 130.0), (2, 2, 130.0, 146.0), (3, 3, 146.0, 162.0)]
    cells = tuple(
        Cell(
            at,
            column,
            " ".join(rows[row][column] for row in range(first, last + 1)),
            Box(left, top, right, bottom),
        )
        for at, (first, last, top, bottom) in enumerate(tall)
        for column, (left, right) in enumerate(zip(EDGES, (*EDGES[1:], 480.0), strict=True))
    )
    block = Block("Table", 1, Box(60, 98, 480, 162), "", table=Table(3, 4, cells))
    page = read(lines)
    return ReadDocument(page.pages, (block,), page.words)


def test_a_head_in_one_row_with_the_row_below_it():
    found = extract([merged_head("1 May 2021", "Old balance", "", "160.00")], MOVES)
    rows = plain(found)["moves"]
    assert [row["date"] for row in rows] == ["2021-05-01", "2021-05-03", "2021-05-09"]
    assert [row["balance"] for row in rows] == [160, 120, 100]
    assert rows[0]["description"] == "Old balance"


def test_a_head_of_two_lines_stays_one():
    (grid,) = table_grids(DocumentText(0, merged_head("", "(text)", "(full)", "(current)")))
    assert [cell.text for cell in grid.rows[0] if cell] == [
        "Date",
        "Description (text)",
        "Amount (full)",
        "Balance (current)",
    ]
    assert len(grid.rows) == 3
