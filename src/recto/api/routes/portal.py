"""POST /configure_webhook, and the portal its link opens: pages for the endpoints and messages of an organisation.

The link holds a signed token that is good for an hour; it is the only login. There are no cookies and no scripts.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from recto.api import portal_pages as pages
from recto.api import webhook_bodies as bodies
from recto.api.context import Context, base_url, context_of
from recto.api.guards import Caller, Here
from recto.api.problems import answer
from recto.errors import DocumentTooLarge, RectoError
from recto.storage.queries import endpoints, messages
from recto.webhooks.endpoints import endpoint_uuid, message_uuid
from recto.webhooks.signing import message_id

PORTAL_PATH = "/recto/webhooks/"
PORTAL_S = 3600  # the life of a link
SHOWN = 50  # messages of a page
FORM_BYTES = 64 * 1024
REPLAYED = timedelta(hours=24)
OVERLAP_S = 86400.0  # for which the old secret signs too
HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none';"
    f" form-action 'self'; style-src 'sha256-{pages.STYLE_HASH}'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

router = APIRouter()


@router.post("/configure_webhook")
async def configure_webhook(request: Request, context: Here, organisation: Caller) -> Response:
    """A link to the organisation's webhook portal: ours, or that of the Svix that is set up."""
    if context.svix is not None:
        return answer(await context.svix.portal_url(organisation, PORTAL_S))
    return answer(base_url(request) + PORTAL_PATH + context.portals.token(organisation))


class _Visit:
    """One request to the portal: whose it is, and the forms of its pages lead where."""

    def __init__(self, request: Request, token: str) -> None:
        self.context: Context = context_of(request)
        self.organisation: UUID = self.context.portals.open(token, PORTAL_S)
        self.root = request.scope.get("root_path", "") + PORTAL_PATH + token
        self.said = request.query_params.get("said", "")

    def show(self, title: str, body: str) -> Response:
        return _html(pages.page(title, body, self.said))

    def go(self, path: str, said: str) -> Response:
        """Lead the browser to a page, so that a reload does not post again."""
        return Response(status_code=303, headers=HEADERS | {"location": f"{self.root}{path}?said={said}"})


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, HEADERS, "text/html; charset=utf-8")


def refused(error: RectoError | ValidationError) -> Response:
    """A page that says what was wrong; the browser's way back keeps what was typed."""
    if isinstance(error, RectoError):
        return _html(pages.page("Webhooks", "", wrong=error.message), error.status)
    told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return _html(pages.page("Webhooks", "", wrong=told), 422)


@router.get(PORTAL_PATH + "{token}")
async def show_portal(request: Request, token: str) -> Response:
    """Endpoints and messages."""
    try:
        visit = _Visit(request, token)
        async with visit.context.database.begin() as connection:
            known = await endpoints.listing(connection, visit.organisation)
            rows = await messages.listing(connection, visit.organisation, limit=SHOWN)
            sent = await messages.sent(connection, [row.id for row in rows])
    except RectoError as error:
        return refused(error)
    return visit.show("Webhooks", pages.overview(visit.root, known, rows, sent))


@router.get(PORTAL_PATH + "{token}/endpoints/{endpoint_id}")
async def show_endpoint(request: Request, token: str, endpoint_id: str) -> Response:
    """One endpoint."""
    try:
        visit, which = _Visit(request, token), endpoint_uuid(endpoint_id)
        async with visit.context.database.begin() as connection:
            row = await endpoints.find(connection, visit.organisation, which)
            secret = await visit.context.webhooks.secret(connection, visit.organisation, which)
            rows = await messages.listing(connection, visit.organisation, limit=SHOWN, endpoint_id=which)
            sent = await messages.sent(connection, [one.id for one in rows])
    except RectoError as error:
        return refused(error)
    mine = [one for one in sent if one.endpoint_id == which]
    return visit.show(row.url, pages.endpoint_page(visit.root, row, secret or "", rows, mine))


@router.get(PORTAL_PATH + "{token}/messages/{message}")
async def show_message(request: Request, token: str, message: str) -> Response:
    """One message."""
    try:
        visit = _Visit(request, token)
        async with visit.context.database.begin() as connection:
            row = await messages.find(connection, visit.organisation, message_uuid(message))
            sent = await messages.sent(connection, [row.id])
            tried = await messages.attempts(connection, [one.id for one in sent])
    except RectoError as error:
        return refused(error)
    return visit.show(message_id(row.id), pages.message_page(visit.root, row, sent, tried))


@router.post(PORTAL_PATH + "{token}/endpoints")
async def add_endpoint(request: Request, token: str) -> Response:
    """Make an endpoint."""
    try:
        visit, given = _Visit(request, token), await _form(request)
        wanted = bodies.NewEndpoint.model_validate(_settings(given))
        await visit.context.webhooks.check(wanted.url)
        async with visit.context.database.begin() as connection:
            values = wanted.model_dump(exclude={"secret"})
            row = await visit.context.webhooks.add(connection, visit.organisation, values, None)
    except (RectoError, ValidationError) as error:
        return refused(error)
    return visit.go(f"/endpoints/{row.id}", "added")


@router.post(PORTAL_PATH + "{token}/endpoints/{endpoint_id}")
async def change_endpoint(request: Request, token: str, endpoint_id: str) -> Response:
    """Change an endpoint's settings."""
    try:
        visit, given = _Visit(request, token), await _form(request)
        wanted = bodies.EndpointChange.model_validate(_settings(given))
        await visit.context.webhooks.check(wanted.url)
        async with visit.context.database.begin() as connection:
            await visit.context.webhooks.change(
                connection, visit.organisation, endpoint_uuid(endpoint_id), wanted.values()
            )
    except (RectoError, ValidationError) as error:
        return refused(error)
    return visit.go(f"/endpoints/{endpoint_id}", "changed")


@router.post(PORTAL_PATH + "{token}/endpoints/{endpoint_id}/{action}")
async def act_on_endpoint(request: Request, token: str, endpoint_id: str, action: str) -> Response:
    """Do one of: test, switch, rotate, replay, remove."""
    try:
        visit, which, given = _Visit(request, token), endpoint_uuid(endpoint_id), await _form(request)
        said = await _acted(visit, which, action, given)
    except RectoError as error:
        return refused(error)
    return visit.go("" if action == "remove" else f"/endpoints/{which}", said)


async def _acted(visit: _Visit, which: UUID, action: str, given: dict[str, str]) -> str:
    """Carry an action out; returns what the next page says."""
    hooks, mine = visit.context.webhooks, visit.organisation
    async with visit.context.database.begin() as connection:
        match action:
            case "test":
                await hooks.test(connection, mine, which)
                return "tested"
            case "switch":
                await hooks.change(connection, mine, which, {"enabled": given.get("enabled") == "on"})
                return "changed"
            case "rotate":
                await hooks.rotate(connection, mine, which, None, OVERLAP_S)
                return "rotated"
            case "replay":
                since = datetime.now(UTC) - REPLAYED
                again = await hooks.replay_failed(connection, mine, since, which)
                return "replayed" if again else "nothing"
            case "remove":
                await endpoints.remove(connection, mine, which)
                return "removed"
            case _:
                return ""


@router.post(PORTAL_PATH + "{token}/replay")
async def replay_failed(request: Request, token: str) -> Response:
    """Send everything of the last day again that was given up."""
    try:
        visit = _Visit(request, token)
        async with visit.context.database.begin() as connection:
            again = await visit.context.webhooks.replay_failed(
                connection, visit.organisation, datetime.now(UTC) - REPLAYED, None
            )
    except RectoError as error:
        return refused(error)
    return visit.go("", "replayed" if again else "nothing")


@router.post(PORTAL_PATH + "{token}/messages/{message}/replay")
async def replay_message(request: Request, token: str, message: str) -> Response:
    """Send a message again."""
    try:
        visit, given = _Visit(request, token), await _form(request)
        only = endpoint_uuid(given["endpoint"]) if given.get("endpoint") else None
        which = message_uuid(message)
        async with visit.context.database.begin() as connection:
            again = await visit.context.webhooks.replay(connection, visit.organisation, which, only)
    except RectoError as error:
        return refused(error)
    return visit.go(f"/messages/{message_id(which)}", "replayed" if again else "nothing")


async def _form(request: Request) -> dict[str, str]:
    """A form's fields. Raises DocumentTooLarge."""
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > FORM_BYTES:
            raise DocumentTooLarge(f"The form is longer than {FORM_BYTES:,} bytes.")
    fields = parse_qs(received.decode(errors="replace"), keep_blank_values=True, max_num_fields=50)
    return {name: values[-1].replace("\0", "") for name, values in fields.items()}


def _settings(given: dict[str, str]) -> dict[str, object]:
    """The settings of an endpoint as the forms of the pages have them."""
    return {
        "url": given.get("url", "").strip(),
        "description": given.get("description", ""),
        "channels": [one.strip() for one in given.get("channels", "").split(",") if one.strip()],
    }
