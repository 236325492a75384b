"""What stands before every route: who calls, and a body that is JSON and not too long."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Any, NoReturn, cast
from uuid import UUID

from fastapi import Depends, Request

from recto.api.context import Context, context_of
from recto.errors import AuthFailed, DocumentTooLarge, NotFound
from recto.storage.queries import access
from recto.wire.problems import rejected

MAX_BODY_BYTES = 2 * 1024 * 1024  # of a JSON request: schemas and instructions, never a document
MAX_DEPTH = 100  # of its lists and objects: a schema has ten levels, and every walk over a body stays shallow
MAX_VALUES = 100_000  # in all: a schema has hundreds; walking over so many takes a tenth of a second
DRAINED_BYTES = 32 * 1024 * 1024  # of a refused JSON body, so that the refusal is read
METADATA = "metadata"  # the key of what is echoed whatever it is (contract 10.1)


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
        pydantic.ValidationError: it is no JSON, no object, or nested or long beyond reason.
        DocumentTooLarge: it is longer than 2 MB.
    """
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > MAX_BODY_BYTES:
            await drain(request, DRAINED_BYTES)
            raise DocumentTooLarge(
                f"The request's JSON is longer than {MAX_BODY_BYTES:,} bytes: upload the document with /upload"
                " and pass the file_id that it returns."
            )
    try:
        body = json.loads(received.decode() or "null", parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        message = f"The body is not valid JSON: {error}."
        raise rejected(
            "Body", "json_invalid", message, (), received[:200].decode(errors="replace")
        ) from error
    if not isinstance(body, dict):
        message = "The body must be a JSON object."
        raise rejected("Body", "model_attributes_type", message, (), body)
    _check_extent(body)
    if b"\\u" in received:  # the only way to write such characters
        for at, text in _unsound(cast("dict[str, Any]", body), ()):
            message = "The text holds half a character (a lone surrogate) or U+0000, which cannot be stored."
            raise rejected("Body", "unsound_text", message, at, ascii(text))
    return cast("dict[str, Any]", body)


def _check_extent(body: object) -> None:
    """Refuse what is nested too deep or has too many values; goes level by level, so no depth can hurt it."""
    level, depth, values = [body], 0, 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            message = f"The body's lists and objects are nested deeper than {MAX_DEPTH} levels."
            raise rejected("Body", "nested_too_deep", message, (), None)
        inner = [one for outer in level for one in _values(outer)]
        values += len(inner)
        if values > MAX_VALUES:
            message = f"The body has more than {MAX_VALUES:,} values."
            raise rejected("Body", "too_many_values", message, (), None)
        level = [one for one in inner if isinstance(one, (dict, list))]


def _values(outer: object) -> Iterable[object]:
    if isinstance(outer, dict):
        return cast("dict[str, object]", outer).values()
    return cast("list[object]", outer)


async def drain(request: Request, at_most: int) -> None:
    """Read the rest of a refused body, or the client would see a broken connection instead of the refusal."""
    dropped = 0
    with suppress(RuntimeError):  # the stream was already read to its end
        async for piece in request.stream():
            dropped += len(piece)
            if dropped > at_most:
                return


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text} is too large")
    return number


def _unsound(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Texts no database column can hold, with their places; metadata is kept as JSON text and may have them."""
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= one <= "\udfff" for one in value)):
        yield at, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from ((at, text) for _, text in _unsound(key, at))
            if key != METADATA:
                yield from _unsound(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from _unsound(inner, (*at, index))


def job_uuid(text: str) -> UUID:
    """A job id from a path; NotFound for text that can be no id."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no job {text[:80]!r}.") from error


Caller = Annotated[UUID, Depends(caller)]
Here = Annotated[Context, Depends(context_of)]
JsonObject = Annotated[dict[str, Any], Depends(json_object)]
