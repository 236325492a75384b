"""Whatever gets lost is found again: tasks, workers, looks, deliveries."""

import sqlalchemy as sa

from job_yard import WEBHOOK, read
from recto.jobs import reconcile
from recto.jobs.reconcile import Patience
from recto.storage.queries import jobs, units

PATIENT = Patience(3600, 3600, 3600, 3600)


async def test_a_unit_whose_task_was_never_queued_gets_one(yard):
    job_id = await yard.parse()
    unit_id = await yard.open_unit(job_id)
    await yard.lose_tasks()
    await yard.reconciler().once()
    assert await yard.tasks() == [("run_unit", "intake", {"unit_id": unit_id})]
    await yard.reconciler().once()
    assert len(await yard.tasks()) == 1, "one more task is enough"


async def test_a_unit_of_a_dead_worker_is_queued_again_and_keeps_its_count(yard):
    job_id = await yard.parse()
    await yard.lose_tasks()
    dead = await yard.hold(job_id, "dead", lease_s=-1)
    await yard.reconciler(PATIENT).once()
    assert await yard.tasks() == [("run_unit", "intake", {"unit_id": dead.id})]
    assert await yard.unit_states(job_id) == [("intake", "pending", 1)]
    assert await yard.recorder("dead").done(dead, read(1)) is None
    assert await yard.unit_states(job_id) == [("intake", "pending", 1)]


async def test_a_dead_worker_s_unit_is_not_behind_a_long_queue(yard, monkeypatch):
    monkeypatch.setattr(reconcile, "BATCH", 2)
    for _ in range(5):
        await yard.parse()
    await yard.rows("UPDATE unit SET deferred_at = deferred_at - interval '2 hours'")
    late = await yard.parse()
    dead = await yard.hold(late, "dead", lease_s=-1)
    await yard.reconciler(Patience(3600, 60, 3600, 3600)).once()
    assert await yard.unit_states(late) == [("intake", "pending", 1)]
    first = "SELECT args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY priority DESC, id LIMIT 1"
    assert (await yard.one(first))["unit_id"] == dead.id


async def test_units_whose_task_waits_in_the_queue_get_no_second_one(yard):
    kept, lost = await yard.parse(), await yard.parse()
    unit_id = await yard.open_unit(lost)
    before = await yard.tasks()
    await yard.rows(
        "DELETE FROM procrastinate_jobs WHERE (args->>'unit_id')::bigint = :unit_id", unit_id=unit_id
    )
    await yard.reconciler(Patience(3600, 0, 3600, 3600)).once()
    assert sorted(await yard.tasks(), key=str) == sorted(before, key=str)
    assert await yard.unit_states(kept) == [("intake", "pending", 0)]


async def test_those_that_wait_longest_are_looked_at_first(yard):
    made = [await yard.open_unit(await yard.parse()) for _ in range(4)]
    for hours, unit_id in enumerate(made):
        await yard.rows(
            "UPDATE unit SET deferred_at = deferred_at - make_interval(hours => :hours) WHERE id = :id",
            hours=hours + 1,
            id=unit_id,
        )
    seen = []
    for _ in range(2):
        async with yard.database.begin() as connection:
            seen.append(set(await units.waiting(connection, 60, 2)))
    assert seen == [set(made[2:]), set(made[:2])]


async def test_living_work_is_left_alone(yard):
    job_id = await yard.parse()
    await yard.lose_tasks()
    await yard.hold(job_id, "alive")
    await yard.reconciler(PATIENT).once()
    assert await yard.tasks() == []
    assert await yard.unit_states(job_id) == [("intake", "running", 1)]


async def test_units_of_ended_jobs_stay_lost(yard):
    job_id = await yard.parse()
    await yard.hold(job_id, "dead", lease_s=-1)
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
    await yard.lose_tasks()
    await yard.reconciler().once()
    assert await yard.tasks() == []


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
    await yard.reconciler(Patience(3600, 3600, 0, 3600)).once()
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
    job_id = await yard.parse()
    before = await yard.tasks()
    await stalled(yard)
    assert await yard.tasks() == []
    assert await yard.engine.retry_stalled(0) == 1
    assert await yard.tasks() == before
    assert await yard.unit_states(job_id) == [("intake", "pending", 0)]


async def test_a_stalled_task_beside_a_waiting_one_of_its_kind_does_not_block_the_others(yard):
    one, other = await yard.parse(), await yard.parse()
    await yard.lose_tasks()
    both = [await yard.open_unit(one), await yard.open_unit(other)]
    for unit_id in both:
        await yard.engine.defer_unit_again("intake", "async", unit_id)
    await stalled(yard)
    await yard.engine.defer_unit_again("intake", "async", both[0])
    await yard.reconciler(Patience(0, 3600, 3600, 3600)).once()
    assert sorted(task[2]["unit_id"] for task in await yard.tasks()) == both
    async with yard.database.begin() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) == 2


async def test_a_delivery_whose_task_was_lost_gets_one_and_only_one(yard):
    job_id = await yard.parse(webhook=WEBHOOK)
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
    delivery_id = await yard.one("SELECT id FROM delivery WHERE job_id = :id", id=job_id)
    await yard.lose_tasks()
    for _ in range(3):
        await yard.reconciler(Patience(3600, 3600, 3600, 0)).once()
    assert await yard.tasks() == [("deliver", "deliveries", {"delivery_id": str(delivery_id)})]
