"""Bodies of /recto/v1/webhooks: what a person says of an endpoint, and how rows are shown.

Validated bodies in, rows of storage.queries out as JSON values. Nothing here delivers or signs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from recto.storage.queries.endpoints import EndpointRow
from recto.storage.queries.messages import AttemptRow, MessageRow, SentRow

URL_CHARACTERS = 2048
DESCRIPTION_CHARACTERS = 500
CHANNEL_CHARACTERS = 128
MOST_CHANNELS = 50


def _no_doubles(values: list[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Channel = Annotated[str, Field(min_length=1, max_length=CHANNEL_CHARACTERS)]
Channels = Annotated[list[Channel], Field(max_length=MOST_CHANNELS), AfterValidator(_no_doubles)]
EventTypes = Annotated[list[Literal["async.update"]], AfterValidator(_no_doubles)]
Moment = Annotated[datetime, AfterValidator(_with_zone)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewEndpoint(_Body):
    """An endpoint to be made."""

    url: str = Field(
        min_length=1,
        max_length=URL_CHARACTERS,
        description="The http(s) address that is posted to. Rule: webhooks/endpoints",
    )
    description: str = Field(
        default="",
        max_length=DESCRIPTION_CHARACTERS,
        description="For people. Rule: webhooks/endpoints",
    )
    channels: Channels | None = Field(
        default=None, description="Only messages on one of these; none: all. Rule: webhooks/outbox"
    )
    event_types: EventTypes | None = Field(
        default=None, description="Only messages of these types; none: all. Rule: webhooks/outbox"
    )
    secret: str | None = Field(
        default=None, max_length=200, description="A secret brought along. Rule: webhooks/signing"
    )


class EndpointChange(_Body):
    """What is to change of an endpoint; what is left out stays."""

    url: str = Field(
        default="", max_length=URL_CHARACTERS, description="Its new address. Rule: webhooks/endpoints"
    )
    description: str = Field(
        default="", max_length=DESCRIPTION_CHARACTERS, description="For people. Rule: webhooks/endpoints"
    )
    channels: Channels | None = Field(default=None, description="null: all. Rule: webhooks/outbox")
    event_types: EventTypes | None = Field(default=None, description="null: all. Rule: webhooks/outbox")
    enabled: bool = Field(default=True, description="Whether it gets messages. Rule: webhooks/outbox")

    @model_validator(mode="after")
    def _url_is_no_blank(self) -> Self:
        if "url" in self.model_fields_set and not self.url:
            raise ValueError("an endpoint cannot be without a url")
        return self

    def values(self) -> dict[str, Any]:
        """The columns to change."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Rotation(_Body):
    """How a secret is replaced."""

    secret: str | None = Field(
        default=None, max_length=200, description="The new one; none: a random one. Rule: webhooks/signing"
    )
    overlap_s: float = Field(
        default=86400,
        ge=0,
        le=30 * 86400,
        description="Seconds for which the old one signs too. Rule: webhooks/endpoints",
    )


class Replay(_Body):
    """Which deliveries are made again."""

    endpoint_id: str | None = Field(
        default=None, description="Only to this endpoint. Rule: webhooks/endpoints"
    )


class ReplayFailed(Replay):
    """Which failed deliveries are made again."""

    since: Moment = Field(description="Of messages from then on. Rule: webhooks/endpoints")


def endpoint_shown(row: EndpointRow) -> dict[str, Any]:
    """An endpoint, without its secret."""
    return {
        "id": str(row.id),
        "url": row.url,
        "description": row.description,
        "channels": row.channels,
        "event_types": row.event_types,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
        "failing_since": _moment(row.failing_since),
        "created_at": _moment(row.created_at),
    }


def message_shown(row: MessageRow, identifier: str, sent: Sequence[SentRow]) -> dict[str, Any]:
    """A message with how its deliveries stand."""
    return {
        "id": identifier,
        "event_type": row.event_type,
        "job_id": str(row.job_id) if row.job_id else None,
        "channels": row.channels,
        "body": row.body,
        "created_at": _moment(row.created_at),
        "deliveries": [_sent(one) for one in sent],
    }


def _sent(row: SentRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "mode": "direct" if row.kind == "direct" else "svix",
        "endpoint_id": str(row.endpoint_id) if row.endpoint_id else None,
        "url": row.url,
        "status": row.status,
        "attempts": row.attempt,
        "answer_status": row.answer_status,
        "error": row.error,
        "next_attempt_at": _moment(row.due_at) if row.status == "pending" else None,
        "ended_at": _moment(row.ended_at),
    }


def attempt_shown(row: AttemptRow, sent: SentRow) -> dict[str, Any]:
    """A line of the attempt log."""
    return {
        "delivery_id": str(row.delivery_id),
        "endpoint_id": str(sent.endpoint_id) if sent.endpoint_id else None,
        "url": sent.url,
        "attempt": row.number,
        "answer_status": row.answer_status,
        "error": row.error,
        "answer": row.answer,
        "latency_ms": row.latency_ms,
        "at": _moment(row.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
