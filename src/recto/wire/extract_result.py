"""What an extraction found, on the wire: values, their citations, how sure they are, what they cost.

An `Extraction`, the schema's fields and the pages of the documents in; JSON values out, in the form of either
generation. Boxes become shares of their page by parse_result. It chooses no value and corrects none.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from recto.chunks.markdown import block_text
from recto.document.block import Block
from recto.document.extraction import Extraction, Leaf, Node, Scalar, Source
from recto.document.options import CitationOptions, ExtractOptions, FormatOptions
from recto.document.result import PageInfo
from recto.document.schema import SchemaField
from recto.wire.parse_result import bounding_box, sound_text

SURE = 0.75
"""Confidence (0..1) from which a value that its source says counts as high (a guess, to be calibrated)."""
PARENT_CHARACTERS = 1_000
"""Of the enclosing block's text in a citation: a long table would be repeated for each of its thousand values."""
PAGE_CREDITS = 2.0
"""Credits of extracting from one page; contract, section 13."""
CONFIDENCE_DIGITS = 4
SHOWN_PATHS = 5
"""Uncertain values that the reason of a confidence names."""
SHOWN_ROWS = 50
"""Rows left out of a list that its account names one by one."""


@dataclass(frozen=True, slots=True)
class PrintedExtraction:
    """The two parts that are stored, and what is told beside them. `citations` is None where they are no part."""

    result: Any
    citations: list[Any] | None
    num_fields: int
    confidence: dict[str, Any]
    extraction: dict[str, Any]


Pages = Sequence[Mapping[int, PageInfo]]
"""The pages of each document by their number."""

LeafForm = Callable[[Leaf], Any]


def print_extraction(
    found: Extraction, root: SchemaField, pages: Pages, options: ExtractOptions
) -> PrintedExtraction:
    """The answer in the form of the schema: a key that is required is there, null where nothing was found."""
    citing = _Citing(pages, options.citations)
    told = list(_leaves(found.root, ""))
    if options.form == "v2":
        result: Any = [_shaped(found.root, root, _value)]
        citations = [_shaped(found.root, root, citing.citations)] if options.citations.enabled else None
        confidence = _confidence(told) | {"fields": _shaped(found.root, root, _leaf_confidence)}
    else:
        result = _shaped(found.root, root, citing.wrapped if options.citations.enabled else _value)
        result = result if options.citations.enabled else [result]
        citations, confidence = None, _confidence(told)
    if found.judgement is not None:
        confidence |= {
            "confidence": found.judgement.confidence,
            "reason": sound_text(found.judgement.reason),
        }
    return PrintedExtraction(
        result=result,
        citations=citations,
        num_fields=sum(leaf.value is not None for _, leaf in told),
        confidence=confidence,
        extraction=_account(found, told),
    )


def extract_usage(pages: int, fields: int, parse_credits: float) -> dict[str, Any]:
    """The usage of one extraction; `parse_credits` are those of the parses it needed, 0 where they were there."""
    return {
        "num_pages": pages,
        "num_fields": fields,
        "credits": round(pages * PAGE_CREDITS + parse_credits, CONFIDENCE_DIGITS),
        "extract_mode": "extract",
        "usage_breakdown": None,
    }


def _shaped(node: Node | None, wanted: SchemaField | None, form: LeafForm) -> Any:
    """The tree with each leaf in this form; what is required and was not found is null (of a list, empty)."""
    if isinstance(node, Leaf):
        return form(node)
    if isinstance(node, tuple):
        inner = wanted.items if wanted is not None else None
        return [_shaped(one, inner, form) for one in node]
    if isinstance(node, Mapping):
        return _shaped_object(node, wanted, form)
    return [] if wanted is not None and wanted.type == "array" else form(Leaf(None))


def _shaped_object(node: Mapping[str, Node], wanted: SchemaField | None, form: LeafForm) -> dict[str, Any]:
    fields = wanted.properties if wanted is not None else ()
    if not fields:
        return {sound_text(key): _shaped(inner, None, form) for key, inner in node.items()}
    shaped: dict[str, Any] = {}
    for one in fields:
        inner = node.get(one.name)
        missing = inner is None or (isinstance(inner, Leaf) and inner.value is None)
        if not missing or one.required:
            is_empty_list = missing and one.type == "array"
            shaped[one.name] = [] if is_empty_list else _shaped(inner, one, form)
    return shaped


def _value(leaf: Leaf) -> Scalar:
    return sound_text(leaf.value) if isinstance(leaf.value, str) else leaf.value


def _leaf_confidence(leaf: Leaf) -> float | None:
    return None if leaf.value is None else _number(leaf.confidence)


def _leaves(node: Node, at: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(node, Leaf):
        yield at, node
    elif isinstance(node, Mapping):
        for key, inner in node.items():
            yield from _leaves(inner, f"{at}.{key}" if at else key)
    else:
        for index, inner in enumerate(node):
            yield from _leaves(inner, f"{at}[{index}]")


def _label(leaf: Leaf) -> Literal["high", "low"]:
    return "high" if leaf.verification != "unverified" and leaf.confidence >= SURE else "low"


def _confidence(told: Sequence[tuple[str, Leaf]]) -> dict[str, Any]:
    """How sure the answer as a whole is, and why."""
    found = [(path, leaf) for path, leaf in told if leaf.value is not None]
    unsure = [path for path, leaf in found if _label(leaf) == "low"]
    if not found:
        return {"confidence": "low", "reason": "No value was found."}
    if not unsure:
        return {"confidence": "high", "reason": f"All {len(found)} values are said by the words they cite."}
    named = ", ".join(unsure[:SHOWN_PATHS]) + (", …" if len(unsure) > SHOWN_PATHS else "")
    return {
        "confidence": "low",
        "reason": sound_text(f"{len(unsure)} of {len(found)} values are uncertain: {named}."),
    }


def _account(found: Extraction, told: Sequence[tuple[str, Leaf]]) -> dict[str, Any]:
    """What the extra key `extraction` holds: engine, how values stand to their sources, rows, cost."""
    kinds = Counter(leaf.verification for _, leaf in told if leaf.value is not None)
    account: dict[str, Any] = {
        "engine": found.engine,
        "values": {kind: kinds[kind] for kind in ("verified", "derived", "unverified")},
        "rows": [
            {
                "path": sound_text(ledger.path),
                "seen": ledger.seen,
                "returned": ledger.returned,
                "left_out": [sound_text(reason) for reason in ledger.left_out[:SHOWN_ROWS]],
            }
            for ledger in found.ledgers
        ],
    }
    if found.cost.calls:
        cost: dict[str, Any] = {
            "calls": found.cost.calls,
            "prompt_tokens": found.cost.prompt_tokens,
            "completion_tokens": found.cost.completion_tokens,
        }
        if not found.cost.counted:
            cost["estimated"] = True
        if found.cost.price is not None:
            cost["price"] = found.cost.price
        account["cost"] = cost
    if found.model:
        account["model"] = found.model
    return account


@dataclass(slots=True)
class _Citing:
    """Prints citations; the text of a block is made once, however many values it holds."""

    pages: Pages
    options: CitationOptions
    _texts: dict[int, tuple[Block, str]] = field(default_factory=dict[int, tuple[Block, str]])

    def wrapped(self, leaf: Leaf) -> dict[str, Any]:
        """A value with its citations."""
        return {"value": _value(leaf), "citations": self.citations(leaf)}

    def citations(self, leaf: Leaf) -> list[dict[str, Any]]:
        """The citations of a value, none for one that was not found."""
        return [] if leaf.value is None else [self._citation(leaf, source) for source in leaf.sources]

    def _citation(self, leaf: Leaf, source: Source) -> dict[str, Any]:
        block, pages = source.block, self.pages[source.document]
        numbers = {
            "extract_confidence": _number(leaf.confidence),
            "parse_confidence": _number(source.confidence),
        }
        citation: dict[str, Any] = {
            "type": block.type if block is not None else "Text",
            "content": sound_text(source.text),
            "bbox": bounding_box(source.box, source.page, pages),
            "confidence": _label(leaf),
            "granular_confidence": numbers if self.options.numerical else None,
            "parentBlock": None if block is None else self._parent(block, source, pages),
            "verification": leaf.verification,
        }
        if len(self.pages) > 1:
            citation["document_index"] = source.document
        return citation

    def _parent(self, block: Block, source: Source, pages: Mapping[int, PageInfo]) -> dict[str, Any]:
        part = next((one for one in block.fragments if one.page == source.page), block)
        return {
            "type": block.type,
            "content": self._text(block, pages) if self.options.parent_text else "",
            "bbox": bounding_box(part.box, part.page, pages),
        }

    def _text(self, block: Block, pages: Mapping[int, PageInfo]) -> str:
        known = self._texts.get(id(block))
        if known is None:
            page = pages[block.page]
            text = sound_text(block_text(block, FormatOptions(), (page.width, page.height)))
            cut = text if len(text) <= PARENT_CHARACTERS else text[:PARENT_CHARACTERS] + "…"
            known = self._texts[id(block)] = (block, cut)
        return known[1]


def _number(confidence: float) -> float:
    return round(min(1.0, max(0.0, confidence)), CONFIDENCE_DIGITS)
