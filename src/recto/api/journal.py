"""The audit log's pen: every call that names an organisation is written down behind its answer.

A thin ASGI layer sees the answer's status; entries are collected and written together about once a second, so
that no call waits for its own entry. A server that is killed loses the last second; key changes and deletions of
keys are written in their own transaction instead (routes/keys.py). Bodies, headers and signed tokens are never
written.
"""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recto.errors import RectoError
from recto.storage.database import Database
from recto.storage.queries import audit
from recto.storage.queries.access import Holder
from recto.storage.queries.audit import Entry

EVERY_S = 1.0
MOST_WAITING = 50_000  # entries kept while the database is away, about 20 MB; older ones are lost, and told
BATCH = 1000
TARGET_CHARACTERS = 200

log = structlog.get_logger(__name__)


class Journal:
    """Collects entries and writes them down."""

    def __init__(self, database: Database) -> None:
        """Keep the database; `run` writes."""
        self._database = database
        self._waiting: deque[Entry] = deque()
        self._lost = 0

    def note(self, entry: Entry) -> None:
        """Take an entry; the oldest is let go of when too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(entry)

    async def run(self) -> None:
        """Write about once a second until cancelled, and what is left then."""
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await self._try()
        finally:
            await self._try()

    async def flush(self) -> None:
        """Write everything that waits.

        Raises:
            Unavailable: the database cannot be reached; the entries go on waiting.
        """
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                async with self._database.begin() as connection:
                    await audit.add(connection, batch)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise
        if self._lost:
            log.error("entries of the audit log are lost, the database was away too long", entries=self._lost)
            self._lost = 0

    async def _try(self) -> None:
        try:
            await self.flush()
        except RectoError as error:
            log.warning("the audit log is written later", error=error.message, waiting=len(self._waiting))
        except Exception:
            log.exception("writing the audit log failed")


class Journalled:
    """The ASGI layer around the application."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        """Wrap an application."""
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and note how a call was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            with suppress(KeyError):  # a path that no route has
                self._note(scope, status)

    def _note(self, scope: Scope, status: int) -> None:
        state: dict[str, Any] = scope.get("state", {})
        holder: Holder | None = state.get("holder")
        subject: UUID | None = state.get("subject")
        if holder is None and subject is None and not state.get("wrong_key"):
            return
        path: dict[str, str] = scope.get("path_params", {})
        named = ",".join(str(value) for name, value in path.items() if name != "token")
        target = state.get("target") or named
        self._journal.note(
            Entry(
                at=datetime.now(UTC),
                action=f"{scope['method']} {scope['route'].path}",
                status=status or 499,  # the client went away before there was an answer
                organisation_id=holder.organisation_id if holder else None,
                key_id=holder.key_id if holder else None,
                address=address_of(scope),
                target=_storable(target)[:TARGET_CHARACTERS],
                subject=subject,
            )
        )


def address_of(scope: Scope) -> str:
    """The address a call came from, as far as the server knows; "?" for a socket without one."""
    client = scope.get("client")
    return str(client[0]) if client else "?"


def about(request: Request, target: object, subject: UUID | None = None) -> None:
    """Say what a call was about: an id that its path does not name; for signed links, whose the object is."""
    request.state.target = str(target)
    if subject is not None:
        request.state.subject = subject


def _storable(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
