"""Decides what a job does next. Pure: what is finished comes in, what to plan or how to end goes out.

Level-triggered: the answer depends only on the present state, so asking too often, too late or twice does no
harm. `jobs.flow` asks under a lock on the job's row and writes the answer down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from recto.document.options import PageSpan
from recto.errors import ErrorRecord, InvalidPageRange
from recto.storage.queries.units import NewUnit, UnitRow

MAX_ATTEMPTS = 2  # of one piece of work by one route, before it is taken apart or given up
MAX_CLAIMS = 5  # of a unit in all, when workers die under it: then it is the unit that kills them

WHOLE = frozenset({"intake", "assemble", "extract"})
"""Kinds of unit that concern the whole job: where one of them is given up, the job is."""

RECOGNITION_OFF = "it has no usable text layer, and recognition is off (RECTO_OCR_READERS=0)."

Tally = Mapping[tuple[str, str], int]
"""Number of units by (kind, status)."""

Step = Literal["wait", "assemble", "end"]


def next_step(tally: Tally) -> Step:
    """What a job with these units does next: wait for them, put the result together, or end."""
    if any(status in {"pending", "running"} for (_, status), count in tally.items() if count):
        return "wait"
    return "end" if ("assemble", "done") in tally or ("assemble", "failed") in tally else "assemble"


def anything_read(tally: Tally) -> bool:
    """Whether any unit has left pages to put together."""
    return any(tally.get((kind, "done")) for kind in ("read", "ocr"))


def reading_units(pages: Sequence[int], size: int) -> list[NewUnit]:
    """The ranges to read: consecutive pieces of at most `size` pages.

    >>> [unit.pages for unit in reading_units([1, 2, 3, 7, 8], 2)]
    [(1, 2), (3, 7), (8,)]
    """
    return [NewUnit("read", tuple(pages[at : at + size])) for at in range(0, len(pages), size)]


def recognition_units(pages: Sequence[int]) -> list[NewUnit]:
    """One unit per page to be recognised: a page takes seconds, and workers share them."""
    return [NewUnit("ocr", (page,)) for page in pages]


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """What becomes of a unit that failed: its own next status, and units planned in its place."""

    status: Literal["pending", "replaced", "failed"]
    instead: tuple[NewUnit, ...] = ()


def after_failure(unit: UnitRow, *, callers_fault: bool, ocr_available: bool) -> AfterFailure:
    """A failed range is read again, then page by page, then by the next route; then the page is given up.

    An error that is in the document itself is not tried again.
    """
    if unit.kind in WHOLE:
        again = not callers_fault and unit.attempt < MAX_ATTEMPTS
        return AfterFailure("pending" if again else "failed")
    if not callers_fault and unit.attempt < MAX_ATTEMPTS:
        return AfterFailure("pending")
    if len(unit.pages) > 1:
        return AfterFailure("replaced", tuple(NewUnit(unit.kind, (page,)) for page in unit.pages))
    if unit.kind == "read" and ocr_available:
        return AfterFailure("replaced", tuple(recognition_units(unit.pages)))
    return AfterFailure("failed")


def chosen_pages(spans: Sequence[PageSpan], pages: int) -> list[int]:
    """The pages a page range names, ascending, each once; an end beyond the document is clamped.

    Raises:
        InvalidPageRange: a span begins after the document's last page, before page 1 or after its own end.

    >>> chosen_pages([PageSpan(3, 9), PageSpan(1, 1)], 4)
    [1, 3, 4]
    """
    if not spans:
        return list(range(1, pages + 1))
    chosen: set[int] = set()
    for span in spans:
        start = 1 if span.start is None else span.start
        end = pages if span.end is None else span.end
        if start > pages:
            raise InvalidPageRange(f"The page range begins at page {start}; the document has {pages} pages.")
        if start < 1 or end < start:
            raise InvalidPageRange(f"The page range {start}..{end} is not a range: pages count from 1.")
        chosen.update(range(start, min(end, pages) + 1))
    return sorted(chosen)


def lost_pages(failures: Sequence[tuple[tuple[int, ...], ErrorRecord]]) -> list[str]:
    """A sentence for each page that was given up; what failed and concerns the whole job names none."""
    return [
        f"Page {', '.join(map(str, pages))} could not be read: {error['message']}"
        for pages, error in failures
        if pages
    ]
