"""Units of work: claimed under a lease, finished once, handed on when the lease runs out.

A unit's end is recorded only by whoever holds it (worker name and attempt), so a worker that was thought dead
and comes back cannot record a second outcome.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import ErrorRecord
from recto.storage.queries.moments import later
from recto.storage.tables import job, unit

UNIT_VERSION = 1
"""What a worker must know to do the units planned here. Raise it when an older worker would do them wrongly:
it leaves them alone. Units of every older version are done for ever."""


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A piece of work to plan: kind is intake, read, ocr, assemble or extract; pages are numbers in the source."""

    kind: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as claimed."""

    id: int
    job_id: UUID
    kind: str
    pages: tuple[int, ...]
    attempt: int
    setbacks: int = 0


@dataclass(frozen=True, slots=True)
class UnitResult:
    """A finished unit's output."""

    kind: str
    pages: tuple[int, ...]
    result_key: str | None


def _held_by(worker: str, held: UnitRow) -> Any:
    """Whether this worker still holds the unit it claimed: the fence before everything it records."""
    return sa.and_(
        unit.c.id == held.id,
        unit.c.status == "running",
        unit.c.worker == worker,
        unit.c.attempt == held.attempt,
    )


async def plan(connection: AsyncConnection, job_id: UUID, new: Sequence[NewUnit]) -> list[int]:
    """Insert units; returns their ids in the same order."""
    if not new:
        return []
    rows = [
        {"job_id": job_id, "kind": one.kind, "pages": list(one.pages), "version": UNIT_VERSION} for one in new
    ]
    added = await connection.execute(unit.insert().returning(unit.c.id, sort_by_parameter_order=True), rows)
    return list(added.scalars().all())


async def plan_failed(
    connection: AsyncConnection, job_id: UUID, kind: str, pages: Sequence[int], error: ErrorRecord
) -> None:
    """Insert a unit that nobody can do, as failed."""
    await connection.execute(
        unit.insert().values(
            job_id=job_id,
            kind=kind,
            pages=list(pages),
            status="failed",
            error=error,
            ended_at=sa.func.clock_timestamp(),
        )
    )


async def plan_first(connection: AsyncConnection, job_ids: Sequence[UUID], kind: str) -> list[int]:
    """Insert one unit for each of these jobs; returns their ids in the same order."""
    if not job_ids:
        return []
    rows = [{"job_id": job_id, "kind": kind, "version": UNIT_VERSION} for job_id in job_ids]
    added = await connection.execute(unit.insert().returning(unit.c.id, sort_by_parameter_order=True), rows)
    return list(added.scalars().all())


async def claim(connection: AsyncConnection, unit_id: int, worker: str, lease_s: float) -> UnitRow | None:
    """Take a unit: None when it is done, held by a living worker, or its job has ended."""
    claimable = sa.or_(
        unit.c.status == "pending",
        sa.and_(unit.c.status == "running", unit.c.lease_until < sa.func.clock_timestamp()),
    )
    open_job = sa.exists().where(job.c.id == unit.c.job_id, job.c.ended_at.is_(None))
    return await claimed(
        connection, sa.and_(unit.c.id == unit_id, claimable, open_job), worker, later(lease_s)
    )


async def claimed(
    connection: AsyncConnection, which: sa.ColumnElement[bool], worker: str, lease_until: Any
) -> UnitRow | None:
    """Write a claim of the one unit that `which` names; None when it names none."""
    taken = await connection.execute(
        unit.update()
        .where(which)
        .values(
            status="running",
            attempt=unit.c.attempt + 1,
            worker=worker,
            lease_until=lease_until,
            started_at=sa.func.clock_timestamp(),
        )
        .returning(unit.c.id, unit.c.job_id, unit.c.kind, unit.c.pages, unit.c.attempt, unit.c.setbacks)
    )
    row = taken.one_or_none()
    return UnitRow(row[0], row[1], row[2], tuple(row[3]), row[4], row[5]) if row else None


async def finish(
    connection: AsyncConnection,
    held: UnitRow,
    worker: str,
    status: str,
    *,
    result_key: str | None = None,
    error: ErrorRecord | None = None,
) -> bool:
    """Record the outcome of a unit this worker holds; False when it holds it no more."""
    done = await connection.execute(
        unit.update()
        .where(_held_by(worker, held))
        .values(
            status=status,
            result_key=result_key,
            error=sa.null() if error is None else error,
            ended_at=sa.null() if status == "pending" else sa.func.clock_timestamp(),
            deferred_at=sa.func.clock_timestamp(),
            lease_until=None,
            worker=None,
        )
    )
    return done.rowcount == 1


async def release(connection: AsyncConnection, held: UnitRow, worker: str, *, setback: bool = False) -> bool:
    """Free a unit that this worker holds and has not finished, as if it had never been tried.

    `setback` counts that the server, not the document, was in the way. False when it is held no more.
    """
    freed = await connection.execute(
        unit.update()
        .where(_held_by(worker, held))
        .values(
            status="pending",
            attempt=held.attempt - 1,
            setbacks=unit.c.setbacks + int(setback),
            deferred_at=sa.func.clock_timestamp(),
            lease_until=None,
            worker=None,
        )
    )
    return freed.rowcount == 1


async def renew_leases(
    connection: AsyncConnection, worker: str, unit_ids: Collection[int], lease_s: float
) -> set[int]:
    """Renew a worker's leases of these units; returns those it still holds and whose job is still open."""
    open_job = sa.exists().where(job.c.id == unit.c.job_id, job.c.ended_at.is_(None))
    held = await connection.scalars(
        unit.update()
        .where(unit.c.id.in_(unit_ids), unit.c.worker == worker, unit.c.status == "running", open_job)
        .values(lease_until=later(lease_s))
        .returning(unit.c.id)
    )
    return set(held.all())


async def tally(connection: AsyncConnection, job_id: UUID) -> dict[tuple[str, str], int]:
    """How many units a job has by (kind, status)."""
    query = (
        sa.select(unit.c.kind, unit.c.status, sa.func.count())
        .where(unit.c.job_id == job_id)
        .group_by(unit.c.kind, unit.c.status)
    )
    return {(kind, status): count for kind, status, count in await connection.execute(query)}


async def results(connection: AsyncConnection, job_id: UUID) -> list[UnitResult]:
    """The outputs of a job's finished reading units."""
    query = (
        sa.select(unit.c.kind, unit.c.pages, unit.c.result_key)
        .where(unit.c.job_id == job_id, unit.c.status == "done", unit.c.kind.in_(("read", "ocr")))
        .order_by(unit.c.id)
    )
    return [UnitResult(kind, tuple(pages), key) for kind, pages, key in await connection.execute(query)]


async def failures(connection: AsyncConnection, job_id: UUID) -> list[tuple[tuple[int, ...], ErrorRecord]]:
    """Pages that were given up, with the last error of each."""
    query = (
        sa.select(unit.c.pages, unit.c.error)
        .where(unit.c.job_id == job_id, unit.c.status == "failed")
        .order_by(unit.c.pages)
    )
    return [(tuple(pages), error) for pages, error in await connection.execute(query)]


async def free_expired(connection: AsyncConnection, limit: int) -> set[str]:
    """Free units whose worker has let its lease run out, the longest lost first; returns their kinds."""
    open_job = sa.exists().where(job.c.id == unit.c.job_id, job.c.ended_at.is_(None))
    lost = (
        sa.select(unit.c.id)
        .where(unit.c.status == "running", unit.c.lease_until < sa.func.clock_timestamp(), open_job)
        .order_by(unit.c.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    freed = await connection.scalars(
        unit.update()
        .where(unit.c.id.in_(lost))
        .values(status="pending", worker=None, lease_until=None, deferred_at=sa.func.clock_timestamp())
        .returning(unit.c.kind)
    )
    return set(freed.all())


async def leave_out_expired(connection: AsyncConnection, limit: int) -> int:
    """Take out units of ended jobs whose worker has let its lease run out; returns how many.

    Their worker takes them out itself, unless it died just then.
    """
    ended_job = sa.exists().where(job.c.id == unit.c.job_id, job.c.ended_at.is_not(None))
    lost = (
        sa.select(unit.c.id)
        .where(unit.c.status == "running", unit.c.lease_until < sa.func.clock_timestamp(), ended_job)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken_out = await connection.execute(
        unit.update().where(unit.c.id.in_(lost)).values(status="left out", worker=None, lease_until=None)
    )
    return taken_out.rowcount


async def leave_out(connection: AsyncConnection, job_ids: Collection[UUID]) -> None:
    """Take the waiting units of ended jobs out of their lines.

    Those that a worker is just claiming are passed over: it sees that the job has ended.
    """
    waiting = (
        sa.select(unit.c.id)
        .where(unit.c.job_id.in_(job_ids), unit.c.status == "pending")
        .with_for_update(skip_locked=True)
    )
    await connection.execute(unit.update().where(unit.c.id.in_(waiting)).values(status="left out"))


async def reopen(connection: AsyncConnection, job_id: UUID) -> list[tuple[int, str]]:
    """Make a completed job's failed units pending, as if never tried; returns (id, kind) of each.

    The assembling is forgotten, as it comes again behind them. They keep their errors until they end.
    """
    await connection.execute(unit.delete().where(unit.c.job_id == job_id, unit.c.kind == "assemble"))
    again = await connection.execute(
        unit.update()
        .where(unit.c.job_id == job_id, unit.c.status == "failed")
        .values(status="pending", attempt=0, ended_at=None, deferred_at=sa.func.clock_timestamp())
        .returning(unit.c.id, unit.c.kind)
    )
    return [(row[0], row[1]) for row in again]


async def give_up(connection: AsyncConnection, job_id: UUID, error: ErrorRecord) -> None:
    """End a job's open reading units as failed: with the error they had when they were reopened, or this one."""
    await connection.execute(
        unit.update()
        .where(unit.c.job_id == job_id, unit.c.kind != "assemble", unit.c.status.in_(("pending", "running")))
        .values(
            status="failed",
            error=sa.func.coalesce(unit.c.error, sa.cast(error, JSONB)),
            worker=None,
            lease_until=None,
            ended_at=sa.func.clock_timestamp(),
        )
    )
