"""The answer of chart jobs, as published; this server makes none yet. Models only."""

from typing import Any, Literal

from pydantic import Field

from recto.wire.model import WireModel


class ChartResult(WireModel):
    chart_data: dict[str, Any]
    summary: str
    reconstruction_url: str
    verified: bool


class ChartUsage(WireModel):
    num_charts: Literal[1] = 1
    credits: float = 4.0


class ChartResponse(WireModel):
    response_type: Literal["chart"] = "chart"
    job_id: str
    result: ChartResult
    usage: ChartUsage = Field(default_factory=ChartUsage)
    duration: float | None = None
