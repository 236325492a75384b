"""Back-pressure: how much may wait before a call is answered with 429."""

import pytest

from recto.errors import BatchQueueFull, QueueFull
from recto.jobs.admission import Admission, Depths


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


async def admit(yard, admission, lane):
    async with yard.database.begin() as connection:
        await admission.admit(connection, lane)


async def test_a_full_queue_refuses_and_the_other_one_does_not(yard):
    admission = Admission(Depths(ordinary=2, batch=1), every_s=0)
    await yard.parse(lane="sync")
    await admit(yard, admission, "async")
    await yard.parse(lane="async")
    for lane in ("sync-priority", "priority", "sync", "async"):
        with pytest.raises(QueueFull, match=r"2 page ranges wait already.*RECTO_QUEUE_DEPTH"):
            await admit(yard, admission, lane)
    await admit(yard, admission, "batch")
    await yard.parse(lane="batch")
    with pytest.raises(BatchQueueFull, match="RECTO_BATCH_QUEUE_DEPTH"):
        await admit(yard, admission, "batch")


async def test_it_opens_again_when_the_work_is_taken(yard):
    admission = Admission(Depths(ordinary=1), every_s=0)
    job_id = await yard.parse()
    with pytest.raises(QueueFull):
        await admit(yard, admission, "async")
    await yard.hold(job_id, "w")
    await admit(yard, admission, "async")


async def test_one_count_serves_the_calls_of_a_second(yard):
    clock = Clock()
    admission = Admission(Depths(ordinary=1), every_s=1, clock=clock)
    await admit(yard, admission, "async")
    await yard.parse()
    await admit(yard, admission, "async")
    clock.now += 1
    with pytest.raises(QueueFull):
        await admit(yard, admission, "async")
