import contextlib
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import InvalidConfig, InvalidSchema, NotAvailable
from recto.wire.definition import (
    MAX_NAME,
    MAX_TEXT,
    canonical,
    check_deployable,
    content_hash,
    load_definition,
    read_definition,
)

YAML = """
name: Invoices
steps:
  - parse:
      retrieval:
        chunking: {chunk_mode: section}
      settings:
        page_range: {start: 1, end: 20}
"""
WHOLE = {
    "name": "All kinds",
    "steps": [
        {"parse": {}},
        {"split": {"split_description": [{"name": "Bill", "description": "An invoice"}]}},
        {"extract": {"section": "Bill", "instructions": {"schema": {"type": "object", "any": {"thing": 1}}}}},
        {"edit": {"document_url": "reducto://form.pdf", "edit_instructions": "Fill it in"}},
    ],
}


def test_yaml_and_json_mean_the_same():
    from_yaml = load_definition(YAML)
    from_json = load_definition(
        '{"steps": [{"parse": {"settings": {"page_range": {"end": 20, "start": 1}},\n'
        '\t"retrieval": {"chunking": {"chunk_mode": "section"}}}}], "name": "Invoices"}'
    )
    assert canonical(from_yaml) == canonical(from_json)
    assert content_hash(from_yaml) == content_hash(from_json)
    assert from_yaml.parse.retrieval.chunking.chunk_mode == "section"


def test_the_canonical_form_reads_back_to_itself():
    for definition in (load_definition(YAML), read_definition(WHOLE)):
        again = load_definition(canonical(definition).decode())
        assert canonical(again) == canonical(definition)
        assert content_hash(definition) == hashlib.sha256(canonical(definition)).hexdigest()


def test_a_default_written_out_changes_nothing_and_another_value_does():
    plain = read_definition({"name": "n", "steps": [{"parse": {}}]})
    same = read_definition({"name": "n", "steps": [{"parse": {"formatting": {"merge_tables": False}}}]})
    other = read_definition({"name": "n", "steps": [{"parse": {"formatting": {"merge_tables": True}}}]})
    assert content_hash(plain) == content_hash(same)
    assert content_hash(plain) != content_hash(other)


@pytest.mark.parametrize("step", ["parse", "parse:", "parse: {}"])
def test_a_parse_step_needs_no_options(step):
    assert load_definition(f"name: n\nsteps:\n  - {step}").parse.settings.timeout is None


def test_a_json_schema_in_an_extract_step_is_the_users_own():
    definition = read_definition(WHOLE)
    assert definition.steps[2].extract.instructions.schema_ == {"type": "object", "any": {"thing": 1}}
    assert json.loads(canonical(definition))["steps"][2]["extract"]["instructions"]["schema"]["any"]


def test_only_steps_that_can_run_are_deployed():
    check_deployable(load_definition(YAML))
    with pytest.raises(NotAvailable, match=r"split and edit steps are not available yet"):
        check_deployable(read_definition(WHOLE))


def extracting(*schemas):
    steps = [{"extract": {"instructions": {"schema": schema}}} for schema in schemas]
    return {"name": "n", "steps": [{"parse": {}}, *steps]}


def test_one_extract_step_can_be_deployed_and_its_schema_is_checked():
    check_deployable(read_definition(extracting({"type": "object"})))
    with pytest.raises(NotAvailable, match="several extract steps"):
        check_deployable(read_definition(extracting({}, {})))
    with pytest.raises(InvalidSchema, match=r"steps\[1\].extract.instructions.schema: .*'money'"):
        read_definition(extracting({"properties": {"a": {"type": "money"}}}))


def parse_step(**options):
    return {"name": "n", "steps": [{"parse": options}]}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "an object with the keys name and steps"),
        ("text", "an object with the keys name and steps"),
        ({"steps": [{"parse": {}}]}, "name: Field required"),
        ({"name": "n"}, "steps: Field required"),
        ({"name": "n", "steps": []}, "steps: "),
        ({"name": "n", "steps": {}}, "steps: "),
        ({"name": " ", "steps": [{"parse": {}}]}, "printable"),
        ({"name": "n" * (MAX_NAME + 1), "steps": [{"parse": {}}]}, "printable"),
        ({"name": "a\nb", "steps": [{"parse": {}}]}, "printable"),
        ({"name": "n", "version": 1, "steps": [{"parse": {}}]}, "version is not a known key"),
        ({"name": "n", "steps": [{"parze": {}}]}, r"steps\[0\].parze is not a known key"),
        ({"name": "n", "steps": [{}]}, r"steps\[0\] has 0 kinds"),
        (
            {"name": "n", "steps": [{"parse": {}, "edit": {}}]},
            r"steps\[0\] has 2 kinds \(parse, edit\)",
        ),
        ({"name": "n", "steps": [{"parse": {}}, {"parse": {}}]}, "exactly one parse step"),
        ({"name": "n", "steps": [{"edit": {}}]}, "exactly one parse step"),
        (parse_step(formating={}), r"steps\[0\].parse.formating is not .* \(did you mean formatting\?\)"),
        (parse_step(settings={"alpha": {}}), r"steps\[0\].parse.settings.alpha is not"),
        (parse_step(retrieval={"chunking": {"chunk_size": "big"}}), r"retrieval.chunking.chunk_size: "),
        (parse_step(enhance={"agentic": [{"scope": "table", "x": 1}]}), r"agentic\[0\].x is not"),
        (parse_step(settings={"document_password": "secret"}), "does not belong into a definition"),
        (parse_step(settings={"timeout": -1}), "timeout is -1"),
        (parse_step(settings={"page_range": ["Sheet"]}), "only spreadsheets have sheets"),
        (
            {"name": "n", "steps": [{"parse": {}}, {"split": {"split_description": []}}]},
            "split_description",
        ),
        (
            {"name": "n", "steps": [{"parse": {}}, {"extract": {"section": "A", "instructions": {}}}]},
            "'A', which no split step makes",
        ),
        ({"name": "n", "steps": [{"parse": {}}, {"extract": {"instructions": {"skema": 1}}}]}, "skema"),
    ],
)
def test_a_wrong_definition_is_told_with_its_place(value, said):
    with pytest.raises(InvalidConfig, match=said):
        read_definition(value)


def test_the_password_itself_is_not_repeated():
    with pytest.raises(InvalidConfig) as caught:
        read_definition(parse_step(settings={"document_password": ["secret"]}))
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an object"),
        ("name: [", "line 1, column 8"),
        ("name: a\nname: b", "line 2, column 1.*'name' stands twice"),
        ('{"name": "a", "name": "b"}', "'name' stands twice"),
        ("a: &x [1, 2]\nb: *x", "anchors and aliases"),
        ("a: &x {b: 1}\nc: {<<: *x}", "anchors and aliases"),
        ("name: !!python/object/apply:os.getcwd []", "tag"),
        ("name: 2024-01-01", "write it in quotes"),
        ("1: x", "the key 1"),
        ("name: .nan", "finite"),
        ("name: x\x00", "cannot be read"),
        ('{"name": "\\ud800", "steps": []}', "half a character"),
        ("[" * 1000, "deeper than|cannot be read"),
        ("{a: " * 5000, "deeper than"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "deeper than"),
        ("n: " + "9" * 5000, "cannot be read"),
        ("#" * (MAX_TEXT + 1), r"262,145 characters"),
    ],
)
def test_text_that_is_no_definition_is_refused(text, said):
    with pytest.raises(InvalidConfig, match=said):
        load_definition(text)


@given(st.text(max_size=200))
def test_any_text_is_a_definition_or_a_clear_error(text):
    with contextlib.suppress(InvalidConfig):
        assert load_definition(text).steps
