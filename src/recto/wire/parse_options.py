"""The option groups of a parse, and what they mean.

Validated groups in; `document.options.ParseOptions`, the document's password and warnings out. The groups
are shared by /parse, by the `parsing` of other endpoints and by the parse step of a pipeline. It never opens
a document: whether the pages exist is found out later.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from recto.document.block import BlockType
from recto.document.options import ChunkOptions, FormatOptions, Include, ReadOptions, ResultOptions
from recto.document.options import ParseOptions as ParsePlan
from recto.errors import InvalidConfig
from recto.wire.inputs import PageSelection, page_spans
from recto.wire.model import RequestModel, flat_any_of, warnings_of


class TableAgentic(RequestModel):
    scope: Literal["table"] = Field(description="Tables. Rule: none yet (warned)")
    prompt: str | None = Field(default=None, description="A wish in words. Rule: none yet (warned)")
    mode: Literal["default", "auto", "max"] = Field(
        default="default", description="Which tables get the second look. Rule: none yet (warned)"
    )


class FigureAgentic(RequestModel):
    scope: Literal["figure"] = Field(description="Figures. Rule: none yet (warned)")
    prompt: str | None = Field(default=None, description="A wish in words. Rule: none yet (warned)")
    advanced_chart_agent: bool = Field(
        default=False, description="Read the numbers out of charts. Rule: none yet (warned)"
    )


class TextAgentic(RequestModel):
    scope: Literal["text"] = Field(description="Text. Rule: none yet (warned)")
    prompt: str | None = Field(default=None, description="A wish in words. Rule: none yet (warned)")


Agentic = Annotated[TableAgentic | FigureAgentic | TextAgentic, Field(discriminator="scope")]


class Enhance(RequestModel):
    agentic: list[Agentic] = Field(
        default=[],
        description="Parts of the page a vision model looks at again. Rule: none yet (warned)",
        json_schema_extra=flat_any_of,
    )
    advanced_chart_agent: bool = Field(
        default=False, description="Read the numbers out of every chart. Rule: none yet (warned)"
    )
    summarize_figures: bool = Field(
        default=True, description="Describe figures in words. Rule: none yet (warned)"
    )
    intelligent_ordering: bool = Field(
        default=False, description="Reading order by a vision model. Rule: none yet (warned)"
    )


class Chunking(RequestModel):
    chunk_mode: Literal["variable", "section", "page", "disabled", "block", "page_sections"] = Field(
        default="disabled", description="How blocks are gathered into chunks. Rule: chunks/chunking"
    )
    chunk_size: int | None = Field(
        default=None,
        description="Target length of a chunk in characters; null adapts. Rule: chunks/chunking",
    )
    chunk_overlap: int = Field(
        default=0, description="Characters repeated from the neighbouring chunks. Rule: chunks/chunking"
    )


class Retrieval(RequestModel):
    chunking: Chunking = Field(
        default=Chunking(), description="How the document is cut. Rule: chunks/chunking"
    )
    filter_blocks: list[BlockType] = Field(
        default=[],
        description="Block types left out of content and embed, not of blocks. Rule: chunks/chunking",
    )
    embedding_optimized: bool = Field(
        default=False, description="Print tables as sentences in embed. Rule: chunks/chunking"
    )


class Formatting(RequestModel):
    add_page_markers: bool = Field(
        default=False, description="Mark where each page begins and ends. Rule: chunks/chunking"
    )
    table_output_format: Literal["html", "json", "md", "jsonbbox", "dynamic", "csv"] = Field(
        default="dynamic", description="How tables are printed. Rule: chunks/tables_out"
    )
    merge_tables: bool = Field(
        default=False, description="Join tables that go on over a page break. Rule: blocks/document"
    )
    include: list[
        Literal["change_tracking", "highlight", "comments", "hyperlinks", "signatures", "ignore_watermarks"]
    ] = Field(
        default=[],
        description="Links, highlights, comments and signatures in the result; watermarks left out. Rule: blocks/page",
    )


class SplitLargeTableSizes(RequestModel):
    row: int | None = Field(default=None, description="Rows of a piece. Rule: none yet (warned)")
    column: int | None = Field(default=None, description="Columns of a piece. Rule: none yet (warned)")


class SplitLargeTables(RequestModel):
    enabled: bool = Field(default=True, description="Cut large sheets into pieces. Rule: none yet (warned)")
    size: int | SplitLargeTableSizes = Field(
        default=50, description="Rows, or rows and columns, of a piece. Rule: none yet (warned)"
    )


class Spreadsheet(RequestModel):
    split_large_tables: SplitLargeTables = Field(
        default=SplitLargeTables(), description="Cutting of large sheets. Rule: none yet (warned)"
    )
    include: list[Literal["cell_colors", "formula", "dropdowns"]] = Field(
        default=[], description="What to tell of a cell beside its value. Rule: none yet (warned)"
    )
    clustering: Literal["accurate", "fast", "disabled"] = Field(
        default="accurate",
        description="How several tables on a sheet are told apart. Rule: none yet (warned)",
    )
    exclude: list[Literal["hidden_sheets", "hidden_rows", "hidden_cols", "styling", "spreadsheet_images"]] = (
        Field(default=[], description="What to leave out of a workbook. Rule: none yet (warned)")
    )
    max_cell_count: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Refuse workbooks with more filled cells. Rule: none yet (warned)"
    )


class TenantThrottling(RequestModel):
    tenant_id: str = Field(
        min_length=1, max_length=256, description="The caller's own customer. Rule: jobs/lanes"
    )
    max_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Largest share of the running work for that customer. Rule: jobs/lanes",
    )


class HybridVpcSettings(RequestModel):
    environment: str | None = Field(
        default=None, description="A named place to compute in. Rule: accepted, no effect"
    )


class Settings(RequestModel):
    ocr_system: Literal["standard", "legacy"] = Field(
        default="standard",
        description="Family of text recognition; both are the same engines here. Rule: accepted, no effect",
    )
    extraction_mode: Literal["ocr", "hybrid"] = Field(
        default="hybrid",
        description="Recognise every page, or use the file's own text where it is sound. Rule: pages/route",
    )
    force_url_result: bool = Field(
        default=False, description="Hand the result out as a link, however small. Rule: api/answers"
    )
    force_file_extension: str | None = Field(
        default=None,
        description="Treat the file as this type, such as .png, whatever its name. Rule: intake/filetype",
    )
    return_ocr_data: bool = Field(
        default=False, description="Add words and lines with their boxes. Rule: results/parse"
    )
    return_images: list[Literal["figure", "table", "page"]] = Field(
        default=[], description="Pictures of these parts, as links. Rule: results/pictures"
    )
    embed_pdf_metadata: bool = Field(
        default=False, description="Write recognised text into the returned PDF. Rule: none yet (warned)"
    )
    extract_document_properties: bool = Field(
        default=False, description="Add the file's own title, author and dates. Rule: pages/reading"
    )
    embed_pdf_metadata_dpi: int = Field(
        default=100,
        ge=50,
        le=250,
        description="Picture resolution of such a PDF. Rule: none yet (warned)",
    )
    persist_results: bool = Field(
        default=False, description="Keep the result until it is deleted. Rule: api/routes/jobs"
    )
    tenant_throttling: TenantThrottling | None = Field(
        default=None, description="A bound for one of the caller's customers. Rule: jobs/lanes"
    )
    timeout: float | None = Field(
        default=None, description="Most seconds of processing, waiting not counted. Rule: jobs/flow"
    )
    page_range: PageSelection = Field(
        default=None, description="Which pages to read, counted from 1. Rule: jobs/units"
    )
    document_password: str | None = Field(
        default=None, description="Opens a protected document. Rule: pages/reading"
    )
    hybrid_vpc: HybridVpcSettings = Field(
        default=HybridVpcSettings(), description="Placement in the vendor's cloud. Rule: accepted, no effect"
    )
    model: Literal["r-1", "legacy"] | None = Field(
        default=None, description="The vendor's parsing model. Rule: accepted, no effect"
    )
    return_citations: bool = Field(
        default=False, description="The box of every word of a block. Rule: none yet (warned)"
    )


class ParseOptions(RequestModel):
    enhance: Enhance = Field(
        default=Enhance(), description="Second looks by models. Rule: wire/parse_options"
    )
    retrieval: Retrieval = Field(
        default=Retrieval(), description="Chunks for search. Rule: wire/parse_options"
    )
    formatting: Formatting = Field(
        default=Formatting(), description="How content is printed. Rule: wire/parse_options"
    )
    spreadsheet: Spreadsheet = Field(default=Spreadsheet(), description="Workbooks. Rule: wire/parse_options")
    settings: Settings = Field(
        default_factory=Settings, description="Reading and handing out. Rule: wire/parse_options"
    )


def to_options(config: ParseOptions) -> tuple[ParsePlan, str | None, tuple[str, ...]]:
    """What a parse request means: its options, the document's password, and what will be ignored.

    Takes the bare groups and every request built on them. The warnings are sentences for the user. Raises
    InvalidConfig for values that fit the schema and yet make no sense.
    """
    formatting, retrieval, settings = config.formatting, config.retrieval, config.settings
    plan = ParsePlan(
        chunks=_chunk_options(retrieval.chunking),
        formats=FormatOptions(
            table_format=formatting.table_output_format,
            merge_tables=formatting.merge_tables,
            page_markers=formatting.add_page_markers,
            filter_blocks=tuple(dict.fromkeys(retrieval.filter_blocks)),
            embedding_optimized=retrieval.embedding_optimized,
        ),
        read=ReadOptions(
            extraction_mode=settings.extraction_mode,
            ocr_system=settings.ocr_system,
            pages=page_spans(settings.page_range),
            force_extension=_extension(settings.force_file_extension),
            document_properties=settings.extract_document_properties,
            ocr_data=settings.return_ocr_data,
            include=_include(formatting),
            images=tuple(dict.fromkeys(settings.return_images)),
            timeout_s=_timeout(settings.timeout),
        ),
        result=ResultOptions(force_url=settings.force_url_result, persist=settings.persist_results),
    )
    return plan, settings.document_password, (*warnings_of(config), *_tracking_warning(formatting))


def _include(formatting: Formatting) -> tuple[Include, ...]:
    return tuple(one for one in dict.fromkeys(formatting.include) if one != "change_tracking")


def _tracking_warning(formatting: Formatting) -> tuple[str, ...]:
    # The only one of the values that nothing obeys yet: PDF files hold no tracked changes.
    if "change_tracking" not in formatting.include:
        return ()
    return ("formatting.include: change_tracking is not available on this server yet: it was ignored.",)


def _chunk_options(chunking: Chunking) -> ChunkOptions:
    size, overlap = chunking.chunk_size, chunking.chunk_overlap
    if size is not None and size < 1:
        raise InvalidConfig(
            f"retrieval.chunking.chunk_size is {size}: give at least 1 character, or null to let it adapt."
        )
    if overlap < 0:
        raise InvalidConfig(f"retrieval.chunking.chunk_overlap is {overlap}: give 0 or more characters.")
    return ChunkOptions(mode=chunking.chunk_mode, size=size, overlap=overlap)


def _extension(given: str | None) -> str | None:
    """The forced extension in lower case with its dot, None for none."""
    bare = (given or "").strip().lstrip(".").lower()
    if given and not bare.isalnum():
        raise InvalidConfig(
            f"settings.force_file_extension is {given[:40]!r}: give a file extension such as .png."
        )
    return f".{bare}" if bare else None


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise InvalidConfig(
            f"settings.timeout is {seconds:g}: give more than 0 seconds, or null for no limit."
        )
    return seconds


def group_values(config: ParseOptions) -> dict[str, Any]:
    """The five groups as plain JSON values, every default written out."""
    return config.model_dump(mode="json", by_alias=True, include=set(ParseOptions.model_fields))
