"""Job rows: made, read, moved on, ended. Which moves are allowed is decided in jobs.states; here they are written.

Every write touches `moved_at`, by which the reconciler sees a job that stands still.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import ErrorRecord, NotFound
from recto.storage.notices import JOB_MOVED, notify
from recto.storage.queries.moments import ago, later
from recto.storage.tables import delivery, job, webhook_message

OPEN = job.c.ended_at.is_(None)
_SHOWN = frozenset({"status", "stage", "pages_done", "pages_total"})
"""What watchers of a job are told of; a change of anything else is no news."""
HELD = True
"""Rows are held FOR NO KEY UPDATE: a child's second update in one transaction checks its foreign key, and that
would wait for a parent held FOR UPDATE, whose holder may be waiting for the child."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job row is made of. `request` is versioned, see jobs.submit."""

    id: UUID
    organisation_id: UUID
    type: str
    lane: str
    lane_asked: str
    status: str
    request: dict[str, Any]
    raw_config: str
    password: bytes | None = None
    metadata: Any = None
    webhook: dict[str, Any] | None = None
    parent_id: UUID | None = None
    position: int = 0
    pipeline_id: str | None = None
    pipeline_version: int | None = None
    pipeline_hash: str | None = None
    waits_on: UUID | None = None
    tenant: str = ""
    tenant_share: float | None = None
    timeout_s: float | None = None
    warnings: tuple[str, ...] = ()
    keep: str = "standard"


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as stored."""

    id: UUID
    organisation_id: UUID
    type: str
    lane: str
    lane_asked: str
    status: str
    parent_id: UUID | None
    position: int
    request: dict[str, Any]
    raw_config: str
    password: bytes | None
    metadata: Any
    webhook: dict[str, Any] | None
    pipeline_id: str | None
    pipeline_version: int | None
    pipeline_hash: str | None
    waits_on: UUID | None
    tenant: str
    tenant_share: float | None
    stage: str
    pages_done: int
    pages_total: int | None
    source: dict[str, Any] | None
    result_key: str | None
    result_bytes: int | None
    summary: dict[str, Any] | None
    warnings: list[str]
    error: ErrorRecord | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    timeout_s: float | None
    deadline_at: datetime | None
    keep: str
    deletion: str | None
    deleting_at: datetime | None
    deleted_at: datetime | None
    pages_known: float = 1.0
    """Of a pipeline as its parts stand: the share of its documents whose pages are counted. No column."""

    @property
    def is_open(self) -> bool:
        """Whether the job has not ended."""
        return self.ended_at is None

    @property
    def duration_s(self) -> float | None:
        """Seconds of processing, the wait in the queue left out; None before the job started."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class ChildRow:
    """How a child stands, as far as its parent is concerned; a pipeline may have a thousand."""

    id: UUID
    position: int
    status: str
    pages_done: int
    pages_total: int | None
    started_at: datetime | None


_child_columns = tuple(job.c[name] for name in ChildRow.__dataclass_fields__)
_columns = tuple(job.c[name] for name in JobRow.__dataclass_fields__ if name in job.c)
_select = sa.select(*_columns)


async def add(connection: AsyncConnection, new: Sequence[NewJob]) -> None:
    """Insert jobs, as few statements as there are jobs with and without metadata and webhook."""
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in new:
        values = {name: getattr(one, name) for name in NewJob.__dataclass_fields__}
        values["warnings"] = list(one.warnings)
        for name in ("metadata", "webhook"):  # left out it becomes SQL NULL, which differs from JSON null
            if values[name] is None:
                del values[name]
        kinds.setdefault(tuple(values), []).append(values)
    for rows in kinds.values():
        await connection.execute(job.insert().returning(job.c.id), rows)  # returning makes it one statement


async def find(connection: AsyncConnection, organisation_id: UUID, job_id: UUID) -> JobRow:
    """The organisation's job; NotFound for an unknown one or another organisation's."""
    query = _select.where(job.c.id == job_id, job.c.organisation_id == organisation_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    return JobRow(*row)


async def get(connection: AsyncConnection, job_id: UUID, *, lock: bool = False) -> JobRow | None:
    """A job by id whoever owns it; with `lock` its row is held until the transaction ends."""
    query = _select.where(job.c.id == job_id)
    row = (await connection.execute(query.with_for_update(key_share=HELD) if lock else query)).one_or_none()
    return JobRow(*row) if row else None


async def lock_if_free(connection: AsyncConnection, job_id: UUID) -> JobRow | None:
    """A job by id, its row held until the transaction ends; None, at once, when somebody else holds it."""
    query = _select.where(job.c.id == job_id).with_for_update(skip_locked=True, key_share=HELD)
    row = (await connection.execute(query)).one_or_none()
    return JobRow(*row) if row else None


async def child_states(connection: AsyncConnection, parent_id: UUID) -> list[ChildRow]:
    """How a job's children stand, by position."""
    query = sa.select(*_child_columns).where(job.c.parent_id == parent_id).order_by(job.c.position)
    return [ChildRow(*row) for row in await connection.execute(query)]


async def children(connection: AsyncConnection, parent_id: UUID) -> list[JobRow]:
    """A job's children by position."""
    query = _select.where(job.c.parent_id == parent_id).order_by(job.c.position)
    return [JobRow(*row) for row in await connection.execute(query)]


async def listing(
    connection: AsyncConnection, organisation_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[JobRow]:
    """Jobs newest first, from the one after `before` (created_at, id)."""
    query = _select.where(
        job.c.organisation_id == organisation_id, job.c.deleting_at.is_(None), sa.not_(_is_inside())
    )
    if before is not None:
        query = query.where(
            sa.tuple_(job.c.created_at, job.c.id)
            < sa.tuple_(sa.literal(before[0]), sa.literal(before[1], type_=job.c.id.type))
        )
    query = query.order_by(job.c.created_at.desc(), job.c.id.desc()).limit(limit)
    rows = [JobRow(*row) for row in await connection.execute(query)]
    return await as_parts_stand(connection, rows)


def _is_inside() -> sa.ColumnElement[bool]:
    """Whether a job is a part of an extraction: its caller does not know it."""
    parent = job.alias("parent")
    return sa.exists().where(parent.c.id == job.c.parent_id, parent.c.type == "Extract").correlate(job)


async def insides(connection: AsyncConnection, job_id: UUID) -> list[UUID]:
    """The jobs that are parts of this one and of nothing else: the parses of an extraction."""
    query = sa.select(job.c.id).where(job.c.parent_id == job_id, _is_inside())
    return list((await connection.scalars(query)).all())


async def as_parts_stand(connection: AsyncConnection, rows: Sequence[JobRow]) -> list[JobRow]:
    """The rows, those of parents that have not completed with what their children's rows say at this moment.

    A pipeline's own row is written only when a child ends: writing it with every page would make its children
    wait for each other.
    """
    parents = [row.id for row in rows if row.type in {"Pipeline", "Extract"} and row.status != "Completed"]
    if not parents:
        return list(rows)
    still_open = sa.func.count().filter(OPEN)
    a_parse = job.c.type == "Parse"
    counted = sa.func.count(job.c.pages_total).filter(a_parse)
    known: Any = sa.cast(counted, sa.Float) / sa.func.nullif(sa.func.count().filter(a_parse), 0)
    stages = [of(job.c.stage).filter(OPEN) for of in (sa.func.min, sa.func.max)]
    query = (
        sa.select(
            job.c.parent_id,
            sa.func.coalesce(sa.func.sum(job.c.pages_done).filter(a_parse), 0),
            sa.func.sum(job.c.pages_total).filter(a_parse),
            sa.func.coalesce(known, 1.0),
            sa.func.min(job.c.started_at),
            sa.case((sa.and_(still_open > 0, stages[0] == stages[1]), stages[0])),
        )
        .where(job.c.parent_id.in_(parents))
        .group_by(job.c.parent_id)
    )
    found = {parent: parts for parent, *parts in await connection.execute(query)}
    return [_standing(row, *found[row.id]) if row.id in found else row for row in rows]


def _standing(
    row: JobRow, done: int, total: int | None, known: float, started_at: datetime | None, stage: str | None
) -> JobRow:
    """A parent's row with its children's pages; an open one also with their clock and common stage."""
    row = replace(row, pages_done=done, pages_total=total, pages_known=known)
    if not row.is_open or started_at is None:
        return row
    if row.type == "Extract" and stage is None:  # its parses are done, or at different things
        stage = row.stage if row.stage != "queued" else "parsing"
    return replace(row, started_at=started_at, status="InProgress", stage=stage or "running steps")


async def active_priority_jobs(connection: AsyncConnection, organisation_id: UUID, lanes: list[str]) -> int:
    """How many top-level jobs of these lanes are open; callers queue up on the organisation's row first."""
    await connection.execute(
        sa.text("SELECT 1 FROM organisation WHERE id = :id FOR NO KEY UPDATE"), {"id": organisation_id}
    )
    query = sa.select(sa.func.count()).where(
        job.c.organisation_id == organisation_id, job.c.lane.in_(lanes), job.c.parent_id.is_(None), OPEN
    )
    return await connection.scalar(query) or 0


async def move(connection: AsyncConnection, job_id: UUID, **values: Any) -> bool:
    """Change an open job's columns, its status not among them; False when it has ended meanwhile."""
    done = await connection.execute(
        job.update().where(job.c.id == job_id, OPEN).values(moved_at=sa.func.clock_timestamp(), **values)
    )
    if done.rowcount == 1 and not _SHOWN.isdisjoint(values):
        await notify(connection, JOB_MOVED, str(job_id))
    return done.rowcount == 1


async def change(
    connection: AsyncConnection, job_id: UUID, status: str, *, allowed_from: frozenset[str], **values: Any
) -> bool:
    """Change an open job's status, and columns with it; False when it was not in one of the allowed states."""
    done = await connection.execute(
        job.update()
        .where(job.c.id == job_id, job.c.status.in_(allowed_from), OPEN)
        .values(status=status, moved_at=sa.func.clock_timestamp(), **values)
    )
    if done.rowcount == 1:
        await notify(connection, JOB_MOVED, str(job_id))
    return done.rowcount == 1


async def start(
    connection: AsyncConnection, job_id: UUID, status: str, stage: str, *, allowed_from: frozenset[str]
) -> bool:
    """The first worker took the job up: its clock, and with it its deadline, begins; False when it had begun.

    So does that of the extraction it is a part of: parents first, as everywhere.
    """
    whole = sa.select(job.c.parent_id).where(job.c.id == job_id).scalar_subquery()
    extraction = sa.and_(job.c.id == whole, job.c.type == "Extract")
    await _start(connection, extraction, status, "parsing", allowed_from)
    return await _start(connection, job.c.id == job_id, status, stage, allowed_from)


async def _start(
    connection: AsyncConnection,
    which: sa.ColumnElement[bool],
    status: str,
    stage: str,
    allowed_from: frozenset[str],
) -> bool:
    begun = sa.func.coalesce(job.c.started_at, sa.func.clock_timestamp())
    # The stage of an extraction whose documents were parsed before says already what is done.
    is_at_it = sa.and_(job.c.type == "Extract", job.c.stage == "extracting")
    begun_now = await connection.scalar(
        job.update()
        .where(which, job.c.status.in_(allowed_from), OPEN, job.c.started_at.is_(None))
        .values(
            status=status,
            stage=sa.case((is_at_it, job.c.stage), else_=stage),
            started_at=begun,
            deadline_at=later(job.c.timeout_s),
            moved_at=sa.func.clock_timestamp(),
        )
        .returning(job.c.id)
    )
    if begun_now is None:
        return False
    await notify(connection, JOB_MOVED, str(begun_now))
    return True


async def end(
    connection: AsyncConnection,
    job_id: UUID,
    *,
    allowed_from: frozenset[str],
    status: str,
    error: ErrorRecord | None,
    **values: Any,
) -> bool:
    """Write a job's end, once: False when it was not in one of the allowed states."""
    done = await connection.execute(
        job.update()
        .where(job.c.id == job_id, job.c.status.in_(allowed_from), OPEN)
        .values(
            status=status,
            error=sa.null() if error is None else sa.cast(error, JSONB),
            stage="ended",
            password=None,
            ended_at=sa.func.clock_timestamp(),
            started_at=sa.func.coalesce(job.c.started_at, _children_began(), sa.func.clock_timestamp()),
            moved_at=sa.func.clock_timestamp(),
            **values,
        )
    )
    return done.rowcount == 1


async def end_all(
    connection: AsyncConnection,
    job_ids: Sequence[UUID],
    *,
    allowed_from: frozenset[str],
    status: str,
    error: ErrorRecord,
) -> list[UUID]:
    """Write the same unhappy end for all of these jobs that are open; returns which they are."""
    if not job_ids:
        return []
    ended = await connection.scalars(
        job.update()
        .where(job.c.id.in_(job_ids), job.c.status.in_(allowed_from), OPEN)
        .values(
            status=status,
            error=sa.cast(error, JSONB),
            stage="ended",
            password=None,
            ended_at=sa.func.clock_timestamp(),
            started_at=sa.func.coalesce(job.c.started_at, sa.func.clock_timestamp()),
            moved_at=sa.func.clock_timestamp(),
        )
        .returning(job.c.id)
    )
    return list(ended.all())


def _children_began() -> sa.ScalarSelect[Any]:
    """When the first child of the job being updated was taken up: a pipeline's own clock."""
    child = job.alias("child")
    return (
        sa.select(sa.func.min(child.c.started_at))
        .where(child.c.parent_id == job.c.id)
        .correlate(job)
        .scalar_subquery()
    )


async def add_warnings(connection: AsyncConnection, job_id: UUID, warnings: list[str]) -> None:
    """Append sentences to a job's warnings, each once."""
    if not warnings:
        return
    current = await connection.scalar(sa.select(job.c.warnings).where(job.c.id == job_id)) or []
    fresh = [sentence for sentence in dict.fromkeys(warnings) if sentence not in current]
    await move(connection, job_id, warnings=[*current, *fresh])


async def waiting_on(connection: AsyncConnection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Open jobs that wait for the end of one of these."""
    query = sa.select(job.c.id).where(job.c.waits_on.in_(job_ids), OPEN)
    return list((await connection.scalars(query)).all())


async def tree(connection: AsyncConnection, job_id: UUID) -> list[UUID]:
    """The job and everything below it, parents first."""
    query = sa.text(
        "WITH RECURSIVE below AS (SELECT id, 0 AS depth FROM job WHERE id = :id UNION ALL"
        " SELECT j.id, depth + 1 FROM job j JOIN below ON j.parent_id = below.id)"
        " SELECT id FROM below ORDER BY depth"
    )
    return list((await connection.scalars(query, {"id": job_id})).all())


async def standing_still(connection: AsyncConnection, seconds: float, limit: int) -> list[UUID]:
    """Open jobs nothing has happened to for so many seconds, those that waited longest first.

    They are marked as moved now, so that the next look takes others, and another worker's does not wait.
    """
    quiet = ago(seconds)
    still = (
        sa.select(job.c.id)
        .where(OPEN, job.c.moved_at < quiet)
        .order_by(job.c.moved_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=HELD)
    )
    marked = await connection.scalars(
        job.update().where(job.c.id.in_(still)).values(moved_at=sa.func.clock_timestamp()).returning(job.c.id)
    )
    return list(marked.all())


async def ended_among(connection: AsyncConnection, job_ids: Collection[UUID]) -> list[UUID]:
    """Those of these jobs that have ended."""
    query = sa.select(job.c.id).where(job.c.id.in_(job_ids), job.c.ended_at.is_not(None))
    return list((await connection.scalars(query)).all())


async def past_deadline(connection: AsyncConnection) -> list[UUID]:
    """Open jobs whose own timeout has run out."""
    query = sa.select(job.c.id).where(OPEN, job.c.deadline_at < sa.func.clock_timestamp())
    return list((await connection.scalars(query)).all())


async def is_overdue(connection: AsyncConnection, job_id: UUID) -> bool:
    """Whether the job's own timeout has run out, by the database's clock."""
    query = sa.select(job.c.deadline_at < sa.func.clock_timestamp()).where(job.c.id == job_id)
    return await connection.scalar(query) or False


async def reopen(
    connection: AsyncConnection, job_id: UUID, *, warnings: list[str], password: bytes | None
) -> None:
    """Open a completed job again, its clock begun anew; its result stays until there is another.

    There will be a message about the new end: one about the end before that is still on its way is dropped.
    """
    on_its_way = sa.exists().where(
        delivery.c.message_id == webhook_message.c.id, delivery.c.status == "pending"
    )
    await connection.execute(webhook_message.delete().where(webhook_message.c.job_id == job_id, on_its_way))
    await connection.execute(
        job.update()
        .where(job.c.id == job_id)
        .values(
            status="InProgress",
            stage="reading again",
            ended_at=None,
            started_at=sa.func.clock_timestamp(),
            deadline_at=later(job.c.timeout_s),
            moved_at=sa.func.clock_timestamp(),
            tidied_at=None,
            purge_at=None,
            password=password,
            warnings=warnings,
        )
    )
    await notify(connection, JOB_MOVED, str(job_id))
