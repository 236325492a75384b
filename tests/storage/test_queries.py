"""The queries on a real database: listings, keys, uploads, pipelines' versions, the outbox."""

import asyncio
from itertools import pairwise
from uuid import uuid4

import pytest
import sqlalchemy as sa

from job_yard import WEBHOOK, job_database, yard
from recto.errors import InvalidConfig, NotFound, Unavailable
from recto.jobs.states import may_become
from recto.storage.database import IDLE_TRANSACTION_S, Database, attentive, driver_url, plain_url
from recto.storage.queries import access, deliveries, jobs, pipelines, retention, units, uploads

__all__ = ["job_database", "yard"]  # fixtures, used by name

STEPS = {"steps": [{"parse": {}}]}


@pytest.fixture
async def connection(yard):
    async with yard.database.begin() as opened:
        yield opened


# --- jobs ------------------------------------------------------------------------------------------------


async def listed(yard, limit, before=None):
    async with yard.database.begin() as connection:
        return await jobs.listing(connection, yard.organisation, before=before, limit=limit)


async def test_a_listing_by_cursor_meets_every_job_once_even_when_times_are_equal(yard):
    made = {await yard.parse() for _ in range(7)}
    await yard.rows("UPDATE job SET created_at = date_trunc('day', now())")
    found, before = [], None
    while page := await listed(yard, 2, before):
        found += page
        before = (page[-1].created_at, page[-1].id)
    assert len(found) == len(made)
    assert {row.id for row in found} == made
    assert all((a.created_at, a.id) > (b.created_at, b.id) for a, b in pairwise(found))


async def test_a_listing_is_newest_first_and_not_moved_by_new_jobs(yard):
    made = [await yard.parse() for _ in range(4)]
    first = await listed(yard, 2)
    assert [row.id for row in first] == made[:1:-1]
    await yard.parse()
    rest = await listed(yard, 9, (first[-1].created_at, first[-1].id))
    assert [row.id for row in rest] == made[1::-1]


async def test_a_listing_leaves_out_deleted_jobs_and_those_of_others(yard):
    kept, gone = await yard.parse(), await yard.parse()
    async with yard.database.begin() as connection:
        await retention.bury(connection, gone)
        other = await access.ensure_organisation(connection, f"other-{uuid4()}")
        assert await jobs.listing(connection, other, before=None, limit=9) == []
        with pytest.raises(NotFound, match=str(kept)):
            await jobs.find(connection, other, kept)
    assert [row.id for row in await listed(yard, 9)] == [kept]


async def test_forgetting_leaves_a_tombstone_without_content(yard):
    job_id = await yard.parse(webhook=WEBHOOK, metadata={"secret": 1}, password="hunter2")
    assert (await yard.job(job_id)).password not in (None, b"hunter2")
    async with yard.database.begin() as connection:
        await retention.bury(connection, job_id)
    row = await yard.job(job_id)
    assert (row.request, row.raw_config, row.metadata, row.webhook) == ({}, "", None, None)
    assert row.deleted_at is not None


async def test_metadata_null_and_no_metadata_read_the_same(yard):
    assert (await yard.job(await yard.parse(metadata=None))).metadata is None
    assert (await yard.job(await yard.parse(metadata={"b": [1, None]}))).metadata == {"b": [1, None]}


async def test_a_job_s_clock_begins_once(yard):
    job_id = await yard.parse()
    for stage in ("one", "two"):
        async with yard.database.begin() as connection:
            await jobs.start(connection, job_id, "InProgress", stage, allowed_from=may_become("InProgress"))
    row = await yard.job(job_id)
    assert (row.stage, row.status, row.deadline_at) == ("one", "InProgress", None)


async def test_an_ended_job_moves_no_more(yard):
    job_id = await yard.parse()
    async with yard.database.begin() as connection:
        allowed = frozenset({"Pending"})
        assert await jobs.end(connection, job_id, allowed_from=allowed, status="Completed", error=None)
        assert not await jobs.end(connection, job_id, allowed_from=allowed, status="Failed", error=None)
        assert not await jobs.move(connection, job_id, stage="later")
        await jobs.add_warnings(connection, job_id, ["Too late."])
    row = await yard.job(job_id)
    assert (row.status, row.stage, row.warnings) == ("Completed", "ended", [])


async def test_warnings_are_kept_once_each(yard):
    job_id = await yard.parse()
    for sentences in (["A.", "B.", "A."], ["B.", "C."]):
        async with yard.database.begin() as connection:
            await jobs.add_warnings(connection, job_id, sentences)
    assert (await yard.job(job_id)).warnings == ["A.", "B.", "C."]


async def test_a_tree_is_listed_parents_first(yard):
    top = await yard.pipeline(3)
    children = await yard.children(top)
    await yard.parse()
    async with yard.database.begin() as connection:
        found = await jobs.tree(connection, top)
    assert found[0] == top
    assert set(found[1:]) == set(children)


async def test_a_held_job_is_not_waited_for(yard):
    job_id = await yard.parse()
    async with yard.database.begin() as holder:
        await jobs.get(holder, job_id, lock=True)
        async with yard.database.begin() as connection:
            assert await asyncio.wait_for(jobs.lock_if_free(connection, job_id), 2) is None
    async with yard.database.begin() as connection:
        assert await jobs.lock_if_free(connection, job_id) is not None


# --- units -----------------------------------------------------------------------------------------------


async def test_units_are_planned_in_order_and_found_again(yard, connection):
    job_id = await yard.parse()
    new = [units.NewUnit("read", (n, n + 1)) for n in range(1, 9, 2)]
    ids = await units.plan(connection, job_id, new)
    assert ids == sorted(ids)
    assert await units.plan(connection, job_id, []) == []
    assert await units.tally(connection, job_id) == {("intake", "pending"): 1, ("read", "pending"): 4}
    owned = "SELECT DISTINCT lane, organisation_id, tenant FROM unit WHERE job_id = :id"
    assert (await connection.execute(sa.text(owned), {"id": job_id})).all() == [
        ("async", yard.organisation, "")
    ], "a unit stands in its job's line"


async def test_results_and_failures_keep_their_pages(yard):
    job_id = await yard.parse()
    error = {"kind": "ReadTimedOut", "message": "Slow."}
    async with yard.database.begin() as connection:
        for number, status in ((2, "failed"), (1, "done")):
            (unit_id,) = await units.plan(connection, job_id, [units.NewUnit("read", (number,))])
            held = await units.claim(connection, unit_id, "w", 10)
            assert held is not None
            failed = status == "failed"
            assert await units.finish(
                connection,
                held,
                "w",
                status,
                result_key=None if failed else "k",
                error=error if failed else None,
            )
        assert await units.results(connection, job_id) == [units.UnitResult("read", (1,), "k")]
        assert await units.failures(connection, job_id) == [((2,), error)]
        await retention.bury(connection, job_id)
        assert await units.tally(connection, job_id) == {}


# --- keys, uploads, pipelines -------------------------------------------------------------------------------


async def test_a_key_opens_its_organisation_until_it_is_revoked(yard, connection):
    key = access.new_key()
    key_id = await access.add_key(connection, yard.organisation, "laptop", key)
    assert await access.holder_of_key(connection, key) == access.Holder(yard.organisation, key_id)
    assert await access.holder_of_key(connection, key + "x") is None
    (row,) = await access.list_keys(connection, yard.organisation)
    assert key.startswith(row.prefix)
    assert len(row.prefix) < len(key) / 3
    await access.revoke_key(connection, yard.organisation, "laptop")
    assert await access.holder_of_key(connection, key) is None
    with pytest.raises(NotFound):
        await access.revoke_key(connection, yard.organisation, "laptop")


async def test_a_key_ends_with_its_time(yard, connection):
    short, long = access.new_key(), access.new_key()
    await access.add_key(connection, yard.organisation, "over", short, access.Terms(expires_s=0.01))
    await access.add_key(connection, yard.organisation, "lives", long, access.Terms(("read",), 3600, 5))
    await asyncio.sleep(0.02)
    assert await access.holder_of_key(connection, short) is None
    held = await access.holder_of_key(connection, long)
    assert (held.scopes, held.rate_per_s) == (frozenset({"read"}), 5)


async def test_scopes_are_known_or_refused(yard, connection):
    assert access.checked_scopes(["admin", "run", "run"]) == ("run", "admin")
    for scopes in ((), ("root",), ("run", "")):
        with pytest.raises(InvalidConfig, match="run, read, admin"):
            await access.add_key(connection, yard.organisation, "x", access.new_key(), access.Terms(scopes))


async def test_the_last_use_is_written_once_a_minute(yard, connection):
    key_id = await access.add_key(connection, yard.organisation, f"used-{uuid4()}", access.new_key())

    async def used():
        return next(
            one.used_at for one in await access.list_keys(connection, yard.organisation) if one.id == key_id
        )

    assert await used() is None
    await access.note_use(connection, key_id)
    first = await used()
    await access.note_use(connection, key_id)
    assert first is not None
    assert await used() == first


async def test_of_a_short_key_at_most_a_quarter_is_shown(yard, connection):
    organisation = await access.ensure_organisation(connection, f"short-{uuid4()}")
    await access.add_key(connection, organisation, "chosen", "recto_chosen-by-hand")
    (row,) = await access.list_keys(connection, organisation)
    assert row.prefix == "recto"


async def test_an_organisation_that_is_there_is_only_read(yard):
    name = f"read-{uuid4()}"
    async with yard.database.begin() as connection:
        made = await access.ensure_organisation(connection, name)
    written = f"SELECT xmin::text, xmax::text FROM organisation WHERE name = '{name}'"
    before = await yard.rows(written)
    async with yard.database.begin() as connection:
        assert await access.ensure_organisation(connection, name) == made
    assert await yard.rows(written) == before


async def test_an_organisation_is_made_once(yard, connection):
    name = f"twice-{uuid4()}"
    first = await access.ensure_organisation(connection, name)
    assert await access.ensure_organisation(connection, name) == first
    assert await access.find_organisation(connection, name) == first
    with pytest.raises(NotFound, match="nobody"):
        await access.find_organisation(connection, "nobody")


async def test_an_upload_belongs_to_its_organisation(yard, connection):
    row = uploads.UploadRow(uuid4(), yard.organisation, ".pdf", "a.pdf", None)
    await uploads.add(connection, row)
    await uploads.record_size(connection, row.id, 12)
    found = await uploads.find(connection, yard.organisation, row.id)
    assert (found.size_bytes, found.file_id) == (12, f"reducto://{row.id}.pdf")
    with pytest.raises(NotFound):
        await uploads.find(connection, uuid4(), row.id)
    await uploads.remove(connection, row.id)
    with pytest.raises(NotFound):
        await uploads.find(connection, yard.organisation, row.id)


async def test_deploying_makes_versions_and_the_same_definition_none(yard, connection):
    async def deploy(mark):
        return await pipelines.deploy(connection, yard.organisation, "p", STEPS | {"mark": mark}, mark)

    pipeline_id, one = await deploy("a")
    assert await deploy("b") == (pipeline_id, 2)
    assert await deploy("a") == (pipeline_id, one)
    assert (await pipelines.find(connection, yard.organisation, pipeline_id)).hash == "a"
    back = await pipelines.roll_back(connection, yard.organisation, pipeline_id, 2)
    assert (back.deployed_version, back.hash) == (2, "b")
    with pytest.raises(NotFound, match="no version 3"):
        await pipelines.roll_back(connection, yard.organisation, pipeline_id, 3)
    assert [row.version for row in await pipelines.versions(connection, pipeline_id)] == [2, 1]


async def test_two_deploys_of_one_name_take_turns(yard):
    async def deploy(mark):
        async with yard.database.begin() as connection:
            return await pipelines.deploy(connection, yard.organisation, "race", STEPS | {"mark": mark}, mark)

    made = await asyncio.gather(*(deploy(f"m{n}") for n in range(5)))
    assert len({pipeline_id for pipeline_id, _ in made}) == 1
    assert sorted(version for _, version in made) == [1, 2, 3, 4, 5]


# --- the outbox ------------------------------------------------------------------------------------------


LEASE = 10
ROOM = 4


async def message(yard, url="http://127.0.0.1:9/hook"):
    job_id = await yard.parse(webhook={"mode": "direct", "url": url})
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
    return await yard.one("SELECT id FROM delivery WHERE job_id = :id", id=job_id)


async def claim(yard, worker="w", lease_s=LEASE, free=50, rooms=None):
    async with yard.database.begin() as connection:
        return await deliveries.claim(connection, worker, lease_s, free, rooms or {}, ROOM)


async def record(yard, held, status, wait_s=0.0):
    outcome = deliveries.Outcome(status, wait_s, 200, None, None, 5)
    async with yard.database.begin() as connection:
        return await deliveries.record(connection, [(held, outcome)]) == {held.id}


async def test_a_message_is_tried_by_one_worker_at_a_time(yard):
    delivery_id = await message(yard)
    claims = await asyncio.gather(*(claim(yard, f"w{n}") for n in range(5)))
    assert [one.id for held in claims for one in held] == [delivery_id]
    assert await claim(yard, "late") == []


async def test_a_late_word_about_an_earlier_attempt_is_refused(yard):
    delivery_id = await message(yard)
    (early,) = await claim(yard, "slow", -1)
    (late,) = await claim(yard, "quick")
    assert (early.attempt, late.attempt) == (1, 2)
    assert not await record(yard, early, "failed")
    assert await record(yard, late, "delivered")
    assert not await record(yard, late, "failed")
    assert await claim(yard, "other") == []
    assert await yard.one("SELECT status FROM delivery WHERE id = :id", id=delivery_id) == "delivered"
    assert await yard.rows("SELECT number, answer_status FROM webhook_attempt") == [(2, 200)]


async def test_a_delivery_is_claimed_when_it_is_due_and_nobody_is_at_it(yard):
    waiting, planned = await message(yard), await message(yard)
    held = {one.id: one for one in await claim(yard)}
    assert await record(yard, held[planned], "pending", 60)
    async with yard.database.begin() as connection:
        await deliveries.release(connection, [held[waiting]])
    (again,) = await claim(yard)
    assert (again.id, again.attempt) == (waiting, 1)


async def test_a_host_gets_no_more_than_it_has_room_for_and_hosts_take_turns(yard):
    for _ in range(6):
        await message(yard, "http://many.example/hook")
    last = await message(yard, "http://one.example/hook")
    held = await claim(yard, free=3)
    assert [one.host for one in held].count("one.example:80") == 1
    assert last in {one.id for one in held}
    full = {"many.example:80": 0}
    assert await claim(yard, rooms=full) == []
    assert len(await claim(yard, rooms={"many.example:80": 1})) == 1
    assert len(await claim(yard)) == 3


# --- the connection --------------------------------------------------------------------------------------


async def test_a_look_sees_what_is_committed_and_holds_nothing(yard):
    job_id = await yard.parse()
    async with yard.database.begin() as writer:
        await jobs.move(writer, job_id, stage="elsewhere")
        async with yard.database.look() as connection:
            row = await jobs.get(connection, job_id)
            assert row is not None
            assert row.stage == "queued"
    async with yard.database.look() as connection:
        row = await jobs.get(connection, job_id)
        assert row is not None
        assert row.stage == "elsewhere"


async def test_a_transaction_that_fails_leaves_nothing(yard):
    async def fail():
        async with yard.database.begin() as connection:
            await access.ensure_organisation(connection, "never")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await fail()
    assert await yard.rows("SELECT 1 FROM organisation WHERE name = 'never'") == []


async def test_a_database_that_is_not_there_is_told():
    database = Database("postgresql://nobody@127.0.0.1:9/nothing")
    for opened in (database.begin, database.look):
        with pytest.raises(Unavailable):
            async with opened():
                pass
    await database.close()


def test_urls():
    assert driver_url("postgres://u@h/d") == "postgresql+psycopg://u@h/d"
    assert plain_url("postgresql+psycopg://u@h/d") == "postgresql://u@h/d"
    with pytest.raises(ValueError, match="mysql"):
        driver_url("mysql://u@h/d")


def test_a_connection_bears_no_silence_unless_its_url_says_so():
    assert "keepalives_idle=" in attentive("postgresql://u@h/d")
    given = attentive("postgresql:///d?host=%2Fa%20b&tcp_user_timeout=7")
    assert given.count("tcp_user_timeout") == 1
    assert "host=%2Fa+b&tcp_user_timeout=7&" in given
    assert attentive(given) == given


async def test_the_server_ends_a_transaction_that_stands_still(yard):
    shown = sa.text("SHOW idle_in_transaction_session_timeout")
    for opened in (yard.database.begin, yard.database.look):
        async with opened() as connection:
            assert await connection.scalar(shown) == f"{IDLE_TRANSACTION_S}s"
    async with yard.database.begin() as connection:
        assert await retention.try_lock(connection)
        assert await connection.scalar(shown) == retention.SWEEP_IDLE, "a sweep waits for the storage"


async def test_what_stood_still_in_a_transaction_is_told_and_the_pool_recovers(yard):
    async def stand_still():
        async with yard.database.begin() as connection:
            await connection.execute(sa.text("SET idle_in_transaction_session_timeout = '100ms'"))
            await asyncio.sleep(0.5)
            await connection.execute(sa.text("SELECT 1"))

    with pytest.raises(Unavailable):
        await stand_still()
    async with yard.database.begin() as connection:
        assert await connection.scalar(sa.text("SELECT 1")) == 1
