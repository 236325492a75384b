"""Takes another job's result over: an input of jobid:// is not read again and costs nothing.

The other job's row and objects in; objects of this job's own and what its row will say, out. Everything the
answer needs is copied, so that either job may be deleted without the other losing a link. It never opens a
document and never looks into the result beyond the names of its pictures.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from recto.document.options import ParseOptions
from recto.errors import NotFound
from recto.jobs.records import Copied
from recto.results.pictures import FOLDER
from recto.storage.objects import Objects
from recto.storage.queries.jobs import JobRow
from recto.wire.image_links import named, streamed_with_links

COPIES_AT_ONCE = 16  # pictures; each is one short request to the storage
LARGEST_RESULT_BYTES = 1 << 40  # a copy is as large as what is stored already: no limit of its own

_READING: Mapping[str, Callable[[ParseOptions], object]] = {
    "settings.page_range": lambda options: options.read.pages,
    "settings.extraction_mode": lambda options: options.read.extraction_mode,
    "settings.ocr_system": lambda options: options.read.ocr_system,
    "settings.force_file_extension": lambda options: options.read.force_extension,
    "settings.return_ocr_data": lambda options: options.read.ocr_data,
    "settings.return_images": lambda options: options.read.images,
    "retrieval.chunking": lambda options: options.chunks,
    "retrieval.filter_blocks": lambda options: options.formats.filter_blocks,
    "retrieval.embedding_optimized": lambda options: options.formats.embedding_optimized,
    "formatting.table_output_format": lambda options: options.formats.table_format,
    "formatting.merge_tables": lambda options: options.formats.merge_tables,
    "formatting.add_page_markers": lambda options: options.formats.page_markers,
    "formatting.include": lambda options: options.read.include,
}
"""What a result that is there already can no longer obey, by its name in the request."""


def image_prefix(job_id: UUID) -> str:
    """Where the pictures of a job's pages, figures and tables are stored."""
    return f"jobs/{job_id}/{FOLDER}/"


def kept_key(job_id: UUID) -> str:
    """Where the kept reading of a parse job is stored, which an extraction needs."""
    return f"jobs/{job_id}/kept"


def citations_key(job_id: UUID) -> str:
    """Where the citations are stored that are no part of a job's result."""
    return f"jobs/{job_id}/citations.json"


async def copy_result(
    objects: Objects, job_id: UUID, asked: ParseOptions, other: JobRow, others: ParseOptions
) -> Copied:
    """Copy what a completed parse job has stored; `asked` and `others` are the options of both.

    Raises:
        NotFound: the other job is being deleted. Unavailable: the storage fails.
    """
    summary = other.summary or {}
    if other.result_key is None:
        raise ValueError(f"job {other.id} has no result")
    with suppress(NotFound):  # a parse of an older version has kept none
        await objects.copy(kept_key(other.id), kept_key(job_id))
    return Copied(
        result_key=await _copy_file(objects, job_id, other, other.result_key, bool(summary.get("pictures"))),
        result_bytes=other.result_bytes,
        summary=summary | {"usage": not_billed(summary.get("usage") or {})},
        pages=other.pages_done,
        source=await _copy_source(objects, job_id, other),
        warnings=(*other.warnings, *ignored(other.id, asked, others)),
    )


async def _copy_file(objects: Objects, job_id: UUID, other: JobRow, stored: str, pictures: bool) -> str:
    key = f"jobs/{job_id}/result.json"
    if not pictures:
        await objects.copy(stored, key)
        return key
    theirs = [one async for one in objects.list_keys(image_prefix(other.id))]
    for at in range(0, len(theirs), COPIES_AT_ONCE):
        await asyncio.gather(
            *(objects.copy(one, _ours(job_id, one)) for one in theirs[at : at + COPIES_AT_ONCE])
        )

    async def renamed(theirs: str) -> str:
        return named(_ours(job_id, theirs))

    pieces = streamed_with_links(objects.stream(stored), renamed)
    await objects.put_stream(key, pieces, LARGEST_RESULT_BYTES)
    return key


def _ours(job_id: UUID, picture: str) -> str:
    return image_prefix(job_id) + PurePosixPath(picture).name


async def _copy_source(objects: Objects, job_id: UUID, other: JobRow) -> dict[str, Any] | None:
    """The document as this job's row describes it: an upload stays where it is, a download is copied."""
    if other.source is None:
        return None
    key = other.source["key"]
    if key.startswith(f"jobs/{other.id}/"):
        await objects.copy(key, f"jobs/{job_id}/source")
        key = f"jobs/{job_id}/source"
    return other.source | {"key": key, "readable": None}


def not_billed(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The usage of a result that was paid for already: its pages, and no credits (contract 3.1).

    >>> not_billed({"num_pages": 2, "credits": 3.0, "credit_breakdown": {"page": 2.0, "complex": 1.0}})
    {'num_pages': 2, 'credits': 0.0, 'credit_breakdown': {}, 'page_billing_breakdown': {}}
    """
    return {**usage, "credits": 0.0, "credit_breakdown": {}, "page_billing_breakdown": {}}


def ignored(other_id: UUID, asked: ParseOptions, others: ParseOptions) -> tuple[str, ...]:
    """A sentence that names what this request asked for and the result that is taken over was not made with."""
    usual = ParseOptions()
    names = [name for name, of in _READING.items() if of(asked) not in (of(usual), of(others))]
    if not names:
        return ()
    sentence = (
        f"The result of jobid://{other_id} is used as it is, so these options were ignored: {', '.join(names)}."
        " Parse the document itself to have them obeyed."
    )
    return (sentence,)
