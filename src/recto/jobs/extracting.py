"""The unit of an extraction: kept readings in, the answer's files and their summary out.

`extract_to_files` runs in a child process; `parses_of` says whose readings it is given. The documents are never
opened: an extraction reads what their parses have kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.document.extraction import Extraction, ReadDocument
from recto.document.options import ExtractOptions, PageSpan
from recto.document.schema import SchemaField
from recto.errors import Internal, InvalidPageRange
from recto.intake.reference import JobReference, parse_reference
from recto.jobs.advance import chosen_pages
from recto.jobs.submit import usable_parse_job
from recto.results.extract.schema import read_schema
from recto.results.kept import load, only_pages
from recto.storage.queries import jobs
from recto.wire.extract_result import extract_usage, print_extraction


@dataclass(frozen=True, slots=True)
class Extracted:
    """Bytes of the answer's files, pages read, what the job's row tells of it, and the sentences for the user."""

    result_bytes: int
    pages: int
    summary: dict[str, Any]
    warnings: tuple[str, ...]
    citations: bool = False


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where the parts of one extraction lie: kept readings, the rules' findings, the answer and its citations."""

    kept: tuple[Path, ...]
    rules: Path
    result: Path
    citations: Path


def extract_to_files(
    kept: Sequence[Path],
    options: ExtractOptions,
    result: Path,
    citations: Path,
    *,
    parse_credits: float,
    told: Sequence[str] = (),
) -> Extracted:
    """Write the answer of the rules as JSON to `result`, and to `citations` those that are no part of it, if there
    are any; `told` are sentences for the user that stand before those of the engine.

    Raises:
        InvalidSchema, InvalidPageRange: the options do not fit.
    """
    from recto.results.extract.rules import extract  # noqa: PLC0415 - the API process needs no engine

    root = read_schema(msgspec.json.decode(options.schema))
    documents = chosen_documents([load(path) for path in kept], options.pages)
    found = extract(documents, root, options.prompt)
    found = replace(found, warnings=(*told, *found.warnings))
    return write_extraction(found, root, documents, options, result, citations, parse_credits=parse_credits)


def write_extraction(
    found: Extraction,
    root: SchemaField,
    documents: Sequence[ReadDocument],
    options: ExtractOptions,
    result: Path,
    citations: Path,
    *,
    parse_credits: float,
) -> Extracted:
    """Print what an engine found into the files, as `extract_to_files` does."""
    places = [{page.number: page for page in document.pages} for document in documents]
    printed = print_extraction(found, root, places, options)
    written = result.write_bytes(msgspec.json.encode(printed.result))
    if printed.citations is not None:
        written += citations.write_bytes(msgspec.json.encode(printed.citations))
    pages = sum(len(document.pages) for document in documents)
    return Extracted(
        result_bytes=written,
        pages=pages,
        summary={
            "usage": extract_usage(pages, printed.num_fields, parse_credits),
            "confidence": printed.confidence,
            "extraction": printed.extraction,
        },
        warnings=found.warnings,
        citations=printed.citations is not None,
    )


def chosen_documents(documents: Sequence[ReadDocument], spans: Sequence[PageSpan]) -> list[ReadDocument]:
    """The documents with the pages a page range names, in each of them; raises InvalidPageRange when that is none."""
    if not spans:
        return list(documents)
    chosen = [only_pages(document, _pages_of(document, spans, len(documents))) for document in documents]
    if not any(document.pages for document in chosen):
        raise InvalidPageRange("settings.page_range names no page that was parsed of any of the documents.")
    return chosen


def _pages_of(document: ReadDocument, spans: Sequence[PageSpan], documents: int) -> list[int]:
    last = max((page.number for page in document.pages), default=0)
    try:
        return chosen_pages(spans, last)
    except InvalidPageRange:
        if documents == 1:
            raise
        return []  # of several documents some may be shorter than the range


def credits_of(parse: jobs.JobRow) -> float:
    """What a completed parse job cost."""
    usage: dict[str, Any] = (parse.summary or {}).get("usage") or {}
    return usage.get("credits") or 0.0


def extract_options_of(job: jobs.JobRow) -> ExtractOptions:
    """The options stored with an extract job."""
    return msgspec.convert(job.request["extract"], ExtractOptions)


async def parses_of(connection: AsyncConnection, job: jobs.JobRow) -> list[jobs.JobRow]:
    """The parse jobs of an extract job's documents, in their order: its own children, or those it refers to.

    Raises:
        NotFound, InvalidConfig: a job that was referred to is gone or has no result.
    """
    own = {child.position: child for child in await jobs.children(connection, job.id)}
    found: list[jobs.JobRow] = []
    for position, reference in enumerate(job.request["references"]):
        match parse_reference(reference):
            case JobReference(job_id=job_id):
                found.append(await usable_parse_job(connection, job.organisation_id, UUID(job_id)))
            case _ if position in own:
                found.append(own[position])
            case _:
                raise Internal(f"Job {job.id} has no parse of its document {position + 1}.")
    return found
