"""bench/predict.py: the pairs it finds in a block."""

from predict import labelled_values


def pairs(kind, content):
    return [(pair["key"], pair["value"]) for pair in labelled_values({"type": kind, "content": content})]


def test_the_lines_of_a_key_value_block_are_pairs():
    assert pairs("Key Value", "To: Ada\nTime: 10:30\nno label") == [("To", "Ada"), ("Time", "10:30")]


def test_a_cell_is_a_value_of_the_heading_above_it():
    table = "| Name: | No. of Stores |\n| --- | --- |\n| Oslo | 12 |\n|  | 3 |"
    assert pairs("Table", table) == [("Name", "Oslo"), ("No. of Stores", "12"), ("No. of Stores", "3")]


def test_a_first_row_that_is_no_heading_makes_no_pairs():
    assert pairs("Table", "| 12 | 13 |\n| --- | --- |\n| 1 | 2 |") == []
    assert pairs("Table", "| May |  |  |\n| --- | --- | --- |\n| 1 | 2 | 3 |") == []


def test_bars_in_cells_stay_in_them():
    assert pairs("Table", "| A \\| B | C |\n| --- | --- |\n| 1 \\\\ 2 | 3 |") == [
        ("A | B", "1 \\ 2"),
        ("C", "3"),
    ]


def test_other_blocks_and_tables_in_html_have_none():
    assert pairs("Text", "To: Ada") == []
    assert pairs("Table", "<table></table>") == []
