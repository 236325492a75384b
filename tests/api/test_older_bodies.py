"""Bodies of the older generation (`document_url` and flat options) on the same paths, answered in today's form."""

import httpx
import pytest

from api.calls import ended
from documents.pdfs import locked_pdf, pages_pdf

HYBRID = {
    "extraction_mode": "hybrid"
}  # this generation's default is to recognise every page, which takes seconds


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(http):
    return http.post("/upload", files={"file": ("p.pdf", pages_pdf(3))}).json()


@pytest.fixture(scope="module")
def pipeline_id(http):
    body = {"name": "older", "steps": [{"parse": {}}]}
    return http.post("/recto/v1/pipelines", json=body).json()["pipeline_id"]


def test_a_parse_with_options(http, upload):
    body = {
        "document_url": upload["file_id"],
        "options": {"chunking": {"chunk_mode": "page"}, **HYBRID},
        "advanced_options": {"page_range": {"start": 2, "end": 3}},
    }
    answer = http.post("/parse", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["response_type"] == "parse"
    chunks = answer.json()["result"]["chunks"]
    assert [chunk["blocks"][0]["bbox"]["original_page"] for chunk in chunks] == [2, 3]


def test_a_parse_of_an_upload_s_answer(http, upload):
    assert (
        http.post("/parse", json={"document_url": upload, "options": HYBRID}).json()["usage"]["num_pages"]
        == 3
    )


def test_in_the_background_with_priority(http, upload):
    body = {"document_url": upload["file_id"], "priority": True, "options": HYBRID}
    answer = http.post("/parse_async", json=body)
    assert set(answer.json()) == {"job_id"}
    job = ended(http, answer.json()["job_id"])
    assert (job["status"], job["lane"]) == ("Completed", "priority")


def test_a_pipeline(http, upload, pipeline_id):
    body = {"document_url": upload["file_id"], "pipeline_id": pipeline_id}
    assert http.post("/pipeline", json=body).json()["response_type"] == "pipeline"
    answer = http.post("/pipeline_async", json={**body, "webhook": {"mode": "disabled"}, "priority": False})
    assert ended(http, answer.json()["job_id"])["result"]["result"]["parse"]["usage"]["num_pages"] == 3


def test_a_password(http):
    locked = http.post("/upload", files={"file": ("l.pdf", locked_pdf("s3cret"))}).json()
    for password, status in (("s3cret", 200), ("other", 442)):
        options = {"document_password": password}
        body = {"document_url": locked, "options": HYBRID, "advanced_options": options}
        answer = http.post("/parse", json=body)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"document_url": "reducto://a", "colour": 1}, ["body", "colour"]),
        (
            {"document_url": "reducto://a", "options": {"chunking": {"chunk_mode": "words"}}},
            ["body", "options"],
        ),
        ({"document_url": "reducto://a", "input": "reducto://a"}, ["body"]),
    ],
)
def test_what_does_not_fit(http, body, at):
    answer = http.post("/parse", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][: len(at)] == at
