"""The parse endpoint's bodies: its requests, its answer, and the one door to both translations.

A validated request goes to `to_options`; a `ParseResult` comes back through `full_result` (or
`write_full_result`) and `usage_for` into `parse_response`. It never reads a document and knows no HTTP.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from recto.document.result import DocumentProperties as Properties
from recto.wire.asynchronous import QueuePriority, config__v3__AsyncConfig
from recto.wire.inputs import Input
from recto.wire.model import WireModel
from recto.wire.parse_options import ParseOptions, group_values, to_options
from recto.wire.parse_result import FullResult, UrlResult, full_result, sound_text, write_full_result
from recto.wire.usage import ParseUsage, usage_for

__all__ = [
    "AsyncParseConfig",
    "AsyncParseResponse",
    "DocumentProperties",
    "ParseOptions",
    "ParseResponse",
    "SyncParseConfig",
    "full_result",
    "group_values",
    "parse_response",
    "to_options",
    "url_result",
    "usage_for",
    "write_full_result",
]


class SyncParseConfig(ParseOptions):
    input: Input = Field(description="The document: a reference or an upload. Rule: intake/reference")


class AsyncParseConfig(SyncParseConfig):
    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Run in the background; answers with a job id at once. Rule: wire/bodies",
    )
    queue_priority: QueuePriority = Field(
        default=QueuePriority.AUTO,
        description="batch is the patient lane; only /parse_async heeds it. Rule: jobs/lanes",
    )


class DocumentProperties(WireModel):
    title: str | None = None
    author: str | None = None
    subject: str | None = None
    keywords: str | None = None
    creator: str | None = None
    producer: str | None = None
    last_modified_by: str | None = None
    created_at: str | None = None
    modified_at: str | None = None


class ParseResponse(WireModel):
    response_type: Literal["parse"] = "parse"
    job_id: str
    duration: float
    pdf_url: str | None = None
    studio_link: str | None = None
    usage: ParseUsage
    result: FullResult | UrlResult
    document_properties: DocumentProperties | None = None


class AsyncParseResponse(WireModel):
    job_id: str


def url_result(url: str, result_id: str) -> dict[str, Any]:
    """The UrlResult body: a link that opens without a key, and the stored result's id."""
    return {"type": "url", "url": url, "result_id": result_id}


def parse_response(
    *,
    job_id: str,
    duration: float,
    usage: dict[str, Any],
    result: object,
    pdf_url: str | None = None,
    studio_link: str | None = None,
    document_properties: Properties | None = None,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole answer of one parse.

    `duration` is in seconds. `result` is a `full_result`, a `url_result`, or either already encoded
    (msgspec.Raw). `document_properties` appears only when it was asked for, and the extra key `warnings`
    only when there are any.
    """
    body: dict[str, Any] = {
        "response_type": "parse",
        "job_id": job_id,
        "duration": round(duration, 3),
        "pdf_url": pdf_url,
        "studio_link": studio_link,
        "usage": usage,
        "result": result,
    }
    if document_properties is not None:
        body["document_properties"] = {
            name: None if value is None else sound_text(value)
            for name, value in asdict(document_properties).items()
        }
    if warnings:
        body["warnings"] = [sound_text(warning) for warning in warnings]
    return body
