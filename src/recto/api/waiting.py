"""Lets calls wait for a job's end, or watch it move: woken by notices, and looking by themselves now and then.

One connection hears for all of them; each looks with one of the pool's, for the moment of the look only.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from recto.errors import SyncTimeout, Unavailable
from recto.storage.database import Database
from recto.storage.notices import JOB_ENDED, JOB_MOVED, Listener
from recto.storage.queries import jobs

SHOWN_CHARACTERS = 80  # of an odd notice, in the log
LOOK_S = 2.0  # between looks at the row, in case a notice got lost
DEAF_LOOK_S = 0.25  # where no notice ever comes, as through a pooler

Events = dict[UUID, set[asyncio.Event]]

log = structlog.get_logger(__name__)


class JobWaiter:
    """Waits for the ends of jobs, with one database connection for all callers together."""

    def __init__(self, database: Database) -> None:
        """Nothing is heard before `listen` runs."""
        self._database = database
        self._waiting: Events = {}
        self._watching: Events = {}
        self.closing = False
        """Whether this process is about to stop, so that nobody may wait here any longer."""
        self._listener = Listener(
            database.url, JOB_ENDED, self._heard, self._wake_all, {JOB_MOVED: self._heard_moving}
        )

    async def listen(self) -> None:
        """Hear notices until cancelled."""
        await self._listener.listen()

    def let_go(self) -> None:
        """End every wait: this process stops. The jobs go on."""
        self.closing = True
        self._wake_all()

    async def wait(self, job_id: UUID, seconds: float) -> jobs.JobRow:
        """The job once it has ended.

        Raises:
            SyncTimeout: it had not ended after so many seconds, or when this process stops; it goes on.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        with _listed(self._waiting, job_id) as event:
            while True:
                event.clear()
                row = await self._look_if_possible(job_id)
                if row is not None and not row.is_open:
                    return row
                if self.closing:
                    raise SyncTimeout(
                        f"This server is being stopped. The job goes on elsewhere, or later: ask for job {job_id}."
                    )
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

    @contextmanager
    def watching(self, job_id: UUID) -> Generator["Watch"]:
        """Watch a job inside the block; leaving it, however, leaves nothing behind."""
        with _listed(self._watching, job_id) as event:
            yield Watch(event)

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
        _wake(self._waiting, payload)
        _wake(self._watching, payload)

    def _heard_moving(self, payload: str) -> None:
        _wake(self._watching, payload)

    def _wake_all(self) -> None:
        for all_events in (self._waiting, self._watching):
            for events in all_events.values():
                for event in events:
                    event.set()


@dataclass(frozen=True, slots=True)
class Watch:
    """One caller's watch over a job."""

    event: asyncio.Event

    async def next_change(self) -> None:
        """Wait until the job may have changed: there was news since the last call, or a while has passed."""
        try:
            await asyncio.wait_for(self.event.wait(), LOOK_S)
        except TimeoutError:
            return
        finally:
            self.event.clear()


@contextmanager
def _listed(events: Events, job_id: UUID) -> Generator[asyncio.Event]:
    event = asyncio.Event()
    events.setdefault(job_id, set()).add(event)
    try:
        yield event
    finally:
        events[job_id].discard(event)
        if not events[job_id]:
            del events[job_id]


def _wake(events: Events, payload: str) -> None:
    try:
        job_id = UUID(payload)
    except ValueError:  # anybody with the database may send on the channel
        log.warning("an odd notice was ignored", payload=payload[:SHOWN_CHARACTERS])
        return
    for event in events.get(job_id, ()):
        event.set()
