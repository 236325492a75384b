from documents.readings import plain, read, schema
from recto.results.extract.rules import extract


def total(lines) -> float | None:
    return plain(extract([read(lines)], schema(total="number")))["total"]


def rows(*pairs: tuple[str, str]):
    return [
        line
        for at, (label, value) in enumerate(pairs)
        for line in ((60, 100 + 14 * at, label), (300, 100 + 14 * at, value))
    ]


def test_rounding_makes_the_total():
    assert (
        total(
            rows(
                ("Total", "31.47"),
                ("Rounding", "-0.02"),
                ("Total", "31.45"),
                ("Cash", "50.00"),
                ("Change", "18.55"),
            )
        )
        == 31.45
    )


def test_what_was_paid_less_the_change():
    assert (
        total(
            rows(
                ("Total sales", "181.98"),
                ("Rounding adjustment", ".02"),
                ("Rounding RM", "182.00"),
                ("Credit", "182.00"),
                ("Change", "0.00"),
            )
        )
        == 182.0
    )


def test_taxes_and_counts_are_no_total():
    assert (
        total(
            rows(
                ("Total qty", "5"),
                ("Total tax", "6.90"),
                ("Total discount", "1.00"),
                ("Grand total", "121.90"),
            )
        )
        == 121.9
    )


def test_a_summary_of_taxes_is_not_what_is_paid():
    assert total(rows(("Total", "80.90"), ("GST summary", "Amount"), ("Total", "80.91"))) == 80.9
