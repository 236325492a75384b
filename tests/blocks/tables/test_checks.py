from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.layouts import block, layout, table_of
from recto.blocks.document import settle
from recto.blocks.tables.checks import amount, checked, findings_of
from recto.document.block import Finding

HEAD = ("Station", "Loads", "Tonnes")


def said(rows, header_rows=1):
    return [(found.kind, found.agrees, found.text) for found in findings_of(table_of(rows, header_rows))]


def test_a_total_that_adds_up_is_told():
    rows = (HEAD, ("Mill", "1,200", "4.5"), ("Ford", "300", "2.5"), ("Total", "1,500", "7.0"))
    assert said(rows) == [
        ("column_sum", True, "Row 4 (Total) is the sum of the rows above it in columns 2 and 3.")
    ]


def test_a_total_that_does_not_add_up_lowers_the_confidence_and_says_both_numbers():
    rows = (HEAD, ("Mill", "1,200", "4.5"), ("Ford", "300", "2.5"), ("Total", "1,900", "9.5"))
    table = block("", "Table", table=table_of(rows))
    found = checked(table)
    assert [finding.text for finding in found.findings] == [
        "Row 4 (Total) says 1,900 in column 2, but the rows above it add up to 1,500.",
        "Row 4 (Total) says 9.5 in column 3, but the rows above it add up to 7.0.",
    ]
    assert not any(finding.agrees for finding in found.findings)
    assert found.confidence < 0.9 < table.confidence


def test_a_column_that_differs_where_most_add_up_is_told_apart():
    head = (*HEAD, "Carts")
    rows = (head, ("Mill", "10", "4", "1"), ("Ford", "20", "6", "2"), ("All in all, total", "30", "10", "4"))
    assert [agrees for _, agrees, _ in said(rows)] == [True, False]


def test_sections_with_totals_and_a_grand_total():
    rows = (
        HEAD,
        ("Mill", "10", "1"),
        ("Ford", "20", "2"),
        ("Subtotal", "30", "3"),
        ("Quay", "5", "4"),
        ("Barn", "7", "5"),
        ("Subtotal", "12", "9"),
        ("Grand total", "42", "12"),
    )
    assert [(agrees, text.split(" is ")[0]) for _, agrees, text in said(rows)] == [
        (True, "Row 4 (Subtotal)"),
        (True, "Row 7 (Subtotal)"),
        (True, "Row 8 (Grand total)"),
    ]


def test_rounded_figures_may_miss_their_total_by_the_rounding():
    rows = (
        HEAD,
        ("Mill", "33.3", "1"),
        ("Ford", "33.3", "1"),
        ("Quay", "33.3", "1"),
        ("Total", "100.0", "3"),
    )
    assert said(rows)[0][1:] == (
        True,
        "Row 5 (Total) is the sum of the rows above it in columns 2 and 3.",
    )


@pytest.mark.parametrize(
    "rows",
    [
        (HEAD, ("Mill", "10", "4"), ("Ford", "20", "6"), ("Total average", "15", "5")),
        (HEAD, ("Mill", "10", "4"), ("Ford", "20", "6"), ("Total delay", "17", "9")),
        (HEAD, ("Mill", "10", "4"), ("of which wet", "10", "4"), ("Total", "10", "4")),
        (HEAD, ("Mill", "ten", "-"), ("Ford", "20", "6"), ("Total", "30", "6")),
    ],
    ids=["mean", "no_plain_total", "of_which", "words"],
)
def test_what_is_surely_no_sum_is_not_judged(rows):
    assert said(rows) == []


def test_running_numbers_prove_that_no_row_is_missing():
    rows = [("No", "Name"), *((str(n), "x") for n in range(1, 8))]
    assert said(rows) == [("row_numbers", True, "The numbers of column 1 run from 1 to 7.")]


def test_a_jump_in_running_numbers_is_told():
    rows = [("No", "Name"), *((str(n), "x") for n in (1, 2, 3, 4, 6, 7, 8))]
    assert said(rows) == [("row_numbers", False, "The numbers of column 1 jump from 4 to 6 at row 6.")]


def test_years_and_codes_count_nothing():
    assert said([("Year", "x"), *((str(n), "x") for n in range(2001, 2009))]) == []
    assert said([("Code", "x"), *((str(n), "x") for n in (1, 10, 20, 45, 70, 71))]) == []


def test_a_count_of_the_rows():
    rows = (("Post", "Keeper"), ("Mill", "Ada"), ("Ford", "Bo"), ("Number of posts", "2"))
    assert said(rows) == [("row_count", True, "Row 4 (Number of posts) counts the 2 rows above it.")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.204,50", "1204.50"),
        ("1,204.50", "1204.50"),
        ("1.204.500", "1204500"),
        ("$ 1,204", "1204"),
        ("1 204 €", "1204"),
        ("EUR 3,5", "3.5"),
        ("(17)", "-17"),
        ("−4", "-4"),
        ("12*", "12"),
    ],
)
def test_amounts(text, value):
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-", "12 %", "3-4", "(5", "Mill 4", "1/2", "12:30"])
def test_no_amounts(text):
    assert amount(text) is None


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=12), st.integers(1, 10**6))
def test_true_sums_agree_and_wrong_ones_never_do(values, off):
    rows = [("Post", "Loads"), *((f"P{i}x", f"{value:,}") for i, value in enumerate(values))]
    right = said([*rows, ("Total", f"{sum(values):,}")])
    wrong = said([*rows, ("Total", f"{sum(values) + off:,}")])
    assert all(agrees for _, agrees, _ in right)
    assert bool(right) == (sum(values) > 0)  # zeros prove nothing
    assert not any(agrees for _, agrees, _ in wrong)


def test_a_table_over_two_pages_is_reckoned_as_one():
    first = block("", "Table", y=700, table=table_of((HEAD, ("Mill", "1", "4"), ("Ford", "2", "5"))))
    second = block("", "Table", 2, y=72, table=table_of((HEAD, ("Quay", "3", "6"), ("Total", "6", "15"))))
    merged = settle([layout([first]), layout([second], 2)], merge_tables=True)
    assert merged[0].findings == (
        Finding("column_sum", True, "Row 5 (Total) is the sum of the rows above it in columns 2 and 3."),
    )
