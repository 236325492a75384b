"""POST /parse and POST /parse_async."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from recto.api.answers import parse_answer
from recto.api.guards import Caller, Here, JsonObject
from recto.api.handing_out import made_and_answered
from recto.api.submitting import check_webhook, submission_of, tenant_of
from recto.jobs.lanes import asked_lane
from recto.wire.asynchronous import QueuePriority
from recto.wire.bodies import read_parse
from recto.wire.inputs import references
from recto.wire.parse_options import to_options

router = APIRouter()


@router.post("/parse")
async def parse(request: Request, context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Read a document; answers with the result, or with a job id when the body has `async`."""
    return await _parse(request, context, organisation, body, background=False)


@router.post("/parse_async")
async def parse_async(request: Request, context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Read a document in the background; answers with the job's id at once."""
    return await _parse(request, context, organisation, body, background=True)


async def _parse(
    request: Request, context: Here, organisation: UUID, body: dict[str, Any], *, background: bool
) -> Response:
    asked = read_parse(body, background=background)
    options, password, warnings = to_options(asked.config)
    in_background = background or asked.background is not None
    lane = asked_lane(
        sync=not in_background, priority=asked.priority, batch=asked.queue is QueuePriority.BATCH
    )
    webhook = await check_webhook(context, asked.background)
    submission = submission_of(
        organisation,
        lane,
        body,
        asked.background,
        password,
        webhook,
        (*asked.warnings, *warnings),
        tenant_of(request, asked.config.settings.tenant_throttling),
    )
    (reference,) = references(asked.config.input)
    return await made_and_answered(
        request,
        context,
        submission,
        body,
        lambda connection, made: context.submitter.parse(connection, made, reference, options),
        lambda row: parse_answer(request, row, context.limits.inline_result_bytes),
        background=in_background,
    )
