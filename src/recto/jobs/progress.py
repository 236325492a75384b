"""How a job stands at a moment, for whoever watches it. Pure: a row and its failed pages in, one snapshot out.

It never reads the database and never waits; `api.waiting` brings the news that there is something to look at.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from recto.jobs.states import progress
from recto.storage.queries.jobs import JobRow


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job as a watcher is told of it; `progress` is 0..1, `seconds_left` an estimate or None."""

    job_id: str
    status: str
    stage: str
    progress: float
    pages_done: int
    pages_total: int | None
    failed_pages: tuple[int, ...]
    seconds_left: float | None

    @property
    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def snapshot(row: JobRow, failed_pages: Sequence[int], now: datetime) -> Snapshot:
    """The snapshot of a job at `now`."""
    left = None
    if row.is_open and row.started_at is not None:
        left = seconds_left((now - row.started_at).total_seconds(), row.pages_done, row.pages_total)
    return Snapshot(
        str(row.id),
        row.status,
        row.stage,
        progress(row.status, row.pages_done, row.pages_total, row.pages_known),
        row.pages_done,
        row.pages_total,
        tuple(sorted(failed_pages)),
        left,
    )


def seconds_left(elapsed_s: float, pages_done: int, pages_total: int | None) -> float | None:
    """How long the rest takes at the speed so far; None before anything is known.

    >>> seconds_left(10, 20, 50)
    15.0
    """
    if not pages_total or pages_done <= 0 or elapsed_s <= 0:
        return None
    return round(elapsed_s / pages_done * max(0, pages_total - pages_done), 1)
