"""What every route that makes a job does: webhook check, the submission, and waiting for a synchronous one."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request

from recto.api.answers import error_of
from recto.api.context import Context
from recto.errors import DownloadFailed, Internal, InvalidConfig, NotAvailable, RectoError
from recto.jobs.lanes import Lane
from recto.jobs.submit import Submission
from recto.storage.queries.jobs import JobRow
from recto.wire.asynchronous import AsyncConfig, DirectWebhookConfig, SvixWebhookConfig
from recto.wire.inputs import references
from recto.wire.masking import raw_config
from recto.wire.parse_options import TenantThrottling
from recto.wire.uploads import UploadResponse

USER_ID = "user-id"  # header of the contract (10.7, fair queueing)
LONGEST_USER_ID = 256  # characters, as of a tenant_id
MAX_DOCUMENTS = 1000  # in one call; more are better several calls, whose failures stay apart
WEBHOOK_CHECK_S = 1.0  # for looking its host up now; a slow name server only moves the check to the delivery


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
        NotAvailable: svix mode, which this version cannot deliver. UrlNotAllowed: an address that is refused.
    """
    webhook = background.webhook if background else None
    match webhook:
        case None:
            return None
        case SvixWebhookConfig():
            raise NotAvailable(
                "Webhooks of mode 'svix' are not available yet: use {'mode': 'direct', 'url': ...}, or poll"
                " GET /job/{job_id}."
            )
        case DirectWebhookConfig(url=url):
            try:
                async with asyncio.timeout(WEBHOOK_CHECK_S):
                    await context.guard.resolve(url)
            except (TimeoutError, DownloadFailed):
                pass  # the name may resolve by the time the job ends; the delivery checks it again anyway
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


async def finished(context: Context, job_id: UUID) -> JobRow:
    """The completed job of a synchronous call.

    Raises:
        JobFailed: it ended otherwise, or goes on after the time a call may wait.
    """
    try:
        row = await context.waiter.wait(job_id, context.limits.sync_wait_s)
    except RectoError as error:
        raise JobFailed(error, job_id) from error
    if row.status != "Completed":
        raise JobFailed(error_of(row) or Internal(), job_id)
    return row
