"""Units that wait, taken by whoever has room: the lines they stand in, and the first of a line.

`jobs.lanes` decides between the lines; here they are read and taken from. A unit is waiting as long as its row
is `pending`, so there is no second list of what is to do that could lose or double an entry.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.notices import notify_each
from recto.storage.queries.moments import later
from recto.storage.queries.units import UNIT_VERSION, UnitRow, claimed
from recto.storage.tables import job, unit

UNITS_WAITING = "recto_units"
"""The channel on which units that wait are announced; the notice names their kind."""

# A loose index scan: from each (kind, lane, owner) straight to the next one, however many units wait in it.
_LINES = sa.text("""
    WITH RECURSIVE line AS (
        SELECT first.* FROM unnest(CAST(:kinds AS text[])) AS wanted(kind) CROSS JOIN LATERAL (
            SELECT kind, lane, organisation_id, tenant, tenant_share, created_at FROM unit
             WHERE status = 'pending' AND unit.kind = wanted.kind
             ORDER BY lane, organisation_id, tenant, id LIMIT 1) AS first
        UNION ALL
        SELECT following.* FROM line CROSS JOIN LATERAL (
            SELECT kind, lane, organisation_id, tenant, tenant_share, created_at FROM unit
             WHERE status = 'pending' AND unit.kind = line.kind
               AND (lane, organisation_id, tenant) > (line.lane, line.organisation_id, line.tenant)
             ORDER BY lane, organisation_id, tenant, id LIMIT 1) AS following
    )
    SELECT kind, lane, organisation_id, tenant, tenant_share,
           extract(epoch FROM clock_timestamp() - created_at)::float AS waited_s
      FROM line WHERE lane = ANY(CAST(:lanes AS text[]))
""")

_RUNNING = sa.text("""
    SELECT organisation_id, tenant, count(*) FROM unit
     WHERE status = 'running' AND kind = ANY(CAST(:kinds AS text[])) GROUP BY organisation_id, tenant
""")


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as read: see `jobs.lanes.Line`."""

    kind: str
    lane: str
    organisation: UUID
    tenant: str
    share: float | None
    waited_s: float


async def waiting_lines(
    connection: AsyncConnection, kinds: Collection[str], lanes: Collection[str]
) -> list[LineRow]:
    """The lines of these kinds and lanes in which something waits."""
    rows = await connection.execute(_LINES, {"kinds": sorted(kinds), "lanes": list(lanes)})
    return [LineRow(*row) for row in rows]


async def running_by_owner(
    connection: AsyncConnection, kinds: Collection[str]
) -> dict[tuple[UUID, str], int]:
    """How many units of these kinds the whole fleet is at, by organisation and tenant."""
    rows = await connection.execute(_RUNNING, {"kinds": sorted(kinds)})
    return {(organisation, tenant): count for organisation, tenant, count in rows}


async def take_first(
    connection: AsyncConnection,
    kind: str,
    lane: str,
    owner: tuple[UUID, str],
    worker: str,
    lease_s: float,
) -> UnitRow | None:
    """Take the first unit of a line that nobody else is taking; None when there is none.

    Units of ended jobs are passed over, and those planned by a newer version for workers that know it.
    """
    first = (
        sa.select(unit.c.id)
        .join(job, job.c.id == unit.c.job_id)
        .where(
            unit.c.status == "pending",
            unit.c.kind == kind,
            unit.c.lane == lane,
            unit.c.organisation_id == owner[0],
            unit.c.tenant == owner[1],
            unit.c.version <= UNIT_VERSION,
            job.c.ended_at.is_(None),
        )
        .order_by(unit.c.id)
        .limit(1)
        .with_for_update(of=unit, skip_locked=True)
        .scalar_subquery()
    )
    return await claimed(connection, unit.c.id == first, worker, later(lease_s))


async def waiting_units(connection: AsyncConnection, lanes: Sequence[str], at_most: int) -> int:
    """How many units of these lanes wait; counting stops at `at_most`."""
    some = (
        sa.select(unit.c.id)
        .where(unit.c.status == "pending", unit.c.lane.in_(lanes))
        .limit(at_most)
        .subquery()
    )
    return await connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0


async def announce(connection: AsyncConnection, kinds: Collection[str]) -> None:
    """Tell the workers, once the transaction is committed, that units of these kinds wait."""
    if kinds:
        await notify_each(connection, UNITS_WAITING, sorted(set(kinds)))
