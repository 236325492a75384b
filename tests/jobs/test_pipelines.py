"""Pipelines of many documents: what they show while they run, how they are made, and how they end together."""

import asyncio
from contextlib import contextmanager

import sqlalchemy as sa

from job_yard import read
from recto.errors import DownloadFailed
from recto.jobs.records import Copied
from recto.jobs.states import may_become, progress
from recto.storage.queries import jobs


async def shown(yard, job_id):
    """The job as GET /job shows it."""
    async with yard.database.begin() as connection:
        (row,) = await jobs.as_parts_stand(
            connection, [await jobs.find(connection, yard.organisation, job_id)]
        )
    return row


async def begin(yard, job_id):
    async with yard.database.begin() as connection:
        await jobs.start(connection, job_id, "InProgress", "fetching", allowed_from=may_become("InProgress"))


async def test_a_running_pipeline_shows_its_childrens_pages(yard):
    top = await yard.pipeline(2)
    first, second = await yard.children(top)
    row = await shown(yard, top)
    assert (row.status, row.stage, row.started_at, row.pages_done) == ("Pending", "queued", None, 0)
    await begin(yard, first)
    await yard.take_in(first, "w", 4)
    await yard.recorder("w").done(await yard.hold(first, "w"), read(2))
    row = await shown(yard, top)
    assert (row.status, row.pages_done) == ("InProgress", 2)
    assert (row.pages_total, row.pages_known) == (4, 0.5), "what is known of it is told"
    halfway = progress(row.status, row.pages_done, row.pages_total, row.pages_known)
    await yard.take_in(second, "w", 3)
    row = await shown(yard, top)
    assert (row.pages_done, row.pages_total, row.stage) == (2, 7, "reading")
    assert row.pages_known == 1
    assert 0 < halfway < progress(row.status, row.pages_done, row.pages_total, row.pages_known)
    assert row.started_at == (await yard.job(first)).started_at
    await yard.recorder("w").done(await yard.hold(second, "w"), read(2))
    assert (await shown(yard, top)).pages_done == 4
    async with yard.database.begin() as connection:
        listed = await jobs.listing(connection, yard.organisation, before=None, limit=9)
    assert {row.id: row.pages_done for row in listed} == {top: 4, first: 2, second: 2}


async def test_a_pipeline_lasts_from_its_first_childs_begin(yard):
    top = await yard.pipeline(2)
    first, second = await yard.children(top)
    await begin(yard, first)
    await asyncio.sleep(0.05)
    for child in (first, second):
        async with yard.database.begin() as connection:
            row = await jobs.get(connection, child, lock=True)
            await yard.flow.end(connection, row, "Completed")
    job = await yard.job(top)
    assert job.status == "Completed"
    assert job.started_at == (await yard.job(first)).started_at
    assert job.duration_s >= 0.05


async def test_a_cancelled_pipeline_still_shows_how_far_it_came(yard):
    top = await yard.pipeline(1)
    (child,) = await yard.children(top)
    await yard.take_in(child, "w", 4)
    await yard.recorder("w").done(await yard.hold(child, "w"), read(2))
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, top)
    row = await shown(yard, top)
    assert (row.status, row.stage, row.pages_done, row.pages_total) == ("Cancelled", "ended", 2, 4)


@contextmanager
def counted(yard):
    """The statements sent while the block runs."""
    seen = []

    def note(_, cursor, statement, *rest):
        seen.append(statement)

    engine = yard.database._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def test_many_documents_take_no_more_statements_than_few(yard):
    counts = []
    yard.submitter._admission.every_s = 3600  # how much waits is counted once, by this first job
    await yard.parse()
    for documents in (3, 60):
        references = [await yard.upload() for _ in range(documents)]
        with counted(yard) as made:
            top = await yard.pipeline(0, references=references)
        children = [await yard.job(child) for child in await yard.children(top)]
        assert [child.position for child in children] == list(range(documents))
        assert [child.request["reference"] for child in children] == references
        assert {len(await yard.unit_states(child.id)) for child in children} == {1}
        assert [child.metadata for child in children] == [None] * documents
        with counted(yard) as ended:
            async with yard.database.begin() as connection:
                await yard.flow.cancel(connection, yard.organisation, top)
        assert {(await yard.job(child.id)).status for child in children} == {"Cancelled"}
        counts.append((len(made), len(ended)))
    assert counts[0] == counts[1]


async def test_a_failed_document_ends_its_siblings_and_whoever_waits_for_them(yard):
    top = await yard.pipeline(3)
    first, second, third = await yard.children(top)
    waiting = await yard.parse(f"jobid://{third}")
    await yard.recorder("w").done(await yard.hold(waiting, "w"), Copied(waits_on=third))
    await yard.lose_tasks()
    await yard.recorder("w").failed(await yard.hold(first, "w"), DownloadFailed("Gone."), callers_fault=True)
    assert (await yard.job(top)).status == "Failed"
    ends = [await yard.job(child) for child in (second, third)]
    assert [(job.status, job.error["message"]) for job in ends] == [
        ("Cancelled", "Another document failed.")
    ] * 2
    assert all(job.started_at == job.ended_at or job.duration_s >= 0 for job in ends)
    assert await yard.tasks() == [("advance", "advance", {"job_id": str(waiting)})]
