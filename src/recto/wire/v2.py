"""Bodies of the older generation, and their translation into the present one.

A body with `document_url` in; the request it means today and warnings out. Parse and pipeline bodies; those of
extractions are in v2_extract, the other kinds are not served yet.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recto.document.block import BlockType
from recto.wire.asynchronous import QueuePriority, WebhookConfigNew
from recto.wire.edit import Document
from recto.wire.inputs import GivenSelection, Input, PageRange
from recto.wire.model import ClosedModel, RequestModel, flat_any_of, published_form, without_null
from recto.wire.parse import AsyncParseConfig, SyncParseConfig
from recto.wire.pipeline import PipelineSettings, V3AsyncPipelineConfig, V3PipelineConfig
from recto.wire.problems import rejected

OLD_KEYS = frozenset({"document_url", "options", "advanced_options", "experimental_options", "webhook"})
"""Keys that only a body of the older generation has."""
NEW_KEYS = frozenset({"input", "enhance", "retrieval", "formatting", "spreadsheet", "async"})
"""Keys that only a body of the present generation has."""


class ChunkingConfig(RequestModel):
    chunk_mode: Literal["variable", "section", "page", "block", "disabled", "page_sections"] = Field(
        default="variable", description="How blocks are gathered into chunks. Rule: wire/v2"
    )
    chunk_size: int | None = Field(
        json_schema_extra=without_null, default=None, description="Target length in characters. Rule: wire/v2"
    )
    chunk_overlap: int = Field(default=0, description="Repeated characters. Rule: wire/v2")


class TableSummaryConfig(RequestModel):
    enabled: bool = Field(default=False, description="Tables as sentences in embed. Rule: wire/v2")
    prompt: str | None = Field(
        json_schema_extra=without_null, default=None, description="A wish in words. Rule: none yet (warned)"
    )


class FigureSummaryConfig(RequestModel):
    enabled: bool = Field(default=False, description="Describe figures in words. Rule: none yet (warned)")
    prompt: str | None = Field(
        json_schema_extra=without_null, default=None, description="A wish in words. Rule: none yet (warned)"
    )
    override: bool = Field(
        default=False, description="The wish replaces everything else said. Rule: none yet (warned)"
    )
    advanced_chart_agent: bool = Field(
        default=False, description="Read the numbers out of charts. Rule: none yet (warned)"
    )


class LargeTableChunkingConfig(RequestModel):
    enabled: bool = Field(default=True, description="Cut large sheets. Rule: wire/v2")
    size: int = Field(default=50, description="Rows of a piece. Rule: wire/v2")


class EnrichConfig(RequestModel):
    enabled: bool = Field(default=False, description="A second look by a model. Rule: none yet (warned)")
    mode: Literal["standard", "page", "table"] = Field(
        default="standard", description="What is looked at. Rule: none yet (warned)"
    )
    prompt: str | None = Field(
        json_schema_extra=without_null, default=None, description="A wish in words. Rule: none yet (warned)"
    )


class BaseProcessingOptions(RequestModel):
    ocr_mode: Literal["standard", "agentic"] = Field(
        default="standard", description="agentic: a vision model looks again. Rule: wire/v2"
    )
    extraction_mode: Literal["ocr", "metadata", "hybrid"] = Field(
        default="ocr", description="Recognised text, the file's own, or both. Rule: wire/v2"
    )
    chunking: ChunkingConfig = Field(default=ChunkingConfig(), description="Chunks. Rule: wire/v2")
    table_summary: TableSummaryConfig = Field(
        default=TableSummaryConfig(), description="Tables in words. Rule: wire/v2"
    )
    figure_summary: FigureSummaryConfig = Field(
        default=FigureSummaryConfig(), description="Figures in words. Rule: wire/v2"
    )
    filter_blocks: list[BlockType] = Field(
        default=[], description="Types left out of content and embed. Rule: wire/v2"
    )
    force_url_result: bool = Field(default=False, description="Result as a link. Rule: wire/v2")


class AdvancedProcessingOptions(RequestModel):
    ocr_system: Literal["highres", "multilingual", "combined", "reducto", "legacy", "reducto-v2"] = Field(
        default="highres", description="The family of text recognition. Rule: wire/v2"
    )
    table_output_format: Literal["html", "json", "md", "jsonbbox", "dynamic", "ai_json", "csv"] = Field(
        default="html", description="How tables are printed; ai_json as json. Rule: wire/v2"
    )
    merge_tables: bool = Field(default=False, description="Join continued tables. Rule: wire/v2")
    include_formula_information: bool = Field(default=False, description="Show formulas. Rule: wire/v2")
    include_color_information: bool = Field(default=False, description="Show cell colours. Rule: wire/v2")
    include_dropdown_information: bool = Field(default=False, description="Show choices. Rule: wire/v2")
    continue_hierarchy: bool = Field(
        default=True, description="Repeat headings in following chunks. Rule: none yet (warned)"
    )
    keep_line_breaks: bool = Field(
        default=False, description="Keep the page's own line ends. Rule: none yet (warned)"
    )
    page_range: GivenSelection = Field(
        default=PageRange(), description="Which pages to read, from 1. Rule: wire/v2"
    )
    force_file_extension: str | None = Field(
        json_schema_extra=without_null, default=None, description="Treat the file as this type. Rule: wire/v2"
    )
    large_table_chunking: LargeTableChunkingConfig = Field(
        default=LargeTableChunkingConfig(), description="Cutting of large sheets. Rule: wire/v2"
    )
    spreadsheet_table_clustering: Literal["default", "disabled", "intelligent"] = Field(
        default="default", description="Telling tables on a sheet apart. Rule: wire/v2"
    )
    add_page_markers: bool = Field(default=False, description="Mark page ends. Rule: wire/v2")
    remove_text_formatting: bool = Field(
        default=False, description="Leave out list marks and the like. Rule: none yet (warned)"
    )
    return_ocr_data: bool = Field(default=False, description="Add words and lines. Rule: wire/v2")
    document_password: str | None = Field(
        json_schema_extra=without_null, default=None, description="Opens a protected document. Rule: wire/v2"
    )
    filter_line_numbers: bool = Field(
        default=False, description="Leave out numbered margins. Rule: none yet (warned)"
    )
    read_comments: bool = Field(default=False, description="Notes as blocks. Rule: wire/v2")
    persist_results: bool = Field(default=False, description="Keep the result. Rule: wire/v2")
    exclude_hidden_sheets: bool = Field(default=False, description="Skip hidden sheets. Rule: wire/v2")
    exclude_hidden_rows_cols: bool = Field(
        default=False, description="Skip hidden rows and columns. Rule: wire/v2"
    )
    enable_change_tracking: bool = Field(default=False, description="Mark changes. Rule: wire/v2")
    enable_highlight_detection: bool = Field(default=False, description="Mark highlights. Rule: wire/v2")
    ignore_watermarks: bool = Field(default=False, description="Leave out watermarks. Rule: wire/v2")


def _says_open(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """The published form, of a model that states its openness."""
    published_form(schema, model)
    schema["additionalProperties"] = True


class ExperimentalProcessingOptions(RequestModel):
    model_config = ConfigDict(json_schema_extra=_says_open)

    enrich: EnrichConfig = Field(default=EnrichConfig(), description="A second look. Rule: wire/v2")
    layout_enrichment: bool = Field(
        default=False, description="Reading order by a model. Rule: none yet (warned)"
    )
    native_office_conversion: bool = Field(
        default=False, description="Convert with the maker's own program. Rule: none yet (warned)"
    )
    disable_office_external_links: bool = Field(
        default=False, description="Links in office files are never followed. Rule: accepted, no effect"
    )
    enable_checkboxes: bool = Field(default=False, description="Find tick boxes. Rule: none yet (warned)")
    enable_equations: bool = Field(default=False, description="Find equations. Rule: none yet (warned)")
    rotate_pages: bool = Field(default=True, description="Pages are always read upright. Rule: pages/reading")
    rotate_figures: bool = Field(default=False, description="Turn figures. Rule: none yet (warned)")
    enable_scripts: bool = Field(
        default=False, description="Mark raised and lowered text. Rule: none yet (warned)"
    )
    return_figure_images: bool = Field(default=False, description="Pictures of figures. Rule: wire/v2")
    return_table_images: bool = Field(default=False, description="Pictures of tables. Rule: wire/v2")
    return_page_images: bool = Field(default=False, description="Pictures of pages. Rule: wire/v2")
    layout_model: Literal[
        "default",
        "beta",
        "rfdetr",
        "rfdetr0302",
        "rfdetr0303",
        "rfdetrbase0218",
        "rfdetr0304",
        "qwen35_27b_0317",
    ] = Field(default="default", description="The vendor's layout model. Rule: accepted, no effect")
    embed_text_metadata_pdf: bool = Field(
        default=False, description="Recognised text in the returned PDF. Rule: wire/v2"
    )
    detect_signatures: bool = Field(default=False, description="Signatures as blocks. Rule: wire/v2")
    danger_filter_wide_boxes: bool = Field(
        default=False, description="Leave out blocks over half the width. Rule: none yet (warned)"
    )
    user_specified_timeout_seconds: float | None = Field(
        default=None, description="Most seconds of processing. Rule: wire/v2"
    )
    chunk_table_blocks: bool = Field(
        default=False, description="Cut tables to the chunk's size. Rule: none yet (warned)"
    )
    latency_sensitive: bool = Field(default=False, description="The priority lane. Rule: wire/v2")
    promptable_agentic_text_on_regular_blocks: bool = Field(
        default=False, description="A model corrects text. Rule: none yet (warned)"
    )


class ParseConfigNew(ClosedModel):
    options: BaseProcessingOptions = Field(
        default=BaseProcessingOptions(), description="Common options. Rule: wire/v2"
    )
    advanced_options: AdvancedProcessingOptions = Field(
        default=AdvancedProcessingOptions(), description="Rarer options. Rule: wire/v2"
    )
    experimental_options: ExperimentalProcessingOptions = Field(
        default=ExperimentalProcessingOptions(), description="Trial options. Rule: wire/v2"
    )
    document_url: Document = Field(
        description="The document. Rule: intake/reference", json_schema_extra=flat_any_of
    )
    priority: bool = Field(default=True, description="The priority lane. Rule: jobs/lanes")


class AsyncParseConfigNew(ParseConfigNew):
    priority: bool = Field(default=False, description="The priority lane. Rule: jobs/lanes")
    webhook: WebhookConfigNew = Field(
        default=WebhookConfigNew(), description="Where to announce the end. Rule: wire/v2"
    )
    queue_priority: QueuePriority = Field(
        default=QueuePriority.AUTO, description="batch is the patient lane. Rule: jobs/lanes"
    )


class PipelineConfig(ClosedModel):
    document_url: Input = Field(description="The document, or several. Rule: intake/reference")
    pipeline_id: str = Field(description="The pipeline to run. Rule: storage/queries/pipelines")
    settings: PipelineSettings = Field(
        default=PipelineSettings(), description="Overrides for this call. Rule: wire/pipeline"
    )


class AsyncPipelineConfig(PipelineConfig):
    webhook: WebhookConfigNew = Field(
        default=WebhookConfigNew(), description="Where to announce the end. Rule: wire/v2"
    )
    priority: bool = Field(default=False, description="The priority lane. Rule: jobs/lanes")


def is_old(
    body: dict[str, Any], old_keys: frozenset[str] = OLD_KEYS, new_keys: frozenset[str] = NEW_KEYS
) -> bool:
    """Whether a body is of the older generation, which these keys tell from the present one.

    Raises pydantic.ValidationError, naming both sides, for a body that mixes the generations.
    """
    old, new = sorted(old_keys & body.keys()), sorted(new_keys & body.keys())
    if old and new:
        raise rejected(
            "Request",
            "mixed_generations",
            f"{', '.join(old)} belongs to the older form of the request and {', '.join(new)} to the present "
            "one: use the keys of one form only",
            (old[0],),
            body[old[0]],
        )
    return "document_url" in body


def parse_today(old: ParseConfigNew) -> tuple[SyncParseConfig, bool, tuple[str, ...]]:
    """The request of today that an older parse body means, whether it asks for priority, and warnings.

    The older default `extraction_mode: ocr` is taken as hybrid unless it was sent: sound text of the file is
    better than its recognition.
    """
    body: dict[str, Any] = {"input": old.document_url, **groups_today(old)}
    warnings = substitutions(old)
    priority = old.priority or old.experimental_options.latency_sensitive
    if not isinstance(old, AsyncParseConfigNew):
        return SyncParseConfig.model_validate(body), priority, warnings
    body["async"] = asynchronous_today(old.webhook, priority)
    body["queue_priority"] = old.queue_priority
    return AsyncParseConfig.model_validate(body), priority, warnings


def pipeline_today(old: PipelineConfig) -> V3PipelineConfig:
    """The request of today that an older pipeline body means."""
    body: dict[str, Any] = {
        "input": old.document_url,
        "pipeline_id": old.pipeline_id,
        "settings": old.settings.model_dump(),
    }
    if not isinstance(old, AsyncPipelineConfig):
        return V3PipelineConfig.model_validate(body)
    body["async"] = asynchronous_today(old.webhook, old.priority)
    return V3AsyncPipelineConfig.model_validate(body)


def groups_today(old: ParseConfigNew) -> dict[str, Any]:
    """The option groups of today, as JSON values, that the three groups of an older body mean."""
    options = old.options
    return {
        "enhance": _enhance(options),
        "retrieval": {
            "chunking": options.chunking.model_dump(),
            "filter_blocks": options.filter_blocks,
            "embedding_optimized": options.table_summary.enabled,
        },
        "formatting": _formatting(old),
        "spreadsheet": _spreadsheet(old.advanced_options),
        "settings": _settings(old),
    }


def substitutions(old: ParseConfigNew) -> tuple[str, ...]:
    """A sentence for what the three groups ask for and get something else instead of."""
    if old.advanced_options.table_output_format != "ai_json":
        return ()
    return ("advanced_options.table_output_format ai_json is not available: tables are printed as json.",)


def _chosen(**wanted: bool) -> list[str]:
    return [name for name, is_wanted in wanted.items() if is_wanted]


def _enhance(options: BaseProcessingOptions) -> dict[str, Any]:
    agentic = [{"scope": "table"}, {"scope": "text"}] if options.ocr_mode == "agentic" else []
    # The older figure settings carry their own warnings; repeating them under today's names would be noise.
    return {"agentic": agentic, "summarize_figures": options.figure_summary.enabled}


def _formatting(old: ParseConfigNew) -> dict[str, Any]:
    advanced = old.advanced_options
    table_format = advanced.table_output_format
    return {
        "add_page_markers": advanced.add_page_markers,
        "table_output_format": "json" if table_format == "ai_json" else table_format,
        "merge_tables": advanced.merge_tables,
        "include": _chosen(
            change_tracking=advanced.enable_change_tracking,
            highlight=advanced.enable_highlight_detection,
            comments=advanced.read_comments,
            signatures=old.experimental_options.detect_signatures,
            ignore_watermarks=advanced.ignore_watermarks,
        ),
    }


def _spreadsheet(advanced: AdvancedProcessingOptions) -> dict[str, Any]:
    clustering = {"default": "fast", "disabled": "disabled", "intelligent": "accurate"}
    group: dict[str, Any] = {
        "split_large_tables": advanced.large_table_chunking.model_dump(),
        "include": _chosen(
            cell_colors=advanced.include_color_information,
            formula=advanced.include_formula_information,
            dropdowns=advanced.include_dropdown_information,
        ),
        "exclude": _chosen(
            hidden_sheets=advanced.exclude_hidden_sheets,
            hidden_rows=advanced.exclude_hidden_rows_cols,
            hidden_cols=advanced.exclude_hidden_rows_cols,
        ),
    }
    # The two generations have different defaults; a choice nobody made is left to today's.
    if "spreadsheet_table_clustering" in advanced.model_fields_set:
        group["clustering"] = clustering[advanced.spreadsheet_table_clustering]
    return group


def _settings(old: ParseConfigNew) -> dict[str, Any]:
    options, advanced, trial = old.options, old.advanced_options, old.experimental_options
    only_recognised = options.extraction_mode == "ocr" and "extraction_mode" in options.model_fields_set
    return {
        "ocr_system": "legacy" if advanced.ocr_system == "legacy" else "standard",
        "extraction_mode": "ocr" if only_recognised else "hybrid",
        "force_url_result": options.force_url_result,
        "force_file_extension": advanced.force_file_extension,
        "return_ocr_data": advanced.return_ocr_data,
        "return_images": _chosen(
            figure=trial.return_figure_images, table=trial.return_table_images, page=trial.return_page_images
        ),
        "embed_pdf_metadata": trial.embed_text_metadata_pdf,
        "persist_results": advanced.persist_results,
        "timeout": trial.user_specified_timeout_seconds,
        "page_range": advanced.page_range,
        "document_password": advanced.document_password,
    }


def asynchronous_today(old: WebhookConfigNew, priority: bool) -> dict[str, Any]:
    """Today's `async` object. Raises pydantic.ValidationError for a direct webhook without an address."""
    webhook: dict[str, Any] | None = None
    if old.mode == "direct":
        if not old.url:
            raise rejected(
                "Webhook", "missing_url", "a direct webhook needs a url", ("webhook", "url"), old.url
            )
        webhook = {"mode": "direct", "url": old.url}
    elif old.mode == "svix":
        webhook = {"mode": "svix", **({"channels": old.channels} if old.channels else {})}
    return {"priority": priority, "metadata": old.metadata, "webhook": webhook}
