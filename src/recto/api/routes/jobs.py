"""GET and DELETE /job/{id}, POST /cancel/{id}, GET /jobs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from recto.api.answers import job_answer, listed_job
from recto.api.guards import Caller, Here, job_uuid
from recto.api.problems import answer
from recto.errors import InvalidConfig, JobDeleted, JobNotComplete
from recto.storage.queries import jobs, units
from recto.wire.jobs import jobs_response

router = APIRouter()


@router.get("/job/{job_id}")
async def retrieve_job(request: Request, context: Here, organisation: Caller, job_id: str) -> Response:
    """How a job stands, and its result once it has one."""
    async with context.database.begin() as connection:
        row = await jobs.find(connection, organisation, job_uuid(job_id))
    if row.deleted_at is not None:
        raise JobDeleted(f"Job {job_id} has been deleted.")
    return answer(await job_answer(request, row))


@router.delete("/job/{job_id}")
async def delete_job(
    context: Here, organisation: Caller, job_id: str, include_persisted: bool = False
) -> Response:
    """Delete what a job has stored; its row stays as a tombstone."""
    async with context.database.begin() as connection:
        row = await jobs.find(connection, organisation, job_uuid(job_id))
        if row.is_open:
            raise JobNotComplete(f"Job {job_id} has not ended yet; cancel it first, or wait for its end.")
        keeps = (
            bool(row.request.get("options", {}).get("result", {}).get("persist")) and not include_persisted
        )
        inside = await jobs.insides(connection, row.id)
        for job in (row.id, *inside):
            await jobs.forget(connection, job)
            await units.drop(connection, job)
    for job in inside:
        await context.objects.delete_prefix(f"jobs/{job}/")
    if not keeps:
        await context.objects.delete_prefix(f"jobs/{row.id}/")
        return answer({"job_id": str(row.id)}, 202)
    async for key in context.objects.list_keys(f"jobs/{row.id}/"):
        if key != row.result_key:
            await context.objects.delete(key)
    return answer({"job_id": str(row.id)}, 202)


@router.post("/cancel/{job_id}")
async def cancel_job(context: Here, organisation: Caller, job_id: str) -> Response:
    """Cancel a job that has not ended, and everything it started."""
    async with context.database.begin() as connection:
        await context.flow.cancel(connection, organisation, job_uuid(job_id))
    return answer({"job_id": job_id, "status": "Cancelled"})


@router.get("/jobs")
async def list_jobs(
    context: Here,
    organisation: Caller,
    exclude_configs: bool = False,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The organisation's jobs, newest first."""
    before = _before(context, cursor)
    async with context.database.begin() as connection:
        rows = await jobs.listing(connection, organisation, before=before, limit=limit + 1)
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        following = context.cursors.sign_cursor([page[-1].created_at.isoformat(), str(page[-1].id)])
    return answer(jobs_response([listed_job(row, configs=not exclude_configs) for row in page], following))


def _before(context: Here, cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        created_at, job_id = context.cursors.open_cursor(cursor)
        return datetime.fromisoformat(created_at), UUID(job_id)
    except (ValueError, TypeError) as error:
        raise InvalidConfig("The cursor is not one that this server gave out.") from error
