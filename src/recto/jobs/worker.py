"""A worker process: serves the queues, keeps its leases, kills the children of ended jobs, heals what got lost."""

import asyncio
import fcntl
import os
import shutil
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from recto.errors import RectoError
from recto.jobs.children import Children
from recto.jobs.engine import Engine, Handlers
from recto.jobs.fleet import Fleet
from recto.jobs.flow import Flow
from recto.jobs.reconcile import Reconciler
from recto.jobs.retention import Sweeper
from recto.jobs.taking import Taker
from recto.jobs.units import UnitRunner
from recto.storage.database import Database
from recto.storage.notices import DELIVERIES_DUE, JOB_ENDED, Listener
from recto.storage.queries import jobs, units
from recto.storage.queries.claims import UNITS_WAITING
from recto.webhooks.courier import Courier

LOCK_FILE = ".lock"
ADVANCE_SLOTS = 2
BEAT_S = 4.0  # between announcements of this worker; it counts as gone after fleet.ALIVE_S
ENDED_EVERY_S = 1.0  # a cancelled job's children are to be gone within 2 s
GRACE_S = 4.0  # to finish what is under way when told to stop; then it is given back. Below the lease.

log = structlog.get_logger(__name__)


def worker_name() -> str:
    """A name no other worker has or will have, so that no lease is ever mistaken for one's own."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def make_scratch(root: Path) -> Path:
    """A folder for this process's temporary files; those of processes that are gone are removed.

    Whoever lives holds a lock on a file in its folder. A process number would not do: workers in containers
    that share the root have the same ones, and do not see each other's.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    gate = os.open(root / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)  # so that nobody meets a folder that has not got its lock yet
        for old in root.iterdir():
            if old.is_dir() and not _is_held(old / LOCK_FILE):
                shutil.rmtree(old, ignore_errors=True)
        mine = Path(tempfile.mkdtemp(dir=root))
        # Never closed: the lock ends with the process, however that ends.
        fcntl.flock(os.open(mine / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o600), fcntl.LOCK_EX)
    finally:
        os.close(gate)
    return mine


def _is_held(lock: Path) -> bool:
    try:
        file = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


@dataclass(frozen=True, slots=True)
class Worker:
    """The parts of a worker process, wired by recto.app."""

    name: str
    database: Database
    engine: Engine
    children: Children
    flow: Flow
    runner: UnitRunner
    fleet: Fleet
    taker: Taker
    courier: Courier
    reconciler: Reconciler
    sweeper: Sweeper
    lease_s: float

    async def run(self) -> None:
        """Work until cancelled; running units are then given back to the queue."""
        await self.children.warm_up()
        await self.fleet.beat()
        # What the listeners miss while their connection is lost, `_stop_ended` and the taker's looks find.
        ends = Listener(self.database.url, JOB_ENDED, self._job_ended, lambda: None)
        news = Listener(self.database.url, UNITS_WAITING, self.taker.heard, self.taker.look)
        self.taker.deaf = lambda: news.deaf
        due = Listener(self.database.url, DELIVERIES_DUE, self.courier.look, self.courier.look)
        handlers = Handlers(self.taker.look, self.flow.look_at, self.courier.look)
        slots = {"advance": ADVANCE_SLOTS}
        grace_s = min(GRACE_S, self.lease_s / 2)
        log.info("worker ready", worker=self.name, lanes=self.fleet.lanes, readers=self.fleet.readers)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(ends.listen())
                group.create_task(news.listen())
                group.create_task(due.listen())
                group.create_task(self.courier.run(grace_s))
                group.create_task(self._stop_ended())
                group.create_task(self._keep_leases())
                group.create_task(self._beat())
                group.create_task(self.reconciler.run())
                group.create_task(self.sweeper.run())
                group.create_task(self.taker.run(grace_s))
                group.create_task(self.engine.run_worker(self.name, slots, handlers, grace_s))
        finally:
            self.children.stop()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.fleet.beat()
            except RectoError as error:
                log.warning("this worker could not be announced", error=error.message)

    def _job_ended(self, payload: str) -> None:
        with suppress(ValueError):
            self._stop(UUID(payload))

    def _stop(self, job_id: UUID) -> None:
        self.children.kill_job(job_id)
        self.runner.job_ended(job_id)

    async def _stop_ended(self) -> None:
        """Look whether the jobs in hand are still open: a notice comes sooner, but may get lost."""
        while True:
            await asyncio.sleep(ENDED_EVERY_S)
            in_hand = self.runner.jobs_in_hand
            if not in_hand:
                continue
            try:
                async with self.database.look() as connection:
                    ended = await jobs.ended_among(connection, in_hand)
            except RectoError as error:
                log.warning("could not look for ended jobs", error=error.message)
                continue
            for job_id in ended:
                self._stop(job_id)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self.lease_s / 3)
            in_hand = self.runner.in_hand
            if not in_hand:
                continue
            try:
                async with self.database.begin() as connection:
                    await units.renew_leases(connection, self.name, in_hand, self.lease_s)
            except RectoError as error:
                log.warning("leases could not be renewed", error=error.message)
