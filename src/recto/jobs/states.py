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


def progress(status: str, pages_done: int, pages_total: int | None, known: float = 1.0) -> float:
    """How far a job is, 0..1; 1 only when Completed.

    `known` is the share of its documents whose pages are counted yet; the others are taken to be like these.

    >>> progress("InProgress", 5, 10), progress("InProgress", 5, 10, known=0.5)
    (0.475, 0.2375)
    """
    if status == "Completed":
        return 1.0
    if not pages_total:
        return 0.0
    return round(READING_SHARE * known * min(1.0, pages_done / pages_total), 4)


def seconds_left(
    *,
    elapsed_s: float | None,
    pages_done: int,
    pages_total: int | None,
    ahead: int,
    abreast: int,
    mean_s: float | None,
) -> float | None:
    """How long an open job may still take; None when nothing is known to reckon with.

    A running one goes on as fast as it went so far. A waiting one (`elapsed_s` None) lets the `ahead` jobs
    before it pass, `abreast` at a time, each of the mean duration of the jobs before.

    >>> seconds_left(elapsed_s=10, pages_done=5, pages_total=20, ahead=0, abreast=1, mean_s=None)
    30.0
    >>> seconds_left(elapsed_s=None, pages_done=0, pages_total=None, ahead=8, abreast=4, mean_s=3)
    9.0
    """
    if elapsed_s is not None and pages_done and pages_total:
        return elapsed_s / pages_done * max(0, pages_total - pages_done)
    if mean_s is None:
        return None
    if elapsed_s is not None:
        return max(0.0, mean_s - elapsed_s)
    return (ahead / max(1, abreast) + 1) * mean_s
