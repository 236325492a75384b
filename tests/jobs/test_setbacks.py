"""The server is in the way, and not the document: a full disk, a storage or a database that is away."""

import asyncio
import errno
from types import SimpleNamespace

import pytest

from job_yard import LEASE_S, taken
from recto.errors import Unavailable
from recto.jobs import units as unit_work
from recto.jobs.records import Recorder
from recto.jobs.sources import Sources
from recto.jobs.taking import Seat, Slots
from recto.jobs.units import UnitRunner, Workshop
from recto.storage.objects import open_objects
from recto.storage.queries import claims


class Failing(Recorder):
    """A recorder whose database is away for the first few outcomes."""

    def __init__(self, yard, failures):
        super().__init__("w", yard.database, yard.flow, LEASE_S, 2, ocr=lambda: True)
        self.failures = failures

    async def done(self, held, outcome, *, go_on=True):
        if self.failures > 0:
            self.failures -= 1
            raise Unavailable
        return await super().done(held, outcome, go_on=go_on)


def runner_of(yard, tmp_path, recorder, work):
    """A runner whose units do `work`."""
    objects = open_objects("memory:///")
    shop = Workshop(
        name="w",
        database=yard.database,
        objects=objects,
        sources=Sources(objects, tmp_path, 0),
        children=SimpleNamespace(recognises=False),
        fetcher=None,
        secrets=None,
        scratch=tmp_path,
        unit_timeout_s=30,
        lease_s=LEASE_S,
    )
    runner = UnitRunner(shop, recorder)
    runner._take_in = work
    return runner


async def run(yard, runner, job_id):
    held = await yard.hold(job_id, "w")
    await runner.run(
        held, await yard.job(job_id), Seat(Slots({"intake": 1, "read": 0, "ocr": 0}.get), "intake")
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(unit_work, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(unit_work, "RECORD_PAUSE_S", 0.01)


@pytest.mark.parametrize("error", [Unavailable(), OSError(errno.ENOSPC, "No space left on device")])
async def test_a_unit_the_server_failed_waits_and_has_not_been_tried(yard, tmp_path, error):
    async def work(*_):
        raise error

    job_id = await yard.parse()
    runner = runner_of(yard, tmp_path, yard.recorder("w"), work)
    for _ in range(4):  # more often than a unit is tried
        await run(yard, runner, job_id)
    assert await yard.unit_states(job_id) == [("intake", "pending", 0)]
    assert await yard.one("SELECT setbacks FROM unit WHERE job_id = :id", id=job_id) == 4
    assert (await yard.job(job_id)).is_open

    async def works(*_):
        return taken(4)

    await run(yard, runner_of(yard, tmp_path, yard.recorder("w"), works), job_id)
    assert (await yard.unit_states(job_id))[0] == ("intake", "done", 1)


async def test_a_unit_whose_job_is_cancelled_under_it_runs_and_waits_no_more(yard, tmp_path):
    job_id = await yard.parse(tenant="t", tenant_share=0.5)

    async def cancelled(*_):
        async with yard.database.begin() as connection:
            await yard.flow.cancel(connection, yard.organisation, job_id)
        raise asyncio.CancelledError  # its child was killed

    await run(yard, runner_of(yard, tmp_path, yard.recorder("w"), cancelled), job_id)
    assert await yard.unit_states(job_id) == [("intake", "left out", 1)]
    async with yard.database.begin() as connection:
        assert await claims.running_by_owner(connection, ["intake"]) == {}  # or the tenant's share is used up


async def test_a_unit_the_server_failed_does_not_wait_when_its_job_has_ended(yard, tmp_path):
    job_id = await yard.parse()

    async def away(*_):
        async with yard.database.begin() as connection:
            await yard.flow.cancel(connection, yard.organisation, job_id)
        raise Unavailable

    await run(yard, runner_of(yard, tmp_path, yard.recorder("w"), away), job_id)
    assert await yard.unit_states(job_id) == [("intake", "left out", 1)]


async def test_a_unit_the_server_fails_for_ever_fails_in_the_end(yard, tmp_path, monkeypatch):
    monkeypatch.setattr(unit_work, "MAX_SETBACKS", 1)

    async def work(*_):
        raise Unavailable("The storage is gone.")

    job_id = await yard.parse()
    runner = runner_of(yard, tmp_path, yard.recorder("w"), work)
    for _ in range(3):
        await run(yard, runner, job_id)
    job = await yard.job(job_id)
    assert job.status == "Failed"
    assert job.error["message"] == "The storage is gone."


async def test_an_outcome_is_written_when_the_database_is_back(yard, tmp_path):
    async def works(*_):
        return taken(4)

    job_id = await yard.parse()
    await run(yard, runner_of(yard, tmp_path, Failing(yard, 3), works), job_id)
    assert (await yard.unit_states(job_id))[0] == ("intake", "done", 1)


async def test_an_outcome_is_given_up_when_the_database_stays_away(yard, tmp_path, monkeypatch):
    monkeypatch.setattr(unit_work, "RECORD_PATIENCE_S", 0.05)

    async def works(*_):
        return taken(4)

    job_id = await yard.parse()
    runner = runner_of(yard, tmp_path, Failing(yard, 10_000), works)
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await run(yard, runner, job_id)
    assert runner.in_hand == frozenset(), "its lease runs out, and another worker does it again"


async def test_a_unit_whose_job_was_ended_under_it_is_taken_out(yard, tmp_path):
    async def work(job, *_):
        async with yard.database.begin() as connection:
            await yard.flow.cancel(connection, yard.organisation, job.id)
        raise asyncio.CancelledError  # what a killed child's call ends with

    job_id = await yard.parse()
    await run(yard, runner_of(yard, tmp_path, yard.recorder("w"), work), job_id)
    assert await yard.unit_states(job_id) == [("intake", "left out", 1)]
    assert (await yard.job(job_id)).status == "Cancelled"
