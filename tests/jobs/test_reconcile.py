"""Whatever gets lost is found again: workers, looks, and the tasks for them."""

from uuid import uuid4

import sqlalchemy as sa

from job_yard import read
from recto.jobs import reconcile
from recto.jobs.reconcile import Patience
from recto.storage.queries import claims, jobs

PATIENT = Patience(3600, 3600)


async def test_a_unit_of_a_dead_worker_is_free_again_and_keeps_its_count(yard):
    job_id = await yard.parse()
    dead = await yard.hold(job_id, "dead", lease_s=-1)
    async with yard.hearing(claims.UNITS_WAITING) as heard:
        await yard.reconciler(PATIENT).once()
        await heard.wait_for("intake")
    assert await yard.unit_states(job_id) == [("intake", "pending", 1)]
    assert await yard.recorder("dead").done(dead, read(1)) is None
    assert await yard.unit_states(job_id) == [("intake", "pending", 1)]


async def test_a_dead_worker_s_unit_is_the_next_of_its_line(yard):
    late = await yard.parse()
    dead = await yard.hold(late, "dead", lease_s=-1)
    for _ in range(5):
        await yard.parse()
    await yard.reconciler(PATIENT).once()
    taken = await yard.take_first("intake", "async")
    assert taken is not None
    assert (taken.id, taken.attempt) == (dead.id, 2)


async def test_those_lost_longest_are_freed_first(yard, monkeypatch):
    monkeypatch.setattr(reconcile, "BATCH", 2)
    made = [await yard.hold(await yard.parse(), "dead", lease_s=-60 * n) for n in range(1, 5)]
    await yard.reconciler(PATIENT).once()
    free = await yard.rows("SELECT id FROM unit WHERE status = 'pending'")
    assert {row[0] for row in free} == {one.id for one in made[2:]}


async def test_living_work_is_left_alone(yard):
    job_id = await yard.parse()
    await yard.hold(job_id, "alive")
    await yard.reconciler(PATIENT).once()
    assert await yard.unit_states(job_id) == [("intake", "running", 1)]


async def test_units_of_ended_jobs_are_not_done_again_and_count_no_more(yard):
    job_id = await yard.parse()
    await yard.hold(job_id, "dead", lease_s=-1)
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
        assert await claims.running_by_owner(connection, ["intake"]) == {(yard.organisation, ""): 1}
    await yard.reconciler(PATIENT).once()
    assert await yard.unit_states(job_id) == [("intake", "left out", 1)]
    async with yard.database.begin() as connection:
        assert await claims.running_by_owner(connection, ["intake"]) == {}


async def test_a_pipeline_whose_look_was_lost_ends(yard):
    top = await yard.pipeline(1)
    (child,) = await yard.children(top)
    async with yard.database.begin() as holder:  # so that the end leaves a task, which then gets lost
        await jobs.get(holder, top, lock=True)
        async with yard.database.begin() as connection:
            job = await jobs.get(connection, child, lock=True)
            await yard.flow.end(connection, job, "Completed")
    await yard.lose_tasks()
    await yard.reconciler(PATIENT).once()
    assert (await yard.job(top)).is_open, "patience is not over"
    await yard.reconciler(Patience(3600, 0)).once()
    assert (await yard.job(top)).status == "Completed"


async def test_quiet_jobs_take_turns(yard):
    made = [await yard.parse() for _ in range(3)]
    seen = []
    for _ in range(3):
        async with yard.database.begin() as connection:
            seen += await jobs.standing_still(connection, 0, 1)
    assert seen == made
    async with yard.database.begin() as connection:
        assert await jobs.standing_still(connection, 5, 10) == []


async def stalled(yard, **values):
    """Make every task look as if a worker that is gone had taken it."""
    query = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"
    await yard.rows(query, **values)


async def test_tasks_of_a_dead_worker_come_back(yard):
    await yard.engine.defer_advance(None, "async", await yard.parse())
    before = await yard.tasks()
    await stalled(yard)
    assert await yard.tasks() == []
    assert await yard.engine.retry_stalled(0) == 1
    assert await yard.tasks() == before


async def test_a_stalled_task_beside_a_waiting_one_of_its_kind_does_not_block_the_others(yard):
    """As servers of before queued them: with a lock, so that one is enough."""
    queue = (
        "INSERT INTO procrastinate_jobs (task_name, queue_name, queueing_lock, args)"
        " VALUES ('deliver', 'deliveries', :lock, CAST(:args AS jsonb))"
    )
    both = [str(uuid4()), str(uuid4())]
    for one in both:
        await yard.rows(queue, lock=one, args=f'{{"v": 1, "delivery_id": "{one}"}}')
    await stalled(yard)
    await yard.rows(queue, lock=both[0], args=f'{{"v": 1, "delivery_id": "{both[0]}"}}')
    await yard.reconciler(Patience(0, 3600)).once()
    assert sorted(task[2]["delivery_id"] for task in await yard.tasks()) == sorted(both)
    async with yard.database.begin() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) == 2
