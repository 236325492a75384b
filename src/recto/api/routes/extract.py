"""POST /extract and POST /extract_async: values by a schema, out of one document or several."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from recto.api.answers import extract_answer
from recto.api.guards import MAX_BODY_BYTES, Caller, Here, json_object
from recto.api.handing_out import made_and_answered
from recto.api.submitting import check_webhook, document_references, submission_of, tenant_of
from recto.errors import DocumentTooLarge, InvalidSchema
from recto.jobs.lanes import asked_lane
from recto.wire.asynchronous import QueuePriority
from recto.wire.bodies import read_extract

router = APIRouter()


async def body_with_schema(request: Request) -> dict[str, Any]:
    """The request's body; raises what `json_object` raises, and InvalidSchema for one that is too long."""
    try:
        return await json_object(request)
    except DocumentTooLarge as error:
        raise InvalidSchema(
            f"The request is longer than {MAX_BODY_BYTES:,} bytes, which no schema needs: describe the values, and"
            " upload documents with /upload."
        ) from error


Body = Annotated[dict[str, Any], Depends(body_with_schema)]


@router.post("/extract")
async def extract(request: Request, context: Here, organisation: Caller, body: Body) -> Response:
    """Extract; answers with the values, or with a job id when the body has `async`."""
    return await _extract(request, context, organisation, body, background=False)


@router.post("/extract_async")
async def extract_async(request: Request, context: Here, organisation: Caller, body: Body) -> Response:
    """Extract in the background; answers with the job's id at once."""
    return await _extract(request, context, organisation, body, background=True)


async def _extract(
    request: Request, context: Here, organisation: UUID, body: dict[str, Any], *, background: bool
) -> Response:
    asked = read_extract(body, background=background)
    in_background = background or asked.background is not None
    lane = asked_lane(
        sync=not in_background, priority=asked.priority, batch=asked.queue is QueuePriority.BATCH
    )
    documents = document_references(asked.config.input)
    webhook = await check_webhook(context, asked.background)
    submission = submission_of(
        organisation,
        lane,
        body,
        asked.background,
        asked.password,
        webhook,
        asked.warnings,
        tenant_of(request, asked.config.parsing.settings.tenant_throttling),
    )
    return await made_and_answered(
        request,
        context,
        submission,
        body,
        lambda connection, made: context.submitter.extract(
            connection, made, documents, asked.options, asked.parsing
        ),
        lambda row: extract_answer(request, row, context.limits.inline_result_bytes),
        background=in_background,
    )
