"""What every endpoint takes as its document, and which of its pages.

JSON in, reference strings and page spans out. What a reference means is intake/reference; whether the pages
exist is known only once the document is open.
"""

from collections.abc import Iterable
from typing import Annotated, TypeVar, cast

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from recto.document.options import PageSpan
from recto.errors import InvalidConfig
from recto.wire.model import RequestModel, flat_any_of
from recto.wire.uploads import UploadResponse

_Selection = TypeVar("_Selection")

SHOWN_NAMES = 3
"""How many sheet names a message repeats."""


def _input_form(value: object) -> str | None:
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "list"
    return "upload" if isinstance(value, dict | UploadResponse) else None


Input = Annotated[
    Annotated[str, Tag("string")]
    | Annotated[list[str], Tag("list")]
    | Annotated[UploadResponse, Tag("upload")],
    Discriminator(
        _input_form,
        custom_error_type="input_form",
        custom_error_message="the input is a string, a list of strings, or the answer of /upload",
    ),
    Field(json_schema_extra=flat_any_of),
]
"""A reference, a list of references, or an upload's answer."""


def references(source: str | list[str] | UploadResponse) -> list[str]:
    """The references of an input, in their order; an upload's answer gives its file id."""
    if isinstance(source, UploadResponse):
        return [source.file_id]
    return [source] if isinstance(source, str) else list(source)


class PageRange(RequestModel):
    start: int | None = Field(
        default=None, description="First page, counted from 1; without it the first. Rule: wire/inputs"
    )
    end: int | None = Field(
        default=None, description="Last page, included; without it the last. Rule: wire/inputs"
    )


def _range_form(value: object) -> str | None:
    """Which form of page range this is, told by its first element."""
    if isinstance(value, dict | PageRange):
        return "range"
    if not isinstance(value, list):
        return None
    elements = cast("list[object]", value)
    if elements and isinstance(elements[0], dict | PageRange):
        return "ranges"
    return "sheets" if elements and isinstance(elements[0], str) else "pages"


_RANGE_FORM = Discriminator(
    _range_form,
    custom_error_type="page_range_form",
    custom_error_message=(
        "a page range has a start and an end, or is a list of such ranges, of page numbers or of sheet names"
    ),
)


def _in_order(value: _Selection) -> _Selection:
    """Refuse pages below 1 and ranges that end before they start."""
    for span in _spans(value):
        for number in (span.start, span.end):
            if number is not None and number < 1:
                raise PydanticCustomError(
                    "page_range", "page {number} does not exist: pages count from 1", {"number": number}
                )
        if span.start is not None and span.end is not None and span.end < span.start:
            raise PydanticCustomError(
                "page_range",
                "the page range ends at {end}, before its start {start}",
                {"start": span.start, "end": span.end},
            )
    return value


GivenSelection = Annotated[
    Annotated[PageRange, Tag("range")]
    | Annotated[list[PageRange], Tag("ranges")]
    | Annotated[list[int], Tag("pages")]
    | Annotated[list[str], Tag("sheets")],
    _RANGE_FORM,
    AfterValidator(_in_order),
    Field(json_schema_extra=flat_any_of),
]
"""The four forms of a page range, checked for order."""

PageSelection = Annotated[GivenSelection | None, Field(json_schema_extra=flat_any_of)]
"""A page range or null."""

NumberSelection = Annotated[
    Annotated[
        Annotated[PageRange, Tag("range")]
        | Annotated[list[PageRange], Tag("ranges")]
        | Annotated[list[int], Tag("pages")],
        _RANGE_FORM,
        AfterValidator(_in_order),
    ]
    | None,
    Field(json_schema_extra=flat_any_of),
]
"""A page range without sheet names."""


def _spans(selection: object) -> tuple[PageSpan, ...]:
    if isinstance(selection, PageRange):
        return (PageSpan(selection.start, selection.end),)
    found: list[PageSpan] = []
    for element in cast("list[object]", selection) if isinstance(selection, list) else []:
        if isinstance(element, PageRange):
            found.append(PageSpan(element.start, element.end))
        elif isinstance(element, int):
            found.append(PageSpan(element, element))
    return tuple(found)


def _joined(numbers: Iterable[int]) -> tuple[PageSpan, ...]:
    """Runs of consecutive page numbers as spans, ascending, each page once."""
    spans: list[PageSpan] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1].end == number - 1:
            spans[-1] = PageSpan(spans[-1].start, number)
        else:
            spans.append(PageSpan(number, number))
    return tuple(spans)


def page_spans(
    selection: PageRange | list[PageRange] | list[int] | list[str] | None,
) -> tuple[PageSpan, ...]:
    """The pages asked for, counted from 1, both ends included; empty means all of them.

    Raises InvalidConfig for sheet names: only spreadsheets have sheets.
    """
    if isinstance(selection, list):
        sheets = [element for element in selection if isinstance(element, str)]
        if sheets:
            names = ", ".join(repr(name) for name in sheets[:SHOWN_NAMES])
            raise InvalidConfig(
                f"page_range names sheets ({names}), but only spreadsheets have sheets, and this server "
                'cannot read those yet: give page numbers, such as [1, 2] or {"start": 1, "end": 2}.'
            )
        numbers = [element for element in selection if isinstance(element, int)]
        if numbers:
            return _joined(numbers)
    spans = _spans(selection)
    # A span open at both ends, among others or alone, is the whole document.
    return () if PageSpan(None, None) in spans else spans
