"""The served OpenAPI document: paths, operation ids, bodies and schema names are the published ones."""

import json
from pathlib import Path

import httpx
import jsonschema
import pytest

from api.extract_paths import paths
from wire_models.extract_schemas import structure

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "vendor_paths.json").read_text())
SCHEMAS = json.loads((HERE.parent / "wire_models" / "vendor_schemas.json").read_text())
REF = "#/components/schemas/"


@pytest.fixture(scope="module")
def served(server):
    return httpx.get(server.url + "/openapi.json").json()  # without a key, as documentation is read


def canonical(operation):
    """An operation in which the order of parameters and of union forms does not matter."""
    if isinstance(operation, dict):
        plain = {key: canonical(value) for key, value in operation.items()}
        for key in ("parameters", "anyOf", "oneOf"):
            if key in plain:
                plain[key] = sorted(plain[key], key=lambda one: json.dumps(one, sort_keys=True))
        return plain
    if isinstance(operation, list):
        return [canonical(value) for value in operation]
    return operation


def references(value):
    """Every schema name that a value refers to."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].removeprefix(REF)
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_paths_are_the_published_ones(served):
    assert served["paths"].keys() == PUBLISHED["newest"].keys()


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, methods in PUBLISHED["newest"].items() for method in methods],
)
def test_every_operation_is_as_published(served, path, method):
    ours = paths(served)[path][method]
    assert canonical(ours) == canonical(PUBLISHED["newest"][path][method])


def test_operation_ids_are_unique(served):
    ids = [operation["operationId"] for methods in served["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_the_schemas_are_the_published_ones(served):
    assert served["components"]["schemas"].keys() == SCHEMAS["newest"].keys()


def test_every_reference_leads_somewhere(served):
    assert set(references(served)) <= served["components"]["schemas"].keys()


def test_the_seed_s_call_and_its_schemas_are_structurally_equal(served):
    """POST /pipeline_async, the call this server was begun for, with everything it is made of."""
    assert canonical(paths(served)["/pipeline_async"]) == canonical(PUBLISHED["seed"]["/pipeline_async"])
    for name, schema in SCHEMAS["seed"].items():
        ours = structure(served["components"]["schemas"][name])
        assert ours["properties"].keys() == schema["properties"].keys(), name
        assert sorted(ours.get("required", [])) == sorted(schema.get("required", [])), name
        assert ours.get("additionalProperties") == schema.get("additionalProperties"), name


@pytest.mark.parametrize(
    ("schema", "body", "fits"),
    [
        ("V3AsyncPipelineConfig", {"input": "https://a/b.pdf", "pipeline_id": "k1"}, True),
        (
            "V3AsyncPipelineConfig",
            {"input": ["a", "b"], "pipeline_id": "k1", "async": {"metadata": [1]}},
            True,
        ),
        ("V3AsyncPipelineConfig", {"input": "a"}, False),
        ("V3AsyncPipelineConfig", {"input": "a", "pipeline_id": "k", "settings": {"other": 1}}, False),
        ("AsyncPipelineResponse", {"job_id": "x"}, True),
        ("AsyncPipelineResponse", {}, False),
    ],
)
def test_the_document_is_usable_by_a_validator(served, schema, body, fits):
    whole = {"$ref": REF + schema, "components": served["components"]}
    assert jsonschema.Draft202012Validator(whole).is_valid(body) is fits


def test_the_scheme_of_authentication(served):
    assert served["components"]["securitySchemes"] == {
        "SkippableHTTPBearer": {"type": "http", "scheme": "bearer"}
    }
    assert served["openapi"].startswith("3.1")
