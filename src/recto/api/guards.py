"""What stands before every route: who calls, and a body that is JSON and not too long."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from recto.api.context import Context, context_of
from recto.errors import AuthFailed, DocumentTooLarge, NotFound
from recto.storage.queries import access
from recto.wire.problems import rejected

MAX_BODY_BYTES = 16 * 1024 * 1024  # of a JSON request: schemas and instructions, never a document


async def caller(request: Request) -> UUID:
    """The organisation of the request's API key.

    Raises:
        AuthFailed: no key, or one that is unknown or revoked; never when auth is switched off.
    """
    context = context_of(request)
    async with context.database.begin() as connection:
        if not context.auth:
            return await access.ensure_organisation(connection)
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthFailed("An API key is needed: send the header 'Authorization: Bearer <key>'.")
        organisation_id = await access.organisation_of_key(connection, key.strip())
    if organisation_id is None:
        raise AuthFailed("The API key is not known or has been revoked.")
    return organisation_id


async def json_object(request: Request) -> dict[str, Any]:
    """The request's body as a JSON object.

    Raises:
        pydantic.ValidationError: it is no JSON, or no object. DocumentTooLarge: it is longer than 16 MB.
    """
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > MAX_BODY_BYTES:
            raise DocumentTooLarge(
                f"The request's JSON is longer than {MAX_BODY_BYTES} bytes; documents go to /upload."
            )
    try:
        body = json.loads(received or b"null")
    except (ValueError, RecursionError) as error:
        message = f"The body is not valid JSON: {error}."
        raise rejected(
            "Body", "json_invalid", message, (), received[:200].decode(errors="replace")
        ) from error
    if not isinstance(body, dict):
        message = "The body must be a JSON object."
        raise rejected("Body", "model_attributes_type", message, (), body)
    return body


def job_uuid(text: str) -> UUID:
    """A job id from a path; NotFound for text that can be no id."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no job {text[:80]!r}.") from error


Caller = Annotated[UUID, Depends(caller)]
Here = Annotated[Context, Depends(context_of)]
JsonObject = Annotated[dict[str, Any], Depends(json_object)]
