"""Heals what got lost: looks every few seconds for work that nobody is doing, and puts it back into the queue.

Reasons are many (a killed worker, a message lost between two commits, a restart) and the cure is one: rows say
what should be going on; where nothing goes on, it is made to: a unit is freed, a look is queued
again. All of it may run in every worker at the same time.
"""

import asyncio
from dataclasses import dataclass

import structlog

from recto.errors import RectoError
from recto.jobs.engine import Engine
from recto.jobs.flow import Flow
from recto.storage.database import Database
from recto.storage.queries import claims, jobs, units

EVERY_S = 2.0
BATCH = 200  # rows of each kind looked at in one round

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence before something counts as lost."""

    task_s: float = 12.0  # an engine task whose worker sends no heartbeat
    job_s: float = 20.0  # a job nothing happens to


class Reconciler:
    """Looks after every organisation's jobs."""

    def __init__(
        self, database: Database, engine: Engine, flow: Flow, patience: Patience | None = None
    ) -> None:
        """Keep the adapters."""
        self._database = database
        self._engine = engine
        self._flow = flow
        self._patience = patience or Patience()

    async def run(self) -> None:
        """Look again and again until cancelled; a round that fails is logged and the next one comes."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
            except RectoError as error:
                log.warning("reconciling was interrupted", error=error.message)
            except Exception:
                log.exception("reconciling failed")

    async def once(self) -> None:
        """One round. Work of dead workers comes first, and is never behind work that only waits for its turn."""
        await self._engine.retry_stalled(self._patience.task_s)
        await self._free_units()
        await self._look_at_quiet_jobs()
        await self._end_overdue_jobs()

    async def _free_units(self) -> None:
        async with self._database.begin() as connection:
            kinds = await units.free_expired(connection, BATCH)
            await units.leave_out_expired(connection, BATCH)
            await claims.announce(connection, kinds)
        if kinds:
            log.info("units of lost workers are free again", kinds=sorted(kinds))

    async def _look_at_quiet_jobs(self) -> None:
        async with self._database.begin() as connection:
            quiet = await jobs.standing_still(connection, self._patience.job_s, BATCH)
        for job_id in quiet:
            await self._flow.look_at(job_id)

    async def _end_overdue_jobs(self) -> None:
        async with self._database.begin() as connection:
            overdue = await jobs.past_deadline(connection)
        for job_id in overdue:
            await self._flow.time_out(job_id)
