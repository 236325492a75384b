"""Webhook messages as people look at them: lists, deliveries, attempts; and sending them once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import NotFound
from recto.storage.queries.moments import ago
from recto.storage.tables import delivery, webhook_attempt, webhook_endpoint, webhook_message


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message; `body` is the JSON text that is posted."""

    id: UUID
    job_id: UUID | None
    event_type: str
    channels: list[str] | None
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentRow:
    """How a message's delivery to one receiver stands."""

    id: UUID
    message_id: UUID
    kind: str
    endpoint_id: UUID | None
    url: str | None
    status: str
    attempt: int
    answer_status: int | None
    error: str | None
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try: the answer's status and its first kilobyte, or why there was none."""

    delivery_id: UUID
    number: int
    answer_status: int | None
    error: str | None
    answer: str | None
    latency_ms: int
    created_at: datetime


_MESSAGE = tuple(webhook_message.c[name] for name in MessageRow.__dataclass_fields__)
_SENT = tuple(
    sa.func.coalesce(webhook_endpoint.c.url, delivery.c.url).label("url")
    if name == "url"
    else delivery.c[name]
    for name in SentRow.__dataclass_fields__
)
_ATTEMPT = tuple(webhook_attempt.c[name] for name in AttemptRow.__dataclass_fields__)


async def add(
    connection: AsyncConnection,
    message_id: UUID,
    organisation_id: UUID,
    job_id: UUID | None,
    event_type: str,
    channels: Sequence[str] | None,
    body: str,
) -> None:
    """Keep a message; its deliveries are made beside it."""
    await connection.execute(
        webhook_message.insert().values(
            id=message_id,
            organisation_id=organisation_id,
            job_id=job_id,
            event_type=event_type,
            channels=list(channels) if channels else None,
            body=body,
        )
    )


async def listing(
    connection: AsyncConnection,
    organisation_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    job_id: UUID | None = None,
    endpoint_id: UUID | None = None,
    status: str | None = None,
) -> list[MessageRow]:
    """An organisation's messages, newest first: those of a job, of an endpoint, with a delivery of that status."""
    columns = webhook_message.c
    query = sa.select(*_MESSAGE).where(columns.organisation_id == organisation_id)
    if before is not None:
        query = query.where(sa.tuple_(columns.created_at, columns.id) < sa.tuple_(*map(sa.literal, before)))
    if job_id is not None:
        query = query.where(columns.job_id == job_id)
    if endpoint_id is not None or status is not None:
        sent = sa.exists().where(delivery.c.message_id == columns.id)
        sent = sent.where(delivery.c.endpoint_id == endpoint_id) if endpoint_id is not None else sent
        query = query.where(sent.where(delivery.c.status == status) if status is not None else sent)
    query = query.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
    return [MessageRow(*row) for row in await connection.execute(query)]


async def find(connection: AsyncConnection, organisation_id: UUID, message_id: UUID) -> MessageRow:
    """An organisation's message; NotFound otherwise."""
    query = sa.select(*_MESSAGE).where(
        webhook_message.c.id == message_id, webhook_message.c.organisation_id == organisation_id
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no webhook message msg_{message_id.hex}.")
    return MessageRow(*row)


async def sent(connection: AsyncConnection, message_ids: Sequence[UUID]) -> list[SentRow]:
    """The deliveries of these messages, oldest first."""
    query = (
        sa.select(*_SENT)
        .select_from(delivery.outerjoin(webhook_endpoint, webhook_endpoint.c.id == delivery.c.endpoint_id))
        .where(delivery.c.message_id.in_(message_ids))
        .order_by(delivery.c.created_at, delivery.c.id)
    )
    return [SentRow(*row) for row in await connection.execute(query)]


async def attempts(connection: AsyncConnection, delivery_ids: Sequence[UUID]) -> list[AttemptRow]:
    """Every try of these deliveries, oldest first."""
    query = sa.select(*_ATTEMPT).where(webhook_attempt.c.delivery_id.in_(delivery_ids))
    return [AttemptRow(*row) for row in await connection.execute(query.order_by(webhook_attempt.c.id))]


async def replay(
    connection: AsyncConnection, organisation_id: UUID, message_id: UUID, endpoint_id: UUID | None
) -> int:
    """Make the deliveries of a message due again, or that to one endpoint; returns how many.

    Those that are due anyway are left alone, those to endpoints that are disabled, and those that an external Svix
    has taken: it knows the message by its id, and is the one to send it again.
    """
    taken_over = sa.and_(delivery.c.kind == "svix", delivery.c.status == "delivered")
    chosen = sa.and_(delivery.c.message_id == message_id, ~taken_over)
    if endpoint_id is not None:
        chosen = sa.and_(chosen, delivery.c.endpoint_id == endpoint_id)
    return await _again(connection, organisation_id, sa.and_(chosen, delivery.c.status != "pending"))


async def replay_failed(
    connection: AsyncConnection, organisation_id: UUID, since: datetime, endpoint_id: UUID | None
) -> int:
    """Make every delivery due again that was given up, of messages since then; returns how many."""
    recent = sa.select(webhook_message.c.id).where(
        webhook_message.c.organisation_id == organisation_id, webhook_message.c.created_at >= since
    )
    chosen = sa.and_(delivery.c.message_id.in_(recent), delivery.c.status == "failed")
    if endpoint_id is not None:
        chosen = sa.and_(chosen, delivery.c.endpoint_id == endpoint_id)
    return await _again(connection, organisation_id, chosen)


async def _again(connection: AsyncConnection, organisation_id: UUID, chosen: sa.ColumnElement[bool]) -> int:
    off = sa.exists().where(
        webhook_endpoint.c.id == delivery.c.endpoint_id, webhook_endpoint.c.enabled.is_(sa.false())
    )
    done = await connection.execute(
        delivery.update()
        .where(chosen, delivery.c.organisation_id == organisation_id, ~off)
        .values(
            status="pending",
            due_at=sa.func.clock_timestamp(),
            tries_before=delivery.c.attempt,
            ended_at=None,
            lease_until=None,
            worker=None,
        )
    )
    return done.rowcount


async def drop_old(connection: AsyncConnection, older_than_s: float, limit: int) -> int:
    """Remove messages that are older and no longer on their way, with their log; returns how many."""
    on_its_way = sa.exists().where(
        delivery.c.message_id == webhook_message.c.id, delivery.c.status == "pending"
    )
    old = (
        sa.select(webhook_message.c.id)
        .where(webhook_message.c.created_at < ago(older_than_s), ~on_its_way)
        .order_by(webhook_message.c.created_at)
        .limit(limit)
    )
    done = await connection.execute(
        webhook_message.delete().where(webhook_message.c.id.in_(old.scalar_subquery()))
    )
    return done.rowcount
