"""Which job goes first. Pure: lanes, their order, and the silent demotion when the priority budget is used up.

Order (contract 10.7): synchronous with priority, asynchronous with priority, synchronous, asynchronous, batch.
"""

from typing import Literal

Lane = Literal["sync-priority", "priority", "sync", "async", "batch"]

PRIORITIES: dict[str, int] = {"sync-priority": 50, "priority": 40, "sync": 30, "async": 20, "batch": 10}
"""A task with a higher number is taken first."""

BUDGETED: tuple[Lane, ...] = ("sync-priority", "priority")
"""Lanes that an organisation may hold only so many active jobs in."""


def asked_lane(*, sync: bool, priority: bool = False, batch: bool = False) -> Lane:
    """The lane that a request asks for; priority beats batch, batch exists for asynchronous jobs only."""
    if sync:
        return "sync-priority" if priority else "sync"
    if priority:
        return "priority"
    return "batch" if batch else "async"


def granted_lane(asked: Lane, active_priority_jobs: int, budget: int) -> Lane:
    """The lane a job gets: without budget left, a priority lane becomes the ordinary one of its kind."""
    if asked not in BUDGETED or active_priority_jobs < budget:
        return asked
    return "sync" if asked == "sync-priority" else "async"
