"""What a job used, counted in pages and credits.

Results in, usage bodies out. Credits follow the vendor's price list as a yardstick for comparisons; nothing
here is charged for. It never looks at documents or prices in money.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from recto.document.block import Block
from recto.document.result import ParseResult
from recto.wire.model import WireModel

PAGE_CREDITS = 1.0
"""Credits of an ordinary page; contract, section 13."""
COMPLEX_CREDITS = 1.0
"""Credits a complex page costs on top of its page; contract, section 13 (2 in all)."""
BATCH_SHARE = 0.8
"""Share of the credits that the batch lane costs; contract, section 13 (a fifth less)."""

PageFeature = Literal[
    "page",
    "html_page",
    "docx_native_page",
    "agentic",
    "complex",
    "chart_agent",
    "spreadsheet_cells",
    "billable_spreadsheet_pages",
    "enrich_table",
    "figure_summary",
    "table_summary",
    "key_value",
    "agentic_text",
    "promptable_agentic_text",
    "reducto_lite_page",
]
CreditFeature = Literal[
    "page",
    "ocr",
    "html_page",
    "docx_native_page",
    "chart_agent",
    "spreadsheet_cells",
    "billable_spreadsheet_pages",
    "agentic",
    "complex",
    "enrich_table",
    "figure_summary",
    "table_summary",
    "key_value",
    "agentic_text",
    "promptable_agentic_text",
    "reducto_lite_page",
]


class ParseUsageBreakdown(WireModel):
    parse_model: Literal["R-1", "Legacy"]
    tier: Literal["Default", "Batch"]
    parse_pages: int = 0
    parse_native_pages: int = 0
    legacy_parse_credits: float = 0.0
    ocr_pages: int = 0
    charts: int = 0
    prompted_blocks: int = 0


class SplitUsageBreakdown(WireModel):
    split_model: Literal["Split", "Deep Split"]
    split_pages: int = 0
    ocr_pages: int = 0
    charts: int = 0
    prompted_blocks: int = 0


class EditUsageBreakdown(WireModel):
    edit_model: Literal["Normal", "Prefill"]
    edit_pages: int = 0
    prefill_pages: int = 0


class ParseUsage(WireModel):
    num_pages: int
    credits: float | None = None
    credit_breakdown: dict[CreditFeature, float] | None = None
    page_billing_breakdown: dict[str, list[PageFeature]] | None = None
    non_empty_cell_count: int | None = None
    usage_breakdown: ParseUsageBreakdown | SplitUsageBreakdown | EditUsageBreakdown | None = None


def _is_complex(block: Block) -> bool:
    """Whether a block makes its page a complex one: a table with spans, or labelled values."""
    if block.type == "Key Value":
        return True
    return block.table is not None and any(
        cell.row_span > 1 or cell.column_span > 1 for cell in block.table.cells
    )


def usage_for(result: ParseResult, *, batch: bool = False) -> dict[str, Any]:
    """The usage body of one parse.

    `page_billing_breakdown` names pages by their number in the source document. In the batch lane credits
    and their breakdown are a fifth lower.
    """
    dear = {block.page for chunk in result.chunks for block in chunk.blocks if _is_complex(block)}
    numbers = [page.number for page in result.pages]
    complex_pages = sum(number in dear for number in numbers)
    share = BATCH_SHARE if batch else 1.0
    breakdown = {"page": round(len(numbers) * PAGE_CREDITS * share, 4)}
    if complex_pages:
        breakdown["complex"] = round(complex_pages * COMPLEX_CREDITS * share, 4)
    return {
        "num_pages": len(numbers),
        "credits": round(sum(breakdown.values()), 4),
        "credit_breakdown": breakdown,
        "page_billing_breakdown": {
            str(number): ["page", "complex"] if number in dear else ["page"] for number in numbers
        },
        "non_empty_cell_count": None,
        "usage_breakdown": None,
    }


def usage_sum(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The usage of several parses together.

    One alone stays as it is; of several the pages are not told one by one, since their numbers repeat.
    """
    if len(usages) == 1:
        return dict(usages[0])
    breakdown: Counter[str] = Counter()
    for usage in usages:
        breakdown.update(usage.get("credit_breakdown") or {})
    return {
        "num_pages": sum(usage["num_pages"] for usage in usages),
        "credits": _sum(usage.get("credits") for usage in usages),
        "credit_breakdown": {feature: round(number, 4) for feature, number in breakdown.items()},
        "page_billing_breakdown": None,
        "non_empty_cell_count": None,
        "usage_breakdown": None,
    }


def _sum(numbers: Iterable[float | None]) -> float:
    return round(sum(number or 0.0 for number in numbers), 4)
