"""What people do with webhooks, whichever door they come through (REST, portal, command line).

Checked values in, rows out; every change is one transaction of the caller's. Secrets are sealed here and shown to
their owner only. Sending is the courier's: a test or a replay only puts rows into the outbox and says so.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import DownloadFailed, InvalidConfig, JobState, NotFound
from recto.intake.guard import AddressGuard, without_secrets
from recto.storage.notices import DELIVERIES_DUE, notify
from recto.storage.queries import deliveries, endpoints, messages
from recto.storage.queries.deliveries import NewDelivery
from recto.storage.queries.endpoints import EndpointRow
from recto.storage.secrets import Secrets
from recto.webhooks.outbox import TEST_EVENT, host_of, message_body
from recto.webhooks.signing import ID_MARK, checked_secret, new_secret

MOST_ENDPOINTS = 50  # of an organisation: every message may go to all of them
CHECK_S = 1.0  # for looking a host up now; a slow name server only moves the check to the delivery
TEST_METADATA = {"test": True}
NO_JOB = UUID(int=0)  # what a test's body names


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The organisations' endpoints, secrets and messages."""

    secrets: Secrets
    guard: AddressGuard

    async def check(self, url: str) -> None:
        """Refuse an address that no message could go to. Raises UrlNotAllowed."""
        with suppress(TimeoutError, DownloadFailed):  # the name may resolve by the time of the delivery
            async with asyncio.timeout(CHECK_S):
                await self.guard.resolve(url)

    async def add(
        self, connection: AsyncConnection, organisation_id: UUID, values: dict[str, Any], secret: str | None
    ) -> EndpointRow:
        """Make an endpoint; its address was checked.

        Raises:
            InvalidConfig: there are too many, or the secret is none.
        """
        await endpoints.lock_organisation(connection, organisation_id)
        if await endpoints.count(connection, organisation_id) >= MOST_ENDPOINTS:
            raise InvalidConfig(f"There are {MOST_ENDPOINTS} webhook endpoints already: remove one first.")
        row = await endpoints.add(connection, organisation_id, _columns(values))
        sealed = self.secrets.seal(checked_secret(secret) if secret else new_secret())
        await endpoints.replace_secret(connection, organisation_id, row.id, sealed, 0)
        return row

    async def change(
        self, connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID, values: dict[str, Any]
    ) -> EndpointRow:
        """Change an endpoint; switched off, what is on its way to it is given up. Raises NotFound."""
        await endpoints.find(connection, organisation_id, endpoint_id)
        if values.get("enabled") is False:
            await deliveries.disable(connection, endpoint_id, "it was switched off")
        return await endpoints.change(connection, organisation_id, endpoint_id, _columns(values))

    async def secret(
        self, connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID | None
    ) -> str | None:
        """The secret that signs; without an endpoint the organisation's own, None when it has none."""
        if endpoint_id is not None:
            await endpoints.find(connection, organisation_id, endpoint_id)
        sealed = await endpoints.secret(connection, organisation_id, endpoint_id)
        return self.secrets.open(sealed) if sealed else None

    async def rotate(
        self,
        connection: AsyncConnection,
        organisation_id: UUID,
        endpoint_id: UUID | None,
        secret: str | None,
        overlap_s: float,
    ) -> str:
        """Replace a secret; the one before signs beside it for a while. Raises NotFound, InvalidConfig."""
        if endpoint_id is not None:
            await endpoints.find(connection, organisation_id, endpoint_id)
        await endpoints.lock_organisation(connection, organisation_id)
        fresh = checked_secret(secret) if secret else new_secret()
        sealed = self.secrets.seal(fresh)
        await endpoints.replace_secret(connection, organisation_id, endpoint_id, sealed, overlap_s)
        return fresh

    async def test(self, connection: AsyncConnection, organisation_id: UUID, endpoint_id: UUID) -> UUID:
        """Send a test to one endpoint, whatever its channels; returns the message's id.

        Raises:
            NotFound: no such endpoint. JobState: it is disabled.
        """
        row = await endpoints.find(connection, organisation_id, endpoint_id)
        if not row.enabled:
            raise JobState(f"The endpoint {without_secrets(row.url)} is disabled: enable it first.")
        message_id, body = uuid4(), message_body("Completed", NO_JOB, TEST_METADATA)
        await messages.add(connection, message_id, organisation_id, None, TEST_EVENT, None, body)
        to = [NewDelivery("endpoint", row.host, endpoint_id=row.id)]
        await deliveries.add(connection, message_id, organisation_id, None, to)
        await notify(connection, DELIVERIES_DUE, "")
        return message_id

    async def replay(
        self, connection: AsyncConnection, organisation_id: UUID, message_id: UUID, endpoint_id: UUID | None
    ) -> int:
        """Send a message again to those it went to, or to one endpoint, even if it never went there.

        Raises:
            NotFound: no such message or endpoint. JobState: that endpoint is disabled.
        """
        row = await messages.find(connection, organisation_id, message_id)
        if endpoint_id is not None:
            wanted = await endpoints.find(connection, organisation_id, endpoint_id)
            if not wanted.enabled:
                raise JobState(f"The endpoint {without_secrets(wanted.url)} is disabled: enable it first.")
            sent = await messages.sent(connection, [message_id])
            if all(one.endpoint_id != endpoint_id for one in sent):
                to = [NewDelivery("endpoint", wanted.host, endpoint_id=endpoint_id)]
                await deliveries.add(connection, message_id, organisation_id, row.job_id, to)
                await notify(connection, DELIVERIES_DUE, "")
                return 1
        again = await messages.replay(connection, organisation_id, message_id, endpoint_id)
        await notify(connection, DELIVERIES_DUE, "")
        return again

    async def replay_failed(
        self, connection: AsyncConnection, organisation_id: UUID, since: datetime, endpoint_id: UUID | None
    ) -> int:
        """Send everything again that was given up, of messages since then. Raises NotFound."""
        if endpoint_id is not None:
            await endpoints.find(connection, organisation_id, endpoint_id)
        again = await messages.replay_failed(connection, organisation_id, since, endpoint_id)
        await notify(connection, DELIVERIES_DUE, "")
        return again


def message_uuid(text: str) -> UUID:
    """A message's id from the id that receivers see; NotFound for text that can be none."""
    try:
        return UUID(text.removeprefix(ID_MARK))
    except ValueError as error:
        raise NotFound(f"There is no webhook message {text[:80]!r}.") from error


def endpoint_uuid(text: str) -> UUID:
    """An endpoint's id; NotFound for text that can be none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no webhook endpoint {text[:80]!r}.") from error


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """The columns of what a person gave: an empty list is none, and an address has a host."""
    columns = {key: value for key, value in values.items() if key != "secret"}
    for name in ("channels", "event_types"):
        if name in columns:
            columns[name] = columns[name] or None
    if "url" in columns:
        columns["host"] = host_of(columns["url"])
    if columns.get("enabled"):
        columns |= {"disabled_reason": None, "failing_since": None}
    return columns
