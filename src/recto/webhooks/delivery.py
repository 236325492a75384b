"""Delivers webhook messages: takes one from the outbox, posts it, writes down how that went, plans the next try.

Prepare, act, record. A try that fails is followed by another after a wait (contract 11.2: three in all), as a
task that comes due, so that nothing is occupied meanwhile. A receiver may see a message twice (its answer was
lost, or this process died before writing it down): `X-Recto-Delivery` is the same each time.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import httpx
import structlog

from recto.errors import RectoError
from recto.intake.guard import AddressGuard, GuardedTransport, without_secrets
from recto.storage.database import Database
from recto.storage.queries import deliveries
from recto.webhooks.ports import DeliveryQueue

LEASE_MARGIN_S = 10.0  # over the attempt's own limit, for the writing down

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try went: the HTTP status of the answer, or why there was none."""

    answer_status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took the message: any 2xx. A redirect is a failure, nobody follows it."""
        return self.answer_status is not None and 200 <= self.answer_status < 300  # noqa: PLR2004 - HTTP


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the message: its status, and the wait before the next try."""

    status: Literal["delivered", "failed", "pending"]
    wait_s: float = 0


def verdict(attempt: Attempt, number: int, backoff_s: tuple[float, ...]) -> Verdict:
    """Decide after try `number` (from 1); there is one more try than there are waits.

    >>> verdict(Attempt(500, None), 1, (1, 5))
    Verdict(status='pending', wait_s=1)
    """
    if attempt.delivered:
        return Verdict("delivered")
    if number > len(backoff_s):
        return Verdict("failed")
    return Verdict("pending", backoff_s[number - 1])


class Deliverer:
    """Delivers the messages a worker is told of."""

    def __init__(
        self,
        name: str,
        database: Database,
        queue: DeliveryQueue,
        guard: AddressGuard,
        *,
        timeout_s: float,
        backoff_s: tuple[float, ...],
    ) -> None:
        """`timeout_s` limits one try as a whole, `backoff_s` are the waits between tries."""
        self._name = name
        self._database = database
        self._queue = queue
        self._guard = guard
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s

    async def deliver(self, delivery_id: UUID) -> None:
        """Try to deliver a message; nothing when it is not due, not to be had, or done with."""
        lease_s = self._timeout_s + LEASE_MARGIN_S
        async with self._database.begin() as connection:
            held = await deliveries.claim(connection, delivery_id, self._name, lease_s)
        if held is None:
            return
        attempt = await self._post(held)
        decided = verdict(attempt, held.attempt, self._backoff_s)
        async with self._database.begin() as connection:
            recorded = await deliveries.record(
                connection,
                held,
                status=decided.status,
                answer_status=attempt.answer_status,
                error=attempt.error,
                wait_s=decided.wait_s,
            )
            if recorded and decided.status == "pending":
                await self._queue.defer_delivery(connection, held.id, decided.wait_s)
        log.info(
            "webhook tried",
            job_id=str(held.job_id),
            attempt=held.attempt,
            outcome=decided.status,
            answer=attempt.answer_status,
            error=attempt.error,
        )

    async def _post(self, held: deliveries.DeliveryRow) -> Attempt:
        headers = {
            "content-type": "application/json",
            "user-agent": "Recto-Webhook/1",
            "x-recto-delivery": str(held.id),
            "x-recto-attempt": str(held.attempt),
        }
        try:
            async with (
                GuardedTransport(self._guard) as transport,
                httpx.AsyncClient(transport=transport, trust_env=False, timeout=self._timeout_s) as client,
            ):
                return await self._ask(client, held, headers)
        except RectoError as error:
            return Attempt(None, error.message)
        except TimeoutError:
            return Attempt(None, f"no answer within {self._timeout_s:g} s")
        except httpx.HTTPError as error:
            where = without_secrets(held.url)
            return Attempt(None, f"{where} did not answer: {str(error) or type(error).__name__}")
        except Exception as error:
            log.exception("webhook failed unexpectedly", job_id=str(held.job_id))
            return Attempt(None, f"the delivery failed unexpectedly ({type(error).__name__})")

    async def _ask(
        self, client: httpx.AsyncClient, held: deliveries.DeliveryRow, headers: dict[str, str]
    ) -> Attempt:
        async with (
            asyncio.timeout(self._timeout_s),
            client.stream("POST", held.url, content=held.body.encode(), headers=headers) as answer,
        ):
            return Attempt(
                answer.status_code, None if answer.is_success else f"answered {answer.status_code}"
            )
