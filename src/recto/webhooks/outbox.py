"""Writes the webhook message of an ended job into the outbox, in the transaction that ends it.

The body is {status, job_id, metadata} (contract 11.1); metadata is what the caller sent, whatever JSON it is.
"""

import json
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries import deliveries
from recto.storage.queries.jobs import JobRow


def message_body(status: str, job_id: UUID, metadata: object) -> str:
    """The JSON text that is posted; a cancelled job is a Failed one on the wire."""
    told = "Completed" if status == "Completed" else "Failed"
    # Escaped to ASCII, because metadata may hold what UTF-8 cannot: half a character (a lone surrogate).
    return json.dumps({"status": told, "job_id": str(job_id), "metadata": metadata})


async def post_message(connection: AsyncConnection, job: JobRow, status: str) -> UUID:
    """Put the message of a job with a direct webhook into the outbox; returns the delivery's id."""
    if job.webhook is None:
        raise ValueError(f"job {job.id} has no webhook")
    delivery_id = uuid4()
    body = message_body(status, job.id, job.metadata)
    await deliveries.add(connection, delivery_id, job.id, job.organisation_id, str(job.webhook["url"]), body)
    return delivery_id
