"""Webhooks at a real receiver: what is posted, how often, when it counts, and where it is never posted."""

import itertools
import json
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from api.calls import ended
from documents.pdfs import pages_pdf
from documents.serving import Answer, World, world
from recto.storage.database import driver_url
from recto.storage.embedded import running_url
from recto.storage.queries.deliveries import DeliveryRow
from recto.storage.secrets import Secrets
from recto.webhooks.delivery import Attempt, Deliverer, Schedule, Verdict, verdict

BACKOFF_S = (0.2, 0.4)  # of the test server
LATE_S = 2.5  # so much later than planned may an attempt come: a second of polling, and a busy machine
ATTEMPT_S = 3.0  # its limit for one attempt
_paths = itertools.count(1)


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def http(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(http):
    return http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]


@pytest.fixture(scope="module")
def pipeline_id(http):
    answer = http.post("/recto/v1/pipelines", json={"name": "webhooks", "steps": [{"parse": {}}]})
    return answer.json()["pipeline_id"]


def receiver(outside, *answers):
    """A receiver of its own: its path and its URL."""
    path = f"/hook/{next(_paths)}"
    return path, outside.put(path, *(answers or (Answer(status=204),)))


def submit(http, document, url, *, metadata=None, **body):
    call = "/pipeline_async" if "pipeline_id" in body else "/parse_async"
    given = {"webhook": {"mode": "direct", "url": url}, "metadata": metadata}
    answer = http.post(call, json={"input": document, "async": given, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


def stored(server, job_id):
    """How a delivery stands in the server's database, once it is no longer pending."""
    engine = sa.create_engine(driver_url(running_url(server.data_dir)))
    query = sa.text("SELECT status, attempt, answer_status, error FROM delivery WHERE job_id = :id")
    try:
        for _ in range(500):
            with engine.connect() as connection:
                row = connection.execute(query, {"id": job_id}).one_or_none()
                if row is not None and row.status != "pending":
                    return row
                connection.execute(sa.text("SELECT pg_sleep(0.02)"))
        raise AssertionError(f"the delivery of job {job_id} is still pending")
    finally:
        engine.dispose()


class TestTheMessage:
    @pytest.mark.parametrize(
        "metadata", [None, False, 0, "", [], "text", {"b": 1, "a": [None, {"é": 1.5}]}, 12345678901234567890]
    )
    def test_it_echoes_the_metadata_whatever_it_is(self, http, outside, upload, metadata):
        path, url = receiver(outside)
        job_id = submit(http, upload, url, metadata=metadata)
        (seen,) = outside.wait_for(path, 1)
        assert (seen.method, seen.headers["content-type"]) == ("POST", "application/json")
        assert json.loads(seen.body) == {"status": "Completed", "job_id": job_id, "metadata": metadata}
        assert list(json.loads(seen.body)) == ["status", "job_id", "metadata"]

    def test_it_keeps_what_only_json_can_write(self, http, outside, upload):
        path, url = receiver(outside)
        metadata = '{"z": "\\ud800\\u0000", "a": 1}'
        body = f'{{"input":"{upload}","async":{{"metadata":{metadata},"webhook":{{"url":"{url}"}}}}}}'
        assert http.post("/parse_async", content=body).status_code == 200
        (seen,) = outside.wait_for(path, 1)
        assert json.loads(seen.body)["metadata"] == json.loads(metadata)
        assert list(json.loads(seen.body)["metadata"]) == ["z", "a"]

    def test_it_comes_once_and_after_the_end(self, http, outside, upload, pipeline_id):
        path, url = receiver(outside)
        job_id = submit(http, upload, url, pipeline_id=pipeline_id, metadata="m")
        (seen,) = outside.wait_for(path, 1)
        assert json.loads(seen.body)["job_id"] == job_id
        assert http.get(f"/job/{job_id}").json()["status"] == "Completed"
        assert len(outside.requests(path)) == 1

    def test_a_failed_job(self, http, outside, pipeline_id):
        path, url = receiver(outside)
        bad = http.post("/upload", files={"file": ("a.pdf", b"")}).json()["file_id"]
        job_id = submit(http, bad, url, pipeline_id=pipeline_id, metadata={"k": 1})
        (seen,) = outside.wait_for(path, 1)
        assert json.loads(seen.body) == {"status": "Failed", "job_id": job_id, "metadata": {"k": 1}}

    def test_a_cancelled_job_is_a_failed_one(self, http, outside):
        path, url = receiver(outside)
        document = outside.put("/hangs-for-webhook.pdf", Answer(hangs=True))
        job_id = submit(http, document, url, metadata=1)
        http.post(f"/cancel/{job_id}")
        (seen,) = outside.wait_for(path, 1)
        assert json.loads(seen.body) == {"status": "Failed", "job_id": job_id, "metadata": 1}

    def test_the_older_generation_s_webhook(self, http, outside, upload):
        path, url = receiver(outside)
        webhook = {"mode": "direct", "url": url, "metadata": ["old"]}
        body = {"document_url": upload, "options": {"extraction_mode": "hybrid"}, "webhook": webhook}
        answer = http.post("/parse_async", json=body)
        assert answer.status_code == 200, answer.text
        (seen,) = outside.wait_for(path, 1)
        assert json.loads(seen.body)["metadata"] == ["old"]


class TestAttempts:
    def test_three_attempts_with_growing_waits_and_one_id(self, http, server, outside, upload):
        path, url = receiver(outside, Answer(status=500))
        job_id = submit(http, upload, url)
        seen = outside.wait_for(path, 3)
        assert stored(server, job_id)[:3] == ("failed", 3, 500)
        assert len(outside.requests(path)) == 3
        assert len({one.headers["x-recto-delivery"] for one in seen}) == 1
        assert [one.headers["x-recto-attempt"] for one in seen] == ["1", "2", "3"]
        assert len({one.body for one in seen}) == 1
        waits = [after.at - before.at for before, after in itertools.pairwise(seen)]
        for wait, planned in zip(waits, BACKOFF_S, strict=True):
            assert planned <= wait < planned + LATE_S

    def test_none_after_a_success(self, http, server, outside, upload):
        path, url = receiver(outside, Answer(status=503), Answer(status=201))
        job_id = submit(http, upload, url)
        outside.wait_for(path, 2)
        assert stored(server, job_id)[:3] == ("delivered", 2, 201)
        assert len(outside.requests(path)) == 2

    def test_a_redirect_is_a_failure_that_nobody_follows(self, http, server, outside, upload):
        target, target_url = receiver(outside)
        path, url = receiver(outside, Answer(status=302, headers={"location": target_url}))
        job_id = submit(http, upload, url)
        outside.wait_for(path, 3)
        assert stored(server, job_id)[:3] == ("failed", 3, 302)
        assert not outside.requests(target)

    def test_a_receiver_that_hangs_holds_up_nobody(self, http, server, outside, upload):
        path, url = receiver(outside, Answer(hangs=True), Answer(status=200))
        quick, quick_url = receiver(outside)
        job_id = submit(http, upload, url)
        outside.wait_for(path, 1)
        submit(http, upload, quick_url)
        (first,) = outside.wait_for(quick, 1)
        seen = outside.wait_for(path, 2, ATTEMPT_S + 10)
        assert seen[1].at - seen[0].at >= ATTEMPT_S
        assert first.at - seen[0].at < ATTEMPT_S
        assert ended(http, job_id)["status"] == "Completed"
        assert stored(server, job_id)[:3] == ("delivered", 2, 200)

    def test_nobody_there(self, http, server, upload):
        job_id = submit(http, upload, "http://127.0.0.1:9/hook?token=s3cret")
        row = stored(server, job_id)
        assert (row.status, row.attempt, row.answer_status) == ("failed", 3, None)
        assert "127.0.0.1:9" in row.error
        assert "s3cret" not in row.error


class TestRefusals:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.2/hook",
            "http://10.0.0.1/hook",
            "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:10.0.0.1]/hook",
            "http://2130706434/hook",
            "http://[::1]:80/",
        ],
    )
    def test_a_private_address_is_refused_at_once(self, http, upload, url):
        newest = http.get("/jobs?limit=1").json()["jobs"]
        given = {"webhook": {"mode": "direct", "url": url}}
        answer = http.post("/parse_async", json={"input": upload, "async": given})
        assert answer.status_code == 403
        assert answer.json()["error"]["name"] == "URL_NOT_ALLOWED"
        assert http.get("/jobs?limit=1").json()["jobs"] == newest

    @pytest.mark.parametrize("url", ["ftp://host/x", "file:///etc/passwd", "hook", "", "http://"])
    def test_what_is_no_address(self, http, upload, url):
        given = {"webhook": {"mode": "direct", "url": url}}
        answer = http.post("/parse_async", json={"input": upload, "async": given})
        assert answer.status_code in {403, 422}, answer.text
        assert "job_id" not in answer.json()


@pytest.mark.parametrize(
    ("attempt", "number", "decided"),
    [
        (Attempt(200, None), 1, Verdict("delivered")),
        (Attempt(299, None), 3, Verdict("delivered")),
        (Attempt(302, None), 1, Verdict("pending", 1)),
        (Attempt(404, None), 2, Verdict("pending", 5)),
        (Attempt(500, None), 3, Verdict("failed")),
        (Attempt(None, "no answer"), 3, Verdict("failed")),
        (Attempt(199, None), 3, Verdict("failed")),
        (Attempt(410, None), 1, Verdict("failed")),
    ],
)
def test_the_verdict_after_an_attempt(attempt, number, decided):
    assert verdict(attempt, number, (1, 5)) == decided


def test_without_waits_there_is_one_attempt():
    assert verdict(Attempt(500, None), 1, ()) == Verdict("failed")


class _Broken:
    """A guard that fails in a way nobody foresaw, or with an error that has no text."""

    def __init__(self, error):
        self.error = error

    async def resolve(self, url):
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [(KeyError("odd"), "unexpectedly (KeyError)"), (httpx.ReadError(""), "did not answer: ReadError")],
)
async def test_whatever_goes_wrong_is_an_attempt_that_failed(error, said):
    schedule = Schedule(timeout_s=1, direct_s=(), endpoints_s=(), disable_after_s=1)
    deliverer = Deliverer(None, _Broken(error), Secrets(b"secret"), schedule)
    url = "http://example.com/hook?token=s3cret"
    held = DeliveryRow(
        id=uuid4(),
        message_id=uuid4(),
        organisation_id=uuid4(),
        job_id=uuid4(),
        kind="direct",
        endpoint_id=None,
        url=url,
        host="example.com:80",
        attempt=1,
        tries_before=0,
        event_type="async.update",
        channels=None,
        body="{}",
        secrets=(),
    )
    attempt = await deliverer.post(held)
    await deliverer.close()
    assert attempt.answer_status is None
    assert said in attempt.error
    assert "s3cret" not in attempt.error
