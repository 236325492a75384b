"""Calls after which nothing is kept, on the way of a sync answer, a fetched job, and a pipeline."""

import os
import time
from pathlib import Path

import httpx
import pytest

from api.calls import ended
from documents.pdfs import pages_pdf, report_pdf

NONE = {"x-recto-retention": "none"}
GONE_S = 10.0


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


def uploaded(http, content):
    return http.post("/upload", files={"file": ("a.pdf", content)}).json()["file_id"]


def stored(server, *names):
    """The stored files whose path holds one of these ids."""
    objects = server.data_dir / "objects"
    wanted = [name.removeprefix("reducto://") for name in names]
    # Not rglob: folders go while it looks.
    files = [Path(folder, name) for folder, _, names in os.walk(objects) for name in names]
    return [path for path in files if any(one in str(path) for one in wanted)]


def until_gone(http, server, job_id, *names):
    until = time.monotonic() + GONE_S
    while http.get(f"/job/{job_id}").status_code != 410 or stored(server, job_id, *names):
        assert time.monotonic() < until, stored(server, job_id, *names)
        time.sleep(0.02)


def test_nothing_outlives_a_synchronous_answer(http, server):
    document = uploaded(http, report_pdf())
    answer = http.post("/parse", json={"input": document}, headers=NONE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["result"]["chunks"]
    assert body["pdf_url"] is None  # it would lead nowhere
    until_gone(http, server, body["job_id"], document)
    told = http.get(f"/job/{body['job_id']}").json()["error"]
    assert (told["name"], "delivery" in told["message"]) == ("JOB_DELETED", True)


def test_a_background_job_goes_when_its_result_was_fetched(http, server):
    document = uploaded(http, pages_pdf(1))
    job_id = http.post("/parse_async", json={"input": document}, headers=NONE).json()["job_id"]
    job = ended(http, job_id)
    assert job["result"]["result"]["chunks"]
    until_gone(http, server, job_id, document)


def test_a_failure_is_delivered_like_a_result(http, server):
    broken = uploaded(http, b"")
    answer = http.post("/parse", json={"input": broken}, headers=NONE)
    assert answer.status_code == 422
    until_gone(http, server, answer.json()["error"]["job_id"], broken)


def test_a_result_by_url_stays_as_long_as_its_url(http, server):
    document = uploaded(http, pages_pdf(1))
    body = {"input": document, "settings": {"force_url_result": True}}
    answer = http.post("/parse", json=body, headers=NONE).json()
    assert httpx.get(answer["result"]["url"]).status_code == 200
    assert stored(server, answer["job_id"])


def test_a_pipeline_goes_with_its_parts(http, server):
    made = http.post("/recto/v1/pipelines", json={"name": "keeping", "steps": [{"parse": {}}]}).json()
    documents = [uploaded(http, pages_pdf(1)) for _ in range(2)]
    body = {"input": documents, "pipeline_id": made["pipeline_id"]}
    answer = http.post("/pipeline", json=body, headers=NONE).json()
    parts = [parse["job_id"] for parse in answer["result"]["parse"]]
    until_gone(http, server, answer["job_id"], *parts, *documents)
    for part in parts:  # 409 until its row is buried too
        until_gone(http, server, part)


def test_a_part_that_is_looked_at_is_not_taken_from_its_pipeline(http, server):
    made = http.post("/recto/v1/pipelines", json={"name": "looked-at", "steps": [{"parse": {}}]}).json()
    documents = [uploaded(http, pages_pdf(pages)) for pages in (1, 60)]
    body = {"input": documents, "pipeline_id": made["pipeline_id"]}
    whole = http.post("/pipeline_async", json=body, headers=NONE).json()["job_id"]
    parts = []
    until = time.monotonic() + 60
    while (job := http.get(f"/job/{whole}").json())["status"] == "Pending":
        assert time.monotonic() < until
        if not parts:
            listed = http.get("/jobs", params={"limit": 10}).json()["jobs"]
            parts = [one["job_id"] for one in listed if one["type"] == "Parse"][:2]
        for part in parts:
            assert http.get(f"/job/{part}").status_code == 200
    assert job["status"] == "Completed", job
    assert len(job["result"]["result"]["parse"]) == 2


def test_contradictions_and_odd_words_are_refused(http):
    document = uploaded(http, pages_pdf(1))
    body = {"input": document, "settings": {"persist_results": True}}
    assert http.post("/parse", json=body, headers=NONE).status_code == 422
    odd = http.post("/parse", json={"input": document}, headers={"x-recto-retention": "forever"})
    assert (odd.status_code, "forever" in odd.text) == (422, True)
    assert (
        http.post("/parse", json={"input": document}, headers={"x-recto-retention": "None"}).status_code
        == 200
    )
