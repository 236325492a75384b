from dataclasses import replace

from documents.layouts import TABLE_ROWS, block, table_of, texts_of
from recto.blocks.tables.continued import merge_continued
from recto.document.geometry import Box


def part(rows, page, x0=72.0, x1=400.0):
    return replace(block("t", "Table", page_number=page, table=table_of(rows)), box=Box(x0, 100, x1, 300))


def test_a_repeated_heading_is_dropped_and_rows_add_up():
    second = (TABLE_ROWS[0], ("Vardo", "1.0", "2.0", "3.0"))
    found = merge_continued([part(TABLE_ROWS, 1), part(second, 2)])
    assert len(found) == 1
    assert texts_of(found[0].table) == [list(row) for row in (*TABLE_ROWS, second[1])]
    assert [fragment.page for fragment in found[0].fragments] == [1, 2]
    assert "Vardo\t1.0" in found[0].text


def test_without_a_repeated_heading_every_row_is_kept():
    second = (("Vardo", "1.0", "2.0", "3.0"), ("Voss", "4.0", "5.0", "6.0"))
    assert merge_continued([part(TABLE_ROWS, 1), part(second, 2)])[0].table.rows == len(TABLE_ROWS) + 2


def test_furniture_may_lie_between_and_is_kept():
    foot, head = block("1", "Page Number", 1), block("Book", "Header", 2)
    found = merge_continued([part(TABLE_ROWS, 1), foot, head, part(TABLE_ROWS, 2)])
    assert [b.type for b in found] == ["Table", "Page Number", "Header"]


def test_three_pages_become_one_table():
    found = merge_continued([part(TABLE_ROWS, n) for n in (1, 2, 3)])
    assert len(found) == 1
    assert found[0].table.rows == 1 + 3 * 4
    assert len(found[0].fragments) == 3


def test_text_between_other_columns_other_place_or_same_page_part_tables():
    other = [row[:3] for row in TABLE_ROWS]
    assert len(merge_continued([part(TABLE_ROWS, 1), block("and"), part(TABLE_ROWS, 2)])) == 3
    assert len(merge_continued([part(TABLE_ROWS, 1), part(other, 2)])) == 2
    assert len(merge_continued([part(TABLE_ROWS, 1), part(TABLE_ROWS, 2, x0=150)])) == 2
    assert len(merge_continued([part(TABLE_ROWS, 1), part(TABLE_ROWS, 1)])) == 2
    assert len(merge_continued([part(TABLE_ROWS, 1), part(TABLE_ROWS, 3)])) == 2
