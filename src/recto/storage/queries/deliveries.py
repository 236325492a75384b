"""The outbox: one row per message and receiver, written in the transaction that ends the job.

The rows are the queue. A worker claims those that are due, for all receivers alike, and writes down how each
attempt went; one whose worker died is due again when its lease is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries.moments import ago
from recto.storage.tables import delivery, webhook_endpoint

WINDOW = 1000
"""Due rows that one claim looks at, the longest due first; those of hosts that are full are not among them."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as claimed for one attempt. `secrets` are sealed, the newest first."""

    id: UUID
    message_id: UUID
    organisation_id: UUID
    job_id: UUID | None
    kind: Literal["direct", "endpoint", "svix"]
    endpoint_id: UUID | None
    url: str
    host: str
    attempt: int
    tries_before: int
    event_type: str
    channels: tuple[str, ...] | None
    body: str
    secrets: tuple[bytes, ...]

    @property
    def number(self) -> int:
        """Which try this is, from 1, since the message was sent or replayed."""
        return self.attempt - self.tries_before


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went, and what becomes of the delivery: `wait_s` is when the next try is due."""

    status: Literal["delivered", "failed", "pending"]
    wait_s: float
    answer_status: int | None
    error: str | None
    answer: str | None
    latency_ms: int


_CLAIM = sa.text("""
WITH due AS (
    SELECT d.id, d.due_at, COALESCE(e.host, d.host) AS host
    FROM delivery d LEFT JOIN webhook_endpoint e ON e.id = d.endpoint_id
    WHERE d.status = 'pending' AND d.due_at <= statement_timestamp()
        AND (d.lease_until IS NULL OR d.lease_until < statement_timestamp())
        AND COALESCE(e.host, d.host) <> ALL(CAST(:full AS text[]))
    ORDER BY d.due_at LIMIT :window
), ranked AS (
    SELECT id, host, row_number() OVER (PARTITION BY host ORDER BY due_at) AS place FROM due
), room AS (
    SELECT * FROM unnest(CAST(:hosts AS text[]), CAST(:rooms AS int[])) AS room(host, places)
), wanted AS (
    SELECT ranked.id FROM ranked LEFT JOIN room ON room.host = ranked.host
    WHERE place <= COALESCE(places, :new_room) ORDER BY place LIMIT :free
), mine AS (
    SELECT id FROM delivery
    WHERE id IN (SELECT id FROM wanted) AND status = 'pending'
        AND (lease_until IS NULL OR lease_until < statement_timestamp())
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE delivery SET attempt = attempt + 1, worker = :worker,
        lease_until = statement_timestamp() + make_interval(secs => :lease_s)
    WHERE id IN (SELECT id FROM mine)
    RETURNING *
)
SELECT taken.id, message_id, taken.organisation_id, taken.job_id, kind, endpoint_id,
    COALESCE(e.url, taken.url, '') AS url, COALESCE(e.host, taken.host) AS host, attempt, tries_before,
    m.event_type, m.channels, m.body,
    ARRAY(
        SELECT sealed FROM webhook_secret s
        WHERE s.organisation_id = taken.organisation_id
            AND s.endpoint_id IS NOT DISTINCT FROM taken.endpoint_id
            AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())
        ORDER BY s.id DESC
    ) AS secrets
FROM taken JOIN webhook_message m ON m.id = message_id LEFT JOIN webhook_endpoint e ON e.id = endpoint_id
""")

_RECORD = sa.text("""
WITH told AS (
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:statuses AS text[]), CAST(:waits AS float8[]),
        CAST(:answer_statuses AS int[]), CAST(:errors AS text[]), CAST(:answers AS text[]), CAST(:latencies AS int[])
    ) AS told(id, attempt, status, wait_s, answer_status, error, answer, latency_ms)
), done AS (
    UPDATE delivery d SET status = told.status, answer_status = told.answer_status, error = told.error,
        lease_until = NULL, worker = NULL, due_at = clock_timestamp() + make_interval(secs => told.wait_s),
        ended_at = CASE WHEN told.status <> 'pending' THEN clock_timestamp() END
    FROM told WHERE d.id = told.id AND d.attempt = told.attempt AND d.status = 'pending'
    RETURNING told.*, d.endpoint_id
), recovered AS (
    UPDATE webhook_endpoint SET failing_since = NULL
    WHERE failing_since IS NOT NULL AND id IN (SELECT endpoint_id FROM done WHERE status = 'delivered')
), logged AS (
    INSERT INTO webhook_attempt (delivery_id, number, answer_status, error, answer, latency_ms)
        SELECT id, attempt, answer_status, error, answer, latency_ms FROM done
)
SELECT id FROM done
""")


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be made: to an endpoint, to an address of its own, or to an external Svix."""

    kind: Literal["direct", "endpoint", "svix"]
    host: str = ""
    url: str | None = None
    endpoint_id: UUID | None = None


async def add(
    connection: AsyncConnection,
    message_id: UUID,
    organisation_id: UUID,
    job_id: UUID | None,
    new: Sequence[NewDelivery],
) -> None:
    """Put the deliveries of a message into the outbox, due at once."""
    if new:
        rows = [
            {
                "id": sa.func.gen_random_uuid(),
                "message_id": message_id,
                "organisation_id": organisation_id,
                "job_id": job_id,
                "kind": one.kind,
                "host": one.host,
                "url": one.url,
                "endpoint_id": one.endpoint_id,
            }
            for one in new
        ]
        await connection.execute(delivery.insert().values(rows))


async def claim(
    connection: AsyncConnection,
    worker: str,
    lease_s: float,
    free: int,
    rooms: Mapping[str, int],
    new_room: int,
) -> list[DeliveryRow]:
    """Take up to `free` due deliveries for one attempt each.

    `rooms` says how many more the worker wants for each host it knows, `new_room` for any other. The hosts take
    turns, so that none waits behind the many deliveries of another.
    """
    values = {
        "worker": worker,
        "lease_s": lease_s,
        "free": free,
        "window": WINDOW,
        "new_room": new_room,
        "full": [host for host, room in rooms.items() if room <= 0],
        "hosts": list(rooms),
        "rooms": list(rooms.values()),
    }
    found = await connection.execute(_CLAIM, values)
    return [_claimed(dict(row)) for row in found.mappings()]


def _claimed(row: dict[str, Any]) -> DeliveryRow:
    row["channels"] = tuple(row["channels"]) if row["channels"] else None
    row["secrets"] = tuple(bytes(one) for one in row["secrets"])
    return DeliveryRow(**row)


async def record(connection: AsyncConnection, told: Sequence[tuple[DeliveryRow, Outcome]]) -> set[UUID]:
    """Write down how attempts went, in one statement; returns those that were still ours to write.

    An endpoint that has taken a message is failing no longer.
    """
    held, outcomes = [one for one, _ in told], [outcome for _, outcome in told]
    done = await connection.execute(
        _RECORD,
        {
            "ids": [one.id for one in held],
            "attempts": [one.attempt for one in held],
            "statuses": [one.status for one in outcomes],
            "waits": [float(one.wait_s) for one in outcomes],
            "answer_statuses": [one.answer_status for one in outcomes],
            "errors": [one.error for one in outcomes],
            "answers": [one.answer for one in outcomes],
            "latencies": [one.latency_ms for one in outcomes],
        },
    )
    return set(done.scalars())


async def release(connection: AsyncConnection, held: Sequence[DeliveryRow]) -> None:
    """Give claimed deliveries back as if they had not been taken."""
    columns = delivery.c
    for one in held:
        await connection.execute(
            delivery.update()
            .where(columns.id == one.id, columns.attempt == one.attempt, columns.status == "pending")
            .values(attempt=columns.attempt - 1, lease_until=None, worker=None)
        )


async def failed(connection: AsyncConnection, endpoint_id: UUID, patience_s: float) -> bool:
    """An endpoint has failed once more; says whether it has done nothing else for so long."""
    columns = webhook_endpoint.c
    since = await connection.execute(
        webhook_endpoint.update()
        .where(columns.id == endpoint_id)
        .values(failing_since=sa.func.coalesce(columns.failing_since, sa.func.clock_timestamp()))
        .returning(columns.failing_since < ago(patience_s))
    )
    return bool(since.scalar_one_or_none())


async def disable(connection: AsyncConnection, endpoint_id: UUID, reason: str) -> None:
    """Switch an endpoint off, and give up what is on its way to it; a replay brings it later."""
    columns = webhook_endpoint.c
    await connection.execute(
        webhook_endpoint.update()
        .where(columns.id == endpoint_id, columns.enabled)
        .values(enabled=False, disabled_reason=reason)
    )
    await connection.execute(
        delivery.update()
        .where(delivery.c.endpoint_id == endpoint_id, delivery.c.status == "pending")
        .values(
            status="failed",
            error=f"the endpoint was disabled: {reason}",
            lease_until=None,
            worker=None,
            ended_at=sa.func.clock_timestamp(),
        )
    )
