"""Makes jobs: from a checked request to rows and a first task, in one transaction.

A job's `request` is versioned data: {"v": 1, "kind": "parse", "reference": ..., "options": ...},
{"v": 1, "kind": "extract", "references": [...], "options": (of the parse), "extract": ...} or
{"v": 1, "kind": "pipeline", "references": [...], "steps": [...]}; old versions decode for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.document.options import ExtractOptions, ParseOptions
from recto.errors import InvalidConfig, JobDeleted, NotFound
from recto.intake.reference import JobReference, UploadReference, is_job, parse_reference
from recto.jobs.admission import Admission
from recto.jobs.engine import Engine
from recto.jobs.lanes import BUDGETED, Lane, granted_lane
from recto.results.pipeline import ChildJob, next_move
from recto.storage.objects import Objects
from recto.storage.queries import claims, jobs, units, uploads
from recto.storage.queries.pipelines import PipelineRow
from recto.storage.secrets import Secrets
from recto.wire.definition import ExtractStep, ParseStep
from recto.wire.extract import extract_options
from recto.wire.model import warnings_of
from recto.wire.parse_options import to_options

REQUEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Submission:
    """What every request has, whatever it asks for. `raw_config` has no secrets in it any more."""

    organisation_id: UUID
    lane: Lane
    raw_config: str
    password: str | None = None
    metadata: Any = None
    webhook: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    tenant: str = ""
    tenant_share: float | None = None
    keeps_nothing: bool = False


class Submitter:
    """Makes jobs in the caller's transaction."""

    def __init__(
        self,
        engine: Engine,
        objects: Objects,
        secrets: Secrets,
        priority_budget: int,
        admission: Admission | None = None,
    ) -> None:
        """Keep what is needed; `priority_budget` is the number of active priority jobs per organisation."""
        self._engine = engine
        self._admission = admission or Admission()
        self._objects = objects
        self._secrets = secrets
        self._budget = priority_budget

    async def parse(
        self, connection: AsyncConnection, submission: Submission, reference: str, options: ParseOptions
    ) -> UUID:
        """Make a parse job; returns its id.

        Raises:
            InvalidConfig, NotFound: the reference has no known form, or names nothing of this organisation.
            QueueFull, BatchQueueFull: too much waits already.
        """
        await self.check_references(connection, submission.organisation_id, [reference])
        new = await self._new(connection, submission, "Parse", parse_request(reference, options))
        keep = kept(submission, options.result.persist)
        await self._add_parses(connection, [replace(new, timeout_s=options.read.timeout_s, keep=keep)])
        return new.id

    async def extract(
        self,
        connection: AsyncConnection,
        submission: Submission,
        references: Sequence[str],
        options: ExtractOptions,
        parsing: ParseOptions,
    ) -> UUID:
        """Make an extract job, and a parse below it for each document that is not parsed yet; returns its id.

        Raises:
            InvalidConfig, NotFound: a reference has no known form, or names nothing of this organisation.
        """
        await self.check_references(connection, submission.organisation_id, references)
        request = extract_request(references, options, parsing)
        new = replace(
            await self._new(connection, submission, "Extract", request),
            timeout_s=parsing.read.timeout_s,
            keep=kept(submission, parsing.result.persist),
        )
        await jobs.add(connection, [new])
        parses = [
            _parse_below(new, position, reference, parsing)
            for position, reference in enumerate(references)
            if not is_job(reference)
        ]
        if parses:
            await self._add_parses(connection, parses)
        else:
            await self._engine.defer_advance(connection, new.lane, new.id)
        return new.id

    async def pipeline(
        self,
        connection: AsyncConnection,
        submission: Submission,
        pipeline: PipelineRow,
        references: Sequence[str],
        *,
        many: bool,
    ) -> UUID:
        """Make a pipeline job on its deployed version, and its first children; returns the pipeline job's id.

        `many` says that the input was a list, so that the result's parse is one too.
        """
        await self.check_references(connection, submission.organisation_id, references)
        steps = pipeline.definition["steps"]
        # Its own row holds no result, but is the way to those of its parts: it lives as long as they do.
        parses = [ParseStep.model_validate(step["parse"]) for step in steps if "parse" in step]
        persist = any(to_options(parse)[0].result.persist for parse in parses)
        request = {
            "v": REQUEST_VERSION,
            "kind": "pipeline",
            "references": list(references),
            "many": many,
            "steps": steps,
        }
        new = replace(
            await self._new(connection, submission, "Pipeline", request),
            pipeline_id=pipeline.id,
            pipeline_version=pipeline.deployed_version,
            pipeline_hash=pipeline.hash,
            keep=kept(submission, persist),
        )
        await jobs.add(connection, [new])
        # The first move is known already, so it is made here instead of by a worker a task later.
        await self.add_children(connection, new, next_move(steps, references, ()).make, {})
        return new.id

    async def add_children(
        self,
        connection: AsyncConnection,
        parent: jobs.NewJob | jobs.JobRow,
        children: Sequence[ChildJob],
        made: Mapping[int, UUID],
    ) -> None:
        """Insert the children a pipeline's next move asks for: there may be a thousand, so all together.

        `made` are the ids of those that are there already, by position.
        """
        parses = [_child_of(parent, child) for child in children if child.step == "parse"]
        if parses:
            await self._add_parses(connection, parses)
        for child in children:
            if child.step == "extract":
                new = _extract_child_of(parent, child, [f"jobid://{made[place]}" for place in child.reads])
                await jobs.add(connection, [new])
                await self._engine.defer_advance(connection, new.lane, new.id)

    async def _add_parses(self, connection: AsyncConnection, new: Sequence[jobs.NewJob]) -> None:
        await jobs.add(connection, new)
        await units.plan_first(connection, [one.id for one in new], "intake")
        await claims.announce(connection, ["intake"])

    def sealed(self, password: str | None) -> bytes | None:
        """A document's password as a job's row holds it."""
        return self._secrets.seal(password) if password else None

    async def check_references(
        self, connection: AsyncConnection, organisation_id: UUID, references: Sequence[str]
    ) -> None:
        """Refuse at once what can be known to be wrong without opening the documents."""
        parsed = [parse_reference(reference) for reference in dict.fromkeys(references)]
        upload_ids = [UUID(one.file_id) for one in parsed if isinstance(one, UploadReference)]
        for row in await uploads.find_all(connection, organisation_id, upload_ids):
            if row.size_bytes is None and not await self._objects.exists(row.key):
                raise NotFound(
                    f"Nothing has been uploaded to {row.file_id} yet: PUT the bytes to its presigned_url."
                )
        for one in parsed:
            if isinstance(one, JobReference):
                await usable_parse_job(connection, organisation_id, UUID(one.job_id))

    async def _new(
        self, connection: AsyncConnection, submission: Submission, job_type: str, request: dict[str, Any]
    ) -> jobs.NewJob:
        lane = submission.lane
        await self._admission.admit(connection, lane)
        if lane in BUDGETED:
            active = await jobs.active_priority_jobs(connection, submission.organisation_id, list(BUDGETED))
            lane = granted_lane(lane, active, self._budget)
        return jobs.NewJob(
            id=uuid4(),
            organisation_id=submission.organisation_id,
            type=job_type,
            lane=lane,
            lane_asked=submission.lane,
            status="Pending",
            request=request,
            raw_config=submission.raw_config,
            password=self.sealed(submission.password),
            metadata=submission.metadata,
            webhook=submission.webhook,
            tenant=submission.tenant,
            tenant_share=submission.tenant_share,
            warnings=submission.warnings,
        )


def _child_of(parent: jobs.NewJob | jobs.JobRow, child: ChildJob) -> jobs.NewJob:
    step = ParseStep.model_validate(child.options)
    options, _, warnings = to_options(step)
    throttling = step.settings.tenant_throttling
    standard = "persist" if options.result.persist else "standard"
    return jobs.NewJob(
        id=uuid4(),
        organisation_id=parent.organisation_id,
        type="Parse",
        lane=parent.lane,
        lane_asked=parent.lane,
        status="Pending",
        request=parse_request(child.reference, options),
        raw_config=msgspec.json.encode({**child.options, "input": child.reference}).decode(),
        password=parent.password,
        parent_id=parent.id,
        position=child.position,
        tenant=throttling.tenant_id if throttling else parent.tenant,
        tenant_share=throttling.max_share if throttling else parent.tenant_share,
        timeout_s=options.read.timeout_s,
        warnings=warnings,
        keep="none" if parent.keep == "none" else standard,
    )


def kept(submission: Submission, persist: bool) -> str:
    """How long what a job makes is kept: standard, persist or none.

    Raises:
        InvalidConfig: both for ever and not at all were asked for.
    """
    if submission.keeps_nothing and persist:
        raise InvalidConfig(
            "X-Recto-Retention: none and persist_results contradict each other: leave one of them out."
        )
    if submission.keeps_nothing:
        return "none"
    return "persist" if persist else "standard"


def _extract_child_of(
    parent: jobs.NewJob | jobs.JobRow, child: ChildJob, references: Sequence[str]
) -> jobs.NewJob:
    step = ExtractStep.model_validate(child.options)
    options = extract_options(step.instructions, step.settings)
    return jobs.NewJob(
        id=uuid4(),
        organisation_id=parent.organisation_id,
        type="Extract",
        lane=parent.lane,
        lane_asked=parent.lane,
        status="Pending",
        request=extract_request(references, options, ParseOptions()),
        raw_config=msgspec.json.encode({**child.options, "input": references}).decode(),
        parent_id=parent.id,
        position=child.position,
        warnings=warnings_of(step),
        keep="none" if parent.keep == "none" else "standard",
    )


def _parse_below(parent: jobs.NewJob, position: int, reference: str, options: ParseOptions) -> jobs.NewJob:
    """The parse of one of an extract job's documents. The limit of time is that of its parent."""
    return replace(
        parent,
        id=uuid4(),
        type="Parse",
        request=parse_request(reference, options),
        raw_config=msgspec.json.encode({"input": reference}).decode(),
        metadata=None,
        webhook=None,
        parent_id=parent.id,
        position=position,
        timeout_s=None,
        warnings=(),
        keep="none" if parent.keep == "none" else "standard",  # what is persisted is the result
    )


def extract_request(
    references: Sequence[str], options: ExtractOptions, parsing: ParseOptions
) -> dict[str, Any]:
    """The stored form of an extract request."""
    return {
        "v": REQUEST_VERSION,
        "kind": "extract",
        "references": list(references),
        "options": msgspec.to_builtins(parsing),
        "extract": msgspec.to_builtins(options),
    }


def parse_request(reference: str, options: ParseOptions) -> dict[str, Any]:
    """The stored form of a parse request."""
    return {
        "v": REQUEST_VERSION,
        "kind": "parse",
        "reference": reference,
        "options": msgspec.to_builtins(options),
    }


async def usable_parse_job(connection: AsyncConnection, organisation_id: UUID, job_id: UUID) -> jobs.JobRow:
    """The parse job behind a jobid:// reference: the job itself, or the only parse of an extraction or pipeline.

    Raises:
        NotFound: there is no such job, or its result is gone.
        InvalidConfig: it failed, or it is no parse and has not exactly one.
    """
    found = await jobs.find(connection, organisation_id, job_id)
    if found.deleting_at is not None:
        raise NotFound(f"The result of job {job_id} has been deleted.") from JobDeleted()
    if found.type != "Parse":
        parses = [child for child in await jobs.children(connection, job_id) if child.type == "Parse"]
        if not parses and found.type == "Extract" and len(found.request["references"]) == 1:
            further = parse_reference(found.request["references"][0])
            if isinstance(further, JobReference):
                return await usable_parse_job(connection, organisation_id, UUID(further.job_id))
        if len(parses) != 1:
            raise InvalidConfig(
                f"jobid://{job_id} is a {found.type} job with {len(parses)} parse results; name a parse job."
            )
        found = parses[0]
        if found.deleting_at is not None:
            raise NotFound(f"The parse result of job {job_id} has been deleted.") from JobDeleted()
    if found.status in {"Failed", "Cancelled"}:
        raise InvalidConfig(f"jobid://{job_id} ended as {found.status} and has no result to use.")
    return found
