"""A real database and the job layer on it, without workers: tests play the workers themselves."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from recto.document.options import ParseOptions
from recto.jobs.engine import Engine, migrate_engine
from recto.jobs.flow import Flow
from recto.jobs.reconcile import Patience, Reconciler
from recto.jobs.records import Outcome, Recorder, Taken
from recto.jobs.submit import Submission, Submitter
from recto.storage.database import Database, migrate
from recto.storage.embedded import EmbeddedPostgres
from recto.storage.notices import Listener
from recto.storage.objects import open_objects
from recto.storage.queries import access, claims, jobs, pipelines, units, uploads
from recto.storage.secrets import Secrets

LEASE_S = 10.0
BUDGET = 5
WEBHOOK = {"mode": "direct", "url": "http://127.0.0.1:9/hook"}
EMPTY = (
    "TRUNCATE job, unit, webhook_message, webhook_endpoint, webhook_secret, delivery, upload, idempotency, sweep,"
    " pipeline, pipeline_version, worker, procrastinate_jobs CASCADE"
)


class Heard(asyncio.Queue[str]):
    """Notices as they come."""

    async def wait_for(self, notice: str, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while await self.get() != notice:
                pass


@dataclass(frozen=True)
class Yard:
    """The job layer's parts, and shorthands to look into its tables."""

    database: Database
    engine: Engine
    submitter: Submitter
    flow: Flow
    organisation: UUID

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.database.begin() as connection:
            found = await connection.execute(sa.text(query), values)
            return list(found.all()) if found.returns_rows else []

    async def one(self, query: str, **values: Any) -> Any:
        (row,) = await self.rows(query, **values)
        return row[0] if len(row) == 1 else row

    def submission(self, lane: str = "async", **values: Any) -> Submission:
        return Submission(self.organisation, lane, "{}", **values)

    async def upload(self) -> str:
        row = uploads.UploadRow(uuid4(), self.organisation, ".pdf", "a.pdf", 1)
        async with self.database.begin() as connection:
            await uploads.add(connection, row)
        return row.file_id

    async def parse(self, reference: str | None = None, lane: str = "async", **values: Any) -> UUID:
        reference = reference or await self.upload()
        async with self.database.begin() as connection:
            return await self.submitter.parse(
                connection, self.submission(lane, **values), reference, ParseOptions()
            )

    async def pipeline(
        self,
        documents: int,
        references: Sequence[str] | None = None,
        steps: Sequence[dict[str, Any]] = ({"parse": {}},),
        **values: Any,
    ) -> UUID:
        references = references or [await self.upload() for _ in range(documents)]
        async with self.database.begin() as connection:
            pipeline_id, _ = await pipelines.deploy(
                connection, self.organisation, f"p-{uuid4()}", {"steps": list(steps)}, "hash"
            )
            row = await pipelines.find(connection, self.organisation, pipeline_id)
            return await self.submitter.pipeline(
                connection, self.submission(**values), row, references, many=True
            )

    async def job(self, job_id: UUID) -> jobs.JobRow:
        async with self.database.begin() as connection:
            row = await jobs.get(connection, job_id)
        assert row is not None
        return row

    async def children(self, job_id: UUID) -> list[UUID]:
        async with self.database.begin() as connection:
            return [child.id for child in await jobs.children(connection, job_id)]

    async def unit_states(self, job_id: UUID) -> list[tuple[str, str, int]]:
        query = "SELECT kind, status, attempt FROM unit WHERE job_id = :id ORDER BY id"
        return [tuple(row) for row in await self.rows(query, id=job_id)]

    async def open_unit(self, job_id: UUID) -> int:
        query = "SELECT id FROM unit WHERE job_id = :id AND status = 'pending' ORDER BY id LIMIT 1"
        return await self.one(query, id=job_id)

    async def claim_unit(self, unit_id: int, worker: str, lease_s: float = LEASE_S) -> units.UnitRow | None:
        async with self.database.begin() as connection:
            return await units.claim(connection, unit_id, worker, lease_s)

    async def take_first(
        self, kind: str, lane: str, tenant: str = "", worker: str = "w"
    ) -> units.UnitRow | None:
        """Take the first unit of a line of the yard's organisation."""
        async with self.database.begin() as connection:
            owner = (self.organisation, tenant)
            return await claims.take_first(connection, kind, lane, owner, worker, LEASE_S)

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator["Heard"]:
        """What is announced on a channel meanwhile."""
        heard = Heard()
        listener = Listener(self.database.url, channel, heard.put_nowait, lambda: None)
        listening = asyncio.create_task(listener.listen())
        await listener.ready.wait()
        try:
            yield heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def hold(self, job_id: UUID, worker: str, lease_s: float = LEASE_S) -> units.UnitRow:
        """Claim the job's next unit; it must be to be had."""
        held = await self.claim_unit(await self.open_unit(job_id), worker, lease_s)
        assert held is not None
        return held

    async def tasks(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What is queued: (task, queue, what it names)."""
        query = "SELECT task_name, queue_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        found = await self.rows(query)
        return [
            (task, queue, {key: value for key, value in args.items() if key != "v"})
            for task, queue, args in found
        ]

    async def lose_tasks(self) -> None:
        await self.rows("DELETE FROM procrastinate_jobs")

    def recorder(self, worker: str, *, unit_pages: int = 2, ocr: bool = True) -> Recorder:
        return Recorder(worker, self.database, self.flow, LEASE_S, unit_pages, ocr=lambda: ocr)

    def reconciler(self, patience: Patience | None = None) -> Reconciler:
        return Reconciler(self.database, self.engine, self.flow, patience or Patience(0, 0))

    async def take_in(self, job_id: UUID, worker: str, pages: int) -> units.UnitRow | None:
        """Do the intake of a job of so many pages (reading units have two); gives the unit that follows."""
        return await self.recorder(worker).done(await self.hold(job_id, worker), taken(pages))


def taken(pages: int) -> Taken:
    """The outcome of an intake."""
    source = {"key": "k", "kind": "pdf", "extension": ".pdf", "mime": "application/pdf", "pages": pages}
    return Taken(source=source, chosen=tuple(range(1, pages + 1)))


def read(pages: int, key: str = "k") -> Outcome:
    """The outcome of a unit of reading."""
    return Outcome(result_key=key, pages_done=pages)


@asynccontextmanager
async def opened_yard(url: str) -> AsyncIterator[Yard]:
    database, engine = Database(url), Engine(url)
    submitter = Submitter(engine, open_objects("memory:///"), Secrets(b"secret"), BUDGET)
    await engine.open()
    try:
        async with database.begin() as connection:
            await connection.execute(sa.text(EMPTY))
            organisation = await access.ensure_organisation(connection, f"test-{uuid4()}")
        yield Yard(database, engine, submitter, Flow(database, engine, submitter), organisation)
    finally:
        await engine.close()
        await database.close()


@pytest.fixture(scope="session")
def job_database() -> Iterator[str]:
    """A PostgreSQL of our own with Recto's tables, for all tests that need no server around it."""
    folder = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    folder.chmod(0o755)  # root's database user must get through
    postgres = EmbeddedPostgres.start(folder / "data")
    try:
        migrate(postgres.url)
        migrate_engine(postgres.url)
        yield postgres.url
    finally:
        postgres.discard()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def yard(job_database: str) -> AsyncIterator[Yard]:
    """The job layer on empty tables, with an organisation of its own."""
    async with opened_yard(job_database) as opened:
        yield opened
