"""The extract endpoint's bodies, and what a request means.

A validated request in; the options of the parse and of the extraction, the document's password and warnings out.
What an extraction found comes back through `extract_result` into `extract_response`. It never reads a document.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from recto.document.options import CitationOptions, ExtractOptions
from recto.document.options import ParseOptions as ParsePlan
from recto.results.extract.schema import check_by_windows, read_schema
from recto.wire import parse_options
from recto.wire.asynchronous import QueuePriority, config__v3__AsyncConfig
from recto.wire.inputs import Input, PageSelection, page_spans
from recto.wire.model import RequestModel, WireModel, warnings_of
from recto.wire.parse_options import ParseOptions
from recto.wire.parse_result import UrlResult, sound_text


class CitationParentBlockMode(StrEnum):
    """How much of the surrounding block a citation repeats."""

    FULL = "full"
    BBOX_ONLY = "bbox_only"


class Citations(RequestModel):
    enabled: bool = Field(
        default=False, description="Say where each value was read. Rule: wire/extract_result"
    )
    numerical_confidence: bool = Field(
        default=True, description="Confidence as a number. Rule: wire/extract_result"
    )
    parent_block: CitationParentBlockMode = Field(
        default=CitationParentBlockMode.FULL,
        description="The enclosing block with its text, or its box alone. Rule: wire/extract_result",
    )


class ExtractSettings(RequestModel):
    include_images: bool = Field(
        default=False, description="Show the pages to the model, of at most 9. Rule: jobs/asking"
    )
    optimize_for_latency: bool = Field(
        default=False, description="The fast model, asked once. Rule: results/extract/model"
    )
    force_url_result: bool = Field(
        default=False, description="Hand the result out as a link, however small. Rule: api/answers"
    )
    array_extract: bool = Field(
        default=False,
        description="Read lists window by window, as long documents always are. Rule: results/extract/model",
    )
    deep_extract: bool = Field(
        default=False, description="The model checks and corrects its answer. Rule: results/extract/deep"
    )
    citations: Citations = Field(
        default=Citations(), description="Sources of the values. Rule: wire/extract_result"
    )
    page_range: PageSelection = Field(
        default=None, description="Pages the extraction reads, counted from 1. Rule: jobs/extracting"
    )


class Instructions(RequestModel):
    schema_: Any = Field(
        default={},
        alias="schema",
        description="JSON Schema of the answer; an empty one asks for the key facts. Rule: results/extract/schema",
    )
    system_prompt: str = Field(
        default="Be precise and thorough.",
        description="How the model should go about it. Rule: results/extract/prompting",
    )


class SyncExtractConfig(RequestModel):
    input: Input = Field(description="The document, or several. Rule: intake/reference")
    parsing: ParseOptions = Field(
        default_factory=ParseOptions, description="How the document is parsed. Rule: wire/parse_options"
    )
    instructions: Instructions = Field(
        default=Instructions(), description="What to extract. Rule: wire/extract"
    )
    settings: ExtractSettings = Field(
        default=ExtractSettings(), description="How to extract. Rule: wire/extract"
    )


class AsyncExtractConfig(SyncExtractConfig):
    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Run in the background; answers with a job id at once. Rule: wire/bodies",
    )
    queue_priority: QueuePriority = Field(
        default=QueuePriority.AUTO,
        description="batch is the patient lane; only /extract_async heeds it. Rule: jobs/lanes",
    )


class ExtractUsageBreakdown(WireModel):
    extract_model: Literal["Extract", "Deep Extract"]
    tier: Literal["Default", "Batch"] = "Default"
    extract_pages: int = 0
    extract_fields: int = 0
    ocr_pages: int = 0
    charts: int = 0
    prompted_blocks: int = 0


class ExtractUsage(WireModel):
    num_pages: int
    num_fields: int
    credits: float | None = None
    extract_mode: Literal["super_agent", "extract", "spreadsheet_agent"] | None = None
    usage_breakdown: ExtractUsageBreakdown | None = None


class ExtractResponse(WireModel):
    response_type: Literal["extract"] = "extract"
    job_id: str | None = None
    usage: ExtractUsage
    duration: float | None = None
    studio_link: str | None = None
    result: list[Any] | UrlResult
    citations: list[Any] | UrlResult | None
    response_confidence: dict[str, Any] | None = None


class V3ExtractResponse(WireModel):
    response_type: Literal["v3_extract"] = "v3_extract"
    job_id: str | None = None
    usage: ExtractUsage
    duration: float | None = None
    studio_link: str | None = None
    confidence: Literal["high", "low"] | None = None
    confidence_reason: str | None = None
    result: Any | list[Any]


class ExtractSplitResponse(WireModel):
    split_name: str
    page_range: list[int]
    partition: str | None = None
    result: ExtractResponse | V3ExtractResponse


class AsyncExtractResponse(WireModel):
    job_id: str


def to_options(
    config: SyncExtractConfig,
) -> tuple[ExtractOptions, ParsePlan, str | None, tuple[str, ...]]:
    """What an extract request means: how to extract, how to parse, the document's password, and what is ignored.

    Raises InvalidSchema for a schema no answer can be made of, InvalidConfig for values that make no sense.
    """
    options = extract_options(config.instructions, config.settings)
    parsing, password, ignored = parse_options.to_options(config.parsing)
    own = config.model_copy(update={"parsing": ParseOptions()})
    return options, parsing, password, (*warnings_of(own), *(f"parsing.{one}" for one in ignored))


def extract_options(instructions: Instructions, settings: ExtractSettings) -> ExtractOptions:
    """How to extract, of a request or of a pipeline's step; raises InvalidSchema and InvalidConfig."""
    root = read_schema(instructions.schema_)
    if settings.array_extract:
        check_by_windows(root)
    citations = settings.citations
    return ExtractOptions(
        schema=json.dumps(instructions.schema_, ensure_ascii=False),
        prompt=instructions.system_prompt,
        pages=page_spans(settings.page_range),
        citations=CitationOptions(
            enabled=citations.enabled,
            numerical=citations.numerical_confidence,
            parent_text=citations.parent_block is CitationParentBlockMode.FULL,
        ),
        force_url=settings.force_url_result,
        images=settings.include_images,
        deep=settings.deep_extract,
        fast=settings.optimize_for_latency,
        by_windows=settings.array_extract,
    )


def extract_response(
    *,
    form: str,
    job_id: str,
    duration: float,
    summary: Mapping[str, Any],
    result: object,
    citations: object = None,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole answer of one extraction; `form` says of which generation ("v3" or "v2").

    `summary` is that of the job (see jobs/extracting); `result` and `citations` are values, links, or already
    encoded. The extra keys are `extraction` (the engine, and of each list how many rows were seen and returned)
    and, when there are any, `warnings`.
    """
    confidence: Mapping[str, Any] = summary["confidence"]
    body: dict[str, Any] = {
        "response_type": "extract" if form == "v2" else "v3_extract",
        "job_id": job_id,
        "usage": summary["usage"],
        "duration": round(duration, 3),
        "studio_link": None,
    }
    if form == "v2":
        body |= {"result": result, "citations": citations, "response_confidence": dict(confidence)}
    else:
        body |= {
            "confidence": confidence["confidence"],
            "confidence_reason": confidence["reason"],
            "result": result,
        }
    body["extraction"] = summary["extraction"]
    if warnings:
        body["warnings"] = [sound_text(warning) for warning in warnings]
    return body
