"""Extract bodies of the older generation, and their translation into the present one.

A body with `document_url` and `schema` in; the request it means today and warnings out. The answer follows the
generation of the body, see extract_result. The parts it shares with older parse bodies are in v2.
"""

from typing import Any, Literal

from pydantic import Field

from recto.wire.asynchronous import WebhookConfigNew
from recto.wire.extract import AsyncExtractConfig, SyncExtractConfig
from recto.wire.inputs import Input
from recto.wire.model import ClosedModel, RequestModel
from recto.wire.v2 import (
    AdvancedProcessingOptions,
    BaseProcessingOptions,
    ExperimentalProcessingOptions,
    ParseConfigNew,
    asynchronous_today,
    groups_today,
    is_old,
    substitutions,
)

NEW_KEYS = frozenset({"input", "parsing", "instructions", "settings", "async"})
"""Keys that only an extract body of the present generation has."""
OLD_KEYS = frozenset(
    {
        "document_url",
        "schema",
        "system_prompt",
        "options",
        "advanced_options",
        "experimental_options",
        "webhook",
    }
)
"""Keys that only an extract body of the older generation has."""


class ArrayExtractConfig(RequestModel):
    enabled: bool = Field(default=False, description="Read lists window by window. Rule: wire/v2_extract")
    mode: Literal["auto", "legacy", "streaming", "no_overlap"] = Field(
        default="legacy", description="How a list is cut. Rule: accepted, no effect"
    )
    pages_per_segment: int = Field(default=10, description="Pages of a piece. Rule: accepted, no effect")
    streaming_extract_item_density: int = Field(
        default=50, description="Entries of a piece. Rule: accepted, no effect"
    )


class AgentExtractConfig(RequestModel):
    enabled: bool = Field(default=False, description="The vendor's agent. Rule: none yet (warned)")


class AdvancedCitationsConfig(RequestModel):
    numerical_confidence: bool = Field(
        default=False, description="Confidence as a number. Rule: wire/v2_extract"
    )


class ExtractConfigNew(ClosedModel):
    options: BaseProcessingOptions = Field(
        default=BaseProcessingOptions(), description="Common options of the parse. Rule: wire/v2"
    )
    advanced_options: AdvancedProcessingOptions = Field(
        default=AdvancedProcessingOptions(), description="Rarer options of the parse. Rule: wire/v2"
    )
    experimental_options: ExperimentalProcessingOptions = Field(
        default=ExperimentalProcessingOptions(), description="Trial options of the parse. Rule: wire/v2"
    )
    schema_: Any = Field(
        alias="schema", description="JSON Schema of the answer. Rule: results/extract/schema"
    )
    system_prompt: str = Field(
        default="Be precise and thorough.",
        description="How the model should go about it. Rule: wire/v2_extract",
    )
    deep_extract: bool = Field(
        default=False, description="The model checks and corrects its answer. Rule: wire/v2_extract"
    )
    generate_citations: bool = Field(
        default=False, description="Sources of the values. Rule: wire/v2_extract"
    )
    array_extract: ArrayExtractConfig = Field(
        default=ArrayExtractConfig(), description="Long lists. Rule: wire/v2_extract"
    )
    use_chunking: bool = Field(
        default=False, description="One answer for each chunk. Rule: none yet (warned)"
    )
    include_images: bool = Field(
        default=False, description="Show the pages to the model. Rule: wire/v2_extract"
    )
    spreadsheet_agent: bool = Field(
        default=False, description="The vendor's agent for workbooks. Rule: none yet (warned)"
    )
    experimental_table_citations: bool = Field(
        default=True, description="Values in tables are always cited by cell. Rule: accepted, no effect"
    )
    citations_options: AdvancedCitationsConfig = Field(
        default=AdvancedCitationsConfig(), description="How to cite. Rule: wire/v2_extract"
    )
    agent_extract: AgentExtractConfig = Field(
        default=AgentExtractConfig(), description="The vendor's agent. Rule: none yet (warned)"
    )
    latency_sensitive: bool = Field(default=False, description="The priority lane. Rule: wire/v2_extract")
    document_url: Input = Field(description="The document, or several. Rule: intake/reference")
    priority: bool = Field(default=True, description="The priority lane. Rule: jobs/lanes")


class AsyncExtractConfigNew(ExtractConfigNew):
    priority: bool = Field(default=False, description="The priority lane. Rule: jobs/lanes")
    webhook: WebhookConfigNew = Field(
        default=WebhookConfigNew(), description="Where to announce the end. Rule: wire/v2"
    )


def is_old_extract(body: dict[str, Any]) -> bool:
    """Whether an extract body is of the older generation; raises pydantic.ValidationError for a mixed one."""
    return is_old(body, OLD_KEYS, NEW_KEYS)


def extract_today(old: ExtractConfigNew) -> tuple[SyncExtractConfig, bool, tuple[str, ...]]:
    """The request of today that an older extract body means, whether it asks for priority, and warnings."""
    parse = ParseConfigNew.model_construct(
        options=old.options,
        advanced_options=old.advanced_options,
        experimental_options=old.experimental_options,
    )
    citations = {
        "enabled": old.generate_citations,
        "numerical_confidence": old.citations_options.numerical_confidence,
    }
    body: dict[str, Any] = {
        "input": old.document_url,
        "parsing": groups_today(parse),
        "instructions": {"schema": old.schema_, "system_prompt": old.system_prompt},
        "settings": {
            "citations": citations,
            "force_url_result": old.options.force_url_result,
            "include_images": old.include_images,
            "deep_extract": old.deep_extract,
            "array_extract": old.array_extract.enabled,
        },
    }
    priority = old.priority or old.latency_sensitive or old.experimental_options.latency_sensitive
    if not isinstance(old, AsyncExtractConfigNew):
        return SyncExtractConfig.model_validate(body), priority, substitutions(parse)
    body["async"] = asynchronous_today(old.webhook, priority)
    return AsyncExtractConfig.model_validate(body), priority, substitutions(parse)
