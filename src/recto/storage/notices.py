"""News between processes by PostgreSQL's LISTEN/NOTIFY: quick, and allowed to get lost.

Whoever waits also looks at the rows now and then; a notice only makes the look come sooner.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

import psycopg
import sqlalchemy as sa
import structlog
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.database import attentive, plain_url

JOB_ENDED = "recto_job_ended"
ECHO = "echo-"  # how the notices begin by which a connection is tried
ECHO_S = 2.0  # for such a notice to come back; it takes a millisecond
JOB_MOVED = "recto_job_moved"
DELIVERIES_DUE = "recto_deliveries_due"
RECONNECT_S = (0.2, 1.0, 5.0)  # waits between attempts to reach a database that is gone

log = structlog.get_logger(__name__)


async def notify(connection: AsyncConnection, channel: str, payload: str) -> None:
    """Tell listeners, once the transaction is committed."""
    await connection.execute(
        sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload}
    )


async def notify_each(connection: AsyncConnection, channel: str, payloads: Sequence[str]) -> None:
    """Tell listeners several things in one statement, once the transaction is committed."""
    await connection.execute(
        sa.text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload"),
        {"channel": channel, "payloads": list(payloads)},
    )


class Listener:
    """Hears a channel on a connection of its own and calls `heard(payload)` for each notice.

    `also` names further channels, heard on the same connection, and what is called for each. `missed()` is
    called after the connection was lost and is back: anything may have happened in between. A pooler that lends
    its connections for a transaction only takes the LISTEN and passes no notice on; so each connection is tried
    with a notice to itself, and while that does not come, `deaf` is true: look more often.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        heard: Callable[[str], None],
        missed: Callable[[], None],
        also: Mapping[str, Callable[[str], None]] | None = None,
    ) -> None:
        """Start nothing yet; run `listen` as a task."""
        self._url = attentive(plain_url(url))
        self._channel = channel
        self._heard = {channel: heard, **(also or {})}
        self._missed = missed
        self.ready = asyncio.Event()
        self.deaf = False

    async def listen(self) -> None:
        """Listen until cancelled, through losses of the connection."""
        failures = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    for channel in self._heard:
                        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    self.deaf = not await self._hears(connection)
                    self.ready.set()
                    if failures:
                        self._missed()
                    failures = 0
                    async for notice in connection.notifies():
                        self._pass_on(notice)
            except psycopg.Error as error:
                log.warning("listening was interrupted", channel=self._channel, error=str(error).strip())
            failures += 1
            await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S)) - 1])

    async def _hears(self, connection: psycopg.AsyncConnection) -> bool:
        """Whether a notice sent to this channel arrives; others that come meanwhile are passed on."""
        token = f"{ECHO}{uuid4().hex}"
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as sender:
            await sender.execute("SELECT pg_notify(%s, %s)", (self._channel, token))
        async for notice in connection.notifies(timeout=ECHO_S):
            if notice.payload == token:
                return True
            self._pass_on(notice)
        log.warning(
            "no notices come through this database connection, as with a pooler: polling instead",
            channel=self._channel,
        )
        return False

    def _pass_on(self, notice: psycopg.Notify) -> None:
        if not notice.payload.startswith(ECHO):  # another process tries its own connection
            self._heard[notice.channel](notice.payload)
