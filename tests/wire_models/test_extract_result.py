"""The answer of an extraction, from literals: its shapes, its citations key by key, its account."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.block import Block
from recto.document.extraction import Cost, Extraction, Leaf, RowLedger, Source
from recto.document.geometry import Box
from recto.document.options import CitationOptions, ExtractOptions
from recto.document.result import PageInfo
from recto.results.extract.schema import read_schema
from recto.wire.extract import extract_response
from recto.wire.extract_result import PARENT_CHARACTERS, extract_usage, print_extraction

PAGES = [{3: PageInfo(3, 1, 600, 800, "digital", "text layer")}]
BLOCK = Block("Key Value", 3, Box(60, 80, 360, 120), "Total: 12.50 EUR")
SOURCE = Source(0, 3, Box(120, 80, 180, 96), "12.50", BLOCK, 0.96)
SURE = Leaf(12.5, (SOURCE,), "verified", 0.91, "right of its label")
SCHEMA = read_schema(
    {
        "type": "object",
        "properties": {
            "total": {"type": "number"},
            "paid": {"type": "boolean"},
            "due": {"type": "string"},
            "lines": {
                "type": "array",
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
        },
        "required": ["total", "paid", "lines"],
    }
)
CITED = ExtractOptions(citations=CitationOptions(enabled=True))


def found(total=SURE, lines=(), **more):
    return Extraction({"total": total, "paid": Leaf(None), "due": Leaf(None), "lines": lines, **more})


def test_without_citations_the_values_stand_in_a_list_of_one():
    printed = print_extraction(found(), SCHEMA, PAGES, ExtractOptions())
    assert printed.result == [{"total": 12.5, "paid": None, "lines": []}]
    assert printed.citations is None
    assert printed.num_fields == 1


def test_with_citations_each_value_is_wrapped_and_there_is_no_list():
    printed = print_extraction(found(), SCHEMA, PAGES, CITED)
    assert printed.result == {
        "total": {
            "value": 12.5,
            "citations": [
                {
                    "type": "Key Value",
                    "content": "12.50",
                    "bbox": {
                        "left": 0.2,
                        "top": 0.1,
                        "width": 0.1,
                        "height": 0.02,
                        "page": 1,
                        "original_page": 3,
                    },
                    "confidence": "high",
                    "granular_confidence": {"extract_confidence": 0.91, "parse_confidence": 0.96},
                    "parentBlock": {
                        "type": "Key Value",
                        "content": "Total: 12.50 EUR",
                        "bbox": {
                            "left": 0.1,
                            "top": 0.1,
                            "width": 0.5,
                            "height": 0.05,
                            "page": 1,
                            "original_page": 3,
                        },
                    },
                    "verification": "verified",
                }
            ],
        },
        "paid": {"value": None, "citations": []},
        "lines": [],
    }


def citation(options=CITED, leaf=SURE, pages=PAGES):
    (one,) = print_extraction(found(leaf), SCHEMA, pages, options).result["total"]["citations"]
    return one


def test_what_the_citation_options_change():
    plain = ExtractOptions(citations=CitationOptions(enabled=True, numerical=False, parent_text=False))
    assert citation(plain)["granular_confidence"] is None
    assert citation(plain)["parentBlock"]["content"] == ""
    assert citation(plain)["parentBlock"]["bbox"] == citation()["parentBlock"]["bbox"]


@pytest.mark.parametrize(
    ("verification", "confidence", "label"),
    [
        ("verified", 0.9, "high"),
        ("derived", 0.9, "high"),
        ("unverified", 0.99, "low"),
        ("verified", 0.4, "low"),
    ],
)
def test_what_is_not_said_by_its_source_is_never_sure(verification, confidence, label):
    leaf = Leaf(12.5, (SOURCE,), verification, confidence)
    assert citation(leaf=leaf)["confidence"] == label
    assert citation(leaf=leaf)["verification"] == verification
    assert print_extraction(found(leaf), SCHEMA, PAGES, CITED).confidence["confidence"] == label


def test_of_several_documents_a_citation_names_its_own():
    second = Source(1, 3, SOURCE.box, "12.50", BLOCK)
    assert citation(leaf=Leaf(12.5, (second,)), pages=PAGES * 2)["document_index"] == 1
    assert "document_index" not in citation()


def test_a_long_block_is_not_repeated_whole():
    block = Block("Text", 3, BLOCK.box, "word " * 1000)
    content = citation(leaf=Leaf(1, (Source(0, 3, BLOCK.box, "word", block),)))["parentBlock"]["content"]
    assert len(content) == PARENT_CHARACTERS + 1
    assert content.endswith("…")


def test_a_table_over_two_pages_is_cited_by_its_part():
    parts = (Block("Table", 3, Box(0, 0, 60, 80), ""), Block("Table", 4, Box(0, 400, 60, 800), ""))
    whole = Block("Table", 3, Box(0, 0, 60, 80), "", fragments=parts)
    pages = [PAGES[0] | {4: PageInfo(4, 2, 600, 800, "digital", "text layer")}]
    source = Source(0, 4, Box(0, 400, 30, 420), "12.50", whole)
    assert citation(leaf=Leaf(12.5, (source,)), pages=pages)["parentBlock"]["bbox"]["page"] == 2


def test_a_source_without_a_block_is_text():
    one = citation(leaf=Leaf(12.5, (Source(0, 3, SOURCE.box, "12.50"),)))
    assert (one["type"], one["parentBlock"]) == ("Text", None)


def test_the_older_form_has_citations_beside_the_values():
    options = ExtractOptions(citations=CitationOptions(enabled=True, numerical=False), form="v2")
    lines = ({"name": Leaf("a", (SOURCE,), "verified", 0.9)}, {"name": Leaf(None)})
    printed = print_extraction(found(lines=lines), SCHEMA, PAGES, options)
    assert printed.result == [{"total": 12.5, "paid": None, "lines": [{"name": "a"}, {}]}]
    (cited,) = printed.citations
    assert cited["total"] == [citation(options=ExtractOptions(citations=options.citations))]
    assert cited["paid"] == []
    assert [len(line.get("name", [])) for line in cited["lines"]] == [1, 0]
    assert printed.confidence["fields"] == {"total": 0.91, "paid": None, "lines": [{"name": 0.9}, {}]}
    assert print_extraction(found(), SCHEMA, PAGES, ExtractOptions(form="v2")).citations is None


def test_a_free_form_object_is_printed_as_it_was_found():
    printed = print_extraction(Extraction({"Any key": Leaf("x")}), read_schema({}), PAGES, ExtractOptions())
    assert printed.result == [{"Any key": "x"}]


@pytest.mark.parametrize(("options", "result"), [(ExtractOptions(), [["a", None]]), (CITED, None)])
def test_a_root_array(options, result):
    root = read_schema({"type": "array", "items": {"type": "string"}})
    printed = print_extraction(Extraction((Leaf("a"), Leaf(None))), root, PAGES, options)
    wrapped = [{"value": "a", "citations": []}, {"value": None, "citations": []}]
    assert printed.result == (result or wrapped)
    assert printed.num_fields == 1


def test_the_account_tells_engine_values_rows_and_cost():
    ledger = RowLedger("lines", 30, 28, tuple(f"row {n}: a subtotal" for n in range(60)))
    extraction = Extraction(
        {"total": SURE, "due": Leaf("x", (), "unverified")}, "model", (ledger,), (), Cost(2, 9, 4)
    )
    account = print_extraction(extraction, SCHEMA, PAGES, ExtractOptions()).extraction
    assert account["engine"] == "model"
    assert account["values"] == {"verified": 1, "derived": 0, "unverified": 1}
    (row,) = account["rows"]
    assert (row["path"], row["seen"], row["returned"], len(row["left_out"])) == ("lines", 30, 28, 50)
    assert account["cost"] == {"calls": 2, "prompt_tokens": 9, "completion_tokens": 4}
    assert "cost" not in print_extraction(found(), SCHEMA, PAGES, ExtractOptions()).extraction


def test_why_an_answer_is_unsure():
    unsure = found(due=Leaf("soon", (), "unverified", 0.9))
    told = print_extraction(unsure, SCHEMA, PAGES, ExtractOptions()).confidence
    assert told == {"confidence": "low", "reason": "1 of 2 values are uncertain: due."}
    nothing = print_extraction(found(Leaf(None)), SCHEMA, PAGES, ExtractOptions()).confidence
    assert nothing == {"confidence": "low", "reason": "No value was found."}


def test_half_characters_of_a_broken_font_do_no_harm():
    leaf = Leaf("a\ud800", (Source(0, 3, SOURCE.box, "a\ud800"),), "verified", 0.9)
    printed = print_extraction(found(due=leaf), SCHEMA, PAGES, CITED)
    json.dumps(printed.result, ensure_ascii=False).encode()


def test_usage_counts_pages_and_what_the_parse_cost():
    assert extract_usage(3, 7, 4.0) == {
        "num_pages": 3,
        "num_fields": 7,
        "credits": 10.0,
        "extract_mode": "extract",
        "usage_breakdown": None,
    }


@pytest.mark.parametrize("form", ["v3", "v2"])
def test_the_whole_answer(form):
    printed = print_extraction(found(), SCHEMA, PAGES, ExtractOptions(form=form))
    summary = {
        "usage": extract_usage(1, 1, 0.0),
        "confidence": printed.confidence,
        "extraction": printed.extraction,
    }
    body = extract_response(
        form=form, job_id="j", duration=0.12345, summary=summary, result=printed.result, warnings=["w"]
    )
    assert body["response_type"] == {"v3": "v3_extract", "v2": "extract"}[form]
    assert body["duration"] == 0.123
    assert body["studio_link"] is None
    assert body["warnings"] == ["w"]
    assert ("citations" in body) == (form == "v2")
    assert body["extraction"]["engine"] == "rules"


SCALARS = {"string": st.text(max_size=5), "integer": st.integers(), "boolean": st.booleans()}


@st.composite
def schema_and_tree(draw, depth=0):
    """A JSON Schema and a tree that an engine might give for it."""
    kind = draw(
        st.sampled_from([*SCALARS, *(["object", "array"] if depth < 3 else [])] if depth else ["object"])
    )
    if kind == "object":
        names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3))
        inner = {name: draw(schema_and_tree(depth + 1)) for name in names}
        required = [name for name in names if draw(st.booleans())]
        schema = {
            "type": "object",
            "properties": {name: one for name, (one, _) in inner.items()},
            "required": required,
            "additionalProperties": not names,
        }
        return schema, {name: tree for name, (_, tree) in inner.items() if draw(st.booleans())}
    if kind == "array":
        one, _ = inner = draw(schema_and_tree(depth + 1))
        return {"type": "array", "items": one}, (inner[1],) * draw(st.integers(0, 2))
    value = draw(st.none() | SCALARS[kind])
    return {"type": [kind, "null"]}, Leaf(value)


@given(schema_and_tree())
def test_every_answer_fits_its_schema_but_for_missing_objects(pair):
    schema, tree = pair
    (value,) = print_extraction(Extraction(tree), read_schema(schema), PAGES, ExtractOptions()).result
    allowing_null = json.loads(json.dumps(schema).replace('"type": "object"', '"type": ["object", "null"]'))
    jsonschema.validate(value, allowing_null)
