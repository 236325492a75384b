"""The text of an `input` field in, a typed reference to a document out.

Pure: looks at the text only. Never opens, downloads or looks anything up; `guard` decides whether a URL may
be fetched, the database whether an upload or a job exists.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from recto.errors import InvalidConfig, NotFound

SHOWN_CHARACTERS = 120
"""How much of a wrong reference a message repeats."""

ACCEPTED_FORMS = (
    "an http:// or https:// URL, reducto://<upload id> from /upload, or jobid://<job id> of a parse job"
)

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UPLOAD = re.compile(rf"(?P<id>{_UUID})(?P<extension>\.[a-z0-9]{{1,10}})?", re.IGNORECASE)
_JOB = re.compile(_UUID, re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# A path parameter may have lost one of the two slashes to a proxy that tidies paths.
_UPLOAD_PREFIX = re.compile(r"reducto:/{1,2}", re.IGNORECASE)
_EXTENSION = re.compile(r"\.?([a-z0-9]{1,10})", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

_BUCKET_SCHEMES = frozenset({"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "wasb", "wasbs"})


@dataclass(frozen=True, slots=True)
class UrlReference:
    """A document to download."""

    url: str


@dataclass(frozen=True, slots=True)
class UploadReference:
    """A document uploaded before: the bare id in lower case, and the reference's extension (".pdf")."""

    file_id: str
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class JobReference:
    """The result of an earlier parse job; the id in lower case."""

    job_id: str


Reference = UrlReference | UploadReference | JobReference


def parse_reference(text: str) -> Reference:
    """The reference a text stands for; raises InvalidConfig for any other form.

    >>> parse_reference("https://example.com/a.pdf")
    UrlReference(url='https://example.com/a.pdf')
    """
    reference = text.strip()
    if not reference:
        raise InvalidConfig(f"The input is empty; pass {ACCEPTED_FORMS}.")
    found = _SCHEME.match(reference)
    scheme = found.group(1).lower() if found else ""
    if scheme in {"http", "https"}:
        return _url(reference)
    if scheme == "reducto":
        return _upload(reference)
    if scheme == "jobid":
        return _job(reference)
    raise _refused(reference, scheme)


def is_job(text: str) -> bool:
    """Whether a reference names a job; raises what `parse_reference` raises."""
    return isinstance(parse_reference(text), JobReference)


def upload_id(text: str) -> str:
    """The bare id, in lower case, of an upload named in any usual way.

    Takes reducto://id.ext, reducto:/id.ext (a slash lost on the way), id.ext and id. Raises NotFound for any
    other text, as no upload has such an id.
    """
    found = _UPLOAD.fullmatch(_UPLOAD_PREFIX.sub("", text.strip(), count=1))
    if not found:
        raise NotFound(f"There is no upload {_shown(text)!r}: upload ids look like reducto://<uuid>.pdf.")
    return found["id"].lower()


def normalise_extension(text: str) -> str:
    """An extension in lower case with its dot; raises InvalidConfig for what is none.

    >>> normalise_extension("PDF")
    '.pdf'
    """
    found = _EXTENSION.fullmatch(text.strip())
    if not found:
        raise InvalidConfig(
            f"{_shown(text)!r} is not a file extension: pass letters and digits like 'pdf' or '.pdf'."
        )
    return "." + found.group(1).lower()


def _url(reference: str) -> UrlReference:
    if _UNPRINTABLE.search(reference):
        raise InvalidConfig(
            f"The URL {_shown(reference)!r} contains a line break or another control character."
        )
    try:
        host = urlsplit(reference).hostname
    except ValueError as error:
        raise InvalidConfig(f"{_shown(reference)!r} is not a valid URL: {error}.") from error
    if not host:
        raise InvalidConfig(f"The URL {_shown(reference)!r} names no host; write https://host/path.")
    return UrlReference(reference)


def _upload(reference: str) -> UploadReference:
    prefix, _, rest = reference.partition("://")
    found = _UPLOAD.fullmatch(rest)
    if not found:
        raise InvalidConfig(
            f"{_shown(reference)!r} is not an upload reference: {prefix}:// must be followed by the id that"
            " /upload returned, as in reducto://<uuid>.pdf."
        )
    extension = found["extension"]
    return UploadReference(found["id"].lower(), extension.lower() if extension else None)


def _job(reference: str) -> JobReference:
    job_id = reference.partition("://")[2]
    if not _JOB.fullmatch(job_id):
        raise InvalidConfig(
            f"{_shown(reference)!r} is not a job reference: jobid:// must be followed by the job_id of a"
            " parse job."
        )
    return JobReference(job_id.lower())


def _refused(reference: str, scheme: str) -> InvalidConfig:
    shown = repr(_shown(reference))
    if scheme in _BUCKET_SCHEMES:
        return InvalidConfig(
            f"{shown} names a bucket, and no bucket credentials are configured on this server for inputs:"
            " pass a presigned https URL, or upload the file with /upload."
        )
    if len(scheme) == 1 or scheme == "file" or not scheme:
        return InvalidConfig(
            f"{shown} is not a document this server can reach: files of your machine must be uploaded with"
            f" /upload first. Accepted are {ACCEPTED_FORMS}."
        )
    return InvalidConfig(f"{shown}: {scheme}: references are not accepted. Accepted are {ACCEPTED_FORMS}.")


def _shown(text: str) -> str:
    """The text for a message: without its query, which may be a secret signature, and not too long."""
    bare = text.strip().split("?", 1)[0]
    return bare if len(bare) <= SHOWN_CHARACTERS else bare[:SHOWN_CHARACTERS] + "…"
