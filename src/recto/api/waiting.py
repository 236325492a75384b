"""Lets a synchronous call wait for its job: woken by a notice, and looking by itself now and then."""

import asyncio
from uuid import UUID

import structlog

from recto.errors import SyncTimeout, Unavailable
from recto.storage.database import Database
from recto.storage.notices import JOB_ENDED, Listener
from recto.storage.queries import jobs

SHOWN_CHARACTERS = 80  # of an odd notice, in the log
LOOK_S = 2.0  # between looks at the row, in case a notice got lost
DEAF_LOOK_S = 0.25  # where no notice ever comes, as through a pooler

log = structlog.get_logger(__name__)


class JobWaiter:
    """Waits for the ends of jobs, with one database connection for all callers together."""

    def __init__(self, database: Database) -> None:
        """Nothing is heard before `listen` runs."""
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._listener = Listener(database.url, JOB_ENDED, self._heard, self._wake_all)

    async def listen(self) -> None:
        """Hear notices until cancelled."""
        await self._listener.listen()

    async def wait(self, job_id: UUID, seconds: float) -> jobs.JobRow:
        """The job once it has ended.

        Raises:
            SyncTimeout: it had not ended after so many seconds; it goes on.
        """
        event = asyncio.Event()
        self._waiting.setdefault(job_id, set()).add(event)
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        try:
            while True:
                event.clear()
                row = await self._look_if_possible(job_id)
                if row is not None and not row.is_open:
                    return row
                remaining = until - loop.time()
                if remaining <= 0:
                    raise SyncTimeout(
                        f"The job did not end within {seconds:g} s. It goes on: ask for job {job_id}."
                    )
                try:
                    await asyncio.wait_for(
                        event.wait(), min(remaining, DEAF_LOOK_S if self._listener.deaf else LOOK_S)
                    )
                except TimeoutError:
                    continue
        finally:
            events = self._waiting[job_id]
            events.discard(event)
            if not events:
                del self._waiting[job_id]

    async def _look_if_possible(self, job_id: UUID) -> jobs.JobRow | None:
        """The job as it stands; None while the database is away, which may be over before the wait is."""
        try:
            return await self._look(job_id)
        except Unavailable as error:
            log.warning("a waiting call could not look at its job", job_id=str(job_id), error=error.message)
            return None

    async def _look(self, job_id: UUID) -> jobs.JobRow | None:
        async with self._database.begin() as connection:
            return await jobs.get(connection, job_id)

    def _heard(self, payload: str) -> None:
        try:
            job_id = UUID(payload)
        except ValueError:  # anybody with the database may send on the channel
            log.warning("an odd notice was ignored", payload=payload[:SHOWN_CHARACTERS])
            return
        for event in self._waiting.get(job_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
