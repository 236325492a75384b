"""The waiter of synchronous calls: what it does with notices."""

import asyncio
from uuid import uuid4

from recto.api.waiting import JobWaiter
from recto.storage.database import Database


async def test_an_odd_notice_is_passed_over_and_a_real_one_wakes():
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        waiter = JobWaiter(database)
        job_id, event = uuid4(), asyncio.Event()
        waiter._waiting[job_id] = {event}
        for odd in ("", "nonsense", "0" * 8000, str(uuid4())):
            waiter._heard(odd)
        assert not event.is_set()
        waiter._heard(str(job_id))
        assert event.is_set()
    finally:
        await database.close()
