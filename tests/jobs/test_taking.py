"""A worker takes units: which, when, and into how many slots. The work itself is a stand-in."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from job_yard import LEASE_S, Heard, read, taken
from recto.jobs import taking
from recto.jobs.fleet import Fleet
from recto.jobs.lanes import PRIORITIES
from recto.jobs.taking import Seat, Slots, Taker
from recto.storage.notices import Listener
from recto.storage.queries import access, units
from recto.storage.queries.claims import UNITS_WAITING

EVERY = tuple(PRIORITIES)


class Runner:
    """Holds what it is given until it is told to let go, and notes what it was given."""

    def __init__(self, yard):
        self.yard = yard
        self.begun = asyncio.Queue()
        self.let_go = asyncio.Event()
        self.given_back = []

    async def run(self, held, job, seat):
        self.begun.put_nowait((held, job))
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.given_back.append(held.id)
            raise

    async def next(self, seconds=5):
        async with asyncio.timeout(seconds):
            return await self.begun.get()


@asynccontextmanager
async def worker(yard, lanes=EVERY, readers=2, ocr=1, name="w", grace_s=0.2):
    runner = Runner(yard)
    fleet = Fleet(name, yard.database, lanes, readers, ocr)
    await fleet.beat()
    taker = Taker(yard.database, fleet, runner, LEASE_S)
    listener = Listener(yard.database.url, UNITS_WAITING, taker.heard, taker.look)
    tasks = [asyncio.create_task(listener.listen()), asyncio.create_task(taker.run(grace_s))]
    await listener.ready.wait()
    try:
        yield runner
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_a_new_job_is_taken_at_once_and_its_clock_begins(yard):
    async with worker(yard) as runner:
        await asyncio.sleep(0.1)  # it has looked, and waits for news
        job_id = await yard.parse()
        held, job = await runner.next(1)
        assert (held.job_id, held.kind, job.id) == (job_id, "intake", job_id)
        row = await yard.job(job_id)
        assert (row.status, row.stage) == ("InProgress", "fetching")
        assert row.started_at is not None


async def test_without_any_notice_a_look_finds_it(yard, monkeypatch):
    monkeypatch.setattr(taking, "POLLING_S", 0.2)
    runner = Runner(yard)
    fleet = Fleet("w", yard.database, EVERY, 1, 0)
    taker = Taker(yard.database, fleet, runner, LEASE_S)
    running = asyncio.create_task(taker.run(0))
    await asyncio.sleep(0.1)
    job_id = await yard.parse()
    held, _ = await runner.next(2)
    assert held.job_id == job_id
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_where_notices_do_not_come_it_looks_often(yard):
    runner = Runner(yard)
    taker = Taker(yard.database, Fleet("w", yard.database, EVERY, 1, 0), runner, LEASE_S)
    taker.deaf = lambda: True
    running = asyncio.create_task(taker.run(0))
    await asyncio.sleep(0.1)
    job_id = await yard.parse()
    assert (await runner.next(2))[0].job_id == job_id
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_higher_lane_goes_first(yard):
    made = {lane: await yard.parse(lane=lane) for lane in ("batch", "async", "sync")}
    async with worker(yard) as runner:
        order = [(await runner.next())[0].job_id for _ in range(3)]
    assert order == [made["sync"], made["async"], made["batch"]]


async def test_a_worker_takes_only_its_lanes(yard):
    await yard.parse(lane="async")
    sync = await yard.parse(lane="sync")
    async with worker(yard, lanes=("sync",)) as runner:
        assert (await runner.next())[0].job_id == sync
        with pytest.raises(TimeoutError):
            await runner.next(0.3)


async def test_organisations_take_turns(yard):
    mine = {await yard.parse() for _ in range(4)}
    async with yard.database.begin() as connection:
        other = await access.ensure_organisation(connection, "another organisation")
    theirs = await yard.parse()
    await yard.rows("UPDATE unit SET organisation_id = :o WHERE job_id = :j", o=other, j=theirs)
    async with worker(yard) as runner:
        order = [(await runner.next())[0].job_id for _ in range(2)]
    assert order[0] in mine
    assert order[1] == theirs


async def test_a_tenant_holds_no_more_than_its_share_of_the_fleet(yard):
    for _ in range(3):
        job_id = await yard.parse(tenant="t", tenant_share=0.5)
        await yard.take_in(job_id, "other", 4)  # two units of reading each
    free = await yard.parse()
    await yard.take_in(free, "other", 4)
    await yard.rows("UPDATE unit SET status = 'later' WHERE job_id = :id AND kind = 'read'", id=free)
    async with worker(yard, readers=4) as runner:
        for _ in range(2):
            await runner.next()
        with pytest.raises(TimeoutError):
            await runner.next(0.4)
        await yard.rows("UPDATE unit SET status = 'pending' WHERE status = 'later'")
        assert (await runner.next())[0].job_id == free


async def test_a_part_of_the_intake_is_kept_for_those_who_wait(yard):
    for _ in range(12):
        await yard.parse(lane="async")
    async with worker(yard) as runner:
        for _ in range(6):
            await runner.next()
        with pytest.raises(TimeoutError):
            await runner.next(0.3)
        awaited = await yard.parse(lane="sync")
        assert (await runner.next(1))[0].job_id == awaited


async def test_a_queue_is_taken_on_when_only_the_kept_slots_were_free(yard, monkeypatch):
    monkeypatch.setattr(taking, "POLLING_S", 60)
    for _ in range(20):
        await yard.parse(lane="batch")
    async with worker(yard) as runner:
        for _ in range(6):
            await runner.next()
        await asyncio.sleep(0.1)  # it has looked for those who wait, and found none
        runner.let_go.set()
        for _ in range(14):
            await runner.next(2)


async def test_a_worker_for_nobody_who_waits_keeps_no_slots_for_them(yard):
    for _ in range(8):
        await yard.parse(lane="batch")
    async with worker(yard, lanes=("batch",)) as runner:
        for _ in range(8):
            await runner.next(1)


async def recognition(yard):
    """A job with one page that needs recognition, and nothing else to do."""
    job_id = await yard.parse()
    await yard.take_in(job_id, "other", 3)
    await yard.rows("DELETE FROM unit WHERE job_id = :id AND kind = 'read'", id=job_id)
    await yard.rows("INSERT INTO unit (job_id, kind, pages) VALUES (:id, 'ocr', '{2}')", id=job_id)
    return job_id


async def test_recognition_goes_to_workers_that_have_it(yard):
    async with worker(yard, ocr=1, name="with"):
        pass  # it was there a moment ago, and its row is
    job_id = await recognition(yard)
    async with worker(yard, ocr=0, name="without") as without:
        with pytest.raises(TimeoutError):
            await without.next(0.3)
        async with worker(yard, ocr=1, name="with") as having:
            held, _ = await having.next()
            assert (held.job_id, held.kind) == (job_id, "ocr")


async def test_where_nobody_recognises_its_units_are_taken_all_the_same(yard):
    job_id = await recognition(yard)
    async with worker(yard, ocr=0) as runner:
        assert (await runner.next())[0].job_id == job_id


async def test_units_of_a_newer_version_wait_for_a_newer_worker(yard):
    newer, known = await yard.parse(), await yard.parse()
    await yard.rows("UPDATE unit SET version = 99 WHERE job_id = :id", id=newer)
    async with worker(yard) as runner:
        assert (await runner.next())[0].job_id == known
        with pytest.raises(TimeoutError):
            await runner.next(0.3)
    assert await yard.unit_states(newer) == [("intake", "pending", 0)]
    assert units.UNIT_VERSION < 99


async def test_a_unit_that_an_older_server_planned_stands_in_its_line(yard):
    job_id = await yard.parse(lane="sync")
    await yard.rows("DELETE FROM unit WHERE job_id = :id", id=job_id)
    await yard.rows("INSERT INTO unit (job_id, kind) VALUES (:id, 'intake')", id=job_id)
    async with worker(yard) as runner:
        assert (await runner.next())[0].job_id == job_id


async def test_a_stop_takes_nothing_more_and_lets_what_runs_finish(yard):
    job_id = await yard.parse()
    async with worker(yard, grace_s=5) as runner:
        held, _ = await runner.next()
        asyncio.get_running_loop().call_later(0.3, runner.let_go.set)
    assert runner.given_back == []
    assert held.job_id == job_id
    late = await yard.parse()
    assert await yard.unit_states(late) == [("intake", "pending", 0)]


async def test_what_does_not_finish_in_the_grace_is_cancelled(yard):
    await yard.parse()
    async with worker(yard, grace_s=0.1) as runner:
        held, _ = await runner.next()
    assert runner.given_back == [held.id]


# --- slots and seats -------------------------------------------------------------------------------------


def test_a_seat_moves_to_reading_when_there_is_room():
    slots = Slots({"intake": 1, "read": 1, "ocr": 0}.__getitem__)
    seat = Seat(slots, "intake")
    assert seat.reserve()
    assert (slots.free("intake"), slots.free("read")) == (0, 0)
    seat.settle(goes_on=True)
    assert (slots.free("intake"), slots.free("read")) == (1, 0)
    assert seat.reserve(), "it sits there already"
    seat.leave()
    assert (slots.free("intake"), slots.free("read")) == (1, 1)


def test_a_seat_stays_where_it_is_without_room():
    slots = Slots({"intake": 1, "read": 1, "ocr": 0}.__getitem__)
    reading, seat = Seat(slots, "read"), Seat(slots, "intake")
    assert not seat.reserve()
    seat.settle(goes_on=False)
    seat.leave()
    reading.leave()
    assert (slots.free("intake"), slots.free("read")) == (1, 1)


def test_what_was_reserved_in_vain_is_given_back():
    slots = Slots({"intake": 1, "read": 1, "ocr": 0}.__getitem__)
    seat = Seat(slots, "intake")
    assert seat.reserve()
    seat.settle(goes_on=False)
    assert (slots.free("intake"), slots.free("read")) == (0, 1)


async def test_a_unit_that_must_not_be_gone_on_with_is_announced(yard):
    job_id = await yard.parse()
    held = await yard.hold(job_id, "w")
    async with yard.hearing(UNITS_WAITING) as heard:
        assert isinstance(heard, Heard)
        assert await yard.recorder("w").done(held, taken(2), go_on=False) is None
        await heard.wait_for("read")
    reading = await yard.take_first("read", "async")
    assert await yard.recorder("w").done(reading, read(2), go_on=False) is None
    assert (await yard.take_first("assemble", "async")).job_id == job_id
