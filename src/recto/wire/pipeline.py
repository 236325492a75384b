"""The pipeline endpoints' bodies: a document and a pipeline id in, the results of all steps out.

What a pipeline is made of is wire/definition; which step runs next is results/pipeline. It never looks a
pipeline up.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from recto.wire.asynchronous import config__v3__AsyncConfig
from recto.wire.edit import EditResponse
from recto.wire.extract import ExtractResponse, ExtractSplitResponse, V3ExtractResponse
from recto.wire.inputs import Input
from recto.wire.model import ClosedModel, RequestModel, WireModel
from recto.wire.parse import ParseResponse
from recto.wire.split import SplitResponse
from recto.wire.usage import ParseUsage, usage_sum


class PipelineSettings(ClosedModel):
    """What one call may override of its pipeline; nothing else is accepted."""

    model_config = ConfigDict(extra="forbid")

    document_password: str | None = Field(
        default=None, description="Opens a protected document. Rule: pages/reading"
    )


class V3PipelineConfig(RequestModel):
    input: Input = Field(
        description="The document, several of them, or instructions for an edit. Rule: intake/reference"
    )
    pipeline_id: str = Field(description="The deployed pipeline to run. Rule: storage/queries/pipelines")
    settings: PipelineSettings = Field(
        default=PipelineSettings(), description="Overrides for this call. Rule: wire/pipeline"
    )


class V3AsyncPipelineConfig(V3PipelineConfig):
    async_: config__v3__AsyncConfig = Field(
        default=config__v3__AsyncConfig(),
        alias="async",
        description="Lane, webhook and metadata of the job. Rule: wire/bodies",
    )


class PipelineResult(WireModel):
    parse: ParseResponse | list[ParseResponse] | None
    extract: list[ExtractSplitResponse] | ExtractResponse | V3ExtractResponse | None
    split: SplitResponse | None
    edit: EditResponse | None = None


class PipelineResponse(WireModel):
    response_type: Literal["pipeline"] = "pipeline"
    job_id: str
    usage: ParseUsage
    result: PipelineResult


class AsyncPipelineResponse(WireModel):
    job_id: str


def pipeline_response(
    job_id: str,
    parses: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    *,
    usage: Mapping[str, Any] | None = None,
    extract: Mapping[str, Any] | None = None,
    split: object = None,
    edit: object = None,
) -> dict[str, Any]:
    """The whole answer of a pipeline, the keys of steps it does not have being null.

    `parses` is the answer of the one parse, or the list of several in the order of the input. Without a
    `usage` it is the sum over the parses, and the credits of the extraction beside.
    """
    parse = parses if parses is None or isinstance(parses, Mapping) else list(parses)
    several = [] if parses is None else [parses] if isinstance(parses, Mapping) else parses
    used = dict(usage) if usage else usage_sum([one["usage"] for one in several])
    if extract is not None:
        used["credits"] = round((used["credits"] or 0.0) + extract["usage"]["credits"], 4)
    return {
        "response_type": "pipeline",
        "job_id": job_id,
        "usage": used,
        "result": {"parse": parse, "extract": extract, "split": split, "edit": edit},
    }
