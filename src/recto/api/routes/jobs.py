"""GET and DELETE /job/{id}, POST /cancel/{id}, GET /jobs."""

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, Response

from recto.api.answers import job_answer, listed_job
from recto.api.context import Context
from recto.api.cursors import before
from recto.api.guards import Caller, Here, job_uuid
from recto.api.handing_out import handed_out
from recto.api.problems import answer
from recto.errors import JobNotComplete, RectoError, SyncTimeout
from recto.jobs.deletion import gone
from recto.storage.queries import jobs, retention
from recto.wire.jobs import jobs_response

LONG_POLL_MOST_S = 60.0  # proxies close what is silent for longer
DELETE_WAIT_S = 2.0  # an answer waits so long for the deletion; it goes on behind the answer

log = structlog.get_logger(__name__)

router = APIRouter()


@router.get("/job/{job_id}")
async def retrieve_job(
    request: Request,
    context: Here,
    organisation: Caller,
    job_id: str,
    timeout: Annotated[float, Query(ge=0)] = 0,  # noqa: ASYNC109 - the name is the contract's
) -> Response:
    """How a job stands, and its result once it has one; with `timeout`, waits up to so many seconds for its end."""
    async with context.database.begin() as connection:
        row = await jobs.find(connection, organisation, job_uuid(job_id))
    if timeout and row.is_open:
        with suppress(SyncTimeout):
            row = await context.waiter.wait(row.id, min(timeout, LONG_POLL_MOST_S))
    if error := gone(row):
        raise error
    return handed_out(context, row, answer(await job_answer(request, row)))


@router.delete("/job/{job_id}")
async def delete_job(
    context: Here, organisation: Caller, job_id: str, include_persisted: bool = False
) -> Response:
    """Delete what a job has stored; its row stays as a tombstone. Asking again is no error.

    Until everything is gone the job answers 409, from then on 410.
    """
    async with context.database.begin() as connection:
        row = await jobs.find(connection, organisation, job_uuid(job_id))
        row = await jobs.get(connection, row.id, lock=True) or row  # a retry may be opening it at this moment
        if row.is_open:
            raise JobNotComplete(f"Job {job_id} has not ended yet; cancel it first, or wait for its end.")
        await retention.begin_deletion(connection, row.id, persisted_too=include_persisted)
    deleting = asyncio.create_task(_deleted(context, row.id))
    _deleting.add(deleting)
    deleting.add_done_callback(_deleting.discard)
    await asyncio.wait((deleting,), timeout=DELETE_WAIT_S)
    return answer({"job_id": str(row.id)}, 202)


_deleting: set[asyncio.Task[None]] = set()
"""Deletions that go on behind their answers: the loop itself would let go of them."""


async def _deleted(context: Context, job_id: UUID) -> None:
    try:
        await context.deletion.finish_one(job_id)
    except RectoError as error:
        log.warning("a deletion is finished later", job_id=str(job_id), error=error.message)


@router.post("/cancel/{job_id}")
async def cancel_job(context: Here, organisation: Caller, job_id: str) -> Response:
    """Cancel a job that has not ended, and everything it started."""
    async with context.database.begin() as connection:
        status = await context.flow.cancel(connection, organisation, job_uuid(job_id))
    return answer({"job_id": job_id, "status": status})


@router.get("/jobs")
async def list_jobs(
    context: Here,
    organisation: Caller,
    exclude_configs: bool = False,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The organisation's jobs, newest first."""
    start = before(context, cursor)
    async with context.database.begin() as connection:
        rows = await jobs.listing(connection, organisation, before=start, limit=limit + 1)
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        following = context.cursors.sign_cursor([page[-1].created_at.isoformat(), str(page[-1].id)])
    return answer(jobs_response([listed_job(row, configs=not exclude_configs) for row in page], following))
