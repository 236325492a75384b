"""What every route may use, made by recto.app and hung on the application's state."""

from dataclasses import dataclass, field

from fastapi import Request

from recto.api.journal import Journal
from recto.api.limits import Buckets, WrongKeys
from recto.api.waiting import JobWaiter
from recto.intake.guard import AddressGuard
from recto.jobs.deletion import Deletion
from recto.jobs.flow import Flow
from recto.jobs.submit import Submitter
from recto.storage.database import Database
from recto.storage.objects import Objects
from recto.storage.signed_urls import CursorSigner, PortalSigner, UrlSigner
from recto.webhooks.endpoints import Webhooks
from recto.webhooks.external import SvixGateway

OBJECTS_PATH = "/recto/v1/objects/"
RESULTS_PATH = "/recto/v1/results/"


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers the API keeps to: bytes and seconds."""

    upload_bytes: int
    presigned_bytes: int
    inline_result_bytes: int
    signed_url_s: int
    sync_wait_s: float
    cancel_on_disconnect: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What keeps count of calls: rates in calls a second, of all calls and of GET /job."""

    rate_per_s: float
    looks_per_s: float
    wrong_keys: WrongKeys
    calls: Buckets = field(default_factory=Buckets)


@dataclass(frozen=True, slots=True)
class Context:
    """The adapters behind the routes."""

    database: Database
    objects: Objects
    submitter: Submitter
    flow: Flow
    waiter: JobWaiter
    deletion: Deletion
    guard: AddressGuard
    webhooks: Webhooks
    svix: SvixGateway | None
    portals: PortalSigner
    signer: UrlSigner
    cursors: CursorSigner
    limits: Limits
    gate: Gate
    journal: Journal
    auth: bool
    public_url: str | None
    version: str


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    context = request.app.state.context
    if not isinstance(context, Context):
        raise TypeError("the application was made without a context")
    return context


def base_url(request: Request) -> str:
    """The URL this server is reached by: the operator's setting, else the one the caller used."""
    return (context_of(request).public_url or str(request.base_url)).rstrip("/")
