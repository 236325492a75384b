"""Runs units of work: claims one, does it in a child process, records how it went, goes on to the next.

Doing is at-least-once, recording exactly once (`storage.queries.units`). Where one unit leads to exactly one
other, the worker goes straight on with it instead of sending itself a task; the rows are the same either way.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
import structlog

from recto.document.options import ParseOptions
from recto.document.result import DocumentProperties
from recto.errors import (
    BadInput,
    Internal,
    NotAvailable,
    RectoError,
    SubprocessCrashed,
    Unavailable,
    of_ours,
)
from recto.inference.service import ModelService
from recto.intake import filetype
from recto.intake.fetch import Fetcher
from recto.intake.filetype import FileType
from recto.intake.reference import JobReference, UploadReference, UrlReference, parse_reference
from recto.jobs.advance import MAX_CLAIMS, RECOGNITION_OFF, chosen_pages
from recto.jobs.answering import Extractor, Hands
from recto.jobs.assembling import Assembled, assemble_to_file
from recto.jobs.children import Children
from recto.jobs.copying import copy_result, image_prefix, kept_key
from recto.jobs.records import Copied, Outcome, Recorder, Taken
from recto.jobs.sources import Sources
from recto.jobs.submit import usable_parse_job
from recto.results.parse import Document, RangeRead, look_at, read_range, recognise_range
from recto.results.pictures import FOLDER
from recto.storage.database import Database
from recto.storage.objects import Objects
from recto.storage.queries import jobs, retention, units, uploads
from recto.storage.secrets import Secrets

INSPECT_TIMEOUT_S = 60.0  # opening and counting 10,000 pages takes about 2 s; repairing a large file more
ASSEMBLE_TIMEOUT_S = 900.0
OCR_TIMEOUT_FACTOR = 2  # a page to be recognised may take so many times the limit of a unit of reading
MAX_SETBACKS = (
    200  # times a unit meets a full disk or a missing storage before it fails: half an hour or more
)
LONGEST_PAUSE_S = 10.0  # after a setback
RECORD_PATIENCE_S = 30.0  # for the database to come back before the outcome of a unit is given up
RECORD_PAUSE_S = 0.5

log = structlog.get_logger(__name__)


R = TypeVar("R")


class Seat(Protocol):
    """What lets a unit go on to the one that follows it, see `jobs.taking`."""

    def reserve(self) -> bool:
        """Whether the worker has room for a unit of reading or assembling, which is then kept."""
        ...

    def settle(self, *, goes_on: bool) -> None:
        """Use that room, or let it go."""
        ...


class Source(msgspec.Struct, frozen=True):
    """A job's document once it is here, as stored in the job's row.

    `key` is the document as given, `readable` the repaired or unlocked one when that differs.
    """

    key: str
    kind: str
    extension: str
    mime: str
    pages: int
    chosen: list[int] | None = None
    readable: str | None = None
    name: str | None = None
    properties: DocumentProperties | None = None

    @property
    def file_type(self) -> FileType:
        """The type as the readers want it."""
        return FileType(kind=self.kind, extension=self.extension, mime=self.mime)  # pyright: ignore[reportArgumentType] - stored by us

    @property
    def order(self) -> list[int]:
        """The pages that were asked for."""
        return self.chosen if self.chosen is not None else list(range(1, self.pages + 1))


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a unit needs to be done: the adapters, and the limits."""

    name: str
    database: Database
    objects: Objects
    sources: Sources
    children: Children
    fetcher: Fetcher
    secrets: Secrets
    scratch: Path
    unit_timeout_s: float
    lease_s: float
    layout_model: str | None = None
    model: ModelService | None = None


class UnitRunner:
    """Runs the units of one worker."""

    def __init__(self, workshop: Workshop, recorder: Recorder) -> None:
        """Keep what is needed."""
        self._shop = workshop
        self._recorder = recorder
        self._in_hand: dict[int, UUID] = {}
        self._waits: dict[UUID, asyncio.Task[Any]] = {}
        hands = Hands(self._waited_for, self._document, self._limit)
        self._extractor = Extractor(
            workshop.database, workshop.objects, workshop.children, hands, workshop.model
        )

    @property
    def in_hand(self) -> frozenset[int]:
        """The units this worker is at: only their leases are renewed, so one it dropped finds another worker."""
        return frozenset(self._in_hand)

    @property
    def jobs_in_hand(self) -> frozenset[UUID]:
        """The jobs whose units this worker is at."""
        return frozenset(self._in_hand.values())

    async def close(self) -> None:
        """Let go of the model's connections."""
        if self._shop.model is not None:
            await self._shop.model.client.close()

    async def run(self, held: units.UnitRow, job: jobs.JobRow, seat: Seat) -> None:
        """Do a claimed unit, and those that follow from it alone as far as its seat goes."""
        following: units.UnitRow | None = held
        begun: jobs.JobRow | None = job
        while following is not None:
            at = following.id
            self._in_hand[at] = following.job_id
            try:
                following = await self._run_held(following, begun, seat)
            finally:
                self._in_hand.pop(at, None)
            seat.settle(goes_on=following is not None)
            begun = None

    async def _run_held(
        self, held: units.UnitRow, job: jobs.JobRow | None, seat: Seat
    ) -> units.UnitRow | None:
        bound = log.bind(job_id=str(held.job_id), unit=held.id, kind=held.kind, attempt=held.attempt)
        if held.attempt > MAX_CLAIMS:
            fault = SubprocessCrashed(f"The workers that tried it ended unexpectedly {MAX_CLAIMS} times.")
            return await self._recorder.failed(held, fault, callers_fault=True)
        try:
            outcome = await self._do(held, job or await self._job_of(held))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                await self._recorder.give_back(held)  # this worker is being stopped: somebody else may go on
                raise
            bound.info("unit dropped, its job has ended")
            return await self._persistently(partial(self._recorder.let_go, held), bound)
        except (RectoError, OSError) as error:
            return await self._failed(held, of_ours(error), bound)
        except Exception as error:  # noqa: BLE001 - whatever it is, the unit must be recorded as failed
            bound.exception("unit failed unexpectedly")
            fault = Internal(f"Reading failed unexpectedly ({type(error).__name__}).")
            return await self._recorder.failed(held, fault, callers_fault=False)
        following = await self._persistently(
            partial(self._recorder.done, held, outcome, go_on=seat.reserve()), bound
        )
        if held.kind == "assemble":
            await self._tidy(held)
        return following

    async def _failed(self, held: units.UnitRow, error: RectoError, bound: Any) -> None:
        """Record a failure; one of the server, and not of the document, only puts the unit back for a while."""
        bound.warning("unit failed", error=error.message, setbacks=held.setbacks)
        if isinstance(error, Unavailable) and held.setbacks < MAX_SETBACKS:
            try:
                await asyncio.sleep(
                    pause_after(held.setbacks)
                )  # in its slot: this worker takes less meanwhile
            finally:
                await self._persistently(partial(self._recorder.give_back, held, setback=True), bound)
            return
        record = partial(self._recorder.failed, held, error, callers_fault=isinstance(error, BadInput))
        await self._persistently(record, bound)

    async def _persistently(self, record: Callable[[], Awaitable[R]], bound: Any) -> R:
        """Write an outcome down although the database may be away for a moment: the work is done already.

        Trying again is harmless, what was written is written once; and by the end of the lease it is in vain.
        """
        until = asyncio.get_running_loop().time() + RECORD_PATIENCE_S
        while True:
            try:
                return await record()
            except Unavailable as error:
                if asyncio.get_running_loop().time() > until:
                    raise
                bound.warning("an outcome could not be written yet", error=error.message)
            await asyncio.sleep(RECORD_PAUSE_S)

    async def _tidy(self, held: units.UnitRow) -> None:
        """Drop what the units of a completed job have left: its result holds it all.

        Where pages failed it stays: they may be read again. Best effort: what stays is for the sweep.
        """
        try:
            async with self._shop.database.look() as connection:
                job = await jobs.get(connection, held.job_id)
                failed = await units.failures(connection, held.job_id)
            if job is None or job.status != "Completed":
                return
            if not failed:
                await self._shop.objects.delete_prefix(_readings(held.job_id))
            async with self._shop.database.begin() as connection:
                await retention.mark_tidied(connection, [held.job_id])
        except RectoError as error:
            log.info("readings stay as long as their job", job_id=str(held.job_id), error=error.message)

    async def _job_of(self, held: units.UnitRow) -> jobs.JobRow:
        async with self._shop.database.look() as connection:
            job = await jobs.get(connection, held.job_id)
        if job is None:
            raise Internal(f"Unit {held.id} belongs to no job.")
        return job

    async def _do(self, held: units.UnitRow, job: jobs.JobRow) -> Outcome:
        with tempfile.TemporaryDirectory(dir=self._shop.scratch, prefix=f"unit-{held.id}-") as folder:
            match held.kind:
                case "intake":
                    return await self._take_in(job, Path(folder))
                case "assemble":
                    return await self._assemble(job, Path(folder))
                case "extract":
                    return await self._extractor.extract(job, Path(folder))
                case _:
                    return await self._read(job, held, Path(folder))

    # --- intake: bring the document here, open it, count its pages ---------------------------------------

    async def _take_in(self, job: jobs.JobRow, folder: Path) -> Outcome:
        options = options_of(job)
        reference = parse_reference(job.request["reference"])
        match reference:
            case JobReference(job_id=job_id):
                return await self._copy_result(job, UUID(job_id))
            case UploadReference(file_id=file_id):
                async with self._shop.database.look() as connection:
                    row = await uploads.find(connection, job.organisation_id, UUID(file_id))
                async with self._shop.sources.file(job.id, row.key) as path:
                    # The upload's extension says more than its file name, but the bytes say more than both.
                    name = row.name or "document"
                    name = name if name.lower().endswith(row.extension) else name + row.extension
                    return await self._open(job, path, row.key, name, options.read.force_extension, folder)
            case UrlReference(url=url):
                path = folder / "download"
                downloaded = await self._waited_for(job.id, self._shop.fetcher.download(url, path))
                key = f"jobs/{job.id}/source"
                await self._shop.objects.put_file(key, path)
                forced = options.read.force_extension
                return await self._open(job, path, key, downloaded.name, forced, folder)

    async def _waited_for(self, job_id: UUID, work: Coroutine[Any, Any, R]) -> R:
        """Wait for work that needs the network and not a child, for as long as its job is open."""
        task = asyncio.create_task(work)
        self._waits[job_id] = task
        try:
            async with self._shop.database.begin() as connection:
                job = await jobs.get(connection, job_id)
            if job is None or not job.is_open:  # it ended before anybody could stop this
                task.cancel()
            return await task
        finally:
            self._waits.pop(job_id, None)
            task.cancel()

    def job_ended(self, job_id: UUID) -> None:
        """Let go of a job that has ended: its document, and what it waits for, which may take minutes."""
        self._shop.sources.job_ended(job_id)
        if task := self._waits.get(job_id):
            task.cancel()

    async def _open(
        self, job: jobs.JobRow, path: Path, key: str, name: str | None, extension: str | None, folder: Path
    ) -> Taken:
        file_type = await asyncio.to_thread(filetype.detect, path, name, extension)
        document = Document(path, file_type, self._password(job))
        inspection = await self._shop.children.run(
            "read", job.id, self._limit(job, INSPECT_TIMEOUT_S), look_at, document, folder
        )
        readable = None
        if inspection.readable is not None:
            readable = f"jobs/{job.id}/readable{file_type.extension}"
            await self._shop.objects.put_file(readable, inspection.readable)
        spans = options_of(job).read.pages
        chosen = chosen_pages(spans, inspection.pages)
        source = Source(
            key=key,
            kind=file_type.kind,
            extension=file_type.extension,
            mime=file_type.mime,
            pages=inspection.pages,
            chosen=chosen if spans else None,
            readable=readable,
            name=name,
            properties=inspection.properties,
        )
        return Taken(source=msgspec.to_builtins(source), chosen=tuple(chosen), warnings=inspection.warnings)

    async def _copy_result(self, job: jobs.JobRow, source_id: UUID) -> Copied:
        async with self._shop.database.look() as connection:
            other = await usable_parse_job(connection, job.organisation_id, source_id)
        if other.is_open:
            return Copied(waits_on=other.id)
        return await copy_result(self._shop.objects, job.id, options_of(job), other, options_of(other))

    # --- reading and assembling --------------------------------------------------------------------------

    async def _read(self, job: jobs.JobRow, held: units.UnitRow, folder: Path) -> Outcome:
        if held.kind == "ocr" and not self._shop.children.recognises:
            raise NotAvailable(RECOGNITION_OFF)
        out = folder / "reading"
        async with self._document(job) as document:
            if held.kind == "ocr":
                limit = self._limit(job, self._shop.unit_timeout_s * OCR_TIMEOUT_FACTOR)
                pool, function = "ocr", partial(recognise_range, layout_model=self._shop.layout_model)
            else:
                limit = self._limit(job, self._shop.unit_timeout_s)
                pool, function = "read", read_range
            read: RangeRead = await self._shop.children.run(
                pool, job.id, limit, function, document, held.pages, options_of(job), out
            )
        for picture in sorted((folder / FOLDER).glob("*.png")):
            await self._shop.objects.put_file(f"{image_prefix(job.id)}{picture.name}", picture)
        key = f"{_readings(job.id)}{held.id}-{held.attempt}"
        await self._shop.objects.put_file(key, out)
        return Outcome(result_key=key, pages_done=len(read.done), needs_ocr=read.needs_ocr)

    async def _assemble(self, job: jobs.JobRow, folder: Path) -> Outcome:
        out, kept = folder / "result.json", folder / "kept"
        async with self._shop.database.look() as connection:
            results = await units.results(connection, job.id)
            failures = await units.failures(connection, job.id)
        async with AsyncExitStack() as stack:
            keys = [result.result_key for result in results if result.result_key]
            files = [await stack.enter_async_context(self._shop.objects.local_file(key)) for key in keys]
            assembled: Assembled = await self._shop.children.run(
                "read",
                job.id,
                self._limit(job, ASSEMBLE_TIMEOUT_S),
                assemble_to_file,
                files,
                options_of(job),
                source_of(job).order,
                out,
                batch=job.lane == "batch",
                image_prefix=image_prefix(job.id),
                kept=kept,
            )
        key = f"jobs/{job.id}/result.json"
        await self._shop.objects.put_file(kept_key(job.id), kept)
        await self._shop.objects.put_file(key, out)
        return Outcome(result_key=key, assembled=assembled, failures=tuple(failures))

    @asynccontextmanager
    async def _document(self, job: jobs.JobRow) -> AsyncGenerator[Document]:
        source = source_of(job)
        async with self._shop.sources.file(job.id, source.readable or source.key) as path:
            yield Document(path, source.file_type, self._password(job))

    def _password(self, job: jobs.JobRow) -> str | None:
        return self._shop.secrets.open(job.password) if job.password else None

    def _limit(self, job: jobs.JobRow, seconds: float) -> float:
        return seconds if job.timeout_s is None else min(seconds, job.timeout_s)


def pause_after(setbacks: int) -> float:
    """Seconds before the slot of a unit that the server failed is used again.

    >>> pause_after(0), pause_after(5), pause_after(100)
    (1.0, 6.0, 10.0)
    """
    return min(LONGEST_PAUSE_S, 1.0 + setbacks)


def _readings(job_id: UUID) -> str:
    """Where the readings of a job's units are stored until they are put together."""
    return f"jobs/{job_id}/units/"


def options_of(job: jobs.JobRow) -> ParseOptions:
    """The options stored with a job."""
    return msgspec.convert(job.request["options"], ParseOptions)


def source_of(job: jobs.JobRow) -> Source:
    """The document of a job that has been taken in."""
    if job.source is None:
        raise Internal(f"Job {job.id} has no document yet.")
    return msgspec.convert(job.source, Source)


def describe_source(job: jobs.JobRow) -> dict[str, Any] | None:
    """What GET /job tells about the document."""
    if job.source is None:
        return None
    source = source_of(job)
    return {"name": source.name, "mime": source.mime, "pages": source.pages}
