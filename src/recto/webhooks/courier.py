"""Takes deliveries that are due from the outbox and has them attempted, many at once, whatever their hosts do.

Runs in every worker. The rows are the queue: a notice, a slot that comes free, or a second gone by makes it look;
one statement claims what there is room for. A delivery that waits for its next try is a row with a time, no task.
"""

import asyncio
from contextlib import suppress

import structlog

from recto.errors import RectoError
from recto.storage.database import Database
from recto.storage.queries import deliveries
from recto.storage.queries.deliveries import DeliveryRow
from recto.webhooks.delivery import Deliverer
from recto.webhooks.hosts import START_ROOM, HostRooms

SLOTS = 200  # attempts at once: nearly all of them only wait for an answer
BATCH = 50  # claimed by one statement
GAP_S = 0.01  # between two looks while slots come free one by one: each costs a statement
POLL_S = 1.0  # of rows that come due, which nobody announces: so late may a second try be
LEASE_MARGIN_S = 10.0  # over the limit of an attempt, for the writing down

log = structlog.get_logger(__name__)


class Courier:
    """A worker's deliveries."""

    def __init__(self, name: str, database: Database, deliverer: Deliverer) -> None:
        """Keep the parts; `name` is the worker's."""
        self._name = name
        self._database = database
        self._deliverer = deliverer
        self._hosts = HostRooms()
        self._under_way: dict[asyncio.Task[None], DeliveryRow] = {}
        self._news = asyncio.Event()

    def look(self, _: str = "") -> None:
        """Something may be due: look soon."""
        self._news.set()

    async def run(self, grace_s: float) -> None:
        """Deliver until cancelled; then finish what is under way for a moment, and give the rest back."""
        try:
            while True:
                self._news.clear()
                try:
                    if await self._take():
                        continue
                except RectoError as error:
                    log.warning("deliveries could not be taken", error=error.message)
                except Exception:
                    log.exception("taking deliveries failed")
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._news.wait()
                if self._under_way:
                    await asyncio.sleep(GAP_S)
        finally:
            await self._leave(grace_s)

    async def _take(self) -> bool:
        """Claim what is due and begin it; says whether there may be more."""
        free = min(BATCH, SLOTS - len(self._under_way))
        if free <= 0:
            return False
        lease_s = self._deliverer.schedule.timeout_s + LEASE_MARGIN_S
        async with self._database.look() as connection:
            held = await deliveries.claim(
                connection, self._name, lease_s, free, self._hosts.rooms(), START_ROOM
            )
        for one in held:
            self._hosts.began(one.host)
            task = asyncio.create_task(self._attempt(one))
            self._under_way[task] = one
            task.add_done_callback(self._ended)
        return len(held) == free

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._news.set()

    async def _attempt(self, held: DeliveryRow) -> None:
        seconds: float | None = None
        try:
            seconds = await self._deliverer.attempt(held)
        except RectoError as error:  # its lease will end, and somebody tries again
            log.warning("an attempt could not be written down", delivery=str(held.id), error=error.message)
        except Exception:
            log.exception("an attempt failed unexpectedly", delivery=str(held.id))
        finally:
            self._hosts.ended(held.host, seconds)

    async def _leave(self, grace_s: float) -> None:
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=grace_s)
        left = dict(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            if left:
                async with self._database.begin() as connection:
                    await deliveries.release(connection, list(left.values()))
        except RectoError as error:
            log.warning("deliveries could not be given back", error=error.message)
        await self._deliverer.close()
