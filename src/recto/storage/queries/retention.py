"""What is over and may go: jobs past their time, their tombstones, uploads, units, keys of repeated calls.

Rows are marked first and their objects removed by the caller (`jobs.deletion`), so that a process that dies in
between leaves marked rows behind, which the next one finds. Every look takes a limited number of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries.moments import ago, later
from recto.storage.queries.uploads import UploadRow
from recto.storage.tables import delivery, idempotency, job, sweep, unit, upload, webhook_message

SWEEP_LOCK = 7_233_870_157  # any constant: who has it sweeps, the others do not

_child = job.alias("child")
_parent = job.alias("parent")
_PARENT_OPEN = sa.exists().where(_parent.c.id == job.c.parent_id, _parent.c.ended_at.is_(None))
"""A pipeline needs what its children made until it has ended itself."""


def _named_by_open_job(scheme: str, named: str) -> sa.ColumnElement[bool]:
    """An open job has this id, an expression in SQL, in one of its references, however it is written there.

    Compared by equality, so that the planner may go through many open jobs once for all rows (a hash join).
    """
    exists = rf"""EXISTS (
        SELECT 1 FROM job AS needing CROSS JOIN LATERAL (
            SELECT needing.request->>'reference' AS reference
            UNION ALL
            SELECT jsonb_array_elements_text(
                CASE jsonb_typeof(needing.request->'references')
                    WHEN 'array' THEN needing.request->'references' ELSE '[]' END)
        ) AS named
        WHERE needing.ended_at IS NULL
          AND lower(substring(named.reference FROM '(?i)^\s*{scheme}://([0-9a-f-]{{36}})')) = {named}::text
    )"""  # noqa: S608 - both are constants of this module
    return sa.literal_column(exists, sa.Boolean)


_RESULT_IN_USE = sa.or_(_named_by_open_job("jobid", "job.id"), _named_by_open_job("jobid", "job.parent_id"))
"""What an open job is to read by jobid://: a parse itself, or one in the extraction or pipeline that it names."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A job whose deletion has begun."""

    id: UUID
    organisation_id: UUID
    keep: str
    result_key: str | None
    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a job's row says about its objects: all are in use, or none but the persisted result's."""

    deleted: bool
    persisted: bool


SWEEP_IDLE = "1h"  # the longest sweep; a sweeper that stands still keeps the others from sweeping for so long


async def try_lock(connection: AsyncConnection) -> bool:
    """Become the one that sweeps, until the transaction ends; False when somebody else is.

    The transaction holds nothing but this lock and does nothing meanwhile, so it may stand still for longer
    than others (`database.IDLE_TRANSACTION_S`).
    """
    await connection.execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{SWEEP_IDLE}'"))
    return bool(await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(SWEEP_LOCK))))


async def take_turn(connection: AsyncConnection, name: str, every_s: float) -> bool:
    """Whether this round is due, as none of the fleet has begun one for so long; it then counts as begun."""
    turn = insert(sweep).values(name=name, ran_at=sa.func.clock_timestamp())
    turn = turn.on_conflict_do_update(
        index_elements=[sweep.c.name],
        set_={"ran_at": sa.func.clock_timestamp()},
        where=sweep.c.ran_at < ago(every_s),
    )
    return (await connection.execute(turn.returning(sweep.c.name))).one_or_none() is not None


def _over(retention_s: float | None, unfetched_s: float) -> sa.ColumnElement[bool]:
    """Ended jobs whose time is over; `retention_s` None keeps ordinary ones for ever."""
    fetched = sa.or_(job.c.purge_at < sa.func.clock_timestamp(), job.c.ended_at < ago(unfetched_s))
    over = sa.and_(job.c.keep == "none", fetched)
    if retention_s is not None:
        past = sa.and_(job.c.keep == "standard", job.c.ended_at < ago(retention_s), ~_RESULT_IN_USE)
        over = sa.or_(over, past)
    some_day = sa.text("job.keep <> 'persist'")  # written out, so that the planner knows its index
    return sa.and_(job.c.ended_at.is_not(None), job.c.deleting_at.is_(None), some_day, over, ~_PARENT_OPEN)


async def jobs_over(
    connection: AsyncConnection, retention_s: float | None, unfetched_s: float, limit: int
) -> list[UUID]:
    """Jobs whose time is over, those that ended first before the others."""
    query = sa.select(job.c.id).where(_over(retention_s, unfetched_s)).order_by(job.c.ended_at).limit(limit)
    return list((await connection.scalars(query)).all())


async def begin_expiry(
    connection: AsyncConnection, retention_s: float | None, unfetched_s: float, limit: int
) -> int:
    """Begin the deletion of jobs whose time is over; returns how many."""
    over = (
        sa.select(job.c.id)
        .where(_over(retention_s, unfetched_s))
        .order_by(job.c.ended_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    why = sa.case((job.c.keep == "none", "delivered"), else_="expired")
    done = await connection.execute(
        job.update()
        .where(job.c.id.in_(over))
        .values(deleting_at=sa.func.clock_timestamp(), deletion=why, webhook=sa.null())
    )
    return done.rowcount


async def begin_deletion(connection: AsyncConnection, job_id: UUID, *, persisted_too: bool) -> None:
    """Begin the deletion of an ended job, or go on with one whose persisted result was kept."""
    values: dict[str, Any] = {"keep": "standard", "deleted_at": None} if persisted_too else {}
    unfinished = sa.true() if persisted_too else job.c.deleted_at.is_(None)
    await connection.execute(
        job.update()
        .where(job.c.id == job_id, job.c.ended_at.is_not(None), unfinished)
        .values(
            deleting_at=sa.func.coalesce(job.c.deleting_at, sa.func.clock_timestamp()),
            deletion=sa.func.coalesce(job.c.deletion, "asked"),
            **values,
        )
    )


async def delivered(connection: AsyncConnection, job_id: UUID, links_live_s: float) -> None:
    """A job that keeps nothing was handed out: it goes as soon as the links in its answer are over.

    A part alone is not: its whole still needs it, or is what the caller comes for. It goes with that.
    """
    whole = sa.and_(job.c.id == job_id, job.c.parent_id.is_(None))
    below = sa.select(_child.c.id).where(_child.c.parent_id == job_id)
    await connection.execute(
        job.update()
        .where(
            sa.or_(whole, job.c.id.in_(below)),
            job.c.keep == "none",
            job.c.ended_at.is_not(None),
            job.c.purge_at.is_(None),
        )
        .values(purge_at=later(links_live_s))
    )


async def begin_delivered(connection: AsyncConnection, job_id: UUID) -> list[UUID]:
    """Begin the deletion of a job that was handed out, and of its parts, where that is due; returns which."""
    below = sa.select(_child.c.id).where(_child.c.parent_id == job_id)
    begun = await connection.scalars(
        job.update()
        .where(
            sa.or_(job.c.id == job_id, job.c.id.in_(below)),
            job.c.purge_at <= sa.func.clock_timestamp(),
            job.c.deleting_at.is_(None),
        )
        .values(deleting_at=sa.func.clock_timestamp(), deletion="delivered", webhook=sa.null())
        .returning(job.c.id)
    )
    return list(begun.all())


async def being_deleted(connection: AsyncConnection, limit: int, only: UUID | None = None) -> list[Doomed]:
    """Jobs whose deletion has begun and is not finished, the oldest first; or just the one that is named."""
    columns = tuple(job.c[name] for name in Doomed.__dataclass_fields__)
    query = sa.select(*columns).where(job.c.deleting_at.is_not(None), job.c.deleted_at.is_(None))
    if only is not None:
        query = query.where(job.c.id == only)
    query = query.order_by(job.c.deleting_at).limit(limit)
    return [Doomed(*row) for row in await connection.execute(query)]


async def bury(connection: AsyncConnection, job_id: UUID) -> None:
    """Leave only a tombstone of a job whose objects are gone: no request, result, metadata or message.

    A result that is kept by `persist_results` keeps its key, by which it is known to belong to somebody. What
    went wrong with a job that keeps nothing may quote its document, so it goes too.
    """
    persisted = job.c.keep == "persist"
    await connection.execute(unit.delete().where(unit.c.job_id == job_id))
    await connection.execute(webhook_message.delete().where(webhook_message.c.job_id == job_id, ~_wanted()))
    await connection.execute(
        job.update()
        .where(job.c.id == job_id)
        .values(
            deleting_at=sa.func.coalesce(job.c.deleting_at, sa.func.clock_timestamp()),
            deletion=sa.func.coalesce(job.c.deletion, "asked"),
            deleted_at=sa.func.coalesce(job.c.deleted_at, sa.func.clock_timestamp()),
            result_key=sa.case((persisted, job.c.result_key)),
            result_bytes=sa.case((persisted, job.c.result_bytes)),
            error=sa.case((job.c.keep != "none", job.c.error)),
            summary=sa.null(),
            source=sa.null(),
            metadata=sa.null(),
            webhook=sa.null(),
            password=None,
            raw_config="",
            request={},
            warnings=[],
        )
    )


async def uploads_over(connection: AsyncConnection, older_than_s: float, limit: int) -> list[UploadRow]:
    """Uploads older than that which no open job is going to read, the oldest first."""
    return await _uploads(connection, sa.and_(upload.c.created_at < ago(older_than_s), ~_in_use()), limit)


async def unused_among(connection: AsyncConnection, upload_ids: Sequence[UUID]) -> list[UploadRow]:
    """Those of these uploads that no open job is going to read."""
    return await _uploads(
        connection, sa.and_(upload.c.id.in_(upload_ids), ~_in_use()), max(1, len(upload_ids))
    )


async def _uploads(connection: AsyncConnection, which: sa.ColumnElement[bool], limit: int) -> list[UploadRow]:
    columns = tuple(upload.c[name] for name in UploadRow.__dataclass_fields__)
    query = sa.select(*columns).where(which).order_by(upload.c.created_at).limit(limit)
    return [UploadRow(*row) for row in await connection.execute(query)]


def _in_use() -> sa.ColumnElement[bool]:
    """An open job names the upload: as its reference, or among those of an extraction or pipeline."""
    return _named_by_open_job("reducto", "upload.id")


async def drop_uploads(connection: AsyncConnection, upload_ids: Sequence[UUID]) -> None:
    """Forget these uploads; the caller removes the bytes."""
    if upload_ids:
        await connection.execute(upload.delete().where(upload.c.id.in_(upload_ids)))


async def untidy(connection: AsyncConnection, quiet_s: float, limit: int) -> list[tuple[UUID, bool]]:
    """Jobs that ended so long ago and still have their units' objects; with it, whether those serve a retry.

    Only the failed pages of a completed job can be read again.
    """
    failed_pages = sa.exists().where(unit.c.job_id == job.c.id, unit.c.status == "failed")
    serves = sa.and_(job.c.status == "Completed", failed_pages)
    query = (
        sa.select(job.c.id, serves)
        .where(job.c.ended_at < ago(quiet_s), job.c.tidied_at.is_(None), job.c.deleting_at.is_(None))
        .order_by(job.c.ended_at)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def mark_tidied(connection: AsyncConnection, job_ids: Sequence[UUID]) -> None:
    """The units' objects of these ended jobs are as they shall be."""
    ended = job.c.ended_at.is_not(None)  # one that was opened again meanwhile is at work
    await connection.execute(
        job.update().where(job.c.id.in_(job_ids), ended).values(tidied_at=sa.func.clock_timestamp())
    )


async def drop_tombstones(connection: AsyncConnection, older_than_s: float, limit: int) -> int:
    """Remove the rows of jobs deleted that long ago, children before their pipelines; returns how many.

    A row whose result is persisted stays, and so does one whose webhook is still on its way.
    """
    has_children = sa.exists().where(_child.c.parent_id == job.c.id)
    on_its_way = sa.exists().where(delivery.c.job_id == job.c.id)
    old = (
        sa.select(job.c.id)
        .where(job.c.deleted_at < ago(older_than_s), job.c.result_key.is_(None), ~has_children, ~on_its_way)
        .order_by(job.c.deleted_at)
        .limit(limit)
    )
    ids = list((await connection.scalars(old)).all())
    if ids:
        await connection.execute(unit.delete().where(unit.c.job_id.in_(ids)))
        await connection.execute(job.delete().where(job.c.id.in_(ids)))
    return len(ids)


async def drop_delivered(connection: AsyncConnection) -> None:
    """Remove the messages of deleted jobs that were on their way when the job went, and are no more."""
    gone = sa.select(job.c.id).where(job.c.deleted_at.is_not(None))
    await connection.execute(webhook_message.delete().where(webhook_message.c.job_id.in_(gone), ~_wanted()))


def _wanted() -> sa.ColumnElement[bool]:
    """A message still has a delivery that is going to be tried; or failed, and nobody asked for its deletion.

    Somebody whose endpoint was down for days wants to know then what has ended.
    """
    expired = (
        sa.exists()
        .where(job.c.id == webhook_message.c.job_id, job.c.deletion == "expired")
        .correlate(webhook_message)
    )
    open_ = sa.or_(delivery.c.status == "pending", sa.and_(delivery.c.status == "failed", expired))
    return sa.exists().where(delivery.c.message_id == webhook_message.c.id, open_)


async def drop_keys(connection: AsyncConnection, older_than_s: float) -> None:
    """Forget the keys of repeated calls that are older."""
    await connection.execute(idempotency.delete().where(idempotency.c.created_at < ago(older_than_s)))


async def standings(connection: AsyncConnection, job_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """What the rows say about the objects of these jobs; one that is missing has no row."""
    query = sa.select(job.c.id, job.c.deleted_at, job.c.keep, job.c.result_key).where(job.c.id.in_(job_ids))
    return {
        row[0]: Standing(row[1] is not None, row[2] == "persist" and row[3] is not None)
        for row in await connection.execute(query)
    }


async def known_uploads(connection: AsyncConnection, upload_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these uploads that have a row."""
    return set((await connection.scalars(sa.select(upload.c.id).where(upload.c.id.in_(upload_ids)))).all())
