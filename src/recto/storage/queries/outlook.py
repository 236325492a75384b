"""What tells a caller how long a job will take: who is before it, how many go abreast, how long others took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.tables import job

LATELY = 50  # jobs whose durations are averaged


@dataclass(frozen=True, slots=True)
class Outlook:
    """Documents before the job, documents being read, and the mean duration of late ones in seconds."""

    ahead: int
    abreast: int
    mean_s: float | None


async def outlook(
    connection: AsyncConnection,
    job_id: UUID,
    lane: str,
    created_at: datetime,
    before: Sequence[str],
) -> Outlook:
    """How things stand for an open job; `before` are the lanes that go before its own.

    Pipelines are left out, their documents are counted.
    """
    document = sa.and_(job.c.ended_at.is_(None), job.c.type != "Pipeline")
    waits = sa.and_(job.c.started_at.is_(None), job.c.status == "Pending")
    earlier = sa.or_(job.c.lane.in_(before), sa.and_(job.c.lane == lane, job.c.created_at < created_at))
    elsewhere = sa.and_(job.c.id != job_id, job.c.parent_id.is_distinct_from(job_id))
    counts = sa.select(
        sa.func.count().filter(waits, earlier, elsewhere),
        sa.func.count().filter(job.c.started_at.is_not(None), job.c.status != "Idle"),
    ).where(document)
    ahead, abreast = (await connection.execute(counts)).one()
    late = (
        sa.select(sa.func.extract("epoch", job.c.ended_at - job.c.started_at).label("duration_s"))
        .where(job.c.ended_at.is_not(None), job.c.status == "Completed", job.c.type != "Pipeline")
        .order_by(job.c.ended_at.desc())
        .limit(LATELY)
        .subquery()
    )
    mean_s = await connection.scalar(sa.select(sa.cast(sa.func.avg(late.c.duration_s), sa.Float)))
    return Outlook(ahead, abreast, mean_s)
