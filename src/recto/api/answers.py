"""Rows and stored results in, the bodies of answers out: a parse, an extraction, a pipeline, a job."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from fastapi import Request

from recto.api.context import OBJECTS_PATH, RESULTS_PATH, base_url, context_of
from recto.document.result import DocumentProperties
from recto.errors import Internal, JobCancelled, JobDeleted, RectoError, from_record
from recto.jobs.copying import citations_key
from recto.jobs.extracting import extract_options_of
from recto.jobs.lanes import lanes_before
from recto.jobs.states import progress, seconds_left
from recto.jobs.units import describe_source, options_of, source_of
from recto.storage.queries import jobs
from recto.storage.queries.outlook import Outlook, outlook
from recto.wire import jobs as wire_jobs
from recto.wire.extract import extract_response
from recto.wire.image_links import with_links
from recto.wire.parse import parse_response, url_result
from recto.wire.pipeline import pipeline_response


async def signed_url(request: Request, key: str, filename: str | None = None) -> str:
    """A URL that opens an object without a key for a while."""
    context = context_of(request)
    native = await context.objects.signed_get(key, context.limits.signed_url_s)
    return native or base_url(request) + OBJECTS_PATH + context.signer.token(key, "GET", filename)


async def _result_url(request: Request, key: str, *, pictures: bool) -> str:
    """A URL of the stored result. With pictures it leads to this server, which puts the links to them in."""
    if not pictures:
        return await signed_url(request, key, "result.json")
    token = context_of(request).signer.token(key, "GET", "result.json")
    return base_url(request) + RESULTS_PATH + token


def error_of(row: jobs.JobRow) -> RectoError | None:
    """Why a job did not complete; None for one that did, or is still open."""
    if row.status == "Cancelled":
        return JobCancelled()
    return from_record(row.error) if row.error else None


async def parse_answer(request: Request, row: jobs.JobRow, inline_bytes: int) -> dict[str, Any]:
    """The ParseResponse of a completed parse job; its result inline when it has at most so many bytes."""
    if row.result_key is None or row.summary is None:
        raise JobDeleted(f"The result of job {row.id} is gone.")
    context, options = context_of(request), options_of(row)
    if options.result.force_url or (row.result_bytes or 0) > inline_bytes:
        pictures = bool(row.summary.get("pictures"))
        url = await _result_url(request, row.result_key, pictures=pictures)
        result: object = url_result(url, str(row.id))
    else:
        stored = await context.objects.get_bytes(row.result_key)
        result = msgspec.Raw(await with_links(stored, partial(signed_url, request)))
    source = source_of(row)
    is_pdf = source.kind == "pdf"
    wanted = options.read.document_properties
    return parse_response(
        job_id=str(row.id),
        duration=row.duration_s or 0.0,
        usage=row.summary["usage"],
        result=result,
        pdf_url=await signed_url(request, source.key, "document.pdf")
        if is_pdf and row.keep != "none"
        else None,
        document_properties=(source.properties or DocumentProperties()) if wanted else None,
        warnings=row.warnings,
    )


async def extract_answer(request: Request, row: jobs.JobRow, inline_bytes: int) -> dict[str, Any]:
    """The answer of a completed extract job; its result inline when it has at most so many bytes."""
    if row.result_key is None or row.summary is None:
        raise JobDeleted(f"The result of job {row.id} is gone.")
    options = extract_options_of(row)
    linked = options.force_url or (row.result_bytes or 0) > inline_bytes
    citations: object = None
    if row.summary.get("citations"):
        citations = await _stored_json(request, row, citations_key(row.id), linked=linked)
    return extract_response(
        form=options.form,
        job_id=str(row.id),
        duration=row.duration_s or 0.0,
        summary=row.summary,
        result=await _stored_json(request, row, row.result_key, linked=linked),
        citations=citations,
        warnings=row.warnings,
    )


async def _stored_json(request: Request, row: jobs.JobRow, key: str, *, linked: bool) -> object:
    """A stored part of an answer, as it is or as a link."""
    if linked:
        return url_result(await signed_url(request, key, key.rpartition("/")[2]), str(row.id))
    return msgspec.Raw(await context_of(request).objects.get_bytes(key))


async def pipeline_answer(request: Request, row: jobs.JobRow) -> dict[str, Any]:
    """The PipelineResponse of a completed pipeline job. Together its parses keep to the inline limit."""
    context = context_of(request)
    async with context.database.begin() as connection:
        children = await jobs.children(connection, row.id)
    room = context.limits.inline_result_bytes
    parses: list[dict[str, Any]] = []
    extract: dict[str, Any] | None = None
    for child in children:
        if child.deleting_at is not None:
            raise JobDeleted(f"Job {child.id}, a part of job {row.id}, has been deleted.")
        if child.type == "Extract":
            extract = await extract_answer(request, child, room)
        else:
            parses.append(await parse_answer(request, child, room))
        room -= min(room, child.result_bytes or 0)
    body = pipeline_response(str(row.id), parses if row.request.get("many") else parses[0], extract=extract)
    if row.warnings:
        body["warnings"] = row.warnings
    return body


async def result_answer(request: Request, row: jobs.JobRow) -> dict[str, Any]:
    """What a job came to, as the body of its own endpoint."""
    if row.type == "Pipeline":
        return await pipeline_answer(request, row)
    if row.type == "Extract":
        return await extract_answer(request, row, context_of(request).limits.inline_result_bytes)
    if row.type == "Parse":
        return await parse_answer(request, row, context_of(request).limits.inline_result_bytes)
    raise Internal(f"Job {row.id} is a {row.type} job, which this version cannot show.")


async def job_answer(request: Request, row: jobs.JobRow) -> dict[str, Any]:
    """The body of GET /job: the contract's fields, and stage, times, lane and warnings beside them."""
    done = row.status == "Completed"
    view: Outlook | None = None
    if not done:
        async with context_of(request).database.look() as connection:
            (row,) = await jobs.as_parts_stand(connection, [row])
            if row.is_open:
                view = await outlook(connection, row.id, row.lane, row.created_at, lanes_before(row.lane))
    body = wire_jobs.job_response(
        str(row.id),
        row.status,  # pyright: ignore[reportArgumentType] - the column holds the seven states
        row.type,  # pyright: ignore[reportArgumentType] - and the seven types
        created_at=row.created_at,
        result=await result_answer(request, row) if done else None,
        error=error_of(row),
        progress=progress(row.status, row.pages_done, row.pages_total, row.pages_known),
        num_pages=row.pages_done,
        total_pages=row.pages_total,
        duration=row.duration_s,
        raw_config=row.raw_config,
        source=describe_source(row),
    )
    return body | {
        "stage": row.stage,
        "lane": row.lane,
        "lane_asked": row.lane_asked,
        **_when(row, view),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "pipeline_id": row.pipeline_id,
        "pipeline_version": row.pipeline_version,
        "warnings": row.warnings,
    }


def _when(row: jobs.JobRow, view: Outlook | None) -> dict[str, Any]:
    """The place in the queue (1 is the next) of a job that waits, and when an open one may end."""
    if view is None:
        return {"queue_position": None, "estimated_end": None}
    now = datetime.now(UTC)
    left_s = seconds_left(
        elapsed_s=(now - row.started_at).total_seconds() if row.started_at else None,
        pages_done=row.pages_done,
        pages_total=row.pages_total,
        ahead=view.ahead,
        abreast=view.abreast,
        mean_s=view.mean_s,
    )
    return {
        "queue_position": view.ahead + 1 if row.status == "Pending" else None,
        "estimated_end": None if left_s is None else (now + timedelta(seconds=left_s)).isoformat(),
    }


def listed_job(row: jobs.JobRow, *, configs: bool) -> dict[str, Any]:
    """One line of GET /jobs."""
    return wire_jobs.single_job(
        str(row.id),
        row.status,  # pyright: ignore[reportArgumentType] - the column holds the seven states
        row.type,  # pyright: ignore[reportArgumentType] - and the seven types
        created_at=row.created_at,
        raw_config=row.raw_config if configs else None,
        num_pages=row.pages_done,
        total_pages=row.pages_total,
        duration=row.duration_s,
        source=describe_source(row),
    )
