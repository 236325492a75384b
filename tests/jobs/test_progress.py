"""What watchers are told: pages, failed pages, and an estimate that is never negative."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recto.jobs.progress import seconds_left, snapshot
from recto.jobs.states import may_become
from recto.storage.queries import jobs


async def test_a_snapshot_tells_how_a_job_stands(yard):
    job_id = await yard.parse()
    assert snapshot(await yard.job(job_id), (), datetime.now(UTC)).values == {
        "job_id": str(job_id),
        "status": "Pending",
        "stage": "queued",
        "progress": 0.0,
        "pages_done": 0,
        "pages_total": None,
        "failed_pages": (),
        "seconds_left": None,
    }
    async with yard.database.begin() as connection:
        await jobs.start(connection, job_id, "InProgress", "reading", allowed_from=may_become("InProgress"))
        await jobs.move(connection, job_id, pages_done=5, pages_total=20)
    row = await yard.job(job_id)
    assert row.started_at is not None
    now = snapshot(row, (7, 3), row.started_at + timedelta(seconds=10))
    assert (now.failed_pages, now.seconds_left, now.progress) == ((3, 7), 30.0, 0.2375)


async def test_a_pipeline_is_not_nearly_done_while_documents_are_uncounted(yard):
    pipeline = await yard.pipeline(4)
    first = (await yard.children(pipeline))[0]
    async with yard.database.begin() as connection:
        await jobs.move(connection, first, pages_done=10, pages_total=10)
        (row,) = await jobs.as_parts_stand(
            connection, [await jobs.find(connection, yard.organisation, pipeline)]
        )
    assert snapshot(row, (), datetime.now(UTC)).progress == 0.2375


@given(st.floats(0, 1e6), st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
def test_an_estimate_is_never_negative_and_nothing_is_left_of_what_is_done(elapsed_s, done, total):
    left = seconds_left(elapsed_s, done, total)
    assert left is None or left >= 0
    if total and done >= total and elapsed_s > 0:
        assert left == 0
