from itertools import product

import pytest

from documents.readings import read
from documents.statements import Entry, Layout, statement
from recto.document.extraction import Extraction, Leaf, Node
from recto.document.schema import SchemaField
from recto.results.extract.rules import extract


def field(name: str, type_: str, format_: str = "") -> SchemaField:
    return SchemaField(name, f"transactions[].{name}", type_, format=format_)


def schema(*fields: SchemaField) -> SchemaField:
    items = SchemaField("transactions", "transactions[]", "object", properties=fields)
    array = SchemaField("transactions", "transactions", "array", items=items)
    return SchemaField("", "", "object", properties=(array,))


SIGNED = schema(
    field("date", "string", "date"),
    field("description", "string"),
    field("reference", "string"),
    field("amount", "number"),
    field("balance", "number"),
)
SPLIT = schema(
    field("date", "string", "date"),
    field("description", "string"),
    field("reference", "string"),
    field("debit", "number"),
    field("credit", "number"),
    field("balance", "number"),
)


def plain(node: Node):
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, tuple):
        return [plain(one) for one in node]
    return {name: plain(one) for name, one in node.items()}


def rows_of(found: Extraction) -> list[dict]:
    return plain(found.root)["transactions"]


def told(row: dict) -> tuple:
    amount = row["amount"] if "amount" in row else (row["credit"] or 0) - (row["debit"] or 0)
    return row["date"], row["reference"], pytest.approx(amount), row["balance"]


def expected(row: Entry) -> tuple:
    return row.day, row.reference, row.amount, row.balance


LAYOUTS = {
    "plain": Layout(),
    "one head": Layout(head_on_every_page=False),
    "carried": Layout(carried=True),
    "subtotals": Layout(subtotal_every=9),
    "wrapped": Layout(wrapped_every=3),
    "broken rows": Layout(
        wrapped_every=1, broken_over_pages=True, rows_per_page=36, head_on_every_page=False
    ),
    "broken rows, heads": Layout(wrapped_every=2, broken_over_pages=True, rows_per_page=25),
    "no table blocks": Layout(tables=False),
    "no table blocks, all at once": Layout(
        tables=False, carried=True, subtotal_every=11, wrapped_every=4, broken_over_pages=True
    ),
    "debit and credit": Layout(columns="split", carried=True, wrapped_every=5),
    "debit and credit, one head": Layout(columns="split", head_on_every_page=False),
}


@pytest.mark.parametrize(("layout", "count"), product(LAYOUTS, (27, 205)))
def test_every_row_once(layout: str, count: int):
    document, rows = statement(count, LAYOUTS[layout])
    found = extract([document], SPLIT if LAYOUTS[layout].columns == "split" else SIGNED)
    assert [told(row) for row in rows_of(found)] == [expected(row) for row in rows]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ledger_is_exact(layout: str):
    document, rows = statement(120, LAYOUTS[layout])
    (ledger,) = extract([document], SPLIT if LAYOUTS[layout].columns == "split" else SIGNED).ledgers
    assert ledger.path == "transactions"
    assert ledger.returned == len(rows)
    assert ledger.seen == ledger.returned + len(ledger.left_out)


def test_many_pages():
    document, rows = statement(2200, Layout(carried=True, rows_per_page=40))
    assert len(document.pages) > 55
    found = extract([document], SIGNED)
    assert [row["reference"] for row in rows_of(found)] == [row.reference for row in rows]


def test_descriptions_are_put_together_again():
    document, _ = statement(30, Layout(wrapped_every=1, broken_over_pages=True, rows_per_page=21))
    texts = [row["description"] for row in rows_of(extract([document], SIGNED))]
    assert all(text.endswith("continued over the line") for text in texts)


def test_cells_are_cited_and_verified():
    document, _ = statement(30, Layout())
    root = extract([document], SIGNED).root
    assert isinstance(root, dict)
    leaves = [leaf for row in root["transactions"] for leaf in row.values()]
    assert all(leaf.verification == "verified" for leaf in leaves)
    assert all(leaf.sources[0].page in (1, 2) for leaf in leaves)


def lines_of(*rows: tuple[str, ...]) -> list[tuple[float, float, str]]:
    edges = (60.0, 150.0, 300.0, 400.0)
    return [
        (edges[column], 100.0 + 16 * row, text)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    ]


MOVES = schema(
    field("date", "string", "date"),
    field("description", "string"),
    field("amount", "number"),
    field("balance", "number"),
)


def test_balances_and_sums_are_no_items_wherever_their_name_stands():
    document = read(
        lines_of(
            ("Date", "Description", "Amount", "Balance"),
            ("1 May 2021", "Opening balance", "", "160.00"),
            ("3 May 2021", "Rent of a shed", "40.00", "120.00"),
            ("9 May 2021", "Paint", "20.00", "100.00"),
            ("31 May 2021", "Closing balance", "", "100.00"),
        )
    )
    found = extract([document], MOVES)
    assert [row["description"] for row in rows_of(found)] == ["Rent of a shed", "Paint"]
    assert [one.returned for one in found.ledgers] == [2]
    assert sum("balance" in reason for reason in found.ledgers[0].left_out) == 2


def test_the_total_below_a_table_is_no_part_of_its_last_row():
    document = read(
        lines_of(
            ("Date", "Description", "Amount", "Balance"),
            ("3 May 2021", "Rent of a shed", "40.00", "120.00"),
            ("9 May 2021", "Paint", "20.00", "100.00"),
            ("", "Order total: 60.00"),
        )
    )
    assert [row["description"] for row in rows_of(extract([document], MOVES))] == ["Rent of a shed", "Paint"]
