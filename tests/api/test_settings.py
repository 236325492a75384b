"""What an operator's settings change for callers: a server of its own, impatient, without keys, with small limits."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import reducto

from api.calls import ended
from conftest import running_server
from documents.pdfs import pages_pdf
from documents.serving import Answer, World, world

SYNC_WAIT_S = 0.6
FETCH_TIMEOUT_S = 1.5
UPLOAD_BYTES = 20_000
INLINE_BYTES = 4_000


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    with running_server(
        tmp_path_factory.mktemp("impatient"),
        auth="false",
        sync_wait_s=str(SYNC_WAIT_S),
        fetch_timeout_s=str(FETCH_TIMEOUT_S),
        max_upload_bytes=str(UPLOAD_BYTES),
        max_presigned_bytes=str(2 * UPLOAD_BYTES),
        inline_result_bytes=str(INLINE_BYTES),
        public_url="http://recto.example:1/base/",
        signed_url_s="2",
        priority_budget="0",
        ocr_readers="0",
        readers="1",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def http(own) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own.url, timeout=30) as made:  # no key
        yield made


def uploaded(http, content, name="a.pdf"):
    answer = http.post("/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["file_id"]


def parse_soon(http, document, **body):
    """A parse by way of a job: this server does not wait long."""
    job_id = http.post("/parse_async", json={"input": document, **body}).json()["job_id"]
    return ended(http, job_id)


def test_without_keys_everybody_is_served(http):
    assert http.get("/jobs").status_code == 200
    headers = {"authorization": "Bearer whatever"}
    assert http.get("/jobs", headers=headers).status_code == 200


def test_a_url_that_never_answers(http, outside):
    job = parse_soon(http, outside.put("/hangs.pdf", Answer(hangs=True)))
    assert (job["status"], job["error"]["code"]) == ("Failed", 400)
    assert f"longer than {FETCH_TIMEOUT_S:g} s" in job["reason"]


def test_a_call_that_waits_too_long_names_its_job_which_goes_on(own, http, outside):
    go = outside.hold("/slow.pdf", pages_pdf(1, words_per_page=5))
    answer = http.post("/parse", json={"input": outside.url("/slow.pdf")})
    assert answer.status_code == 504
    error = answer.json()["error"]
    assert (error["name"], error["type"]) == ("TIMEOUT", "timeout")
    assert answer.headers["x-should-retry"] == "false"
    assert http.get(f"/job/{error['job_id']}").json()["status"] == "Pending"
    go.set()
    assert ended(http, error["job_id"])["status"] == "Completed"


def test_the_client_does_not_run_such_a_job_again(own, outside):
    """With the client's usual two retries there would be three jobs."""
    url = outside.put("/hangs-once.pdf", Answer(hangs=True))
    with reducto.Reducto(api_key="none", base_url=own.url) as client:
        with pytest.raises(reducto.InternalServerError):
            client.parse.run(input=url)
        assert len([one for one in client.job.get_all().jobs if url in one.raw_config]) == 1


def test_a_client_that_goes_away_leaves_its_job(http, outside):
    go = outside.hold("/left.pdf", pages_pdf(1, words_per_page=5))

    def leave():
        with pytest.raises(httpx.TimeoutException):
            http.post("/parse", json={"input": outside.url("/left.pdf")}, timeout=0.3)

    leaving = threading.Thread(target=leave)
    leaving.start()
    outside.wait_for("/left.pdf", 1)
    leaving.join()
    go.set()
    newest = http.get("/jobs?limit=1").json()["jobs"][0]
    assert ended(http, newest["job_id"])["status"] == "Completed"


def test_larger_results_are_handed_out_as_a_url(http):
    small = parse_soon(http, uploaded(http, pages_pdf(1, words_per_page=5)))
    large = parse_soon(http, uploaded(http, pages_pdf(8)))
    assert small["result"]["result"]["type"] == "full"
    assert large["result"]["result"]["type"] == "url"


def test_a_pipeline_keeps_to_the_limit_as_a_whole(http):
    body = {"name": "whole", "steps": [{"parse": {}}]}
    pipeline_id = http.post("/recto/v1/pipelines", json=body).json()["pipeline_id"]
    documents = [uploaded(http, pages_pdf(1, words_per_page=5)) for _ in range(12)]
    made = http.post("/pipeline_async", json={"input": documents, "pipeline_id": pipeline_id}).json()
    parses = ended(http, made["job_id"])["result"]["result"]["parse"]
    kinds = [parse["result"]["type"] for parse in parses]
    assert kinds[0] == "full"
    assert kinds[-1] == "url"


def test_links_use_the_public_address_and_expire(own, http):
    job = parse_soon(http, uploaded(http, pages_pdf(1)), settings={"force_url_result": True})
    url = job["result"]["result"]["url"]
    assert url.startswith("http://recto.example:1/base/recto/v1/objects/")
    near = url.replace("http://recto.example:1/base", own.url)
    assert httpx.get(near).status_code == 200
    time.sleep(3.1)  # its life of 2 s, in whole seconds
    late = httpx.get(near)
    assert late.status_code == 404
    assert "expired" in late.json()["error"]["message"]
    again = http.get(f"/job/{job['result']['job_id']}").json()["result"]["result"]["url"]
    assert httpx.get(again.replace("http://recto.example:1/base", own.url)).status_code == 200


def test_sizes_are_kept_to(own, http, outside):
    direct = http.post("/upload", files={"file": ("a.pdf", bytes(UPLOAD_BYTES + 70_000))})
    assert direct.status_code == 413
    url = http.post("/upload").json()["presigned_url"].replace("http://recto.example:1/base", own.url)
    put = httpx.put(url, content=bytes(2 * UPLOAD_BYTES + 1))
    assert (put.status_code, put.json()["error"]["name"]) == (413, "DOCUMENT_TOO_LARGE")
    far = outside.document("/large.pdf", bytes(2 * UPLOAD_BYTES + 1))
    assert parse_soon(http, far)["error"]["name"] == "DOCUMENT_TOO_LARGE"


def test_a_direct_upload_just_above_the_limit_is_refused_too(http):
    answer = http.post("/upload", files={"file": ("a.pdf", bytes(UPLOAD_BYTES + 1))})
    assert answer.status_code == 413
    assert answer.json()["error"]["name"] == "DOCUMENT_TOO_LARGE"


def test_without_a_budget_no_job_has_priority(http):
    document = uploaded(http, pages_pdf(1))
    body = {"input": document, "async": {"priority": True}}
    job_id = http.post("/parse_async", json=body).json()["job_id"]
    assert ended(http, job_id)["lane"] == "async"
