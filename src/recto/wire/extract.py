"""The extract endpoint's bodies, as published.

Extraction is not served yet: the requests are read so that pipeline definitions can be checked and calls be
refused by name, the answers so that the published contract is whole. Nothing is translated here.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from recto.wire.asynchronous import QueuePriority, config__v3__AsyncConfig
from recto.wire.inputs import Input, PageSelection
from recto.wire.model import RequestModel, WireModel
from recto.wire.parse_options import ParseOptions
from recto.wire.parse_result import UrlResult


class CitationParentBlockMode(StrEnum):
    """How much of the surrounding block a citation repeats."""

    FULL = "full"
    BBOX_ONLY = "bbox_only"


class Citations(RequestModel):
    enabled: bool = Field(
        default=False, description="Say where each value was read. Rule: none yet (refused)"
    )
    numerical_confidence: bool = Field(
        default=True, description="Confidence as a number. Rule: none yet (refused)"
    )
    parent_block: CitationParentBlockMode = Field(
        default=CitationParentBlockMode.FULL,
        description="The enclosing block with its text, or its box alone. Rule: none yet (refused)",
    )


class ExtractSettings(RequestModel):
    include_images: bool = Field(
        default=False, description="Show the pages to the model. Rule: none yet (refused)"
    )
    optimize_for_latency: bool = Field(
        default=False, description="Sooner, at a higher price. Rule: none yet (refused)"
    )
    force_url_result: bool = Field(
        default=False, description="Hand the result out as a link. Rule: none yet (refused)"
    )
    array_extract: bool = Field(
        default=False, description="Read long lists window by window. Rule: none yet (refused)"
    )
    deep_extract: bool = Field(
        default=False, description="Extract, check and correct. Rule: none yet (refused)"
    )
    citations: Citations = Field(
        default=Citations(), description="Sources of the values. Rule: none yet (refused)"
    )
    page_range: PageSelection = Field(
        default=None, description="Pages the extraction reads. Rule: none yet (refused)"
    )


class Instructions(RequestModel):
    schema_: Any = Field(
        default={}, alias="schema", description="JSON Schema of the answer. Rule: none yet (refused)"
    )
    system_prompt: str = Field(
        default="Be precise and thorough.",
        description="How the model should go about it. Rule: none yet (refused)",
    )


class SyncExtractConfig(RequestModel):
    input: Input = Field(description="The document, or several. Rule: none yet (refused)")
    parsing: ParseOptions = Field(
        default_factory=ParseOptions, description="How the document is parsed. Rule: none yet (refused)"
    )
    instructions: Instructions = Field(
        default=Instructions(), description="What to extract. Rule: none yet (refused)"
    )
    settings: ExtractSettings = Field(
        default=ExtractSettings(), description="How to extract. Rule: none yet (refused)"
    )


class AsyncExtractConfig(SyncExtractConfig):
    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Run in the background. Rule: none yet (refused)",
    )
    queue_priority: QueuePriority = Field(
        default=QueuePriority.AUTO, description="The queue asked for. Rule: none yet (refused)"
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
