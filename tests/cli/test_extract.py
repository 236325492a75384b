"""`recto extract`: a file and a schema in, values as JSON out, without a server."""

import json
import time

import pytest

from documents.labelled import NOTE_SCHEMA, labelled_pdf, labelled_text
from model_server import GoodReader, model_server, refused


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.pdf"
    path.write_bytes(labelled_pdf({"Place": "Lübeck"}, {"Place": "Kiel"}))
    return path


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(NOTE_SCHEMA))
    return path


def test_values(recto, note, schema):
    ended = recto("extract", note, "--schema", schema)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == {"reference": None, "place": "Lübeck", "total": None}
    assert "Lübeck" in ended.out
    assert ended.err == ""


def test_citations_of_the_pages_wanted(recto, note, schema):
    ended = recto("extract", note, "--schema", schema, "--citations", "--pages", "2")
    place = json.loads(ended.out)["place"]
    assert place["value"] == "Kiel"
    assert place["citations"][0]["bbox"]["original_page"] == 2


def test_three_thousand_pages(recto, schema, tmp_path):
    """A long document: the value is found and cited where it stands, in bounded time (see test_kept for memory)."""
    path = tmp_path / "long.txt"
    path.write_text(labelled_text(3000, {"Place": "Kiel"}, at=2900))
    begun = time.process_time()
    place = json.loads(recto("extract", path, "--schema", schema, "--citations").out)["place"]
    assert place["value"] == "Kiel"
    assert place["citations"][0]["bbox"]["page"] == 2900
    assert time.process_time() - begun < 60


@pytest.mark.parametrize("text", ['{"type": "string"}', "{", b"\xff\xfe\x00"])
def test_a_wrong_schema_is_told_in_one_line(recto, note, schema, text):
    schema.write_bytes(text if isinstance(text, bytes) else text.encode())
    ended = recto("extract", note, "--schema", schema)
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert "schema" in ended.err


def test_a_model_that_is_set_up_is_asked(recto, note, schema):
    with model_server(GoodReader()) as server:
        env = {"RECTO_MODEL_URL": server.url, "RECTO_MODEL_ACCURATE": "large"}
        ended = recto("extract", note, "--schema", schema, env=env)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["place"] == "Lübeck"
    assert len(server.asked) == 1


def test_the_rules_answer_for_a_model_that_fails(recto, note, schema):
    with model_server(lambda body, number: refused(401, "bad key")) as server:
        env = {"RECTO_MODEL_URL": server.url, "RECTO_MODEL_ACCURATE": "large"}
        ended = recto("extract", note, "--schema", schema, env=env)
        failed = recto("extract", note, "--schema", schema, env=env | {"RECTO_EXTRACT_ENGINE": "model"})
    assert json.loads(ended.out)["place"] == "Lübeck"
    assert "The model gave no answer (LLM_PROVIDER_ERROR)" in ended.err
    assert failed.code != 0
    assert "bad key" in failed.err
