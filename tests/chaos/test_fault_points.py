"""A process dies, or stops, between two steps that belong together: the rest is made up for, and nothing twice.

Rows and what announces them are written in one transaction, so between "row committed" and "task queued" there
is nothing; what there is lies around it, and is tried here point by point.
"""

import contextlib
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from chaos.receiver import Receiver, receiver
from chaos.site import FAULTY, Site, until
from chaos.sizes import SIZES
from conftest import KEY
from documents.pdfs import pages_pdf

STANDSTILL_S = 15.0


@pytest.fixture
def ready(made: Site) -> Iterator[tuple[Site, Receiver]]:
    with receiver() as hook:
        made.start_api()
        yield made, hook


def faulty(point: str) -> tuple[str, ...]:
    return (*FAULTY, point)


def post_to_a_dying_api(made: Site, point: str, file_id: str, hook: Receiver, key: str) -> None:
    """Call an API of its own that dies at the point; nobody answers."""
    port = made.port + 1
    process = made.start("api", command=faulty(point), more={"port": str(port)})
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url + "/ready", timeout=2).status_code == 200
        return False

    until(answers)
    headers = {"authorization": f"Bearer {KEY}", "idempotency-key": key}
    with pytest.raises(httpx.TransportError):
        httpx.post(url + "/parse_async", json=body(file_id, hook), headers=headers, timeout=30)
    assert process.wait(10) == -signal.SIGKILL


def body(file_id: str, hook: Receiver) -> dict:
    return {"input": file_id, "async": {"webhook": {"mode": "direct", "url": hook.url}}}


@pytest.mark.parametrize(("point", "written"), [("job-written", 0), ("job-committed", 1)])
def test_the_api_dies_while_it_makes_a_job(ready, point, written):
    made, hook = ready
    file_id, key = made.upload(pages_pdf(1)), f"key-of-{point}"
    post_to_a_dying_api(made, point, file_id, hook, key)
    assert made.rows("SELECT count(*) FROM job") == [(written,)], "a job is there whole or not at all"
    assert made.rows("SELECT count(*) FROM unit") == [(written,)]
    with made.client() as client:
        again = client.post("/parse_async", json=body(file_id, hook), headers={"idempotency-key": key})
    assert again.status_code == 200, again.text
    assert made.rows("SELECT id::text FROM job") == [(again.json()["job_id"],)], (
        "the call was repeated, not the job"
    )
    made.start_worker()
    made.all_end()
    check_told_once(hook, [again.json()["job_id"]])


def check_told_once(hook: Receiver, job_ids: list[str], patience_s: float = SIZES.patience_s) -> None:
    """Every job has one message; it may have come twice, under the same id."""
    until(lambda: all(hook.about(job_id) for job_id in job_ids), patience_s)
    for job_id in job_ids:
        messages = hook.about(job_id)
        assert len({message.delivery for message in messages}) == 1, messages
        assert {message.body["status"] for message in messages} == {"Completed"}


@pytest.mark.parametrize("point", ["unit-committed", "end-committed", "webhook-posted"])
def test_a_worker_dies_right_after_it_wrote_something_down(ready, point):
    made, hook = ready
    job_id = made.submit(made.upload(pages_pdf(6)), hook)
    dying = made.start("worker", command=faulty(point))
    assert dying.wait(60) == -signal.SIGKILL
    if point == "webhook-posted":
        until(lambda: hook.about(job_id), 5)
    made.start_worker()
    made.all_end()
    assert made.job(job_id)["num_pages"] == 6
    assert made.rows("SELECT count(*) FROM unit WHERE kind = 'read'") == [(2,)], "nothing was planned twice"
    patience_s = 25 + 10  # of a delivery whose worker died: its lease
    if point == "webhook-posted":
        until(lambda: len(hook.about(job_id)) == 2, SIZES.patience_s)
    check_told_once(hook, [job_id], patience_s)


def test_every_message_of_the_engine_is_lost(ready):
    """Tasks are messages, never the truth: without any of them the rows say what is to be done."""
    made, hook = ready
    file_id = made.upload(pages_pdf(2))
    jobs = [made.submit(file_id, hook) for _ in range(3)]
    dying = made.start("worker", command=faulty("end-committed"))
    assert dying.wait(60) == -signal.SIGKILL
    made.rows("DELETE FROM procrastinate_jobs RETURNING task_name")
    made.start_worker()
    made.all_end()
    check_told_once(hook, jobs)


def test_a_worker_stops_while_it_holds_a_jobs_row(ready):
    """A host that is gone without a word leaves its transaction open: the database must not wait for it."""
    made, hook = ready
    stopped = made.start("worker", command=faulty("unit-written-and-held"))
    job_id = made.submit(made.upload(pages_pdf(6)), hook)
    until(lambda: psutil.Process(stopped.pid).status() == psutil.STATUS_STOPPED)
    began = time.monotonic()
    made.start_worker()
    made.all_end(STANDSTILL_S + SIZES.patience_s)
    assert time.monotonic() - began < STANDSTILL_S + SIZES.lease_s
    stopped.send_signal(signal.SIGCONT)
    time.sleep(1)
    check_told_once(hook, [job_id])
    assert made.job(job_id)["num_pages"] == 6
