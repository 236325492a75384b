"""Watching a job: server-sent events, the long poll, and that watchers leave nothing behind."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from api.calls import ended, second_key
from documents.pdfs import pages_pdf
from documents.serving import world
from recto.api.waiting import JobWaiter
from recto.storage.database import Database


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def outside():
    with world() as made:
        yield made


def submitted(http, content=None, url=None):
    document = url or http.post("/upload", files={"file": ("a.pdf", content)}).json()["file_id"]
    return http.post("/parse_async", json={"input": document}).json()["job_id"]


def events(http, job_id):
    with http.stream("GET", f"/recto/v1/jobs/{job_id}/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


def test_events_tell_every_stage_up_to_the_end(http, outside):
    go = outside.hold("/watched.pdf", pages_pdf(60, 400))
    job_id = submitted(http, url=outside.url("/watched.pdf"))
    seen = []
    for name, values in events(http, job_id):
        seen.append((name, values))
        go.set()
    assert [name for name, _ in seen[:-1]] == ["progress"] * (len(seen) - 1)
    name, last = seen[-1]
    assert (name, last["status"], last["stage"], last["progress"]) == ("end", "Completed", "ended", 1.0)
    assert (last["job_id"], last["pages_done"], last["pages_total"]) == (job_id, 60, 60)
    assert (last["failed_pages"], last["seconds_left"]) == ([], None)
    done = [values["pages_done"] for _, values in seen]
    assert done == sorted(done)
    assert len(seen) >= 3  # waiting for the document, at least one look at the reading, the end


def test_the_events_of_an_ended_job_are_its_end(http):
    job_id = submitted(http, pages_pdf(1))
    ended(http, job_id)
    ((name, values),) = events(http, job_id)
    assert (name, values["status"]) == ("end", "Completed")


def test_the_end_of_a_cancelled_job_is_told_at_once(http, outside):
    outside.hold("/cancelled.pdf", pages_pdf(1))
    job_id = submitted(http, url=outside.url("/cancelled.pdf"))
    began = None
    for name, values in events(http, job_id):
        if began is None:
            began = time.monotonic()
            assert http.post(f"/cancel/{job_id}").status_code == 200
        told = name, values["status"]
    assert told == ("end", "Cancelled")
    assert time.monotonic() - began < 2


def test_more_watchers_than_the_pool_has_connections(http, outside):
    go = outside.hold("/many.pdf", pages_pdf(1))
    job_id = submitted(http, url=outside.url("/many.pdf"))
    with ThreadPoolExecutor(40) as pool:
        watching = [pool.submit(lambda: list(events(http, job_id))[-1]) for _ in range(40)]
        time.sleep(0.5)
        assert http.get("/ready").status_code == 200  # the pool is not held by those who only watch
        go.set()
        assert {future.result()[0] for future in watching} == {"end"}


def test_events_of_another_organisation_s_job(http, server):
    job_id = submitted(http, pages_pdf(1))
    headers = {"authorization": f"Bearer {second_key(server)}"}
    url = f"{server.url}/recto/v1/jobs/{job_id}/events"
    assert httpx.get(url, headers=headers).status_code == 404
    assert httpx.get(url).status_code == 401
    assert http.get(f"/recto/v1/jobs/{uuid4()}/events").status_code == 404
    ended(http, job_id)
    http.delete(f"/job/{job_id}")
    assert http.get(f"/recto/v1/jobs/{job_id}/events").status_code == 410


def test_a_long_poll_answers_when_the_job_ends(http, outside):
    go = outside.hold("/polled.pdf", pages_pdf(1))
    job_id = submitted(http, url=outside.url("/polled.pdf"))
    began = time.monotonic()
    job = http.get(f"/job/{job_id}", params={"timeout": 0.4}).json()
    assert job["status"] == "Pending"
    assert 0.35 < time.monotonic() - began < 3
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(http.get, f"/job/{job_id}", params={"timeout": 30})
        go.set()
        assert polled.result().json()["status"] == "Completed"
    assert time.monotonic() - began < 20
    assert http.get(f"/job/{job_id}", params={"timeout": -1}).status_code == 422


async def test_watches_leave_nothing_behind_and_share_a_listener():
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        waiter, job_id, other = JobWaiter(database), uuid4(), uuid4()
        with (
            waiter.watching(job_id) as first,
            waiter.watching(job_id) as second,
            waiter.watching(other) as third,
        ):
            waiter._heard_moving(str(job_id))
            waiter._heard_moving("nonsense")
            await asyncio.wait_for(asyncio.gather(first.next_change(), second.next_change()), 0.5)
            assert not third.event.is_set()
            waiter._heard(str(other))
            await asyncio.wait_for(third.next_change(), 0.5)
        assert waiter._watching == {}

        async def watch():
            with waiter.watching(UUID(int=1)) as broken:
                await broken.next_change()

        task = asyncio.create_task(watch())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert waiter._watching == {}
    finally:
        await database.close()
