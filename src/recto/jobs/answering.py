"""Does the unit of an extraction: the readings its parses kept in, the answer's objects and an outcome out.

By the rules it is one call in a child process. By a model it is three: what is computed is done in children, what waits
for the network here, in a task that ends with its job. It decides which engine answers, and nothing about values.
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog

from recto.document.options import ExtractOptions
from recto.errors import (
    ContextWindowExceeded,
    InvalidConfig,
    ModelMisconfigured,
    ModelRefused,
    ModelTimedOut,
    ModelUnavailable,
    NotFound,
    OutputLimitExceeded,
    OutputNotUnderstood,
    RectoError,
)
from recto.inference.service import ModelService
from recto.jobs.children import Children
from recto.jobs.copying import citations_key, kept_key
from recto.jobs.extracting import (
    Extracted,
    ModelFiles,
    credits_of,
    extract_options_of,
    extract_to_files,
    parses_of,
)
from recto.jobs.records import Outcome
from recto.results.parse import Document
from recto.storage.database import Database
from recto.storage.objects import Objects
from recto.storage.queries import jobs

EXTRACT_TIMEOUT_S = 900.0
USUAL_PROMPT = "Be precise and thorough."
"""The contract's default of a system prompt, which asks for nothing in particular."""

MODEL_FAULTS = (
    ModelUnavailable,
    ModelMisconfigured,
    ModelTimedOut,
    ModelRefused,
    OutputNotUnderstood,
    OutputLimitExceeded,
    ContextWindowExceeded,
    RectoError,
)
"""Ends of a model's calls after which the rules may answer instead."""

R = TypeVar("R")

log = structlog.get_logger(__name__)


class Waiting(Protocol):
    """Waits for work that needs the network, for as long as its job is open; see `jobs.units`."""

    async def __call__(self, job_id: UUID, work: Coroutine[Any, Any, R], /) -> R:
        """What the work gives; asyncio.CancelledError when the job has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What the worker lends: waiting, a job's document as a file, and the limit of seconds a job leaves."""

    waited_for: Waiting
    document: Callable[[jobs.JobRow], AbstractAsyncContextManager[Document]]
    limit: Callable[[jobs.JobRow, float], float]


class Extractor:
    """Does the extraction units of one worker."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        children: Children,
        hands: Hands,
        model: ModelService | None,
    ) -> None:
        self._database = database
        self._objects = objects
        self._children = children
        self._hands = hands
        self._model = model

    async def extract(self, job: jobs.JobRow, folder: Path) -> Outcome:
        """Do the unit: read what the job's parses kept, find the values, store them."""
        out, citations = folder / "result.json", folder / "citations.json"
        async with self._database.look() as connection:
            parses = await parses_of(connection, job)
        async with AsyncExitStack() as stack:
            kept = [await self._kept(stack, parse) for parse in parses]
            own = [parse for parse in parses if parse.parent_id == job.id]
            files = ModelFiles(tuple(kept), folder / "rules", out, citations)
            extracted = await self._extracted(job, parses, files, sum(credits_of(parse) for parse in own))
        key = f"jobs/{job.id}/result.json"
        if extracted.citations:
            await self._objects.put_file(citations_key(job.id), citations)
        await self._objects.put_file(key, out)
        warnings = tuple(sentence for parse in own for sentence in parse.warnings)
        return Outcome(
            result_key=key, extracted=replace(extracted, warnings=(*warnings, *extracted.warnings))
        )

    async def _extracted(
        self, job: jobs.JobRow, parses: Sequence[jobs.JobRow], files: ModelFiles, parse_credits: float
    ) -> Extracted:
        """The answer by the model where there is one, else by the rules."""
        options, service = extract_options_of(job), self._model
        told = unserved(options)
        if service is not None:
            try:
                return await self._by_model(service, job, parses, files, parse_credits)
            except MODEL_FAULTS as error:
                if service.fails == "job":
                    raise
                log.warning("the rules answer for a model", job_id=str(job.id), error=error.message)
                told = (rules_instead(error),)
        limit = self._hands.limit(job, EXTRACT_TIMEOUT_S)
        run = partial(extract_to_files, parse_credits=parse_credits, told=told)
        return await self._children.run(
            "read", job.id, limit, run, files.kept, options, files.result, files.citations
        )

    async def _by_model(
        self,
        service: ModelService,
        job: jobs.JobRow,
        parses: Sequence[jobs.JobRow],
        files: ModelFiles,
        parse_credits: float,
    ) -> Extracted:
        from recto.jobs import asking  # noqa: PLC0415 - the engine is loaded by those who ask it

        options, limit = extract_options_of(job), self._hands.limit(job, EXTRACT_TIMEOUT_S)
        in_child = partial(self._children.run, "read", job.id, limit)
        view = await in_child(asking.look_for_model, files, options)
        drawn: list[list[bytes]] = []
        for at in sorted({at for at, _, _ in view.pages}) if service.client.sees else ():
            pages = [(number, rotation) for document, number, rotation in view.pages if document == at]
            async with self._hands.document(parses[at]) as document:
                drawn.append(await in_child(asking.draw_pages, document, pages))
        pictures = asking.as_pictures(view, drawn) if drawn else {}
        calls = asking.model_answer(
            service, view, options, pictures, self._hands.limit(job, asking.MODEL_TIMEOUT_S)
        )
        answer = await self._hands.waited_for(job.id, calls)
        told = asking.picture_warnings(service, options, view)
        return await in_child(
            asking.model_to_files, files, options, answer, told, parse_credits=parse_credits
        )

    async def _kept(self, stack: AsyncExitStack, parse: jobs.JobRow) -> Path:
        try:
            return await stack.enter_async_context(self._objects.local_file(kept_key(parse.id)))
        except NotFound as error:
            raise InvalidConfig(
                f"jobid://{parse.id} was parsed by a version that kept nothing to extract from: give the document"
                " itself, or parse it again."
            ) from error


def rules_instead(error: RectoError) -> str:
    """The sentence for an answer of the rules where the model gave none."""
    return f"The model gave no answer ({error.name}), so the values are those of the rules. {error.message}"


def unserved(options: ExtractOptions) -> tuple[str, ...]:
    """What was asked of a model where there is none, one sentence each."""
    settings, instructions = ("", "") if options.form == "v2" else ("settings.", "instructions.")
    asked = {
        f"{settings}deep_extract": options.deep,
        f"{settings}include_images": options.images,
        f"{instructions}system_prompt": options.prompt.strip() not in {"", USUAL_PROMPT},
    }
    return tuple(
        f"{name} was ignored: it needs a language model, and this server is set up without one."
        for name, wanted in asked.items()
        if wanted
    )
