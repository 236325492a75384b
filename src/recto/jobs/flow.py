"""Moves jobs: looks at one under a lock, writes the next step down, ends it with everything an end implies.

Between `advance` (pure decisions) and the tables. An end is one transaction: the row, the outbox message, the
news for whoever waits, the parent's next step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import (
    CustomerTimeout,
    JobCancelled,
    JobState,
    ProcessingFailed,
    RectoError,
    from_record,
)
from recto.jobs import advance
from recto.jobs.engine import Engine
from recto.jobs.extracting import parses_of
from recto.jobs.states import ENDED, allowed_from, may_become
from recto.jobs.submit import Submitter
from recto.results.pipeline import ChildState, next_move
from recto.storage.database import Database
from recto.storage.notices import JOB_ENDED, notify, notify_each
from recto.storage.queries import claims, jobs, units
from recto.webhooks.outbox import Outbox

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """Units that were planned and are not queued yet."""

    kind: str
    ids: tuple[int, ...]


class Flow:
    """Applies decisions to rows."""

    def __init__(
        self, database: Database, engine: Engine, submitter: Submitter, outbox: Outbox | None = None
    ) -> None:
        """Keep the adapters; without an outbox of its own, messages of mode svix go to our own endpoints."""
        self._outbox = outbox or Outbox()
        self._database = database
        self._engine = engine
        self._submitter = submitter

    async def look_at(self, job_id: UUID) -> None:
        """Advance a job by whatever it is ready for; harmless when it is ready for nothing."""
        async with self._database.begin() as connection:
            job = await jobs.get(connection, job_id, lock=True)
            if job is None or not job.is_open:
                return
            await self._advance(connection, job)

    async def _advance(self, connection: AsyncConnection, job: jobs.JobRow) -> None:
        """Advance an open job whose row the caller has locked."""
        match job.type:
            case "Pipeline":
                await self._advance_pipeline(connection, job)
            case "Extract":
                await self.queue(connection, await self._advance_extract(connection, job))
            case _:
                await self.queue(connection, await self.advance_parse(connection, job))

    async def queue(self, connection: AsyncConnection, planned: Sequence[Planned]) -> None:
        """Announce planned units to the workers: their rows are the queue."""
        await claims.announce(connection, [group.kind for group in planned if group.ids])

    async def queue_advance(self, connection: AsyncConnection, job: jobs.JobRow) -> None:
        """Queue a look at a job."""
        await self._engine.defer_advance(connection, job.lane, job.id)

    async def advance_parse(self, connection: AsyncConnection, job: jobs.JobRow) -> list[Planned]:
        """The next step of a parse job whose row the caller has locked; returns units to be queued."""
        if job.waits_on is not None:
            return await self._advance_waiting(connection, job)
        tally = await units.tally(connection, job.id)
        if not tally:
            return await self.plan(connection, job.id, [units.NewUnit("intake")])
        if advance.next_step(tally) != "assemble":
            return []
        if job.source is None:  # intake gave up without an error of its own
            await self.end(connection, job, "Failed", error=ProcessingFailed())
            return []
        if not advance.anything_read(tally):
            await self.end(connection, job, "Failed", error=await self._nothing_read(connection, job.id))
            return []
        allowed = may_become("Completing")
        await jobs.change(connection, job.id, "Completing", allowed_from=allowed, stage="assembling")
        return await self.plan(connection, job.id, [units.NewUnit("assemble")])

    async def plan(
        self, connection: AsyncConnection, job_id: UUID, new: Sequence[units.NewUnit]
    ) -> list[Planned]:
        """Insert units; returns them by kind, to be queued or taken up at once."""
        ids = await units.plan(connection, job_id, new)
        kinds = dict.fromkeys(unit.kind for unit in new)
        return [
            Planned(kind, tuple(one for one, unit in zip(ids, new, strict=True) if unit.kind == kind))
            for kind in kinds
        ]

    async def end(
        self,
        connection: AsyncConnection,
        job: jobs.JobRow,
        status: str,
        *,
        error: RectoError | None = None,
        **values: Any,
    ) -> bool:
        """End a job: row, outbox, notice, and the next look at its parent and at jobs that waited for it."""
        if status != "Completed" and job.result_key is not None:
            return await self._keep_earlier(connection, job, error or ProcessingFailed())
        record = error.to_record() if error else None
        ended = await jobs.end(
            connection, job.id, allowed_from=allowed_from(status), status=status, error=record, **values
        )
        if not ended:
            return False
        await units.leave_out(connection, [job.id])
        if job.webhook is not None:
            await self._outbox.announce(connection, job, status)
        if job.parent_id is not None:
            await self._advance_parent(connection, job.lane, job.parent_id)
        for waiting in await jobs.waiting_on(connection, [job.id]):
            await self._engine.defer_advance(connection, job.lane, waiting)
        await notify(connection, JOB_ENDED, str(job.id))
        log.info("job ended", job_id=str(job.id), status=status, error=record)
        return True

    async def _keep_earlier(self, connection: AsyncConnection, job: jobs.JobRow, error: RectoError) -> bool:
        """A retry came to nothing: the job ends as it had ended before, with the result it has."""
        await units.give_up(connection, job.id, error.to_record())
        lost = advance.lost_pages(await units.failures(connection, job.id))
        told = f"The failed pages were not read again, so the earlier result stands: {error.message}"
        warnings = list(dict.fromkeys([*job.warnings, *lost, told]))
        return await self.end(connection, job, "Completed", warnings=warnings)

    async def _advance_parent(self, connection: AsyncConnection, lane: str, parent_id: UUID) -> None:
        """Advance the parent in the same transaction; by a task when somebody holds its row.

        Waiting for it here could end in a deadlock: cancelling locks parents first.
        """
        parent = await jobs.lock_if_free(connection, parent_id)
        if parent is None:
            await self._engine.defer_advance(connection, lane, parent_id)
        elif parent.is_open:
            await self._advance(connection, parent)

    async def cancel(self, connection: AsyncConnection, organisation_id: UUID, job_id: UUID) -> str:
        """Cancel a job and everything below it; again on a cancelled one is no error.

        Gives the status it then has: Cancelled, or Completed where only a retry was under way.

        Raises:
            NotFound: no such job. JobState: it has already ended otherwise.
        """
        found = await jobs.find(connection, organisation_id, job_id)
        found = await jobs.get(connection, found.id, lock=True) or found  # it may be ending at this moment
        if found.status == "Cancelled":
            return found.status
        if found.status in ENDED:
            raise JobState(f"Job {job_id} has already ended as {found.status} and cannot be cancelled.")
        await self._end_tree(connection, found, "Cancelled", JobCancelled())
        return "Cancelled" if found.result_key is None else "Completed"

    async def time_out(self, job_id: UUID) -> None:
        """End a job whose own deadline has passed."""
        async with self._database.begin() as connection:
            job = await jobs.get(connection, job_id, lock=True)
            if job is not None and job.is_open:
                await self.end_if_overdue(connection, job)

    async def end_if_overdue(self, connection: AsyncConnection, job: jobs.JobRow) -> bool:
        """End an open job, locked by the caller, whose own deadline has passed; says whether it did."""
        if job.timeout_s is None or not await jobs.is_overdue(connection, job.id):
            return False
        error = CustomerTimeout(f"The job took longer than its settings.timeout of {job.timeout_s:g} s.")
        await self._end_tree(connection, job, "Failed", error)
        return True

    async def _end_tree(
        self, connection: AsyncConnection, top: jobs.JobRow, status: str, error: RectoError
    ) -> None:
        # Parents first, as everywhere: a child's end takes its parent's row only when nobody holds it.
        await self.end(connection, top, status, error=error)
        await self._end_below(connection, top, status, error)

    async def _end_below(
        self, connection: AsyncConnection, top: jobs.JobRow, status: str, error: RectoError
    ) -> None:
        """End what a job, itself ended, has started, a thousand jobs at once; none of them has a webhook."""
        below = [job_id for job_id in await jobs.tree(connection, top.id) if job_id != top.id]
        ended = await jobs.end_all(
            connection, below, allowed_from=allowed_from(status), status=status, error=error.to_record()
        )
        if not ended:
            return
        await units.leave_out(connection, ended)
        for waiting in await jobs.waiting_on(connection, ended):
            await self._engine.defer_advance(connection, top.lane, waiting)
        await notify_each(connection, JOB_ENDED, [str(job_id) for job_id in ended])
        log.info("jobs ended with their pipeline", job_id=str(top.id), jobs=len(ended), status=status)

    async def _advance_pipeline(self, connection: AsyncConnection, job: jobs.JobRow) -> None:
        children = await jobs.child_states(connection, job.id)
        states = [
            ChildState(child.position, child.status if child.status in ENDED else "open")  # pyright: ignore[reportArgumentType] - ENDED holds the three outcomes
            for child in children
        ]
        references = job.request["references"]
        move = next_move(job.request["steps"], references, states)
        made = {child.position: child.id for child in children}
        await self._submitter.add_children(connection, job, move.make, made)
        parses = [child for child in children if child.position < len(references)]
        pages = sum(child.pages_done for child in parses)
        known = [child.pages_total for child in parses if child.pages_total is not None]
        total = sum(known) if known else None
        if not move.ends:
            await jobs.move(connection, job.id, pages_done=pages, pages_total=total, stage="running steps")
            if any(child.started_at for child in children):
                await jobs.change(connection, job.id, "InProgress", allowed_from=may_become("InProgress"))
            return
        if move.failed_child is None:
            await self.end(connection, job, "Completed", pages_done=pages, pages_total=total)
            return
        await self._fail_with_child(connection, job, children, move.failed_child)

    async def _fail_with_child(
        self, connection: AsyncConnection, job: jobs.JobRow, children: Sequence[jobs.ChildRow], position: int
    ) -> None:
        failed_id = next(child.id for child in children if child.position == position)
        failed = await jobs.get(connection, failed_id)
        error = from_record(failed.error) if failed and failed.error else ProcessingFailed()
        documents = len(job.request["references"])
        if position < documents and documents > 1:
            error = type(error)(f"Document {position + 1} of {documents}: {error.message}")
        await self.end(connection, job, "Failed", error=error)
        await self._end_below(connection, job, "Cancelled", JobCancelled("Another document failed."))

    async def _advance_extract(self, connection: AsyncConnection, job: jobs.JobRow) -> list[Planned]:
        """The next step of an extract job: its documents are parsed, those of others awaited, then it extracts."""
        if job.waits_on is not None:
            awaited = await jobs.get(connection, job.waits_on)
            if awaited is not None and awaited.is_open:
                return []
            await self._change(connection, job, "Pending", waits_on=None, stage="queued")
        if await units.tally(connection, job.id) or not await self._is_parsed(connection, job):
            return []
        status = "Pending" if job.started_at is None else "Completing"
        await self._change(connection, job, status, stage="extracting")
        return await self.plan(connection, job.id, [units.NewUnit("extract")])

    async def _is_parsed(self, connection: AsyncConnection, job: jobs.JobRow) -> bool:
        """Whether every document of an extract job is parsed; ends the job when one cannot be."""
        children = await jobs.child_states(connection, job.id)
        for child in children:
            if child.status in {"Failed", "Cancelled"}:
                await self._fail_with_child(connection, job, children, child.position)
                return False
        if any(child.status not in ENDED for child in children):
            return False
        try:
            parses = await parses_of(connection, job)
        except RectoError as error:
            await self.end(connection, job, "Failed", error=error)
            return False
        for parse in parses:
            if parse.is_open:
                await self._wait_for(connection, job, parse.id)
                return False
        return True

    async def _change(
        self, connection: AsyncConnection, job: jobs.JobRow, status: str, **values: Any
    ) -> None:
        await jobs.change(connection, job.id, status, allowed_from=may_become(status), **values)

    async def _wait_for(self, connection: AsyncConnection, job: jobs.JobRow, awaited_id: UUID) -> None:
        await self._change(connection, job, "Idle", waits_on=awaited_id, stage="waiting")
        # Under its lock the awaited job either has ended by now, or will see us waiting when it ends.
        awaited = await jobs.get(connection, awaited_id, lock=True)
        if awaited is None or not awaited.is_open:
            await self.queue_advance(connection, job)

    async def _advance_waiting(self, connection: AsyncConnection, job: jobs.JobRow) -> list[Planned]:
        awaited = await jobs.get(connection, job.waits_on) if job.waits_on else None
        if awaited is not None and awaited.is_open:
            return []
        await jobs.change(connection, job.id, "Pending", allowed_from=may_become("Pending"), waits_on=None)
        return await self.plan(connection, job.id, [units.NewUnit("intake")])

    async def _nothing_read(self, connection: AsyncConnection, job_id: UUID) -> RectoError:
        failures = await units.failures(connection, job_id)
        if not failures:
            return ProcessingFailed()
        _, record = failures[0]
        return ProcessingFailed(f"No page could be read. The first failed with: {record['message']}")
