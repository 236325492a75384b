"""The composition root: settings in, adapters built and wired, an API or a worker out."""

import asyncio
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from uuid import UUID

from recto.errors import InvalidConfig
from recto.intake.fetch import Fetcher
from recto.intake.guard import AddressGuard
from recto.jobs.admission import Admission, Depths
from recto.jobs.deletion import Deletion
from recto.jobs.engine import Engine, migrate_engine
from recto.jobs.flow import Flow
from recto.jobs.lanes import served_lanes
from recto.jobs.retention import Periods, Sweeper, Swept
from recto.jobs.submit import Submitter
from recto.settings import MEBIBYTE, Settings
from recto.storage.database import Database, migrate
from recto.storage.objects import open_objects
from recto.storage.pooler import lends_connections
from recto.storage.queries import access
from recto.storage.secrets import Secrets
from recto.storage.signed_urls import CursorSigner, PortalSigner, UrlSigner
from recto.webhooks.endpoints import Webhooks
from recto.webhooks.outbox import Outbox

if TYPE_CHECKING:
    from fastapi import FastAPI

    from recto.inference.openai_compatible import Endpoint
    from recto.inference.service import ModelService
    from recto.jobs.units import Workshop
    from recto.jobs.worker import Worker
    from recto.webhooks.delivery import Deliverer
    from recto.webhooks.external import SvixGateway

UNKNOWN_VERSION = "0.1.0"
WORKER_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` did; `first_key` is the API key it made, shown to people once."""

    first_key: str | None


def recto_version() -> str:
    """The server's version."""
    try:
        return version("recto")
    except PackageNotFoundError:
        return UNKNOWN_VERSION


def database_url(settings: Settings) -> str:
    """The database to use.

    Raises:
        InvalidConfig: none is named; only `recto serve` starts the embedded one.
    """
    if settings.database_url is None:
        raise InvalidConfig(
            "RECTO_DATABASE_URL is not set: name a PostgreSQL server, or use 'recto serve', which starts one."
        )
    return settings.database_url


def prepare(settings: Settings) -> Prepared:
    """Bring the database up to date and make the first organisation and key where there are none."""
    url = database_url(settings)
    migrate(url)
    migrate_engine(url)
    return asyncio.run(_first_key(settings, url))


async def _first_key(settings: Settings, url: str) -> Prepared:
    database = Database(url, pool_size=1)
    wanted = settings.bootstrap_key.get_secret_value() if settings.bootstrap_key else None
    try:
        async with database.begin() as connection:
            organisation_id = await access.ensure_organisation(connection)
            if await access.any_key(connection):
                return Prepared(None)
            key = wanted or access.new_key()
            await access.add_key(connection, organisation_id, "first", key)
            return Prepared(key)
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Adapters:
    """What API and worker both need."""

    database: Database
    engine: Engine
    submitter: Submitter
    flow: Flow


def _adapters(settings: Settings) -> Adapters:
    url = database_url(settings)
    pooled = lends_connections(url)
    database, engine = Database(url, pooled=pooled), Engine(url, pooled=pooled)
    objects = open_objects(settings.objects_url)
    admission = Admission(Depths(settings.queue_depth, settings.batch_queue_depth))
    submitter = Submitter(engine, objects, Secrets(settings.secret()), settings.priority_budget, admission)
    outbox = Outbox(external=settings.svix_token is not None)
    return Adapters(database, engine, submitter, Flow(database, engine, submitter, outbox))


def make_api(settings: Settings) -> "FastAPI":
    """The web application."""
    from recto.api.context import Context, Gate, Limits  # noqa: PLC0415 - a worker loads no web framework
    from recto.api.journal import Journal  # noqa: PLC0415
    from recto.api.limits import WrongKeys  # noqa: PLC0415
    from recto.api.server import create_api  # noqa: PLC0415
    from recto.api.waiting import JobWaiter  # noqa: PLC0415

    parts = _adapters(settings)
    objects = open_objects(settings.objects_url)
    secret = settings.secret()
    guard = AddressGuard(settings.allowed_hosts)
    context = Context(
        database=parts.database,
        objects=objects,
        submitter=parts.submitter,
        flow=parts.flow,
        waiter=JobWaiter(parts.database),
        deletion=Deletion(parts.database, objects),
        guard=guard,
        webhooks=Webhooks(Secrets(secret), guard),
        svix=_svix(settings),
        portals=PortalSigner(secret),
        signer=UrlSigner(secret),
        cursors=CursorSigner(secret),
        limits=Limits(
            upload_bytes=settings.max_upload_bytes,
            presigned_bytes=settings.max_presigned_bytes,
            inline_result_bytes=settings.inline_result_bytes,
            signed_url_s=settings.signed_url_s,
            sync_wait_s=settings.sync_wait_s,
            cancel_on_disconnect=settings.cancel_on_disconnect,
        ),
        gate=Gate(settings.rate_limit, settings.job_rate_limit, WrongKeys(settings.wrong_keys)),
        journal=Journal(parts.database),
        auth=settings.auth,
        public_url=settings.public_url,
        version=recto_version(),
    )
    return create_api(context, parts.engine)


def periods(settings: Settings) -> Periods:
    """How long things are kept."""
    return Periods(
        results_s=settings.retention_s or None,
        tombstones_s=settings.tombstone_s,
        unfetched_s=settings.unfetched_s,
        audit_s=settings.audit_retention_s,
        usage_s=settings.usage_retention_s,
    )


def model_endpoint(settings: Settings) -> "Endpoint | None":
    """The model endpoint that the settings name, whatever it is to be asked for."""
    from recto.inference.openai_compatible import Endpoint  # noqa: PLC0415 - without a model nobody needs it

    if settings.model_url is None:
        return None
    accurate = settings.model_accurate or settings.model_fast or ""
    return Endpoint(
        url=settings.model_url,
        models={"accurate": accurate, "fast": settings.model_fast or accurate},
        key=settings.model_key.get_secret_value() if settings.model_key else None,
        sees=settings.model_vision,
        concurrency=settings.model_concurrency,
    )


def model_service(settings: Settings) -> "ModelService | None":
    """The model that extractions ask; None where the rules are to do it alone. Nothing is connected yet."""
    if settings.model_url is None or settings.extract_engine == "rules":
        return None
    from recto.inference.cost import Price  # noqa: PLC0415 - without a model nobody needs it
    from recto.inference.openai_compatible import OpenAiCompatible  # noqa: PLC0415
    from recto.inference.service import CallLimits, ModelService  # noqa: PLC0415

    endpoint = model_endpoint(settings)
    return endpoint and ModelService(
        client=OpenAiCompatible(endpoint),
        limits=CallLimits(
            context_tokens=settings.model_context_tokens,
            answer_tokens=settings.model_answer_tokens,
            timeout_s=settings.model_timeout_s,
            at_once=settings.model_concurrency,
        ),
        tokens_per_job=settings.model_tokens_per_job,
        price=Price(settings.model_price_in, settings.model_price_out),
        fails="job" if settings.extract_engine == "model" else "rules",
    )


def _workshop(settings: Settings, name: str, database: Database, guard: AddressGuard) -> "Workshop":
    """What a worker's units are done with; its child pools start here."""
    from recto.jobs.children import Children  # noqa: PLC0415 - the API starts no children
    from recto.jobs.sources import Sources  # noqa: PLC0415
    from recto.jobs.units import Workshop  # noqa: PLC0415
    from recto.jobs.worker import make_scratch  # noqa: PLC0415

    scratch = make_scratch(settings.data_dir.resolve() / "scratch")
    children = Children(
        settings.readers,
        settings.ocr_readers,
        settings.child_memory_mb,
        settings.ocr_memory_mb,
        settings.child_recycle_mb,
        scratch=scratch,
        file_bytes=settings.max_presigned_bytes,
    )
    objects = open_objects(settings.objects_url)
    return Workshop(
        name=name,
        database=database,
        objects=objects,
        sources=Sources(objects, scratch, settings.source_cache_mb * MEBIBYTE),
        children=children,
        fetcher=Fetcher(
            guard, max_bytes=settings.max_presigned_bytes, total_timeout_s=settings.fetch_timeout_s
        ),
        secrets=Secrets(settings.secret()),
        scratch=scratch,
        unit_timeout_s=settings.unit_timeout_s,
        lease_s=settings.lease_s,
        layout_model=settings.layout_model,
        model=model_service(settings),
    )


def _svix(settings: Settings) -> "SvixGateway | None":
    """The real Svix that messages go to, where one is set up."""
    from recto.webhooks.external import SvixGateway  # noqa: PLC0415 - for the few that have one

    if settings.svix_token is None:
        return None
    token = settings.svix_token.get_secret_value()
    return SvixGateway(token, settings.svix_server_url, settings.webhook_timeout_s)


def _deliverer(settings: Settings, database: Database, guard: AddressGuard) -> "Deliverer":
    """What attempts deliveries."""
    from recto.webhooks.delivery import Deliverer, Schedule  # noqa: PLC0415 - the API delivers nothing

    schedule = Schedule(
        timeout_s=settings.webhook_timeout_s,
        direct_s=settings.webhook_backoff_s,
        endpoints_s=settings.webhook_schedule_s,
        disable_after_s=settings.webhook_disable_after_s,
    )
    return Deliverer(database, guard, Secrets(settings.secret()), schedule, _svix(settings))


def make_worker(settings: Settings) -> "Worker":
    """A worker process's parts, wired. Starts its child pools; run it with `run_worker`."""
    from recto.jobs.fleet import Fleet  # noqa: PLC0415 - the API does no units
    from recto.jobs.reconcile import Reconciler  # noqa: PLC0415
    from recto.jobs.records import Recorder  # noqa: PLC0415
    from recto.jobs.taking import Taker  # noqa: PLC0415
    from recto.jobs.units import UnitRunner  # noqa: PLC0415
    from recto.jobs.worker import Worker, worker_name  # noqa: PLC0415
    from recto.webhooks.courier import Courier  # noqa: PLC0415

    parts = _adapters(settings)
    name = worker_name()
    guard = AddressGuard(settings.allowed_hosts)
    shop = _workshop(settings, name, parts.database, guard)
    lanes = served_lanes(settings.lanes)
    fleet = Fleet(name, parts.database, lanes, settings.readers, settings.ocr_readers)
    recorder = Recorder(
        name,
        parts.database,
        parts.flow,
        settings.lease_s,
        settings.unit_pages,
        ocr=lambda: fleet.recognition_to_be_had,
    )
    runner = UnitRunner(shop, recorder)
    return Worker(
        name=name,
        database=parts.database,
        engine=parts.engine,
        children=shop.children,
        flow=parts.flow,
        runner=runner,
        fleet=fleet,
        taker=Taker(parts.database, fleet, runner, settings.lease_s),
        courier=Courier(name, parts.database, _deliverer(settings, parts.database, guard)),
        reconciler=Reconciler(parts.database, parts.engine, parts.flow),
        sweeper=Sweeper(parts.database, shop.objects, periods(settings)),
        lease_s=settings.lease_s,
    )


async def wait_for_worker(settings: Settings, started_within_s: float, patience_s: float) -> bool:
    """Wait until a worker that started within these seconds is ready; False when none was in time."""
    from recto.storage.queries import fleet  # noqa: PLC0415

    database = Database(database_url(settings), pool_size=1)
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        while clock() - began < patience_s:
            async with database.look() as connection:
                found = await fleet.workers(connection)
            if any(one.alive and one.age_s < started_within_s + clock() - began for one in found):
                return True
            await asyncio.sleep(WORKER_POLL_S)
    finally:
        await database.close()
    return False


async def run_worker(worker: "Worker") -> None:
    """Run a worker until cancelled, and close what it opened."""
    await worker.engine.open()
    try:
        await worker.run()
    finally:
        await worker.runner.close()
        await worker.engine.close()
        await worker.database.close()


def retry_job(
    settings: Settings, organisation: str, job_id: UUID, password: str | None
) -> dict[UUID, list[int]]:
    """Read a job's failed pages again, from the command line; returns them by job.

    Raises:
        NotFound: no such organisation or job. JobState: it did not complete, or lost no page.
    """
    from recto.jobs.retry import retry_failed_pages  # noqa: PLC0415 - used by this command only

    async def run() -> dict[UUID, list[int]]:
        parts = _adapters(settings)
        await parts.engine.open()
        try:
            async with parts.database.begin() as connection:
                owner = await access.find_organisation(connection, organisation)
                return await retry_failed_pages(
                    connection,
                    parts.flow,
                    open_objects(settings.objects_url),
                    owner,
                    job_id,
                    parts.submitter.sealed(password),
                )
        finally:
            await parts.engine.close()
            await parts.database.close()

    return asyncio.run(run())


def purge(settings: Settings, older_than_s: float | None, *, dry: bool) -> Swept | None:
    """Delete what is over, from the command line; None when a worker is at it.

    Raises:
        Unavailable: database or storage fail.
    """

    async def run() -> Swept | None:
        database = Database(database_url(settings))
        try:
            sweeper = Sweeper(database, open_objects(settings.objects_url), periods(settings))
            return await (sweeper.look(older_than_s) if dry else sweeper.once(older_than_s=older_than_s))
        finally:
            await database.close()

    return asyncio.run(run())


def cancel_job(settings: Settings, organisation: str, job_id: UUID) -> None:
    """Cancel a job from the command line.

    Raises:
        NotFound: no such organisation or job. JobState: the job has already ended.
    """

    async def run() -> None:
        parts = _adapters(settings)
        await parts.engine.open()
        try:
            async with parts.database.begin() as connection:
                owner = await access.find_organisation(connection, organisation)
                await parts.flow.cancel(connection, owner, job_id)
        finally:
            await parts.engine.close()
            await parts.database.close()

    asyncio.run(run())
