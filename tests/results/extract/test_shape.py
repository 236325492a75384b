import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.readings import DATE, choice, schema
from recto.document.schema import SchemaField
from recto.results.extract.answers import NOTHING, Said, all_said
from recto.results.extract.shape import AnswerReader, answer_schema, described, entry_key

ROOT = schema(
    name="string",
    day=DATE,
    kind=choice("Net 30", "cash"),
    rows=[{"price": "number", "parts": ["string"], "inner": {"note": "string"}}],
    tags=["string"],
)
READER = AnswerReader(1, 50)

GOOD = {
    "name": {"value": "Ada", "lines": [1]},
    "day": {"value": "2021-05-14", "lines": [2]},
    "kind": {"value": "Net 30", "lines": [3]},
    "rows": [{"_lines": [4, 5], "price": 2.5, "parts": ["a", "b"], "inner": {"note": None}}],
    "tags": [{"value": "x", "lines": [6]}],
}


def test_a_good_answer_fits_the_schema_and_is_read():
    jsonschema.validate(GOOD, answer_schema(ROOT))
    found = READER.read(GOOD, ROOT)
    assert found["name"] == Said("Ada", (1,))
    assert found["rows"] == [
        {
            "price": Said(2.5, (4, 5)),
            "parts": [Said("a", (4, 5)), Said("b", (4, 5))],
            "inner": {"note": NOTHING},
        }
    ]
    assert found["tags"] == [Said("x", (6,))]


def test_the_schema_is_strict_throughout():
    def check(part):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
            for inner in part["properties"].values():
                check(inner)
        if "items" in part:
            check(part["items"])

    check(answer_schema(ROOT))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Ada", Said("Ada")),
        ({"value": "Ada"}, Said("Ada")),
        ({"value": "Ada", "lines": "lines 3 and 4"}, Said("Ada", (3, 4))),
        ({"value": "Ada", "lines": [3, "L4", 3, 99, True]}, Said("Ada", (3, 4), 1)),
        ({"value": {"value": "Ada"}, "lines": [2]}, Said("Ada", (2,))),
        (["Ada", "Grace"], Said("Ada, Grace")),
        ({"value": "n/a", "lines": [1]}, NOTHING),
        (None, NOTHING),
    ],
)
def test_looser_answers(answer, said):
    assert READER.read({"Name ": answer}, ROOT)["name"] == said


def test_empty_entries_and_foreign_keys_are_left_out():
    found = READER.read({"rows": [{}, {"price": None}, "odd", {"price": 1, "more": 2}], "other": 1}, ROOT)
    assert found["rows"] == [{"price": Said(1), "parts": [], "inner": {"note": NOTHING}}]
    assert set(found) == {"name", "day", "kind", "rows", "tags"}


def test_lines_of_entries_have_a_key_of_their_own():
    items = schema(_lines="string")
    assert entry_key(items) == "__lines"
    root = SchemaField("", "", "object", properties=(SchemaField("rows", "rows", "array", items=items),))
    found = READER.read({"rows": [{"__lines": [7], "_lines": "text"}]}, root)
    assert found["rows"] == [{"_lines": Said("text", (7,))}]


def test_fields_are_described_once():
    field = SchemaField("due", "due", "string", "Due date", "When it is to be paid.\nAlways.", "date")
    root = SchemaField("", "", "object", properties=(field,))
    assert described(root) == "- due: date (Due date When it is to be paid. Always.)"


KEYS = ["value", "lines", "_lines", "name", "rows", "price", "tags", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(JSON)
def test_whatever_comes_is_read_into_the_schemas_form(answer):
    found = READER.read(answer, ROOT)
    assert set(found) == {"name", "day", "kind", "rows", "tags"}
    for said in all_said(found):
        assert said.value is None or isinstance(said.value, str | int | float)
        assert all(1 <= line <= 50 for line in said.lines)
    assert found["kind"].value in (None, "Net 30", "cash")
