"""Hands messages to a real Svix, through its own library; the only module that knows it (the extra `svix`).

Each organisation is an application there, found by its id; the event type is made at first use. A message keeps
its id, which is also its idempotency key, so that handing it over twice is one message. Signatures, retries,
endpoints and portal are then Svix's.
"""

import importlib
import importlib.util
import json
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from recto.errors import InvalidConfig, Unavailable
from recto.storage.queries.deliveries import DeliveryRow
from recto.webhooks.signing import message_id

if TYPE_CHECKING:
    from svix.api import SvixAsync

CONFLICT = 409  # HTTP: the event type, or the message, is there already
PORTAL_S = (3600, 7 * 86400)  # least and most life of a portal link that the API takes
ERROR_CHARACTERS = 200
DESCRIPTION = "A job has ended: its status, its id, and the metadata of the call."


class SvixGateway:
    """One account at a Svix server."""

    def __init__(self, token: str, server_url: str | None, timeout_s: float) -> None:
        """Connect to nothing yet. Raises InvalidConfig when the library is not installed."""
        if importlib.util.find_spec("svix") is None:
            raise InvalidConfig(
                "RECTO_SVIX_TOKEN is set, but the package svix is not installed: install recto[svix]."
            )
        importlib.import_module("svix.api")  # half a second that a worker at work would miss
        self._token = token
        self._server_url = server_url
        self._timeout_s = timeout_s
        self._client: SvixAsync | None = None
        self._known: set[tuple[UUID, str]] = set()

    async def send(self, held: DeliveryRow) -> None:
        """Hand a message over. Raises Unavailable when Svix does not take it."""
        from svix.api import MessageCreateOptions, MessageIn  # noqa: PLC0415 - optional

        identifier = message_id(held.message_id)
        message = MessageIn(
            event_type=held.event_type,
            event_id=identifier,
            payload=json.loads(held.body),
            channels=list(held.channels) if held.channels else None,
        )
        await self._prepare(held.organisation_id, held.event_type)
        options = MessageCreateOptions(idempotency_key=identifier)
        create = self._svix().message.create(str(held.organisation_id), message, options)
        await self._asked(create, done_if=CONFLICT)

    async def portal_url(self, organisation_id: UUID, life_s: float) -> str:
        """A link to the organisation's portal. Raises Unavailable when Svix gives none."""
        from svix.api import ApplicationIn, AppPortalAccessIn  # noqa: PLC0415 - optional

        least, most = PORTAL_S
        given = AppPortalAccessIn(
            application=ApplicationIn(name=str(organisation_id), uid=str(organisation_id)),
            expiry=int(min(most, max(least, life_s))),
        )
        access = self._svix().authentication.app_portal_access(str(organisation_id), given)
        return (await self._asked(access)).url

    async def _prepare(self, organisation_id: UUID, event_type: str) -> None:
        """See to it that the application and the event type are there, once per process."""
        from svix.api import ApplicationIn, EventTypeIn  # noqa: PLC0415 - optional

        if (organisation_id, event_type) in self._known:
            return
        application = ApplicationIn(name=str(organisation_id), uid=str(organisation_id))
        await self._asked(self._svix().application.get_or_create(application))
        kind = EventTypeIn(name=event_type, description=DESCRIPTION)
        await self._asked(self._svix().event_type.create(kind), done_if=CONFLICT)
        self._known.add((organisation_id, event_type))

    def _svix(self) -> "SvixAsync":
        from svix.api import SvixAsync, SvixOptions  # noqa: PLC0415 - optional

        if self._client is None:
            options = SvixOptions(
                server_url=self._server_url, timeout=self._timeout_s, retry_schedule=[]
            )  # what fails is tried again by our own schedule
            self._client = SvixAsync(self._token, options)
        return self._client

    async def _asked(self, call: Awaitable[Any], done_if: int | None = None) -> Any:
        """What a call gives; None where the answer has the status that says it was done before."""
        from svix.exceptions import HttpError, HTTPValidationError  # noqa: PLC0415 - optional

        try:
            return await call
        except (HttpError, HTTPValidationError) as error:
            status = int(getattr(error, "status_code", 422))
            if status == done_if:
                return None
            raise Unavailable(f"Svix answered {status}: {str(error)[:ERROR_CHARACTERS]}") from error
        except httpx.HTTPError as error:
            raise Unavailable(f"Svix did not answer: {str(error) or type(error).__name__}") from error
        except ValueError as error:
            raise Unavailable("Svix gave an answer that its own library cannot read.") from error
