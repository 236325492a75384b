"""POST /pipeline and POST /pipeline_async: run a deployed pipeline on a document, or on several."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.api.answers import pipeline_answer
from recto.api.guards import Caller, Here, JsonObject
from recto.api.handing_out import made_and_answered
from recto.api.submitting import (
    check_webhook,
    document_references,
    submission_of,
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
    return await _pipeline(request, context, organisation, body, background=False)


@router.post("/pipeline_async")
async def pipeline_async(request: Request, context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Run a pipeline in the background; answers with the job's id at once."""
    return await _pipeline(request, context, organisation, body, background=True)


async def _pipeline(
    request: Request, context: Here, organisation: UUID, body: dict[str, Any], *, background: bool
) -> Response:
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

    return await made_and_answered(
        request,
        context,
        submission,
        body,
        make,
        lambda row: pipeline_answer(request, row),
        background=background,
    )
