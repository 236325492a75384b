from documents.readings import DATE, leaves, plain, read, schema
from recto.results.extract.rules import extract


def test_groups_of_labels_that_repeat():
    document = read(
        [
            *((60, 100, "Passenger: Ada Lindqvist"), (60, 116, "Seat: 12A"), (60, 132, "Fare: 120.00")),
            *((60, 200, "Passenger: Bo Lindqvist"), (60, 216, "Seat: 12B"), (60, 232, "Fare: 80.00")),
        ]
    )
    wanted = schema(passengers=[{"passenger": "string", "seat": "string", "fare": "number"}])
    assert plain(extract([document], wanted))["passengers"] == [
        {"passenger": "Ada Lindqvist", "seat": "12A", "fare": 120.0},
        {"passenger": "Bo Lindqvist", "seat": "12B", "fare": 80.0},
    ]


def test_a_list_behind_its_label():
    document = read([(60, 100, "Colours: red, dark green and blue")])
    found = extract([document], schema(colours=["string"]))
    assert plain(found)["colours"] == ["red", "dark green", "blue"]
    assert all(leaf.verification == "verified" for leaf in leaves(found))


def test_a_column_of_one_table():
    lines = [(60, 100, "Date"), (200, 100, "Serial number"), (360, 100, "Result")]
    for at in range(4):
        lines += [
            (60, 114 + 14 * at, f"2021-05-0{at + 1}"),
            (200, 114 + 14 * at, f"S-10{at}"),
            (360, 114 + 14 * at, "passed"),
        ]
    found = extract(
        [read(lines)], schema(serial_numbers=["string"], tests=[{"date": DATE, "result": "string"}])
    )
    answer = plain(found)
    assert answer["serial_numbers"] == ["S-100", "S-101", "S-102", "S-103"]
    assert answer["tests"][3] == {"date": "2021-05-04", "result": "passed"}


def test_nested_objects_in_rows():
    lines = [(60, 100, "Product"), (260, 100, "Quantity"), (360, 100, "Price")]
    lines += [
        (60, 114, "Oak board"),
        (260, 114, "3"),
        (360, 114, "7.50"),
        (60, 128, "Lamp"),
        (260, 128, "1"),
        (360, 128, "9.00"),
    ]
    wanted = schema(
        lines=[{"product": "string", "sale": {"quantity": "integer", "price": "number"}, "tags": ["string"]}]
    )
    assert plain(extract([read(lines)], wanted))["lines"][0] == {
        "product": "Oak board",
        "sale": {"quantity": 3, "price": 7.5},
        "tags": [],
    }


def test_no_table_gives_no_rows_and_no_ledger():
    found = extract([read([(60, 100, "Nothing to see")])], schema(rows=[{"a": "string", "b": "number"}]))
    assert plain(found)["rows"] == []
    assert found.ledgers == ()
