"""Reads the failed pages of a completed job again: the job is opened anew, under its own id.

A completed parse job some of whose pages were given up comes in; units to be queued go out. What was read stays
and is put together anew with what can be read now. Until then, and when the retry fails or is cancelled, the
earlier result stands (`Flow.end`). It never reads the document itself.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import InvalidConfig, JobState, NotFound
from recto.jobs import advance
from recto.jobs.deletion import folder_of, gone
from recto.jobs.flow import Flow, Planned
from recto.storage.objects import Objects
from recto.storage.queries import jobs, units


async def retry_failed_pages(
    connection: AsyncConnection,
    flow: Flow,
    objects: Objects,
    organisation_id: UUID,
    job_id: UUID,
    password: bytes | None = None,
) -> dict[UUID, list[int]]:
    """Open the job, or of a pipeline each part that lost pages; returns the pages to be read again by job.

    `password` is the document's, sealed: that of the first reading was erased when the job ended.

    Raises:
        NotFound: no such job, or its document is gone. JobState: it is open, did not complete, or lost no page.
        InvalidConfig: a job that reads no pages. JobDeleted, JobDeletionInProgress: it is gone.
    """
    row = await jobs.find(connection, organisation_id, job_id)
    row = await jobs.get(connection, row.id, lock=True) or row
    parses = await jobs.children(connection, row.id) if row.type == "Pipeline" else [row]
    if row.type == "Pipeline" and any(one.type == "Extract" for one in parses):
        raise JobState(
            f"Job {job_id} has values extracted from its documents, which would not learn of pages read later:"
            " retry its parse jobs, and extract again from their jobid://."
        )
    if error := gone(row):
        raise error
    if row.status != "Completed":
        raise JobState(f"Job {job_id} is {row.status}: only the pages of a Completed job can be read again.")
    if any(parse.type != "Parse" for parse in parses[:1]):
        raise InvalidConfig(f"Job {job_id} is of the type {row.type} and reads no pages itself.")
    opened: dict[UUID, list[int]] = {}
    for part in parses:
        if not await units.failures(connection, part.id):
            continue
        # Held like its whole, after it: a deletion may just be beginning, or another retry.
        parse = await jobs.get(connection, part.id, lock=True) or part
        failures = await units.failures(connection, parse.id)
        if failures and not parse.is_open and gone(parse) is None:
            await _open(connection, flow, objects, parse, password)
            opened[parse.id] = sorted(page for pages, _ in failures for page in pages)
    if not opened:
        raise JobState(f"Job {job_id} has no failed pages: its result holds every page that was asked for.")
    return opened


async def _open(
    connection: AsyncConnection, flow: Flow, objects: Objects, job: jobs.JobRow, password: bytes | None
) -> None:
    await _check_stored(connection, objects, job)
    told_before = set(advance.lost_pages(await units.failures(connection, job.id)))
    again = await units.reopen(connection, job.id)
    warnings = [sentence for sentence in job.warnings if sentence not in told_before]
    await jobs.reopen(connection, job.id, warnings=warnings, password=password)
    await flow.queue(connection, [Planned(kind, (unit_id,)) for unit_id, kind in again])
    if not again:  # every page is read by now, and only the putting together failed
        await flow.queue_advance(connection, job)


async def _check_stored(connection: AsyncConnection, objects: Objects, job: jobs.JobRow) -> None:
    source = job.source or {}
    key = source.get("readable") or source.get("key")
    if key is None or not await objects.exists(key):
        raise NotFound(f"The document of job {job.id} has been deleted: its pages cannot be read again.")
    there = {key async for key in objects.list_keys(folder_of(job.id) + "units")}
    read = await units.results(connection, job.id)
    if any(one.result_key not in there for one in read):
        raise JobState(
            f"Job {job.id} is from before its server could read failed pages again: submit the document anew."
        )
