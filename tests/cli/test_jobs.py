"""`recto jobs`: lists, shows and cancels the jobs of the running server."""

import json
import time

import httpx
import pytest

from documents.pdfs import locked_pdf, pages_pdf, report_pdf


def submit(server, content, **settings):
    files = {"file": ("document.pdf", content, "application/pdf")}
    upload = httpx.post(f"{server.url}/upload", headers=server.headers, files=files).json()
    body = {"input": upload["file_id"], "settings": settings}
    answer = httpx.post(f"{server.url}/parse_async", headers=server.headers, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


def wait_for_end(server, job_id):
    give_up = time.monotonic() + 60
    while True:
        job = httpx.get(f"{server.url}/job/{job_id}", headers=server.headers).json()
        if job["status"] in {"Completed", "Failed"}:
            return job
        assert time.monotonic() < give_up, job
        time.sleep(0.05)


@pytest.fixture(scope="module")
def finished(server):
    job_id = submit(server, report_pdf())
    wait_for_end(server, job_id)
    return job_id


def test_list_shows_the_newest_jobs(recto, of_server, finished):
    ended = recto("jobs", "list", env=of_server)
    (line,) = [line for line in ended.out.splitlines() if line.startswith(finished)]
    assert line.split()[3:] == ["Parse", "Completed", "2/2", "pages"]
    assert len(recto("jobs", "list", "--limit", 1, env=of_server).out.splitlines()) == 1


def test_show_tells_everything_but_secrets(recto, server, of_server):
    job_id = submit(server, locked_pdf("opensesame"), document_password="opensesame")
    assert wait_for_end(server, job_id)["status"] == "Completed"
    ended = recto("jobs", "show", job_id, env=of_server)
    job = json.loads(ended.out)
    assert job["id"] == job_id
    assert job["status"] == "Completed"
    assert job["pages_done"] == job["pages_total"] == 1
    assert job["error"] is None
    assert "opensesame" not in ended.out


def test_show_tells_why_a_job_failed(recto, server, of_server):
    job_id = submit(server, locked_pdf("opensesame"))
    wait_for_end(server, job_id)
    job = json.loads(recto("jobs", "show", job_id, env=of_server).out)
    assert job["status"] == "Failed"
    assert job["error"]["kind"] == "DocumentLocked"


def test_cancel_ends_a_job(recto, server, of_server):
    job_id = submit(server, pages_pdf(3000, 200))
    ended = recto("jobs", "cancel", job_id, env=of_server)
    assert (ended.code, ended.out) == (0, f"{job_id}  Cancelled\n"), ended.err
    job = wait_for_end(server, job_id)
    assert job["status"] == "Failed"
    assert "cancelled" in json.dumps(job).lower()
    assert json.loads(recto("jobs", "show", job_id, env=of_server).out)["status"] == "Cancelled"


def test_an_ended_job_cannot_be_cancelled(recto, of_server, finished):
    ended = recto("jobs", "cancel", finished, env=of_server)
    assert ended.code == 1
    assert "already ended as Completed" in ended.err


def test_watching_shows_the_end_of_an_ended_job(recto, of_server, finished):
    ended = recto("jobs", "watch", finished, env=of_server)
    assert (ended.code, ended.out) == (0, f"{finished}  Completed\n")
    assert ended.err.splitlines()[-1] == "Completed  2/2 pages"


def test_watching_a_job_that_fails_fails(recto, server, of_server):
    ended = recto("jobs", "watch", submit(server, locked_pdf("opensesame")), env=of_server)
    assert ended.code == 1
    assert ended.out.endswith("  Failed\n")


def test_a_job_without_failed_pages_is_not_read_again(recto, of_server, finished):
    ended = recto("jobs", "retry", finished, "--failed-pages", env=of_server)
    assert ended.code == 1
    assert "no failed pages" in ended.err


def test_a_purge_says_what_it_would_do(recto, of_server, finished):
    ended = recto("jobs", "purge", "--older-than", "0s", "--dry-run", env=of_server)
    assert ended.code == 0
    assert int(ended.out.split()[3]) >= 1  # would be deleted: N jobs
    assert json.loads(recto("jobs", "show", finished, env=of_server).out)["deleted_at"] is None
    assert recto("jobs", "purge", "--older-than", "soon", env=of_server).code == 2


@pytest.mark.parametrize("word", ["show", "cancel", "watch"])
def test_an_unknown_job_is_told_in_one_line(recto, of_server, word):
    ended = recto("jobs", word, "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1", env=of_server)
    assert (ended.code, ended.out) == (1, "")
    assert "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert recto("jobs", word, "no-uuid", env=of_server).code == 2


def test_other_organisations_jobs_are_not_found(recto, of_server, finished):
    assert recto("keys", "create", "k", "--organisation", "Strangers", env=of_server).code == 0
    ended = recto("jobs", "show", finished, "--organisation", "Strangers", env=of_server)
    assert (ended.code, ended.out) == (1, "")
    assert recto("jobs", "list", "--organisation", "Strangers", env=of_server).out == ""
