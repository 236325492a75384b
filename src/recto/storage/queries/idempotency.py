"""Keys by which a repeated call finds the job that it made the first time, for a day, each organisation its own."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import KeyReused
from recto.storage.queries.moments import ago
from recto.storage.tables import idempotency

LIVE_S = 24 * 3600.0


async def claim(connection: AsyncConnection, organisation_id: UUID, key: str, digest: bytes) -> UUID | None:
    """Take a key in the transaction that makes the job; the job's id when an earlier call has made it already.

    A call that is making its job at this moment is waited for: its row is there, not yet committed.

    Raises:
        KeyReused: the earlier call asked for something else.
    """
    fresh = insert(idempotency).values(organisation_id=organisation_id, key=key, digest=digest)
    fresh = fresh.on_conflict_do_update(
        index_elements=[idempotency.c.organisation_id, idempotency.c.key],
        set_={"digest": digest, "job_id": None, "created_at": sa.func.clock_timestamp()},
        where=idempotency.c.created_at < ago(LIVE_S),
    )
    taken = (await connection.execute(fresh.returning(idempotency.c.key))).one_or_none()
    if taken is not None:
        return None
    mine = sa.and_(idempotency.c.organisation_id == organisation_id, idempotency.c.key == key)
    query = sa.select(idempotency.c.digest, idempotency.c.job_id).where(mine)
    earlier, job_id = (await connection.execute(query)).one()
    if earlier != digest:
        raise KeyReused(
            f"The Idempotency-Key {key[:80]!r} was used for another call (job {job_id}) within the last 24 hours:"
            " use a new key for a new call, and the same call for the same key."
        )
    return job_id


async def settle(connection: AsyncConnection, organisation_id: UUID, key: str, job_id: UUID) -> None:
    """Write down which job was made under the key."""
    await connection.execute(
        idempotency.update()
        .where(idempotency.c.organisation_id == organisation_id, idempotency.c.key == key)
        .values(job_id=job_id)
    )
