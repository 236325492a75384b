"""Error bodies: for a failed call, for a failed job, and for a body that does not fit its schema.

`RectoError` and pydantic's validation errors in, JSON values out. The HTTP status is the error's own; api
sets it. Nothing of an unexpected error is repeated here: only messages written for users.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, LiteralString

import pydantic
from pydantic import Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from recto.errors import RectoError
from recto.wire.masking import MASK, SECRET_KEYS, brief, shortened
from recto.wire.model import WireModel

MOST_DETAILS = 50
"""Wrong places of one body that are told; nobody reads more at once."""


class ErrorCode(StrEnum):
    """The error names a client may meet; no other is ever sent."""

    TIMEOUT = "TIMEOUT"
    CAPACITY_TIMEOUT = "CAPACITY_TIMEOUT"
    CUSTOMER_TIMEOUT = "CUSTOMER_TIMEOUT"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    GPU_ALLOCATION_ERROR = "GPU_ALLOCATION_ERROR"
    GPU_POOL_SATURATED = "GPU_POOL_SATURATED"
    BATCH_QUEUE_FULL = "BATCH_QUEUE_FULL"
    QUEUE_FULL = "QUEUE_FULL"
    JOB_STATE_ERROR = "JOB_STATE_ERROR"
    DOCUMENT_CORRUPT = "DOCUMENT_CORRUPT"
    DOCUMENT_EMPTY = "DOCUMENT_EMPTY"
    DOCUMENT_UNSUPPORTED = "DOCUMENT_UNSUPPORTED"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    OFFICE_CONVERSION_TOO_LARGE = "OFFICE_CONVERSION_TOO_LARGE"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"
    IMAGE_TOO_SMALL = "IMAGE_TOO_SMALL"
    IMAGE_INVALID_ASPECT_RATIO = "IMAGE_INVALID_ASPECT_RATIO"
    DOCUMENT_PASSWORD_PROTECTED = "DOCUMENT_PASSWORD_PROTECTED"  # noqa: S105 - an error's name
    FORM_FILL_FAILED = "FORM_FILL_FAILED"
    INTERNAL_INVARIANT_VIOLATION = "INTERNAL_INVARIANT_VIOLATION"
    GPU_UNAVAILABLE = "GPU_UNAVAILABLE"
    CONTEXT_WINDOW_EXCEEDED = "CONTEXT_WINDOW_EXCEEDED"
    OUTPUT_LIMIT_EXCEEDED = "OUTPUT_LIMIT_EXCEEDED"
    PROCESSING_FAILED = "PROCESSING_FAILED"
    INFERENCE_METHOD_UNSUPPORTED = "INFERENCE_METHOD_UNSUPPORTED"
    SUBPROCESS_CRASHED = "SUBPROCESS_CRASHED"
    BATCH_ORPHANED = "BATCH_ORPHANED"
    OVERSIZED_RESULT = "OVERSIZED_RESULT"
    LLM_OUTPUT_PARSE_FAILED = "LLM_OUTPUT_PARSE_FAILED"
    LLM_PROVIDER_ERROR = "LLM_PROVIDER_ERROR"
    INVALID_CONFIG = "INVALID_CONFIG"
    INVALID_SCHEMA = "INVALID_SCHEMA"
    AUTH_ERROR = "AUTH_ERROR"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    REGION_UNAVAILABLE = "REGION_UNAVAILABLE"
    NOT_FOUND = "NOT_FOUND"
    JOB_DELETION_IN_PROGRESS = "JOB_DELETION_IN_PROGRESS"
    JOB_DELETED = "JOB_DELETED"
    JOB_NOT_COMPLETE = "JOB_NOT_COMPLETE"
    JOB_CANCELLED = "JOB_CANCELLED"
    RATE_LIMIT = "RATE_LIMIT"
    CELL_COUNT_EXCEEDED = "CELL_COUNT_EXCEEDED"
    URL_NOT_ALLOWED = "URL_NOT_ALLOWED"


class ErrorDetail(WireModel):
    code: int
    name: ErrorCode
    message: str
    job_id: str | None = None


class ValidationError(WireModel):
    """One thing wrong with a request body: where (loc), what (msg), which kind (type)."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any = None
    ctx: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] = Field(default_factory=dict)


class HTTPValidationError(WireModel):
    detail: list[ValidationError] = Field(default_factory=list)


def error_detail(error: RectoError, job_id: str | None = None) -> dict[str, Any]:
    """The ErrorDetail of a job that failed; `code` is the HTTP status a call would have had."""
    return {
        "code": error.status,
        "name": ErrorCode(error.name).value,
        "message": error.message,
        "job_id": job_id,
    }


def problem(error: RectoError, job_id: str | None = None) -> dict[str, Any]:
    """The body of a failed call: the newer detail and the older `type` in one object."""
    detail = error_detail(error, job_id)
    return {"error": {**detail, "type": error.slug}}


def validation_problem(
    error: pydantic.ValidationError, at: Sequence[str | int] = ("body",)
) -> dict[str, Any]:
    """The 422 body of a request that does not fit its schema; each `loc` begins with `at`.

    Of long values only the beginning is repeated, and of very many faults only the first.
    """
    detail: list[dict[str, Any]] = []
    for one in islice(error.errors(include_url=False), MOST_DETAILS):
        place = [shortened(part) if isinstance(part, str) else part for part in (*at, *one["loc"])]
        entry: dict[str, Any] = {"type": one["type"], "loc": place, "msg": shortened(one["msg"])}
        is_secret = bool(one["loc"]) and one["loc"][-1] in SECRET_KEYS
        entry["input"] = MASK if is_secret else brief(one["input"])
        if "ctx" in one:
            entry["ctx"] = {name: brief(value) for name, value in one["ctx"].items()}
        detail.append(entry)
    return {"detail": detail}


def rejected(
    title: str, kind: LiteralString, message: str, at: tuple[str | int, ...], value: object
) -> pydantic.ValidationError:
    """A validation error for what a schema cannot say, in the same form as all others.

    `kind` is its machine-readable type, `message` the sentence for the user.
    """
    custom = PydanticCustomError(kind, "{message}", {"message": message})
    return pydantic.ValidationError.from_exception_data(title, [{"type": custom, "loc": at, "input": value}])
