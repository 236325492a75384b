"""JSON Schemas as people and programs write them, and as nobody should."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import InvalidSchema
from recto.results.extract.schema import MAX_CHOICES, MAX_DEPTH, MAX_FIELDS, read_schema


def only(schema, **beside):
    """The field of the one property `x`."""
    (field,) = read_schema({"type": "object", "properties": {"x": schema}, **beside}).properties
    return field


def test_an_object_with_everything():
    root = read_schema(
        {
            "type": "object",
            "required": ["total", "lines"],
            "properties": {
                "total": {"type": "number", "title": "Total", "description": "Sum to be paid"},
                "issued": {"type": "string", "format": "date"},
                "code": {"type": "string", "pattern": "^[A-Z]+$", "examples": ["AB", 7]},
                "lines": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"price": {"type": "number"}}},
                },
            },
        }
    )
    total, issued, code, lines = root.properties
    assert (root.name, root.path, root.type) == ("", "", "object")
    assert (total.name, total.title, total.description, total.required) == (
        "total",
        "Total",
        "Sum to be paid",
        True,
    )
    assert (issued.format, issued.required) == ("date", False)
    assert (code.pattern, code.examples) == ("^[A-Z]+$", ("AB", "7"))
    assert (lines.type, lines.items.path, lines.items.properties[0].path) == (
        "array",
        "lines[]",
        "lines[].price",
    )
    assert [leaf.path for leaf in root.leaves()] == ["total", "issued", "code", "lines[].price"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["integer", "number"]}, "number"),
        ({"type": ["string", "integer"]}, "any"),
        ({"type": "null"}, "any"),
        ({}, "any"),
        (True, "any"),
        ({"properties": {"y": {}}}, "object"),
        ({"items": {"type": "string"}}, "array"),
        ({"type": "array"}, "array"),
        ({"enum": ["a", "b"]}, "string"),
        ({"enum": [1, 2.5]}, "number"),
        ({"const": True}, "boolean"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"oneOf": [{"type": "null"}, {"type": "object", "properties": {"y": {}}}]}, "object"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, "any"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "integer"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}], "items": False}, "array"),
    ],
)
def test_the_type_of_a_field(schema, kind):
    assert only(schema).type == kind


@pytest.mark.parametrize(
    ("schema", "choices"),
    [
        ({"enum": ["a", None, "b"]}, ("a", "b")),
        ({"const": "a"}, ("a",)),
        ({"anyOf": [{"enum": ["a"]}, {"const": "b"}, {"type": "null"}]}, ("a", "b")),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, ()),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ("b",)),
    ],
)
def test_the_choices_of_a_field(schema, choices):
    assert only(schema).enum == choices


def test_references_into_the_schema():
    defs = {"Money": {"type": "number", "description": "In euros"}, "a/b~c d": {"type": "boolean"}}
    assert only({"$ref": "#/$defs/Money", "description": "Net"}, **{"$defs": defs}).description == "Net"
    assert only({"$ref": "#/$defs/Money"}, **{"$defs": defs}).description == "In euros"
    assert only({"$ref": "#/$defs/a~1b~0c%20d"}, **{"$defs": defs}).type == "boolean"
    assert only({"$ref": "#/definitions/0/1"}, definitions=[[{}, {"type": "integer"}]]).type == "integer"


def test_what_all_of_adds_up():
    base = {"properties": {"name": {"type": "string"}, "born": {"type": "string"}}, "required": ["name"]}
    root = read_schema(
        {
            "$defs": {"Base": base},
            "allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"born": {"format": "date"}}}],
            "properties": {"parent": {"$ref": "#/$defs/Base"}},
        }
    )
    parent, name, born = root.properties
    assert [field.path for field in parent.properties] == ["parent.name", "parent.born"]
    assert (name.required, born.type, born.format) == (True, "string", "date")


def test_forms_of_an_object_are_one_object_with_what_any_of_them_has():
    forms = [
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["a"],
        },
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    ]
    field = only({"anyOf": forms})
    assert [(one.name, one.type, one.required) for one in field.properties] == [
        ("a", "any", True),
        ("b", "string", False),
    ]


@pytest.mark.parametrize("schema", [{}, True, {"description": "The key facts"}, "{}", {"$schema": "x"}])
def test_an_empty_schema_is_a_free_form_object(schema):
    root = read_schema(schema)
    assert (root.type, root.properties) == ("object", ())


def test_a_root_array_is_possible():
    assert read_schema({"type": "array", "items": {"type": "string"}}).items.path == "[]"


def test_a_property_that_allows_nothing_is_left_out():
    root = read_schema({"properties": {"no": False, "yes": {"type": "string"}}, "required": ["no"]})
    assert [field.name for field in root.properties] == ["yes"]


def test_the_order_is_the_schemas():
    names = [f"field_{number}" for number in range(369, 0, -1)]
    root = read_schema({"type": "object", "properties": {name: {"type": "string"} for name in names}})
    assert [field.name for field in root.properties] == names


def nested(levels, schema):
    for _ in range(levels):
        schema = {"type": "object", "properties": {"in": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (None, "the root of the schema is None"),
        (7, "the root of the schema is 7"),
        ([], "the root of the schema is"),
        ("{", "not valid JSON"),
        ("7", "the root of the schema is 7"),
        (False, "allows no answer at all"),
        ({"anyOf": []}, "allows no answer at all"),
        ({"type": "string"}, "a single string"),
        ({"invoice_number": "string"}, "no word of JSON Schema"),
        ({"type": "objekt"}, "'objekt'"),
        ({"properties": []}, "the properties"),
        ({"properties": {"a": {"properties": {"b": {"type": 5}}}}}, "'a.b' has the type 5"),
        ({"properties": {"a": {"type": "array", "items": {"type": "x"}}}}, r"'a\[\]' has the type 'x'"),
        ({"properties": {"a": "string"}}, "'a' is 'string'"),
        ({"properties": {"a": {}}, "required": "a"}, "in required 'a'"),
        ({"properties": {"a": {}}, "required": [1]}, r"in required \[1\]"),
        ({"properties": {"a": {"enum": "x"}}}, "'a' has in enum 'x'"),
        ({"properties": {"a": {"enum": [{}]}}}, "'a' has the choice {}"),
        ({"properties": {"a": {"enum": list(range(MAX_CHOICES + 1))}}}, "'a' has 2,001 choices"),
        ({"properties": {"a": {"allOf": {}}}}, "'a' has in allOf"),
        (
            {"properties": {"a": {"allOf": [{"type": "string"}, {"type": "array"}]}}},
            "string and array at once",
        ),
        ({"properties": {"a": {"$ref": "https://example.com/s.json"}}}, "'a' refers to 'https:"),
        ({"properties": {"a": {"$ref": "#/$defs/Gone"}}}, "'a' refers to .* does not have"),
        ({"properties": {"a": {"$ref": 3}}}, "'a' refers to 3"),
        ({"properties": {"a": {"$ref": "#"}}}, "recursive: 'a'"),
        ({"properties": {"a": {"type": "array", "items": False}}}, "could only be empty"),
        (nested(MAX_DEPTH + 1, {}), f"deeper than {MAX_DEPTH} levels"),
        (
            {"properties": {f"f{number}": {} for number in range(MAX_FIELDS)}},
            f"more than {MAX_FIELDS:,} fields",
        ),
    ],
)
def test_what_is_no_schema_is_told_with_its_place(schema, told):
    with pytest.raises(InvalidSchema, match=told):
        read_schema(schema)


def test_a_recursive_schema_names_where_it_turns_back():
    node = {"properties": {"name": {}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
    with pytest.raises(InvalidSchema, match=r"'tree\.children\[\]' refers to '#/\$defs/Node' again"):
        read_schema({"$defs": {"Node": node}, "properties": {"tree": {"$ref": "#/$defs/Node"}}})


def doubling(word):
    """Thirty definitions, each of which names the next one twice: a thousand million when written out."""
    defs = {"a30": {"type": "object"}}
    for number in range(30):
        next_one = {"$ref": f"#/$defs/a{number + 1}"}
        twice = {"l": next_one, "r": next_one} if word == "properties" else [next_one, next_one]
        defs[f"a{number}"] = {word: twice}
    return {"$defs": defs, "$ref": "#/$defs/a0"}


def chain_of(levels):
    schema = {"type": "object"}
    for _ in range(levels):
        schema = {"allOf": [schema]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [doubling("properties"), doubling("allOf"), doubling("anyOf"), chain_of(5000)],
    ids=["properties", "allOf", "anyOf", "depth"],
)
def test_a_hostile_schema_is_given_up_soon(schema):
    begun = time.process_time()
    with pytest.raises(InvalidSchema):
        read_schema(schema)
    assert time.process_time() - begun < 5


WORDS = ["type", "properties", "items", "enum", "const", "anyOf", "allOf", "required", "$ref", "title", "x"]
TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([*TYPES, "#/properties/x", "#"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "y"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_anything_is_a_schema_or_an_error_for_people(value):
    try:
        root = read_schema(value)
    except InvalidSchema:
        return  # any other exception fails the test
    assert root.type in {"object", "array"}
    paths = [leaf.path for leaf in root.leaves()]
    assert len(paths) == len(set(paths))
