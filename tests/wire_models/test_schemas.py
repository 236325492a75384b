"""Every wire model has the published structure, and every request field names the module that obeys it."""

import importlib
import json
import pkgutil
from pathlib import Path

import pytest
from pydantic import BaseModel

import recto.wire
from recto.wire import asynchronous, model
from wire_models.extract_schemas import PROSE_MARK, structure

HERE = Path(__file__).parent
PACKAGE = Path(recto.wire.__file__).parent.parent
PUBLISHED = json.loads((HERE / "vendor_schemas.json").read_text())
REF = "#/components/schemas/{model}"

OURS_ALONE = {"definition"}
"""Modules whose models are not part of the published contract."""


def wire_modules():
    for found in pkgutil.iter_modules(recto.wire.__path__):
        yield importlib.import_module(f"recto.wire.{found.name}")


def defined(module):
    """The schemas a module defines, by their published names."""
    bases = {model.WireModel, model.RequestModel, model.ClosedModel}
    for value in vars(module).values():
        is_schema = isinstance(value, type) and value.__module__ == module.__name__ and value not in bases
        if is_schema and issubclass(value, BaseModel):
            yield value


MODELS = {
    found.__name__: found
    for module in wire_modules()
    if module.__name__.rsplit(".", 1)[1] not in OURS_ALONE
    for found in defined(module)
}
ENUMS = {
    "QueuePriority": asynchronous.QueuePriority,
    "ErrorCode": importlib.import_module("recto.wire.problems").ErrorCode,
    "CitationParentBlockMode": importlib.import_module("recto.wire.extract").CitationParentBlockMode,
}


def canonical(schema):
    """A schema in which the order of keys, of required names and of union forms does not matter."""
    if isinstance(schema, dict):
        plain = {key: canonical(value) for key, value in schema.items()}
        for key in ("required", "anyOf", "oneOf"):
            if isinstance(plain.get(key), list):
                plain[key] = sorted(plain[key], key=lambda form: json.dumps(form, sort_keys=True))
        return plain
    if isinstance(schema, list):
        return [canonical(value) for value in schema]
    return schema


def ours(name, mode="validation"):
    found = MODELS[name].model_json_schema(ref_template=REF, mode=mode)
    found.pop("$defs", None)
    schema = structure(found)
    if PROSE_MARK in json.dumps(PUBLISHED["newest"].get(name, {})):
        # A default in the vendor's words is there, in words of our own.
        split_rules = schema["properties"]["split_rules"]
        assert split_rules["default"]
        split_rules["default"] = PROSE_MARK
    return canonical(schema)


@pytest.mark.parametrize("name", [name for name in PUBLISHED["newest"] if name not in ENUMS])
def test_every_published_schema_is_defined_with_the_same_structure(name):
    assert ours(name) == canonical(PUBLISHED["newest"][name])


@pytest.mark.parametrize("name", ENUMS)
def test_every_published_enumeration_has_the_same_members(name):
    assert [member.value for member in ENUMS[name]] == PUBLISHED["newest"][name]["enum"]


@pytest.mark.parametrize("name", PUBLISHED["seed"])
def test_the_seed_agrees(name):
    assert ours(name) == canonical(PUBLISHED["seed"][name])


@pytest.mark.parametrize("name", PUBLISHED["legacy"])
def test_the_older_generation_has_the_same_structure(name):
    schema = ours(name)
    for field in schema["properties"].values():
        if isinstance(field.get("default"), dict):
            del field["default"]
    assert schema == canonical(PUBLISHED["legacy"][name])


def test_no_schema_goes_by_a_name_of_our_own():
    assert not MODELS.keys() - PUBLISHED["newest"].keys() - PUBLISHED["legacy"].keys()


def test_a_response_is_described_as_it_is_read():
    """The serialisation schema, which the API's own description uses, has the same properties."""
    for name in ("ParseResponse", "PipelineResponse", "EnhancedAsyncJobResponse"):
        assert ours(name, "serialization")["properties"].keys() == ours(name)["properties"].keys()


def test_the_background_schema_keeps_its_long_name():
    schema = MODELS["V3AsyncPipelineConfig"].model_json_schema(ref_template=REF)
    assert schema["properties"]["async"]["$ref"] == REF.format(model="config__v3__AsyncConfig")
    assert schema["$defs"]["config__v3__AsyncConfig"]["title"] == "AsyncConfig"


REQUESTS = {
    name: found for name, found in MODELS.items() if issubclass(found, model.RequestModel | model.ClosedModel)
}
MARKS = {model.NOT_SERVED, model.NO_EFFECT, model.REFUSED}


def test_requests_are_found():
    assert {"SyncParseConfig", "Settings", "PipelineSettings", "ParseConfigNew"} <= REQUESTS.keys()


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_field_names_a_living_rule(name):
    dead = {}
    for field_name, field in REQUESTS[name].model_fields.items():
        rule = model.rule_of(field)
        if rule not in MARKS and not (rule and (PACKAGE / f"{rule}.py").is_file()):
            dead[field_name] = rule
    assert not dead


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_field_is_described(name):
    bare = [
        field_name
        for field_name, field in REQUESTS[name].model_fields.items()
        if not (field.description or "").partition(" Rule: ")[0].endswith(".")
    ]
    assert not bare
