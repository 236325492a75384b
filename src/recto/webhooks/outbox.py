"""Writes the webhook message of an ended job into the outbox, in the transaction that ends it.

The body is {status, job_id, metadata} (contract 11.1); metadata is what the caller sent, whatever JSON it is.
A direct webhook goes to its own address. One of mode svix goes to every endpoint of the organisation on one of its
channels, or, where an external Svix is set up, to that. A message nobody wants is kept all the same.
"""

import json
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.notices import DELIVERIES_DUE, notify
from recto.storage.queries import deliveries, endpoints, messages
from recto.storage.queries.deliveries import NewDelivery
from recto.storage.queries.jobs import JobRow

EVENT = "async.update"
TEST_EVENT = "test"
SVIX_HOST = "svix:external"  # no host can be named so: the external server shares a limit with nobody
_PORTS = {"http": 80, "https": 443}


def message_body(status: str, job_id: UUID, metadata: object) -> str:
    """The JSON text that is posted; a cancelled job is a Failed one on the wire."""
    told = "Completed" if status == "Completed" else "Failed"
    # Escaped to ASCII, because metadata may hold what UTF-8 cannot: half a character (a lone surrogate).
    return json.dumps({"status": told, "job_id": str(job_id), "metadata": metadata})


def host_of(url: str) -> str:
    """Host and port of a URL: receivers that share them share a limit.

    >>> host_of("https://Example.com/hook?token=1")
    'example.com:443'
    """
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}:{parts.port or _PORTS.get(parts.scheme, 0)}"
    except ValueError:
        return ""  # the attempt will say what is wrong with it


class Outbox:
    """Where messages wait to be delivered."""

    def __init__(self, *, external: bool = False) -> None:
        """`external`: messages of mode svix are handed to a real Svix."""
        self._external = external

    async def announce(self, connection: AsyncConnection, job: JobRow, status: str) -> UUID:
        """Put the message of an ended job that has a webhook into the outbox; returns its id."""
        if job.webhook is None:
            raise ValueError(f"job {job.id} has no webhook")
        message_id, body = uuid4(), message_body(status, job.id, job.metadata)
        if job.webhook.get("mode") == "svix":
            channels = list(job.webhook.get("channels") or [])
            to = await self._receivers(connection, job.organisation_id, channels)
        else:
            url, channels = str(job.webhook["url"]), []
            to = [NewDelivery("direct", host_of(url), url)]
        await messages.add(connection, message_id, job.organisation_id, job.id, EVENT, channels, body)
        await deliveries.add(connection, message_id, job.organisation_id, job.id, to)
        await notify(connection, DELIVERIES_DUE, "")
        return message_id

    async def _receivers(
        self, connection: AsyncConnection, organisation_id: UUID, channels: Sequence[str]
    ) -> list[NewDelivery]:
        if self._external:
            return [NewDelivery("svix", SVIX_HOST)]
        found = await endpoints.for_message(connection, organisation_id, EVENT, channels)
        return [NewDelivery("endpoint", one.host, endpoint_id=one.id) for one in found]
