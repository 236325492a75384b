"""jobid:// over HTTP: what the second job gives once the first is gone; and what a job leaves in the storage."""

import time

import httpx
import pytest

from api.calls import ended
from documents.pdfs import pages_pdf, report_pdf
from documents.serving import Answer, world

FIRST_PAGES_S = 60.0


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


def parsed(http, document, **settings):
    answer = http.post("/parse", json={"input": document, "settings": settings})
    assert answer.status_code == 200, answer.text
    return answer.json()


def table_of(result):
    blocks = [block for chunk in result["chunks"] for block in chunk["blocks"]]
    return next(block for block in blocks if block["type"] == "Table")


def test_a_result_that_was_taken_over_outlives_its_job_and_costs_nothing(http):
    with world() as outside:
        document = outside.document("/r.pdf", report_pdf())
        first = parsed(http, document, return_images=["table"])
    second = parsed(http, f"jobid://{first['job_id']}", page_range={"start": 1, "end": 1})
    assert first["usage"]["credits"] > 0
    assert (second["usage"]["num_pages"], second["usage"]["credits"]) == (2, 0.0)
    (told,) = second["warnings"]
    assert "settings.page_range" in told
    assert http.delete(f"/job/{first['job_id']}").status_code == 202
    again = http.get(f"/job/{second['job_id']}").json()["result"]
    assert httpx.get(table_of(again["result"])["image_url"]).headers["content-type"] == "image/png"
    assert httpx.get(again["pdf_url"]).content.startswith(b"%PDF-")
    assert httpx.get(table_of(first["result"])["image_url"]).status_code == 404


def test_a_completed_job_keeps_no_readings(http, server):
    upload = http.post("/upload", files={"file": ("a.pdf", pages_pdf(7))}).json()["file_id"]
    folder = server.data_dir / "objects" / "jobs" / parsed(http, upload)["job_id"]
    until = time.monotonic() + 10
    while (kept := {path.name for path in folder.rglob("*") if path.is_file()}) != {"result.json", "kept"}:
        assert time.monotonic() < until, f"still there: {kept}"
        time.sleep(0.02)


def test_a_running_pipeline_shows_its_pages(http):
    body = {"name": "running", "steps": [{"parse": {}}]}
    pipeline_id = http.post("/recto/v1/pipelines", json=body).json()["pipeline_id"]
    upload = http.post("/upload", files={"file": ("a.pdf", pages_pdf(2))}).json()["file_id"]
    with world() as outside:
        outside.put("/slow.pdf", Answer(hangs=True))
        asked = {"input": [upload, outside.url("/slow.pdf")], "pipeline_id": pipeline_id}
        job_id = http.post("/pipeline_async", json=asked).json()["job_id"]
        until = time.monotonic() + FIRST_PAGES_S
        while (job := http.get(f"/job/{job_id}").json())["stage"] != "fetching" or job["num_pages"] != 2:
            assert time.monotonic() < until, job
            time.sleep(0.05)
        assert job["status"] == "Pending"
        assert job["started_at"] is not None
        listed = next(one for one in http.get("/jobs").json()["jobs"] if one["job_id"] == job_id)
        assert (listed["status"], listed["num_pages"]) == ("InProgress", 2)
        assert http.post(f"/cancel/{job_id}").status_code == 200
    job = ended(http, job_id)
    assert job["num_pages"] == 2
    assert job["duration"] > 0
