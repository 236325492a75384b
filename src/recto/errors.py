"""Every error Recto raises on purpose. The tree:

    RectoError
    |-- BadInput            the caller can fix it
    |   |-- InvalidConfig, InvalidSchema, InvalidPageRange, NotFound, UrlNotAllowed, DownloadFailed, ...
    |   `-- DocumentCorrupt, DocumentEmpty, DocumentUnsupported, DocumentLocked, DocumentTooLarge, ...
    |-- Refused             the state of a job or a limit forbids it now
    |   `-- JobState, JobNotComplete, JobDeleted, JobCancelled, KeyReused, QueueFull, AuthFailed, Forbidden,
    |                       RateLimited
    `-- OurFault            a defect, a crash or a missing part of this server
        `-- ProcessingFailed, DownloadInterrupted, SubprocessCrashed, JobTimeout, Internal, Unavailable,
            ModelUnavailable, ModelTimedOut, ModelMisconfigured, ModelRefused, OutputNotUnderstood, ...

`name` is the wire's error name (one of the vendor's 44), `status` the HTTP status a sync call answers with,
`retryable` whether the same call may work later, after `retry_after_s` seconds. The message is for people: what
was wrong, with which value, what to do. Errors travel between processes as (class name, message): see
`to_record` and `from_record`.
"""

import errno
import math
import re
from typing import ClassVar, TypedDict

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # no column of the database holds these


class ErrorRecord(TypedDict):
    """An error as stored in a job row."""

    kind: str
    message: str


class RectoError(Exception):
    """Something went wrong."""

    name: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    retry_after_s: int = 2  # what a retryable one asks the client to wait

    def __init__(self, message: str | None = None) -> None:
        """Take the message for the user; without one the class's own docstring is the message."""
        # Messages quote documents and foreign libraries, and an error that cannot be stored ends no job.
        self.message = _UNSTORABLE.sub("\ufffd", message or (type(self).__doc__ or "").strip())
        super().__init__(self.message)

    @property
    def slug(self) -> str:
        """The name in lower case, the wire's `type`."""
        return self.name.lower()

    def to_record(self) -> ErrorRecord:
        """The error as it is stored; `from_record` brings it back."""
        return {"kind": type(self).__name__, "message": self.message}


class BadInput(RectoError):
    """The request cannot be carried out as it is."""

    name = "INVALID_CONFIG"
    status = 422


class InvalidConfig(BadInput):
    """The request's options do not fit together."""


class InvalidSchema(BadInput):
    """The schema of an extraction is no JSON Schema, or one that no answer can be made of."""

    name = "INVALID_SCHEMA"


class InvalidPageRange(BadInput):
    """The page range names pages that do not exist."""

    status = 400


class NotFound(BadInput):
    """There is no such thing, or it is not yours."""

    name = "NOT_FOUND"
    status = 404


class UrlNotAllowed(BadInput):
    """The server does not fetch from that address."""

    name = "URL_NOT_ALLOWED"
    status = 403


class DownloadFailed(BadInput):
    """The document could not be downloaded."""

    name = "PROCESSING_FAILED"
    status = 400

    @property
    def slug(self) -> str:
        return "file_download_failure"


class DocumentEmpty(BadInput):
    """The document is empty: it has no bytes or no pages."""

    name = "DOCUMENT_EMPTY"
    status = 422


class DocumentCorrupt(BadInput):
    """The document is damaged and could not be repaired."""

    name = "DOCUMENT_CORRUPT"
    status = 415


class DocumentUnsupported(BadInput):
    """Documents of this type cannot be read."""

    name = "DOCUMENT_UNSUPPORTED"
    status = 415


class DocumentTooLarge(BadInput):
    """The document is larger than this server accepts."""

    name = "DOCUMENT_TOO_LARGE"
    status = 413


class ImageTooLarge(BadInput):
    """The image has more pixels than this server accepts."""

    name = "IMAGE_TOO_LARGE"
    status = 413


class ImageTooSmall(BadInput):
    """The image has too few pixels to hold any text."""

    name = "IMAGE_TOO_SMALL"
    status = 422


class DocumentLocked(BadInput):
    """The document is protected by a password: pass the right one as settings.document_password."""

    name = "DOCUMENT_PASSWORD_PROTECTED"
    status = 442


class CustomerTimeout(BadInput):
    """The job took longer than the settings.timeout that was asked for."""

    name = "CUSTOMER_TIMEOUT"
    status = 422


class NotAvailable(BadInput):
    """The server cannot do that yet."""

    name = "NOT_APPLICABLE"
    status = 422


class Refused(RectoError):
    """Not possible in the present state."""

    name = "JOB_STATE_ERROR"
    status = 409


class AuthFailed(Refused):
    """The API key is missing or not valid."""

    name = "AUTH_ERROR"
    status = 401


class Forbidden(Refused):
    """The API key does not have the scope that this call needs."""

    name = "AUTH_ERROR"
    status = 403


class RateLimited(Refused):
    """Too many calls in a short time: wait and call again."""

    name = "RATE_LIMIT"
    status = 429
    retryable = True
    retry_after_s = 1

    def __init__(self, message: str | None = None, wait_s: float = 1.0) -> None:
        """Take the message, and after how many seconds the call may come again."""
        super().__init__(message)
        self.retry_after_s = min(60, max(1, math.ceil(wait_s)))  # clients obey up to a minute


class JobState(Refused):
    """The job has already ended."""


class JobNotComplete(Refused):
    """The job has not ended yet: cancel it first, or wait."""

    name = "JOB_NOT_COMPLETE"
    status = 400


class JobDeletionInProgress(Refused):
    """The job is being deleted."""

    name = "JOB_DELETION_IN_PROGRESS"
    status = 409


class JobDeleted(Refused):
    """The job has been deleted."""

    name = "JOB_DELETED"
    status = 410


class KeyReused(Refused):
    """The Idempotency-Key was used for another call within the last 24 hours."""


class JobCancelled(Refused):
    """The job was cancelled."""

    name = "JOB_CANCELLED"
    status = 409


class QueueFull(Refused):
    """Too much work waits already: try again later."""

    name = "QUEUE_FULL"
    status = 429
    retryable = True
    retry_after_s = 10


class BatchQueueFull(Refused):
    """Too much batch work waits already: try again later."""

    name = "BATCH_QUEUE_FULL"
    status = 429
    retryable = True
    retry_after_s = 60


class OurFault(RectoError):
    """Something in this server failed."""

    name = "PROCESSING_FAILED"
    status = 500


class ProcessingFailed(OurFault):
    """No page of the document could be read."""


class DownloadInterrupted(OurFault):
    """The document's host failed for the moment: it is asked once more before the job fails."""

    name = "PROCESSING_FAILED"
    status = 400

    @property
    def slug(self) -> str:
        return "file_download_failure"


class SubprocessCrashed(OurFault):
    """The process that read the document ended unexpectedly."""

    name = "SUBPROCESS_CRASHED"


class ReadTimedOut(OurFault):
    """Reading took longer than the limit for one piece of work."""

    name = "TIMEOUT"
    status = 504
    retryable = True


class SyncTimeout(OurFault):
    """The job did not end within the time a call may wait; it goes on, ask for it by its job id."""

    name = "TIMEOUT"
    status = 504


class ModelUnavailable(OurFault):
    """The language model cannot be reached, or failed for the moment."""

    name = "LLM_PROVIDER_ERROR"
    status = 502
    retryable = True


class ModelMisconfigured(OurFault):
    """The language model's endpoint does not accept the server's requests: its settings must be corrected."""

    name = "LLM_PROVIDER_ERROR"
    status = 502


class ModelTimedOut(OurFault):
    """The language model took longer than it may."""

    name = "TIMEOUT"
    status = 504
    retryable = True


class ModelRefused(BadInput):
    """The language model declined to answer."""

    name = "PROCESSING_FAILED"
    status = 422


class OutputNotUnderstood(BadInput):
    """The language model's answer was no JSON in the form of the schema, asked twice."""

    name = "LLM_OUTPUT_PARSE_FAILED"
    status = 400


class OutputLimitExceeded(BadInput):
    """The language model's answer is larger than it may be: ask for fewer fields or fewer pages."""

    name = "OUTPUT_LIMIT_EXCEEDED"
    status = 422


class ContextWindowExceeded(BadInput):
    """The document is too long for the language model, even piece by piece."""

    name = "CONTEXT_WINDOW_EXCEEDED"
    status = 422


class Internal(OurFault):
    """An unexpected error; the server's log holds the details."""

    name = "INTERNAL_ERROR"


class Unavailable(OurFault):
    """The server cannot reach its database or its storage just now."""

    name = "SERVICE_UNAVAILABLE"
    status = 503
    retryable = True


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS})
"""What the operating system says when this machine, and not the document, is in the way."""


def of_ours(error: RectoError | OSError) -> RectoError:
    """An error of the operating system as one of ours: Unavailable when the machine has no room, else Internal.

    >>> of_ours(OSError(errno.ENOSPC, "No space left on device")).message
    'The server has no room: No space left on device.'
    """
    if isinstance(error, RectoError):
        return error
    if error.errno in NO_ROOM:
        return Unavailable(f"The server has no room: {error.strerror}.")
    return Internal(f"Reading failed unexpectedly ({type(error).__name__}).")


def _every(base: type[RectoError]) -> dict[str, type[RectoError]]:
    found = {base.__name__: base}
    for child in base.__subclasses__():
        found |= _every(child)
    return found


def from_record(record: ErrorRecord) -> RectoError:
    """The error a record was made from; a kind this version does not know becomes Internal."""
    return _every(RectoError).get(record["kind"], Internal)(record["message"])
