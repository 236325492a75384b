"""Answers of the upload endpoints, and the object form in which an upload comes back as an input.

Uploads themselves are api/routes and storage/objects; this holds the bodies only.
"""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from recto.wire.model import RequestModel, WireModel


class UploadResponse(RequestModel):
    file_id: str = Field(description="The upload's reference, reducto://... Rule: wire/inputs")
    presigned_url: str | None = Field(
        default=None, description="Where to PUT the bytes when none were sent. Rule: accepted, no effect"
    )


class DeleteUploadResponse(WireModel):
    file_id: str


class Body_upload_upload_post(WireModel):  # noqa: N801 - the published name of the schema
    """The multipart or JSON body of an upload: a file, or nothing to ask for an address to PUT it to."""

    file: Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})] | str | None = None
