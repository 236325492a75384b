"""Answers about jobs: one job, the list of jobs, a deletion.

What the job row says in, JSON values out. Inside a job has seven statuses; one job shows four of them, the
list all seven. It never reads the database.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from recto.errors import Internal, JobCancelled, RectoError
from recto.wire.chart import ChartResponse
from recto.wire.classify import ClassifyResponse
from recto.wire.edit import EditResponse
from recto.wire.extract import ExtractResponse, V3ExtractResponse
from recto.wire.model import WireModel
from recto.wire.parse import ParseResponse
from recto.wire.pipeline import PipelineResponse
from recto.wire.problems import ErrorDetail, error_detail
from recto.wire.split import SplitResponse

ShownStatus = Literal["Pending", "Completed", "Failed", "Idle"]
JobStatus = Literal["Pending", "Completed", "Failed", "Idle", "InProgress", "Completing", "Cancelled"]
JobType = Literal["Parse", "Extract", "Split", "Edit", "Pipeline", "Classify", "Chart"]

JobResult = Annotated[
    ParseResponse
    | ExtractResponse
    | SplitResponse
    | EditResponse
    | PipelineResponse
    | V3ExtractResponse
    | ClassifyResponse
    | ChartResponse,
    Field(discriminator="response_type"),
]


class AsyncJobResponse(WireModel):
    status: ShownStatus
    result: JobResult | None = None
    progress: float | None = None
    reason: str | None = None
    error: ErrorDetail | None = None


class EnhancedAsyncJobResponse(AsyncJobResponse):
    type: JobType | None = None
    num_pages: int | None = None
    total_pages: int | None = None
    source: Any | None = None
    duration: float | None = None
    created_at: datetime | None = None
    raw_config: str | None = None
    bucket: Any | None = None


class SingleJob(WireModel):
    job_id: str
    status: JobStatus
    type: JobType
    raw_config: str
    created_at: datetime
    source: Any | None = None
    num_pages: int | None
    total_pages: int | None
    duration: float | None
    bucket: Any | None = None


class JobsResponse(WireModel):
    jobs: list[SingleJob]
    next_cursor: str | None = None


class DeleteJobResponse(WireModel):
    job_id: str


_SHOWN: dict[JobStatus, ShownStatus] = {
    "Idle": "Idle",
    "Pending": "Pending",
    "InProgress": "Pending",
    "Completing": "Pending",
    "Completed": "Completed",
    "Failed": "Failed",
    "Cancelled": "Failed",
}


def shown_status(status: JobStatus) -> ShownStatus:
    """The status one job shows for each of the seven inside."""
    return _SHOWN[status]


def job_response(
    job_id: str,
    status: JobStatus,
    kind: JobType,
    *,
    created_at: datetime,
    result: object = None,
    error: RectoError | None = None,
    progress: float | None = None,
    num_pages: int | None = None,
    total_pages: int | None = None,
    duration: float | None = None,
    raw_config: str | None = None,
    source: object = None,
    bucket: object = None,
) -> dict[str, Any]:
    """The answer about one job, every key present.

    `created_at` needs a time zone; `progress` is 0..1; `duration` is in seconds. `result` (values, or
    msgspec.Raw) is shown only once the job is completed. A failed job always has an error and its message as
    `reason`: a cancelled one says so, and one without a recorded error is an internal error.
    """
    shown = shown_status(status)
    detail: dict[str, Any] | None = None
    if shown == "Failed":
        fallback = JobCancelled() if status == "Cancelled" else Internal()
        detail = error_detail(error or fallback, job_id)
    return {
        "status": shown,
        "result": result if shown == "Completed" else None,
        "progress": 1.0 if shown == "Completed" else _fraction(progress),
        "reason": detail["message"] if detail else None,
        "error": detail,
        "type": kind,
        "num_pages": num_pages,
        "total_pages": total_pages,
        "source": source,
        "duration": _seconds(duration),
        "created_at": _timestamp(created_at),
        "raw_config": raw_config,
        "bucket": bucket,
    }


def single_job(
    job_id: str,
    status: JobStatus,
    kind: JobType,
    *,
    created_at: datetime,
    raw_config: str | None = None,
    num_pages: int | None = None,
    total_pages: int | None = None,
    duration: float | None = None,
    source: object = None,
    bucket: object = None,
) -> dict[str, Any]:
    """One line of the job list; the key `raw_config` must be there, so a left out request is empty text."""
    return {
        "job_id": job_id,
        "status": status,
        "type": kind,
        "raw_config": raw_config or "",
        "created_at": _timestamp(created_at),
        "source": source,
        "num_pages": num_pages,
        "total_pages": total_pages,
        "duration": _seconds(duration),
        "bucket": bucket,
    }


def jobs_response(jobs: Sequence[dict[str, Any]], next_cursor: str | None = None) -> dict[str, Any]:
    """A page of the job list; no cursor means that it was the last."""
    return {"jobs": list(jobs), "next_cursor": next_cursor}


def _fraction(progress: float | None) -> float | None:
    return None if progress is None else round(min(1.0, max(0.0, progress)), 4)


def _seconds(duration: float | None) -> float | None:
    return None if duration is None else round(duration, 3)


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
