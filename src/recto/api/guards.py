"""What stands before every route: who calls and may they, and a body that is JSON and not too long."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Any, NoReturn, cast
from uuid import UUID

from fastapi import Depends, Request

from recto.api.context import Context, Gate, context_of
from recto.api.journal import address_of
from recto.errors import AuthFailed, DocumentTooLarge, Forbidden, NotFound, RateLimited
from recto.storage.queries import access
from recto.storage.queries.access import Holder
from recto.wire.problems import rejected

MAX_BODY_BYTES = 2 * 1024 * 1024  # of a JSON request: schemas and instructions, never a document
MAX_DEPTH = 100  # of its lists and objects: a schema has ten levels, and every walk over a body stays shallow
MAX_VALUES = 100_000  # in all: a schema has hundreds; walking over so many takes a tenth of a second
DRAINED_BYTES = 32 * 1024 * 1024  # of a refused JSON body, so that the refusal is read
METADATA = "metadata"  # the key of what is echoed whatever it is (contract 10.1)


async def holder(request: Request) -> Holder:
    """Who calls, by the request's API key; what the audit log will say.

    Raises:
        AuthFailed: no key, or one that is unknown, over or revoked; never when auth is switched off.
        RateLimited: the key is used too often, or the address has sent too many wrong keys.
    """
    context = context_of(request)
    if not context.auth:
        async with context.database.begin() as connection:
            request.state.holder = Holder(await access.ensure_organisation(connection))
        return request.state.holder
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise AuthFailed("An API key is needed: send the header 'Authorization: Bearer <key>'.")
    address = address_of(request.scope)
    wait_s = context.gate.wrong_keys.wait_s(address, key)
    if wait_s:
        raise RateLimited(
            "Too many wrong API keys came from this address: wait, then send the right one.", wait_s
        )
    async with context.database.begin() as connection:
        found = await access.holder_of_key(connection, key)
    if found is None:
        context.gate.wrong_keys.was_wrong(address)
        request.state.wrong_key = True
        raise AuthFailed("The API key is not known, is over or has been revoked.")
    context.gate.wrong_keys.was_right(key)
    _check_rate(request, context.gate, found)
    request.state.holder = found
    await _note_use(context, found)
    return found


def _check_rate(request: Request, gate: Gate, who: Holder) -> None:
    """Take a token of the key, and one of its looks at jobs, which are cheap to wait for instead.

    Raises:
        RateLimited: there is none left.
    """
    rate = who.rate_per_s or gate.rate_per_s
    if wait_s := gate.calls.take(who.key_id, rate):
        raise RateLimited(f"This API key may call {rate:g} times a second: call more slowly.", wait_s)
    if request.method == "GET" and request.url.path.startswith("/job/"):
        wait_s = gate.calls.take((who.key_id, "looks"), gate.looks_per_s)
        if wait_s:
            raise RateLimited(
                f"This API key may ask for jobs {gate.looks_per_s:g} times a second: wait with"
                " GET /job/{job_id}?timeout=60, or have a webhook tell the end.",
                wait_s,
            )


async def _note_use(context: Context, who: Holder) -> None:
    """The last use, written when this process has not done so for a minute; no call fails for it."""
    if who.key_id is None or context.gate.calls.take((who.key_id, "use"), 1 / access.USED_EVERY_S):
        return
    async with context.database.begin() as connection:
        await access.note_use(connection, who.key_id)


async def caller(request: Request, who: Annotated[Holder, Depends(holder)]) -> UUID:
    """The organisation that calls, with a key that may do so: reading needs `read`, everything else `run`.

    Raises:
        Forbidden: the key lacks the scope.
    """
    need(who, access.READ if request.method in {"GET", "HEAD"} else access.RUN)
    return who.organisation_id


async def administrator(who: Annotated[Holder, Depends(holder)]) -> Holder:
    """Who calls, with a key that may manage keys; Forbidden otherwise."""
    need(who, access.ADMIN)
    return who


def need(who: Holder, scope: str) -> None:
    """Forbidden when the key lacks the scope."""
    if scope not in who.scopes:
        raise Forbidden(
            f"This API key has the scopes {', '.join(sorted(who.scopes))}; this call needs {scope}."
        )


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
Administrator = Annotated[Holder, Depends(administrator)]
Here = Annotated[Context, Depends(context_of)]
JsonObject = Annotated[dict[str, Any], Depends(json_object)]
