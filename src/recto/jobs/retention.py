"""Sweeps: what is over is deleted, and the storage is listed to prove that nothing without an owner is left.

Runs in every worker and one of the fleet does it, under a lock. Each step takes a limited number and each run a
limited time; the next run goes on where this one stopped, because rows say what is left to do. It deletes what
has ended only, never what an open job needs; `jobs.deletion` does the deleting.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from uuid import UUID

import structlog

from recto.errors import RectoError
from recto.jobs.deletion import Deletion, folder_of
from recto.storage.database import Database
from recto.storage.objects import Objects
from recto.storage.queries import audit, messages, retention, units

EVERY_S = 20.0  # between looks; how much longer than asked for something may live
ORPHANS_EVERY_S = 3600.0  # between listings of the whole storage, which cost requests there
RUN_S = 120.0  # a run stops beginning new things after so long
BATCH = 500  # rows taken in one step
QUIET_S = 60.0  # after a job's end a worker may still be writing its last unit
ORPHAN_AGE_S = 3600.0  # an object is written before its row is: younger ones may still get theirs
KEYS_LIVE_S = 24 * 3600.0  # of repeated calls (contract of Idempotency-Key)
MESSAGES_LIVE_S = 30 * 86400.0  # of webhook messages whose job is kept for longer, or that have none
UPLOADS = "uploads/"
JOBS = "jobs/"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds. `results_s` is how long results and uploads are kept after their end; None: for ever.

    `tombstones_s`: rows of deleted jobs. `unfetched_s`: a result to be kept until its delivery only, when nobody
    comes for it.
    """

    results_s: float | None
    tombstones_s: float
    unfetched_s: float
    audit_s: float = 90 * 86400.0
    usage_s: float = 400 * 86400.0


@dataclass(slots=True)
class Swept:
    """What one run did, or, when dry, would do. `left` are orphans seen in a second listing; None: not listed."""

    jobs: int = 0
    uploads: int = 0
    objects: int = 0
    tombstones: int = 0
    orphans: list[str] = field(default_factory=list[str])
    left: int | None = None

    @property
    def anything(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.jobs or self.uploads or self.objects or self.tombstones or self.orphans)


class Sweeper:
    """Deletes what is over, for all organisations."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        periods: Periods,
        *,
        orphan_age_s: float = ORPHAN_AGE_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        """Keep the adapters; the ages are for tests, which cannot wait an hour."""
        self._database = database
        self._objects = objects
        self._periods = periods
        self._deletion = Deletion(database, objects)
        self._orphan_age_s = orphan_age_s
        self._quiet_s = quiet_s

    async def run(self) -> None:
        """Sweep again and again until cancelled; a run that fails is logged and the next one comes."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.turn()
            except RectoError as error:
                log.warning("sweeping was interrupted", error=error.message)
            except Exception:
                log.exception("sweeping failed")

    async def turn(self) -> Swept | None:
        """One run when it is the fleet's time for one; the storage is listed in one of many."""
        async with self._database.begin() as connection:
            if not await retention.take_turn(connection, "rows", EVERY_S / 2):
                return None
            listing = await retention.take_turn(connection, "storage", ORPHANS_EVERY_S)
        return await self.once(listing=listing)

    async def once(self, *, listing: bool = True, older_than_s: float | None = None) -> Swept | None:
        """One run; None when another process is at it. `older_than_s` stands in for the usual time of results.

        Raises:
            Unavailable: database or storage fail. What was done stays done, the next run goes on.
        """
        results_s = self._periods.results_s if older_than_s is None else older_than_s
        until = time.monotonic() + RUN_S
        async with self._database.begin() as held:
            if not await retention.try_lock(held):
                return None
            swept = Swept()
            await self._expire_jobs(swept, results_s, until)
            if results_s is not None:
                await self._expire_uploads(swept, results_s, until)
            await self._tidy(swept)
            await self._forget(swept)
            if listing:
                await self._remove_orphans(swept, until)
        if swept.anything:
            log.info(
                "swept",
                jobs=swept.jobs,
                uploads=swept.uploads,
                objects=swept.objects,
                tombstones=swept.tombstones,
                orphans=len(swept.orphans),
                orphans_left=swept.left,
            )
        return swept

    async def look(self, older_than_s: float | None = None) -> Swept:
        """What a run would do; nothing is changed. Counts at most one batch of each kind."""
        results_s = self._periods.results_s if older_than_s is None else older_than_s
        async with self._database.look() as connection:
            over = await retention.jobs_over(connection, results_s, self._periods.unfetched_s, BATCH)
            begun = await retention.being_deleted(connection, BATCH)
            uploads = [] if results_s is None else await retention.uploads_over(connection, results_s, BATCH)
        orphans = [key async for key in self._orphans()]
        return Swept(jobs=len(over) + len(begun), uploads=len(uploads), orphans=orphans, left=len(orphans))

    async def _expire_jobs(self, swept: Swept, results_s: float | None, until: float) -> None:
        while time.monotonic() < until:
            async with self._database.begin() as connection:
                begun = await retention.begin_expiry(connection, results_s, self._periods.unfetched_s, BATCH)
            async with self._database.look() as connection:
                doomed = await retention.being_deleted(connection, BATCH)
            for one in doomed:
                removed = await self._deletion.finish(one)
                swept.jobs += 1
                swept.objects += removed.objects
                swept.uploads += removed.uploads
                if time.monotonic() > until:
                    return
            if not begun and not doomed:
                return

    async def _expire_uploads(self, swept: Swept, older_than_s: float, until: float) -> None:
        while time.monotonic() < until:
            async with self._database.begin() as connection:
                rows = await retention.uploads_over(connection, older_than_s, BATCH)
                await retention.drop_uploads(connection, [row.id for row in rows])
            # The rows went first, so that nobody gets a job for bytes on their way out. What a crash leaves
            # behind here is found without an owner.
            await self._objects.delete_all([row.key for row in rows])
            swept.uploads += len(rows)
            if not rows:
                return

    async def _tidy(self, swept: Swept) -> None:
        """Remove what the units of failed and cancelled jobs have left, and what a completed job's worker missed."""
        async with self._database.look() as connection:
            untidy = await retention.untidy(connection, self._quiet_s, BATCH)
        for job_id, serves_a_retry in untidy:
            if not serves_a_retry:
                swept.objects += await self._objects.delete_prefix(folder_of(job_id) + "units/")
        if untidy:
            async with self._database.begin() as connection:
                await units.leave_out(
                    connection, [job_id for job_id, _ in untidy]
                )  # what was freed as it ended
                await retention.mark_tidied(connection, [job_id for job_id, _ in untidy])

    async def _forget(self, swept: Swept) -> None:
        async with self._database.begin() as connection:
            await retention.drop_delivered(connection)
            swept.tombstones += await retention.drop_tombstones(connection, self._periods.tombstones_s, BATCH)
            await retention.drop_keys(connection, KEYS_LIVE_S)
            await messages.drop_old(connection, MESSAGES_LIVE_S, BATCH)
            await audit.drop_old(connection, self._periods.audit_s, self._periods.usage_s)
            await audit.add_up(connection)

    # --- objects without an owner ------------------------------------------------------------------------

    async def _remove_orphans(self, swept: Swept, until: float) -> None:
        """Remove objects without an owner, then list again and count those that are there all the same."""
        swept.objects += await self._objects.drop_unfinished(self._orphan_age_s)
        batch: list[str] = []
        async for key in self._orphans():
            batch.append(key)
            if len(batch) >= BATCH or time.monotonic() > until:
                swept.orphans += batch
                await self._objects.delete_all(batch)
                batch = []
            if time.monotonic() > until:
                return  # the next listing finds the rest, as it is still there
        swept.orphans += batch
        await self._objects.delete_all(batch)
        swept.left = len([key async for key in self._orphans()])
        if swept.orphans:
            log.warning(
                "objects without an owner removed", objects=len(swept.orphans), first=swept.orphans[0]
            )

    async def _orphans(self) -> AsyncIterator[str]:
        """Keys of objects that belong to no row, old enough that none is going to come."""
        names = await self._objects.list_folders(JOBS)
        for at in range(0, len(names), BATCH):
            async for key in self._orphans_of_jobs(names[at : at + BATCH]):
                yield key
        batch: list[str] = []
        async for key, age_s in self._objects.list_ages(UPLOADS):
            if age_s >= self._orphan_age_s:
                batch.append(key)
            if len(batch) >= BATCH:
                for orphan in await self._without_upload(batch):
                    yield orphan
                batch = []
        for orphan in await self._without_upload(batch):
            yield orphan

    async def _orphans_of_jobs(self, names: list[str]) -> AsyncIterator[str]:
        ids = {name: _uuid(name) for name in names}
        async with self._database.look() as connection:
            rows = await retention.standings(connection, [one for one in ids.values() if one])
        for name, job_id in ids.items():
            row = rows.get(job_id) if job_id else None
            if row is not None and (not row.deleted or row.persisted):
                continue
            async for key, age_s in self._objects.list_ages(JOBS + name):
                if age_s >= self._orphan_age_s:
                    yield key

    async def _without_upload(self, keys: list[str]) -> list[str]:
        ids = {key: _uuid(PurePosixPath(key).name.partition(".")[0]) for key in keys}
        async with self._database.look() as connection:
            known = await retention.known_uploads(connection, [one for one in ids.values() if one])
        return [key for key, upload_id in ids.items() if upload_id not in known]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
