"""The classify endpoint's bodies, as published.

Classification is not served yet: the request is read so that calls can be refused by name, the answers are
here so that the published contract is whole. Nothing is translated here.
"""

from typing import Literal

from pydantic import Field

from recto.wire.asynchronous import config__v3__AsyncConfig
from recto.wire.inputs import Input, NumberSelection
from recto.wire.model import RequestModel, WireModel, without_null
from recto.wire.parse_result import UrlResult


class ClassificationCategory(RequestModel):
    category: str = Field(description="The category's name. Rule: none yet (refused)")
    criteria: list[str] = Field(description="What speaks for it. Rule: none yet (refused)")


class ClassifyConfig(RequestModel):
    model: Literal["default", "accurate"] = Field(
        default="default", description="Quick or thorough. Rule: none yet (refused)"
    )
    priority: bool = Field(default=True, description="The priority lane. Rule: none yet (refused)")
    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Run in the background. Rule: none yet (refused)",
    )
    force_url_result: bool = Field(
        default=False, description="Hand the result out as a link. Rule: none yet (refused)"
    )
    input: Input = Field(description="The document. Rule: none yet (refused)")
    classification_schema: list[ClassificationCategory] = Field(
        default=[], description="The categories to choose from. Rule: none yet (refused)"
    )
    category_groups: dict[str, list[str]] | None = Field(
        json_schema_extra=without_null,
        default=None,
        description="Groups of categories. Rule: none yet (refused)",
    )
    page_range: NumberSelection = Field(
        default=None, description="Pages to look at. Rule: none yet (refused)"
    )
    document_metadata: str | None = Field(
        default=None, description="What else is known of the document. Rule: none yet (refused)"
    )


class ClassifyResponseCategory(WireModel):
    category: str


class CriteriaConfidence(WireModel):
    criterion: str
    confidence: Literal["high", "low"]


class CategoryConfidence(WireModel):
    category: str
    confidence: float
    criteria_confidence: list[CriteriaConfidence]


class ResponseConfidence(WireModel):
    categories: list[CategoryConfidence]


class ClassifyUsageBreakdown(WireModel):
    classify_model: Literal["Classify", "Deep Classify"]
    classify_pages: int = 0


class ClassifyUsage(WireModel):
    num_pages: int
    num_categories: int
    credits: float | None = None
    usage_breakdown: ClassifyUsageBreakdown | None = None


class ClassifyResponse(WireModel):
    response_type: Literal["classify"] = "classify"
    job_id: str
    result: ClassifyResponseCategory | UrlResult
    response_confidence: ResponseConfidence | None = None
    usage: ClassifyUsage | None = None
    extra_metadata: dict[str, str] | None = Field(default=None, json_schema_extra=without_null)
    duration: float | None = None


class AsyncClassifyResponse(WireModel):
    job_id: str
