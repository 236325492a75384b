"""Makes one attempt to deliver a webhook message: signs it, posts it, decides what comes next, writes that down.

Prepare, act, record. A claimed delivery comes in (see `courier`); its row, and a line of the attempt log, are what
goes out. An attempt that fails is followed by another when its time has come, so nothing is occupied meanwhile. A
receiver may see a message twice (its answer was lost, or this process died before writing it down): its id is the
same each time. Nobody promises an order.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

import httpx
import structlog

from recto.errors import RectoError
from recto.intake.guard import AddressGuard, GuardedTransport, without_secrets
from recto.storage.database import Database
from recto.storage.queries import deliveries
from recto.storage.queries.deliveries import DeliveryRow, Outcome
from recto.storage.secrets import Secrets
from recto.webhooks.attempt_log import AttemptLog
from recto.webhooks.signing import message_id, signed_headers

ANSWER_BYTES = 1024  # of an answer, for the log
ANSWER_S = 2.0  # for these, once the status is known: they decide nothing
ACCEPTED = 202  # HTTP: what Svix answers when it has taken a message
GONE = 410  # HTTP: the receiver says that it will never be there again
ERROR_CHARACTERS = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try went: the HTTP status of the answer and its beginning, or why there was none."""

    answer_status: int | None
    error: str | None
    answer: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took the message: any 2xx. A redirect is a failure, nobody follows it."""
        return self.answer_status is not None and 200 <= self.answer_status < 300  # noqa: PLR2004 - HTTP


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the delivery: its status, and the wait before the next try."""

    status: Literal["delivered", "failed", "pending"]
    wait_s: float = 0


def verdict(attempt: Attempt, number: int, backoff_s: tuple[float, ...]) -> Verdict:
    """Decide after try `number` (from 1); there is one more try than there are waits, and none after a 410.

    >>> verdict(Attempt(500, None), 1, (1, 5))
    Verdict(status='pending', wait_s=1)
    """
    if attempt.delivered:
        return Verdict("delivered")
    if number > len(backoff_s) or attempt.answer_status == GONE:
        return Verdict("failed")
    return Verdict("pending", backoff_s[number - 1])


class ExternalSvix(Protocol):
    """A real Svix that takes messages over."""

    async def send(self, held: DeliveryRow) -> None:
        """Hand a message over; again is no harm. Raises RectoError when it was not taken."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to try and when to give up, in seconds: the limit of one try, the waits between tries.

    `disable_after_s`: an endpoint that did nothing but fail for so long is switched off.
    """

    timeout_s: float
    direct_s: tuple[float, ...]
    endpoints_s: tuple[float, ...]
    disable_after_s: float


class Deliverer:
    """Attempts deliveries that a worker has claimed."""

    def __init__(
        self,
        database: Database,
        guard: AddressGuard,
        secrets: Secrets,
        schedule: Schedule,
        external: ExternalSvix | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives the seconds since 1970 that messages are signed with."""
        self.schedule = schedule
        self._database = database
        self._attempt_log = AttemptLog(database)
        self._secrets = secrets
        self._external = external
        self._clock = clock
        # No connection is used twice, so one client serves every host.
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(guard), trust_env=False, timeout=schedule.timeout_s
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def attempt(self, held: DeliveryRow) -> float | None:
        """Try once and write it down; returns the seconds the receiver took, None when it gave no answer."""
        began = time.monotonic()
        made = await self.post(held)
        seconds = time.monotonic() - began
        waits = self.schedule.direct_s if held.kind == "direct" else self.schedule.endpoints_s
        decided = verdict(made, held.number, waits)
        outcome = Outcome(
            decided.status,
            decided.wait_s,
            made.answer_status,
            made.error[:ERROR_CHARACTERS] if made.error else None,
            made.answer,
            round(seconds * 1000),
        )
        recorded = await self._attempt_log.write(held, outcome)
        if recorded and not made.delivered and held.endpoint_id is not None:
            await self._judge(held.endpoint_id, gone=made.answer_status == GONE)
        log.info(
            "webhook tried",
            job_id=str(held.job_id),
            message_id=message_id(held.message_id),
            attempt=held.attempt,
            outcome=decided.status,
            answer=made.answer_status,
            error=made.error,
        )
        return seconds if made.answer_status is not None else None

    async def _judge(self, endpoint_id: UUID, *, gone: bool) -> None:
        """Note that an endpoint has failed; switch it off when it is gone, or has failed for days."""
        async with self._database.begin() as connection:
            if gone:
                await deliveries.disable(connection, endpoint_id, "it answered 410 (gone)")
            elif await deliveries.failed(connection, endpoint_id, self.schedule.disable_after_s):
                days = self.schedule.disable_after_s / 86400
                await deliveries.disable(
                    connection, endpoint_id, f"every delivery has failed for {days:g} days"
                )

    async def post(self, held: DeliveryRow) -> Attempt:
        """Send a message to its receiver; whatever goes wrong is an attempt that failed."""
        try:
            async with asyncio.timeout(self.schedule.timeout_s) as limit:
                return await (self._hand_over(held) if held.kind == "svix" else self._ask(held, limit))
        except RectoError as error:
            return Attempt(None, error.message)
        except TimeoutError:
            return Attempt(None, f"no answer within {self.schedule.timeout_s:g} s")
        except httpx.HTTPError as error:
            where = without_secrets(held.url)
            return Attempt(None, f"{where} did not answer: {str(error) or type(error).__name__}")
        except Exception as error:
            log.exception("webhook failed unexpectedly", job_id=str(held.job_id))
            return Attempt(None, f"the delivery failed unexpectedly ({type(error).__name__})")

    async def _hand_over(self, held: DeliveryRow) -> Attempt:
        if self._external is None:
            return Attempt(None, "the message is for an external Svix, and RECTO_SVIX_TOKEN is not set")
        await self._external.send(held)
        return Attempt(ACCEPTED, None)

    async def _ask(self, held: DeliveryRow, limit: asyncio.Timeout) -> Attempt:
        body = held.body.encode()
        keys = [self._secrets.open(sealed) for sealed in held.secrets]
        headers = {
            "content-type": "application/json",
            "user-agent": "Recto-Webhook/1",
            "x-recto-delivery": str(held.id),
            "x-recto-attempt": str(held.attempt),
            **signed_headers(keys, message_id(held.message_id), int(self._clock()), body),
        }
        async with self._client.stream("POST", held.url, content=body, headers=headers) as answer:
            limit.reschedule(None)  # the status came in time
            said = await _beginning(answer)
            error = None if answer.is_success else f"answered {answer.status_code}"
            return Attempt(answer.status_code, error, said)


async def _beginning(answer: httpx.Response) -> str | None:
    """The first kilobyte of an answer, as text a column can hold; what of it came, when the rest does not."""
    received = bytearray()
    try:
        async with asyncio.timeout(ANSWER_S):
            async for piece in answer.aiter_raw():
                received += piece
                if len(received) >= ANSWER_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # the status says whether the message was taken
    return bytes(received[:ANSWER_BYTES]).decode(errors="replace").replace("\0", "\ufffd") or None
