"""Webhooks on a real database, with couriers that tests run themselves and a clock they turn."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from job_yard import Yard
from recto.intake.guard import AddressGuard
from recto.storage.notices import DELIVERIES_DUE, Listener
from recto.storage.queries import endpoints, messages
from recto.storage.secrets import Secrets
from recto.webhooks.courier import Courier
from recto.webhooks.delivery import Deliverer, Schedule
from recto.webhooks.endpoints import Webhooks

GUARD = AddressGuard(["127.0.0.1"])
SCHEDULE = Schedule(timeout_s=2.0, direct_s=(1, 5), endpoints_s=(5, 300, 1800), disable_after_s=5 * 86400)


@dataclass
class Clock:
    """The time messages are signed with."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@dataclass
class Hooks:
    """An organisation's webhooks, and shorthands."""

    yard: Yard
    schedule: Schedule = SCHEDULE
    external: Any = None
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.secrets = Secrets(b"a secret of the tests")
        self.webhooks = Webhooks(self.secrets, GUARD)

    async def endpoint(self, url: str, **values: Any) -> endpoints.EndpointRow:
        async with self.yard.database.begin() as connection:
            secret = values.pop("secret", None)
            return await self.webhooks.add(connection, self.yard.organisation, {"url": url, **values}, secret)

    async def secret(self, endpoint_id: UUID | None) -> str | None:
        async with self.yard.database.begin() as connection:
            return await self.webhooks.secret(connection, self.yard.organisation, endpoint_id)

    async def ended_job(self, channels: Sequence[str] = (), **webhook: Any) -> UUID:
        """A job with a webhook that has ended; by default one of mode svix."""
        given = webhook or {"mode": "svix", "channels": list(channels)}
        job_id = await self.yard.parse(webhook=given)
        async with self.yard.database.begin() as connection:
            await self.yard.flow.cancel(connection, self.yard.organisation, job_id)
        return job_id

    async def message(self, job_id: UUID) -> messages.MessageRow:
        async with self.yard.database.begin() as connection:
            (row,) = await messages.listing(connection, self.yard.organisation, limit=9, job_id=job_id)
        return row

    async def deliveries(self, job_id: UUID) -> list[messages.SentRow]:
        row = await self.message(job_id)
        async with self.yard.database.begin() as connection:
            return await messages.sent(connection, [row.id])

    async def attempts(self, job_id: UUID) -> list[messages.AttemptRow]:
        sent = await self.deliveries(job_id)
        async with self.yard.database.begin() as connection:
            return await messages.attempts(connection, [one.id for one in sent])

    async def found(self, endpoint_id: UUID) -> endpoints.EndpointRow:
        async with self.yard.database.begin() as connection:
            return await endpoints.find(connection, self.yard.organisation, endpoint_id)

    async def time_passes(self, seconds: float) -> None:
        """Everything the database remembers is that much longer ago; signatures are made that much later."""
        self.clock.ahead_s += seconds
        for table, columns in {
            "delivery": ("due_at", "lease_until"),
            "webhook_endpoint": ("failing_since",),
            "webhook_secret": ("expires_at",),
        }.items():
            moved = ", ".join(f"{name} = {name} - make_interval(secs => :seconds)" for name in columns)
            await self.yard.rows(f"UPDATE {table} SET {moved}", seconds=float(seconds))

    @asynccontextmanager
    async def couriers(self, count: int = 1) -> AsyncIterator[list[Courier]]:
        """Workers' couriers, running, with the notices that workers hear."""
        database = self.yard.database
        made = [
            Courier(
                f"w{n}",
                database,
                Deliverer(database, GUARD, self.secrets, self.schedule, self.external, self.clock),
            )
            for n in range(count)
        ]
        listeners = [Listener(database.url, DELIVERIES_DUE, one.look, one.look) for one in made]
        running = [asyncio.create_task(one.listen()) for one in listeners]
        for one in listeners:
            await one.ready.wait()
        running += [asyncio.create_task(one.run(0.5)) for one in made]
        try:
            yield made
        finally:
            for one in running:
                one.cancel()
            for one in running:
                with suppress(asyncio.CancelledError):
                    await one

    async def settled(self, job_id: UUID, attempts: int = 1, seconds: float = 10.0) -> list[messages.SentRow]:
        """The deliveries of a job's message once each has had so many attempts written down."""
        until = time.monotonic() + seconds
        while True:
            logged = await self.attempts(job_id)
            sent = await self.deliveries(job_id)
            if sent and all(sum(each.delivery_id == one.id for each in logged) >= attempts for one in sent):
                return sent
            assert time.monotonic() < until, (sent, logged)
            await asyncio.sleep(0.02)
