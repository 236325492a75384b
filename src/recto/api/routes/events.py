"""GET /recto/v1/jobs/{id}/events: a job's progress as server-sent events, until it ends."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from recto.api.context import Context
from recto.api.guards import Caller, Here, job_uuid
from recto.errors import RectoError
from recto.jobs.deletion import gone
from recto.jobs.progress import Snapshot, snapshot
from recto.storage.queries import jobs, units

HEARTBEAT_S = 15.0  # proxies close what is silent for 30 to 60 s
LEAST_S = 0.2  # between two looks: a person sees no more, and a thousand pages may end in a second

router = APIRouter()


@router.get("/recto/v1/jobs/{job_id}/events")
async def job_events(context: Here, organisation: Caller, job_id: str) -> Response:
    """An event `progress` for each change, `end` when the job has ended; a comment while nothing happens."""
    wanted = job_uuid(job_id)
    first = await look(context, organisation, wanted)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _events(context, organisation, wanted, first), media_type="text/event-stream", headers=headers
    )


async def look(context: Context, organisation: UUID, job_id: UUID) -> Snapshot:
    """How the job stands now. The connection goes back to the pool at once.

    Raises:
        NotFound, JobDeleted, JobDeletionInProgress: there is no such job, or no longer.
    """
    async with context.database.look() as connection:
        row = await jobs.find(connection, organisation, job_id)
        if error := gone(row):
            raise error
        (row,) = await jobs.as_parts_stand(connection, [row])
        failures = await units.failures(connection, job_id)
    failed = [page for pages, _ in failures for page in pages]
    return snapshot(row, failed, datetime.now(UTC))


async def _events(
    context: Context, organisation: UUID, job_id: UUID, first: Snapshot
) -> AsyncGenerator[bytes]:
    loop = asyncio.get_running_loop()
    told, told_at = first, loop.time()
    yield _event(first)
    with context.waiter.watching(job_id) as watch:
        while not _ended(told) and not context.waiter.closing:  # a stream cut short is asked for again
            await watch.next_change()
            await asyncio.sleep(LEAST_S)  # what comes meanwhile is in the same look
            try:
                now = await look(context, organisation, job_id)
            except RectoError as error:
                yield b"event: error\ndata: " + msgspec.json.encode({"error": error.to_record()}) + b"\n\n"
                return
            if _differs(now, told):
                told, told_at = now, loop.time()
                yield _event(now)
            elif loop.time() - told_at > HEARTBEAT_S:
                told_at = loop.time()
                yield b": still here\n\n"


def _ended(now: Snapshot) -> bool:
    return now.status in {"Completed", "Failed", "Cancelled"}


def _differs(now: Snapshot, told: Snapshot) -> bool:
    """Whether anything but the estimate has changed, which changes with every second."""
    return replace(now, seconds_left=None) != replace(told, seconds_left=None)


def _event(now: Snapshot) -> bytes:
    name = b"end" if _ended(now) else b"progress"
    return b"event: " + name + b"\ndata: " + msgspec.json.encode(now.values) + b"\n\n"
