"""Webhook endpoints and the secrets that sign for them. Secrets are sealed by the caller, never here in clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import NotFound
from recto.storage.queries.moments import later
from recto.storage.tables import organisation, webhook_endpoint, webhook_secret


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A place that messages are delivered to; no channels or event types means all."""

    id: UUID
    url: str
    host: str
    description: str
    channels: list[str] | None
    event_types: list[str] | None
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


_COLUMNS = tuple(webhook_endpoint.c[name] for name in EndpointRow.__dataclass_fields__)


async def lock_organisation(connection: AsyncConnection, organisation_id: UUID) -> None:
    """Make other changes of the organisation's endpoints wait for the end of this transaction."""
    await connection.execute(
        sa.select(organisation.c.id)
        .where(organisation.c.id == organisation_id)
        .with_for_update(key_share=True)
    )


async def count(connection: AsyncConnection, organisation_id: UUID) -> int:
    """How many endpoints an organisation has."""
    query = sa.select(sa.func.count()).where(webhook_endpoint.c.organisation_id == organisation_id)
    return await connection.scalar(query) or 0


async def add(connection: AsyncConnection, organisation_id: UUID, values: dict[str, Any]) -> EndpointRow:
    """Make an endpoint; `values` are its columns."""
    row = webhook_endpoint.insert().values(organisation_id=organisation_id, **values).returning(*_COLUMNS)
    return EndpointRow(*(await connection.execute(row)).one())


async def find(connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID) -> EndpointRow:
    """An organisation's endpoint; NotFound otherwise."""
    owned = _owned(organisation_id, endpoint_id)
    row = (await connection.execute(sa.select(*_COLUMNS).where(owned))).one_or_none()
    if row is None:
        raise NotFound(f"There is no webhook endpoint {endpoint_id}.")
    return EndpointRow(*row)


async def listing(connection: AsyncConnection, organisation_id: UUID) -> list[EndpointRow]:
    """An organisation's endpoints, oldest first."""
    query = sa.select(*_COLUMNS).where(webhook_endpoint.c.organisation_id == organisation_id)
    return [
        EndpointRow(*row) for row in await connection.execute(query.order_by(webhook_endpoint.c.created_at))
    ]


async def for_message(
    connection: AsyncConnection, organisation_id: UUID, event_type: str, channels: Sequence[str] | None
) -> list[EndpointRow]:
    """The endpoints a message goes to: enabled, of its type, and on one of its channels where both name some."""
    columns = webhook_endpoint.c
    query = sa.select(*_COLUMNS).where(
        columns.organisation_id == organisation_id,
        columns.enabled,
        sa.or_(columns.event_types.is_(None), columns.event_types.contains([event_type])),
    )
    if channels:
        query = query.where(sa.or_(columns.channels.is_(None), columns.channels.overlap(list(channels))))
    return [EndpointRow(*row) for row in await connection.execute(query)]


async def change(
    connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID, values: dict[str, Any]
) -> EndpointRow:
    """Change columns of an endpoint; NotFound when there is none."""
    if values:
        await connection.execute(
            webhook_endpoint.update().where(_owned(organisation_id, endpoint_id)).values(**values)
        )
    return await find(connection, organisation_id, endpoint_id)


async def remove(connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID) -> None:
    """Remove an endpoint with its secrets and deliveries; NotFound when there is none."""
    done = await connection.execute(webhook_endpoint.delete().where(_owned(organisation_id, endpoint_id)))
    if not done.rowcount:
        raise NotFound(f"There is no webhook endpoint {endpoint_id}.")


def _owned(organisation_id: UUID, endpoint_id: UUID) -> sa.ColumnElement[bool]:
    columns = webhook_endpoint.c
    return sa.and_(columns.id == endpoint_id, columns.organisation_id == organisation_id)


async def secret(
    connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID | None
) -> bytes | None:
    """The sealed secret that signs: an endpoint's, or without one the organisation's own."""
    columns = webhook_secret.c
    query = sa.select(columns.sealed).where(
        columns.organisation_id == organisation_id,
        columns.endpoint_id.is_not_distinct_from(endpoint_id),
        columns.expires_at.is_(None),
    )
    return await connection.scalar(query)


async def replace_secret(
    connection: AsyncConnection,
    organisation_id: UUID,
    endpoint_id: UUID | None,
    sealed: bytes | None,
    overlap_s: float,
) -> None:
    """Make a new secret the one that signs, or none; those before it sign beside it for so many seconds."""
    columns = webhook_secret.c
    mine = sa.and_(
        columns.organisation_id == organisation_id, columns.endpoint_id.is_not_distinct_from(endpoint_id)
    )
    await connection.execute(
        webhook_secret.delete().where(mine, columns.expires_at < sa.func.clock_timestamp())
    )
    if overlap_s > 0:
        await connection.execute(
            webhook_secret.update()
            .where(mine, columns.expires_at.is_(None))
            .values(expires_at=later(overlap_s))
        )
    else:
        await connection.execute(webhook_secret.delete().where(mine))
    if sealed is not None:
        await connection.execute(
            webhook_secret.insert().values(
                organisation_id=organisation_id, endpoint_id=endpoint_id, sealed=sealed
            )
        )
