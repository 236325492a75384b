"""The unit of an extraction by a model: the worker waits for the network, its children do everything else.

Three steps, the middle one async and without any document: `look_for_model` (in a child: kept readings in; lines, hints
and the rules' findings out), the calls (here, see results.extract.model), `model_to_files` (in a child: the answer in;
checked values as files out). Ended jobs are let go by cancelling the task of the middle step.
"""

import asyncio
import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from recto.document.extraction import Extraction, ReadDocument
from recto.document.options import ExtractOptions
from recto.document.schema import SchemaField
from recto.errors import ModelTimedOut
from recto.inference.cost import Budget
from recto.inference.port import Image
from recto.inference.service import ModelService
from recto.jobs.extracting import Extracted, ModelFiles, chosen_documents, write_extraction
from recto.pages.reading import render
from recto.results.extract.answers import ModelAnswer
from recto.results.extract.citing import cited
from recto.results.extract.interview import Pictures
from recto.results.extract.model import (
    MOST_PICTURED_PAGES,
    ModelInput,
    ModelMeans,
    ModelRequest,
    ask,
    model_input,
)
from recto.results.extract.numbered import read_lines
from recto.results.extract.rules import extract
from recto.results.extract.schema import read_schema
from recto.results.kept import load
from recto.results.parse import Document

PICTURE_DPI = 110.0
"""Pixels per inch of a page that a model is shown: print of eight points stays readable, a page is some 200 kB."""
MODEL_TIMEOUT_S = 1_800.0
"""Limit of all calls of one job; a job's own settings.timeout is obeyed besides."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelView:
    """What a child has seen for the model: the input, and the pages (document, page) that may be shown as pictures."""

    source: ModelInput
    pages: tuple[tuple[int, int, int], ...]
    warnings: tuple[str, ...] = ()


def request_of(options: ExtractOptions) -> ModelRequest:
    """How a model is to go about it."""
    return ModelRequest(
        prompt=options.prompt,
        deep=options.deep,
        fast=options.fast,
        by_windows=options.by_windows,
    )


def look_for_model(files: ModelFiles, options: ExtractOptions) -> ModelView:
    """Read the documents as numbered lines, and find by rules what they find; that is left in `files.rules`.

    Raises InvalidSchema, InvalidPageRange as `extract_to_files`.
    """
    root, documents = _read(files, options)
    rules = extract(documents, root, options.prompt)
    files.rules.write_bytes(pickle.dumps(rules))
    pages = [
        (at, page.number, page.rotation) for at, document in enumerate(documents) for page in document.pages
    ]
    pictured = tuple(pages) if options.images and len(pages) <= MOST_PICTURED_PAGES else ()
    return ModelView(model_input(read_lines(documents), rules), pictured)


def model_to_files(
    files: ModelFiles,
    options: ExtractOptions,
    answer: ModelAnswer,
    told: Sequence[str],
    *,
    parse_credits: float,
) -> Extracted:
    """Write what a model answered as JSON, every value checked against the words it cites."""
    root, documents = _read(files, options)
    rules: Extraction = pickle.loads(files.rules.read_bytes())  # noqa: S301 - written by `look_for_model`
    found = cited(answer, root, read_lines(documents), rules, judged=options.deep)
    found = replace(found, warnings=(*told, *found.warnings))
    return write_extraction(
        found, root, documents, options, files.result, files.citations, parse_credits=parse_credits
    )


def draw_pages(document: Document, pages: Sequence[tuple[int, int]]) -> list[bytes]:
    """Pages (number, rotation) of a document as PNG."""
    drawn: list[bytes] = []
    for number, rotation in pages:
        out = io.BytesIO()
        picture = render(document.path, document.type, number, PICTURE_DPI, document.password, rotation)
        picture.save(out, "PNG")
        drawn.append(out.getvalue())
    return drawn


def _read(files: ModelFiles, options: ExtractOptions) -> tuple[SchemaField, list[ReadDocument]]:
    root = read_schema(msgspec.json.decode(options.schema))
    return root, chosen_documents([load(path) for path in files.kept], options.pages)


async def model_answer(
    service: ModelService,
    view: ModelView,
    options: ExtractOptions,
    pictures: Pictures,
    timeout_s: float = MODEL_TIMEOUT_S,
) -> ModelAnswer:
    """What the model says, within the job's cap and time.

    Raises ModelTimedOut past the time, else what the calls ended with.
    """
    root = read_schema(msgspec.json.decode(options.schema))
    means = ModelMeans(service.client, Budget(service.tokens_per_job, service.price), service.limits)
    try:
        async with asyncio.timeout(timeout_s):
            answer = await ask(view.source, root, request_of(options), means, pictures)
    except TimeoutError as error:
        raise ModelTimedOut(
            f"The model's calls took longer than {timeout_s:.0f} seconds and were stopped."
        ) from error
    log.info("a model was asked", model=answer.model, rounds=answer.rounds, **_counted(answer))
    return answer


def _counted(answer: ModelAnswer) -> dict[str, int]:
    cost = answer.cost
    return {
        "calls": cost.calls,
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
    }


def picture_warnings(service: ModelService, options: ExtractOptions, view: ModelView) -> tuple[str, ...]:
    """Why pictures that were asked for are not shown, if they are not."""
    if not options.images:
        return ()
    if not service.client.sees:
        return (
            "include_images was ignored: the model of this server sees no pictures (RECTO_MODEL_VISION).",
        )
    if not view.pages:
        return (f"include_images was ignored: pictures go with at most {MOST_PICTURED_PAGES} pages.",)
    return ()


def as_pictures(view: ModelView, drawn: Sequence[Sequence[bytes]]) -> Pictures:
    """The drawn pages of each document, by document and page."""
    documents = sorted({document for document, _, _ in view.pages})
    pages = {at: [number for document, number, _ in view.pages if document == at] for at in documents}
    return {
        (at, number): Image(content)
        for at, contents in zip(documents, drawn, strict=True)
        for number, content in zip(pages[at], contents, strict=True)
    }
