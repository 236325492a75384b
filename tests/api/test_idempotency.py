"""The same call under the same Idempotency-Key is one job, whoever sends it how often."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
import reducto

from api.calls import ended, second_key
from documents.pdfs import pages_pdf


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def document(http):
    return http.post("/upload", files={"file": ("a.pdf", pages_pdf(2))}).json()["file_id"]


@pytest.fixture(scope="module")
def pipeline_id(http):
    body = {"name": "idempotency", "steps": [{"parse": {}}]}
    return http.post("/recto/v1/pipelines", json=body).json()["pipeline_id"]


def call(http, path, key, body, **headers):
    return http.post(path, json=body, headers={"idempotency-key": key, **headers})


@pytest.mark.parametrize("path", ["/parse_async", "/pipeline_async", "/parse", "/pipeline"])
def test_a_repeated_call_finds_its_job(http, document, pipeline_id, path):
    body = {"input": document} | ({"pipeline_id": pipeline_id} if "pipeline" in path else {})
    key = str(uuid4())
    answers = [call(http, path, key, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    first, again = (answer.json() for answer in answers)
    assert first["job_id"] == again["job_id"]
    assert call(http, path, str(uuid4()), body).json()["job_id"] != first["job_id"]
    if "async" not in path:
        assert first["usage"] == again["usage"]


def test_another_call_under_the_same_key_is_refused(http, document):
    key = str(uuid4())
    first = call(http, "/parse_async", key, {"input": document}).json()["job_id"]
    for path, body, headers in (
        ("/parse_async", {"input": document, "settings": {"page_range": {"start": 1, "end": 1}}}, {}),
        ("/parse", {"input": document}, {}),
        ("/parse_async", {"input": document}, {"x-recto-retention": "none"}),
    ):
        refused = call(http, path, key, body, **headers)
        assert (refused.status_code, refused.headers["x-should-retry"]) == (409, "false")
        assert first in refused.json()["error"]["message"]


def test_the_order_of_a_body_s_keys_does_not_matter(http, document):
    key = str(uuid4())
    bodies = ({"input": document, "settings": {}}, {"settings": {}, "input": document})
    ids = {call(http, "/parse_async", key, body).json()["job_id"] for body in bodies}
    assert len(ids) == 1


def test_a_key_belongs_to_its_organisation(http, server, document):
    key = str(uuid4())
    mine = call(http, "/parse_async", key, {"input": document}).json()["job_id"]
    headers = {"authorization": f"Bearer {second_key(server)}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as other:
        theirs = other.post("/upload", files={"file": ("a.pdf", pages_pdf(1))}).json()["file_id"]
        answer = call(other, "/parse_async", key, {"input": theirs})
        assert answer.status_code == 200
        assert answer.json()["job_id"] != mine


def test_calls_at_the_same_moment_make_one_job(http, document):
    key = str(uuid4())
    before = {job["job_id"] for job in http.get("/jobs?limit=500").json()["jobs"]}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: call(http, "/parse_async", key, {"input": document}), range(12)))
    assert {answer.status_code for answer in answers} == {200}
    (job_id,) = {answer.json()["job_id"] for answer in answers}
    after = {job["job_id"] for job in http.get("/jobs?limit=500").json()["jobs"]}
    assert after - before == {job_id}


def test_a_call_that_made_no_job_leaves_its_key_free(http, document):
    key = str(uuid4())
    assert call(http, "/parse_async", key, {"input": f"reducto://{uuid4()}.pdf"}).status_code == 404
    assert call(http, "/parse_async", key, {"input": document}).status_code == 200


def test_a_failed_job_is_answered_again_and_not_run_again(http):
    broken = http.post("/upload", files={"file": ("a.pdf", b"")}).json()["file_id"]
    key = str(uuid4())
    answers = [call(http, "/parse", key, {"input": broken}) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code == 422
    assert answers[0].json()["error"] == answers[1].json()["error"]


def test_a_job_that_was_deleted_is_told_to_be_so(http, document):
    key = str(uuid4())
    job_id = call(http, "/parse", key, {"input": document}).json()["job_id"]
    http.delete(f"/job/{job_id}")
    assert call(http, "/parse", key, {"input": document}).status_code == 410


def test_the_vendor_s_client_may_send_a_key(server, document):
    key = str(uuid4())
    with reducto.Reducto(api_key=server.key, base_url=server.url, max_retries=0) as client:
        ids = {
            client.parse.run_job(input=document, extra_headers={"Idempotency-Key": key}).job_id
            for _ in range(2)
        }
    assert len(ids) == 1


@pytest.mark.parametrize("key", ["x" * 256, "tab\tin it"])
def test_an_odd_key_is_refused(http, document, key):
    answer = call(http, "/parse_async", key, {"input": document})
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["error"]["message"]


def test_an_empty_key_is_none(http, document):
    ids = {call(http, "/parse_async", "", {"input": document}).json()["job_id"] for _ in range(2)}
    assert len(ids) == 2
    for job_id in ids:
        ended(http, job_id)
