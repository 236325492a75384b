r"""The life of a job as pure facts: its states and which may follow which. What the wire calls them is wire/jobs.

    Idle --> Pending --> InProgress --> Completing --> Completed
      \         \____________\______________\______--> Failed | Cancelled

Idle: waits for another job. Pending: queued. InProgress: being read. Completing: being put together.
"""

from typing import Literal

Status = Literal["Idle", "Pending", "InProgress", "Completing", "Completed", "Failed", "Cancelled"]

OPEN: frozenset[str] = frozenset({"Idle", "Pending", "InProgress", "Completing"})
ENDED: frozenset[str] = frozenset({"Completed", "Failed", "Cancelled"})

_MAY_FOLLOW: dict[str, frozenset[str]] = {
    "Idle": frozenset({"Pending", "InProgress", "Failed", "Cancelled"}),
    "Pending": frozenset({"Idle", "InProgress", "Completing", "Completed", "Failed", "Cancelled"}),
    "InProgress": frozenset({"Idle", "Completing", "Completed", "Failed", "Cancelled"}),
    "Completing": frozenset({"Completed", "Failed", "Cancelled"}),
    "Completed": frozenset(),
    "Failed": frozenset(),
    "Cancelled": frozenset(),
}


def allowed_from(status: str) -> frozenset[str]:
    """The states from which a job may come to `status`."""
    return frozenset(before for before, nexts in _MAY_FOLLOW.items() if status in nexts)


def may_become(status: str) -> frozenset[str]:
    """The states in which writing `status` is allowed: those before it, and itself, which changes nothing."""
    return allowed_from(status) | {status}


READING_SHARE = 0.95
"""Share of a job's progress that the pages make; putting the result together makes the rest (a guess)."""


def progress(status: str, pages_done: int, pages_total: int | None) -> float:
    """How far a job is, 0..1; 1 only when Completed.

    >>> progress("InProgress", 5, 10)
    0.475
    """
    if status == "Completed":
        return 1.0
    if not pages_total:
        return 0.0
    return round(READING_SHARE * min(1.0, pages_done / pages_total), 4)
