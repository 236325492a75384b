"""Which job goes first. Pure: the lanes, the silent demotion, and whose turn it is when a worker has room.

Order of the lanes (contract 10.7): synchronous with priority, asynchronous with priority, synchronous,
asynchronous, batch. What waits, in a *line* per lane and owner, comes in; the order in which a worker tries
the lines goes out. `jobs.taking` asks, `storage.queries.claims` reads the lines and takes from them.

The rules, in this order:

1. A tenant that holds its share of the fleet waits.
2. Every `OVERDUE_EVERY`th unit goes to a lower lane whose first unit has waited longer than its patience;
   several such lanes take turns. So nothing starves, and the lanes above lose an eighth at most.
3. The higher lane first; in it what puts a result together, then the organisation with the fewest units
   running, then the one whose last turn was longest ago; the same again among its tenants; then the oldest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Lane = Literal["sync-priority", "priority", "sync", "async", "batch"]

PRIORITIES: dict[str, int] = {"sync-priority": 50, "priority": 40, "sync": 30, "async": 20, "batch": 10}
"""The lane with a higher number goes first; also the priority of the engine's tasks."""

BUDGETED: tuple[Lane, ...] = ("sync-priority", "priority")
"""Lanes that an organisation may hold only so many active jobs in."""

AWAITED: tuple[Lane, ...] = ("sync-priority", "priority", "sync")
"""Lanes with somebody waiting: a part of the intake is kept for them."""

Queue = Literal["intake", "read", "ocr"]

QUEUES: dict[str, Queue] = {
    "intake": "intake",
    "read": "read",
    "assemble": "read",
    "extract": "intake",  # it may wait for a model; what it computes is done by the readers all the same
    "ocr": "ocr",
}
"""The queue of each kind of unit; a worker serves each queue with a number of slots of its own."""

PATIENCE_S: dict[str, float] = {
    "sync-priority": 30.0,
    "priority": 60.0,
    "sync": 30.0,
    "async": 300.0,
    "batch": 900.0,
}
"""Seconds a unit waits before its line is overdue (guesses; the vendor promises a batch job within 12 h)."""

OVERDUE_EVERY = 8
"""One unit in so many goes to an overdue line: an eighth of the fleet is what batch gets at the least."""

Owner = tuple[UUID, str]
"""An organisation and one of its tenants ("" for none)."""


def asked_lane(*, sync: bool, priority: bool = False, batch: bool = False) -> Lane:
    """The lane that a request asks for; priority beats batch, batch exists for asynchronous jobs only."""
    if sync:
        return "sync-priority" if priority else "sync"
    if priority:
        return "priority"
    return "batch" if batch else "async"


def lanes_before(lane: str) -> list[Lane]:
    """The lanes that go before this one."""
    return [one for one in _EVERY if PRIORITIES[one] > PRIORITIES[lane]]


def granted_lane(asked: Lane, active_priority_jobs: int, budget: int) -> Lane:
    """The lane a job gets: without budget left, a priority lane becomes the ordinary one of its kind."""
    if asked not in BUDGETED or active_priority_jobs < budget:
        return asked
    return "sync" if asked == "sync-priority" else "async"


@dataclass(frozen=True, slots=True)
class Line:
    """Units of one kind, lane and owner that wait; `waited_s` is the age of the first.

    `share` is the largest share of the fleet's slots that its tenant may hold, None for no bound.
    """

    kind: str
    lane: str
    organisation: UUID
    tenant: str = ""
    share: float | None = None
    waited_s: float = 0.0

    @property
    def owner(self) -> Owner:
        """Whose units these are."""
        return self.organisation, self.tenant


@dataclass(slots=True)
class Turns:
    """What one worker remembers of its choices in a queue: who had a turn when, and how many turns there were."""

    taken: int = 0
    last: dict[UUID | Owner, int] = field(default_factory=dict[UUID | Owner, int])
    favoured: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def next_is_for_overdue(self) -> bool:
        """Whether the next unit is one that an overdue line gets."""
        return (self.taken + 1) % OVERDUE_EVERY == 0

    def note(self, line: Line) -> None:
        """A unit of this line was taken."""
        if self.next_is_for_overdue:
            self.favoured[line.lane] = self.taken + 1
        self.taken += 1
        self.last[line.organisation] = self.last[line.owner] = self.taken

    def keep_only(self, lines: Collection[Line]) -> None:
        """Forget those who wait for nothing: they would be remembered for ever."""
        present = {line.organisation for line in lines} | {line.owner for line in lines}
        for gone in [who for who in self.last if who not in present]:
            del self.last[gone]


def may_hold(share: float | None, slots: int) -> float:
    """How many units at once a tenant with this share of so many slots may hold: one at the least.

    >>> may_hold(0.5, 8), may_hold(0.1, 4), may_hold(None, 4)
    (4, 1, inf)
    """
    return float("inf") if share is None else max(1, int(share * slots))


def turn(
    lines: Sequence[Line], running: Mapping[Owner, int], turns: Turns, slots: int
) -> tuple[list[Line], bool]:
    """The lines in the order in which a worker is to try them, and whether any must wait for its share.

    `running` counts the fleet's running units of this queue by owner, `slots` the fleet's slots for it.
    """
    open_lines = [line for line in lines if running.get(line.owner, 0) < may_hold(line.share, slots)]
    by_organisation: dict[UUID, int] = {}
    for (organisation, _), count in running.items():
        by_organisation[organisation] = by_organisation.get(organisation, 0) + count

    def place(line: Line) -> tuple[object, ...]:
        return (
            -PRIORITIES.get(line.lane, 0),
            line.kind != "assemble",
            by_organisation.get(line.organisation, 0),
            turns.last.get(line.organisation, 0),
            running.get(line.owner, 0),
            turns.last.get(line.owner, 0),
            -line.waited_s,
        )

    ordered = sorted(open_lines, key=place)
    if turns.next_is_for_overdue:
        ordered = _overdue_first(ordered, turns)
    return ordered, len(open_lines) < len(lines)


def _overdue_first(ordered: Sequence[Line], turns: Turns) -> list[Line]:
    """Overdue lines below the lane that is served anyway go first, and their lanes take turns at that."""

    def place(line: Line) -> tuple[bool, int]:
        patience = PATIENCE_S.get(line.lane, PATIENCE_S["batch"])
        overdue = line.lane != ordered[0].lane and line.waited_s > patience
        return not overdue, turns.favoured.get(line.lane, 0) if overdue else 0

    return sorted(ordered, key=place)  # stable: otherwise they keep their order


def served_lanes(asked: Collection[str]) -> list[Lane]:
    """The lanes a worker serves, highest first; none named means all.

    Raises:
        ValueError: a name that is no lane.

    >>> served_lanes(["batch", "sync"])
    ['sync', 'batch']
    """
    unknown = [name for name in asked if name not in PRIORITIES]
    if unknown:
        raise ValueError(f"there is no lane {unknown[0]!r}; the lanes are {', '.join(PRIORITIES)}")
    return [lane for lane in _EVERY if not asked or lane in asked]


_EVERY: tuple[Lane, ...] = ("sync-priority", "priority", "sync", "async", "batch")
