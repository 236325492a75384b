"""POST /pipeline and POST /pipeline_async: run a deployed pipeline on a document, or on several."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.api.answers import pipeline_answer
from recto.api.guards import Caller, Here, JsonObject
from recto.api.handing_out import handed_out
from recto.api.problems import answer
from recto.api.submitting import (
    check_webhook,
    document_references,
    finished,
    submission_of,
    submit_once,
    tenant_of,
)
from recto.jobs.lanes import asked_lane
from recto.jobs.submit import Submission
from recto.storage.queries import pipelines
from recto.wire.bodies import read_pipeline

router = APIRouter()


@router.post("/pipeline")
async def pipeline(request: Request, context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Run a pipeline; answers with its result."""
    job_id = await _submit(request, context, organisation, body, background=False)
    row = await finished(request, context, organisation, job_id)
    return handed_out(context, row, answer(await pipeline_answer(request, row)))


@router.post("/pipeline_async")
async def pipeline_async(request: Request, context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Run a pipeline in the background; answers with the job's id at once."""
    return answer({"job_id": str(await _submit(request, context, organisation, body, background=True))})


async def _submit(
    request: Request, context: Here, organisation: UUID, body: dict[str, Any], *, background: bool
) -> UUID:
    asked = read_pipeline(body, background=background)
    config = asked.config
    documents = document_references(config.input)
    webhook = await check_webhook(context, asked.background)
    submission = submission_of(
        organisation,
        asked_lane(sync=not background, priority=asked.priority),
        body,
        asked.background,
        config.settings.document_password,
        webhook,
        asked.warnings,
        tenant_of(request),
    )
    many = isinstance(config.input, list)

    async def make(connection: AsyncConnection, made: Submission) -> UUID:
        found = await pipelines.find(connection, organisation, config.pipeline_id)
        return await context.submitter.pipeline(connection, made, found, documents, many=many)

    return await submit_once(request, context, submission, body, make)
