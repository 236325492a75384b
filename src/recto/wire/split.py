"""The split endpoint's bodies, as published.

Splitting is not served yet: the requests are read so that pipeline definitions can be checked and calls be
refused by name, the answers so that the published contract is whole. Nothing is translated here.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from recto.wire.asynchronous import config__v3__AsyncConfig
from recto.wire.inputs import Input
from recto.wire.model import RequestModel, WireModel
from recto.wire.parse_options import ParseOptions
from recto.wire.parse_result import UrlResult
from recto.wire.usage import ParseUsage

DEFAULT_RULES = (
    "Give every page to the sections it belongs to. Two sections share at most the page on which "
    "one ends and the next begins."
)


class SplitCategory(RequestModel):
    name: str = Field(description="The section's name. Rule: none yet (refused)")
    description: str = Field(description="What belongs into it. Rule: none yet (refused)")
    partition_key: str | None = Field(
        default=None, description="What tells its repetitions apart. Rule: none yet (refused)"
    )


class SplitSettings(RequestModel):
    table_cutoff: Literal["truncate", "preserve"] = Field(
        default="truncate", description="First rows of tables, or all. Rule: none yet (refused)"
    )
    allow_page_overlap: bool = Field(
        default=True, description="A page may belong to two sections. Rule: none yet (refused)"
    )
    auto_partition: bool = Field(
        default=True, description="Find repetitions without a key. Rule: none yet (refused)"
    )
    deep_split: bool = Field(default=False, description="The thorough way. Rule: none yet (refused)")
    force_url_result: bool = Field(
        default=False, description="Hand the result out as a link. Rule: none yet (refused)"
    )


class SyncSplitConfig(RequestModel):
    input: Input = Field(description="The document. Rule: none yet (refused)")
    parsing: ParseOptions = Field(
        default_factory=ParseOptions, description="How the document is parsed. Rule: none yet (refused)"
    )
    split_description: list[SplitCategory] = Field(
        description="The sections to look for. Rule: none yet (refused)"
    )
    split_rules: str = Field(
        default=DEFAULT_RULES, description="How pages are given to sections. Rule: none yet (refused)"
    )
    settings: SplitSettings = Field(
        default=SplitSettings(), description="How to split. Rule: none yet (refused)"
    )


class config__v3__AsyncSplitConfig(SyncSplitConfig):  # noqa: N801 - the published name of the schema
    model_config = ConfigDict(title="AsyncSplitConfig")

    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Run in the background. Rule: none yet (refused)",
    )


class SplitPartition(WireModel):
    name: str
    pages: list[int]
    conf: Literal["high", "low"] = "low"


class Split(WireModel):
    name: str
    pages: list[int]
    conf: Literal["high", "low"] = "low"
    partitions: list[SplitPartition] | None = None


class SplitResult(WireModel):
    section_mapping: dict[str, list[int]] | None
    splits: list[Split]


class DeepSplitPageEvidence(WireModel):
    page_number: int
    evidence: str
    confidence: Literal["high", "medium", "low"] | None = None


class DeepSplitPartition(WireModel):
    name: str
    pages: list[DeepSplitPageEvidence]


class DeepSplit(WireModel):
    name: str
    pages: list[DeepSplitPageEvidence]
    partitions: list[DeepSplitPartition] | None = None


class DeepSplitResult(WireModel):
    splits: list[DeepSplit]


class SplitResponse(WireModel):
    response_type: Literal["split"] = "split"
    job_id: str | None = None
    usage: ParseUsage
    duration: float | None = None
    result: SplitResult | DeepSplitResult | UrlResult


class AsyncSplitResponse(WireModel):
    job_id: str
