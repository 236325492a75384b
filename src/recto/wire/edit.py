"""The edit endpoint's bodies, as published.

Editing is not served yet: the requests are read so that pipeline definitions can be checked and calls be
refused by name, the answers so that the published contract is whole. Nothing is translated here.
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from recto.wire.asynchronous import WebhookConfigNew
from recto.wire.model import RequestModel, WireModel, flat_any_of
from recto.wire.parse_result import BoundingBox
from recto.wire.uploads import UploadResponse
from recto.wire.usage import ParseUsage

FontSize = Annotated[float, Field(ge=1, le=72)]
"""Points."""


def _document_form(value: object) -> str:
    return "string" if isinstance(value, str) else "upload"


Document = Annotated[
    Annotated[str, Tag("string")] | Annotated[UploadResponse, Tag("upload")], Discriminator(_document_form)
]


class EditWidget(RequestModel):
    bbox: BoundingBox = Field(description="Where the field is. Rule: none yet (refused)")
    description: str = Field(description="What belongs into it. Rule: none yet (refused)")
    type: Literal["text", "checkbox", "radio", "dropdown", "barcode"] = Field(
        description="What kind of field. Rule: none yet (refused)"
    )
    fill: bool = Field(default=True, description="Fill it, or leave it empty. Rule: none yet (refused)")
    value: str | None = Field(
        default=None, description="The exact value, whatever else is said. Rule: none yet (refused)"
    )
    font_size: FontSize | None = Field(default=None, description="In points. Rule: none yet (refused)")


class EditOptions(RequestModel):
    color: str = Field(
        default="#FF0000",
        pattern=r"^#[0-9A-Fa-f]{6}$",
        description="Colour of what is written. Rule: none yet (refused)",
    )
    font_size: FontSize | None = Field(
        default=None, description="In points; null fits the field. Rule: none yet (refused)"
    )
    llm_provider_preference: Literal["openai", "anthropic", "google"] | None = Field(
        default=None, description="Whose model to ask. Rule: accepted, no effect"
    )
    enable_overflow_pages: bool = Field(
        default=False, description="Long text goes on at the end. Rule: none yet (refused)"
    )
    flatten: bool = Field(default=False, description="Fields become plain print. Rule: none yet (refused)")


class EditConfig(RequestModel):
    document_url: Document = Field(
        description="The document. Rule: none yet (refused)", json_schema_extra=flat_any_of
    )
    edit_instructions: str = Field(description="What to write. Rule: none yet (refused)")
    edit_options: EditOptions = Field(
        default=EditOptions(), description="How to write it. Rule: none yet (refused)"
    )
    form_schema: list[EditWidget] | None = Field(
        default=None, description="The fields of the form. Rule: none yet (refused)"
    )
    priority: bool = Field(default=True, description="The priority lane. Rule: none yet (refused)")


class AsyncEditConfig(EditConfig):
    priority: bool = Field(default=False, description="The priority lane. Rule: none yet (refused)")
    webhook: WebhookConfigNew = Field(
        default=WebhookConfigNew(), description="Where to announce the end. Rule: none yet (refused)"
    )


class EditResponse(WireModel):
    response_type: Literal["edit"] = "edit"
    job_id: str | None = None
    document_url: str
    form_schema: list[EditWidget] | None = None
    usage: ParseUsage | None = None


class AsyncEditResponse(WireModel):
    job_id: str
