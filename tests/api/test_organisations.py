"""What belongs to one organisation is not there for another; a signed URL opens for whoever holds it."""

import httpx
import pytest

from api.calls import ended, second_key
from documents.pdfs import pages_pdf


@pytest.fixture(scope="module")
def ours(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def theirs(server):
    headers = {"authorization": f"Bearer {second_key(server)}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(ours):
    return ours.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]


@pytest.fixture(scope="module")
def parsed(ours, upload):
    body = {"input": upload, "settings": {"force_url_result": True}}
    return ours.post("/parse", json=body).json()


def refused(answer):
    return answer.status_code == 404 and answer.json()["error"]["name"] == "NOT_FOUND"


def test_a_job(theirs, parsed):
    assert refused(theirs.get(f"/job/{parsed['job_id']}"))
    assert refused(theirs.post(f"/cancel/{parsed['job_id']}"))
    assert refused(theirs.delete(f"/job/{parsed['job_id']}"))


def test_a_job_is_still_there_afterwards(ours, parsed):
    assert ours.get(f"/job/{parsed['job_id']}").json()["status"] == "Completed"


def test_the_list_of_jobs(ours, theirs, parsed):
    assert parsed["job_id"] in {job["job_id"] for job in ours.get("/jobs?limit=500").json()["jobs"]}
    assert parsed["job_id"] not in {job["job_id"] for job in theirs.get("/jobs?limit=500").json()["jobs"]}


def test_an_upload(theirs, ours, upload):
    assert refused(theirs.post("/parse", json={"input": upload}))
    assert refused(theirs.delete(f"/upload/{upload}"))
    assert ours.post("/parse", json={"input": upload}).status_code == 200


def test_a_result_by_job_reference(theirs, parsed):
    assert refused(theirs.post("/parse", json={"input": f"jobid://{parsed['job_id']}"}))


def test_a_cursor_opens_only_one_s_own_list(ours, theirs, upload):
    for _ in range(2):
        ours.post("/parse_async", json={"input": upload})
    cursor = ours.get("/jobs?limit=1").json()["next_cursor"]
    own = {job["job_id"] for job in theirs.get("/jobs?limit=500").json()["jobs"]}
    assert {job["job_id"] for job in theirs.get("/jobs", params={"cursor": cursor}).json()["jobs"]} <= own


def test_a_signed_url_needs_no_key(ours, parsed):
    answer = httpx.get(parsed["result"]["url"])
    assert answer.json()["type"] == "full"
    assert answer.headers["cache-control"] == "private, no-store"
    assert httpx.get(parsed["pdf_url"]).content == pages_pdf(1)


def test_a_signed_url_cannot_be_turned_into_another(parsed):
    url = parsed["result"]["url"]
    head, _, token = url.rpartition("/")
    body, *signature = token.split(".")[-3:]
    for forged in (url[:-1], head + "/" + token[::-1], f"{head}/{body}.{signature[0]}.AAAA"):
        assert httpx.get(forged).status_code == 404
    assert httpx.put(url, content=b"{}").status_code == 404


def test_their_own_work_goes_on_beside_ours(theirs):
    upload = theirs.post("/upload", files={"file": ("p.pdf", pages_pdf(2))}).json()
    job_id = theirs.post("/parse_async", json={"input": upload}).json()["job_id"]
    assert ended(theirs, job_id)["status"] == "Completed"
