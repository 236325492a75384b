"""The outbox: one row per webhook message, written in the transaction that ends its job."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries.moments import ago, later
from recto.storage.tables import delivery


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message as claimed for one attempt."""

    id: UUID
    job_id: UUID
    url: str
    body: str
    attempt: int


async def add(
    connection: AsyncConnection, delivery_id: UUID, job_id: UUID, organisation_id: UUID, url: str, body: str
) -> None:
    """Put a message into the outbox; a job has one message at most."""
    await connection.execute(
        delivery.insert().values(
            id=delivery_id, job_id=job_id, organisation_id=organisation_id, url=url, body=body
        )
    )


async def claim(
    connection: AsyncConnection, delivery_id: UUID, worker: str, lease_s: float
) -> DeliveryRow | None:
    """Take a message for one attempt; None when it is delivered, given up, not due, or being delivered."""
    columns = delivery.c
    free = sa.or_(columns.lease_until.is_(None), columns.lease_until < sa.func.clock_timestamp())
    taken = await connection.execute(
        delivery.update()
        .where(
            columns.id == delivery_id,
            columns.status == "pending",
            columns.due_at <= later(0.5),
            free,
        )
        .values(attempt=columns.attempt + 1, worker=worker, lease_until=later(lease_s))
        .returning(columns.id, columns.job_id, columns.url, columns.body, columns.attempt)
    )
    row = taken.one_or_none()
    return DeliveryRow(*row) if row else None


async def record(
    connection: AsyncConnection,
    held: DeliveryRow,
    *,
    status: str,
    answer_status: int | None,
    error: str | None,
    wait_s: float,
) -> bool:
    """Write down how the attempt went; `wait_s` is when the next is due. False when it was not ours to write."""
    done = await connection.execute(
        delivery.update()
        .where(delivery.c.id == held.id, delivery.c.attempt == held.attempt, delivery.c.status == "pending")
        .values(
            status=status,
            answer_status=answer_status,
            error=error,
            lease_until=None,
            worker=None,
            due_at=later(wait_s),
            ended_at=sa.null() if status == "pending" else sa.func.clock_timestamp(),
        )
    )
    return done.rowcount == 1


async def overdue(connection: AsyncConnection, seconds: float, limit: int) -> list[UUID]:
    """Pending messages whose time came so many seconds ago and that nobody is delivering."""
    columns = delivery.c
    late = ago(seconds)
    free = sa.or_(columns.lease_until.is_(None), columns.lease_until < sa.func.clock_timestamp())
    query = (
        sa.select(columns.id)
        .where(columns.status == "pending", columns.due_at < late, free)
        .order_by(columns.due_at)
        .limit(limit)
    )
    return list((await connection.scalars(query)).all())
