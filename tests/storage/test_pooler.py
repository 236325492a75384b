"""A pooler before the database: that it is noticed, and that everything goes on without notices."""

import asyncio
from contextlib import suppress

import psycopg
import pytest

from deaf_pooler import deaf_pooler
from job_yard import job_database, opened_yard
from recto.api.waiting import JobWaiter
from recto.cli import doctor
from recto.jobs.engine import Engine
from recto.settings import Settings
from recto.storage import notices, pooler
from recto.storage.database import Database, migrate
from recto.storage.notices import JOB_ENDED, Listener, notify
from recto.storage.pooler import lends_connections

__all__ = ["job_database"]


@pytest.fixture
def pooled_url(job_database, monkeypatch):
    monkeypatch.setattr(notices, "ECHO_S", 0.3)
    monkeypatch.setattr(pooler, "ECHO_S", 0.3)
    with deaf_pooler(job_database) as url:
        yield url


def test_a_pooler_is_noticed_and_a_server_is_none(job_database, pooled_url):
    assert lends_connections(pooled_url)
    assert not lends_connections(job_database)
    assert not lends_connections("postgresql://nobody@127.0.0.1:1/nothing")


async def test_a_listener_knows_whether_it_hears(job_database, pooled_url):
    heard = []
    for url, deaf in ((job_database, False), (pooled_url, True)):
        listener = Listener(url, JOB_ENDED, heard.append, lambda: None)
        listening = asyncio.create_task(listener.listen())
        await asyncio.wait_for(listener.ready.wait(), 5)
        assert listener.deaf is deaf
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    assert heard == [], "the notices by which connections are tried are passed on to nobody"


async def test_a_waiting_call_sees_the_end_of_its_job_without_a_notice(job_database, pooled_url):
    async with opened_yard(job_database) as yard:
        database = Database(pooled_url, pooled=True)
        waiter = JobWaiter(database)
        listening = asyncio.create_task(waiter.listen())
        await waiter._listener.ready.wait()
        job_id = await yard.parse()
        waiting = asyncio.create_task(waiter.wait(job_id, 5))
        await asyncio.sleep(0.1)
        async with yard.database.begin() as connection:
            await yard.flow.cancel(connection, yard.organisation, job_id)
            await notify(connection, JOB_ENDED, str(job_id))
        row = await asyncio.wait_for(waiting, 1)  # sooner than the look that comes without a pooler
        assert row.status == "Cancelled"
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await database.close()


async def prepared(connection):
    found = await connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements")
    return found.scalar()


async def test_nothing_is_left_in_a_session_that_is_only_lent(pooled_url):
    for pooled in (True, False):
        database = Database(pooled_url, pool_size=1, pooled=pooled)
        async with database.begin() as connection:
            for _ in range(8):  # more often than psycopg runs a statement before it prepares it
                await connection.exec_driver_sql("SELECT 1")
            assert ((await prepared(connection)) == 0) is pooled
        await database.close()
    engine = Engine(pooled_url, pooled=True)
    await engine.open()
    try:
        shown = await engine._connector.execute_query_one_async("SHOW synchronous_commit")
        assert shown == {"synchronous_commit": "on"}
    finally:
        await engine.close()


def test_a_migration_leaves_no_lock_behind(job_database, pooled_url):
    migrate(pooled_url)
    with psycopg.connect(job_database) as connection:
        held = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert held == (0,)


def test_the_doctor_says_so(job_database, pooled_url):
    found = list(doctor._named_server(pooled_url))
    assert [one.level for one in found] == ["ok", "note"]
    assert "polls instead" in found[1].text
    assert [one.level for one in doctor._named_server(job_database)] == ["ok"]


async def test_the_doctor_names_lanes_that_nobody_serves(job_database):
    async with opened_yard(job_database) as yard:
        settings = Settings(database_url=job_database)
        (alone,) = await asyncio.to_thread(lambda: list(doctor._workers(settings)))
        assert "no worker is running" in alone.text
        await yard.rows(
            "INSERT INTO worker (name, lanes, readers, ocr_readers) VALUES ('w', '{sync,batch}', 2, 0)"
        )
        found = await asyncio.to_thread(lambda: [one.text for one in doctor._workers(settings)])
        assert found[0] == "w: 2 readers, 0 recognisers, lanes sync, batch"
        assert found[1].startswith("nobody serves sync-priority, priority, async:")
        assert found[2].startswith("nobody recognises scans")
