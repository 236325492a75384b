"""Messages between versions: old ones are read for ever, newer ones are left for newer workers."""

import asyncio
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from recto.jobs.engine import PAYLOAD_VERSION, Handlers

QUEUE = "INSERT INTO procrastinate_jobs (task_name, queue_name, args) VALUES (:task, :queue, CAST(:args AS jsonb))"


class Heard:
    """Handlers that note what they are told."""

    def __init__(self):
        self.looks = asyncio.Event()
        self.advanced, self.due = asyncio.Queue(), asyncio.Event()
        self.handlers = Handlers(self.looks.set, self.advanced.put, self.due.set)


@asynccontextmanager
async def serving(yard):
    heard = Heard()
    slots = {"advance": 1}
    running = asyncio.create_task(yard.engine.run_worker("w", slots, heard.handlers, 0))
    try:
        async with asyncio.timeout(10):
            yield heard
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def left(yard):
    query = "SELECT task_name, status::text, scheduled_at > now() FROM procrastinate_jobs ORDER BY id"
    return [tuple(row) for row in await yard.rows(query)]


async def until_left(yard, *tasks):
    for _ in range(500):
        if await left(yard) == list(tasks):
            return
        await asyncio.sleep(0.02)
    assert await left(yard) == list(tasks)


async def test_the_first_versions_messages_are_read_for_ever(yard):
    job_id, delivery_id = uuid4(), uuid4()
    await yard.rows(QUEUE, task="advance", queue="advance", args=f'{{"v": 1, "job_id": "{job_id}"}}')
    await yard.rows(
        QUEUE, task="deliver", queue="deliveries", args=f'{{"v": 1, "delivery_id": "{delivery_id}"}}'
    )
    async with serving(yard) as heard:
        assert await heard.advanced.get() == job_id
        await heard.due.wait()
        await until_left(yard)


async def test_tasks_for_units_of_the_version_before_are_cleared_away_and_make_a_worker_look(yard):
    for queue in ("intake", "read", "ocr"):
        await yard.rows(QUEUE, task="run_unit", queue=queue, args='{"v": 1, "unit_id": 7}')
    async with serving(yard) as heard:
        await heard.looks.wait()
        await until_left(yard)


async def test_a_newer_message_is_left_for_a_newer_worker(yard):
    newer = f'{{"v": {PAYLOAD_VERSION + 1}, "jobs": ["a name that this version does not know"]}}'
    await yard.rows(QUEUE, task="advance", queue="advance", args=newer)
    job_id = uuid4()
    async with serving(yard) as heard:
        await yard.engine.defer_advance(None, "async", job_id)
        assert await heard.advanced.get() == job_id
        await until_left(yard, ("advance", "todo", True))  # offered again in a while
