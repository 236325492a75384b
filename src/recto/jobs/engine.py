"""Carries tasks from whoever plans them to a worker. The only module that imports the job engine (Procrastinate).

Tasks are messages, never the truth: they say "look at job X". Rows of ours decide whether there is
anything to do, so a message that is lost, doubled or late does no harm. Units and deliveries need no messages: see
`jobs.taking` and `webhooks.courier`.

Payloads carry a version `v`: a worker reads those of every older server, and leaves newer ones to newer workers.
A new kind of message goes into a queue of its own, which older workers do not serve.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager
from procrastinate.types import JSONValue
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import Unavailable
from recto.jobs.lanes import PRIORITIES
from recto.storage.database import attentive, limit_silence, plain_url, raw

PAYLOAD_VERSION = 1
HEARTBEAT_S = 3.0
DUE_POLLING_S = (
    1.0  # of the queue whose tasks come due: nobody announces that, so this is how late one may be
)
POOL_SIZE = 8

FORMER_QUEUES = ("intake", "read", "ocr", "deliveries")
"""Servers up to version 0.1 queued a task for every unit and delivery. These are taken out of the way: both are
rows."""

NEWER_WAIT_S = 5.0  # before a message that this version cannot read is offered again, to a newer worker

SCHEMA_LOCK = 7_233_870_156
RESUME_S = 1.0  # pause before a queue is served again whose server gave up, as it does without a database

log = structlog.get_logger(__name__)


class NewerMessage(Exception):
    """A newer server queued this message: it goes back, for a worker that can read it."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What a worker does with each message."""

    look: Callable[[], None]
    advance: Callable[[UUID], Awaitable[None]]
    deliver: Callable[[], None]


class Engine:
    """Defers and runs tasks on one database."""

    def __init__(self, url: str, *, pooled: bool = False) -> None:
        """Connect to nothing yet; use `open`. `pooled`: see `storage.pooler`."""
        configure = _configure_pooled if pooled else _configure
        self._connector = procrastinate.PsycopgConnector(
            conninfo=attentive(plain_url(url)), min_size=1, max_size=POOL_SIZE, configure=configure
        )
        self._app = procrastinate.App(connector=self._connector)
        self._handlers: Handlers | None = None
        left = procrastinate.RetryStrategy(wait=int(NEWER_WAIT_S), retry_exceptions={NewerMessage})
        self._app.task(name="run_unit", retry=left)(self._on_run_unit)
        self._advance = self._app.task(name="advance", retry=left)(self._on_advance)
        self._app.task(name="deliver", retry=left)(self._on_deliver)

    async def open(self) -> None:
        """Open the connection pool."""
        await self._app.open_async()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._app.close_async()

    async def defer_advance(self, connection: AsyncConnection | None, lane: str, job_id: UUID) -> None:
        """Queue a look at a job."""
        deferrer = self._advance.configure(
            queue="advance",
            priority=PRIORITIES[lane],
            connection=await raw(connection) if connection else None,
        )
        with _reaching():
            await deferrer.defer_async(v=PAYLOAD_VERSION, job_id=str(job_id))

    async def retry_stalled(self, silent_s: float) -> int:
        """Give tasks of dead workers back to the queue; returns how many."""
        tasks = self._app.job_manager
        given_back = 0
        with _reaching():
            stalled = list(await tasks.get_stalled_jobs(seconds_since_heartbeat=silent_s))
        for task in stalled:
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
                    queues=[queue, *FORMER_QUEUES] if queue == "advance" else [queue],
                    name=name,
                    concurrency=concurrency,
                    fetch_job_polling_interval=DUE_POLLING_S,
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

    async def _on_run_unit(self, v: int, **_: JSONValue) -> None:
        _check_version(v)
        self._handling().look()

    async def _on_advance(self, v: int, **values: JSONValue) -> None:
        _check_version(v)
        await self._handling().advance(UUID(str(values["job_id"])))

    async def _on_deliver(self, v: int, **_: JSONValue) -> None:
        _check_version(v)
        self._handling().deliver()

    def _handling(self) -> Handlers:
        if self._handlers is None:
            raise RuntimeError("tasks can be run by a worker only")
        return self._handlers


@contextlib.contextmanager
def _reaching() -> Generator[None]:
    """Turn a failure of the engine's connection into ours."""
    try:
        yield
    except ConnectorException as error:
        raise Unavailable from error


async def _configure(connection: psycopg.AsyncConnection) -> None:
    """Make the engine's own statements cheap: each a transaction of its own that waits for no disk.

    A crash of the database may undo the last few of them, so that a message is there again or gone: which does
    no harm, see above. Messages queued with work of ours are in its transaction and as durable.
    """
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")
    await limit_silence(connection)


async def _configure_pooled(connection: psycopg.AsyncConnection) -> None:
    """Leave nothing in a session that is only lent: it would reach whoever has it next."""
    await connection.set_autocommit(True)
    connection.prepare_threshold = None


def _check_version(version: int) -> None:
    if version > PAYLOAD_VERSION:
        raise NewerMessage(f"a message of version {version} came to a worker that knows {PAYLOAD_VERSION}")


def migrate_engine(url: str) -> None:
    """Create the engine's own tables in the database when they are missing."""
    with psycopg.connect(plain_url(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if row is not None and row[0] is None:
            connection.execute(SchemaManager.get_schema())  # pyright: ignore[reportArgumentType] - the library vouches for its SQL
