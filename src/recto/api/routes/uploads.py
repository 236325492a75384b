"""POST /upload, DELETE /upload/{id}, and the signed URLs through which bytes come and go without a key."""

import mimetypes
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from recto.api.answers import signed_url
from recto.api.context import OBJECTS_PATH, RESULTS_PATH, Context, base_url
from recto.api.guards import Caller, Here, drain
from recto.api.journal import about
from recto.api.problems import answer
from recto.errors import DocumentTooLarge, InvalidConfig, NotFound
from recto.intake.reference import normalise_extension, upload_id
from recto.storage.queries import uploads
from recto.wire.image_links import streamed_with_links

PIECE_BYTES = 1024 * 1024
DRAIN_FACTOR = 10  # a refused body is read on up to so many times the limit, so that the refusal is read too
FORM_OVERHEAD_BYTES = 64 * 1024
NAME_CHARACTERS = 255  # of a file name: what file systems take
JSON = "application/json"
URL_FORM = "application/x-www-form-urlencoded"  # also what curl --data-binary calls any bytes
MULTIPART = "multipart/form-data"

router = APIRouter()


@router.post("/upload")
async def upload(
    request: Request, context: Here, organisation: Caller, extension: str | None = None
) -> Response:
    """Store a file sent as multipart form data or as the body itself; without one, answer with a URL for it."""
    wanted = normalise_extension(extension) if extension else None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART:
        # A form without ?extension asks for a URL, as a JSON body does.
        raw = (
            None
            if kind == JSON or (kind == URL_FORM and not wanted)
            else await _received_bytes(request, context)
        )
        if raw is None:
            return await _presigned(request, context, organisation, wanted)
        return await _store_bytes(request, context, organisation, wanted or _extension_of(None, kind), raw)
    given = await _received_file(request, context)
    if given is None:
        return await _presigned(request, context, organisation, wanted)
    row = uploads.UploadRow(
        id=uuid4(),
        organisation_id=organisation,
        extension=wanted or _extension_of(given.filename, given.content_type),
        name=_name_of(given.filename),
        size_bytes=given.size,
    )
    await context.objects.put_stream(row.key, _pieces(given), context.limits.upload_bytes)
    await given.close()
    async with context.database.begin() as connection:
        await uploads.add(connection, row)
    about(request, row.id)
    return answer({"file_id": row.file_id, "presigned_url": None})


@router.delete("/upload/{file_id:path}")
async def delete_upload(context: Here, organisation: Caller, file_id: str) -> Response:
    """Delete an upload at once; jobs that have read it keep their results."""
    async with context.database.begin() as connection:
        row = await uploads.find(connection, organisation, UUID(upload_id(file_id)))
        await uploads.remove(connection, row.id)
    await context.objects.delete(row.key)
    return answer({"file_id": row.file_id})


@router.put(OBJECTS_PATH + "{token}")
async def put_object(request: Request, context: Here, token: str) -> Response:
    """Receive the bytes of a presigned upload, streamed to the storage."""
    signed = context.signer.open(token, "PUT", context.limits.signed_url_s)
    row_id = UUID(PurePath(signed.key).stem)
    about(request, signed.key, row_id)
    try:
        size = await context.objects.put_stream(signed.key, request.stream(), context.limits.presigned_bytes)
    except DocumentTooLarge:
        await drain(request, context.limits.presigned_bytes * DRAIN_FACTOR)
        raise
    async with context.database.begin() as connection:
        known = await uploads.record_size(connection, row_id, size)
    if not known:
        await context.objects.delete(signed.key)
        raise NotFound("The upload this URL was made for has been deleted.")
    return Response(status_code=200)


@router.get(OBJECTS_PATH + "{token}")
async def get_object(request: Request, context: Here, token: str) -> Response:
    """Hand out an object to whoever holds its signed URL."""
    signed = context.signer.open(token, "GET", context.limits.signed_url_s)
    about(request, signed.key, _owner_of(signed.key))
    size = await context.objects.size(signed.key)
    kind = mimetypes.guess_type(signed.filename or signed.key)[0] or "application/octet-stream"
    headers = {
        "content-length": str(size),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, no-store",
    }
    if signed.filename:
        headers["content-disposition"] = f'inline; filename="{signed.filename}"'
    return StreamingResponse(context.objects.stream(signed.key), headers=headers, media_type=kind)


@router.get(RESULTS_PATH + "{token}")
async def get_result(request: Request, context: Here, token: str) -> Response:
    """Hand out a stored result with links to its pictures, to whoever holds its signed URL."""
    signed = context.signer.open(token, "GET", context.limits.signed_url_s)
    about(request, signed.key, _owner_of(signed.key))
    await context.objects.size(signed.key)  # a result that is gone must be told before the answer begins
    body = streamed_with_links(context.objects.stream(signed.key), partial(signed_url, request))
    headers = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}
    return StreamingResponse(body, headers=headers, media_type="application/json")


def _owner_of(key: str) -> UUID | None:
    """The job or upload that an object belongs to, by its key: jobs/<id>/... or uploads/<id>.<extension>."""
    for part in PurePath(key).parts:
        with suppress(ValueError):
            return UUID(part.partition(".")[0])
    return None


async def _presigned(
    request: Request, context: Context, organisation: UUID, extension: str | None
) -> Response:
    row = uploads.UploadRow(uuid4(), organisation, extension or "", None, None)
    async with context.database.begin() as connection:
        await uploads.add(connection, row)
    about(request, row.id)
    url = await context.objects.signed_put(row.key, context.limits.signed_url_s)
    own = base_url(request) + OBJECTS_PATH + context.signer.token(row.key, "PUT")
    return answer({"file_id": row.file_id, "presigned_url": url or own})


async def _received_bytes(request: Request, context: Context) -> AsyncIterator[bytes] | None:
    """The body as a stream; None when it is empty.

    Raises:
        DocumentTooLarge: its announced length is more than a direct upload may have; later, its real length.
    """
    pieces = _limited(request, context.limits.upload_bytes)
    try:
        async for first in pieces:
            if first:
                return _joined(first, pieces)
    except DocumentTooLarge:
        await drain(request, context.limits.upload_bytes * DRAIN_FACTOR)
        raise
    return None


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _store_bytes(
    request: Request, context: Context, organisation: UUID, extension: str, raw: AsyncIterator[bytes]
) -> Response:
    limit = context.limits.upload_bytes
    row = uploads.UploadRow(uuid4(), organisation, extension, None, None)
    try:
        size = await context.objects.put_stream(row.key, raw, limit)
    except DocumentTooLarge:
        await drain(request, limit * DRAIN_FACTOR)
        raise
    async with context.database.begin() as connection:
        await uploads.add(connection, replace(row, size_bytes=size))
    about(request, row.id)
    return answer({"file_id": row.file_id, "presigned_url": None})


async def _received_file(request: Request, context: Context) -> UploadFile | None:
    """The form's file, spooled to disk; None for a form without a file in it.

    Raises:
        DocumentTooLarge: the body is longer than a direct upload may be. InvalidConfig: it is no form.
    """
    limit = context.limits.upload_bytes
    try:
        form = await MultiPartParser(request.headers, _limited(request, limit), max_files=1).parse()
    except MultiPartException as error:
        raise InvalidConfig(f"The form data cannot be read: {error.message}") from error
    except DocumentTooLarge:
        await drain(request, limit * DRAIN_FACTOR)
        raise
    file = form.get("file")
    if file is None and form:
        fields = ", ".join(repr(name[:40]) for name in form)
        raise InvalidConfig(f"The form has no field 'file', only {fields}: send the document as 'file'.")
    if isinstance(file, str):
        raise InvalidConfig(
            "The form's field 'file' is text; send the document's bytes as a file part with a file name."
        )
    return file


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes]:
    received = 0
    announced = request.headers.get("content-length", "")
    too_large = DocumentTooLarge(
        f"The upload is larger than {limit} bytes; call /upload without a file and PUT the bytes to the"
        " presigned_url instead."
    )
    if announced.isdigit() and int(announced) > limit + FORM_OVERHEAD_BYTES:
        raise too_large
    async for piece in request.stream():
        received += len(piece)
        if received > limit + FORM_OVERHEAD_BYTES:
            raise too_large
        yield piece


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece


def _name_of(filename: str | None) -> str | None:
    """The bare file name as it is stored: printable, without folders, not too long."""
    name = "".join(one for one in PurePath(filename or "").name if one.isprintable())
    return name[:NAME_CHARACTERS] or None


def _extension_of(filename: str | None, content_type: str | None) -> str:
    """From the file's name, else from its content type; empty when neither tells."""
    suffix = PurePath(filename or "").suffix
    with suppress(InvalidConfig):
        if suffix:
            return normalise_extension(suffix)
    if content_type and content_type != "application/octet-stream":
        return mimetypes.guess_extension(content_type.partition(";")[0]) or ""
    return ""
