"""How a caller wants a job run in the background: lane, webhook, metadata.

Part of the requests of every `_async` endpoint. Validated bodies in, models out; delivery is webhooks/outbox,
lanes are jobs/lanes. It never looks at the document.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Discriminator, Field, Tag

from recto.wire.model import RequestModel, flat_any_of, without_null


class QueuePriority(StrEnum):
    """The queue a background parse asks for; auto is the same as standard."""

    AUTO = "auto"
    STANDARD = "standard"
    BATCH = "batch"


class SvixWebhookConfig(RequestModel):
    mode: Literal["svix"] = Field(
        default="svix", description="Signed delivery to registered endpoints. Rule: webhooks/outbox"
    )
    channels: list[str] | None = Field(
        json_schema_extra=without_null,
        default=None,
        description="Only endpoints on one of these channels; without it, all. Rule: webhooks/outbox",
    )


class DirectWebhookConfig(RequestModel):
    mode: Literal["direct"] = Field(
        default="direct", description="Delivery to one address. Rule: webhooks/outbox"
    )
    url: str = Field(description="The http(s) address that is posted to. Rule: webhooks/outbox")


def _webhook_mode(value: object) -> str:
    """An object without a mode is direct when it names a url, else svix."""
    if isinstance(value, dict):
        given = cast("dict[str, object]", value)
        mode = given.get("mode") or ("direct" if "url" in given else "svix")
        return str(mode)
    return str(getattr(value, "mode", ""))


Webhook = Annotated[
    Annotated[SvixWebhookConfig, Tag("svix")] | Annotated[DirectWebhookConfig, Tag("direct")],
    Discriminator(
        _webhook_mode,
        custom_error_type="webhook_mode",
        custom_error_message='a webhook has the mode "svix" or "direct" ("direct" needs a url)',
    ),
]


class config__v3__AsyncConfig(RequestModel):  # noqa: N801 - the published name of the schema
    model_config = ConfigDict(title="AsyncConfig")

    metadata: Any = Field(
        default=None, description="Any JSON; comes back unchanged in the webhook. Rule: webhooks/outbox"
    )
    priority: bool = Field(
        default=False,
        description="Run in the priority lane while the organisation has room there. Rule: jobs/lanes",
    )
    webhook: Webhook | None = Field(
        default=None,
        description="Where to announce the end of the job. Rule: webhooks/outbox",
        json_schema_extra=flat_any_of,
    )


AsyncConfig = config__v3__AsyncConfig


class WebhookConfigNew(RequestModel):
    """The older, flat webhook setting: still the only one of edit jobs."""

    mode: Literal["disabled", "svix", "direct"] = Field(
        default="disabled", description="No webhook, signed delivery, or one address. Rule: wire/v2"
    )
    url: str | None = Field(
        json_schema_extra=without_null,
        default=None,
        description="The address of a direct webhook. Rule: wire/v2",
    )
    metadata: Any = Field(default=None, description="Any JSON for the webhook's body. Rule: wire/v2")
    channels: list[str] = Field(
        default_factory=list, description="Channels of a svix webhook; none means all. Rule: wire/v2"
    )
