"""/recto/v1/webhooks: endpoints and their secrets, messages and their attempts, replay and tests."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from recto.api import webhook_bodies as bodies
from recto.api.cursors import before
from recto.api.guards import Caller, Here, JsonObject, job_uuid
from recto.api.problems import answer
from recto.errors import NotFound
from recto.storage.queries import endpoints, messages
from recto.webhooks.endpoints import endpoint_uuid, message_uuid
from recto.webhooks.signing import message_id

router = APIRouter(prefix="/recto/v1/webhooks")


@router.get("/endpoints")
async def list_endpoints(context: Here, organisation: Caller) -> Response:
    """The organisation's endpoints, oldest first."""
    async with context.database.begin() as connection:
        rows = await endpoints.listing(connection, organisation)
    return answer({"endpoints": [bodies.endpoint_shown(row) for row in rows]})


@router.post("/endpoints")
async def create_endpoint(context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Make an endpoint; the answer holds its secret."""
    wanted = bodies.NewEndpoint.model_validate(body)
    await context.webhooks.check(wanted.url)
    async with context.database.begin() as connection:
        row = await context.webhooks.add(
            connection, organisation, wanted.model_dump(exclude={"secret"}), wanted.secret
        )
        secret = await context.webhooks.secret(connection, organisation, row.id)
    return answer(bodies.endpoint_shown(row) | {"secret": secret}, 201)


@router.get("/endpoints/{endpoint_id}")
async def read_endpoint(context: Here, organisation: Caller, endpoint_id: str) -> Response:
    """One endpoint."""
    async with context.database.begin() as connection:
        row = await endpoints.find(connection, organisation, endpoint_uuid(endpoint_id))
    return answer(bodies.endpoint_shown(row))


@router.patch("/endpoints/{endpoint_id}")
async def change_endpoint(
    context: Here, organisation: Caller, endpoint_id: str, body: JsonObject
) -> Response:
    """Change an endpoint; what the body leaves out stays."""
    wanted = bodies.EndpointChange.model_validate(body)
    if wanted.url:
        await context.webhooks.check(wanted.url)
    async with context.database.begin() as connection:
        row = await context.webhooks.change(
            connection, organisation, endpoint_uuid(endpoint_id), wanted.values()
        )
    return answer(bodies.endpoint_shown(row))


@router.delete("/endpoints/{endpoint_id}")
async def delete_endpoint(context: Here, organisation: Caller, endpoint_id: str) -> Response:
    """Remove an endpoint with its secrets and its log."""
    async with context.database.begin() as connection:
        await endpoints.remove(connection, organisation, endpoint_uuid(endpoint_id))
    return answer({"id": endpoint_id, "deleted": True})


@router.get("/endpoints/{endpoint_id}/secret")
async def read_secret(context: Here, organisation: Caller, endpoint_id: str) -> Response:
    """The secret that signs what this endpoint gets."""
    async with context.database.begin() as connection:
        secret = await context.webhooks.secret(connection, organisation, endpoint_uuid(endpoint_id))
    return answer({"secret": secret})


@router.post("/endpoints/{endpoint_id}/secret/rotate")
async def rotate_secret(context: Here, organisation: Caller, endpoint_id: str, body: JsonObject) -> Response:
    """Replace the secret; the old one signs beside it for a while."""
    return await _rotated(context, organisation, endpoint_uuid(endpoint_id), body)


@router.post("/endpoints/{endpoint_id}/test")
async def send_test(context: Here, organisation: Caller, endpoint_id: str) -> Response:
    """Send a test message to this endpoint."""
    async with context.database.begin() as connection:
        sent = await context.webhooks.test(connection, organisation, endpoint_uuid(endpoint_id))
    return answer({"message_id": message_id(sent)}, 202)


@router.get("/secret")
async def read_direct_secret(context: Here, organisation: Caller) -> Response:
    """The secret that signs direct webhooks; NotFound as long as none does."""
    async with context.database.begin() as connection:
        secret = await context.webhooks.secret(connection, organisation, None)
    if secret is None:
        raise NotFound(
            "Direct webhooks are not signed: POST /recto/v1/webhooks/secret/rotate makes a secret."
        )
    return answer({"secret": secret})


@router.post("/secret/rotate")
async def rotate_direct_secret(context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Make the secret that signs direct webhooks, or replace it."""
    return await _rotated(context, organisation, None, body)


@router.delete("/secret")
async def drop_direct_secret(context: Here, organisation: Caller) -> Response:
    """Sign direct webhooks no more."""
    async with context.database.begin() as connection:
        await endpoints.replace_secret(connection, organisation, None, None, 0)
    return answer({"deleted": True})


async def _rotated(
    context: Here, organisation: UUID, endpoint_id: UUID | None, body: dict[str, Any]
) -> Response:
    wanted = bodies.Rotation.model_validate(body)
    async with context.database.begin() as connection:
        secret = await context.webhooks.rotate(
            connection, organisation, endpoint_id, wanted.secret, wanted.overlap_s
        )
    return answer({"secret": secret})


@router.get("/messages")
async def list_messages(
    context: Here,
    organisation: Caller,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    job_id: str | None = None,
    endpoint_id: str | None = None,
    status: Literal["pending", "delivered", "failed"] | None = None,
) -> Response:
    """The organisation's messages, newest first, each with how its deliveries stand."""
    async with context.database.begin() as connection:
        rows = await messages.listing(
            connection,
            organisation,
            limit=limit + 1,
            before=before(context, cursor),
            job_id=job_uuid(job_id) if job_id else None,
            endpoint_id=endpoint_uuid(endpoint_id) if endpoint_id else None,
            status=status,
        )
        page = rows[:limit]
        sent = await messages.sent(connection, [row.id for row in page])
    following = None
    if len(rows) > limit:
        following = context.cursors.sign_cursor([page[-1].created_at.isoformat(), str(page[-1].id)])
    shown = [_shown(row, sent) for row in page]
    return answer({"messages": shown, "next_cursor": following})


@router.get("/messages/{message}")
async def read_message(context: Here, organisation: Caller, message: str) -> Response:
    """A message with its deliveries and every attempt."""
    async with context.database.begin() as connection:
        row = await messages.find(connection, organisation, message_uuid(message))
        sent = await messages.sent(connection, [row.id])
        tried = await messages.attempts(connection, [one.id for one in sent])
    by_id = {one.id: one for one in sent}
    log = [bodies.attempt_shown(one, by_id[one.delivery_id]) for one in tried]
    return answer(_shown(row, sent) | {"attempts": log})


@router.post("/messages/{message}/replay")
async def replay_message(context: Here, organisation: Caller, message: str, body: JsonObject) -> Response:
    """Send a message again: to those it went to, or to one endpoint."""
    wanted = bodies.Replay.model_validate(body)
    only = endpoint_uuid(wanted.endpoint_id) if wanted.endpoint_id else None
    async with context.database.begin() as connection:
        again = await context.webhooks.replay(connection, organisation, message_uuid(message), only)
    return answer({"deliveries": again}, 202)


@router.post("/replay")
async def replay_failed(context: Here, organisation: Caller, body: JsonObject) -> Response:
    """Send everything again that was given up since a moment."""
    wanted = bodies.ReplayFailed.model_validate(body)
    only = endpoint_uuid(wanted.endpoint_id) if wanted.endpoint_id else None
    async with context.database.begin() as connection:
        again = await context.webhooks.replay_failed(connection, organisation, wanted.since, only)
    return answer({"deliveries": again}, 202)


def _shown(row: messages.MessageRow, sent: list[messages.SentRow]) -> dict[str, Any]:
    return bodies.message_shown(row, message_id(row.id), [one for one in sent if one.message_id == row.id])
