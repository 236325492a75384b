"""Takes units for a worker: waits for news, asks whose turn it is, claims one, and has it run, slot by slot.

Rows that wait are the queue (`storage.queries.claims`), `jobs.lanes` orders it, `jobs.units` does the work. A
notice only makes a look come sooner; without any, a look comes every few seconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import RectoError
from recto.jobs.fleet import Fleet
from recto.jobs.lanes import AWAITED, QUEUES, Line, Queue, Turns, turn
from recto.jobs.states import may_become
from recto.jobs.units import UnitRunner
from recto.storage.database import Database
from recto.storage.queries import claims, jobs, units

POLLING_S = 5.0  # only a net below the notices, which bring new units in milliseconds
DEAF_POLLING_S = 0.25  # where no notice ever comes, as through a pooler; a look costs a millisecond
SHARE_LOOK_S = 0.5  # while a tenant waits for its share: the end of a unit elsewhere is not announced
RESUME_S = 1.0  # pause after a look that failed, as without a database
RESERVED_INTAKE = 2  # of a worker's intake slots, for lanes with somebody waiting: slow hosts hold the others

log = structlog.get_logger(__name__)


class Slots:
    """How many units of each queue a worker is at; how many there may be is asked anew each time."""

    def __init__(
        self, capacity: Callable[[Queue], int], freed: Callable[[Queue], None] = lambda _: None
    ) -> None:
        """All slots are free; `freed` is told of each that becomes free again."""
        self._capacity = capacity
        self._told = freed
        self._used: dict[Queue, int] = dict.fromkeys(get_args(Queue), 0)
        self._freed: dict[Queue, asyncio.Event] = {queue: asyncio.Event() for queue in get_args(Queue)}

    def free(self, queue: Queue) -> int:
        """How many units more this queue has room for."""
        return self._capacity(queue) - self._used[queue]

    def take(self, queue: Queue) -> None:
        """One more unit."""
        self._used[queue] += 1

    def give(self, queue: Queue) -> None:
        """One unit less."""
        self._used[queue] -= 1
        self._freed[queue].set()
        self._told(queue)

    async def wait(self, queue: Queue, seconds: float) -> None:
        """Wait until a slot of the queue becomes free, so many seconds at most."""
        self._freed[queue].clear()
        await _at_most(self._freed[queue], seconds)


class Seat:
    """The slot that a unit holds. It moves with the unit that follows: so far as there is room for that one."""

    def __init__(self, slots: Slots, queue: Queue) -> None:
        """Take a slot."""
        self._slots = slots
        self._queue: Queue = queue
        self._reserved = False
        slots.take(queue)

    def reserve(self) -> bool:
        """Make sure that the worker may go on with a unit of reading or assembling; False when it may not."""
        if self._queue != "read" and not self._reserved:
            if self._slots.free("read") <= 0:
                return False
            self._slots.take("read")
            self._reserved = True
        return True

    def settle(self, *, goes_on: bool) -> None:
        """Use what was reserved, or let it go."""
        if self._reserved:
            self._slots.give(self._queue if goes_on else "read")
            self._queue = "read" if goes_on else self._queue
            self._reserved = False

    def leave(self) -> None:
        """Free the slot."""
        self.settle(goes_on=False)
        self._slots.give(self._queue)


@dataclass(frozen=True, slots=True)
class Taken:
    """A unit with its job, both claimed and begun."""

    unit: units.UnitRow
    job: jobs.JobRow


class Taker:
    """Keeps the slots of one worker busy."""

    def __init__(self, database: Database, fleet: Fleet, runner: UnitRunner, lease_s: float) -> None:
        """Nothing is taken before `run`."""
        self._database = database
        self._fleet = fleet
        self._runner = runner
        self._lease_s = lease_s
        self._slots = Slots(fleet.slots, self._freed)
        self._passed_over: set[Queue] = set()
        self._turns: dict[Queue, Turns] = {queue: Turns() for queue in get_args(Queue)}
        self._news: dict[Queue, asyncio.Event] = {queue: asyncio.Event() for queue in get_args(Queue)}
        self._running: set[asyncio.Task[None]] = set()
        self.deaf: Callable[[], bool] = lambda: False
        """Whether notices do not reach this process, so that it must look more often."""

    def heard(self, kind: str) -> None:
        """Units of a kind were planned, or freed, somewhere."""
        if queue := QUEUES.get(kind):
            self._news[queue].set()

    def look(self) -> None:
        """Anything may have been planned."""
        for event in self._news.values():
            event.set()

    def _freed(self, queue: Queue) -> None:
        """A slot is free again: news where units may wait that were passed over for want of it."""
        if queue in self._passed_over:
            self._news[queue].set()

    async def run(self, grace_s: float) -> None:
        """Take units until cancelled; those under way then get so many seconds before they are given back."""
        try:
            async with asyncio.TaskGroup() as group:
                for queue in get_args(Queue):
                    group.create_task(self._serve(queue))
        finally:
            await self._wind_up(grace_s)

    async def _wind_up(self, grace_s: float) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, queue: Queue) -> None:
        while True:
            if self._slots.free(queue) <= 0:
                await self._slots.wait(queue, POLLING_S)
                continue
            self._news[queue].clear()
            try:
                wait_s = await self._take(queue)
            except RectoError as error:
                log.warning("could not look for work", queue=queue, error=error.message)
                wait_s = RESUME_S
            if wait_s:
                await _at_most(self._news[queue], wait_s)

    async def _take(self, queue: Queue) -> float:
        """Take one unit; returns the seconds to wait before the next look, 0 when one was taken."""
        kinds = [kind for kind, its_queue in QUEUES.items() if its_queue == queue]
        lanes = self._lanes(queue)
        self._passed_over.discard(queue)
        if len(lanes) < len(self._fleet.lanes):
            self._passed_over.add(queue)
        async with self._database.look() as connection:
            lines = [Line(*_fields(row)) for row in await claims.waiting_lines(connection, kinds, lanes)]
            matters = len(lines) > 1 or any(line.share is not None for line in lines)
            running = await claims.running_by_owner(connection, kinds) if matters else {}
        turns = self._turns[queue]
        turns.keep_only(lines)
        ordered, held_back = turn(lines, running, turns, self._fleet.fleet_slots(queue))
        for line in ordered:
            if taken := await self._claim(line):
                turns.note(line)
                self._start(queue, taken)
                return 0.0
        if self.deaf():
            return DEAF_POLLING_S
        return SHARE_LOOK_S if held_back else POLLING_S

    def _lanes(self, queue: Queue) -> Sequence[str]:
        if queue == "intake" and self._slots.free(queue) <= RESERVED_INTAKE:
            return [lane for lane in self._fleet.lanes if lane in AWAITED] or self._fleet.lanes
        return self._fleet.lanes

    async def _claim(self, line: Line) -> Taken | None:
        async with self._database.begin() as connection:
            held = await claims.take_first(
                connection, line.kind, line.lane, line.owner, self._fleet.name, self._lease_s
            )
            return await self._begin(connection, held) if held else None

    async def _begin(self, connection: AsyncConnection, held: units.UnitRow) -> Taken | None:
        """The unit's job, whose clock begins with its first unit; None when it has ended at this moment."""
        job = await jobs.get(connection, held.job_id)
        if job is not None and job.is_open and job.started_at is None:
            allowed = may_become("InProgress")
            begun = await jobs.start(connection, job.id, "InProgress", "fetching", allowed_from=allowed)
            job = job if begun else await jobs.get(connection, held.job_id)
        if job is None or not job.is_open:
            await units.finish(connection, held, self._fleet.name, "left out")
            return None
        return Taken(held, job)

    def _start(self, queue: Queue, taken: Taken) -> None:
        task = asyncio.create_task(self._work(Seat(self._slots, queue), taken))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, seat: Seat, taken: Taken) -> None:
        try:
            await self._runner.run(taken.unit, taken.job, seat)
        except RectoError as error:  # its lease runs out, and the unit finds another worker
            log.warning("a unit's outcome is lost", unit=taken.unit.id, error=error.message)
        except Exception:
            log.exception("a unit's outcome is lost", unit=taken.unit.id)
        finally:
            seat.leave()


def _fields(row: claims.LineRow) -> tuple[str, str, UUID, str, float | None, float]:
    return row.kind, row.lane, row.organisation, row.tenant, row.share, row.waited_s


async def _at_most(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, so many seconds at most."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
