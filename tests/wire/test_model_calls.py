"""The vendor's own client extracts on a server with a model: what it gets, what the model was sent, and every end."""

import time

import httpx
import pytest
from reducto import APIStatusError, Reducto

from conftest import running_server
from documents.labelled import NOTE_SCHEMA, labelled_pdf
from model_server import GoodReader, Reply, model_server, prompt_of, refused, said

INSTRUCTIONS = {"schema": NOTE_SCHEMA}
GOOD = GoodReader()
CANCELLED_WITHIN_S = 2.0


@pytest.fixture(scope="module")
def model():
    with model_server(GOOD) as server:
        yield server


@pytest.fixture(autouse=True)
def good(model):
    """Every test begins with a model that answers well."""
    model.behaviour = GOOD
    model.asked.clear()


@pytest.fixture(scope="module")
def modelled(model, tmp_path_factory):
    """A server that asks the model, and lets the rules answer when it fails."""
    with running_server(
        tmp_path_factory.mktemp("modelled"),
        model_url=model.url,
        model_key="model-key",
        model_accurate="large",
        model_fast="small",
        model_vision="true",
        model_concurrency="1",
        model_timeout_s="20",
        model_price_in="2",
        model_price_out="8",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def client(modelled):
    return Reducto(api_key=modelled.key, base_url=modelled.url, max_retries=0)


@pytest.fixture(scope="module")
def note(client):
    return client.upload(file=("note.pdf", labelled_pdf())).file_id


def extract(client, note, instructions=INSTRUCTIONS, **settings):
    return client.extract.run(input=note, instructions=instructions, settings=settings)


def test_values_come_from_the_model_with_citations_and_cost(client, note, model):
    answer = extract(client, note, citations={"enabled": True})
    leaf = answer.result["reference"]
    assert leaf["value"] == "AB-2041"
    (citation,) = leaf["citations"]
    assert (citation["content"], citation["verification"]) == ("AB-2041", "verified")
    assert citation["confidence"] == "high"
    assert citation["parentBlock"]["content"]
    assert answer.extraction["engine"] == "model"
    assert answer.extraction["model"] == "large"
    cost = answer.extraction["cost"]
    assert cost == {"calls": 1, "prompt_tokens": 100, "completion_tokens": 20, "price": 0.00036}
    assert model.keys[-1] == "Bearer model-key"


def test_a_deep_extraction_gives_its_judgement(client, note, model):
    model.behaviour = lambda body, number: (
        said({"reference": {"value": "XX-1", "lines": [1]}}) if number == 0 else GOOD(body, number)
    )
    answer = extract(client, note, deep_extract=True)
    (values,) = answer.result
    assert (values["reference"], values["total"]) == ("AB-2041", 1204.5)
    assert answer.confidence == "high"
    assert answer.confidence_reason.startswith("Checked in")
    assert len(model.asked) >= 2


def test_latency_asks_the_fast_model(client, note, model):
    assert extract(client, note, optimize_for_latency=True).extraction["model"] == "small"
    assert model.asked[0]["model"] == "small"


def test_the_pages_are_shown_when_asked_for(client, note, model):
    extract(client, note, include_images=True)
    text, picture = model.asked[0]["messages"][1]["content"]
    assert "AB-2041" in text["text"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_the_task_in_the_callers_words_reaches_the_model(client, note, model):
    extract(client, note, {"schema": NOTE_SCHEMA, "system_prompt": "Places are towns."})
    assert "Places are towns." in model.asked[0]["messages"][0]["content"]


def test_extraction_by_windows_without_a_list_is_refused(client, note):
    with pytest.raises(APIStatusError) as caught:
        extract(client, note, array_extract=True)
    assert caught.value.status_code == 422
    assert "array_extract" in caught.value.response.text


def test_so_is_it_in_an_older_body(modelled, note):
    body = {"document_url": note, "schema": NOTE_SCHEMA, "array_extract": {"enabled": True}}
    answer = httpx.post(modelled.url + "/extract", json=body, headers=modelled.headers, timeout=60)
    assert (answer.status_code, answer.json()["error"]["name"]) == (422, "INVALID_CONFIG")


def test_older_bodies_ask_the_model_too(modelled, note, model):
    body = {"document_url": note, "schema": NOTE_SCHEMA, "deep_extract": True, "generate_citations": True}
    answer = httpx.post(modelled.url + "/extract", json=body, headers=modelled.headers, timeout=60).json()
    assert answer["result"][0]["place"] == "Hamburg"
    assert answer["response_confidence"]["confidence"] == "high"
    assert answer["citations"][0]["place"][0]["verification"] == "verified"
    assert not [one for one in answer.get("warnings", []) if "deep" in one]


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        (said("I would rather not use JSON."), "LLM_OUTPUT_PARSE_FAILED"),
        (said("{", finish="length"), "OUTPUT_LIMIT_EXCEEDED"),
        (refused(400, "context length exceeded"), "CONTEXT_WINDOW_EXCEEDED"),
        (refused(401, "bad key"), "LLM_PROVIDER_ERROR"),
    ],
)
def test_when_the_model_fails_the_rules_answer_and_it_is_said(client, note, model, reply, name):
    model.behaviour = lambda body, number: reply
    answer = extract(client, note)
    assert answer.result[0]["reference"] == "AB-2041"
    assert answer.extraction["engine"] == "rules"
    assert any(f"The model gave no answer ({name})" in warning for warning in answer.warnings)


def test_a_job_that_waits_for_the_model_is_cancelled_within_two_seconds(modelled, client, note, model):
    model.behaviour = lambda body, number: Reply({}, pause_s=8)
    job_id = client.extract.run_job(input=note, instructions=INSTRUCTIONS).job_id
    give_up = time.monotonic() + 30
    while not model.asked:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    began = time.monotonic()
    client.job.cancel(job_id)
    assert client.job.get(job_id).status == "Failed"
    model.behaviour = GOOD
    # The call was let go of: the next extraction has its answer long before the first one would have had.
    assert extract(client, note).result[0]["place"] == "Hamburg"
    assert time.monotonic() - began < CANCELLED_WITHIN_S + 2


def test_a_server_that_only_asks_the_model_fails_with_it(model, tmp_path):
    model.behaviour = lambda body, number: said("No JSON.")
    with running_server(
        tmp_path, model_url=model.url, model_accurate="large", extract_engine="model"
    ) as server:
        client = Reducto(api_key=server.key, base_url=server.url, max_retries=0)
        note = client.upload(file=("note.pdf", labelled_pdf())).file_id
        with pytest.raises(APIStatusError) as caught:
            extract(client, note)
        assert caught.value.status_code == 400
        assert caught.value.response.json()["error"]["name"] == "LLM_OUTPUT_PARSE_FAILED"
        asked = len(model.asked)
        assert asked == 2  # the answer was asked for once more, the job was not run again
        assert "Reference: AB-2041" in prompt_of(model.asked[0])


def test_without_a_model_what_needs_one_is_said(sdk):
    note = sdk.upload(file=("note.pdf", labelled_pdf())).file_id
    answer = extract(sdk, note, deep_extract=True, include_images=True)
    assert answer.extraction["engine"] == "rules"
    assert [warning.split(" ")[0] for warning in answer.warnings] == [
        "settings.deep_extract",
        "settings.include_images",
    ]
