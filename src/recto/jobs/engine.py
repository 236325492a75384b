"""Carries tasks from whoever plans them to a worker. The only module that imports the job engine (Procrastinate).

Tasks are messages, never the truth: they say "look at unit 7", "look at job X", "try delivery Y". Rows of ours
decide whether there is anything to do, so a message that is lost, doubled or late does no harm.

Payloads carry a version `v`, so that a worker can read messages that an older server queued.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager
from procrastinate.types import JSONDict, JSONValue
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.jobs.lanes import PRIORITIES
from recto.storage.database import plain_url, raw

PAYLOAD_VERSION = 1
HEARTBEAT_S = 3.0
POLLING_S = 5.0  # only a net below LISTEN/NOTIFY, which brings new tasks in milliseconds
DUE_POLLING_S = (
    1.0  # of the queue whose tasks come due: nobody announces that, so this is how late one may be
)
POOL_SIZE = 8

QUEUES = {"intake": "intake", "read": "read", "assemble": "read", "extract": "read", "ocr": "ocr"}
"""The queue of each kind of unit; a worker serves each queue with a number of slots of its own."""

AGAIN = 5  # what a unit that lost its worker gains over its lane; the lanes are 10 apart

SCHEMA_LOCK = 7_233_870_156
RESUME_S = 1.0  # pause before a queue is served again whose server gave up, as it does without a database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handlers:
    """What a worker does with each message."""

    run_unit: Callable[[int], Awaitable[None]]
    advance: Callable[[UUID], Awaitable[None]]
    deliver: Callable[[UUID], Awaitable[None]]


class Engine:
    """Defers and runs tasks on one database."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet; use `open` or `async with`."""
        self._connector = procrastinate.PsycopgConnector(
            conninfo=plain_url(url), min_size=1, max_size=POOL_SIZE, configure=_configure
        )
        self._app = procrastinate.App(connector=self._connector)
        self._handlers: Handlers | None = None
        self._run_unit = self._app.task(name="run_unit")(self._on_run_unit)
        self._advance = self._app.task(name="advance")(self._on_advance)
        self._deliver = self._app.task(name="deliver")(self._on_deliver)

    async def open(self) -> None:
        """Open the connection pool."""
        await self._app.open_async()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._app.close_async()

    async def defer_units(
        self, connection: AsyncConnection | None, kind: str, lane: str, unit_ids: Sequence[int]
    ) -> None:
        """Queue a task for each unit, inside the caller's transaction when one is given."""
        if not unit_ids:
            return
        deferrer = self._run_unit.configure(
            queue=QUEUES[kind],
            priority=PRIORITIES[lane],
            connection=await raw(connection) if connection else None,
        )
        await deferrer.batch_defer_async(*(_payload(unit_id=one) for one in unit_ids))

    async def defer_unit_again(self, kind: str, lane: str, unit_id: int) -> None:
        """Queue a task for a unit that seems to have lost its own; does nothing when one such is waiting.

        It goes before the rest of its lane: the unit has had its turn in the queue.
        """
        deferrer = self._run_unit.configure(
            queue=QUEUES[kind], priority=PRIORITIES[lane] + AGAIN, queueing_lock=f"unit-{unit_id}"
        )
        with contextlib.suppress(AlreadyEnqueued):
            await deferrer.defer_async(v=PAYLOAD_VERSION, unit_id=unit_id)

    async def queued_units(self, unit_ids: Sequence[int]) -> set[int]:
        """Those of these units that have a task, queued or in some worker's hands."""
        rows = await self._connector.execute_query_all_async(
            "SELECT DISTINCT (args->>'unit_id')::bigint AS unit_id FROM procrastinate_jobs"
            " WHERE task_name = 'run_unit' AND status IN ('todo', 'doing')"
            " AND (args->>'unit_id')::bigint = ANY(%(unit_ids)s)",
            unit_ids=list(unit_ids),
        )
        return {row["unit_id"] for row in rows}

    async def defer_advance(self, connection: AsyncConnection | None, lane: str, job_id: UUID) -> None:
        """Queue a look at a job."""
        deferrer = self._advance.configure(
            queue="advance",
            priority=PRIORITIES[lane],
            connection=await raw(connection) if connection else None,
        )
        await deferrer.defer_async(v=PAYLOAD_VERSION, job_id=str(job_id))

    async def defer_delivery(
        self, connection: AsyncConnection | None, delivery_id: UUID, wait_s: float = 0
    ) -> None:
        """Queue a delivery attempt, now or later."""
        options: dict[str, Any] = {"schedule_in": {"seconds": wait_s}} if wait_s else {}
        deferrer = self._deliver.configure(
            queue="deliveries", connection=await raw(connection) if connection else None, **options
        )
        await deferrer.defer_async(v=PAYLOAD_VERSION, delivery_id=str(delivery_id))

    async def defer_delivery_again(self, delivery_id: UUID) -> None:
        """Queue an attempt for a message that seems to have lost its own; nothing when one such is waiting."""
        deferrer = self._deliver.configure(queue="deliveries", queueing_lock=f"delivery-{delivery_id}")
        with contextlib.suppress(AlreadyEnqueued):
            await deferrer.defer_async(v=PAYLOAD_VERSION, delivery_id=str(delivery_id))

    async def retry_stalled(self, silent_s: float) -> int:
        """Give tasks of dead workers back to the queue; returns how many."""
        tasks = self._app.job_manager
        given_back = 0
        for task in await tasks.get_stalled_jobs(seconds_since_heartbeat=silent_s):
            try:
                await tasks.retry_job(task)
                given_back += 1
            except UniqueViolation:  # another task for the same thing waits already
                await tasks.finish_job(task, Status.FAILED, delete_job=True)
            except ConnectorException as error:  # another worker's reconciler was quicker
                log.debug("stalled task not given back", task=task.id, error=str(error))
        return given_back

    async def run_worker(self, name: str, slots: dict[str, int], handlers: Handlers, grace_s: float) -> None:
        """Serve the queues until cancelled, each with its own number of slots."""
        self._handlers = handlers
        async with asyncio.TaskGroup() as group:
            for queue, concurrency in slots.items():
                group.create_task(self._serve(f"{name}-{queue}", queue, concurrency, grace_s))

    async def _serve(self, name: str, queue: str, concurrency: int, grace_s: float) -> None:
        # The engine's worker ends, in silence or not, when it loses the database; ours goes on when it is back.
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[queue],
                    name=name,
                    concurrency=concurrency,
                    fetch_job_polling_interval=DUE_POLLING_S if queue == "deliveries" else POLLING_S,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=HEARTBEAT_S * 4,
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=grace_s,
                )
            except (ConnectorException, psycopg.Error) as error:
                log.warning("a queue lost the database", queue=queue, error=str(error).strip())
            log.warning("a queue is served again", queue=queue, after_s=RESUME_S)
            await asyncio.sleep(RESUME_S)

    async def _on_run_unit(self, v: int, unit_id: int) -> None:
        _check_version(v)
        await self._handling().run_unit(unit_id)

    async def _on_advance(self, v: int, job_id: str) -> None:
        _check_version(v)
        await self._handling().advance(UUID(job_id))

    async def _on_deliver(self, v: int, delivery_id: str) -> None:
        _check_version(v)
        await self._handling().deliver(UUID(delivery_id))

    def _handling(self) -> Handlers:
        if self._handlers is None:
            raise RuntimeError("tasks can be run by a worker only")
        return self._handlers


async def _configure(connection: psycopg.AsyncConnection) -> None:
    """Make the engine's own statements cheap: each a transaction of its own that waits for no disk.

    A crash of the database may undo the last few of them, so that a message is there again or gone: which does
    no harm, see above. Messages queued with work of ours are in its transaction and as durable.
    """
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")


def _payload(**values: JSONValue) -> JSONDict:
    return {"v": PAYLOAD_VERSION, **values}


def _check_version(version: int) -> None:
    if version > PAYLOAD_VERSION:
        raise ValueError(f"a task of payload version {version} came to a worker that knows {PAYLOAD_VERSION}")


def migrate_engine(url: str) -> None:
    """Create the engine's own tables in the database when they are missing."""
    with psycopg.connect(plain_url(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if row is not None and row[0] is None:
            connection.execute(SchemaManager.get_schema())  # pyright: ignore[reportArgumentType] - the library vouches for its SQL
