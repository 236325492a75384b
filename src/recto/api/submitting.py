"""What every route that makes a job does: webhook check, the submission, and waiting for a synchronous one.

Two headers stand for all of them. `Idempotency-Key`: the same call under the same key is answered with the job
that the first one made, for 24 hours. `X-Recto-Retention: none`: nothing of the job outlives its delivery.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import msgspec
import structlog
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.api.answers import error_of
from recto.api.context import Context
from recto.api.journal import about
from recto.errors import Internal, InvalidConfig, JobState, RectoError
from recto.jobs.deletion import gone
from recto.jobs.lanes import Lane
from recto.jobs.submit import Submission
from recto.storage.queries import access, idempotency
from recto.storage.queries.access import Holder
from recto.storage.queries.jobs import JobRow
from recto.wire.asynchronous import AsyncConfig, DirectWebhookConfig, SvixWebhookConfig
from recto.wire.inputs import references
from recto.wire.masking import raw_config
from recto.wire.parse_options import TenantThrottling
from recto.wire.uploads import UploadResponse

USER_ID = "user-id"  # header of the contract (10.7, fair queueing)
LONGEST_USER_ID = 256  # characters, as of a tenant_id
KEY_HEADER = "idempotency-key"
RETENTION_HEADER = "x-recto-retention"
KEY_CHARACTERS = 255  # of an Idempotency-Key: clients send a UUID
MAX_DOCUMENTS = 1000  # in one call; more are better several calls, whose failures stay apart

log = structlog.get_logger(__name__)

Make = Callable[[AsyncConnection, Submission], Awaitable[UUID]]
"""Makes the job of a submission in the caller's transaction, and gives its id."""


class ClientGone(Exception):
    """The client of a synchronous call went away, and its job was cancelled."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One of a caller's own customers, and the share of the fleet it may hold; "" for none."""

    name: str
    share: float | None = None


NO_TENANT = Tenant("")


class JobFailed(Exception):
    """A synchronous call's job ended without a result; `error` says why."""

    def __init__(self, error: RectoError, job_id: UUID) -> None:
        """Keep both."""
        super().__init__(error.message)
        self.error = error
        self.job_id = job_id


def document_references(source: str | list[str] | UploadResponse) -> list[str]:
    """The references of an input that may name several documents; InvalidConfig for none, or for too many."""
    documents = references(source)
    if not documents:
        raise InvalidConfig("The input is an empty list; name at least one document.")
    if len(documents) > MAX_DOCUMENTS:
        raise InvalidConfig(
            f"The input names {len(documents)} documents; one call takes at most {MAX_DOCUMENTS}."
        )
    return documents


async def check_webhook(context: Context, background: AsyncConfig | None) -> dict[str, Any] | None:
    """The webhook as it is stored, None without one.

    Raises:
        UrlNotAllowed: an address that is refused.
    """
    webhook = background.webhook if background else None
    match webhook:
        case None:
            return None
        case SvixWebhookConfig(channels=channels):
            return {"mode": "svix", **({"channels": channels} if channels else {})}
        case DirectWebhookConfig(url=url):
            await context.webhooks.check(url)
            return {"mode": "direct", "url": url}


def submission_of(
    organisation: UUID,
    lane: Lane,
    body: dict[str, Any],
    background: AsyncConfig | None,
    password: str | None,
    webhook: dict[str, Any] | None,
    warnings: tuple[str, ...],
    tenant: Tenant = NO_TENANT,
) -> Submission:
    """The submission of a request whose parts have been checked."""
    return Submission(
        organisation_id=organisation,
        lane=lane,
        raw_config=raw_config(body),
        password=password,
        metadata=background.metadata if background else None,
        webhook=webhook,
        warnings=warnings,
        tenant=tenant.name,
        tenant_share=tenant.share,
    )


def tenant_of(request: Request, throttling: TenantThrottling | None = None) -> Tenant:
    """For which of the caller's own customers a call is: settings.tenant_throttling, else the user-id header.

    Tenants of an organisation take turns; only tenant_throttling bounds what one may hold.
    """
    if throttling is not None:
        return Tenant(throttling.tenant_id, throttling.max_share)
    return Tenant(request.headers.get(USER_ID, "").strip()[:LONGEST_USER_ID])


async def submit_once(
    request: Request, context: Context, submission: Submission, body: dict[str, Any], make: Make
) -> UUID:
    """Make a request's job, or find the one that the same request has made under its Idempotency-Key.

    Raises:
        KeyReused: the key stands for another request. InvalidConfig: a header says nothing that is known.
    """
    submission = replace(submission, keeps_nothing=_keeps_nothing(request))
    job_id = await _made(request, context, submission, body, make)
    about(request, job_id)
    return job_id


async def _made(
    request: Request, context: Context, submission: Submission, body: dict[str, Any], make: Make
) -> UUID:
    key, owner = _key_of(request), submission.organisation_id
    api_key = cast("Holder", request.state.holder).key_id
    async with context.database.begin() as connection:
        if key is not None:
            earlier = await idempotency.claim(connection, owner, key, _digest(request, body))
            if earlier is not None:
                return earlier
        job_id = await make(connection, submission)
        if api_key is not None:
            await access.note_maker(connection, job_id, api_key)
        if key is not None:
            await idempotency.settle(connection, owner, key, job_id)
        return job_id


def _key_of(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER, "").strip()
    if len(key) > KEY_CHARACTERS or not key.isprintable():
        raise InvalidConfig(
            f"The header Idempotency-Key has {len(key)} characters: send a printable text of at most"
            f" {KEY_CHARACTERS}, such as a UUID."
        )
    return key or None


def _keeps_nothing(request: Request) -> bool:
    wanted = request.headers.get(RETENTION_HEADER, "").strip().lower()
    if wanted not in {"", "standard", "none"}:
        raise InvalidConfig(f"The header X-Recto-Retention is {wanted[:80]!r}: send none, or standard.")
    return wanted == "none"


def _digest(request: Request, body: dict[str, Any]) -> bytes:
    """What the request asks for: its endpoint, its body whatever the order of its keys, and how long it is kept."""
    asked = [request.url.path, _keeps_nothing(request), body]
    try:
        text = msgspec.json.encode(asked, order="deterministic")
    except UnicodeEncodeError:  # half a character in metadata
        text = ascii(asked).encode()
    return hashlib.sha256(text).digest()


async def finished(request: Request, context: Context, organisation: UUID, job_id: UUID) -> JobRow:
    """The completed job of a synchronous call.

    Raises:
        JobFailed: it ended otherwise, or goes on after the time a call may wait, or its result is gone by now.
        ClientGone: nobody waits any more, and the server is set to cancel what nobody waits for.
    """
    try:
        row = await _end_of(request, context, organisation, job_id)
    except RectoError as error:
        raise JobFailed(error, job_id) from error
    error = gone(row)
    if error is None and row.status != "Completed":
        error = error_of(row) or Internal()
        await told(context, row)
    if error is not None:
        raise JobFailed(error, job_id)
    return row


async def _end_of(request: Request, context: Context, organisation: UUID, job_id: UUID) -> JobRow:
    waiting = context.waiter.wait(job_id, context.limits.sync_wait_s)
    # A caller that sends a key is coming back with it.
    if not context.limits.cancel_on_disconnect or _key_of(request) is not None:
        return await waiting
    job = asyncio.ensure_future(waiting)
    client = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((job, client), return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            return job.result()
    finally:
        job.cancel()
        client.cancel()
    try:
        async with context.database.begin() as connection:
            await context.flow.cancel(connection, organisation, job_id)
    except JobState as error:
        log.info("a client went away when its job had ended", job_id=str(job_id), error=error.message)
    raise ClientGone


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def told(context: Context, row: JobRow, links_live_s: float = 0.0) -> None:
    """The end of a job was handed out: delete it if that is what was asked for. The sweep does what fails here."""
    if row.keep != "none":
        return
    try:
        await context.deletion.delivered(row.id, links_live_s)
    except RectoError as error:
        log.warning("a delivered job is deleted later", job_id=str(row.id), error=error.message)
