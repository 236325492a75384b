"""Writes down how a unit went and what follows from it, in one transaction under its job's lock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import ErrorRecord, NotAvailable, RectoError
from recto.jobs import advance
from recto.jobs.assembling import Assembled
from recto.jobs.extracting import Extracted
from recto.jobs.flow import Flow, Planned
from recto.jobs.lanes import QUEUES
from recto.jobs.states import may_become
from recto.storage.database import Database
from recto.storage.queries import jobs, units

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a finished unit left: its object, and by kind pages read, pages to recognise, or the result."""

    result_key: str | None = None
    pages_done: int = 0
    needs_ocr: tuple[int, ...] = ()
    assembled: Assembled | None = None
    extracted: Extracted | None = None
    failures: tuple[tuple[tuple[int, ...], ErrorRecord], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Outcome):
    """The document is here: `source` describes it, `chosen` are the pages to read."""

    source: dict[str, Any]
    chosen: tuple[int, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied(Outcome):
    """Another job's result was taken over (`result_key`), or has to be waited for (`waits_on`)."""

    waits_on: UUID | None = None
    result_bytes: int | None = None
    summary: dict[str, Any] | None = None
    pages: int = 0
    source: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()


class Recorder:
    """Records outcomes for one worker."""

    def __init__(
        self,
        name: str,
        database: Database,
        flow: Flow,
        lease_s: float,
        unit_pages: int,
        *,
        ocr: Callable[[], bool],
    ) -> None:
        """`unit_pages` is the size of a reading unit; `ocr` says whether any worker recognises at present."""
        self._name = name
        self._database = database
        self._flow = flow
        self._lease_s = lease_s
        self._unit_pages = unit_pages
        self._ocr = ocr

    async def done(
        self, held: units.UnitRow, outcome: Outcome, *, go_on: bool = True
    ) -> units.UnitRow | None:
        """Record a success; returns the unit that this worker goes on with, if there is just one.

        Without `go_on` it waits in its line like every other.
        """
        async with self._database.begin() as connection:
            job = await jobs.get(connection, held.job_id, lock=True)
            recorded = await units.finish(connection, held, self._name, "done", result_key=outcome.result_key)
            if not recorded or job is None or not job.is_open:
                return None
            if await self._flow.end_if_overdue(connection, job):
                return None
            planned = await self._follow_up(connection, job, held, outcome)
            bounded = job.tenant_share is not None and QUEUES[held.kind] != "read"
            if not go_on or bounded:  # whose share is bounded asks for each slot of another queue
                await self._flow.queue(connection, planned)
                return None
            return await self._go_on(connection, planned)

    async def failed(
        self, held: units.UnitRow, error: RectoError, *, callers_fault: bool
    ) -> units.UnitRow | None:
        """Record a failure: again, in smaller pieces, by another route, or given up."""
        after = advance.after_failure(held, callers_fault=callers_fault, ocr_available=self._ocr())
        async with self._database.begin() as connection:
            job = await jobs.get(connection, held.job_id, lock=True)
            recorded = await units.finish(connection, held, self._name, after.status, error=error.to_record())
            if not recorded or job is None or not job.is_open:
                return None
            if await self._flow.end_if_overdue(connection, job):
                return None
            if after.status == "failed" and held.kind in advance.WHOLE:
                await self._flow.end(connection, job, "Failed", error=error)
                return None
            await jobs.move(connection, job.id)
            planned = await self._flow.plan(connection, job.id, after.instead)
            if after.status == "pending":
                planned = [Planned(held.kind, (held.id,))]
            elif after.status == "failed":
                planned = await self._flow.advance_parse(connection, job)
            await self._flow.queue(connection, planned)
            return None

    async def give_back(self, held: units.UnitRow, *, setback: bool = False) -> None:
        """Free a unit that this worker cannot finish, for another; `setback`: the server was in the way.

        Where its job has ended meanwhile it waits for nobody: it would count as running, or waiting, for ever.
        """
        async with self._database.begin() as connection:
            job = await jobs.get(connection, held.job_id, lock=True)
            if job is None or not job.is_open:
                await units.finish(connection, held, self._name, "left out")
            elif await units.release(connection, held, self._name, setback=setback):
                await self._flow.queue(connection, [Planned(held.kind, (held.id,))])

    async def let_go(self, held: units.UnitRow) -> None:
        """Take out a unit whose job has ended: what counts as running would count against its tenant's share."""
        async with self._database.begin() as connection:
            await units.finish(connection, held, self._name, "left out")

    async def _follow_up(
        self, connection: AsyncConnection, job: jobs.JobRow, held: units.UnitRow, outcome: Outcome
    ) -> list[Planned]:
        match outcome:
            case Taken():
                await jobs.move(
                    connection,
                    job.id,
                    source=outcome.source,
                    pages_total=len(outcome.chosen),
                    stage="reading",
                )
                await jobs.add_warnings(connection, job.id, list(outcome.warnings))
                ranges = advance.reading_units(outcome.chosen, self._unit_pages)
                return await self._flow.plan(connection, job.id, ranges)
            case Copied():
                await self._take_over(connection, job, outcome)
                return []
            case Outcome(assembled=Assembled() as assembled):
                await self._complete(connection, job, outcome, assembled)
                return []
            case Outcome(extracted=Extracted() as extracted):
                await self._complete_extract(connection, job, outcome, extracted)
                return []
            case _:
                done = job.pages_done + outcome.pages_done
                stage = "recognising" if held.kind == "ocr" or outcome.needs_ocr else "reading"
                await jobs.move(connection, job.id, pages_done=done, stage=stage)
                ocr = bool(outcome.needs_ocr) and self._ocr()
                wanted = advance.recognition_units(outcome.needs_ocr) if ocr else []
                if outcome.needs_ocr and not ocr:
                    # Given up at once, so that they are named, and can be read again when there is recognition.
                    error = NotAvailable(advance.RECOGNITION_OFF).to_record()
                    await units.plan_failed(connection, job.id, "ocr", outcome.needs_ocr, error)
                planned = await self._flow.plan(connection, job.id, wanted)
                return planned or await self._flow.advance_parse(connection, job)

    async def _go_on(self, connection: AsyncConnection, planned: list[Planned]) -> units.UnitRow | None:
        if len(planned) == 1 and len(planned[0].ids) == 1 and planned[0].kind != "ocr":
            return await units.claim(connection, planned[0].ids[0], self._name, self._lease_s)
        await self._flow.queue(connection, planned)
        return None

    async def _complete(
        self, connection: AsyncConnection, job: jobs.JobRow, outcome: Outcome, assembled: Assembled
    ) -> None:
        lost = advance.lost_pages(outcome.failures)
        warnings = list(dict.fromkeys([*job.warnings, *assembled.warnings, *lost]))
        await self._flow.end(
            connection,
            job,
            "Completed",
            result_key=outcome.result_key,
            result_bytes=assembled.result_bytes,
            summary={"usage": assembled.usage} | ({"pictures": True} if assembled.pictures else {}),
            warnings=warnings,
        )

    async def _complete_extract(
        self, connection: AsyncConnection, job: jobs.JobRow, outcome: Outcome, extracted: Extracted
    ) -> None:
        await self._flow.end(
            connection,
            job,
            "Completed",
            result_key=outcome.result_key,
            result_bytes=extracted.result_bytes,
            summary=extracted.summary | ({"citations": True} if extracted.citations else {}),
            pages_done=extracted.pages,
            pages_total=extracted.pages,
            warnings=list(dict.fromkeys([*job.warnings, *extracted.warnings])),
        )

    async def _take_over(self, connection: AsyncConnection, job: jobs.JobRow, copied: Copied) -> None:
        if copied.waits_on is not None:
            # Its own timeout limits its processing, not the wait: its clock begins anew when it goes on.
            await jobs.change(
                connection,
                job.id,
                "Idle",
                allowed_from=may_become("Idle"),
                waits_on=copied.waits_on,
                stage="waiting",
                started_at=None,
                deadline_at=None,
            )
            # Under its lock the awaited job either has ended by now, or will see us waiting when it ends.
            awaited = await jobs.get(connection, copied.waits_on, lock=True)
            if awaited is None or not awaited.is_open:
                await self._flow.queue_advance(connection, job)
            return
        await self._flow.end(
            connection,
            job,
            "Completed",
            result_key=copied.result_key,
            result_bytes=copied.result_bytes,
            summary=copied.summary,
            source=copied.source,
            pages_done=copied.pages,
            pages_total=copied.pages,
            warnings=list(dict.fromkeys([*job.warnings, *copied.warnings])),
        )
