"""The events of a job as the web server plays them: changes are told, and a client that goes leaves nothing."""

import asyncio
from types import SimpleNamespace

import pytest

from recto.api.routes import events
from recto.api.waiting import JobWaiter
from recto.errors import Unavailable
from recto.storage.queries import jobs


@pytest.fixture
async def waiter(yard):
    waiter = JobWaiter(yard.database)
    listening = asyncio.create_task(waiter.listen())
    await asyncio.wait_for(waiter._listener.ready.wait(), 10)
    yield waiter
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def opened(yard, waiter, job_id):
    context = SimpleNamespace(database=yard.database, waiter=waiter)
    return await events.job_events(context, yard.organisation, str(job_id))


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def test_a_client_that_goes_away_leaves_no_watch(yard, waiter):
    job_id, gone, sent = await yard.parse(), asyncio.Event(), []
    response = await opened(yard, waiter, job_id)

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    serving = asyncio.create_task(response(scope, receive, send))
    await until(lambda: waiter._watching)
    gone.set()
    await asyncio.wait_for(serving, 5)
    assert waiter._watching == {}
    assert b"event: progress" in sent[1]["body"]


async def test_a_move_is_told_well_before_the_next_look_of_its_own(yard, waiter, monkeypatch):
    monkeypatch.setattr("recto.api.waiting.LOOK_S", 60.0)
    job_id = await yard.parse()
    body = (await opened(yard, waiter, job_id)).body_iterator
    first = await anext(body)
    following = asyncio.ensure_future(anext(body))
    await until(lambda: waiter._watching)
    async with yard.database.begin() as connection:
        await jobs.move(connection, job_id, stage="reading", pages_total=9)
    told = await asyncio.wait_for(following, 10)
    assert (b'"pages_total":null' in first, b'"pages_total":9' in told) == (True, True)
    await body.aclose()
    assert waiter._watching == {}


async def test_silence_is_filled_and_a_lost_database_is_told(yard, waiter, monkeypatch):
    monkeypatch.setattr("recto.api.waiting.LOOK_S", 0.01)
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.0)
    body = (await opened(yard, waiter, await yard.parse())).body_iterator
    assert (await anext(body)).startswith(b"event: progress")
    assert await anext(body) == b": still here\n\n"

    async def fails(*_):
        raise Unavailable

    monkeypatch.setattr(events, "look", fails)
    assert (await anext(body)).startswith(b"event: error")
    with pytest.raises(StopAsyncIteration):
        await anext(body)
    assert waiter._watching == {}
