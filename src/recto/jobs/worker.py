"""A worker process: serves the queues, keeps its leases, kills the children of ended jobs, heals what got lost."""

import asyncio
import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import structlog

from recto.errors import RectoError
from recto.jobs.children import Children
from recto.jobs.engine import Engine, Handlers
from recto.jobs.flow import Flow
from recto.jobs.reconcile import Reconciler
from recto.jobs.units import UnitRunner
from recto.storage.database import Database
from recto.storage.notices import JOB_ENDED, Listener
from recto.storage.queries import units
from recto.webhooks.delivery import Deliverer

INTAKE_SLOTS = 8  # downloads wait for the network, so there are more of them than processors
DELIVERY_SLOTS = 20
GRACE_S = 4.0  # to finish what is under way when told to stop; then it is given back. Below the lease.

log = structlog.get_logger(__name__)


def worker_name() -> str:
    """A name no other worker has or will have, so that no lease is ever mistaken for one's own."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def make_scratch(root: Path) -> Path:
    """A folder for this process's temporary files; those of processes that are gone are removed."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in root.iterdir():
        if not (old.name.isdigit() and psutil.pid_exists(int(old.name))):
            shutil.rmtree(old, ignore_errors=True)
    mine = root / str(os.getpid())
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir(mode=0o700)
    return mine


@dataclass(frozen=True, slots=True)
class Worker:
    """The parts of a worker process, wired by recto.app."""

    name: str
    database: Database
    engine: Engine
    children: Children
    flow: Flow
    runner: UnitRunner
    deliverer: Deliverer
    reconciler: Reconciler
    readers: int
    ocr_readers: int
    lease_s: float

    async def run(self) -> None:
        """Work until cancelled; running units are then given back to the queue."""
        await self.children.warm_up()
        listener = Listener(self.database.url, JOB_ENDED, self._job_ended, lambda: None)
        handlers = Handlers(self.runner.run, self.flow.look_at, self.deliverer.deliver)
        slots = {
            "intake": INTAKE_SLOTS,
            "read": self.readers,
            "advance": 2,
            "deliveries": DELIVERY_SLOTS,
        }
        if self.ocr_readers:
            slots["ocr"] = self.ocr_readers
        log.info("worker ready", worker=self.name, slots=slots)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(listener.listen())
                group.create_task(self._keep_leases())
                group.create_task(self.reconciler.run())
                group.create_task(
                    self.engine.run_worker(self.name, slots, handlers, min(GRACE_S, self.lease_s / 2))
                )
        finally:
            self.children.stop()

    def _job_ended(self, payload: str) -> None:
        with suppress(ValueError):
            job_id = UUID(payload)
            self.children.kill_job(job_id)
            self.runner.stop_download(job_id)

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
