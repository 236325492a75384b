"""What DELETE takes away and what it leaves: results, signed URLs, uploads, the parts of a pipeline."""

import httpx
import psycopg
import pytest

from api.calls import ended
from documents.pdfs import locked_pdf, pages_pdf, report_pdf
from recto.storage.embedded import running_url


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def pipeline_id(http):
    body = {"name": "deletion", "steps": [{"parse": {}}]}
    return http.post("/recto/v1/pipelines", json=body).json()["pipeline_id"]


def uploaded(http, content):
    return http.post("/upload", files={"file": ("a.pdf", content)}).json()["file_id"]


def parsed(http, document, **settings):
    answer = http.post("/parse", json={"input": document, "settings": settings})
    assert answer.status_code == 200, answer.text
    return answer.json()


def name_of(answer):
    return answer.status_code, answer.json()["error"]["name"]


def test_a_deleted_job_is_gone_with_its_signed_urls(http):
    document = uploaded(http, report_pdf())
    body = parsed(http, document, force_url_result=True)
    url = body["result"]["url"]
    assert httpx.get(url).status_code == 200
    assert http.delete(f"/job/{body['job_id']}").status_code == 202
    assert name_of(http.get(f"/job/{body['job_id']}")) == (410, "JOB_DELETED")
    assert name_of(httpx.get(url)) == (404, "NOT_FOUND")
    assert body["job_id"] not in {job["job_id"] for job in http.get("/jobs?limit=500").json()["jobs"]}
    assert parsed(http, document)["usage"]["num_pages"] == 2  # the upload is still there


def test_cancelling_a_deleted_job_says_that_it_has_ended(http):
    job_id = parsed(http, uploaded(http, pages_pdf(1)))["job_id"]
    http.delete(f"/job/{job_id}")
    assert http.post(f"/cancel/{job_id}").status_code == 409


def test_a_deleted_upload_leaves_its_results(http):
    document = uploaded(http, report_pdf())
    job_id = parsed(http, document)["job_id"]
    assert http.delete(f"/upload/{document}").json() == {"file_id": document}
    assert http.get(f"/job/{job_id}").json()["status"] == "Completed"
    assert parsed(http, f"jobid://{job_id}")["usage"]["num_pages"] == 2
    assert name_of(http.post("/parse", json={"input": document})) == (404, "NOT_FOUND")


def test_a_deleted_pipeline_job_leaves_its_parts(http, pipeline_id):
    body = {"input": uploaded(http, pages_pdf(1)), "pipeline_id": pipeline_id}
    answer = http.post("/pipeline", json=body).json()
    part = answer["result"]["parse"]["job_id"]
    assert http.delete(f"/job/{answer['job_id']}").status_code == 202
    assert http.get(f"/job/{part}").json()["status"] == "Completed"


def test_a_pipeline_whose_part_was_deleted_says_which(http, pipeline_id):
    body = {"input": uploaded(http, pages_pdf(1)), "pipeline_id": pipeline_id}
    answer = http.post("/pipeline", json=body).json()
    part = answer["result"]["parse"]["job_id"]
    http.delete(f"/job/{part}")
    shown = http.get(f"/job/{answer['job_id']}")
    assert name_of(shown) == (410, "JOB_DELETED")
    assert part in shown.json()["error"]["message"]


def test_a_failed_job_can_be_deleted(http):
    job_id = http.post("/parse_async", json={"input": uploaded(http, b"")}).json()["job_id"]
    assert ended(http, job_id)["status"] == "Failed"
    assert http.delete(f"/job/{job_id}").status_code == 202
    assert http.get(f"/job/{job_id}").status_code == 410


def test_a_persisted_result_goes_only_when_it_is_meant(http, server):
    document = uploaded(http, pages_pdf(1))
    ids = [parsed(http, document, persist_results=True)["job_id"] for _ in range(2)]
    folders = [server.data_dir / "objects" / "jobs" / job_id for job_id in ids]
    assert http.delete(f"/job/{ids[0]}").status_code == 202
    assert http.delete(f"/job/{ids[1]}", params={"include_persisted": "true"}).status_code == 202
    kept = [sorted(path.name for path in folder.rglob("*") if path.is_file()) for folder in folders]
    assert kept == [["result.json"], []]
    assert [http.get(f"/job/{job_id}").status_code for job_id in ids] == [410, 410]


def test_a_password_is_nowhere_in_what_the_server_writes(http, server):
    secret = "pass-word-that-no-log-may-hold"
    document = uploaded(http, locked_pdf(secret))
    job_id = parsed(http, document, document_password=secret)["job_id"]
    http.post(
        "/parse", json={"input": document, "settings": {"document_password": secret, "page_range": "x"}}
    )
    http.post(
        "/parse", json={"input": uploaded(http, locked_pdf()), "settings": {"document_password": secret}}
    )
    assert secret not in http.get(f"/job/{job_id}").text
    assert secret not in http.get("/jobs?limit=500").text
    assert secret not in server.log.read_text()
    stored = (path for path in (server.data_dir / "objects").rglob("*") if path.is_file())
    assert not any(secret.encode() in path.read_bytes() for path in stored)


def test_a_deletion_that_is_under_way_is_told_and_can_be_asked_for_again(http, server):
    job_id = parsed(http, uploaded(http, pages_pdf(1)))["job_id"]
    with psycopg.connect(
        running_url(server.data_dir)
    ) as database:  # as a process leaves it that dies in the middle
        database.execute("UPDATE job SET deleting_at = now(), deletion = 'asked' WHERE id = %s", (job_id,))
    for path in (f"/job/{job_id}", f"/recto/v1/jobs/{job_id}/events"):
        shown = http.get(path)
        assert name_of(shown) == (409, "JOB_DELETION_IN_PROGRESS")
        assert shown.headers["x-should-retry"] == "false"
    assert name_of(http.post("/parse", json={"input": f"jobid://{job_id}"})) == (404, "NOT_FOUND")
    assert name_of(http.post(f"/recto/v1/jobs/{job_id}/retry")) == (409, "JOB_DELETION_IN_PROGRESS")
    assert [http.delete(f"/job/{job_id}").status_code for _ in range(2)] == [202, 202]
    assert http.get(f"/job/{job_id}").status_code == 410
    assert not list((server.data_dir / "objects" / "jobs").glob(f"{job_id}*"))


def test_an_open_job_is_not_deleted(http, server):
    job_id = http.post("/parse_async", json={"input": uploaded(http, pages_pdf(2000, 100))}).json()["job_id"]
    assert name_of(http.delete(f"/job/{job_id}")) == (400, "JOB_NOT_COMPLETE")
    http.post(f"/cancel/{job_id}")
    assert http.delete(f"/job/{job_id}").status_code == 202
