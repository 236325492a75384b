"""The audit log and what keys used by day: rows are added, read by organisation, added up and dropped when old."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries.moments import ago
from recto.storage.tables import api_key, audit, key_usage

SUMMED_AT_ROWS = 1000  # of usage, before they are added up (a guess: reading so many takes milliseconds)
RECENT_S = 2 * 86400.0  # rows are only added for days so near; those of before are added up already
SUM_LOCK = 7_233_870_156  # any constant: two that add up the same rows would lose some


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, or one deed of the command line. `subject` is the job or upload a signed link belongs to."""

    at: datetime
    action: str
    status: int
    organisation_id: UUID | None = None
    key_id: UUID | None = None
    address: str = ""
    target: str = ""
    subject: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as listed, with its key's name and prefix where the call had a key."""

    id: int
    at: datetime
    action: str
    target: str
    status: int
    address: str
    key_id: UUID | None
    key_name: str | None
    key_prefix: str | None


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one key used on one day (UTC). Jobs and pages count on the day of the job's end."""

    day: date
    key_id: UUID | None
    key_name: str | None
    key_prefix: str | None
    calls: int
    jobs: int
    pages: int
    credits: float


_ADD = sa.text("""
    INSERT INTO audit (at, organisation_id, key_id, address, action, target, status)
    VALUES (
        :at,
        COALESCE(
            CAST(:organisation_id AS UUID),
            (SELECT organisation_id FROM job WHERE id = CAST(:subject AS UUID)),
            (SELECT organisation_id FROM upload WHERE id = CAST(:subject AS UUID))
        ),
        CAST(:key_id AS UUID), :address, :action, :target, :status
    )
""")


async def add(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Write entries down, and count the calls of keys among them."""
    if not entries:
        return
    await connection.execute(_ADD, [asdict(one) for one in entries])
    calls: dict[tuple[UUID, UUID | None, date], int] = {}
    for one in entries:
        if one.organisation_id is not None and one.address:
            at = (one.organisation_id, one.key_id, one.at.date())
            calls[at] = calls.get(at, 0) + 1
    rows = [
        {"organisation_id": owner, "key_id": key, "day": day, "calls": count}
        for (owner, key, day), count in calls.items()
    ]
    if rows:
        await connection.execute(key_usage.insert(), rows)


async def listing(
    connection: AsyncConnection, organisation_id: UUID, *, before: int | None = None, limit: int = 100
) -> list[AuditRow]:
    """An organisation's entries, newest first, those before an id."""
    query = (
        sa.select(
            audit.c.id,
            audit.c.at,
            audit.c.action,
            audit.c.target,
            audit.c.status,
            audit.c.address,
            audit.c.key_id,
            api_key.c.name,
            api_key.c.prefix,
        )
        .select_from(audit.outerjoin(api_key, api_key.c.id == audit.c.key_id))
        .where(audit.c.organisation_id == organisation_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit.c.id < before)
    return [AuditRow(*row) for row in await connection.execute(query)]


async def usage(
    connection: AsyncConnection, organisation_id: UUID, first: date, last: date
) -> list[UsageRow]:
    """What each key used on each day from `first` to `last`, days in order."""
    sums = [sa.func.sum(key_usage.c[name]) for name in ("calls", "jobs", "pages", "credits")]
    by = (key_usage.c.day, key_usage.c.key_id, api_key.c.name, api_key.c.prefix)
    query = (
        sa.select(*by, *sums)
        .select_from(key_usage.outerjoin(api_key, api_key.c.id == key_usage.c.key_id))
        .where(key_usage.c.organisation_id == organisation_id, key_usage.c.day.between(first, last))
        .group_by(*by)
        .order_by(key_usage.c.day, api_key.c.name, key_usage.c.key_id)
    )
    found = (tuple(row) for row in await connection.execute(query))
    return [
        UsageRow(day, key_id, name, prefix, int(calls), int(jobs), int(pages), round(float(credits_), 4))
        for day, key_id, name, prefix, calls, jobs, pages, credits_ in found
    ]


async def add_up(connection: AsyncConnection, at_rows: int = SUMMED_AT_ROWS) -> None:
    """Turn many rows of usage into one for each key and day, when there are so many."""
    recent = key_usage.c.day >= sa.cast(ago(RECENT_S), sa.Date)
    if (await connection.scalar(sa.select(sa.func.count()).where(recent)) or 0) < at_rows:
        return
    await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": SUM_LOCK})
    await connection.execute(
        sa.text("""
            WITH gone AS (
                DELETE FROM key_usage WHERE day >= CAST(clock_timestamp() - make_interval(secs => :recent) AS DATE)
                RETURNING organisation_id, key_id, day, calls, jobs, pages, credits
            )
            INSERT INTO key_usage (organisation_id, key_id, day, calls, jobs, pages, credits)
            SELECT organisation_id, key_id, day, sum(calls), sum(jobs), sum(pages), sum(credits)
            FROM gone GROUP BY organisation_id, key_id, day
        """),
        {"recent": RECENT_S},
    )


async def drop_old(connection: AsyncConnection, audit_s: float, usage_s: float) -> None:
    """Drop entries and days that are older than so many seconds."""
    await connection.execute(audit.delete().where(audit.c.at < ago(audit_s)))
    await connection.execute(key_usage.delete().where(key_usage.c.day < sa.cast(ago(usage_s), sa.Date)))
