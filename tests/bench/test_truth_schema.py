"""Schemas for the extraction benchmark are made of names and types alone."""

import json

from recto.results.extract.schema import read_schema
from truth_schema import schema_for


def test_the_listed_types_decide():
    schema = schema_for({"types": {"issued": "date", "sum": "price", "parties": "list", "odd": "colour"}})
    kinds = [(field.name, field.type, field.format) for field in read_schema(schema).properties]
    assert kinds == [
        ("issued", "string", "date"),
        ("sum", "number", ""),
        ("parties", "array", ""),
        ("odd", "string", ""),
    ]


def test_without_types_names_and_json_types_do_and_no_value_gets_in():
    rows = [{"name": "secret one"}, {"price": 7.77}]
    fields = {"due_date": "secret two", "sum": 9.99, "paid": True, "rows": rows, "tags": ["secret three"]}
    schema = schema_for({"types": None, "fields": fields})
    assert "secret" not in json.dumps(schema)
    due, total, paid, lines, tags = read_schema(schema).properties
    assert (due.format, total.type, paid.type, tags.items.type) == ("date", "number", "boolean", "string")
    assert [(field.name, field.type) for field in lines.items.properties] == [
        ("name", "string"),
        ("price", "number"),
    ]


def test_a_truth_without_fields_asks_for_nothing():
    assert schema_for({"types": None, "fields": None}) is None
    assert schema_for({}) is None
